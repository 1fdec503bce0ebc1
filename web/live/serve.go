package live

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// writeWithin is how long a client may take to accept a write before it is given up.
const writeWithin = 10 * time.Second

// Serve writes the stream as server-sent events until the client leaves, the server drains, or still says that
// the listener may no longer hear it; still is asked at every heartbeat and may be nil. It closes the stream.
func Serve(w http.ResponseWriter, r *http.Request, s *Stream, still func(context.Context) error) {
	defer s.Close()
	header := w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // a proxy in front must not hold events back
	w.WriteHeader(http.StatusOK)

	control := http.NewResponseController(w)
	send := func(text string) error {
		// A recorder in a test has no deadline; a real connection has.
		_ = control.SetWriteDeadline(time.Now().Add(writeWithin))
		if _, err := w.Write([]byte(text)); err != nil {
			return err
		}
		return control.Flush()
	}

	if send("retry: 2000\nevent: hello\ndata: {}\n\n") != nil {
		return
	}
	heartbeat := time.NewTicker(s.hub.Heartbeat)
	defer heartbeat.Stop()
	for {
		text := ""
		select {
		case <-r.Context().Done():
			return
		case <-s.Done():
			_ = send("event: bye\ndata: {}\n\n") // the client may be gone already
			return
		case <-heartbeat.C:
			if still != nil && still(r.Context()) != nil {
				_ = send("event: bye\ndata: {}\n\n")
				return
			}
			text = ": still here\n\n"
		case <-s.Ready():
			for _, m := range s.Take() {
				if s.Rewrite != nil {
					m = s.Rewrite(m)
				}
				text += fmt.Sprintf("event: %s\ndata: %s\n\n", m.Event, oneLine(m.Data))
			}
		}
		if text != "" && send(text) != nil {
			return
		}
	}
}

// oneLine replaces line breaks between the values of JSON, which would end the event's data early. Inside JSON
// strings there are none.
func oneLine(data []byte) []byte {
	line := make([]byte, len(data))
	for i, b := range data {
		if b == '\n' || b == '\r' {
			b = ' '
		}
		line[i] = b
	}
	return line
}
