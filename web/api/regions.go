package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/region"
	"catchment/geo"
	"catchment/geo/cells"
)

// Area is a part of the earth, said in one way; {} is everywhere.
type Area struct {
	Geometry     *Geometry   `json:"geometry,omitempty" doc:"Edges are straight in longitude and latitude; cut at the antimeridian"`
	Circle       *CircleArea `json:"circle,omitempty"`
	Cells        []string    `json:"cells,omitempty" maxItems:"200000" maxLength:"16" doc:"H3 cells, of any resolutions" example:"[\"871f8d6a4ffffff\"]"`
	Union        []Area      `json:"union,omitempty" maxItems:"100" doc:"In any of them"`
	Intersection []Area      `json:"intersection,omitempty" maxItems:"100" doc:"In all of them"`
	Complement   *Area       `json:"complement,omitempty" doc:"Outside it"`
}

// Geometry is a GeoJSON Polygon or MultiPolygon.
type Geometry struct {
	Type        string          `json:"type" enum:"Polygon,MultiPolygon"`
	Coordinates json.RawMessage `json:"coordinates" doc:"Rings of [longitude, latitude], each closed" example:"[[[9.5,47.1],[9.6,47.1],[9.6,47.2],[9.5,47.1]]]"`
}

// CircleArea is what lies within a distance of a point, measured along the ellipsoid.
type CircleArea struct {
	Centre       Point   `json:"centre" example:"[9.5209,47.1410]"`
	RadiusMeters float64 `json:"radius_meters" minimum:"0" maximum:"20037508" example:"5000"`
}

// polygons reads the coordinates, and tells where they are not those of a polygon.
func (g Geometry) polygons(path string) (orb.MultiPolygon, error) {
	var rings [][][][]float64
	var err error
	if g.Type == "Polygon" {
		var polygon [][][]float64
		err = json.Unmarshal(g.Coordinates, &polygon)
		rings = [][][][]float64{polygon}
	} else {
		err = json.Unmarshal(g.Coordinates, &rings)
	}
	path += ".coordinates"
	if err != nil {
		return nil, crm.Invalidf(path, "are not those of a %s", g.Type)
	}
	out := make(orb.MultiPolygon, len(rings))
	vertices := 0
	for i, polygon := range rings {
		out[i] = make(orb.Polygon, len(polygon))
		for j, ring := range polygon {
			if vertices += len(ring); vertices > geo.MaxVertices {
				return nil, crm.Invalidf(path, "have more than %d vertices", geo.MaxVertices)
			}
			out[i][j] = make(orb.Ring, len(ring))
			for k, position := range ring {
				if len(position) != 2 {
					return nil, crm.Invalidf(fmt.Sprintf("%s[%d][%d][%d]", path, i, j, k), "holds %d numbers instead of longitude and latitude", len(position))
				}
				out[i][j][k] = orb.Point{position[0], position[1]}
			}
		}
	}
	return out, nil
}

func (a Area) in(path string) (region.Area, error) {
	out := region.Area{Cells: a.Cells}
	if a.Geometry != nil {
		polygons, err := a.Geometry.polygons(path + ".geometry")
		if err != nil {
			return out, err
		}
		out.Polygons = polygons
	}
	if a.Circle != nil {
		out.Circle = &region.Circle{Centre: orb.Point(a.Circle.Centre), Radius: geo.Meters(a.Circle.RadiusMeters)}
	}
	for i, part := range a.Union {
		area, err := part.in(fmt.Sprintf("%s.union[%d]", path, i))
		if err != nil {
			return out, err
		}
		out.Union = append(out.Union, area)
	}
	for i, part := range a.Intersection {
		area, err := part.in(fmt.Sprintf("%s.intersection[%d]", path, i))
		if err != nil {
			return out, err
		}
		out.Intersection = append(out.Intersection, area)
	}
	if a.Complement != nil {
		area, err := a.Complement.in(path + ".complement")
		if err != nil {
			return out, err
		}
		out.Complement = &area
	}
	return out, nil
}

// Condition holds for places whose property has one of the values.
type Condition struct {
	Of string   `json:"of" maxLength:"40" doc:"stage, kind, class, source, owner or team" example:"stage"`
	In []string `json:"in" minItems:"1" maxItems:"1000" maxLength:"40" nullable:"false" doc:"Values; ids of owners and teams; an empty text for none" example:"[\"customer\"]"`
}

// Which are the places a question is about.
type Which struct {
	Area    Area        `json:"area"`
	Where   []Condition `json:"where,omitempty" maxItems:"20" doc:"All of them hold"`
	AsOf    *time.Time  `json:"as_of,omitempty" doc:"What was true then; now if left out" example:"2026-11-01T00:00:00Z"`
	KnownAt *time.Time  `json:"known_at,omitempty" doc:"As far as it had been recorded by then"`
}

func (w Which) in() (region.Question, error) {
	area, err := w.Area.in("area")
	if err != nil {
		return region.Question{}, err
	}
	q := region.Question{Area: area}
	for _, c := range w.Where {
		q.Where = append(q.Where, region.Condition{Of: c.Of, In: c.In})
	}
	for field, at := range map[string]struct {
		told *time.Time
		into *time.Time
	}{"as_of": {w.AsOf, &q.AsOf}, "known_at": {w.KnownAt, &q.KnownAt}} {
		if at.told == nil {
			continue
		}
		if err := checkInstant(field, *at.told); err != nil {
			return q, err
		}
		*at.into = *at.told
	}
	return q, nil
}

// SnapshotQuestion asks what stands in an area.
type SnapshotQuestion struct {
	Which
	By []Grouping `json:"by,omitempty" maxItems:"10" doc:"Groupings by one or two of stage, kind, class, source, owner, team" example:"[[\"stage\"],[\"class\",\"stage\"]]"`
}

// Grouping names what places are counted by.
type Grouping []string

// Schema describes a grouping.
func (Grouping) Schema(huma.Registry) *huma.Schema {
	name := &huma.Schema{Type: huma.TypeString, MaxLength: new(40)}
	s := &huma.Schema{Type: huma.TypeArray, Items: name, MinItems: new(1), MaxItems: new(2)}
	name.PrecomputeMessages()
	s.PrecomputeMessages()
	return s
}

// Snapshot is what stands in an area.
type Snapshot struct {
	Count    int64     `json:"count"`
	Groups   [][]Group `json:"groups" nullable:"false" doc:"One list for each grouping, without empty groups"`
	Position string    `json:"position" doc:"Of the journal; the answer is true there"`
}

// Group is the places with the same values.
type Group struct {
	Values []string `json:"values" nullable:"false" doc:"One for each name of the grouping; an empty text for none" example:"[\"customer\"]"`
	Count  int64    `json:"count"`
}

// DifferenceQuestion asks what changed in an area between two instants.
type DifferenceQuestion struct {
	Area  Area        `json:"area"`
	Where []Condition `json:"where,omitempty" maxItems:"20" doc:"All of them hold"`
	From  time.Time   `json:"from" example:"2026-10-01T00:00:00Z"`
	To    *time.Time  `json:"to,omitempty" doc:"Now if left out"`
}

// Difference is how a number of places came from one instant to another: from, less out, plus in, is to.
type Difference struct {
	From     int64        `json:"from"`
	To       int64        `json:"to"`
	Out      []WhyCounted `json:"out" nullable:"false" doc:"Places asked for then and no longer"`
	In       []WhyCounted `json:"in" nullable:"false" doc:"Places asked for now and not then"`
	Within   []WhyCounted `json:"within" nullable:"false" doc:"Places that changed and stayed"`
	Position string       `json:"position"`
}

// WhyCounted is a reason and how many places it holds for.
type WhyCounted struct {
	Reason string `json:"reason" doc:"new, gone, moved_in, moved_out, won, lost, stage, realigned, relocated or other" example:"won"`
	Count  int64  `json:"count"`
}

// CellsQuestion asks how many places stand in each H3 cell of an area.
type CellsQuestion struct {
	Which
	Resolution int `json:"resolution" minimum:"0" maximum:"10" example:"7"`
}

// CellCounts is the number of places by H3 cell.
type CellCounts struct {
	Items    []CellCount `json:"items" nullable:"false"`
	Position string      `json:"position"`
}

// CellCount is the number of places in an H3 cell.
type CellCount struct {
	Cell  string `json:"cell" example:"871f8d6a4ffffff"`
	Count int64  `json:"count"`
}

// PlacesQuestion asks for the places behind a number.
type PlacesQuestion struct {
	Which
	Limit  int    `json:"limit,omitempty" minimum:"1" maximum:"500" default:"50"`
	Cursor string `json:"cursor,omitempty" maxLength:"1000" doc:"Where the page before ended: its next"`
}

// RegionPlace is one place as it stood.
type RegionPlace struct {
	No    int64  `json:"no" doc:"Of the site"`
	Point Point  `json:"point"`
	Stage string `json:"stage"`
	Owner string `json:"owner_id" doc:"An empty text for none"`
}

func position(p cells.Position) string { return fmt.Sprintf("%d-%d", p.Transaction, p.Sequence) }

func reasonsOut(reasons []region.Reason) []WhyCounted {
	out := make([]WhyCounted, 0, len(reasons))
	for _, r := range reasons {
		out = append(out, WhyCounted{r.Name, r.Count})
	}
	return out
}

// asked puts what regions say of a question in the words of the request.
func asked(err error) error {
	if errors.Is(err, region.ErrBuilding) {
		return NewProblem(http.StatusServiceUnavailable, "the index of regions is being built; try again").With("Retry-After", "3")
	}
	var known *crm.Error
	if errors.As(err, &known) {
		out := *known
		out.Field = strings.NewReplacer(".polygons.", ".geometry.", ".polygons", ".geometry", ".circle.point", ".circle.centre").Replace(known.Field)
		return &out
	}
	return err
}

func regionOperations(a *API, rooms Rooms) {
	regions := rooms.Regions
	const tag, body = "regions", 16 << 20
	if regions == nil { // only where the document is written, without a house behind it
		regions = region.New(nil, nil, "")
	}
	Register(a, Operation{ID: "regionSnapshot", Method: http.MethodPost, Path: "/regions/snapshot", Tag: tag, Summary: "What stands in an area, now or at a past instant",
		About: "Exact counts of the sites the caller may see, by groups.", MaxBody: body, Asks: true},
		crm.AccountRead, func(ctx context.Context, in *struct{ Body SnapshotQuestion }) (*struct{ Body Snapshot }, error) {
			q, err := in.Body.in()
			if err != nil {
				return nil, err
			}
			for _, names := range in.Body.By {
				q.By = append(q.By, names)
			}
			answer, err := regions.Snapshot(ctx, q)
			if err != nil {
				return nil, asked(err)
			}
			out := Snapshot{Count: answer.Count, Groups: make([][]Group, 0, len(answer.Groups)), Position: position(answer.Position)}
			for _, groups := range answer.Groups {
				list := make([]Group, 0, len(groups))
				for _, g := range groups {
					list = append(list, Group{g.Values, g.Count})
				}
				out.Groups = append(out.Groups, list)
			}
			return &struct{ Body Snapshot }{out}, nil
		})
	Register(a, Operation{ID: "regionDifference", Method: http.MethodPost, Path: "/regions/difference", Tag: tag, Summary: "What changed in an area between two instants, and why",
		MaxBody: body, Asks: true},
		crm.AccountRead, func(ctx context.Context, in *struct{ Body DifferenceQuestion }) (*struct{ Body Difference }, error) {
			b := in.Body
			q, err := Which{Area: b.Area, Where: b.Where}.in()
			if err != nil {
				return nil, err
			}
			if err := checkInstant("from", b.From); err != nil {
				return nil, err
			}
			var to time.Time
			if b.To != nil {
				if to = *b.To; !to.After(b.From) {
					return nil, crm.Invalidf("to", "does not come after from")
				}
				if err := checkInstant("to", to); err != nil {
					return nil, err
				}
			}
			d, err := regions.Difference(ctx, q, b.From, to)
			if err != nil {
				return nil, renamed(asked(err), map[string]string{"as_of": "from"})
			}
			return &struct{ Body Difference }{Difference{d.From, d.To, reasonsOut(d.Out), reasonsOut(d.In), reasonsOut(d.Within), position(d.Position)}}, nil
		})
	Register(a, Operation{ID: "regionCells", Method: http.MethodPost, Path: "/regions/cells", Tag: tag, Summary: "How many places stand in each H3 cell of an area",
		MaxBody: body, Asks: true},
		crm.AccountRead, func(ctx context.Context, in *struct{ Body CellsQuestion }) (*struct{ Body CellCounts }, error) {
			q, err := in.Body.in()
			if err != nil {
				return nil, err
			}
			counts, at, err := regions.Cells(ctx, q, in.Body.Resolution)
			if err != nil {
				return nil, asked(err)
			}
			out := CellCounts{make([]CellCount, 0, len(counts)), position(at)}
			for _, c := range counts {
				out.Items = append(out.Items, CellCount(c))
			}
			return &struct{ Body CellCounts }{out}, nil
		})
	Register(a, Operation{ID: "regionPlaces", Method: http.MethodPost, Path: "/regions/places", Tag: tag, Summary: "The places behind a number", MaxBody: body, Asks: true},
		crm.AccountRead, func(ctx context.Context, in *struct{ Body PlacesQuestion }) (*List[RegionPlace], error) {
			q, err := in.Body.in()
			if err != nil {
				return nil, err
			}
			page, err := regions.Places(ctx, q, in.Body.Cursor, in.Body.Limit)
			if err != nil {
				return nil, asked(err)
			}
			out := paged(ctx, page, func(p region.Place) RegionPlace { return RegionPlace{p.No, point(p.Point), p.Stage, p.Owner} })
			out.Link = "" // the cursor goes into the body, not into an address
			return out, nil
		})
}
