package demo_test

import (
	"os"
	"path/filepath"
	"testing"

	"catchment/demo"
	"catchment/geo/osm"
)

// BenchmarkLoad makes a company of 50,000 accounts on Liechtenstein, of the folder EXTRACTS.
func BenchmarkLoad(b *testing.B) {
	dir := os.Getenv("EXTRACTS")
	if dir == "" {
		b.Skip("EXTRACTS is not set")
	}
	src, err := osm.Open(filepath.Join(dir, "liechtenstein-2024.osm.pbf"))
	must(b, err)
	defer src.Close()
	for b.Loop() {
		b.StopTimer()
		r := newRegion(b, src)
		r.o.Accounts = 50_000
		b.StartTimer()
		must(b, demo.Load(system, r.o))
	}
	b.ReportMetric(50_000*float64(b.N)/b.Elapsed().Seconds(), "accounts/s")
}
