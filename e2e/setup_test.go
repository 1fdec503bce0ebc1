package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"catchment/geo/town"
)

// folderForAll returns a folder the database's own account can walk to, which tests run by root need.
func folderForAll(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "catchment-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestTheFirstStartFetchesTheExtractOnce(t *testing.T) {
	t.Parallel()
	small := town.Generate(3, 2).Bytes()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Write(small)
	}))
	defer server.Close()
	settings := []string{"DATABASE_URL=" + emptyDatabase(t), "DATA=" + t.TempDir(), "ADDR=127.0.0.1:0", "ACCOUNTS=60", "EXTRACT_URL=" + server.URL + "/little-region.osm.pbf"}
	for range 2 {
		p := launch(t, settings, "up")
		if _, err := p.out.find(readyLine, p.ended, 2*time.Minute); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(p.out.text(), "generated town stands in") {
			t.Errorf("the extract could be fetched, and a town stands in all the same:\n%s", p.out.text())
		}
		p.stop(t)
	}
	if got := asked.Load(); got != 1 {
		t.Errorf("want the extract fetched once, got %d times", got)
	}
}

func TestWithoutANetworkAGeneratedTownStandsInAndSaysSo(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		w.Write(make([]byte, 1000)) // and no more
	}))
	defer broken.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("<html>Please sign in to this network</html>"))
	}))
	defer page.Close()
	for name, url := range map[string]string{
		"nobody answers": gone.URL, "the download breaks off": broken.URL, "a sign-in page instead of the file": page.URL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, []string{"DATABASE_URL=" + emptyDatabase(t), "DATA=" + t.TempDir(), "ADDR=127.0.0.1:0", "ACCOUNTS=40", "EXTRACT_URL=" + url + "/region.osm.pbf"}, "up")
			if _, err := p.out.find(regexp.MustCompile("generated town stands in"), p.ended, time.Minute); err != nil {
				t.Fatal(err)
			}
			if _, err := p.out.find(readyLine, p.ended, 2*time.Minute); err != nil {
				t.Fatal(err)
			}
			p.stop(t)
		})
	}
}

func TestThePrivateDatabaseSurvivesBeingKilled(t *testing.T) {
	t.Parallel()
	data := folderForAll(t)
	settings := []string{"DATA=" + data, "ADDR=127.0.0.1:0", "OSM=town", "ACCOUNTS=40"}
	start := func() (*process, string) {
		t.Helper()
		p := launch(t, settings, "up")
		base, err := p.out.find(readyLine, p.ended, 3*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return p, base
	}
	p, base := start()
	k := (&company{process: p, base: base}).signIn(t, "dispatcher")
	var account struct{ ID string }
	k.call(http.MethodPost, "/accounts", map[string]any{"name": "Kept through every kill"}, &account, http.StatusCreated)

	second := launch(t, settings, "up")
	<-second.ended
	if second.err == nil || !strings.Contains(second.out.text(), "running already") {
		t.Errorf("a second start on the same folder: want a refusal that says so, got %v:\n%s", second.err, second.out.text())
	}
	for range 3 {
		p.kill()
		p, base = start()
		if strings.Contains(p.out.text(), "streets for cars") {
			t.Errorf("want nothing imported twice:\n%s", p.out.text())
		}
	}
	p.kill()
	// A pid file of a dead server whose number now belongs to somebody else: to us.
	files, _ := filepath.Glob(filepath.Join(data, "database", "pg*"))
	if len(files) != 1 {
		t.Fatalf("want one data folder, got %v", files)
	}
	waitGone(t, filepath.Join(files[0], "postmaster.pid"))
	stale := "1\n" + files[0] + "\n1700000000\n5432\n/tmp\nlocalhost\n  0 0\n"
	if err := os.WriteFile(filepath.Join(files[0], "postmaster.pid"), []byte(stale), 0o644); err != nil {
		t.Fatal(err)
	}
	p, base = start()
	k = (&company{process: p, base: base}).signIn(t, "dispatcher")
	k.call(http.MethodGet, "/accounts/"+account.ID, nil, nil, http.StatusOK)
	p.stop(t)
	if _, err := os.Stat(filepath.Join(files[0], "postmaster.pid")); !os.IsNotExist(err) {
		t.Errorf("want the database stopped cleanly, its pid file is there: %v", err)
	}
}

// waitGone waits until the orphaned server has ended and removed its file.
func waitGone(t testing.TB, path string) {
	t.Helper()
	for range 300 {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s is still there", path)
}

func TestTheShellSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	url := emptyDatabase(t)
	empty := filepath.Join(data, "empty.osm.pbf")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(data, "letter.osm.pbf")
	if err := os.WriteFile(text, []byte("Dear Sir or Madam"), 0o644); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(data, "half.osm.pbf")
	whole := town.Generate(3, 2).Bytes()
	if err := os.WriteFile(half, whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"an extract that is not there":   {[]string{"import", "osm", filepath.Join(data, "nowhere.pbf")}, "nowhere.pbf"},
		"a folder instead of an extract": {[]string{"import", "osm", data}, "folder"},
		"an empty file":                  {[]string{"import", "osm", empty}, "empty"},
		"a letter":                       {[]string{"import", "osm", text}, "letter"},
		"half an extract":                {[]string{"import", "osm", half}, "half"},
		"a day that is none":             {[]string{"plan", "--date", "2026-02-30"}, "2026-02-30"},
		"a flag nobody knows":            {[]string{"plan", "--dat", "2026-02-03"}, "unknown flag"},
		"a company of no accounts":       {[]string{"demo", "--accounts", "0"}, "accounts"},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, []string{"DATABASE_URL=" + url, "DATA=" + data}, c.args...)
			select {
			case <-p.ended:
			case <-time.After(time.Minute):
				t.Fatal("it does not end")
			}
			out := p.out.text()
			if p.err == nil || !strings.Contains(out, c.says) || strings.Contains(out, "goroutine") {
				t.Errorf("want a line that mentions %q and an exit code, got %v:\n%s", c.says, p.err, out)
			}
		})
	}
}

func TestAPlanFromTheShellIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	settings := []string{"DATABASE_URL=" + emptyDatabase(t), "DATA=" + data}
	for _, args := range [][]string{{"import", "osm", "town"}, {"demo", "--accounts", "80"}} {
		p := launch(t, settings, args...)
		<-p.ended
		if p.err != nil {
			t.Fatalf("%v: %v\n%s", args, p.err, p.out.text())
		}
	}
	day := query[string](t, settings[0][len("DATABASE_URL="):], "select min(earliest)::text from work.visit where outcome_at is null")
	var plans []string
	for range 2 {
		p := launch(t, settings, "plan", "--date", day, "--iterations", "500", "--json")
		<-p.ended
		if p.err != nil {
			t.Fatalf("plan: %v\n%s", p.err, p.out.text())
		}
		plan := regexp.MustCompile(`"id": "[^"]+"`).ReplaceAllString(p.out.text(), `"id": ""`)
		plans = append(plans, plan)
	}
	if plans[0] != plans[1] || !strings.Contains(plans[0], `"kind": "visit"`) {
		t.Errorf("want the same plan twice, with visits in it; got\n%.2000s\nand\n%.2000s", plans[0], plans[1])
	}
	p := launch(t, settings, "plan", "--date", day, "--iterations", "500", "--publish")
	<-p.ended
	if p.err != nil || !strings.Contains(p.out.text(), "Not planned") {
		t.Errorf("want the plan in words, with what does not fit, got %v:\n%s", p.err, p.out.text())
	}
}
