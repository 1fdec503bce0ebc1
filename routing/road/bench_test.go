package road

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"catchment/geo/osm"
	"catchment/routing"
)

// benchStreets prepares porto, or skips where the extracts are not at hand.
func benchStreets(b *testing.B) *Graph {
	b.Helper()
	src := benchExtract(b)
	defer src.Close()
	return buildStreets(b, src, Car()).Graph
}

func benchExtract(b *testing.B) *osm.Source {
	b.Helper()
	dir := os.Getenv("EXTRACTS")
	if dir == "" {
		b.Skip("EXTRACTS is not set")
	}
	src, err := osm.Open(filepath.Join(dir, "porto.osm.pbf"))
	if err != nil {
		b.Fatal(err)
	}
	return src
}

func places(g *Graph, n int) []orb.Point {
	rng := rand.New(rand.NewPCG(1, 2))
	at := make([]orb.Point, n)
	for i := range at {
		at[i] = somewhere(rng, g)
	}
	return at
}

func BenchmarkBuild(b *testing.B) {
	src := benchExtract(b)
	defer src.Close()
	path := filepath.Join(b.TempDir(), "streets")
	for b.Loop() {
		if err := Build(context.Background(), src, Car(), path, nil); err != nil {
			b.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB")
}

func BenchmarkOpen(b *testing.B) {
	src := benchExtract(b)
	defer src.Close()
	path := filepath.Join(b.TempDir(), "streets")
	if err := Build(context.Background(), src, Car(), path, nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		g, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		g.Close()
	}
}

func BenchmarkTable(b *testing.B) {
	g := benchStreets(b)
	for _, n := range []int{1, 100, 500, 1000} {
		at := places(g, 2*n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := g.Table(context.Background(), routing.Car, routing.AnyTime, at[:n], at[n:]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRoute(b *testing.B) {
	g := benchStreets(b)
	at := places(g, 1000)
	i := 0
	for b.Loop() {
		if _, err := g.Route(context.Background(), routing.Car, routing.AnyTime, at[i%999:i%999+2]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkNearest(b *testing.B) {
	g := benchStreets(b)
	at := places(g, 1000)
	i := 0
	for b.Loop() {
		g.snap(toPoint(at[i%1000]))
		i++
	}
}

func BenchmarkReach45Minutes(b *testing.B) {
	g := benchStreets(b)
	at := places(g, 100)
	i := 0
	for b.Loop() {
		if _, err := g.Reach(context.Background(), routing.Car, routing.AnyTime, at[i%100], 45*time.Minute, routing.Outbound); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkRetime(b *testing.B) {
	g := benchStreets(b)
	path := filepath.Join(b.TempDir(), "retimed")
	for b.Loop() {
		err := g.Retime(context.Background(), "morning", func(s Street) (float64, float64) { return 1 + s.Meters/1000, 1 }, path)
		if err != nil {
			b.Fatal(err)
		}
		r, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
