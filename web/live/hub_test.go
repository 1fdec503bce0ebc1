package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func quietHub() *Hub { return NewHub(slog.New(slog.DiscardHandler)) }

func say(topic, event, data string) Message {
	return Message{Topic: topic, Event: event, Data: json.RawMessage(data)}
}

func texts(messages []Message) []string {
	out := []string{}
	for _, m := range messages {
		out = append(out, m.Event+" "+string(m.Data))
	}
	return out
}

func subscribe(t testing.TB, h *Hub, topics ...string) *Stream {
	t.Helper()
	s, err := h.Subscribe("somebody", topics)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestWhatASlowScreenIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		said []Message
		want []string
	}{
		"the newest state of a plan only": {
			[]Message{say("plan:1", "plan", `{"id":"1","state":"running"}`), say("plan:1", "plan", `{"id":"1","state":"ready"}`)},
			[]string{`plan {"id":"1","state":"ready"}`},
		},
		"both of two kinds of news, in their order": {
			[]Message{say("day:d", "day", `{"date":"d"}`), say("plan:1", "plan", `{"id":"1"}`)},
			[]string{`day {"date":"d"}`, `plan {"id":"1"}`},
		},
		"every visit that changed, each once": {
			[]Message{say("day:d", "day", `{"date":"d","visits":["a","b"]}`), say("day:d", "day", `{"date":"d","visits":["b","c"]}`)},
			[]string{`day {"date":"d","visits":["a","b","c"]}`},
		},
		"all visits, once all were meant": {
			[]Message{say("day:d", "day", `{"date":"d"}`), say("day:d", "day", `{"date":"d","visits":["b"]}`)},
			[]string{`day {"date":"d"}`},
		},
		"all visits, if all are meant last": {
			[]Message{say("day:d", "day", `{"date":"d","visits":["b"]}`), say("day:d", "day", `{"date":"d"}`)},
			[]string{`day {"date":"d"}`},
		},
		"nothing of a topic it did not ask for": {
			[]Message{say("plan:2", "plan", `{"id":"2"}`)}, []string{},
		},
		"something odd as it came": {
			[]Message{say("plan:1", "plan", `7`), say("plan:1", "plan", `8`)}, []string{"plan 8"},
		},
	} {
		h := quietHub()
		s := subscribe(t, h, "plan:1", "day:d")
		for _, m := range c.said {
			h.Publish(m)
		}
		if diff := cmp.Diff(c.want, texts(s.Take())); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{}, texts(s.Take())); diff != "" {
			t.Errorf("%s: told twice:\n%s", name, diff)
		}
	}
}

func TestTooManyVisitsMeanAll(t *testing.T) {
	t.Parallel()
	h := quietHub()
	s := subscribe(t, h, "day:d")
	for i := range maxMerged + 1 {
		h.Publish(say("day:d", "day", fmt.Sprintf(`{"date":"d","visits":["%d"]}`, i)))
	}
	if diff := cmp.Diff([]string{`day {"date":"d"}`}, texts(s.Take())); diff != "" {
		t.Error(diff)
	}
}

// However a screen interleaves taking with the news, it hears of every visit and ends with the newest state.
func TestNoVisitIsForgotten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := quietHub()
		s, err := h.Subscribe("somebody", []string{"day:d", "plan:1"})
		if err != nil {
			t.Fatal(err)
		}
		said, heard, lastSaid, lastHeard := map[string]bool{}, map[string]bool{}, 0, 0
		take := func() {
			for _, m := range s.Take() {
				var told struct {
					Visits []string
					State  int
				}
				if err := json.Unmarshal(m.Data, &told); err != nil {
					t.Fatal(err)
				}
				for _, v := range told.Visits {
					heard[v] = true
				}
				lastHeard = max(lastHeard, told.State)
			}
		}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				visit := rapid.StringMatching("[a-f]{1,2}").Draw(t, "visit")
				said[visit] = true
				h.Publish(say("day:d", "day", fmt.Sprintf(`{"visits":[%q]}`, visit)))
			case 1:
				lastSaid++
				h.Publish(say("plan:1", "plan", fmt.Sprintf(`{"id":"1","state":%d}`, lastSaid)))
			case 2:
				take()
			}
		}
		take()
		if diff := cmp.Diff(said, heard); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(lastSaid, lastHeard); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLimitsOfStreams(t *testing.T) {
	t.Parallel()
	h := quietHub()
	if _, err := h.Subscribe("a", slices.Repeat([]string{"x"}, maxTopics+1)); !errors.Is(err, ErrTopics) {
		t.Errorf("too many topics: got %v", err)
	}
	open := []*Stream{}
	for range maxPerOwner {
		s, err := h.Subscribe("a", nil)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, s)
	}
	if _, err := h.Subscribe("a", nil); !errors.Is(err, ErrTooMany) {
		t.Errorf("one too many: got %v", err)
	}
	if _, err := h.Subscribe("b", nil); err != nil {
		t.Errorf("another person: got %v", err)
	}
	open[0].Close()
	open[0].Close() // twice does no harm
	if _, err := h.Subscribe("a", nil); err != nil {
		t.Errorf("after one closed: got %v", err)
	}
	h.Drain()
	if _, err := h.Subscribe("c", nil); !errors.Is(err, ErrDraining) {
		t.Errorf("while draining: got %v", err)
	}
}

func TestAStreamOverHTTP(t *testing.T) {
	t.Parallel()
	h := quietHub()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Serve(w, r, subscribe(t, h, "plan:1"), nil)
	}))
	server.Config.ReadTimeout, server.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	server.Start()
	defer server.Close()
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if diff := cmp.Diff("text/event-stream; charset=utf-8", response.Header.Get("Content-Type")); diff != "" {
		t.Error(diff)
	}
	lines := bufio.NewScanner(response.Body)
	events := func(n int) string {
		got := []string{}
		for len(got) < n && lines.Scan() {
			if text := lines.Text(); text != "" && !strings.HasPrefix(text, "retry") {
				got = append(got, text)
			}
		}
		return strings.Join(got, "|")
	}
	if diff := cmp.Diff("event: hello|data: {}", events(2)); diff != "" {
		t.Error(diff)
	}
	time.Sleep(300 * time.Millisecond) // a stream outlives what a server allows a request
	h.Publish(say("plan:1", "plan", "{\"id\":\n\"1\"}"))
	if diff := cmp.Diff(`event: plan|data: {"id": "1"}`, events(2)); diff != "" {
		t.Error(diff)
	}
	h.Drain()
	if diff := cmp.Diff("event: bye|data: {}", events(3)); diff != "" { // and then the end
		t.Error(diff)
	}
}

// The heartbeat is where a right that was taken away takes effect on a screen left open.
func TestAStreamEndsWhenTheRightIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := quietHub()
		checks := 0
		still := func(context.Context) error {
			if checks++; checks > 2 {
				return errors.New("deactivated")
			}
			return nil
		}
		start, recorder := time.Now(), httptest.NewRecorder()
		Serve(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), subscribe(t, h, "plan:1"), still)
		if diff := cmp.Diff(3*h.Heartbeat, time.Since(start)); diff != "" {
			t.Error(diff)
		}
		want := "retry: 2000\nevent: hello\ndata: {}\n\n: still here\n\n: still here\n\nevent: bye\ndata: {}\n\n"
		if diff := cmp.Diff(want, recorder.Body.String()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(0, h.Open()); diff != "" {
			t.Errorf("streams left open: %s", diff)
		}
	})
}
