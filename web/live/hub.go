// Package live tells open screens what changed: server-sent events, fed by PostgreSQL's notifications over one
// connection per process.
//
// Whoever changes something tells of it in its own transaction, so that nobody hears of what was rolled back:
//
//	select pg_notify('catchment_live', '{"topic":"plan:0190…","event":"plan","data":{"id":"0190…","state":"ready"}}')
//
// A message carries ids and numbers only, never names or notes, since it is handed to every process, and stays
// below PostgreSQL's 8,000 bytes. Screens fetch what they show through the API, under their own rights.
package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Channel is the PostgreSQL channel messages come by.
const Channel = "catchment_live"

// Limits of a hub.
const (
	maxPerOwner = 20  // streams of one person: tabs, screens, phones
	maxTopics   = 32  // of one stream
	maxMerged   = 500 // ids gathered for a slow client, beyond which it is told to look at everything
)

// Errors of Subscribe.
var (
	ErrTooMany  = errors.New("too many live streams open")
	ErrDraining = errors.New("the server is shutting down")
	ErrTopics   = errors.New("too many topics")
)

// Message is one piece of news.
type Message struct {
	Topic string          `json:"topic"` // "day:2026-11-23", "plan:<id>", "staff:<id>"
	Event string          `json:"event"` // name of the server-sent event
	Data  json.RawMessage `json:"data"`
}

// Hub hands messages to the streams that subscribed to their topic. A slow stream never holds up another: what
// it has not taken yet is overtaken by newer news of the same kind.
type Hub struct {
	Heartbeat time.Duration // between signs of life on a quiet stream; also how often rights are checked again
	Log       *slog.Logger

	mu       sync.Mutex
	streams  map[*Stream]struct{}
	byTopic  map[string]map[*Stream]struct{}
	byOwner  map[string]int
	draining bool
}

// NewHub returns a hub with nobody listening.
func NewHub(log *slog.Logger) *Hub {
	return &Hub{
		Heartbeat: 15 * time.Second, Log: log,
		streams: map[*Stream]struct{}{}, byTopic: map[string]map[*Stream]struct{}{}, byOwner: map[string]int{},
	}
}

// Run listens until the context ends. When the connection breaks it connects again, waiting longer each time up
// to five seconds, and ends every stream, so that screens look afresh. It returns the context's error.
func (h *Hub) Run(ctx context.Context, connect func(context.Context) (*pgx.Conn, error)) error {
	const longest = 5 * time.Second
	for wait, first := time.Duration(0), true; ctx.Err() == nil; {
		err := h.listen(ctx, connect, func() {
			wait = 0
			if !first {
				h.resync()
			}
			first = false
		})
		if ctx.Err() != nil {
			break
		}
		wait = min(max(2*wait, 100*time.Millisecond), longest)
		h.Log.Warn("live: connection lost", "error", err, "again_in", wait.String())
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return ctx.Err()
}

func (h *Hub) listen(ctx context.Context, connect func(context.Context) (*pgx.Conn, error), connected func()) error {
	conn, err := connect(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		conn.Close(ending)
	}()
	if _, err := conn.Exec(ctx, "listen "+Channel); err != nil {
		return err
	}
	connected()
	for {
		// A connection that died in silence is found by asking: nothing else would tell.
		waiting, cancel := context.WithTimeout(ctx, 30*time.Second)
		n, err := conn.WaitForNotification(waiting)
		quiet := waiting.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case err == nil:
			var m Message
			if err := json.Unmarshal([]byte(n.Payload), &m); err != nil || m.Topic == "" || m.Event == "" {
				h.Log.Error("live: message in a wrong form", "payload_bytes", len(n.Payload))
				continue
			}
			h.Publish(m)
		case quiet:
			asking, cancel := context.WithTimeout(ctx, 5*time.Second)
			err := conn.Ping(asking)
			cancel()
			if err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// Publish hands a message to the streams of its topic in this process, without waiting for any.
func (h *Hub) Publish(m Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.byTopic[m.Topic] {
		s.put(m)
	}
}

// resync ends every stream, since news may have been missed: who connects again looks afresh.
func (h *Hub) resync() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams {
		s.end()
	}
}

// Subscribe opens a stream on the topics. Whether the owner may hear of them is for the caller to check first.
// The stream must be closed.
func (h *Hub) Subscribe(owner string, topics []string) (*Stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.draining:
		return nil, ErrDraining
	case len(topics) > maxTopics:
		return nil, ErrTopics
	case h.byOwner[owner] >= maxPerOwner:
		return nil, ErrTooMany
	}
	s := &Stream{hub: h, owner: owner, topics: topics, pending: map[key]json.RawMessage{}, wake: make(chan struct{}, 1), done: make(chan struct{})}
	h.streams[s] = struct{}{}
	h.byOwner[owner]++
	for _, t := range topics {
		if h.byTopic[t] == nil {
			h.byTopic[t] = map[*Stream]struct{}{}
		}
		h.byTopic[t][s] = struct{}{}
	}
	return s, nil
}

// Drain ends every stream and lets no new one in. Screens connect again by themselves, to another process or
// to this one's successor.
func (h *Hub) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	for s := range h.streams {
		s.end()
	}
}

// Open returns the number of open streams.
func (h *Hub) Open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams)
}

// key tells news of the same kind, where the newest replaces what was not taken yet.
type key struct{ topic, event, id string }

// Stream is what one screen has yet to be told.
type Stream struct {
	// Rewrite gives a message the form its hearer may have it in; nil leaves messages as they are.
	Rewrite func(Message) Message

	hub    *Hub
	owner  string
	topics []string

	mu      sync.Mutex
	pending map[key]json.RawMessage
	order   []key
	wake    chan struct{} // holds a token while there is something to take

	ended sync.Once
	done  chan struct{}
}

// Close gives the stream back.
func (s *Stream) Close() {
	s.end()
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, open := h.streams[s]; !open {
		return
	}
	delete(h.streams, s)
	for _, t := range s.topics {
		delete(h.byTopic[t], s)
		if len(h.byTopic[t]) == 0 {
			delete(h.byTopic, t)
		}
	}
	if h.byOwner[s.owner]--; h.byOwner[s.owner] == 0 {
		delete(h.byOwner, s.owner)
	}
}

func (s *Stream) end() { s.ended.Do(func() { close(s.done) }) }

// Ready holds a token while Take has something to give.
func (s *Stream) Ready() <-chan struct{} { return s.wake }

// Done is closed when the server drains or the stream is closed.
func (s *Stream) Done() <-chan struct{} { return s.done }

func (s *Stream) put(m Message) {
	s.mu.Lock()
	k := key{m.Topic, m.Event, idOf(m.Data)}
	if before, waiting := s.pending[k]; waiting {
		s.pending[k] = merge(before, m.Data)
	} else {
		s.pending[k] = m.Data
		s.order = append(s.order, k)
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Take returns what came since the last call, oldest kind first.
func (s *Stream) Take() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := make([]Message, 0, len(s.order))
	for _, k := range s.order {
		taken = append(taken, Message{Topic: k.topic, Event: k.event, Data: s.pending[k]})
	}
	s.order, s.pending = nil, map[key]json.RawMessage{}
	return taken
}

func idOf(data json.RawMessage) string {
	var named struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(data, &named) != nil { // a kind of news without an id of its own
		return ""
	}
	return named.ID
}

// merge lets newer news overtake older of the same kind. Lists, such as the visits of a day that changed, are
// united; if that grows beyond maxMerged the list is left out, which means all of them.
func merge(older, newer json.RawMessage) json.RawMessage {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(older, &a) != nil || json.Unmarshal(newer, &b) != nil {
		return newer
	}
	for field, value := range b {
		if !isList(value) {
			continue
		}
		b[field] = unite(a[field], value)
		if b[field] == nil { // once all are meant, naming some would tell less
			delete(b, field)
		}
	}
	merged, err := json.Marshal(b)
	if err != nil {
		return newer
	}
	return merged
}

func isList(value json.RawMessage) bool {
	return bytes.HasPrefix(bytes.TrimSpace(value), []byte{'['})
}

// unite returns the items of both lists, each once, or nothing if one is missing or they are too many.
func unite(a, b json.RawMessage) json.RawMessage {
	var first, second []json.RawMessage
	if json.Unmarshal(a, &first) != nil || json.Unmarshal(b, &second) != nil {
		return nil
	}
	seen, all := map[string]bool{}, []json.RawMessage{}
	for _, item := range append(first, second...) {
		if !seen[string(item)] {
			seen[string(item)] = true
			all = append(all, item)
		}
	}
	if len(all) > maxMerged {
		return nil
	}
	united, err := json.Marshal(all)
	if err != nil {
		return nil
	}
	return united
}
