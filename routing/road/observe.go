package road

// Observations gathers how long matched tracks took on each street, so that a Pace can be learned from what the
// company's own vehicles drive.
type Observations struct {
	g        *Graph
	passes   map[passage]tally
	byClass  map[class]tally
	together tally
}

// passage is a segment in one direction.
type passage struct {
	segment SegmentID
	back    bool
}

// tally is time expected at the graph's speeds and time taken, in tenths of a second.
type tally struct{ expected, taken float64 }

func (t tally) plus(expected, taken float64) tally {
	return tally{t.expected + expected, t.taken + taken}
}

// Observe returns no observations yet, for the streets of the graph.
func (g *Graph) Observe() *Observations {
	return &Observations{g: g, passes: map[passage]tally{}, byClass: map[class]tally{}}
}

// Stretches between two fixes outside these bounds tell nothing of the street: the vehicle stood, or the fixes
// are too close for their error.
const (
	observedMeters = 30
	slowestPace    = 8.0
	fastestPace    = 0.3
)

// Add takes in a matching of a track with times. It returns how many stretches between fixes told something.
func (o *Observations) Add(track []Fix, m Matching) (used int) {
	for i, w := range m.Ways {
		taken := float64(track[m.Fixes[i+1]].Seconds-track[m.Fixes[i]].Seconds) * 10
		expected := float64(w.cost.Tenths)
		if taken <= 0 || expected <= 0 || w.cost.Decimeters < observedMeters*10 {
			continue
		}
		pace := taken / expected
		if pace < fastestPace || pace > slowestPace {
			continue
		}
		used++
		for _, h := range w.Hops() {
			e := float64(h.Cost.Tenths)
			p := passage{h.Segment, h.back}
			c := class(o.g.segmentFlags[h.Segment] >> classShift)
			o.passes[p] = o.passes[p].plus(e, e*pace)
			o.byClass[c] = o.byClass[c].plus(e, e*pace)
			o.together = o.together.plus(e, e*pace)
		}
	}
	return used
}

// Streets seen less often than this, in expected tenths of a second, are judged more by their class than by
// themselves; classes likewise by all streets.
const (
	trustStreet = 1200
	trustClass  = 36000
)

// Pace returns what was learned. Little seen is taken for little known: a street leans on its class, a class on
// all streets together, all streets on the speeds of the map.
func (o *Observations) Pace() Pace {
	lean := func(t tally, trust, on float64) float64 { return (t.taken + trust*on) / (t.expected + trust) }
	all := lean(o.together, trustClass, 1)
	return func(s Street) (along, against float64) {
		c := class(o.g.segmentFlags[s.Segment] >> classShift)
		usual := lean(o.byClass[c], trustClass, all)
		if s.Ferry {
			usual = 1
		}
		factor := func(back bool) float64 {
			return min(max(lean(o.passes[passage{s.Segment, back}], trustStreet, usual), MinPace), MaxPace)
		}
		return factor(false), factor(true)
	}
}
