package road

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Step is a stretch of a way that begins with one act of the driver.
type Step struct {
	Maneuver     Maneuver
	Name, Number string // of the street, as on its signs
	Ferry        bool
	Left         bool // traffic keeps left
	Tenths       uint32
	Weight       uint32
	Meters       float64
	Shape        orb.LineString
	Crossings    []Crossing // passed on the step, the maneuver's own first
	Exit         int        // of the roundabout entered, counted from 1
}

// Maneuver is what a driver does at the start of a step, in the words of the OSRM protocol.
type Maneuver struct {
	Type     string // depart, turn, continue, new name, merge, on ramp, off ramp, fork, end of road, roundabout, exit roundabout, notification, arrive
	Modifier string // uturn, sharp right, right, slight right, straight, slight left, left, sharp left; may be empty
	At       orb.Point
	Before   int // compass bearing of arriving, degrees
	After    int // compass bearing of leaving
}

// Crossing is a crossing passed on the way.
type Crossing struct {
	At       orb.Point
	Bearings []int  // of all ways on, and of the way back, ascending
	Entry    []bool // whether one may take them
	In, Out  int    // which of them one comes by and leaves by; -1 if none
}

// joint is a crossing on the way, between two of its edges.
type joint struct {
	from, to        EdgeID
	arrive, leave   float64 // compass bearings
	angle           float64 // turned, positive to the right
	cost            Cost    // of the turn
	crossing        Crossing
	others          []float64 // angles of the other ways on, the way back left out
	othersRoundExit int       // other ways on that leave the roundabout one is on
}

// Steps spells a way out as instructions: one step per act, the last of them arriving.
func (w *Way) Steps() []Step {
	g, hops := w.g, w.Hops()
	steps := []Step{w.newStep(hops[0], Maneuver{Type: "depart", At: hops[0].From, After: round360(bearingOf(hops[0].From, hops[0].To))})}
	steps[0].Crossings = []Crossing{{At: hops[0].From, Bearings: []int{steps[0].Maneuver.After}, Entry: []bool{true}, In: -1, Out: 0}}
	var exits int
	for _, h := range hops {
		now := &steps[len(steps)-1]
		now.Tenths, now.Weight, now.Meters = now.Tenths+h.Cost.Tenths, now.Weight+h.Cost.Weight, now.Meters+h.Meters
		now.Shape = extend(now.Shape, h.To)
		if !h.ends || h.edge+1 >= len(w.edges) {
			continue
		}
		j := g.joint(w.edges[h.edge], w.edges[h.edge+1], h.To)
		// Waiting and turning counts to the step that leads to the crossing.
		now.Tenths, now.Weight = now.Tenths+j.cost.Tenths, now.Weight+j.cost.Weight
		act := g.act(&j, &exits, now)
		if act.Type == "" {
			now.Crossings = append(now.Crossings, j.crossing)
			continue
		}
		act.At, act.Before, act.After = h.To, round360(j.arrive), round360(j.leave)
		next := Hop{Segment: SegmentID(g.edges[j.to].Segment >> 1), From: h.To}
		steps = append(steps, w.newStep(next, act))
		steps[len(steps)-1].Crossings = []Crossing{j.crossing}
	}
	last := hops[len(hops)-1]
	before := round360(bearingOf(last.From, last.To))
	end := w.newStep(Hop{Segment: last.Segment, From: last.To}, Maneuver{Type: "arrive", At: last.To, Before: before})
	end.Shape = append(end.Shape, last.To)
	end.Crossings = []Crossing{{At: last.To, Bearings: []int{(before + 180) % 360}, Entry: []bool{true}, In: 0, Out: -1}}
	return append(settle(steps), end)
}

// settle gives a first step without length one point more, as lines need two.
func settle(steps []Step) []Step {
	for i := range steps {
		if len(steps[i].Shape) == 1 {
			steps[i].Shape = append(steps[i].Shape, steps[i].Shape[0])
		}
	}
	return steps
}

func (w *Way) newStep(h Hop, m Maneuver) Step {
	name, number := w.g.nameAndNumber(h.Segment)
	flags := w.g.segmentFlags[h.Segment]
	return Step{Maneuver: m, Name: name, Number: number, Ferry: flags&flagFerry != 0, Left: flags&flagLeft != 0,
		Shape: orb.LineString{h.From}}
}

func bearingOf(a, b orb.Point) float64 {
	if a == b {
		return 0
	}
	return bearing(toPoint(a), toPoint(b))
}

func round360(degrees float64) int { return int(math.Round(math.Mod(degrees+360, 360))) % 360 }

// leaves returns the bearing in which an edge leaves its start, as the driver perceives it.
func (g *Graph) leavesIn(e EdgeID) float64 {
	s, back := SegmentID(g.edges[e].Segment>>1), g.edges[e].Segment&1 == 1
	line := g.points[g.segmentFirst[s]:g.segmentFirst[s+1]]
	if back {
		line = slices.Clone(line)
		slices.Reverse(line)
	}
	return bearing(line[0], placeAt(line, lookAhead))
}

// arrivesIn returns the bearing in which an edge reaches its end.
func (g *Graph) arrivesIn(e EdgeID) float64 {
	s, back := SegmentID(g.edges[e].Segment>>1), g.edges[e].Segment&1 == 1
	line := g.points[g.segmentFirst[s]:g.segmentFirst[s+1]]
	if !back {
		line = slices.Clone(line)
		slices.Reverse(line)
	}
	return math.Mod(bearing(line[0], placeAt(line, lookAhead))+180, 360)
}

// joint looks at the crossing between two edges of a way.
func (g *Graph) joint(from, to EdgeID, at orb.Point) joint {
	j := joint{from: from, to: to, arrive: g.arrivesIn(from), leave: g.leavesIn(to)}
	j.angle = deviation(j.arrive, j.leave)
	type arm struct {
		bearing        int
		entry, in, out bool
	}
	back := round360(j.arrive + 180)
	arms := []arm{{bearing: back, in: true}}
	for _, t := range g.turnsFrom(from) {
		taken := t.To == to
		if taken {
			j.cost = t.cost()
		}
		if g.edges[t.To].Segment == g.edges[from].Segment^1 { // turning about
			arms[0].entry, arms[0].out = true, taken
			if taken {
				j.angle = 180
			}
			continue
		}
		leave := g.leavesIn(t.To)
		arms = append(arms, arm{bearing: round360(leave), entry: true, out: taken})
		if !taken {
			j.others = append(j.others, deviation(j.arrive, leave))
			if g.flags(t.To)&flagRound == 0 {
				j.othersRoundExit++
			}
		}
	}
	slices.SortStableFunc(arms, func(a, b arm) int { return a.bearing - b.bearing })
	j.crossing = Crossing{At: at, In: -1, Out: -1}
	for i, a := range arms {
		j.crossing.Bearings = append(j.crossing.Bearings, a.bearing)
		j.crossing.Entry = append(j.crossing.Entry, a.entry)
		if a.in {
			j.crossing.In = i
		}
		if a.out {
			j.crossing.Out = i
		}
	}
	return j
}

func (g *Graph) flags(e EdgeID) uint32 { return g.segmentFlags[g.edges[e].Segment>>1] }

// act decides what a driver is told at a crossing; nothing where the way goes on by itself.
func (g *Graph) act(j *joint, exits *int, now *Step) Maneuver {
	from, to := g.flags(j.from), g.flags(j.to)
	m := Maneuver{Modifier: modifier(j.angle)}
	name1, number1 := g.nameAndNumber(SegmentID(g.edges[j.from].Segment >> 1))
	name2, number2 := g.nameAndNumber(SegmentID(g.edges[j.to].Segment >> 1))
	renamed := (name2 != "" || number2 != "") && name1 != name2 && !(name2 == "" && number1 == number2)
	class1, class2 := class(from>>classShift), class(to>>classShift)
	straightest := true
	for _, o := range j.others {
		straightest = straightest && math.Abs(o) > math.Abs(j.angle)
	}
	switch {
	case from&flagRound == 0 && to&flagRound != 0:
		m.Type, *exits = "roundabout", 0
	case from&flagRound != 0 && to&flagRound != 0:
		*exits += j.othersRoundExit
		return Maneuver{}
	case from&flagRound != 0:
		*exits++
		now.Exit = *exits
		m.Type = "exit roundabout"
	case (from^to)&flagFerry != 0:
		m.Type = "notification"
	case j.angle == 180:
		m.Type = "continue"
		m.Modifier = "uturn"
	case len(j.others) == 0:
		if renamed {
			m.Type = "new name"
		}
	case class1 == classMotorway && class2 == classMotorway && math.Abs(j.angle) < 45 && forked(j):
		m.Type = "fork"
		m.Modifier = leaning(j)
	case class1 != classMotorway && class2 == classMotorway && math.Abs(j.angle) < 100 && renamed:
		m.Type = "on ramp"
	case math.Abs(j.angle) < 20 && straightest:
		if renamed {
			m.Type = "new name"
		}
	case math.Abs(j.angle) < 45 && forked(j):
		m.Type = "fork"
		m.Modifier = leaning(j)
	case len(j.others) == 1 && math.Abs(j.angle) > 60 && math.Abs(j.others[0]) > 60 && j.others[0]*j.angle < 0:
		m.Type = "end of road"
	case !renamed && name1 == name2 && name1 != "":
		m.Type = "continue"
	default:
		m.Type = "turn"
	}
	return m
}

// forked tells whether another way on leads almost as straight ahead, to the other side.
func forked(j *joint) bool {
	for _, o := range j.others {
		if math.Abs(o) < 45 && math.Abs(o-j.angle) < 60 {
			return true
		}
	}
	return false
}

// leaning returns the side of a fork that is taken.
func leaning(j *joint) string {
	for _, o := range j.others {
		if math.Abs(o) < 45 && o > j.angle {
			return "slight left"
		}
	}
	return "slight right"
}

// modifier names an angle, positive to the right.
func modifier(angle float64) string {
	side := "right"
	if angle < 0 {
		side = "left"
	}
	switch a := math.Abs(angle); {
	case a == 180:
		return "uturn"
	case a <= 20:
		return "straight"
	case a <= 40:
		return "slight " + side
	case a <= 120:
		return side
	}
	return "sharp " + side
}

// Summary names the two streets a way follows longest, in the order of travel.
func (w *Way) Summary() string {
	meters := map[string]float64{}
	var order []string
	for _, h := range w.Hops() {
		name := w.g.street(h.Segment)
		if name == "" {
			continue
		}
		if _, ok := meters[name]; !ok {
			order = append(order, name)
		}
		meters[name] += h.Meters
	}
	longest := slices.Clone(order)
	slices.SortStableFunc(longest, func(a, b string) int {
		switch {
		case meters[a] > meters[b]:
			return -1
		case meters[a] < meters[b]:
			return 1
		}
		return 0
	})
	text := ""
	for _, name := range order {
		if slices.Contains(longest[:min(2, len(longest))], name) {
			if text != "" {
				text += ", "
			}
			text += name
		}
	}
	return text
}

// Shape returns the line along the way.
func (w *Way) Shape() orb.LineString { return w.g.leg(w.way).Shape }
