// Package remote lets a server somewhere else stand in for the street engine: it asks an OSRM or a Valhalla server by
// URL and answers routing.Travel from what it says. It opens no connection itself: who builds it hands in a function
// that does, guarded as the house guards all calls outwards.
package remote

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"catchment/routing"
)

// Server is a client of a server of roads.
type Server interface {
	routing.Travel
	Has(profile routing.Profile) bool
}

// New returns a client for the server at an address: that of an OSRM server as it is, that of a Valhalla server with
// "valhalla+" before it, such as "valhalla+http://valhalla.example:8002".
func New(address string, get Get) (Server, error) {
	if base, ok := strings.CutPrefix(address, "valhalla+"); ok {
		return NewValhalla(base, get)
	}
	return NewOSRM(address, get)
}

// checkBase makes sure that an address is one of HTTP.
func checkBase(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("the road server's address %q is no http URL", base)
	}
	return strings.TrimRight(base, "/"), nil
}

// Get fetches a URL and returns status and body. An error means that no answer came.
type Get func(ctx context.Context, url string) (status int, body []byte, err error)

// Unavailable says that the server gave no usable answer, after all attempts.
type Unavailable struct {
	Base     string
	Attempts int
	Cause    error
}

func (e *Unavailable) Error() string {
	return fmt.Sprintf("road server %s gave no answer in %d attempts: %v", e.Base, e.Attempts, e.Cause)
}

// Unwrap returns the last cause.
func (e *Unavailable) Unwrap() error { return e.Cause }

// Refused is an answer of the server that says what is wrong with the question.
type Refused struct{ Code, Message string }

func (e *Refused) Error() string { return fmt.Sprintf("road server: %s: %s", e.Code, e.Message) }

// caller asks one server, again if it is busy or gone for a moment.
type caller struct {
	base     string
	get      Get
	pause    func(ctx context.Context, d time.Duration) error
	attempts int
}

// fetch returns the answer of the server, whatever it says, and how often it was asked.
func (c caller) fetch(ctx context.Context, path string) (status int, body []byte, attempts int, err error) {
	if attempts = c.attempts; attempts <= 0 {
		attempts = 3
	}
	var cause error
	for i := range attempts {
		if i > 0 {
			if err := c.wait(ctx, time.Duration(1<<(i-1))*200*time.Millisecond); err != nil {
				return 0, nil, i, err
			}
		}
		if err := ctx.Err(); err != nil {
			return 0, nil, i, err
		}
		status, body, err := c.get(ctx, c.base+path)
		switch {
		case err != nil:
			cause = err
		case status == 429 || status >= 500:
			cause = fmt.Errorf("status %d", status)
		default:
			return status, body, i + 1, nil
		}
	}
	return 0, nil, attempts, &Unavailable{c.base, attempts, cause}
}

func (c caller) wait(ctx context.Context, d time.Duration) error {
	if c.pause != nil {
		return c.pause(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
