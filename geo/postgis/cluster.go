package postgis

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is a private PostgreSQL with PostGIS, run as a child process. It dies with us, survives being killed
// at any moment, and never touches the system's own cluster.
type Cluster struct {
	install
	folder string // ours; the data lie in folder/pg<major>
	data   string
	socket string // folder of the unix socket
	port   int
	lock   *os.File
	cmd    *exec.Cmd
	ended  chan error
	log    func(format string, args ...any)
}

// ClusterOptions tells how a private cluster is run.
type ClusterOptions struct {
	Settings map[string]string // of PostgreSQL, beyond ours
	Log      func(format string, args ...any)
}

// owner is the superuser of a private cluster.
const owner = "catchment"

// ErrClusterInUse says that another process runs the cluster of a folder.
var ErrClusterInUse = errors.New("another process runs the database in this folder")

// StartCluster starts the private cluster of a folder, making it first if it is not there, and waits until it
// answers. Recovery after a crash may take a while: bound it with ctx.
func StartCluster(ctx context.Context, folder string, options ClusterOptions) (_ *Cluster, err error) {
	found, err := installs()
	if err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if err := CheckFolder(folder); err != nil {
		return nil, err
	}
	c := &Cluster{folder: folder, ended: make(chan error, 1), log: options.Log}
	if c.log == nil {
		c.log = func(string, ...any) {}
	}
	if c.install, err = choose(folder, found); err != nil {
		return nil, err
	}
	c.data = filepath.Join(folder, fmt.Sprintf("pg%d", c.major))
	if c.lock, err = os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.lock.Close()
		}
	}()
	if err := syscall.Flock(int(c.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%s: %w", folder, ErrClusterInUse)
	}
	if err := c.create(ctx, account); err != nil {
		return nil, err
	}
	if err := c.openSocketFolder(account); err != nil {
		return nil, err
	}
	if err := c.settleOrphan(ctx); err != nil {
		return nil, err
	}
	if err := c.start(ctx, account, options.Settings); err != nil {
		return nil, err
	}
	return c, os.WriteFile(c.addressFile(), []byte(c.URL("")+"\n"), 0o600)
}

// addressFile tells other processes of ours how to reach the running cluster.
func (c *Cluster) addressFile() string { return filepath.Join(c.folder, "address") }

// RunningURL returns the address of a database of the cluster that another process runs in the folder.
func RunningURL(folder, database string) (string, error) {
	text, err := os.ReadFile(filepath.Join(folder, "address"))
	if err != nil {
		return "", fmt.Errorf("find the database another process runs: %w", err)
	}
	return strings.TrimSpace(string(text)) + database, nil
}

// CheckFolder returns an error if a private cluster cannot live in the folder, because PostgreSQL, which runs under
// another account when we are root, could not walk to it.
func CheckFolder(folder string) error {
	account, err := serverAccount()
	if err != nil || account == nil {
		return err
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return err
	}
	if d := closedParent(folder); d != "" {
		return fmt.Errorf("%s is closed to the account PostgreSQL runs under: set DATA to a folder others may walk to, such as /var/lib/catchment", d)
	}
	return nil
}

// choose returns the install that fits the data already there, else the newest.
func choose(folder string, found []install) (install, error) {
	there, _ := filepath.Glob(filepath.Join(folder, "pg[0-9]*", "PG_VERSION"))
	if len(there) == 0 {
		return found[0], nil
	}
	slices.Sort(there)
	text, err := os.ReadFile(there[len(there)-1])
	if err != nil {
		return install{}, err
	}
	major, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	for _, i := range found {
		if i.major == major {
			return i, nil
		}
	}
	return install{}, fmt.Errorf("the data in %s were made by PostgreSQL %d, which is no longer installed with PostGIS", folder, major)
}

// command prepares a program of PostgreSQL: under its own account, in a folder it may enter, out of the
// terminal's process group so that ^C reaches only us.
func (c *Cluster) command(ctx context.Context, account *syscall.Credential, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, program), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", "HOME=/"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: account}
	return cmd
}

// create makes the data folder under a temporary name and renames it: a killed attempt leaves nothing half made.
func (c *Cluster) create(ctx context.Context, account *syscall.Credential) error {
	if _, err := os.Stat(filepath.Join(c.data, "PG_VERSION")); err == nil {
		return nil
	}
	left, _ := filepath.Glob(filepath.Join(c.folder, ".new-*"))
	for _, d := range left {
		os.RemoveAll(d)
	}
	fresh, err := os.MkdirTemp(c.folder, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	secret := make([]byte, 24)
	rand.Read(secret)
	password := filepath.Join(fresh, "password")
	if err := os.WriteFile(password, []byte(hex.EncodeToString(secret)+"\n"), 0o600); err != nil {
		return err
	}
	if account != nil {
		for _, p := range []string{fresh, password} {
			if err := os.Chown(p, int(account.Uid), int(account.Gid)); err != nil {
				return err
			}
		}
	}
	out, err := c.command(ctx, account, "initdb", "-D", filepath.Join(fresh, "data"), "-U", owner, "-E", "UTF8", "--locale=C.UTF-8",
		"--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile="+password, "--no-instructions").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	if err := os.WriteFile(filepath.Join(c.folder, "password"), []byte(hex.EncodeToString(secret)+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(filepath.Join(fresh, "data"), c.data)
}

// openSocketFolder makes the folder of the unix socket: short, because its path is limited to 107 bytes, and
// ours alone, because trust is granted inside it.
func (c *Cluster) openSocketFolder(account *syscall.Credential) error {
	h := fnv.New64a()
	io.WriteString(h, c.data)
	c.socket = filepath.Join(os.TempDir(), fmt.Sprintf(".catchment-%d-%x", os.Geteuid(), h.Sum64()))
	if err := os.Mkdir(c.socket, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	info, err := os.Lstat(c.socket)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is in our way", c.socket)
	}
	uid := uint32(os.Geteuid())
	if account != nil {
		if uid = account.Uid; info.Sys().(*syscall.Stat_t).Uid != uid {
			if err := os.Lchown(c.socket, int(account.Uid), int(account.Gid)); err != nil {
				return err
			}
		}
	}
	if info, err = os.Lstat(c.socket); err != nil {
		return err
	}
	if info.Sys().(*syscall.Stat_t).Uid != uid || info.Mode().Perm() != 0o700 {
		return fmt.Errorf("%s belongs to somebody else", c.socket)
	}
	return nil
}

// settleOrphan deals with what a killed predecessor left behind.
func (c *Cluster) settleOrphan(ctx context.Context) error {
	file := filepath.Join(c.data, "postmaster.pid")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	lines := strings.Split(string(text), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(lines[0]))
	switch {
	case pid <= 1:
		return os.Remove(file)
	case syscall.Kill(pid, 0) == syscall.ESRCH:
		// Leave the file: PostgreSQL clears it, and the shared-memory key in it is what keeps a new
		// server from joining backends of the dead one that still run.
		return nil
	case !c.isServer(pid):
		c.log("the number in postmaster.pid now belongs to another program")
		lines[0] = "4194303" // a number no process has; the shared-memory line stays
		return os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600)
	}
	c.log("stopping the database a killed predecessor left running (process %d)", pid)
	syscall.Kill(pid, syscall.SIGINT)
	for i := 0; c.isServer(pid); i++ {
		if i == 300 {
			syscall.Kill(pid, syscall.SIGQUIT)
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// isServer tells whether the process is the server of our data.
func (c *Cluster) isServer(pid int) bool {
	if syscall.Kill(pid, 0) == syscall.ESRCH {
		return false
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		line, _ = exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	}
	return bytes.Contains(line, []byte("postgres")) && bytes.Contains(line, []byte(c.data))
}

// start launches the server until it answers, trying other ports when one is taken and waiting for backends of a
// dead predecessor to end.
func (c *Cluster) start(ctx context.Context, account *syscall.Credential, settings map[string]string) error {
	for taken := 0; ; {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("find a free port: %w", err)
		}
		c.port = listener.Addr().(*net.TCPAddr).Port
		listener.Close()
		said, err := c.launch(ctx, account, settings)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case bytes.Contains(said, []byte("pre-existing shared memory block")):
			if err := sleep(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		case bytes.Contains(said, []byte("could not bind")) && taken < 5:
			taken++
		default:
			return fmt.Errorf("%w: %s", err, bytes.TrimSpace(said))
		}
	}
}

func (c *Cluster) launch(ctx context.Context, account *syscall.Credential, settings map[string]string) (said []byte, err error) {
	args := []string{"-D", c.data, "-k", c.socket, "-p", strconv.Itoa(c.port)}
	all := map[string]string{
		"listen_addresses": "127.0.0.1", "unix_socket_permissions": "0700", "logging_collector": "off", "log_destination": "stderr",
		"jit": "off", "shared_buffers": "256MB", "work_mem": "16MB", "maintenance_work_mem": "256MB", "max_connections": "100",
		"random_page_cost": "1.1", "max_wal_size": "2GB", "timezone": "UTC",
	}
	for k, v := range settings {
		all[k] = v
	}
	for k, v := range all {
		args = append(args, "-c", k+"="+v)
	}
	cmd := c.command(context.WithoutCancel(ctx), account, "postgres", args...)
	dieWithParent(cmd.SysProcAttr)
	logFile, err := os.OpenFile(filepath.Join(c.folder, "postgres.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	offset, _ := logFile.Seek(0, io.SeekEnd)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the death signal follows the thread that forked: keep it as long as the child lives
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		c.ended <- cmd.Wait()
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	c.cmd = cmd
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		if conn, err := pgx.Connect(ctx, c.URL("postgres")); err == nil {
			conn.Close(ctx)
			return nil, nil
		}
		select {
		case err := <-c.ended:
			said := make([]byte, 8192)
			n, _ := logFile.ReadAt(said, offset)
			return said[:n], fmt.Errorf("PostgreSQL ended while starting: %v", err)
		case <-ctx.Done():
			cmd.Process.Signal(syscall.SIGQUIT)
			<-c.ended
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// URL returns the address of a database of the cluster, as its superuser, over the unix socket.
func (c *Cluster) URL(database string) string {
	return fmt.Sprintf("host=%s port=%d user=%s dbname=%s", c.socket, c.port, owner, database)
}

// PID returns the process number of the server.
func (c *Cluster) PID() int { return c.cmd.Process.Pid }

// Ended receives once the server has ended, whatever ended it.
func (c *Cluster) Ended() <-chan error { return c.ended }

// EnsureDatabase creates a database unless it is there.
func (c *Cluster) EnsureDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return fmt.Errorf("reach the private database server: %w", err)
	}
	defer conn.Close(ctx)
	var there bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
	return err
}

// Stop ends the server: it refuses new work and ends running queries, and after a minute is stopped at once.
func (c *Cluster) Stop() error {
	defer c.lock.Close()
	c.cmd.Process.Signal(syscall.SIGINT)
	select {
	case err := <-c.ended:
		return err
	case <-time.After(time.Minute):
		c.cmd.Process.Signal(syscall.SIGQUIT)
		return <-c.ended
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
