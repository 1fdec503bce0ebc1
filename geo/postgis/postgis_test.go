package postgis_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/geo/postgis"
)

func TestEveryShapeSurvivesTheRoundTrip(t *testing.T) {
	t.Parallel()
	pool := postgis.TestDatabase(t)
	ctx := context.Background()
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}
	hole := orb.Ring{{1, 1}, {1, 2}, {2, 2}, {2, 1}, {1, 1}}
	line := orb.LineString{{9.5, 47.1}, {9.6, 47.2}, {9.7, 47.1}}
	for _, want := range []orb.Geometry{
		orb.Point{9.5, 47.1}, orb.MultiPoint{{1, 2}, {3, 4}}, line, orb.MultiLineString{line, line}, ring,
		orb.Polygon{ring, hole}, orb.MultiPolygon{{ring, hole}, {{{5, 5}, {6, 5}, {6, 6}, {5, 5}}}},
		orb.Collection{orb.Point{1, 2}, line}, orb.Bound{Min: orb.Point{1, 2}, Max: orb.Point{3, 4}},
	} {
		t.Run(want.GeoJSONType(), func(t *testing.T) {
			var got orb.Geometry
			if err := pool.QueryRow(ctx, "select $1::geometry", want).Scan(&got); err != nil {
				t.Fatal(err)
			}
			switch w := want.(type) { // they travel as polygons
			case orb.Ring:
				want = orb.Polygon{w}
			case orb.Bound:
				want = w.ToPolygon()
			}
			if !orb.Equal(want, got) {
				t.Errorf("want %v, got %v", want, got)
			}
		})
	}
}

func TestShapesInStructsArraysAndNulls(t *testing.T) {
	t.Parallel()
	pool := postgis.TestDatabase(t)
	ctx := context.Background()
	type row struct {
		At   orb.Point
		None *orb.Point
		Many []orb.Point
	}
	var none *orb.Point
	rows, err := pool.Query(ctx, "select $1::geometry as at, $2::geometry as none, $3::geometry[] as many",
		orb.Point{9.5, 47.1}, none, []orb.Point{{1, 2}, {3, 4}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if err != nil {
		t.Fatal(err)
	}
	want := row{At: orb.Point{9.5, 47.1}, Many: []orb.Point{{1, 2}, {3, 4}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var p orb.Point
	if err := pool.QueryRow(ctx, "select null::geometry").Scan(&p); err == nil {
		t.Error("NULL into a point that cannot be absent: want an error")
	}
	var three orb.LineString
	if err := pool.QueryRow(ctx, "select 'LINESTRING M (1 2 3, 4 5 6)'::geometry").Scan(&three); err == nil {
		t.Error("a third ordinate would be lost in silence: want an error")
	}
}

func TestTheApplicationOwnsNothingAndCannotRewriteTheLog(t *testing.T) {
	t.Parallel()
	pool := postgis.TestDatabase(t)
	ctx := context.Background()
	var owned, bypass int
	err := pool.QueryRow(ctx, `select (select count(*) from pg_class where relowner = 'catchment_app'::regrole),
		(select count(*) from pg_roles where rolname = 'catchment_app' and (rolsuper or rolbypassrls))`).Scan(&owned, &bypass)
	if err != nil {
		t.Fatal(err)
	}
	if owned != 0 || bypass != 0 {
		t.Errorf("want 0 tables owned and no power to bypass policies, got %d and %d", owned, bypass)
	}
	for _, statement := range []string{"update crm.event set verb = 'x'", "delete from crm.event", "drop table crm.event"} {
		if _, err := pool.Exec(ctx, statement); err == nil {
			t.Errorf("%s: want a refusal", statement)
		}
	}
}

func TestEveryTableOfTheBusinessHasForcedPolicies(t *testing.T) {
	t.Parallel()
	pool := postgis.TestDatabase(t)
	// Tables without anybody's data. All others must hide rows from those who may not see them.
	rows, err := pool.Query(context.Background(), `
		select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and n.nspname in ('crm', 'customer', 'work', 'dispatch')
		  and not (c.relrowsecurity and c.relforcerowsecurity) order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"crm.login_attempt", "crm.organisation", "crm.retention", "crm.role", "crm.share", "crm.team", "crm.team_member", "work.skill", "work.visit_type"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables without row-level security (-want +got)\n%s", diff)
	}
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	url := postgis.TestDatabaseURL(t)
	ctx := context.Background()
	errs := make(chan error, 3)
	for range 3 { // three processes that start together
		go func() {
			n, err := postgis.Migrate(ctx, url)
			if err == nil && n != 0 {
				t.Errorf("want nothing to migrate, got %d", n)
			}
			errs <- err
		}()
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	ready, err := postgis.Migrated(ctx, postgis.TestApp(t, url))
	if err != nil || !ready {
		t.Errorf("want migrated, got %v, %v", ready, err)
	}
}
