package crm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"catchment/crm"
	"catchment/geo/postgis"
)

// office is a store on a database of its own, with an administrator.
type office struct {
	store  *crm.Store
	owner  *pgxpool.Pool // past all policies
	system context.Context
	admin  crm.Staff
}

func newOffice(t *testing.T) *office {
	t.Helper()
	url := postgis.TestDatabaseURL(t)
	o := &office{store: crm.NewStore(postgis.TestApp(t, url)), owner: postgis.TestOwner(t, url), system: crm.WithActor(context.Background(), crm.System("test"))}
	must(t, o.store.EnsureOrganisation(o.system, crm.Organisation{Name: "Alpine Heating", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}))
	var err error
	o.admin, err = o.store.AddStaff(o.system, crm.NewStaff{Name: "Ada Min", Email: "ada@example.org", Role: "administrator"})
	must(t, err)
	return o
}

func (o *office) as(t *testing.T, id uuid.UUID) context.Context {
	t.Helper()
	a, err := o.store.ActorOf(context.Background(), id)
	must(t, err)
	return crm.WithActor(context.Background(), a)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPersonalValuesLieApartFromTheLog(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	entries, err := o.store.Timeline(o.system, o.admin.ID, "", 0)
	must(t, err)
	if len(entries.Items) != 1 {
		t.Fatalf("want one entry, got %+v", entries.Items)
	}
	e := entries.Items[0]
	if e.Verb != "added" || e.EntityKind != "staff" || e.ActorName != "test" || e.Actor != crm.SystemID {
		t.Errorf("want who did what, got %+v", e)
	}
	if text := string(e.Changes); strings.Contains(text, "Ada") || !strings.Contains(text, "private") || !strings.Contains(text, "administrator") {
		t.Errorf("want the role in the log and the name out of it, got %s", text)
	}
	var kept map[string][2]any
	must(t, json.Unmarshal(e.Private, &kept))
	if diff := cmp.Diff(map[string][2]any{"name": {nil, "Ada Min"}, "email": {nil, "ada@example.org"}}, kept); diff != "" {
		t.Errorf("values kept apart (-want +got)\n%s", diff)
	}
	// Two people of one name have different hashes: the values cannot be guessed from the log.
	_, err = o.store.AddStaff(o.system, crm.NewStaff{Name: "Ada Min", Email: "ada2@example.org", Role: "rep"})
	must(t, err)
	var hashes int
	must(t, o.owner.QueryRow(context.Background(), `select count(distinct changes #>> '{name,private}') from crm.event where changes #>> '{name,private}' is not null`).Scan(&hashes))
	if hashes != 2 {
		t.Errorf("want two hashes, got %d", hashes)
	}
	if _, err := o.owner.Exec(context.Background(), `delete from crm.private_value`); err != nil { // forgotten
		t.Fatal(err)
	}
	entries, err = o.store.Timeline(o.system, o.admin.ID, "", 0)
	must(t, err)
	if len(entries.Items) != 1 || entries.Items[0].Private != nil || string(entries.Items[0].Changes) != string(e.Changes) {
		t.Errorf("once forgotten: want the same entry without values, got %+v", entries.Items)
	}
}

func TestEveryWriteLeavesAnEntry(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := o.as(t, o.admin.ID)
	var team crm.Team
	name, theme, role := "Ada Minister", "dark", "dispatcher"
	for _, row := range []struct {
		name, verb, kind string
		write            func() error
	}{
		{"a team", "added", "team", func() (err error) { team, err = o.store.AddTeam(ctx, uuid.Nil, "North"); return err }},
		{"a person", "added", "staff", func() error {
			_, err := o.store.AddStaff(ctx, crm.NewStaff{Name: "Rep", Email: "rep@example.org", Role: "rep", TeamIDs: []uuid.UUID{team.ID}})
			return err
		}},
		{"a person's new name", "changed", "staff", func() error {
			_, err := o.store.ChangeStaff(ctx, o.admin.ID, 1, crm.StaffChange{Name: &name})
			return err
		}},
		{"one's own taste", "changed", "staff", func() error { _, err := o.store.ChangeMe(ctx, nil, &theme); return err }},
		{"the organisation", "changed", "organisation", func() error {
			_, err := o.store.ChangeOrganisation(ctx, 1, crm.Organisation{Name: "Alpine", Zone: "Europe/Zurich", Currency: "EUR", Language: "de"})
			return err
		}},
		{"a refused change", "", "", func() error {
			if _, err := o.store.ChangeStaff(ctx, o.admin.ID, 1, crm.StaffChange{Role: &role}); crm.KindOf(err) != crm.Conflict {
				return fmt.Errorf("want a conflict, got %w", err)
			}
			return nil
		}},
		{"an organisation that is there already", "", "", func() error {
			return o.store.EnsureOrganisation(ctx, crm.Organisation{Name: "Another", Zone: "UTC", Currency: "EUR", Language: "en"})
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var before int
			must(t, o.owner.QueryRow(ctx, `select coalesce(max(seq), 0) from crm.event`).Scan(&before))
			must(t, row.write())
			var got []string
			must(t, o.owner.QueryRow(ctx, `select coalesce(array_agg(verb || ' ' || entity_kind || ' by ' || actor), '{}') from crm.event where seq > $1`, before).Scan(&got))
			var want []string
			if row.verb != "" {
				want = []string{row.verb + " " + row.kind + " by " + o.admin.ID.String()}
			}
			if strings.Join(want, ";") != strings.Join(got, ";") {
				t.Errorf("want %v, got %v", want, got)
			}
		})
	}
	if org, err := o.store.Organisation(ctx); err != nil || org.Name != "Alpine" {
		t.Errorf("want the first organisation kept, got %+v, %v", org, err)
	}
}

// TestAFollowerMissesNothingThatCommitsLate lets eight writers append in transactions of random length while a
// follower reads: what has a smaller number but commits later must not be passed over.
func TestAFollowerMissesNothingThatCommitsLate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := o.as(t, o.admin.ID)
	const writers, each = 8, 15
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				err := o.store.Write(ctx, func(tx pgx.Tx) error {
					for range 1 + i%2 {
						if err := crm.Append(ctx, tx, crm.Event{Verb: "tested", Kind: "follower", ID: uuid.Must(uuid.NewV7())}); err != nil {
							return err
						}
					}
					if _, err := tx.Exec(ctx, `select pg_sleep($1)`, float64((w*7+i*3)%5)/500); err != nil {
						return err
					}
					if i%7 == 6 {
						return fmt.Errorf("changed my mind")
					}
					return nil
				})
				if err != nil && i%7 != 6 {
					t.Error(err)
				}
			}
		})
	}
	written := make(chan bool)
	go func() { group.Wait(); close(written) }()
	seen := map[int64]int{}
	var at crm.Position
	done := false
	for quiet := 0; quiet < 100; {
		entries, err := o.store.Follow(ctx, at, 7)
		must(t, err)
		for _, e := range entries {
			seen[e.Seq]++
			at = crm.Position{XID: e.XID, Seq: e.Seq}
		}
		select {
		case <-written:
			done = true
		default:
		}
		var all int
		must(t, o.owner.QueryRow(ctx, `select count(*) from crm.event`).Scan(&all))
		if done && len(seen) == all {
			break
		}
		if len(entries) == 0 {
			time.Sleep(20 * time.Millisecond) // other transactions of the server hold the horizon back
			if done {
				quiet++
			}
		}
	}
	var all []int64
	must(t, o.owner.QueryRow(ctx, `select array_agg(seq order by xid, seq) from crm.event`).Scan(&all))
	for _, seq := range all {
		if seen[seq] != 1 {
			t.Errorf("entry %d was seen %d times", seq, seen[seq])
		}
	}
	if len(all) < writers*each {
		t.Errorf("want at least %d entries, got %d", writers*each, len(all))
	}
	if _, err := o.store.Follow(crm.WithActor(ctx, crm.Actor{ID: o.admin.ID, Scope: crm.ScopeAll, Rights: []crm.Right{crm.SignedIn}}), at, 1); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("without the right to audit: want forbidden, got %v", err)
	}
}

func TestTimelinesPageWithoutGapsNewestFirst(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, base := uuid.Must(uuid.NewV7()), time.Now().Add(-time.Hour).Truncate(time.Second)
	must(t, o.store.Write(o.system, func(tx pgx.Tx) error {
		for i := range 9 { // three at the same instant, entered in no order
			at := base.Add(time.Duration(i*5%3) * time.Minute)
			if err := crm.Append(o.system, tx, crm.Event{At: at, Verb: "tested", Kind: "timeline", ID: id, Account: &id}); err != nil {
				return err
			}
		}
		return nil
	}))
	for name, read := range map[string]func(string) (crm.Page[crm.Entry], error){
		"of a record":   func(c string) (crm.Page[crm.Entry], error) { return o.store.Timeline(o.system, id, c, 2) },
		"of an account": func(c string) (crm.Page[crm.Entry], error) { return o.store.AccountTimeline(o.system, id, c, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			var got []crm.Entry
			pages := 0
			for cursor := ""; pages == 0 || cursor != ""; pages++ {
				page, err := read(cursor)
				must(t, err)
				got = append(got, page.Items...)
				cursor = page.Next
			}
			if len(got) != 9 || pages != 5 {
				t.Fatalf("want 9 entries on 5 pages, got %d on %d", len(got), pages)
			}
			for i := 1; i < len(got); i++ {
				if a, b := got[i-1], got[i]; b.At.After(a.At) || b.At.Equal(a.At) && b.Seq >= a.Seq {
					t.Errorf("entry %d is newer than the one before it", i)
				}
			}
			for _, cursor := range []string{"?", "bm9uc2Vuc2U", crm.EncodeCursor([]int{1}), crm.EncodeCursor(map[string]any{"At": "then"})} {
				if _, err := read(cursor); crm.KindOf(err) != crm.Invalid {
					t.Errorf("cursor %q: want invalid, got %v", cursor, err)
				}
			}
		})
	}
}

func TestChangesThatChangeNothingAreNotRecorded(t *testing.T) {
	t.Parallel()
	changes, id := crm.Changes{}, uuid.New()
	same := id
	changes.Set("the same pointer target", &id, &same)
	changes.Set("nothing", nil, nil)
	changes.SetPrivate("the same text", "x", "x")
	changes.Set("became", nil, "x")
	if diff := cmp.Diff(crm.Changes{"became": {New: "x"}}, changes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
