// Package e2e uses Catchment as people do: the real binary as a process, over HTTP, from the shell and in a browser,
// on the generated town.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"catchment/geo/postgis"
)

// binary is the product, built once for all tests of this package.
var binary string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "catchment-e2e-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(folder, "catchment")
	if out, err := exec.Command("go", "build", "-o", binary, "catchment/cmd/catchment").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the binary: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	shared.close()
	os.RemoveAll(folder)
	os.Exit(code)
}

// process is a running catchment.
type process struct {
	cmd   *exec.Cmd
	out   *lines
	ended chan struct{}
	err   error
}

// lines gathers what a process says and lets others wait for it.
type lines struct {
	mu   sync.Mutex
	all  []string
	wake chan struct{}
}

func (l *lines) read(r io.Reader) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		l.mu.Lock()
		l.all = append(l.all, scanner.Text())
		close(l.wake)
		l.wake = make(chan struct{})
		l.mu.Unlock()
	}
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

// find waits for a line that fits and returns its first group.
func (l *lines) find(pattern *regexp.Regexp, ended <-chan struct{}, within time.Duration) (string, error) {
	deadline := time.After(within)
	for {
		l.mu.Lock()
		for _, line := range l.all {
			if m := pattern.FindStringSubmatch(line); m != nil {
				l.mu.Unlock()
				return m[len(m)-1], nil
			}
		}
		wake := l.wake
		l.mu.Unlock()
		select {
		case <-wake:
		case <-ended:
			return "", fmt.Errorf("it ended without saying %q:\n%s", pattern, l.text())
		case <-deadline:
			return "", fmt.Errorf("it did not say %q:\n%s", pattern, l.text())
		}
	}
}

// launch starts the binary with arguments and settings such as "ADDR=…".
func launch(t testing.TB, settings []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, args...), out: &lines{wake: make(chan struct{})}, ended: make(chan struct{})}
	p.cmd.Env = append(cleanEnvironment(), settings...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = writer, writer
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	said := make(chan struct{})
	go func() {
		p.out.read(reader)
		close(said)
	}()
	go func() {
		p.err = p.cmd.Wait()
		<-said
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

// cleanEnvironment is ours without what would steer the product.
func cleanEnvironment() []string {
	var out []string
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "DATA", "DATABASE_URL", "ADDR", "OSM", "ACCOUNTS", "ORIGIN", "EXTRACT_URL", "LOG_LEVEL":
		default:
			out = append(out, v)
		}
	}
	return out
}

// kill ends the process as a power cut does.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// stop ends the process as an administrator does and returns what it said on the way out.
func (p *process) stop(t testing.TB) {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		t.Fatalf("it did not stop within 30 s of SIGTERM:\n%s", p.out.text())
	}
	if p.err != nil {
		t.Errorf("want a clean end, got %v:\n%s", p.err, p.out.text())
	}
}

// emptyDatabase returns the address of a new database without any table, dropped when the test ends.
func emptyDatabase(t testing.TB) string {
	t.Helper()
	server := os.Getenv(postgis.TestServerVariable)
	if server == "" {
		t.Fatalf("%s is not set: run the tests with `make test`", postgis.TestServerVariable)
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	name := fmt.Sprintf("e2e_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := conn.Exec(ctx, "create database "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if conn, err := pgx.Connect(ctx, server); err == nil {
			conn.Exec(ctx, "drop database if exists "+name+" with (force)")
			conn.Close(ctx)
		}
	})
	return server + " dbname=" + name
}

var readyLine = regexp.MustCompile(`ready on (http://\S+)`)

// company is a whole running Catchment with the demo company on the generated town.
type company struct {
	*process
	settings []string
	url      string // database
	base     string // http://127.0.0.1:port
}

// open starts a company on a database that is empty or was one before.
func open(t testing.TB, database string, settings ...string) *company {
	t.Helper()
	c := &company{url: database, settings: append([]string{"DATABASE_URL=" + database, "ADDR=127.0.0.1:0", "OSM=town", "ACCOUNTS=300"}, settings...)}
	c.start(t)
	return c
}

func (c *company) start(t testing.TB) {
	t.Helper()
	c.process = launch(t, c.settings, "up")
	base, err := c.out.find(readyLine, c.ended, 3*time.Minute)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	c.base = base
}

// restart kills the company and starts it again.
func (c *company) restart(t testing.TB) {
	t.Helper()
	c.kill()
	c.start(t)
}

// shared is one company for the tests that only look or do not mind each other.
var shared sharedCompany

type sharedCompany struct {
	once sync.Once
	c    *company
	t    *keeper
}

// keeper is a testing.TB whose clean-ups run when the package is done.
type keeper struct {
	testing.TB
	cleanups []func()
}

func (k *keeper) Cleanup(f func()) { k.cleanups = append(k.cleanups, f) }

func (s *sharedCompany) get(t testing.TB) *company {
	t.Helper()
	s.once.Do(func() {
		s.t = &keeper{TB: t}
		folder, err := os.MkdirTemp("", "catchment-e2e-data-")
		if err != nil {
			t.Fatal(err)
		}
		s.t.Cleanup(func() { os.RemoveAll(folder) })
		s.c = open(s.t, emptyDatabase(s.t), "DATA="+folder)
	})
	if s.c == nil {
		t.Fatal("the company all tests share did not start; see the first failure")
	}
	return s.c
}

func (s *sharedCompany) close() {
	if s.t == nil {
		return
	}
	for i := len(s.t.cleanups) - 1; i >= 0; i-- {
		s.t.cleanups[i]()
	}
}

// client is somebody signed in.
type client struct {
	t    testing.TB
	base string
	http *http.Client
}

// signIn signs one of the demo company's people in, by the part of the e-mail before the @.
func (c *company) signIn(t testing.TB, who string) *client {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	k := &client{t: t, base: c.base, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	k.call(http.MethodPost, "/login", map[string]string{"email": who + "@demo.example", "password": "heating-2026"}, nil, http.StatusOK)
	return k
}

// try sends a request and returns status and body; the error is one of the network.
func (k *client) try(method, path string, body any, headers map[string]string) (int, []byte, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			k.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, k.base+"/api/v1"+path, reader)
	if err != nil {
		k.t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer, err := k.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// call sends a request that must be answered with the status, and reads the answer.
func (k *client) call(method, path string, body, into any, want int) {
	k.t.Helper()
	status, text, err := k.try(method, path, body, nil)
	if err != nil {
		k.t.Fatalf("%s %s: %v", method, path, err)
	}
	if status != want {
		k.t.Fatalf("%s %s: want %d, got %d: %s", method, path, want, status, text)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			k.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
}
