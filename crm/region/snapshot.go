package region

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo/cells"
)

// Question asks for the places in an area, as far as the actor may see them.
type Question struct {
	Area    Area
	Where   []Condition // all of them hold
	By      [][]string  // groupings by up to two dimensions or references each
	AsOf    time.Time   // what was true then; zero means now
	KnownAt time.Time   // as far as it had been recorded by then; zero means now
}

// Condition holds for places whose dimension or reference has one of the values. Of references the values are
// ids; "" stands for none.
type Condition struct {
	Of string
	In []string
}

// Answer is what stands in an area. Position says up to where in the journal it is true.
type Answer struct {
	Position cells.Position
	Count    int64
	Groups   [][]Group // one list per grouping, without empty groups
}

// Group is the places with the same values.
type Group struct {
	Values []string // one per name of the grouping; "" for none
	Count  int64
}

// Snapshot counts the places in an area by groups, now or at a past instant.
func (r *Regions) Snapshot(ctx context.Context, q Question) (Answer, error) {
	x, asked, err := r.prepare(ctx, q)
	if err != nil {
		return Answer{}, err
	}
	for i, names := range q.By {
		if len(names) > 2 {
			return Answer{}, crm.Invalidf(fmt.Sprintf("by[%d]", i), "names more than two dimensions")
		}
		grouping := cells.Grouping{}
		for k, name := range names {
			c, ok := column(name)
			if !ok {
				return Answer{}, crm.Invalidf(fmt.Sprintf("by[%d][%d]", i, k), "there is no dimension %q", name)
			}
			grouping = append(grouping, c)
		}
		asked.Groups = append(asked.Groups, grouping)
	}
	got, err := x.Ask(ctx, asked)
	if err != nil {
		return Answer{}, plain(err)
	}
	out := Answer{Position: got.Position, Count: got.Total.Count, Groups: make([][]Group, len(q.By))}
	for i, groups := range got.Groups {
		out.Groups[i] = make([]Group, len(groups))
		for k, g := range groups {
			values, err := r.names(ctx, asked.Groups[i], g.Values)
			if err != nil {
				return Answer{}, err
			}
			out.Groups[i][k] = Group{values, g.Count}
		}
	}
	return out, nil
}

// CellCount is the number of places in an H3 cell.
type CellCount struct {
	Cell  string
	Count int64
}

// Cells counts the places in an area by H3 cell of a resolution.
func (r *Regions) Cells(ctx context.Context, q Question, resolution int) ([]CellCount, cells.Position, error) {
	x, asked, err := r.prepare(ctx, q)
	if err != nil {
		return nil, cells.Position{}, err
	}
	if resolution < 0 || resolution > cells.Resolution {
		return nil, cells.Position{}, crm.Invalidf("resolution", "lies outside 0..%d", cells.Resolution)
	}
	got, at, err := x.Cells(ctx, asked, resolution)
	if err != nil {
		return nil, at, plain(err)
	}
	out := make([]CellCount, len(got))
	for i, c := range got {
		out[i] = CellCount{strconv.FormatUint(c.Cell, 16), c.Count}
	}
	return out, at, nil
}

// Place is one place as it stood at the instant asked for.
type Place struct {
	No    int64 // of the site
	Point orb.Point
	Stage string
	Owner string // id, "" for none
}

// Places lists the places behind a number, by their number.
func (r *Regions) Places(ctx context.Context, q Question, cursor string, limit int) (crm.Page[Place], error) {
	var after int64
	if _, err := crm.DecodeCursor(cursor, &after); err != nil {
		return crm.Page[Place]{}, err
	}
	x, asked, err := r.prepare(ctx, q)
	if err != nil {
		return crm.Page[Place]{}, err
	}
	size := crm.PageSize(limit)
	rows, _, err := x.Rows(ctx, asked, after, size+1)
	if err != nil {
		return crm.Page[Place]{}, plain(err)
	}
	places := make([]Place, len(rows))
	for i, row := range rows {
		if places[i], err = r.place(ctx, &row); err != nil {
			return crm.Page[Place]{}, err
		}
	}
	return crm.Cut(places, size, func(p Place) any { return p.No }), nil
}

func (r *Regions) place(ctx context.Context, row *cells.Row) (Place, error) {
	values, err := r.names(ctx, cells.Grouping{cells.D(stageDimension), cells.R(ownerReference)},
		[]uint32{uint32(row.Dimensions[stageDimension]), row.References[ownerReference]})
	if err != nil {
		return Place{}, err
	}
	return Place{row.ID, row.Point, values[0], values[1]}, nil
}

// prepare turns a question into one for the index, limited to what the actor may see.
func (r *Regions) prepare(ctx context.Context, q Question) (*cells.Index, cells.Question, error) {
	actor, err := crm.Require(ctx, crm.AccountRead)
	if err != nil {
		return nil, cells.Question{}, err
	}
	x := r.index.Load()
	if x == nil {
		return nil, cells.Question{}, ErrBuilding
	}
	x = x.Still() // whatever else is asked for this answer is asked of the same state
	var out cells.Question
	if out.Area, err = q.Area.prepare("area"); err != nil {
		return nil, out, err
	}
	if !q.AsOf.IsZero() {
		out.When.AsOf = cells.InstantOf(q.AsOf)
	}
	if !q.KnownAt.IsZero() {
		out.When.KnownAt = cells.InstantOf(q.KnownAt)
	}
	for i, c := range q.Where {
		term, err := r.term(ctx, c, fmt.Sprintf("where[%d]", i))
		if err != nil {
			return nil, out, err
		}
		out.Filter = append(out.Filter, cells.Clause{term})
	}
	seen, err := r.seen(ctx, x, actor, out.When != cells.When{})
	out.Filter = append(out.Filter, seen...)
	return x, out, err
}

func (r *Regions) term(ctx context.Context, c Condition, path string) (cells.Term, error) {
	of, ok := column(c.Of)
	if !ok {
		return nil, crm.Invalidf(path+".of", "there is no dimension %q", c.Of)
	}
	in := cells.In{Column: of}
	for i, name := range c.In {
		value, ok := uint32(0), name == ""
		switch {
		case ok:
		case of.Reference:
			id, err := uuid.Parse(name)
			if err != nil {
				return nil, crm.Invalidf(fmt.Sprintf("%s.in[%d]", path, i), "%q is no id", name)
			}
			if value, ok, err = r.code(ctx, id); err != nil {
				return nil, err
			}
		default:
			value = uint32(slices.Index(Dimensions[of.Number].Values, name) + 1)
			ok = value > 0
		}
		if !ok {
			return nil, crm.Invalidf(fmt.Sprintf("%s.in[%d]", path, i), "there is no %s %q", c.Of, name)
		}
		in.Values = append(in.Values, value)
	}
	return in, nil
}

// seen is the scope of an actor as a filter. Of past instants, too, he sees the places that he may see today, not
// those that once were his.
func (r *Regions) seen(ctx context.Context, x *cells.Index, actor crm.Actor, past bool) (cells.Filter, error) {
	if actor.Scope == crm.ScopeAll {
		return nil, nil
	}
	var clause cells.Clause
	if code, ok, err := r.code(ctx, actor.ID); err != nil {
		return nil, err
	} else if ok {
		clause = append(clause, cells.In{Column: cells.R(ownerReference), Values: []uint32{code}})
	}
	if actor.Scope == crm.ScopeTeams {
		in := cells.In{Column: cells.R(teamReference)}
		for _, team := range actor.Teams {
			code, ok, err := r.code(ctx, team)
			if err != nil {
				return nil, err
			}
			if ok {
				in.Values = append(in.Values, code)
			}
		}
		clause = append(clause, in)
	}
	var reachable cells.Places
	err := r.store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select no from customer.site where id in (select unnest(crm.reachable('site')))`)
		var err error
		reachable, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return crm.DBError(err, "site")
	})
	if err != nil {
		return nil, err
	}
	filter := cells.Filter{append(clause, reachable)}
	if !past {
		return filter, nil
	}
	today := cells.Places{}
	if _, err := x.Each(ctx, cells.Question{Area: cells.Everywhere(), Filter: filter}, func(row cells.Row) { today = append(today, row.ID) }); err != nil {
		return nil, plain(err)
	}
	return cells.Filter{{today}}, nil
}

// code returns the number the journal uses for a person or team; not ok if it knows none.
func (r *Regions) code(ctx context.Context, id uuid.UUID) (code uint32, ok bool, err error) {
	for range 2 {
		r.naming.RLock()
		code, ok = r.codes[id]
		r.naming.RUnlock()
		if ok {
			return code, true, nil
		}
		if err := r.loadCodes(crm.WithActor(ctx, crm.System("regions"))); err != nil {
			return 0, false, err
		}
	}
	return 0, false, nil
}

// names spells out the values of a group.
func (r *Regions) names(ctx context.Context, grouping cells.Grouping, values []uint32) ([]string, error) {
	out := make([]string, len(values))
	for i, v := range values {
		switch {
		case v == 0:
		case !grouping[i].Reference:
			out[i] = Dimensions[grouping[i].Number].Values[v-1]
		default:
			r.naming.RLock()
			id, ok := r.ids[v]
			r.naming.RUnlock()
			if !ok {
				if err := r.loadCodes(crm.WithActor(ctx, crm.System("regions"))); err != nil {
					return nil, err
				}
				r.naming.RLock()
				id = r.ids[v]
				r.naming.RUnlock()
			}
			out[i] = id.String()
		}
	}
	return out, nil
}

// plain turns what the index says of a question into what a person reads.
func plain(err error) error {
	var before *cells.BeforeHistory
	if errors.As(err, &before) {
		return &crm.Error{Kind: crm.Invalid, Field: "as_of", Message: before.Error(), Err: err}
	}
	var invalid *cells.InvalidQuestion
	if errors.As(err, &invalid) {
		return &crm.Error{Kind: crm.Invalid, Message: invalid.Reason, Err: err}
	}
	return err
}
