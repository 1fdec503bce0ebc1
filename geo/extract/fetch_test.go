package extract_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"catchment/geo/extract"
	"catchment/geo/osm"
	"catchment/geo/town"
)

// get is what the program hands in, without its time limits.
func get(ctx context.Context, url string) (io.ReadCloser, int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, 0, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, 0, fmt.Errorf("the server answered %s", answer.Status)
	}
	return answer.Body, answer.ContentLength, nil
}

func TestFetchTakesAFileAsItIs(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "my-valley.osm.pbf")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := extract.Fetch(t.Context(), file, "unused", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := (extract.Fetched{Path: file, Name: "My Valley"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := extract.Fetch(t.Context(), file+".none", "unused", nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := extract.Fetch(t.Context(), filepath.Dir(file), "unused", nil, nil); err == nil {
		t.Error("a folder was taken for an extract")
	}
}

func TestFetchDownloadsOnceADay(t *testing.T) {
	t.Parallel()
	data := town.Random(1, 4).Bytes()
	asked, broken := 0, false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if broken {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		w.Write(data)
	}))
	defer server.Close()
	folder := filepath.Join(t.TempDir(), "new", "folder")
	fetch := func() (extract.Fetched, error) {
		return extract.Fetch(t.Context(), server.URL+"/europe/little-land-latest.osm.pbf?token=1", folder, get, nil)
	}
	got, err := fetch()
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "Little Land" {
		t.Errorf("name %q", got.Name)
	}
	if kept, _ := os.ReadFile(got.Path); string(kept) != string(data) {
		t.Error("what was kept is not what was sent")
	}
	if _, err := fetch(); err != nil || asked != 1 {
		t.Errorf("asked %d times in a day (%v)", asked, err)
	}
	old := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(got.Path, old, old); err != nil {
		t.Fatal(err)
	}
	broken = true
	if _, err := fetch(); err != nil || asked != 2 {
		t.Errorf("yesterday's copy did not serve when the server was down: %v, asked %d times", err, asked)
	}
	broken = false
	if _, err := fetch(); err != nil || asked != 3 {
		t.Errorf("yesterday's copy was not renewed: %v, asked %d times", err, asked)
	}
}

func TestFetchKeepsNothingThatIsNoExtract(t *testing.T) {
	t.Parallel()
	data := town.Random(1, 4).Bytes()
	tests := []struct {
		name  string
		serve http.HandlerFunc
		says  string
	}{
		{"not found", http.NotFound, "404"},
		{"the page of a portal", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<!DOCTYPE html><html>Please log in</html>")
		}, "web page"},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, "empty"},
		{"half of it", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			w.Write(data[:len(data)/2])
		}, "EOF"},
		{"more than an extract can have", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(int64(extract.MaxBytes)+1))
		}, "more than"},
		{"a server that hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(tt.serve)
			defer server.Close()
			folder := t.TempDir()
			_, err := extract.Fetch(t.Context(), server.URL+"/land.osm.pbf", folder, get, nil)
			var unreachable *extract.Unreachable
			if !errors.As(err, &unreachable) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want an Unreachable that says %q", err, tt.says)
			}
			left, _ := os.ReadDir(folder)
			if len(left) > 0 {
				t.Errorf("%s was left behind", left[0].Name())
			}
		})
	}
}

func TestFetchGivesUpWhenToldTo(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte{0})
		w.(http.Flusher).Flush()
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(stop)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := extract.Fetch(ctx, server.URL+"/land.osm.pbf", t.TempDir(), get, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the deadline", err)
	}
}

func TestFetchTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	data := town.Random(1, 9).Bytes()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data)
	}))
	defer server.Close()
	last := 0.0
	_, err := extract.Fetch(t.Context(), server.URL+"/land.osm.pbf", t.TempDir(), get, func(done float64) {
		if done < last || done > 1 {
			t.Errorf("%v after %v", done, last)
		}
		last = done
	})
	if err != nil || last != 1 {
		t.Errorf("ended at %v: %v", last, err)
	}
}

func TestNameOfAFile(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"/data/liechtenstein-latest.osm.pbf": "Liechtenstein",
		"liechtenstein-2024.osm.pbf":         "Liechtenstein 2024",
		"österreich_ost.osm":                 "Österreich Ost",
		"map.xml":                            "Map",
		"-.pbf":                              "-.pbf",
	} {
		if got := extract.Name(file); got != want {
			t.Errorf("Name(%q) = %q, want %q", file, got, want)
		}
	}
}

func open(t testing.TB, data []byte) *osm.Source {
	t.Helper()
	src, err := osm.FromBytes("test.osm.pbf", data)
	if err != nil {
		t.Fatal(err)
	}
	return src
}
