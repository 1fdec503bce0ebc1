package geocode

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// answering is an external geocoder that notes what it is asked and always says the same.
func answering(shape Shape, answer string, asked *string) *External {
	return &External{URL: "https://geocoder.example.com/base?key=k1", Shape: shape, Fetch: func(_ context.Context, address string) (io.ReadCloser, error) {
		*asked = address
		return io.NopCloser(strings.NewReader(answer)), nil
	}}
}

func TestExternalGeocodersOfAllShapes(t *testing.T) {
	t.Parallel()
	const (
		nominatim = `[{"lat":"47.1393","lon":"9.5226","name":"","address":{"house_number":"30","road":"Äulestrasse","village":"Vaduz","postcode":"9490","country_code":"li"}},
			{"lat":"47.1","lon":"9.5","name":"","address":{"house_number":"30","road":"Austrasse","village":"Vaduz","postcode":"9490","country_code":"li"}}]`
		photon = `{"type":"FeatureCollection","features":[{"geometry":{"type":"Point","coordinates":[9.5226,47.1393]},"properties":{"type":"house","street":"Äulestrasse","housenumber":"30","city":"Vaduz","postcode":"9490","countrycode":"LI"}}]}`
		pelias = `{"type":"FeatureCollection","features":[{"geometry":{"type":"Point","coordinates":[9.5226,47.1393]},"properties":{"layer":"address","name":"Äulestrasse 30","street":"Äulestrasse","housenumber":"30","locality":"Vaduz","postalcode":"9490","country_code":"li","confidence":0.1}}]}`
	)
	for _, test := range []struct {
		name   string
		shape  Shape
		answer string
		path   string
	}{
		{"nominatim", Nominatim, nominatim, "/base/search?addressdetails=1&format=jsonv2&key=k1&limit=5&q=aeulestr"},
		{"photon", Photon, photon, "/base/api?key=k1&limit=5&q=aeulestr"},
		{"pelias", Pelias, pelias, "/base/v1/search?key=k1&size=5&text=aeulestr"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var asked string
			x := answering(test.shape, test.answer, &asked)
			got, err := x.Search(context.Background(), Query{Text: "aeulestr 30 vaduz"})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(asked, "https://geocoder.example.com"+test.path) {
				t.Errorf("it was asked %s, want …%s", asked, test.path)
			}
			if len(got) == 0 || got[0].Label != "Äulestrasse 30, 9490 Vaduz" || got[0].Kind != House || got[0].Confidence < 0.95 || got[0].Country != "LI" {
				t.Errorf("answers are %+v", got)
			}
			// What does not fit the question is not sure, whatever the service thinks.
			got, err = x.Search(context.Background(), Query{Text: "Bahnhofstrasse 1 Zürich"})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) > 0 && got[0].Confidence > 0.5 {
				t.Errorf("a wrong answer is believed: %+v", got[0])
			}
			back, err := answering(test.shape, test.answer, &asked).Reverse(context.Background(), orb.Point{9.5226, 47.1394})
			if err != nil {
				t.Fatal(err)
			}
			if len(back) == 0 || back[0].Kind != House || back[0].Label != "Äulestrasse 30, 9490 Vaduz" || back[0].Distance > 20 {
				t.Errorf("reverse answers are %+v", back)
			}
		})
	}
}

func TestExternalGeocodersThatFail(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, test := range []struct {
		name   string
		shape  Shape
		answer string
	}{
		{"no JSON", Nominatim, "<html>"},
		{"a point that is no number", Nominatim, `[{"lat":"north","lon":"1"}]`},
		{"no collection", Photon, `{"error":"quota"}`},
		{"an endless answer", Pelias, strings.Repeat(" ", mostAnswer+2)},
		{"an unknown shape", "mapquest", "[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var asked string
			if got, err := answering(test.shape, test.answer, &asked).Search(ctx, Query{Text: "a b"}); err == nil {
				t.Errorf("answers are %+v, want an error", got)
			}
		})
	}
	x := &External{URL: "file:///etc/passwd", Shape: Photon}
	if _, err := x.Search(ctx, Query{Text: "a b"}); err == nil {
		t.Error("an address that is no service is asked")
	}
}

func FuzzExternalAnswers(f *testing.F) {
	f.Add([]byte(`[{"lat":"1","lon":"2","address":{"road":1}}]`))
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"geometry":{"type":"Point","coordinates":[1]}}]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		for _, shape := range []Shape{Nominatim, Photon} {
			var asked string
			candidates, err := answering(shape, string(answer), &asked).Search(context.Background(), Query{Text: "Dorfstraße 1 Oberau"})
			if err == nil {
				for _, c := range candidates {
					if !(c.Confidence >= 0 && c.Confidence <= 1) {
						t.Errorf("confidence %v", c.Confidence)
					}
				}
			}
		}
	})
}

// fixed answers always the same.
type fixed struct {
	candidates []Candidate
	err        error
	asked      *int
}

func (f fixed) Search(context.Context, Query) ([]Candidate, error) {
	*f.asked++
	return f.candidates, f.err
}

func (f fixed) Reverse(context.Context, orb.Point) ([]Candidate, error) {
	*f.asked++
	return f.candidates, f.err
}

func TestTheSecondGeocoderIsAskedWhenTheFirstIsNotSure(t *testing.T) {
	t.Parallel()
	sure := []Candidate{{Kind: House, Label: "sure", Confidence: 0.95}}
	tie := []Candidate{{Kind: House, Label: "tie", Confidence: 0.7, Tie: true}}
	vague := []Candidate{{Kind: Street, Label: "vague", Confidence: 0.5}}
	for _, test := range []struct {
		name   string
		first  []Candidate
		second []Candidate
		err    error
		typing bool
		want   string
		asked  int
	}{
		{"the first is sure", sure, vague, nil, false, "sure", 0},
		{"the first is torn", tie, sure, nil, false, "sure", 1},
		{"neither is sure", tie, vague, nil, false, "tie", 1},
		{"the first knows nothing", nil, vague, nil, false, "vague", 1},
		{"the second fails", tie, nil, errors.New("no line"), false, "tie", 1},
		{"while typing only the first is asked", vague, sure, nil, true, "vague", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var none, asked, failed int
			turn := InTurn{fixed{test.first, nil, &none}, fixed{test.second, test.err, &asked}, func(error) { failed++ }}
			got, err := turn.Search(context.Background(), Query{Text: "x", Typing: test.typing})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]any{test.want, test.asked, test.err != nil}, []any{got[0].Label, asked, failed == 1}); diff != "" {
				t.Errorf("answer, calls, failure (-want +got):\n%s", diff)
			}
		})
	}
}

// Searches and keys are nobody's business but the service's.
func TestErrorsDoNotTellWhatWasSearched(t *testing.T) {
	t.Parallel()
	x := &External{URL: "https://geocoder.example.com?key=k1", Shape: Photon, Fetch: func(_ context.Context, address string) (io.ReadCloser, error) {
		return nil, &url.Error{Op: "Get", URL: address, Err: errors.New("connection refused")}
	}}
	_, err := x.Search(context.Background(), Query{Text: "Mustergasse 1"})
	var away *Unavailable
	if !errors.As(err, &away) {
		t.Fatalf("want it unavailable, got %v", err)
	}
	if diff := cmp.Diff("ask the external geocoder: connection refused", err.Error()); diff != "" {
		t.Errorf("the error (-want +got):\n%s", diff)
	}
}
