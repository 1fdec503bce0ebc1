package geocode

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"catchment/geo"
)

// Shape names the API that an external geocoder speaks.
type Shape string

// The shapes.
const (
	Nominatim Shape = "nominatim" // /search and /reverse, format jsonv2
	Photon    Shape = "photon"    // /api and /reverse, GeoJSON
	Pelias    Shape = "pelias"    // /v1/search and /v1/reverse, GeoJSON
)

// External is a geocoder elsewhere. Its answers are held against the query by our own measure, so that their
// confidence means the same as ours; whatever it says of itself is not believed.
type External struct {
	URL   string // of the service, without the path of the call: https://nominatim.example.com
	Shape Shape
	// Fetch gets an address. Who may be called, how often and for how long is its business.
	Fetch func(ctx context.Context, address string) (io.ReadCloser, error)
}

// Unavailable says that an external geocoder could not be asked, or answered what cannot be read.
type Unavailable struct{ Err error }

func (e *Unavailable) Error() string { return "ask the external geocoder: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Unavailable) Unwrap() error { return e.Err }

// Check tells whether the geocoder can be asked at all, by its address and shape.
func (x *External) Check() error {
	base, err := url.Parse(x.URL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return fmt.Errorf("%q is no address of a service, such as https://nominatim.example.org", x.URL)
	}
	switch x.Shape {
	case Nominatim, Photon, Pelias:
		return nil
	}
	return fmt.Errorf("there is no shape %q; there are %s, %s and %s", x.Shape, Nominatim, Photon, Pelias)
}

// mostAnswer is the longest answer read, in bytes.
const mostAnswer = 1 << 20

// Search asks the external geocoder.
func (x *External) Search(ctx context.Context, q Query) ([]Candidate, error) {
	p, err := q.parse()
	if err != nil {
		return nil, err
	}
	text := q.oneLine()
	if text == "" {
		return nil, nil
	}
	limit := strconv.Itoa(p.limit)
	var path string
	values := url.Values{}
	switch x.Shape {
	case Nominatim:
		path = "/search"
		values = url.Values{"format": {"jsonv2"}, "addressdetails": {"1"}, "q": {text}, "limit": {limit}}
	case Photon:
		path = "/api"
		values = url.Values{"q": {text}, "limit": {limit}}
		if q.Near != nil {
			values.Set("lon", degrees(q.Near[0]))
			values.Set("lat", degrees(q.Near[1]))
		}
	case Pelias:
		path = "/v1/search"
		values = url.Values{"text": {text}, "size": {limit}}
		if q.Near != nil {
			values.Set("focus.point.lon", degrees(q.Near[0]))
			values.Set("focus.point.lat", degrees(q.Near[1]))
		}
	}
	answers, err := x.ask(ctx, path, values)
	if err != nil {
		return nil, err
	}
	scores := newScorer(p.readings())
	var entries []*found
	for i, a := range answers {
		e := a.entry(int32(i))
		scores.score(e)
		if a.HouseNumber != "" && e.Kind == "street" {
			key, ordinal := houseKey(a.HouseNumber)
			e.hit = &house{number: a.HouseNumber, key: key, ordinal: int32(ordinal), city: a.City, postcode: a.Postcode, at: a.At}
			if e.read.number == "" && e.fit.confidence > 0 {
				e.hit = nil // a house where a street was asked for
			}
		}
		entries = append(entries, e)
	}
	return rank(entries, q, p.limit), nil
}

// Reverse asks the external geocoder for the address at a point.
func (x *External) Reverse(ctx context.Context, at orb.Point) ([]Candidate, error) {
	if err := geo.CheckPoint(at); err != nil {
		return nil, &BadQuery{"point", err.Error()}
	}
	lon, lat := degrees(at[0]), degrees(at[1])
	path, values := "/reverse", url.Values{"lon": {lon}, "lat": {lat}}
	switch x.Shape {
	case Nominatim:
		values.Set("format", "jsonv2")
		values.Set("addressdetails", "1")
	case Pelias:
		path, values = "/v1/reverse", url.Values{"point.lon": {lon}, "point.lat": {lat}}
	}
	answers, err := x.ask(ctx, path, values)
	if err != nil {
		return nil, err
	}
	var out []Candidate
	for _, c := range answers {
		within := float64(houseWithin)
		switch {
		case c.HouseNumber != "" && c.Street != "":
			c.Kind = House
		case c.Street != "":
			c.Kind, within = Street, streetWithin
		default:
			c.Kind, within = Place, settlementWithin
		}
		c.Distance = float64(geo.Distance(at, c.At))
		if c.Distance > within {
			continue
		}
		c.Confidence = (1 - 0.7*c.Distance/within) * map[Kind]float64{House: 1, Street: 0.8, Place: 0.5}[c.Kind]
		c.Label = c.label()
		out = append(out, c)
	}
	return out, nil
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', 6, 64) }

// oneLine is the query as one text.
func (q Query) oneLine() string {
	var parts []string
	for _, part := range []string{strings.TrimSpace(q.Street + " " + q.HouseNumber), strings.TrimSpace(q.Postcode + " " + q.City), q.Country, q.Text} {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// entry makes an answer comparable with our own entries.
func (c Candidate) entry(id int32) *found {
	e := &found{ID: id, Kind: "street", Name: c.Street, City: c.City, Postcode: c.Postcode, Country: c.Country, At: c.At, Importance: float32(1 - float64(id)/100)}
	if c.Street == "" || c.Kind == Place {
		e.Kind, e.Name = "place", cmp.Or(c.Street, c.City)
	}
	if c.Postcode != "" {
		e.Postcodes = []string{c.Postcode}
	}
	return e
}

func (x *External) ask(ctx context.Context, path string, values url.Values) ([]Candidate, error) {
	if err := x.Check(); err != nil {
		return nil, &Unavailable{err}
	}
	base, err := url.Parse(x.URL)
	if err != nil {
		return nil, &Unavailable{err}
	}
	address := base.JoinPath(path)
	query := address.Query() // an access key may be part of the address
	for k, v := range values {
		query[k] = v
	}
	address.RawQuery = query.Encode()
	body, err := x.Fetch(ctx, address.String())
	if err != nil {
		return nil, &Unavailable{withoutAddress(err)}
	}
	defer body.Close()
	content, err := io.ReadAll(io.LimitReader(body, mostAnswer+1))
	if err != nil {
		return nil, &Unavailable{fmt.Errorf("read the answer: %w", withoutAddress(err))}
	}
	if len(content) > mostAnswer {
		return nil, &Unavailable{fmt.Errorf("read the answer: it is longer than %d bytes", mostAnswer)}
	}
	var out []Candidate
	if x.Shape == Nominatim {
		out, err = readNominatim(content)
	} else {
		out, err = readFeatures(content)
	}
	if err != nil {
		return nil, &Unavailable{fmt.Errorf("read the answer: %w", err)}
	}
	sound := out[:0]
	for _, c := range out {
		if geo.CheckPoint(c.At) == nil {
			sound = append(sound, c)
		}
	}
	return sound, nil
}

// withoutAddress takes the address called out of an error: what people searched for and the key of the service are
// in it, and errors end up in logs.
func withoutAddress(err error) error {
	var call *url.Error
	if errors.As(err, &call) {
		return call.Err
	}
	return err
}

// nominatimAnswer is one answer of Nominatim's jsonv2.
type nominatimAnswer struct {
	Lat, Lon string
	Name     string
	Error    string
	Address  map[string]any
}

func readNominatim(content []byte) ([]Candidate, error) {
	var answers []nominatimAnswer
	if err := json.Unmarshal(content, &answers); err != nil {
		var one nominatimAnswer // reverse answers with an object
		if json.Unmarshal(content, &one) != nil {
			return nil, err
		}
		if one.Error != "" {
			return nil, nil // nothing there
		}
		answers = []nominatimAnswer{one}
	}
	var out []Candidate
	for _, a := range answers {
		part := func(names ...string) string {
			for _, name := range names {
				if s, ok := a.Address[name].(string); ok && s != "" {
					return s
				}
			}
			return ""
		}
		lon, err := strconv.ParseFloat(a.Lon, 64)
		if err != nil {
			return nil, fmt.Errorf("longitude %q: %w", a.Lon, err)
		}
		lat, err := strconv.ParseFloat(a.Lat, 64)
		if err != nil {
			return nil, fmt.Errorf("latitude %q: %w", a.Lat, err)
		}
		c := Candidate{
			At: orb.Point{lon, lat}, Street: part("road", "pedestrian", "footway", "path", "square"), HouseNumber: part("house_number"),
			Postcode: part("postcode"), City: part("city", "town", "village", "hamlet", "municipality"), Country: strings.ToUpper(part("country_code")),
		}
		if c.Street == "" && a.Name != "" && a.Name != c.City {
			c.Street, c.Kind = a.Name, Place
		}
		out = append(out, c)
	}
	return out, nil
}

// readFeatures reads the GeoJSON of Photon and Pelias, which name the same things a little differently.
func readFeatures(content []byte) ([]Candidate, error) {
	var answer struct {
		Type     string
		Features []struct {
			Geometry struct {
				Type        string
				Coordinates []float64
			}
			Properties struct {
				Name, Street, HouseNumber, Postcode, City, CountryCode string // Photon
				Type                                                   string
				PostalCode, Locality, LocalAdmin                       string // Pelias
				CountryA                                               string `json:"country_code"`
				Layer                                                  string
			}
		}
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return nil, err
	}
	if answer.Type != "FeatureCollection" {
		return nil, errors.New("it is no GeoJSON feature collection")
	}
	var out []Candidate
	for _, f := range answer.Features {
		if f.Geometry.Type != "Point" || len(f.Geometry.Coordinates) < 2 || math.IsNaN(f.Geometry.Coordinates[0]) {
			continue
		}
		p := f.Properties
		kind := cmp.Or(p.Layer, p.Type)
		c := Candidate{
			At: orb.Point{f.Geometry.Coordinates[0], f.Geometry.Coordinates[1]}, Street: p.Street, HouseNumber: p.HouseNumber,
			Postcode: cmp.Or(p.Postcode, p.PostalCode), City: cmp.Or(p.City, p.Locality, p.LocalAdmin), Country: strings.ToUpper(cmp.Or(p.CountryCode, p.CountryA)),
		}
		switch kind {
		case "street":
			c.Street = cmp.Or(c.Street, p.Name)
		case "house", "address":
		default:
			if c.Street == "" && p.Name != c.City {
				c.Street, c.Kind = p.Name, Place
			}
			c.City = cmp.Or(c.City, p.Name)
		}
		out = append(out, c)
	}
	return out, nil
}
