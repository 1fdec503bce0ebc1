package crm_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

func wantError(t *testing.T, err error, kind crm.Kind, field string) {
	t.Helper()
	var e *crm.Error
	if !errors.As(err, &e) {
		t.Fatalf("want %s on %q, got %v", kind, field, err)
	}
	if e.Kind != kind || e.Field != field {
		t.Errorf("want %s on %q, got %s on %q: %v", kind, field, e.Kind, e.Field, err)
	}
}

func TestWhatAPersonMayBe(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, row := range []struct {
		name   string
		change func(*crm.NewStaff)
		kind   crm.Kind
		field  string
	}{
		{"no name", func(n *crm.NewStaff) { n.Name = " " }, crm.Invalid, "name"},
		{"a name of 201 letters", func(n *crm.NewStaff) { n.Name = strings.Repeat("x", 201) }, crm.Invalid, "name"},
		{"no e-mail", func(n *crm.NewStaff) { n.Email = "" }, crm.Invalid, "email"},
		{"an e-mail with a name around it", func(n *crm.NewStaff) { n.Email = "Bob <bob@example.org>" }, crm.Invalid, "email"},
		{"a role nobody knows", func(n *crm.NewStaff) { n.Role = "king" }, crm.Invalid, "role"},
		{"a language we do not speak", func(n *crm.NewStaff) { n.Language = "tlh" }, crm.Invalid, "language"},
		{"a team nobody knows", func(n *crm.NewStaff) { n.TeamIDs = []uuid.UUID{uuid.New()} }, crm.Invalid, "team_ids"},
		{"an e-mail that is taken, in other case", func(n *crm.NewStaff) { n.Email = "ADA@example.org" }, crm.Conflict, ""},
		{"a zero byte", func(n *crm.NewStaff) { n.Name = "a\x00b" }, crm.Invalid, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := crm.NewStaff{Name: "Bob", Email: "bob@example.org", Role: "rep"}
			row.change(&n)
			_, err := o.store.AddStaff(o.system, n)
			wantError(t, err, row.kind, row.field)
		})
	}
	people, err := o.store.StaffList(o.system)
	must(t, err)
	if len(people) != 1 {
		t.Errorf("want nobody added, got %d people", len(people))
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	off, rep := false, "rep"
	_, err := o.store.ChangeStaff(o.system, o.admin.ID, o.admin.Version, crm.StaffChange{Active: &off})
	wantError(t, err, crm.Conflict, "")
	_, err = o.store.ChangeStaff(o.system, o.admin.ID, o.admin.Version, crm.StaffChange{Role: &rep})
	wantError(t, err, crm.Conflict, "")
	second, err := o.store.AddStaff(o.system, crm.NewStaff{Name: "Second", Email: "second@example.org", Role: "administrator"})
	must(t, err)
	errs := make(chan error, 2)
	for _, p := range []crm.Staff{o.admin, second} { // both dismiss each other at once
		go func() {
			_, err := o.store.ChangeStaff(o.system, p.ID, p.Version, crm.StaffChange{Active: &off})
			errs <- err
		}()
	}
	a, b := <-errs, <-errs
	if (a == nil) == (b == nil) || crm.KindOf(errors.Join(a, b)) != crm.Conflict {
		t.Errorf("want exactly one to go, got %v and %v", a, b)
	}
}

func TestOfTwoChangesToOneVersionOneSucceeds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	errs := make(chan error, 6)
	for _, name := range []string{"A", "B", "C", "D", "E", "F"} {
		go func() {
			_, err := o.store.ChangeStaff(o.system, o.admin.ID, o.admin.Version, crm.StaffChange{Name: &name})
			errs <- err
		}()
	}
	succeeded := 0
	for range 6 {
		if err := <-errs; err == nil {
			succeeded++
		} else {
			wantError(t, err, crm.Conflict, "version")
		}
	}
	if succeeded != 1 {
		t.Errorf("want one to succeed, got %d", succeeded)
	}
}

func TestRightsOfEachRole(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	// Who may do what, cell by cell: a change here is a decision.
	const table = `
	                 administrator sales_manager rep dispatcher technician marketer service_agent
	account.read                 x             x   x          x          x        x             x
	account.write                x             x   x          x          .        .             x
	lead.read                    x             x   x          x          x        x             x
	lead.write                   x             x   x          .          x        x             .
	deal.read                    x             x   x          x          .        x             x
	deal.write                   x             x   x          .          .        .             .
	product.read                 x             x   x          x          x        x             x
	product.write                x             x   .          .          .        .             .
	order.read                   x             x   x          x          .        x             x
	order.write                  x             x   x          .          .        .             .
	case.read                    x             x   x          x          x        x             x
	case.write                   x             .   .          x          x        .             x
	installation.read            x             x   x          x          x        x             x
	installation.write           x             .   .          x          .        .             x
	contract.read                x             x   x          x          x        x             x
	contract.write               x             x   .          .          .        .             x
	activity.read                x             x   x          x          x        x             x
	activity.write               x             x   x          x          x        .             x
	bulk.write                   x             x   x          x          .        x             x
	merge.write                  x             x   .          .          .        .             .
	import.run                   x             x   .          .          .        x             .
	export.run                   x             x   x          x          .        x             x
	field.write                  x             .   .          .          .        .             .
	webhook.write                x             .   .          .          .        .             .
	territory.read               x             x   x          x          .        x             x
	territory.write              x             x   .          .          .        .             .
	visit.read                   x             x   x          x          x        x             x
	visit.write                  x             x   x          x          .        .             x
	visit.work                   x             .   x          x          x        .             .
	plan.read                    x             x   x          x          .        .             x
	plan.run                     x             x   .          x          .        .             .
	plan.publish                 x             x   .          x          .        .             .
	resource.read                x             x   x          x          x        x             x
	resource.write               x             .   .          x          .        .             .
	staff.read                   x             x   x          x          .        x             x
	staff.write                  x             .   .          .          .        .             .
	organisation.write           x             .   .          .          .        .             .
	audit.read                   x             .   .          .          .        .             .
	token.own                    x             x   x          x          .        x             x
	signed_in                    x             x   x          x          x        x             x`
	lines := strings.Split(strings.TrimSpace(table), "\n")
	roles := strings.Fields(lines[0])
	want := map[string]string{}
	for _, line := range lines[1:] {
		words := strings.Fields(line)
		for i, role := range roles {
			if words[i+1] == "x" {
				want[role] += words[0] + " "
			}
		}
	}
	got := map[string]string{}
	for i, role := range roles {
		p, err := o.store.AddStaff(o.system, crm.NewStaff{Name: role, Email: role + "@example.org", Role: role})
		must(t, err)
		actor, err := o.store.ActorOf(context.Background(), p.ID)
		must(t, err)
		for _, line := range lines[1:] {
			if right := strings.Fields(line)[0]; actor.May(crm.Right(right)) {
				got[role] += right + " "
			}
		}
		if n := len(actor.Rights); n != strings.Count(got[role], " ") {
			t.Errorf("%s has rights the table does not name: %v", roles[i], actor.Rights)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNobodyActsWithoutBeingSignedIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := context.Background()
	for name, err := range map[string]error{
		"reading": o.store.Read(ctx, func(pgx.Tx) error { t.Error("ran"); return nil }),
		"writing": o.store.Write(ctx, func(pgx.Tx) error { t.Error("ran"); return nil }),
		"the organisation": func() error {
			_, err := o.store.Organisation(ctx)
			return err
		}(),
		"the list of staff": func() error { _, err := o.store.StaffList(ctx); return err }(),
		"a timeline":        func() error { _, err := o.store.Timeline(ctx, uuid.New(), "", 0); return err }(),
		"following the log": func() error { _, err := o.store.Follow(ctx, crm.Position{}, 1); return err }(),
		"adding a team":     func() error { _, err := o.store.AddTeam(ctx, uuid.Nil, "x"); return err }(),
	} {
		if crm.KindOf(err) != crm.Unauthenticated {
			t.Errorf("%s: want unauthenticated, got %v", name, err)
		}
	}
	technician, err := o.store.AddStaff(o.system, crm.NewStaff{Name: "T", Email: "t@example.org", Role: "technician"})
	must(t, err)
	tech := o.as(t, technician.ID)
	_, err = o.store.AddTeam(tech, uuid.Nil, "x")
	wantError(t, err, crm.Forbidden, "")
	_, err = o.store.StaffByID(tech, o.admin.ID)
	wantError(t, err, crm.Forbidden, "")
	if me, err := o.store.StaffByID(tech, technician.ID); err != nil || me.Name != "T" {
		t.Errorf("himself: want T, got %+v, %v", me, err)
	}
	_, err = o.store.ChangeMe(tech, new(string), nil)
	wantError(t, err, crm.Invalid, "language")
}

func TestWhatAnOrganisationMayBe(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	sound := crm.Organisation{Name: "A", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}
	for _, row := range []struct {
		name   string
		change func(*crm.Organisation)
		field  string
	}{
		{"no name", func(n *crm.Organisation) { n.Name = "" }, "name"},
		{"no zone", func(n *crm.Organisation) { n.Zone = "" }, "zone"},
		{"a zone nobody knows", func(n *crm.Organisation) { n.Zone = "Europe/Atlantis" }, "zone"},
		{"the zone of whatever machine this is", func(n *crm.Organisation) { n.Zone = "Local" }, "zone"},
		{"a currency that is no code", func(n *crm.Organisation) { n.Currency = "Franc" }, "currency"},
		{"a currency in small letters", func(n *crm.Organisation) { n.Currency = "chf" }, "currency"},
		{"a language we do not speak", func(n *crm.Organisation) { n.Language = "la" }, "language"},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := sound
			row.change(&n)
			_, err := o.store.ChangeOrganisation(o.system, 1, n)
			wantError(t, err, crm.Invalid, row.field)
		})
	}
	_, err := o.store.ChangeOrganisation(o.system, 7, sound)
	wantError(t, err, crm.Conflict, "version")
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Ada Min": "AM", "ada": "A", "Ärzte ohne Grenzen": "ÄG", "": "?", "  ": "?", "李 小龙": "李小"} {
		if got := crm.Initials(name); got != want {
			t.Errorf("%q: want %s, got %s", name, want, got)
		}
	}
}
