package geocode

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/geo"
	"catchment/geo/osm"
	"catchment/geo/postgis"
	"catchment/geo/town"
)

// country loads Liechtenstein from the folder EXTRACTS; without it the test is skipped.
func country(t testing.TB) *Geocoder {
	folder := os.Getenv("EXTRACTS")
	if folder == "" {
		t.Skip("EXTRACTS names no folder with extracts")
	}
	src, err := osm.Open(filepath.Join(folder, "liechtenstein-2024.osm.pbf"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return loaded(t, src)
}

// loaded fills a fresh database and returns a geocoder that acts as the application's role.
func loaded(t testing.TB, src *osm.Source) *Geocoder {
	t.Helper()
	url := postgis.TestDatabaseURL(t)
	err := pgx.BeginFunc(context.Background(), postgis.TestOwner(t, url), func(tx pgx.Tx) error {
		return Loader{}.Load(context.Background(), tx, 1, src, nil)
	})
	if err != nil {
		t.Fatalf("load the addresses: %v", err)
	}
	return &Geocoder{DB: postgis.TestApp(t, url), InForce: func(context.Context) ([]int64, error) { return []int64{1}, nil }}
}

// A spoilt address is a true one and what somebody made of it.
type spoilt struct {
	street, number, postcode, city string
	at                             orb.Point
	how                            string
	text                           string
}

// spoil draws addresses from the database and spoils each in one of four ways, the same for the same seed.
func spoil(t testing.TB, g *Geocoder, n int, seed uint64) []spoilt {
	t.Helper()
	rows, err := g.DB.Query(context.Background(), `
		select e.name, h.number, h.postcode, h.city, h.at
		from geocode.house h
		join geocode.entry e on e.generation = h.generation and e.id = h.entry
		where not h.interpolated and e.name <> h.city
		order by e.name, h.city, h.number, st_x(h.at), st_y(h.at)`)
	if err != nil {
		t.Fatal(err)
	}
	var all []spoilt
	for rows.Next() {
		var s spoilt
		if err := rows.Scan(&s.street, &s.number, &s.postcode, &s.city, &s.at); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(seed, 7))
	out := make([]spoilt, n)
	for i := range out {
		s := all[chance.IntN(len(all))]
		street := s.street
		switch i % 4 {
		case 0:
			s.how = "typo"
			if chance.IntN(4) == 0 {
				s.text = fmt.Sprintf("%s %s, %s %s", street, s.number, s.postcode, slip(s.city, chance))
			} else {
				s.text = fmt.Sprintf("%s %s, %s %s", slip(street, chance), s.number, s.postcode, s.city)
			}
		case 1:
			s.how = "swapped"
			s.text = [...]string{
				fmt.Sprintf("%s %s %s %s", s.postcode, s.city, street, s.number),
				fmt.Sprintf("%s, %s %s", s.city, street, s.number),
				fmt.Sprintf("%s %s %s %s", s.number, street, s.city, s.postcode),
			}[chance.IntN(3)]
		case 2:
			s.how = "no postcode"
			s.text = fmt.Sprintf("%s %s %s", street, s.number, s.city)
		case 3:
			s.how = "abbreviated"
			short := strings.NewReplacer("strasse", "str.", "straße", "str.", "Strasse", "Str.", "Sankt", "St.", "platz", "pl.", "Doktor", "Dr.").Replace(street)
			short = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue").Replace(short)
			s.text = strings.ToUpper(short[:1]) + short[1:] + " " + s.number + " " + s.postcode + " " + s.city
		}
		out[i] = s
	}
	return out
}

// slip makes one typing slip in a word: a letter left out, doubled, changed, or two exchanged.
func slip(word string, chance *rand.Rand) string {
	letters := []rune(word)
	if len(letters) < 3 {
		return word
	}
	i := chance.IntN(len(letters) - 1)
	for range 10 {
		if letters[i] != ' ' && letters[i+1] != ' ' && letters[i] != letters[i+1] {
			break
		}
		i = chance.IntN(len(letters) - 1)
	}
	switch chance.IntN(4) {
	case 0:
		letters = slices.Delete(letters, i, i+1)
	case 1:
		letters = slices.Insert(letters, i, letters[i])
	case 2:
		letters[i] = rune('a' + chance.IntN(26))
	case 3:
		letters[i], letters[i+1] = letters[i+1], letters[i]
	}
	return string(letters)
}

// rightAt tells at which place the right address stands, -1 if at none.
func (s spoilt) rightAt(candidates []Candidate) int {
	want, _ := houseKey(s.number)
	return slices.IndexFunc(candidates, func(c Candidate) bool {
		got, _ := houseKey(c.HouseNumber)
		return got == want && key(c.Street) == key(s.street) && (key(c.City) == key(s.city) || geo.Distance(c.At, s.at) < 100)
	})
}

// judge searches for all and returns the shares found first and within five, and the times it took, sorted.
func judge(t testing.TB, g *Geocoder, addresses []spoilt) (first, five float64, took []time.Duration) {
	t.Helper()
	shown := 0
	for _, s := range addresses {
		began := time.Now()
		candidates, err := g.Search(context.Background(), Query{Text: s.text, Limit: 5})
		took = append(took, time.Since(began))
		if err != nil {
			t.Fatalf("search %q: %v", s.text, err)
		}
		switch at := s.rightAt(candidates); {
		case at == 0:
			first++
			five++
		case at > 0:
			five++
			fallthrough
		default:
			if shown++; shown <= 40 {
				label := "nothing"
				if len(candidates) > 0 {
					label = fmt.Sprintf("%s (%s, %.2f, tie %v)", candidates[0].Label, candidates[0].Kind, candidates[0].Confidence, candidates[0].Tie)
				}
				t.Logf("%s: %q, meant %s %s, %s %s, right one at %d; found %s", s.how, s.text, s.street, s.number, s.postcode, s.city, at, label)
			}
		}
	}
	slices.Sort(took)
	n := float64(len(addresses))
	return first / n, five / n, took
}

func TestSpoiltAddressesOfTheTownAreFound(t *testing.T) {
	t.Parallel()
	src, err := osm.FromBytes("town", town.Generate(3, 3).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	g := loaded(t, src)
	first, five, _ := judge(t, g, spoil(t, g, 120, 1))
	if first < 0.95 || five < 0.99 {
		t.Errorf("right one first in %.1f %%, within five in %.1f %%; want 95 and 99", 100*first, 100*five)
	}
}

func TestSpoiltAddressesOfACountryAreFound(t *testing.T) {
	t.Parallel()
	g := country(t)
	first, five, _ := judge(t, g, spoil(t, g, 240, 1))
	if first < 0.95 || five < 0.99 {
		t.Errorf("right one first in %.1f %%, within five in %.1f %%; want 95 and 99", 100*first, 100*five)
	}
}

// BenchmarkGeocode searches for 2,000 spoilt addresses, types 300 letter by letter and asks 2,000 points, and tells
// the shares found and the slowest percentiles.
//
//	go test -run xxx -bench Geocode -benchtime 1x ./geo/geocode
func BenchmarkGeocode(b *testing.B) {
	g := country(b)
	ctx := context.Background()
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	for b.Loop() {
		addresses := spoil(b, g, 2000, 42)
		first, five, took := judge(b, g, addresses)
		b.ReportMetric(100*first, "%first")
		b.ReportMetric(100*five, "%in5")
		b.ReportMetric(ms(took[len(took)/2]), "search-p50-ms")
		b.ReportMetric(ms(took[len(took)*99/100]), "search-p99-ms")

		// Harder than asked for: a slip in the street and one in the town, the street cut short, no postcode.
		chance := rand.New(rand.NewPCG(5, 5))
		hard := slices.Clone(addresses[:500])
		for i, s := range hard {
			street := strings.NewReplacer("strasse", "str", "Strasse", "Str").Replace(s.street)
			hard[i].how, hard[i].text = "hard", fmt.Sprintf("%s %s %s", slip(street, chance), s.number, slip(s.city, chance))
		}
		first, five, _ = judge(b, g, hard)
		b.ReportMetric(100*first, "%hard-first")
		b.ReportMetric(100*five, "%hard-in5")

		var typing []time.Duration
		for _, s := range addresses[:300] {
			text := []rune(s.street + " " + s.number + " " + s.city)
			for n := 2; n <= len(text); n += 2 {
				began := time.Now()
				if _, err := g.Search(ctx, Query{Text: string(text[:n]), Typing: true}); err != nil {
					b.Fatal(err)
				}
				typing = append(typing, time.Since(began))
			}
		}
		slices.Sort(typing)
		b.ReportMetric(ms(typing[len(typing)/2]), "typing-p50-ms")
		b.ReportMetric(ms(typing[len(typing)*99/100]), "typing-p99-ms")

		var asked []time.Duration
		right := 0.0
		for _, s := range addresses {
			began := time.Now()
			candidates, err := g.Reverse(ctx, s.at)
			asked = append(asked, time.Since(began))
			if err != nil {
				b.Fatal(err)
			}
			if s.rightAt(candidates) == 0 {
				right++
			}
		}
		slices.Sort(asked)
		b.ReportMetric(100*right/float64(len(addresses)), "%reverse")
		b.ReportMetric(ms(asked[len(asked)*99/100]), "reverse-p99-ms")
	}
}
