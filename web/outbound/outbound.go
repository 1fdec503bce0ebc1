// Package outbound holds the one HTTP client that calls addresses people typed in: webhooks, calendars, remote
// road servers, sign-in discovery, extracts.
//
// It never reaches into our own network. The check is made on the resolved address at the moment of dialling,
// so that neither a redirect nor a name that changes its answer between two look-ups gets around it.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Limits of a client whose Policy leaves them open.
const (
	DefaultMaxBody = 1 << 20          // bytes of an answer, after decompression
	DefaultTimeout = 10 * time.Second // from the call to the last byte of the answer
	maxRedirects   = 5
)

// ErrRefused says that an address lies where outbound calls may not go. It is wrapped by *Refused.
var ErrRefused = errors.New("address not allowed for outbound calls")

// ErrTooLarge says that an answer is longer than Policy.MaxBody.
var ErrTooLarge = errors.New("answer too large")

// Policy says what a client may reach and how much it may take.
type Policy struct {
	// Allow names networks that may be called although they are private, such as those of a road server of
	// our own. Empty for everything that people may type in.
	Allow []netip.Prefix

	MaxBody int64         // bytes; DefaultMaxBody if zero
	Timeout time.Duration // DefaultTimeout if zero

	// Resolver looks names up; the system's if nil.
	Resolver *net.Resolver
}

// Refused tells which address was not called, and why.
type Refused struct {
	Address string
	Reason  string
}

func (e *Refused) Error() string { return fmt.Sprintf("call %s: %s", e.Address, e.Reason) }

// Unwrap lets errors.Is find ErrRefused.
func (e *Refused) Unwrap() error { return ErrRefused }

// New returns a client that keeps to the policy. It uses no proxy, keeps no cookies and follows at most five
// redirects, each of which is checked like the first call. Reading more of an answer than the policy allows
// fails with ErrTooLarge.
func New(policy Policy) *http.Client {
	if policy.MaxBody == 0 {
		policy.MaxBody = DefaultMaxBody
	}
	if policy.Timeout == 0 {
		policy.Timeout = DefaultTimeout
	}
	dialer := &net.Dialer{
		Timeout:        policy.Timeout,
		Resolver:       policy.Resolver,
		ControlContext: policy.control,
	}
	return &http.Client{
		Timeout: policy.Timeout,
		Transport: &guard{maxBody: policy.MaxBody, next: &http.Transport{
			Proxy:                  nil, // a proxy would resolve the name out of our sight
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    policy.Timeout,
			ResponseHeaderTimeout:  policy.Timeout,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        30 * time.Second,
			ForceAttemptHTTP2:      true,
		}},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			return nil
		},
	}
}

// Get returns the body of the answer to a GET, which the caller closes. Any status but 200 is an error. It is
// what packages below the web take as a plain function.
func Get(client *http.Client) func(ctx context.Context, address string) (io.ReadCloser, error) {
	return func(ctx context.Context, address string) (io.ReadCloser, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, fmt.Errorf("call %q: %w", address, err)
		}
		response, err := client.Do(request)
		if err != nil {
			return nil, err
		}
		if response.StatusCode != http.StatusOK {
			response.Body.Close()
			return nil, fmt.Errorf("call %s: answered %s", bare(request.URL), response.Status)
		}
		return response.Body, nil
	}
}

// bare is an address without what errors must not tell: queries hold keys and what people searched for.
func bare(u *url.URL) string {
	short := *u
	short.RawQuery, short.Fragment = "", ""
	return short.Redacted()
}

// control runs after the name is resolved and before the connection is made.
func (p Policy) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return &Refused{Address: address, Reason: "not TCP"}
	}
	end, err := netip.ParseAddrPort(address)
	if err != nil {
		return &Refused{Address: address, Reason: "not an address"}
	}
	ip := end.Addr().WithZone("").Unmap()
	for _, prefix := range p.Allow {
		if prefix.Contains(ip) {
			return nil
		}
	}
	if reason := refusal(ip); reason != "" {
		return &Refused{Address: address, Reason: reason}
	}
	if ownAddress(ip) {
		return &Refused{Address: address, Reason: "an address of this machine"}
	}
	return nil
}

// closed lists the networks that are not the public internet, beyond those netip knows by method. Sources:
// the IANA special-purpose registries for IPv4 and IPv6.
var closed = []struct {
	prefix netip.Prefix
	reason string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by a carrier"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation"},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("::/96"), "an IPv4 address in disguise"},
	{netip.MustParsePrefix("64:ff9b::/96"), "an IPv4 address in disguise"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "an IPv4 address in disguise"},
	{netip.MustParsePrefix("100::/64"), "discarded"},
	{netip.MustParsePrefix("2001::/32"), "an IPv4 address in disguise"},
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation"},
	{netip.MustParsePrefix("2002::/16"), "an IPv4 address in disguise"},
	{netip.MustParsePrefix("fec0::/10"), "private"},
}

// refusal says why an address is not on the public internet, or nothing.
func refusal(ip netip.Addr) string {
	switch {
	case ip.IsUnspecified():
		return "no address at all"
	case ip.IsLoopback():
		return "this machine"
	case ip.IsPrivate():
		return "private"
	case ip.IsLinkLocalUnicast():
		return "link-local"
	case ip.IsMulticast():
		return "multicast"
	}
	for _, c := range closed {
		if c.prefix.Contains(ip) {
			return c.reason
		}
	}
	return ""
}

// ownAddress tells whether one of this machine's interfaces carries the address: our own public address leads
// inside as surely as loopback. If the interfaces cannot be read, the answer is yes.
func ownAddress(ip netip.Addr) bool {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	for _, a := range addresses {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Unmap() == ip {
			return true
		}
	}
	return false
}

// guard checks the form of each call, redirects included, and cuts off answers that are too long.
type guard struct {
	maxBody int64
	next    http.RoundTripper
}

func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := checkForm(request.URL); err != nil {
		if request.Body != nil {
			request.Body.Close()
		}
		return nil, err
	}
	response, err := g.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.ContentLength > g.maxBody {
		response.Body.Close()
		return nil, fmt.Errorf("call %s: %d bytes: %w", bare(request.URL), response.ContentLength, ErrTooLarge)
	}
	response.Body = &limited{ReadCloser: response.Body, left: g.maxBody}
	return response, nil
}

func checkForm(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return &Refused{Address: u.Redacted(), Reason: "neither http nor https"}
	case u.User != nil:
		return &Refused{Address: u.Redacted(), Reason: "names a user in the address"}
	case u.Hostname() == "":
		return &Refused{Address: u.Redacted(), Reason: "names no host"}
	}
	return nil
}

// limited fails the read that passes the limit, so that nobody takes half an answer for a whole one.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}
