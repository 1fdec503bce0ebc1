package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"catchment/crm"
	"catchment/routing/remote"
	"catchment/web/outbound"
)

// roadSettings name a server of roads elsewhere, in place of the streets prepared here.
type roadSettings struct {
	URL      string   `env:"URL" help:"OSRM server that answers in place of the streets prepared here, such as http://osrm.example:5000; valhalla+http://… for a Valhalla server. Profiles it does not have are answered here."`
	Networks []string `env:"NETWORKS" help:"Private networks it may lie in, such as 10.1.2.0/24. Addresses written out in the URL, and localhost, need none."`
}

// maxRoadAnswer bounds what is read of one answer.
const maxRoadAnswer = 64 << 20

// server returns the client of the server that is set, called through the guarded client; nil if none is.
func (r roadSettings) server() (remote.Server, error) {
	if r.URL == "" {
		return nil, nil
	}
	allow, err := allowedNetworks(strings.TrimPrefix(r.URL, "valhalla+"), r.Networks, "ROADS")
	if err != nil {
		return nil, err
	}
	client := outbound.New(outbound.Policy{Allow: allow, Timeout: 15 * time.Second})
	client.Transport = &named{client.Transport}
	server, err := remote.New(r.URL, func(ctx context.Context, address string) (int, []byte, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return 0, nil, err
		}
		answer, err := client.Do(request)
		if err != nil {
			return 0, nil, err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(io.LimitReader(answer.Body, maxRoadAnswer))
		return answer.StatusCode, body, err
	})
	if err != nil {
		return nil, crm.Invalidf("ROADS_URL", "%v", err)
	}
	return server, nil
}
