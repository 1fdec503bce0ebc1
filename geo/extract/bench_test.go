package extract_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"catchment/geo/basemap"
	"catchment/geo/extract"
	"catchment/geo/geocode"
	"catchment/geo/osm"
	"catchment/geo/postgis"
	"catchment/geo/town"
	"catchment/routing/road"
)

// BenchmarkImport imports whole extracts (streets, map with thinned copies, addresses, swap): the generated town,
// and of the folder EXTRACTS all files and a mosaic of three by three copies of porto (25 MB), for which the file
// MOSAIC may stand in. It reports seconds and the peak memory of the process so far, under the memory settings of
// the importing command.
func BenchmarkImport(b *testing.B) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(850 << 20))
	defer debug.SetGCPercent(debug.SetGCPercent(60))
	b.Run("town", func(b *testing.B) { benchmarkImport(b, open(b, town.Generate(1, 6).Bytes())) })
	dir := os.Getenv("EXTRACTS")
	files, _ := filepath.Glob(filepath.Join(dir, "*.osm.pbf"))
	for _, file := range files {
		b.Run(strings.TrimSuffix(filepath.Base(file), ".osm.pbf"), func(b *testing.B) {
			src, err := osm.Open(file)
			if err != nil {
				b.Fatal(err)
			}
			defer src.Close()
			benchmarkImport(b, src)
		})
	}
	if dir == "" {
		return
	}
	b.Run("mosaic", func(b *testing.B) {
		path := os.Getenv("MOSAIC")
		if path == "" {
			path = filepath.Join(b.TempDir(), "mosaic.osm.pbf")
			mosaic(b, filepath.Join(dir, "porto.osm.pbf"), path)
		}
		src, err := osm.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		defer src.Close()
		benchmarkImport(b, src)
	})
}

func benchmarkImport(b *testing.B, src *osm.Source) {
	for b.Loop() {
		b.StopTimer()
		db := postgis.TestOwner(b, postgis.TestDatabaseURL(b))
		folder := b.TempDir()
		runtime.GC()
		cpu := cpuSeconds()
		took := map[string]time.Duration{}
		var order []string
		stage, since := "check", time.Now()
		turn := func(next string) {
			if next != stage {
				took[stage] += time.Since(since)
				order = append(order, stage)
				stage, since = next, time.Now()
			}
		}
		b.StartTimer()
		i := &extract.Importer{
			DB: db, Loaders: []extract.Loader{basemap.Loader{}, geocode.Loader{}},
			Progress: func(stage string, _ float64) { turn(stage) },
			Prepare: func(ctx context.Context, src *osm.Source, hash string, progress func(float64)) error {
				progress(0)
				var targets []road.Target
				for _, p := range road.Profiles() {
					if p.Name != road.Testbot { // what set-up prepares
						targets = append(targets, road.Target{Profile: p, Path: filepath.Join(folder, hash+"-"+string(p.Name))})
					}
				}
				return road.BuildAll(ctx, src, targets, progress)
			},
		}
		if _, _, err := i.Import(b.Context(), src, "bench", "osm"); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		turn("")
		var parts []string
		for _, s := range order {
			parts = append(parts, fmt.Sprintf("%s %.1f s", s, took[s].Seconds()))
		}
		b.Log(strings.Join(parts, ", "))
		b.ReportMetric(peakMB(), "peak-MB")
		b.ReportMetric(cpuSeconds()-cpu, "cpu-s")
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/op")
	b.ReportMetric(0, "ns/op")
}

// cpuSeconds returns the CPU this process has used so far; what the database uses is not in it.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// peakMB returns the most memory this process ever held, as Linux tells it; 0 elsewhere.
func peakMB() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(status) {
		var kb float64
		if n, _ := fmt.Sscanf(string(line), "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}

// mosaic lays a file out three by three times side by side.
func mosaic(b *testing.B, from, to string) {
	src, err := osm.Open(from)
	if err != nil {
		b.Fatal(err)
	}
	defer src.Close()
	f, err := os.Create(to)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := osm.NewWriter(f, osm.Header{Sorted: true, Program: "mosaic"})
	const apart = 1 << 40
	size := src.Header().Bounds
	if !src.Header().HasBounds {
		size.Max[0], size.Max[1] = size.Min[0]+0.5, size.Min[1]+0.4
	}
	for _, kind := range []osm.MemberKind{osm.NodeMember, osm.WayMember, osm.RelationMember} {
		for k := range int64(9) {
			shift := k * apart
			var h osm.Handler
			switch kind {
			case osm.NodeMember:
				h.Node = func(n osm.Node) error {
					n.ID += shift
					n.At[0] += float64(k%3) * (size.Max[0] - size.Min[0])
					n.At[1] += float64(k/3) * (size.Max[1] - size.Min[1])
					return w.Node(n)
				}
			case osm.WayMember:
				h.Way = func(x osm.Way) error {
					x.ID += shift
					for i := range x.Nodes {
						x.Nodes[i] += shift
					}
					return w.Way(x)
				}
			case osm.RelationMember:
				h.Relation = func(r osm.Relation) error {
					r.ID += shift
					for i := range r.Members {
						r.Members[i].Ref += shift
					}
					return w.Relation(r)
				}
			}
			if err := src.Scan(b.Context(), h); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
