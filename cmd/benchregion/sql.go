package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/geo/cells"
	"catchment/geo/postgis"
)

// scratch is a database of its own, dropped in the end.
type scratch struct {
	server, name string
	pool         *pgxpool.Pool
}

func openScratch(ctx context.Context, server string) (*scratch, error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return nil, fmt.Errorf("reach the server: %w", err)
	}
	defer conn.Close(ctx)
	s := &scratch{server: server, name: fmt.Sprintf("bench_%d", os.Getpid())}
	if _, err := conn.Exec(ctx, "create database "+s.name); err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(server)
	if err != nil {
		return nil, err
	}
	config.Database = s.name
	own, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer own.Close(ctx)
	if _, err := own.Exec(ctx, "create extension postgis"); err != nil {
		return nil, err
	}
	if _, err := own.Exec(ctx, "alter database "+s.name+" set jit = off"); err != nil {
		return nil, err
	}
	if _, err := own.Exec(ctx, "alter database "+s.name+" set work_mem = '512MB'"); err != nil {
		return nil, err
	}
	url := server + " dbname=" + s.name
	if strings.Contains(server, "://") {
		return nil, fmt.Errorf("give the server's address as key=value pairs")
	}
	s.pool, err = postgis.OpenOwner(ctx, url)
	return s, err
}

func (s *scratch) close(ctx context.Context) {
	s.pool.Close()
	conn, err := pgx.Connect(ctx, s.server)
	if err != nil {
		return
	}
	defer conn.Close(ctx)
	conn.Exec(ctx, "drop database if exists "+s.name+" with (force)")
}

// fill loads the rows in the order of their cells, the kindest to SQL, and indexes them.
func (s *scratch) fill(ctx context.Context, rows []cells.Row) error {
	columns := []string{"id", "geom"}
	define := "create table place (id bigint, geom geometry(Point, 4326)"
	for _, d := range schema.Dimensions {
		columns = append(columns, d.Name)
		define += ", " + d.Name + " smallint"
	}
	for _, m := range schema.Measures {
		columns = append(columns, m)
		define += ", " + m + " bigint"
	}
	if _, err := s.pool.Exec(ctx, define+")"); err != nil {
		return err
	}
	i := 0
	_, err := s.pool.CopyFrom(ctx, pgx.Identifier{"place"}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if i == len(rows) {
			return nil, nil
		}
		r := &rows[i]
		i++
		values := []any{r.ID, r.Point}
		for d := range schema.Dimensions {
			values = append(values, int16(r.Dimensions[d]))
		}
		for m := range schema.Measures {
			values = append(values, r.Measures[m])
		}
		return values, nil
	}))
	if err != nil {
		return err
	}
	for _, statement := range []string{"create index on place using gist (geom)", "vacuum analyze place"} {
		if _, err := s.pool.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// ask answers a question in SQL in one statement that reads the places once: all groupings and the top rows.
func (s *scratch) ask(ctx context.Context, way string, shape orb.MultiPolygon, q cells.Question) (answer, error) {
	from := "place p where ST_Intersects(p.geom, $1)"
	if way == "subdivided" {
		from = "(select ST_Subdivide($1, 64) as part) s join place p on ST_Intersects(p.geom, s.part) where true"
	}
	args := []any{shape}
	for _, clause := range q.Filter {
		between, ok := clause[0].(cells.Between)
		if !ok {
			return answer{}, fmt.Errorf("no SQL for the filter %+v", clause)
		}
		args = append(args, between.Low)
		from += fmt.Sprintf(" and p.%s >= $%d", schema.Measures[between.Measure], len(args))
	}
	parts := []string{}
	for i, g := range q.Groups {
		a, b := schema.Dimensions[g[0].Number].Name, schema.Dimensions[g[1].Number].Name
		parts = append(parts, fmt.Sprintf("select %d, %s::int, %s::int, count(*), sum(value)::bigint, sum(revenue)::bigint from found group by %s, %s", i, a, b, a, b))
	}
	if q.Top != nil {
		parts = append(parts, fmt.Sprintf("(select -1, 0, 0, id, value, 0 from found where stage = 1 order by value desc, id limit %d)", q.Top.Count))
	}
	rows, err := s.pool.Query(ctx, "with found as materialized (select p.* from "+from+") "+strings.Join(parts, " union all "), args...)
	if err != nil {
		return answer{}, err
	}
	out := answer{groups: make([]map[[2]uint32][3]int64, len(q.Groups))}
	for i := range out.groups {
		out.groups[i] = make(map[[2]uint32][3]int64)
	}
	var i, a, b int
	var n, value, revenue int64
	_, err = pgx.ForEachRow(rows, []any{&i, &a, &b, &n, &value, &revenue}, func() error {
		if i < 0 {
			out.top = append(out.top, n)
		} else {
			out.groups[i][[2]uint32{uint32(a), uint32(b)}] = [3]int64{n, value, revenue}
		}
		return nil
	})
	return out, err
}
