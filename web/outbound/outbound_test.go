package outbound

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func TestEverySpellingOfAnInnerAddressIsRefused(t *testing.T) {
	t.Parallel()
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("was reached") }))
	defer inner.Close()
	_, port, _ := net.SplitHostPort(inner.Listener.Addr().String())

	client := New(Policy{})
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "①②⑦.0.0.1", "127.0.0.1.",
		"169.254.169.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fc00::1]", "[fe80::1]", "[2002:7f00:1::]",
		"224.0.0.1", "255.255.255.255",
	} {
		response, err := client.Get("http://" + host + ":" + port + "/")
		if err == nil {
			response.Body.Close()
			t.Errorf("%s: was called", host)
			continue
		}
		var notFound *net.DNSError
		if !errors.Is(err, ErrRefused) && !errors.As(err, &notFound) && !strings.Contains(err.Error(), "invalid") {
			t.Errorf("%s: stopped by something else than the guard: %v", host, err)
		}
	}
}

func TestOddAddressesAreRefused(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"a file":             "file:///etc/passwd",
		"gopher":             "gopher://example.org/",
		"a user in it":       "http://admin:secret@example.org/",
		"a redirect to file": "",
	} {
		client, at := New(Policy{Allow: loopback}), address
		if at == "" {
			server := httptest.NewServer(http.RedirectHandler("file:///etc/passwd", http.StatusFound))
			defer server.Close()
			at = server.URL
		}
		response, err := client.Get(at)
		if err == nil {
			response.Body.Close()
		}
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
}

func TestAnAllowedNetworkIsReached(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "minutes") }))
	defer server.Close()

	body, err := Get(New(Policy{Allow: loopback}))(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	got, _ := io.ReadAll(body)
	if diff := cmp.Diff("minutes", string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestAStatusOtherThanOKIsAnError(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	if _, err := Get(New(Policy{Allow: loopback}))(t.Context(), server.URL); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("got %v, want an error that tells the status", err)
	}
}

// The outer server lies in an allowed network, the inner one does not: only the check after the redirect sees it.
func TestARedirectInwardsIsRefused(t *testing.T) {
	t.Parallel()
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace("http://"+r.Host+"/in", "127.0.0.1", "127.0.0.2", 1), http.StatusFound)
	}))
	defer outer.Close()
	client := New(Policy{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	if response, err := client.Get(outer.URL); !errors.Is(err, ErrRefused) {
		if err == nil {
			response.Body.Close()
		}
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestEndlessRedirectsEnd(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		http.Redirect(w, r, "/again", http.StatusFound)
	}))
	defer server.Close()
	response, err := New(Policy{Allow: loopback}).Get(server.URL)
	if err == nil {
		response.Body.Close()
		t.Error("no error")
	}
	if diff := cmp.Diff(int32(maxRedirects+1), calls.Load()); diff != "" {
		t.Error(diff)
	}
}

func TestAnAnswerThatIsTooLongIsAnError(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	for name, serve := range map[string]http.HandlerFunc{
		"with its length told": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, long) },
		"in pieces": func(w http.ResponseWriter, _ *http.Request) {
			for range 50 {
				io.WriteString(w, long[:100])
				w.(http.Flusher).Flush()
			}
		},
		"grown by unpacking": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, long)
			z.Close()
		},
	} {
		server := httptest.NewServer(serve)
		response, err := New(Policy{Allow: loopback, MaxBody: 4999}).Get(server.URL)
		if err == nil {
			var got []byte
			got, err = io.ReadAll(response.Body)
			response.Body.Close()
			if len(got) > 4999 {
				t.Errorf("%s: %d bytes came through", name, len(got))
			}
		}
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
		response, err = New(Policy{Allow: loopback, MaxBody: 5000}).Get(server.URL)
		if err != nil {
			t.Errorf("%s: an answer just at the limit: %v", name, err)
		} else {
			got, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil || len(got) != 5000 {
				t.Errorf("%s: an answer just at the limit: %d bytes, %v", name, len(got), err)
			}
		}
		server.Close()
	}
}

func TestASlowServerIsGivenUp(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	defer server.Close()
	defer close(done)
	response, err := New(Policy{Allow: loopback, Timeout: 50 * time.Millisecond}).Get(server.URL)
	if err == nil {
		response.Body.Close()
		t.Error("no error")
	}
}

// A name server that first tells a public address and then loopback gets a look-before-you-leap check past the
// gate. Here every answer is judged at the moment it is dialled.
func TestANameThatChangesItsAnswerIsRefused(t *testing.T) {
	t.Parallel()
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("was reached") }))
	defer inner.Close()
	_, port, _ := net.SplitHostPort(inner.Listener.Addr().String())

	resolver := flippingResolver(t, [4]byte{198, 51, 100, 1}, [4]byte{127, 0, 0, 1})
	client := New(Policy{Resolver: resolver, Timeout: 2 * time.Second})
	for range 4 {
		response, err := client.Get("http://flip.example:" + port + "/")
		if err == nil {
			response.Body.Close()
		}
		if !errors.Is(err, ErrRefused) {
			t.Errorf("got %v, want a refusal", err)
		}
	}
}

// flippingResolver asks a name server of ours that gives the answers in turn and knows no IPv6.
func flippingResolver(t *testing.T, answers ...[4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buffer, turn := make([]byte, 512), 0
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			name := 12 // the question follows the 12-byte header
			for name < n && buffer[name] != 0 {
				name += 1 + int(buffer[name])
			}
			question := buffer[12 : name+5]
			isA := binary.BigEndian.Uint16(question[len(question)-4:]) == 1
			reply := append([]byte{buffer[0], buffer[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
			if isA {
				reply[7] = 1 // one answer: name by pointer, type A, class IN, TTL 0, four bytes
				reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
				reply = append(reply, answers[turn%len(answers)][:]...)
				turn++
			}
			conn.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}
