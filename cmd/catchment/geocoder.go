package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"catchment/crm"
	"catchment/geo/extract"
	"catchment/geo/geocode"
	"catchment/web/outbound"
)

// geocoderSettings name an address search elsewhere, besides or instead of our own.
type geocoderSettings struct {
	URL       string   `env:"URL" help:"External address search, such as https://nominatim.example.org; an access key may be part of it."`
	Shape     string   `env:"SHAPE" default:"nominatim" enum:"nominatim,photon,pelias" help:"The API it speaks (${enum})."`
	When      string   `env:"WHEN" default:"second" enum:"second,instead" help:"Whether it is asked when our own search is not sure, or instead of it (${enum})."`
	Networks  []string `env:"NETWORKS" help:"Private networks it may lie in, such as 10.1.2.0/24. Addresses written out in the URL, and localhost, need none."`
	PerSecond float64  `env:"PER_SECOND" default:"0" help:"Most calls a second; 0 for any number. The public Nominatim allows 1."`
}

// addresses returns the address search: our own over what is imported and, if one is set, the external one.
func (g geocoderSettings) addresses(pool *pgxpool.Pool, watch *extract.Watch, log *slog.Logger) (geocode.Searcher, error) {
	own := &geocode.Geocoder{DB: pool, InForce: watch.IDs}
	if g.URL == "" {
		return own, nil
	}
	external, err := g.external()
	if err != nil {
		return nil, err
	}
	if g.When == "instead" {
		return external, nil
	}
	return geocode.InTurn{First: own, Second: external, Failed: func(err error) {
		log.Warn("the external address search was not asked: our own answer stands", "error", err)
	}}, nil
}

// external returns the external geocoder, called through the guarded client.
func (g geocoderSettings) external() (*geocode.External, error) {
	external := &geocode.External{URL: g.URL, Shape: geocode.Shape(g.Shape)}
	if err := external.Check(); err != nil {
		return nil, crm.Invalidf("GEOCODER_URL", "%v", err)
	}
	allow, err := g.allowed()
	if err != nil {
		return nil, err
	}
	if !(g.PerSecond >= 0 && g.PerSecond <= 1000) {
		return nil, crm.Invalidf("GEOCODER_PER_SECOND", "lies outside 0..1000")
	}
	client := outbound.New(outbound.Policy{Allow: allow, Timeout: 8 * time.Second})
	client.Transport = &named{client.Transport}
	get := outbound.Get(client)
	pace := pace{every: interval(g.PerSecond)}
	external.Fetch = func(ctx context.Context, address string) (io.ReadCloser, error) {
		if err := pace.wait(ctx); err != nil {
			return nil, err
		}
		body, err := get(ctx, address)
		var refused *outbound.Refused
		if errors.As(err, &refused) {
			return nil, fmt.Errorf("%w; if it may be called, name its network in GEOCODER_NETWORKS", refused)
		}
		return body, err
	}
	return external, nil
}

// allowed are the private networks the external geocoder may lie in.
func (g geocoderSettings) allowed() ([]netip.Prefix, error) {
	return allowedNetworks(g.URL, g.Networks, "GEOCODER")
}

// allowedNetworks are the private networks a service at an address may lie in: those that are set, and its own address
// if the URL writes it out. A name is not trusted to stay where it is. Setting is what the two variables begin with.
func allowedNetworks(service string, networks []string, setting string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range networks {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, crm.Invalidf(setting+"_NETWORKS", "%q is no network such as 10.1.2.0/24", text)
		}
		out = append(out, prefix.Masked())
	}
	address, err := url.Parse(service)
	if err != nil {
		return nil, crm.Invalidf(setting+"_URL", "is no address of a service")
	}
	host := address.Hostname()
	if host == "localhost" {
		return append(out, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")), nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.WithZone("").Unmap()
		out = append(out, netip.PrefixFrom(ip, ip.BitLen()))
	}
	return out, nil
}

// named says who calls, as operators of geocoders ask for.
type named struct{ next http.RoundTripper }

func (n *named) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("User-Agent", "catchment/"+version())
	return n.next.RoundTrip(request)
}

// interval is the time between calls, none if any number is allowed.
func interval(perSecond float64) time.Duration {
	if perSecond == 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / perSecond)
}

// pace keeps calls apart.
type pace struct {
	every time.Duration

	mu   sync.Mutex
	next time.Time
}

// wait returns when it is the caller's turn, or an error if that would be too late for it.
func (p *pace) wait(ctx context.Context) error {
	if p.every == 0 {
		return nil
	}
	p.mu.Lock()
	now := time.Now()
	turn := p.next
	if turn.Before(now) {
		turn = now
	}
	if deadline, ok := ctx.Deadline(); ok && turn.After(deadline) {
		p.mu.Unlock()
		return errors.New("too many calls are waiting for their turn")
	}
	p.next = turn.Add(p.every)
	p.mu.Unlock()
	timer := time.NewTimer(time.Until(turn))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
