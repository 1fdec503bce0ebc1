package road

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"catchment/geo/osm"
)

// bruteForce finds best ways by correcting labels until none changes, hop by hop over the map as it was read: no
// segments, no edges, no copies. Restrictions are judged on the hops travelled, spelled out. It shares with the
// engine only what tags mean and how steep a turn is priced.
type bruteForce struct {
	m       *streetMap
	p       *Profile
	meeting map[uint32][]stride // strides that start at a node
	must    map[uint32]bool     // nodes where restrictions turn
	rules   []rule
}

// stride is one hop in one direction.
type stride struct {
	way, hop int
	back     bool
}

// rule says what may follow a sequence of strides.
type rule struct {
	only  bool
	after []stride
	to    stride
}

func newBruteForce(t *testing.T, src extract, p *Profile) *bruteForce {
	t.Helper()
	a, err := readAtlas(context.Background(), src, []*Profile{p}, func(float64) {})
	if err != nil {
		t.Fatal(err)
	}
	m := a.mapFor(0)
	b := &bruteForce{m: m, p: p, meeting: map[uint32][]stride{}, must: map[uint32]bool{}}
	for w, way := range m.ways {
		for h := range len(way.nodes) - 1 {
			for _, back := range []bool{false, true} {
				s := stride{w, h, back}
				if from, to := b.ends(s); from != to && m.located[from] && m.located[to] {
					b.meeting[from] = append(b.meeting[from], s)
				}
			}
		}
	}
	if p.ObeysRestrictions {
		if err := src.Scan(context.Background(), osm.Handler{Relation: func(r osm.Relation) error {
			b.read(r)
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (b *bruteForce) ends(s stride) (from, to uint32) {
	n := b.m.ways[s.way].nodes
	if s.back {
		return n[s.hop+1], n[s.hop]
	}
	return n[s.hop], n[s.hop+1]
}

func (b *bruteForce) lane(s stride) lane {
	if s.back {
		return b.m.ways[s.way].use.backward
	}
	return b.m.ways[s.way].use.forward
}

func flip(s stride) stride { return stride{s.way, s.hop, !s.back} }

// read spells out one restriction relation.
func (b *bruteForce) read(r osm.Relation) {
	kind := r.Tags.Get("restriction")
	for _, mode := range b.p.Modes {
		if kind == "" {
			kind = r.Tags.Get("restriction:" + mode)
		}
	}
	if !strings.HasPrefix(kind, "no_") && !strings.HasPrefix(kind, "only_") {
		return
	}
	for _, e := range strings.Split(r.Tags.Get("except"), ";") {
		if slices.Contains(b.p.Modes, e) {
			return
		}
	}
	var from, via, to []int64
	var node int64
	for _, m := range r.Members {
		switch {
		case m.Role == "from":
			from = append(from, m.Ref)
		case m.Role == "to":
			to = append(to, m.Ref)
		case m.Kind == osm.NodeMember:
			node = m.Ref
		default:
			via = append(via, m.Ref)
		}
	}
	if len(from) > 1 && kind != "no_entry" || len(to) > 1 && kind != "no_exit" {
		return
	}
	for _, f := range from {
		for _, start := range b.lastStrides(f) {
			_, at := b.ends(start)
			if len(via) == 0 && b.m.ids[at] != node {
				continue
			}
			for _, walked := range b.walks(via, at) {
				parts := append([][]stride{{start}}, walked...)
				last := parts[len(parts)-1]
				_, end := b.ends(last[len(last)-1])
				for _, t := range to {
					for _, arrival := range b.lastStrides(t) {
						exit := flip(arrival)
						if out, _ := b.ends(exit); out == end {
							b.add(strings.HasPrefix(kind, "only_"), parts, exit)
						}
					}
				}
			}
		}
	}
}

// add notes a rule: after the strides of each way in turn comes one more. Travellers may turn where ways meet.
func (b *bruteForce) add(only bool, parts [][]stride, to stride) {
	for _, part := range parts {
		_, n := b.ends(part[len(part)-1])
		b.must[n] = true
	}
	after := slices.Concat(parts...)
	for _, s := range append(slices.Clone(after), to) {
		if from, end := b.ends(s); !b.lane(s).open || !b.m.located[from] || !b.m.located[end] {
			return
		}
	}
	b.rules = append(b.rules, rule{only, after, to})
}

// lastStrides returns the strides with which a way ends, at either end.
func (b *bruteForce) lastStrides(id int64) []stride {
	for w, way := range b.m.ways {
		if way.id == id {
			return []stride{{w, len(way.nodes) - 2, false}, {w, 0, true}}
		}
	}
	return nil
}

// walks returns every way to walk the via ways in order, each from where the one before was left, way by way.
func (b *bruteForce) walks(via []int64, at uint32) [][][]stride {
	if len(via) == 0 {
		return [][][]stride{nil}
	}
	var all [][][]stride
	for w, way := range b.m.ways {
		if way.id != via[0] {
			continue
		}
		for i := range way.nodes {
			for j := range way.nodes {
				if way.nodes[i] != at || i == j {
					continue
				}
				var walked []stride
				for k := i; k < j; k++ {
					walked = append(walked, stride{w, k, false})
				}
				for k := i; k > j; k-- {
					walked = append(walked, stride{w, k - 1, true})
				}
				for _, rest := range b.walks(via[1:], way.nodes[j]) {
					all = append(all, append([][]stride{walked}, rest...))
				}
			}
		}
	}
	return all
}

// crossing tells whether one may choose at a node: more or fewer than two hops meet, or two different streets.
func (b *bruteForce) crossing(n uint32) bool {
	out := b.meeting[n]
	if len(out) != 2 || b.must[n] || b.m.nodes[n].barrier {
		return true
	}
	return b.look(flip(out[0])) != b.look(out[1])
}

// look is what a street looks like to who travels it.
func (b *bruteForce) look(s stride) string {
	way := b.m.ways[s.way]
	return fmt.Sprint(way.name, b.lane(s).open, b.lane(flip(s)).open, b.lane(s).restricted, b.lane(flip(s)).restricted,
		way.use.class, way.use.ferry, way.use.round, way.use.endsHere, way.use.left)
}

// street returns the places along a street from one of its crossings to the next, and its length.
func (b *bruteForce) street(s stride) (places []point, meters float64) {
	from, at := b.ends(s)
	places = []point{b.m.at[from], b.m.at[at]}
	for first := s; !b.crossing(at); {
		for _, next := range b.meeting[at] {
			if next != flip(s) {
				s = next
				break
			}
		}
		if s == first {
			break
		}
		_, at = b.ends(s)
		places = append(places, b.m.at[at])
	}
	for i := range places[1:] {
		meters += places[i].meters(places[i+1])
	}
	return places, meters
}

// price returns weight and time of a stride, waiting within the street included, both 0.1 s.
func (b *bruteForce) price(s stride) (weight, tenths float64) {
	way := b.m.ways[s.way]
	from, to := b.ends(s)
	seconds := b.m.at[from].meters(b.m.at[to]) / (b.lane(s).speed / 3.6)
	if way.use.seconds > 0 {
		seconds = way.use.seconds / float64(len(way.nodes)-1)
	}
	weight = math.Max(1, math.Round(seconds/way.use.rate*10))
	tenths = math.Max(1, math.Round(seconds*10))
	if !b.crossing(to) {
		_, come := b.street(flip(s))
		var left float64
		for _, next := range b.meeting[to] {
			if next != flip(s) {
				_, left = b.street(next)
			}
		}
		sign := b.m.nodes[to].sign
		alone := sign == stopSign && b.m.nodes[to].facing == facingUnknown && come < 20 && left > 20
		if b.binds(to, s) && sign != minorStop && !alone {
			wait := map[sign_]float64{signals: b.p.SignalSeconds, stopSign: b.p.StopSeconds, giveWay: b.p.GiveWaySeconds}[sign]
			weight, tenths = weight+10*wait, tenths+10*wait
		}
	}
	return weight, tenths
}

type sign_ = sign

// binds tells whether the sign at the end of a stride is meant for who comes by it.
func (b *bruteForce) binds(n uint32, s stride) bool {
	switch b.m.nodes[n].facing {
	case facingForward:
		return !s.back
	case facingBackward:
		return s.back
	}
	return true
}

// follow lists where one may go after the strides travelled, with the turn's weight and time.
func (b *bruteForce) follow(travelled []stride) (next []stride, weight, tenths []float64) {
	last := travelled[len(travelled)-1]
	_, n := b.ends(last)
	if !b.crossing(n) {
		for _, s := range b.meeting[n] {
			if s != flip(last) {
				return []stride{s}, []float64{0}, []float64{0}
			}
		}
	}
	var exits []stride
	twoWay := 0
	for _, s := range b.meeting[n] {
		if b.lane(s).open && !b.forbidden(travelled, s) {
			exits = append(exits, s)
		}
		if b.lane(flip(s)).open {
			twoWay++
		}
	}
	for _, s := range exits {
		about := s == flip(last)
		if b.m.nodes[n].barrier != about && b.m.nodes[n].barrier {
			continue
		}
		if about && !b.m.nodes[n].barrier && len(b.meeting[n]) > 1 && len(exits) > 1 && twoWay > 1 {
			continue
		}
		w, t := b.turn(n, last, s, about)
		next, weight, tenths = append(next, s), append(weight, w), append(tenths, t)
	}
	return next, weight, tenths
}

// forbidden judges a turn by every rule that the strides travelled bring into force.
func (b *bruteForce) forbidden(travelled []stride, to stride) bool {
	allowed := map[string][]stride{}
	for _, r := range b.rules {
		if len(r.after) > len(travelled) || !slices.Equal(r.after, travelled[len(travelled)-len(r.after):]) {
			continue
		}
		if !r.only && r.to == to {
			return true
		}
		if r.only {
			key := fmt.Sprint(r.after)
			allowed[key] = append(allowed[key], r.to)
		}
	}
	for _, targets := range allowed {
		if !slices.Contains(targets, to) {
			return true
		}
	}
	return false
}

func (b *bruteForce) turn(n uint32, last, s stride, about bool) (weight, tenths float64) {
	arrive, leave := b.m.ways[last.way].use, b.m.ways[s.way].use
	var seconds float64
	if sign := b.m.nodes[n].sign; sign != noSign && b.binds(n, last) {
		wait := map[sign_]float64{signals: b.p.SignalSeconds, stopSign: b.p.StopSeconds, minorStop: b.p.StopSeconds, giveWay: b.p.GiveWaySeconds}[sign]
		_, come := b.street(flip(last))
		_, left := b.street(s)
		if sign == stopSign && b.m.nodes[n].facing == facingUnknown && len(b.meeting[n]) == 2 && come < 20 && left > 20 {
			wait = 0
		}
		if sign == minorStop {
			faster := false
			for _, o := range b.meeting[n] {
				faster = faster || b.lane(o).open && b.lane(o).speed > b.lane(last).speed
			}
			if !faster {
				wait = 0
			}
		}
		seconds += wait
	}
	if len(b.meeting[n]) > 2 || about || arrive.ferry != leave.ferry {
		if b.p.TurnSeconds > 0 {
			from, _ := b.street(flip(last))
			to, _ := b.street(s)
			angle := 180.0
			if !about {
				in := perceivedBearing(from, arrive.class, arrive.round) + 180
				angle = perceivedBearing(to, leave.class, leave.round) - in
				for angle > 180 {
					angle -= 360
				}
				for angle <= -180 {
					angle += 360
				}
				name := b.m.ways[last.way].name
				oneways := !b.lane(flip(last)).open && !b.lane(flip(s)).open && !arrive.round && !leave.round
				if oneways && name != 0 && name == b.m.ways[s.way].name && arrive.class == leave.class && math.Abs(angle) > 120 && sideBySide(from, to) {
					about, angle = true, 180 // from one carriageway to the other
				}
			}
			seconds += b.p.turnSeconds(angle, arrive.left)
		}
		if about {
			seconds += b.p.UTurnSeconds
		}
	}
	tenths = math.Floor(seconds * 10)
	weight = tenths
	if !b.p.WeightIsTime && !b.lane(last).restricted && b.lane(s).restricted {
		weight = 32767
	}
	return weight, tenths
}

// memory returns the longest ending of the strides travelled that a rule starts with: all that later turns depend on.
func (b *bruteForce) memory(travelled []stride) []stride {
	for i := range travelled {
		for _, r := range b.rules {
			if n := len(travelled) - i; n <= len(r.after) && slices.Equal(r.after[:n], travelled[i:]) {
				return travelled[i:]
			}
		}
	}
	return travelled[len(travelled)-1:]
}

// bruteLabel is the best known way to the start of a stride.
type bruteLabel struct{ weight, tenths float64 }

func (l bruteLabel) better(m bruteLabel) bool {
	return l.weight < m.weight || l.weight == m.weight && l.tenths < m.tenths
}

// from corrects labels from a place until none changes. It returns the best label at the start of each stride.
func (b *bruteForce) from(starts map[stride]float64) map[stride]bruteLabel {
	type state struct {
		travelled []stride
		label     bruteLabel
	}
	known := map[string]bruteLabel{}
	best := map[stride]bruteLabel{}
	var queue []state
	reach := func(travelled []stride, l bruteLabel) {
		travelled = b.memory(travelled)
		key := fmt.Sprint(travelled)
		if old, ok := known[key]; ok && !l.better(old) {
			return
		}
		known[key] = l
		s := travelled[len(travelled)-1]
		if old, ok := best[s]; !ok || l.better(old) {
			best[s] = l
		}
		queue = append(queue, state{travelled, l})
	}
	leave := func(travelled []stride, at bruteLabel) {
		next, weight, tenths := b.follow(travelled)
		for i, s := range next {
			reach(append(slices.Clone(travelled), s), bruteLabel{at.weight + weight[i], at.tenths + tenths[i]})
		}
	}
	for s, share := range starts {
		if b.lane(s).open {
			w, t := b.price(s)
			leave([]stride{s}, bruteLabel{w - math.Round(w*share), t - math.Round(t*share)})
		}
	}
	for len(queue) > 0 {
		st := queue[0]
		queue = queue[1:]
		if known[fmt.Sprint(st.travelled)] != st.label {
			continue
		}
		w, t := b.price(st.travelled[len(st.travelled)-1])
		leave(st.travelled, bruteLabel{st.label.weight + w, st.label.tenths + t})
	}
	return best
}
