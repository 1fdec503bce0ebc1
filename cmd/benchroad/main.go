// Command benchroad measures the street engine over HTTP, as OSRM was measured: one client, one kept-alive connection,
// places drawn from the pairs that OSRM answered. It prints our figures beside OSRM's, these scaled to the machine.
package main

import (
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/paulmach/orb"

	"catchment/geo/osm"
	"catchment/routing"
	"catchment/routing/road"
	"catchment/web"
)

func main() {
	extract := flag.String("extract", filepath.Join(os.Getenv("EXTRACTS"), "porto.osm.pbf"), "extract to prepare")
	bench := flag.String("bench", os.Getenv("BENCH"), "folder with road/NAME.csv (OSRM's answers) and yardstick")
	answers := flag.String("answers", "porto", "name of OSRM's answers, whose places are asked about")
	mosaic := flag.Bool("mosaic", false, "compare with OSRM's figures on the mosaic, on places drawn from the map")
	rounds := flag.Int("rounds", 5, "times a table is asked; the median counts")
	serve := flag.String("serve", "", "")
	build := flag.String("build", "", "")
	flag.Parse()
	var err error
	switch {
	case *build != "":
		err = prepare(*extract, *build)
	case *serve != "":
		err = answer(*serve)
	default:
		b := bencher{extract: *extract, bench: *bench, answers: *answers, rounds: *rounds, mosaic: *mosaic}
		err = b.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchroad:", err)
		os.Exit(1)
	}
}

func prepare(extract, path string) error {
	src, err := osm.Open(extract)
	if err != nil {
		return err
	}
	defer src.Close()
	return road.Build(context.Background(), src, road.Car(), path, nil)
}

// answer serves a file until its standard input ends, after telling its address.
func answer(path string) error {
	g, err := road.Open(path)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return web.ServeRoads(ctx, listener, g)
}

// OSRM's figures on porto and on the mosaic: 6.0.0, contraction hierarchies, two cores of a machine whose yardstick
// prints 60 ms. Milliseconds, MiB, megabytes, seconds.
type figures struct {
	build, routeP50, routeP99, full, nearest, table100, table500, table1000, retime, rss, file float64
}

var (
	osrmPorto  = figures{50.2, 0.65, 1.5, 1.7, 0.2, 18.8, 122, 343, 33.5, 188, 56.7}
	osrmMosaic = figures{522.6, 1.32, 5.6, 3.6, 0.2, 33, 200, 541, 464, 610, 640}
)

type bencher struct {
	extract, bench, answers string
	rounds                  int
	mosaic                  bool

	scale  float64 // this machine's yardstick / 60 ms
	at     []orb.Point
	client *http.Client
	base   string
}

func (b *bencher) run() error {
	b.scale = 1
	if b.bench != "" {
		out, err := exec.Command("go", "run", filepath.Join(b.bench, "yardstick", "main.go")).Output()
		if err != nil {
			return fmt.Errorf("run the yardstick: %w", err)
		}
		text, _, _ := strings.Cut(string(out), " ")
		ms, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("read the yardstick: %w", err)
		}
		b.scale = ms / 60
		fmt.Printf("yardstick %.0f ms: OSRM's times are scaled by %.2f\n\n", ms, b.scale)
	}
	dir, err := os.MkdirTemp("", "benchroad")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "car.road")
	self, err := os.Executable()
	if err != nil {
		return err
	}
	builder := exec.Command(self, "-extract", b.extract, "-build", path)
	builder.Stderr = os.Stderr
	began := time.Now()
	if err := builder.Run(); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	wall := time.Since(began).Seconds()
	osrm := osrmPorto
	if b.mosaic {
		osrm = osrmMosaic
	}
	state := builder.ProcessState
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Printf("%-44s %12s %12s %8s %s\n", "", "ours", "OSRM", "ratio", "goal (not above)")
	row := func(what string, ours, theirs, goal, most float64, unit string) {
		fmt.Printf("%-44s %9.2f %-3s %8.2f %-3s %7.2f× %.1f× (%.1f×)\n", what, ours, unit, theirs, unit, ours/theirs, goal, most)
	}
	row("import and preparation, CPU", (state.UserTime() + state.SystemTime()).Seconds(), osrm.build*b.scale, 0.3, 1, "s")
	held := 0.0
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		held = float64(usage.Maxrss) / 1024 // Linux tells it in KiB
	}
	fmt.Printf("%-44s %9.2f s, peak %.0f MiB\n", "  the same, on the wall", wall, held)
	row("prepared file", float64(info.Size())/1e6, osrm.file, 0.7, 1, "MB")
	if err := b.places(path); err != nil {
		return err
	}
	if err := b.queries(self, path, osrm, row); err != nil {
		return err
	}
	return b.inside(path, osrm, row)
}

// places takes the places of OSRM's answers, or draws some near streets of the map.
func (b *bencher) places(path string) error {
	if b.mosaic || b.bench == "" {
		return b.drawPlaces()
	}
	f, err := os.Open(filepath.Join(b.bench, "road", b.answers+".csv"))
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return err
	}
	for _, row := range rows[1:] {
		for i := 0; i < 4; i += 2 {
			lon, err1 := strconv.ParseFloat(row[i], 64)
			lat, err2 := strconv.ParseFloat(row[i+1], 64)
			if err1 != nil || err2 != nil {
				return fmt.Errorf("no coordinate: %q", row[i:i+2])
			}
			b.at = append(b.at, orb.Point{lon, lat})
		}
	}
	return nil
}

// drawPlaces draws ends of streets from the extract, each moved a little.
func (b *bencher) drawPlaces() error {
	src, err := osm.Open(b.extract)
	if err != nil {
		return err
	}
	defer src.Close()
	car := road.Car().Speeds[0].Of
	rng := rand.New(rand.NewPCG(1, 2))
	wanted := map[int64]bool{}
	var ends []int64
	err = src.Scan(context.Background(), osm.Handler{Way: func(w osm.Way) error {
		if car[w.Tags.Get("highway")] >= 25 && len(w.Nodes) > 0 {
			ends = append(ends, w.Nodes[0])
		}
		return nil
	}})
	if err != nil || len(ends) == 0 {
		return fmt.Errorf("draw places of %d: %w", len(ends), err)
	}
	for len(wanted) < min(4000, len(ends)/2) {
		wanted[ends[rng.IntN(len(ends))]] = true
	}
	err = src.Scan(context.Background(), osm.Handler{Node: func(n osm.Node) error {
		if wanted[n.ID] {
			b.at = append(b.at, orb.Point{n.At[0] + 1e-4*(rng.Float64()-0.5), n.At[1] + 1e-4*(rng.Float64()-0.5)})
		}
		return nil
	}})
	rng.Shuffle(len(b.at), func(i, j int) { b.at[i], b.at[j] = b.at[j], b.at[i] })
	return err
}

func text(points ...orb.Point) string {
	parts := make([]string, len(points))
	for i, p := range points {
		parts[i] = fmt.Sprintf("%.6f,%.6f", p[0], p[1])
	}
	return strings.Join(parts, ";")
}

// ask sends one question and returns how long the whole answer took.
func (b *bencher) ask(path string) (time.Duration, error) {
	began := time.Now()
	response, err := b.client.Get(b.base + path)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, err
	}
	took := time.Since(began)
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%.80s: %s", path, response.Status)
	}
	return took, nil
}

// sample asks several questions and returns the median and the 99th percentile, in milliseconds.
func (b *bencher) sample(n int, path func(i int) string) (p50, p99 float64, err error) {
	var took []time.Duration
	for i := range n {
		t, err := b.ask(path(i))
		if err != nil {
			return 0, 0, err
		}
		took = append(took, t)
	}
	slices.Sort(took)
	ms := func(t time.Duration) float64 { return float64(t.Nanoseconds()) / 1e6 }
	return ms(took[n/2]), ms(took[n*99/100]), nil
}

func (b *bencher) queries(self, path string, osrm figures, row func(string, float64, float64, float64, float64, string)) error {
	server := exec.Command(self, "-serve", path)
	server.Stderr = os.Stderr
	stdin, err := server.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	defer func() { stdin.Close(); _ = server.Wait() }()
	var address string
	if _, err := fmt.Fscanln(stdout, &address); err != nil {
		return fmt.Errorf("the server does not start: %w", err)
	}
	b.base, b.client = "http://"+address, &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1, DisableCompression: true}}
	pair := func(i int) string { return text(b.at[2*(i%(len(b.at)/2))], b.at[2*(i%(len(b.at)/2))+1]) }
	for _, warm := range []int{0, 1} {
		plain50, plain99, err := b.sample(1000, func(i int) string { return "/route/v1/driving/" + pair(i) + "?overview=false" })
		if err != nil {
			return err
		}
		full50, _, err := b.sample(1000, func(i int) string {
			return "/route/v1/driving/" + pair(i) + "?overview=full&steps=true&geometries=geojson"
		})
		if err != nil {
			return err
		}
		near50, near99, err := b.sample(1000, func(i int) string { return "/nearest/v1/driving/" + text(b.at[i]) })
		if err != nil {
			return err
		}
		if warm == 0 {
			continue
		}
		row("route without geometry, median", plain50, osrm.routeP50*b.scale, 1, 1.5, "ms")
		row("  99th percentile", plain99, osrm.routeP99*b.scale, 1, 2, "ms")
		row("route with geometry and steps, median", full50, osrm.full*b.scale, 1, 1.5, "ms")
		row("nearest, median", near50, osrm.nearest*b.scale, 1, 1.5, "ms")
		fmt.Printf("%-44s %9.2f ms\n", "  99th percentile", near99)
	}
	for _, t := range []struct {
		n          int
		theirs     float64
		goal, most float64
	}{{100, osrm.table100, 0.7, 1.2}, {500, osrm.table500, 0.7, 1.2}, {1000, osrm.table1000, 0.5, 1}} {
		var list []string
		for i := range t.n {
			list = append(list, strconv.Itoa(i))
		}
		indexes := strings.Join(list, ";")
		before := busy(server.Process.Pid)
		p50, _, err := b.sample(b.rounds, func(int) string {
			return "/table/v1/driving/" + text(b.at[:t.n]...) + "?sources=" + indexes + "&destinations=" + indexes
		})
		if err != nil {
			return err
		}
		row(fmt.Sprintf("table %d × %d", t.n, t.n), p50, t.theirs*b.scale, t.goal, t.most, "ms")
		fmt.Printf("%-44s %9.2f ms\n", "  the server's CPU, all cores together", (busy(server.Process.Pid)-before)/float64(b.rounds))
	}
	row("server's memory, mapped pages included, peak", resident(server.Process.Pid), osrm.rss, 0.5, 1, "MiB")
	return nil
}

// inside measures what OSRM's API does not offer.
func (b *bencher) inside(path string, osrm figures, row func(string, float64, float64, float64, float64, string)) error {
	g, err := road.Open(path)
	if err != nil {
		return err
	}
	defer g.Close()
	var took []float64
	for i := range 20 {
		began := time.Now()
		if _, err := g.Reach(context.Background(), routing.Car, routing.AnyTime, b.at[i], 45*time.Minute, routing.Outbound); err != nil {
			return err
		}
		took = append(took, float64(time.Since(began).Microseconds())/1e3)
	}
	slices.Sort(took)
	fmt.Printf("%-44s %9.2f ms (goal 30 ms, not above 100 ms, × %.2f)\n", "travel-time area of 45 minutes, median", took[len(took)/2], b.scale)
	best := math.Inf(1)
	for range 3 {
		began := time.Now()
		retimed := path + ".morning"
		err := g.Retime(context.Background(), "morning", func(s road.Street) (float64, float64) { return 1 + s.Meters/10_000, 1 }, retimed)
		if err != nil {
			return err
		}
		r, err := road.Open(retimed)
		if err != nil {
			return err
		}
		r.Close()
		best = min(best, time.Since(began).Seconds())
	}
	fmt.Printf("%-44s %9.2f s (goal 1.5 s, not above 7 s, × %.2f; OSRM %.1f s)\n", "new speeds for the whole map until they serve", best, b.scale, osrm.retime*b.scale)
	return nil
}

// busy returns the CPU a running process has used so far, in milliseconds, as Linux tells it; 0 elsewhere.
func busy(pid int) float64 {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) * 10 // ticks of a hundredth of a second
}

// resident returns the most memory a running process ever held, in MiB, as Linux tells it; 0 elsewhere.
func resident(pid int) float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}
