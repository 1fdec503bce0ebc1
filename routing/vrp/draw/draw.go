// Package draw makes pictures of plans: GeoJSON, SVG, and a page with the SVG and a table of every stop.
//
// Pictures stand alone: they load nothing from anywhere. Stops are drawn where their coordinates say; a plan on
// matrices alone has none, and is drawn as a chart of the day instead: a line for each vehicle, time to the right.
package draw

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"catchment/routing/vrp"
)

// colours tell neighbouring routes apart; they repeat where there are more.
var colours = []string{"#1b6ca8", "#c0392b", "#1e8449", "#8e44ad", "#b9770e", "#117a65", "#884ea0", "#2e4053", "#a93226", "#5d6d7e", "#196f3d", "#7d6608"}

func colour(route int) string { return colours[route%len(colours)] }

// stop is a step of a route as people read it.
type stop struct {
	vrp.Step
	Vehicle uint64
	Colour  string
	Number  int // from 1 among the tasks of the route, 0 for start, end, breaks and reloads
}

func (s stop) name() string {
	switch s.Type {
	case vrp.StepStart, vrp.StepEnd, vrp.StepReload:
		return fmt.Sprintf("vehicle %d: %s", s.Vehicle, s.Type)
	}
	out := fmt.Sprintf("vehicle %d: %s %d", s.Vehicle, s.Type, s.ID)
	if s.Description != "" {
		out += " (" + s.Description + ")"
	}
	return out
}

// Clock writes seconds as hours and minutes, with the day in front from the second day on.
func Clock(seconds int64) string {
	day := seconds / 86400
	if seconds < 0 {
		day = -((-seconds + 86399) / 86400)
	}
	text := fmt.Sprintf("%02d:%02d", (seconds-day*86400)/3600, (seconds-day*86400)/60%60)
	if day != 0 {
		text = fmt.Sprintf("day %d, %s", day+1, text)
	}
	return text
}

func stops(r *vrp.Route, number int) []stop {
	var out []stop
	n := 0
	for _, step := range r.Steps {
		s := stop{Step: step, Vehicle: r.Vehicle, Colour: colour(number)}
		switch step.Type {
		case vrp.StepJob, vrp.StepPickup, vrp.StepDelivery:
			n++
			s.Number = n
		}
		out = append(out, s)
	}
	return out
}

// line is the way of a route: its shape if it has one, else straight from stop to stop.
func line(r *vrp.Route) orb.LineString {
	if r.Geometry != "" {
		return vrp.Decode(r.Geometry)
	}
	var out orb.LineString
	for _, s := range r.Steps {
		if s.Location != nil {
			out = append(out, *s.Location)
		}
	}
	return out
}

// GeoJSON writes a feature for each route, each stop and each visit that is on no route.
func GeoJSON(w io.Writer, s *vrp.Solution) error {
	all := geojson.NewFeatureCollection()
	for i := range s.Routes {
		r := &s.Routes[i]
		if way := line(r); len(way) > 1 {
			f := geojson.NewFeature(way)
			f.Properties = geojson.Properties{"kind": "route", "vehicle": r.Vehicle, "cost": r.Cost, "duration": r.Duration, "service": r.Service, "stroke": colour(i)}
			all.Append(f)
		}
		for _, at := range stops(r, i) {
			if at.Location == nil {
				continue
			}
			f := geojson.NewFeature(*at.Location)
			f.Properties = geojson.Properties{"kind": "stop", "vehicle": r.Vehicle, "type": at.Type, "id": at.ID, "number": at.Number, "arrival": at.Arrival,
				"waiting": at.WaitingTime, "service": at.Service, "name": at.name(), "marker-color": at.Colour}
			all.Append(f)
		}
	}
	for _, u := range s.Unassigned {
		if u.Location == nil {
			continue
		}
		f := geojson.NewFeature(*u.Location)
		f.Properties = geojson.Properties{"kind": "unassigned", "type": u.Type, "id": u.ID, "marker-color": "#777777"}
		if u.Reason != nil {
			f.Properties["reason"] = u.Reason.String()
		}
		all.Append(f)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// Size of pictures, in pixels.
const (
	width  = 1000.0
	margin = 20.0
	row    = 22.0 // of a chart
)

// placed tells whether the plan has a place for every stop but floating breaks.
func placed(s *vrp.Solution) bool {
	found := false
	for i := range s.Routes {
		for _, step := range s.Routes[i].Steps {
			if step.Location == nil && step.Type != vrp.StepBreak {
				return false
			}
			found = true
		}
	}
	return found
}

// SVG draws a map of the plan, or a chart of its times if its stops have no coordinates.
func SVG(w io.Writer, s *vrp.Solution) error {
	if placed(s) {
		return drawMap(w, s)
	}
	return drawChart(w, s)
}

// shape is one thing in a picture.
type shape struct {
	Points        string
	X, Y, W, H, R float64
	Colour, Title string
	Text          string
	Hollow        bool
}

var picture = template.Must(template.New("svg").Parse(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{printf "%.0f" .Width}} {{printf "%.0f" .Height}}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
{{range .Lines}}<polyline points="{{.Points}}" fill="none" stroke="{{.Colour}}" stroke-width="2" stroke-linejoin="round"><title>{{.Title}}</title></polyline>
{{end}}{{range .Boxes}}<rect x="{{printf "%.1f" .X}}" y="{{printf "%.1f" .Y}}" width="{{printf "%.1f" .W}}" height="{{printf "%.1f" .H}}" fill="{{if .Hollow}}#fff{{else}}{{.Colour}}{{end}}" stroke="{{.Colour}}"><title>{{.Title}}</title></rect>
{{end}}{{range .Dots}}<circle cx="{{printf "%.1f" .X}}" cy="{{printf "%.1f" .Y}}" r="{{.R}}" fill="{{if .Hollow}}#fff{{else}}{{.Colour}}{{end}}" stroke="{{.Colour}}"><title>{{.Title}}</title></circle>
{{end}}{{range .Words}}<text x="{{printf "%.1f" .X}}" y="{{printf "%.1f" .Y}}" fill="{{.Colour}}" text-anchor="{{if .Hollow}}start{{else}}middle{{end}}">{{.Text}}</text>
{{end}}</svg>
`))

type scene struct {
	Width, Height             float64
	Lines, Boxes, Dots, Words []shape
}

func drawMap(w io.Writer, s *vrp.Solution) error {
	var all orb.MultiPoint
	for i := range s.Routes {
		all = append(all, orb.MultiPoint(line(&s.Routes[i]))...)
		for _, step := range s.Routes[i].Steps {
			if step.Location != nil {
				all = append(all, *step.Location)
			}
		}
	}
	for _, u := range s.Unassigned {
		if u.Location != nil {
			all = append(all, *u.Location)
		}
	}
	b := all.Bound()
	squeeze := math.Cos(b.Center()[1] * math.Pi / 180)
	span := max((b.Max[0]-b.Min[0])*squeeze, b.Max[1]-b.Min[1], 1e-6)
	scale := (width - 2*margin) / span
	p := scene{Width: width, Height: (b.Max[1]-b.Min[1])*scale + 2*margin}
	at := func(q orb.Point) (x, y float64) {
		return margin + (q[0]-b.Min[0])*squeeze*scale, margin + (b.Max[1]-q[1])*scale
	}
	for i := range s.Routes {
		r := &s.Routes[i]
		var points bytes.Buffer
		for _, q := range line(r) {
			x, y := at(q)
			fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
		}
		p.Lines = append(p.Lines, shape{Points: points.String(), Colour: colour(i), Title: fmt.Sprintf("vehicle %d: %d s of driving, cost %d", r.Vehicle, r.Duration, r.Cost)})
		for _, st := range stops(r, i) {
			if st.Location == nil {
				continue
			}
			x, y := at(*st.Location)
			title := fmt.Sprintf("%s, %s", st.name(), Clock(st.Arrival+st.WaitingTime))
			if st.Number == 0 {
				p.Boxes = append(p.Boxes, shape{X: x - 5, Y: y - 5, W: 10, H: 10, Colour: st.Colour, Title: title})
				continue
			}
			p.Dots = append(p.Dots, shape{X: x, Y: y, R: 7, Colour: st.Colour, Title: title, Hollow: true})
			p.Words = append(p.Words, shape{X: x, Y: y + 4, Colour: st.Colour, Text: fmt.Sprint(st.Number)})
		}
	}
	for _, u := range s.Unassigned {
		if u.Location == nil {
			continue
		}
		x, y := at(*u.Location)
		title := fmt.Sprintf("%s %d: unassigned", u.Type, u.ID)
		if u.Reason != nil {
			title += ", " + u.Reason.String()
		}
		p.Dots = append(p.Dots, shape{X: x, Y: y, R: 5, Colour: "#777", Title: title})
	}
	return picture.Execute(w, p)
}

func drawChart(w io.Writer, s *vrp.Solution) error {
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range s.Routes {
		steps := s.Routes[i].Steps
		last := steps[len(steps)-1]
		from, to = min(from, steps[0].Arrival), max(to, last.Arrival+last.WaitingTime+last.Setup+last.Service)
	}
	left := 90.0
	scale := (width - left - margin) / float64(max(to-from, 1))
	at := func(seconds int64) float64 { return left + float64(seconds-from)*scale }
	p := scene{Width: width, Height: row*float64(len(s.Routes)) + 2*margin}
	if len(s.Routes) > 0 {
		hour := max(1, (to-from)/3600/12) * 3600
		for t := (from + hour - 1) / hour * hour; t <= to; t += hour {
			p.Words = append(p.Words, shape{X: at(t), Y: 13, Colour: "#555", Text: Clock(t)})
			p.Lines = append(p.Lines, shape{Points: fmt.Sprintf("%.1f,%.1f %.1f,%.1f", at(t), margin, at(t), p.Height-margin), Colour: "#ddd"})
		}
	}
	for i := range s.Routes {
		r := &s.Routes[i]
		y := margin + row*float64(i)
		p.Words = append(p.Words, shape{X: 6, Y: y + 15, Colour: colour(i), Text: fmt.Sprintf("vehicle %d", r.Vehicle), Hollow: true})
		steps := r.Steps
		p.Lines = append(p.Lines, shape{Points: fmt.Sprintf("%.1f,%.1f %.1f,%.1f", at(steps[0].Arrival), y+row/2, at(steps[len(steps)-1].Arrival), y+row/2), Colour: colour(i)})
		for _, st := range stops(r, i) {
			length := float64(st.Setup+st.Service) * scale
			p.Boxes = append(p.Boxes, shape{X: at(st.Arrival + st.WaitingTime), Y: y + 3, W: max(length, 1), H: row - 6, Colour: st.Colour, Hollow: st.Type == vrp.StepBreak,
				Title: fmt.Sprintf("%s, %s", st.name(), Clock(st.Arrival+st.WaitingTime))})
			if st.Number > 0 && length > 7*float64(len(fmt.Sprint(st.ID)))+4 {
				p.Words = append(p.Words, shape{X: at(st.Arrival+st.WaitingTime) + length/2, Y: y + 15, Colour: "#fff", Text: fmt.Sprint(st.ID)})
			}
		}
	}
	return picture.Execute(w, p)
}

var page = template.Must(template.New("page").Funcs(template.FuncMap{"clock": Clock}).Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Plan</title>
<style>body{font:14px/1.4 sans-serif;margin:1rem;max-width:70rem}table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.15rem .6rem;text-align:left;border-bottom:1px solid #ddd}td.n{text-align:right}svg{max-width:100%;border:1px solid #ddd}h2{font-size:1.05rem}</style>
<h1>{{len .S.Routes}} routes, cost {{.S.Summary.Cost}}, {{.S.Summary.Unassigned}} unassigned</h1>
{{.Picture}}
{{range .Routes}}<h2 style="color:{{.Colour}}">Vehicle {{.Vehicle}}{{with .Description}}, {{.}}{{end}}: cost {{.Cost}}, {{.Duration}} s of driving</h2>
<table><tr><th>Start<th>What<th>Waiting<th>Service<th>About</tr>
{{range .Stops}}<tr><td>{{clock .At}}<td>{{.Type}}{{if .Named}} {{.ID}}{{end}}<td class="n">{{.WaitingTime}} s<td class="n">{{.Length}} s<td>{{.Description}}{{range .Violations}} {{.Cause}}{{end}}</tr>
{{end}}</table>
{{end}}{{if .S.Unassigned}}<h2>Unassigned</h2><table><tr><th>Visit<th>Why</tr>
{{range .S.Unassigned}}<tr><td>{{.Type}} {{.ID}}<td>{{with .Reason}}{{.String}}{{end}}</tr>
{{end}}</table>{{end}}
`))

type pageStop struct {
	vrp.Step
	At, Length int64
	Named      bool
}

type pageRoute struct {
	*vrp.Route
	Colour string
	Stops  []pageStop
}

// HTML writes a page with the picture and a table of every stop.
func HTML(w io.Writer, s *vrp.Solution) error {
	var svg bytes.Buffer
	if err := SVG(&svg, s); err != nil {
		return err
	}
	var routes []pageRoute
	for i := range s.Routes {
		r := pageRoute{Route: &s.Routes[i], Colour: colour(i)}
		for _, step := range s.Routes[i].Steps {
			named := !slices.Contains([]vrp.StepType{vrp.StepStart, vrp.StepEnd, vrp.StepReload}, step.Type)
			r.Stops = append(r.Stops, pageStop{step, step.Arrival + step.WaitingTime, step.Setup + step.Service, named})
		}
		routes = append(routes, r)
	}
	return page.Execute(w, struct {
		S       *vrp.Solution
		Picture template.HTML
		Routes  []pageRoute
	}{s, template.HTML(svg.String()), routes})
}
