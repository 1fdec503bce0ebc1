package postgis

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// install is a PostgreSQL with PostGIS on this machine.
type install struct {
	bin   string // folder of postgres and initdb
	major int
}

// binFolders are where distributions put PostgreSQL's programs.
var binFolders = []string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/pgsql-*/bin", "/usr/libexec/postgresql*", "/usr/bin",
	"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// installs lists every PostgreSQL of version 14 or later that has PostGIS, newest first. The error tells what
// was found instead.
func installs() ([]install, error) {
	var folders []string
	if p, err := exec.LookPath("postgres"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil { // Debian's may be a link; the extensions lie beside the target
			folders = append(folders, filepath.Dir(p))
		}
	}
	for _, pattern := range binFolders {
		found, _ := filepath.Glob(pattern)
		folders = append(folders, found...)
	}
	slices.Sort(folders)
	var out []install
	var refused []string
	for _, bin := range slices.Compact(folders) {
		text, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output() // "postgres (PostgreSQL) 15.18 (Debian …)"
		if err != nil {
			continue
		}
		words := strings.Fields(string(text))
		if len(words) < 3 {
			continue
		}
		digits, _, _ := strings.Cut(words[2], ".")
		major, err := strconv.Atoi(digits)
		switch {
		case err != nil:
		case major < 14:
			refused = append(refused, fmt.Sprintf("%s is version %d, older than 14", bin, major))
		case !hasPostGIS(bin):
			refused = append(refused, fmt.Sprintf("%s (PostgreSQL %d) has no PostGIS", bin, major))
		default:
			out = append(out, install{bin, major})
		}
	}
	slices.SortStableFunc(out, func(a, b install) int { return b.major - a.major })
	if len(out) == 0 {
		return nil, fmt.Errorf("no PostgreSQL 14 or later with PostGIS on this machine (Debian, Ubuntu: apt-get install postgresql-postgis): %s",
			strings.Join(append(refused, "nothing else found"), "; "))
	}
	return out, nil
}

func hasPostGIS(bin string) bool {
	share := filepath.Join(filepath.Dir(bin), "share")
	if text, err := exec.Command(filepath.Join(bin, "pg_config"), "--sharedir").Output(); err == nil {
		share = strings.TrimSpace(string(text))
	}
	major := filepath.Base(filepath.Dir(bin))
	for _, s := range []string{share, filepath.Join("/usr/share/postgresql", major)} {
		if _, err := os.Stat(filepath.Join(s, "extension", "postgis.control")); err == nil {
			return true
		}
	}
	return false
}

// serverAccount returns the account PostgreSQL runs under: nil for our own, another one if we are root, whom
// PostgreSQL refuses.
func serverAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("started by root, and there is no account postgres or nobody to run PostgreSQL under")
}

// closedParent returns the folder above path, or path itself, that others may not walk through, or "".
func closedParent(path string) string {
	for d := path; d != "/" && d != "."; d = filepath.Dir(d) {
		if info, err := os.Stat(d); err == nil && info.Mode()&0o001 == 0 {
			return d
		}
	}
	return ""
}
