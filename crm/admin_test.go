package crm_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

func TestNobodyGivesWhatHeLacks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, err := o.store.AddRole(o.system, crm.RoleRow{Code: "hr", Title: "People", Scope: crm.ScopeTeams, Rights: []crm.Right{crm.StaffRead, crm.StaffWrite, crm.OrganisationWrite, crm.VisitRead}})
	must(t, err)
	_, err = o.store.AddRole(o.system, crm.RoleRow{Code: "guest", Title: "Guest", Scope: crm.ScopeOwn, Rights: []crm.Right{crm.VisitRead}})
	must(t, err)
	hr, err := o.store.AddStaff(o.system, crm.NewStaff{Name: "Hans Rot", Email: "hr@example.org", Role: "hr"})
	must(t, err)
	ctx := o.as(t, hr.ID)
	wide, narrow, before, own := "administrator", "guest", "hr", crm.ScopeAll
	rights := []crm.Right{crm.VisitRead, crm.AuditRead}
	off := false
	for _, row := range []struct {
		name  string
		kind  crm.Kind
		field string
		act   func() error
	}{
		{"a person with more rights", crm.Forbidden, "role", func() error {
			_, err := o.store.AddStaff(ctx, crm.NewStaff{Name: "Eve", Email: "eve@example.org", Role: wide})
			return err
		}},
		{"himself more rights", crm.Forbidden, "role", func() error {
			_, err := o.store.ChangeStaff(ctx, hr.ID, hr.Version, crm.StaffChange{Role: &wide})
			return err
		}},
		{"a role with a right he lacks", crm.Forbidden, "rights", func() error {
			_, err := o.store.AddRole(ctx, crm.RoleRow{Code: "x", Title: "X", Scope: crm.ScopeOwn, Rights: rights})
			return err
		}},
		{"a role that sees more", crm.Forbidden, "rights", func() error {
			_, err := o.store.AddRole(ctx, crm.RoleRow{Code: "x", Title: "X", Scope: own})
			return err
		}},
		{"his own role a right he lacks", crm.Forbidden, "rights", func() error {
			_, err := o.store.ChangeRole(ctx, "hr", 1, crm.RoleChange{Rights: &rights})
			return err
		}},
		{"the administrator's role", crm.Conflict, "", func() error {
			_, err := o.store.ChangeRole(o.system, wide, 1, crm.RoleChange{Rights: &rights})
			return err
		}},
		{"a role somebody has, away", crm.Conflict, "", func() error { return o.store.RemoveRole(o.system, "hr", 1) }},
		{"a role every organisation has, away", crm.Conflict, "", func() error { return o.store.RemoveRole(o.system, "rep", 1) }},
		{"a right nobody knows", crm.Invalid, "rights", func() error {
			_, err := o.store.AddRole(o.system, crm.RoleRow{Code: "x", Title: "X", Scope: crm.ScopeOwn, Rights: []crm.Right{"fly"}})
			return err
		}},
		{"a taken code", crm.Conflict, "", func() error {
			_, err := o.store.AddRole(o.system, crm.RoleRow{Code: "rep", Title: "X", Scope: crm.ScopeOwn})
			return err
		}},
		{"an older version", crm.Conflict, "version", func() error {
			_, err := o.store.ChangeRole(o.system, "hr", 9, crm.RoleChange{Rights: &rights})
			return err
		}},
	} {
		t.Run(row.name, func(t *testing.T) { wantError(t, row.act(), row.kind, row.field) })
	}
	if _, err := o.store.ChangeStaff(ctx, o.admin.ID, o.admin.Version, crm.StaffChange{Active: &off}); crm.KindOf(err) == "" {
		t.Error("shuts an administrator out")
	}
	if _, err := o.store.AddRole(ctx, crm.RoleRow{Code: "looker", Title: "Looker", Scope: crm.ScopeOwn, Rights: []crm.Right{crm.VisitRead}}); err != nil {
		t.Errorf("a role he covers: %v", err)
	}
	if _, err := o.store.ChangeStaff(ctx, hr.ID, hr.Version, crm.StaffChange{Role: &narrow}); err != nil {
		t.Errorf("himself less: %v", err)
	}
	_, err = o.store.ChangeStaff(o.system, hr.ID, hr.Version+1, crm.StaffChange{Role: &before})
	must(t, err)
	after, err := o.store.ChangeRole(o.system, "hr", 1, crm.RoleChange{Rights: &[]crm.Right{crm.StaffRead}})
	must(t, err)
	if diff := cmp.Diff([]crm.Right{crm.SignedIn, crm.StaffRead}, after.Rights); diff != "" || after.Members != 1 || after.BuiltIn {
		t.Errorf("%+v\n%s", after, diff)
	}
	if a, _ := crm.ActorFrom(o.as(t, hr.ID)); a.May(crm.StaffWrite) {
		t.Error("a changed role does not count at once")
	}
	must(t, o.store.EnsureOrganisation(o.system, crm.Organisation{Name: "x", Zone: "UTC", Currency: "EUR", Language: "en"})) // a later start leaves roles as they are
	if rows, err := o.store.RoleRows(o.system); err != nil || len(rows) != len(crm.Roles())+3 {
		t.Errorf("%d roles, %v", len(rows), err)
	}
}

func TestTheCalendar(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c, err := o.store.Company(o.system)
	must(t, err)
	zone := c.Location()
	friday := time.Date(2026, 12, 24, 23, 30, 0, 0, time.UTC) // the 25th already in Vaduz, a Friday
	if diff := cmp.Diff("2026-12-28", c.Calendar.NextWorkingDay(friday, zone)); diff != "" {
		t.Error(diff)
	}
	cal := crm.Calendar{WorkingDays: []int{1, 2, 3, 4, 5, 6}, Opens: "07:30", Closes: "18:00", Holidays: []crm.Holiday{{On: "2026-12-28", Name: "Closed"}, {On: "2026-12-26", Name: "Stephen"}}}
	after, err := o.store.ChangeCompany(o.system, c.Version, crm.CompanyChange{Calendar: &cal})
	must(t, err)
	if diff := cmp.Diff("2026-12-29", after.Calendar.NextWorkingDay(friday, zone)); diff != "" || after.Calendar.Works("2026-12-26") || !after.Calendar.Works("2027-01-02") || after.Calendar.Holidays[0].Name != "Stephen" {
		t.Errorf("%s%+v", diff, after)
	}
	if empty := (crm.Calendar{}); empty.NextWorkingDay(friday, zone) != "2026-12-26" {
		t.Error("a calendar without a working day ends")
	}
	german := []string{"de"}
	for _, row := range []struct {
		name, field string
		change      crm.CompanyChange
	}{
		{"no working day", "calendar.working_days", crm.CompanyChange{Calendar: &crm.Calendar{Opens: "08:00", Closes: "09:00"}}},
		{"an eighth day", "calendar.working_days", crm.CompanyChange{Calendar: &crm.Calendar{WorkingDays: []int{8}, Opens: "08:00", Closes: "09:00"}}},
		{"closing before opening", "calendar.closes", crm.CompanyChange{Calendar: &crm.Calendar{WorkingDays: []int{1}, Opens: "10:00", Closes: "09:00"}}},
		{"a holiday that is no day", "calendar.holidays[0].on", crm.CompanyChange{Calendar: &crm.Calendar{WorkingDays: []int{1}, Opens: "08:00", Closes: "09:00", Holidays: []crm.Holiday{{On: "2026-02-30", Name: "x"}}}}},
		{"languages without its own", "languages", crm.CompanyChange{Languages: &german}},
	} {
		_, err := o.store.ChangeCompany(o.system, after.Version, row.change)
		t.Run(row.name, func(t *testing.T) { wantError(t, err, crm.Invalid, row.field) })
	}
}

func TestTheAuditFindsWhoDidWhatWhen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := o.as(t, o.admin.ID)
	for i := range 7 {
		_, err := o.store.AddTeam(ctx, uuid.Nil, fmt.Sprint("Team ", i))
		must(t, err)
	}
	for _, row := range []struct {
		name string
		q    crm.AuditQuery
		want int
	}{
		{"by kind", crm.AuditQuery{Kind: "team"}, 7},
		{"by who", crm.AuditQuery{Actor: &o.admin.ID}, 7},
		{"by verb", crm.AuditQuery{Verb: "founded"}, 1},
		{"by what", crm.AuditQuery{Entity: &o.admin.ID}, 1},
		{"before all", crm.AuditQuery{To: time.Now().Add(-time.Hour)}, 0},
		{"since then", crm.AuditQuery{From: time.Now().Add(-time.Hour), Kind: "team"}, 7},
	} {
		row.q.Limit = 3
		n := 0
		for {
			page, err := o.store.Audit(ctx, row.q)
			must(t, err)
			n += len(page.Items)
			if row.q.Cursor = page.Next; page.Next == "" {
				break
			}
		}
		if n != row.want {
			t.Errorf("%s: want %d, got %d", row.name, row.want, n)
		}
	}
	_, err := o.store.Audit(crm.WithActor(ctx, crm.Actor{Rights: []crm.Right{crm.SignedIn}}), crm.AuditQuery{})
	wantError(t, err, crm.Forbidden, "")
}

// The chain names what a superuser has altered, and what was forgotten leaves no fault.
func TestTheChainNamesWhatWasAltered(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, sql string
		want      []string
	}{
		{"nothing", ``, nil},
		{"all personal values are forgotten", `delete from crm.private_value`, nil},
		{"one event's verb", `update crm.event set verb = 'never' where seq = (select seq from crm.event where entity_kind = 'team' order by seq limit 1)`, []string{"altered"}},
		{"one event's time by a microsecond", `update crm.event set at = at + interval '1 microsecond' where seq = (select seq from crm.event where entity_kind = 'team' order by seq limit 1)`, []string{"altered"}},
		{"one event is gone", `delete from crm.event where seq = (select seq from crm.event where entity_kind = 'team' order by seq limit 1)`, []string{"missing"}},
		{"one event is slipped in", `insert into crm.event (xid, at, actor, actor_name, verb, entity_kind, entity_id)
			select xid, at, actor, actor_name, verb, entity_kind, entity_id from crm.event where entity_kind = 'staff' order by seq limit 1`, []string{"slipped in"}},
		{"a private value", `update crm.private_value set value = '{"name": [null, "Eve"]}' where subject_kind = 'staff'`, []string{"private value altered"}},
		{"a link", `update crm.event_chain set hash = sha256('x') where n = 2`, []string{"altered", "altered"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			for i := range 5 {
				_, err := o.store.AddTeam(o.system, uuid.Nil, fmt.Sprint("Team ", i))
				must(t, err)
			}
			must(t, o.store.Write(o.system, func(tx pgx.Tx) error { // values of every form survive being kept
				changes := crm.Changes{}
				changes.SetPrivate("many", map[string]any{"b": 1, "a": []float64{1e-9, 9.5, 1e20}}, "<ä> \u2028")
				return crm.Append(o.system, tx, crm.Event{Verb: "changed", Kind: "x", ID: uuid.New(), Changes: changes})
			}))
			var events int
			must(t, o.owner.QueryRow(t.Context(), `select count(*) from crm.event`).Scan(&events))
			for made, tries := 0, 0; made < events; tries++ { // other tests' transactions hold the horizon back for moments
				n, err := o.store.ExtendChain(o.system)
				must(t, err)
				if made += n; n == 0 {
					time.Sleep(10 * time.Millisecond)
				}
				if tries > 3000 {
					t.Fatal("the horizon does not move")
				}
			}
			if row.sql != "" {
				_, err := o.owner.Exec(t.Context(), row.sql)
				must(t, err)
			}
			check, err := o.store.VerifyChain(o.as(t, o.admin.ID), "", time.Minute)
			must(t, err)
			var got []string
			for _, f := range check.Faults {
				got = append(got, f.Reason)
			}
			if diff := cmp.Diff(row.want, got); diff != "" || check.Checked != int64(events) || check.Next != "" || len(check.Head) != 64 {
				t.Errorf("%+v\n%s", check, diff)
			}
		})
	}
}

func TestNobodyRewritesTheChain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, sql := range []string{`update crm.event_chain set hash = ''`, `delete from crm.event_chain`, `insert into crm.event_chain values (1, 1, '')`, `delete from crm.event`, `update crm.event set verb = 'x'`} {
		err := o.store.Write(o.as(t, o.admin.ID), func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: got %v", sql, err)
		}
	}
}

func TestWhatIsOldIsForgotten(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	o.store.Now = func() time.Time { return now }
	policies := &crm.Policies{Store: o.store, All: crm.Retentions()}
	gone, back, here := uuid.New(), uuid.New(), uuid.New()
	happen := func(id uuid.UUID, verb string, at time.Time) {
		must(t, o.store.Write(o.system, func(tx pgx.Tx) error {
			changes := crm.Changes{}
			changes.SetPrivate("name", nil, verb)
			return crm.Append(o.system, tx, crm.Event{At: at, Verb: verb, Kind: "account", ID: id, Changes: changes})
		}))
	}
	long := now.AddDate(0, 0, -100)
	happen(gone, "added", long)
	happen(gone, "removed", long)
	happen(back, "removed", long)
	happen(back, "restored", long)
	happen(here, "added", long)
	_, err := o.owner.Exec(t.Context(), `insert into crm.login_attempt (at, account_hash, address, succeeded) values ($1, '', '', false), ($2, '', '', false)`, long, now)
	must(t, err)
	forgotten, err := policies.Forget(o.system)
	must(t, err)
	if forgotten["login_attempts"] != 1 || forgotten["removed"] != 2 {
		t.Errorf("forgotten: %v", forgotten)
	}
	for id, want := range map[uuid.UUID]int{gone: 0, back: 2, here: 1} {
		page, err := o.store.Timeline(o.system, id, "", 0)
		must(t, err)
		kept := 0
		for _, e := range page.Items {
			if len(e.Visible()) > 0 && json.Valid(e.Private) {
				kept++
			}
		}
		if kept != want {
			t.Errorf("kept %d values, want %d", kept, want)
		}
	}
	changed, err := policies.Change(o.system, "removed", 0, 30)
	must(t, err)
	if changed.Days != 30 || changed.Version != 1 {
		t.Errorf("changed: %+v", changed)
	}
	_, err = policies.Change(o.system, "removed", 0, 31)
	wantError(t, err, crm.Conflict, "version")
	_, err = policies.Change(o.system, "removed", 1, 0)
	wantError(t, err, crm.Invalid, "days")
	_, err = policies.Change(o.system, "love", 0, 1)
	wantError(t, err, crm.NotFound, "")
}
