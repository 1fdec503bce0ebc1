package outbound

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// office is a real SMTP server that keeps what it is given.
type office struct {
	letters chan string
	refuse  bool
}

func (o *office) NewSession(*smtp.Conn) (smtp.Session, error) { return &counter{office: o}, nil }

type counter struct {
	*office
	from, to string
}

func (c *counter) Mail(from string, _ *smtp.MailOptions) error { c.from = from; return nil }
func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	if c.refuse {
		return &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
	}
	c.to = to
	return nil
}
func (c *counter) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	c.letters <- c.from + " > " + c.to + "\n" + string(text)
	return err
}
func (c *counter) Reset()        {}
func (c *counter) Logout() error { return nil }

func openOffice(t *testing.T) (*office, string) {
	t.Helper()
	o := &office{letters: make(chan string, 10)}
	server := smtp.NewServer(o)
	server.Domain = "localhost"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	return o, listener.Addr().String()
}

func TestALetterArrives(t *testing.T) {
	t.Parallel()
	o, addr := openOffice(t)
	send, err := Mailer("smtp://"+addr+"?tls=none", "Alpine Heating <office@example.org>")
	if err != nil {
		t.Fatal(err)
	}
	letter := Mail{ID: "0199b0e4", To: "ada@example.org", Subject: "Grüezi — welcome", Text: "Hello\n", HTML: "<p>Hello</p>"}
	if err := send(context.Background(), letter); err != nil {
		t.Fatal(err)
	}
	got := <-o.letters
	for _, part := range []string{"office@example.org > ada@example.org", "Message-ID: <0199b0e4@example.org>", "Subject: =?UTF-8?", "text/plain", "text/html", "Auto-Submitted: auto-generated", "<p>Hello</p>"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing in\n%s", part, got)
		}
	}
	o.refuse = true
	if err := send(context.Background(), letter); err == nil || !strings.Contains(err.Error(), "no such mailbox") {
		t.Errorf("a refused letter: got %v", err)
	}
	for name, to := range map[string]string{"a header slipped in": "a@example.org\r\nBcc: eve@example.org", "no address": "ada"} {
		if err := send(context.Background(), Mail{To: to}); err == nil {
			t.Errorf("%s: was sent", name)
		}
	}
}

func TestWhatAMailServerMayBe(t *testing.T) {
	t.Parallel()
	for _, server := range []string{"", "mail.example.org", "http://mail.example.org", "smtp://", "smtp://h?tls=maybe"} {
		if _, err := Mailer(server, "a@example.org"); err == nil {
			t.Errorf("%q is taken", server)
		}
	}
	for _, server := range []string{"smtp://u:p@mail.example.org", "smtps://mail.example.org:4650"} {
		if _, err := Mailer(server, "a@example.org"); err != nil {
			t.Errorf("%q: %v", server, err)
		}
	}
	if _, err := Mailer("smtp://mail.example.org", "nobody"); err == nil {
		t.Error("a sender that is no address is taken")
	}
	// Without TLS where TLS is asked for, nothing is sent.
	o, addr := openOffice(t)
	send, err := Mailer("smtp://"+addr, "a@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := send(context.Background(), Mail{ID: "x", To: "b@example.org"}); err == nil || len(o.letters) > 0 {
		t.Error("a letter went out in the clear")
	}
}

func TestAWebhookStaysWhereItIsSent(t *testing.T) {
	t.Parallel()
	reached := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer other.Close()
	var got http.Header
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ = io.ReadAll(r.Body)
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	status, err := Post(Policy{Allow: loopback})(t.Context(), server.URL, map[string]string{"webhook-id": "x"}, []byte("{}"))
	if err != nil || status != http.StatusTemporaryRedirect || reached > 0 || got.Get("Webhook-Id") != "x" || string(body) != "{}" {
		t.Errorf("got %d, %v; reached %d, %v", status, err, reached, got)
	}
	if _, err := Post(Policy{})(t.Context(), server.URL+"?key=secret", nil, nil); !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "secret") {
		t.Errorf("an address of our own: got %v", err)
	}
}
