package work

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo"
	"catchment/geo/hex"
)

// Resource is who can be planned.
type Resource struct {
	ID        uuid.UUID
	No        int64
	Name      string
	Initials  string
	Colour    int    // of ten; the same person has the same colour everywhere
	Kind      string // "technician", "rep", "crew"
	StaffID   *uuid.UUID
	TeamID    *uuid.UUID
	Profile   string // of travel: "car", "bike", "foot"
	BaseLabel string
	BasePoint orb.Point // where the day starts and ends
	Zone      string
	Active    bool
	Skills    []string
	Version   int
}

// Location returns the time zone of the resource's base.
func (r Resource) Location() *time.Location {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// NewResource is what is needed to add a resource.
type NewResource struct {
	ID        uuid.UUID
	Name      string
	Kind      string
	StaffID   *uuid.UUID
	TeamID    *uuid.UUID
	Profile   string // empty means car
	BaseLabel string
	BasePoint orb.Point
	Skills    []string
	Colour    *int // nil takes the next of the ten
}

// AddResource adds somebody who can be planned.
func (w *Work) AddResource(ctx context.Context, n NewResource) (Resource, error) {
	if _, err := crm.Require(ctx, crm.ResourceWrite); err != nil {
		return Resource{}, err
	}
	if n.Name = strings.TrimSpace(n.Name); n.Name == "" || len(n.Name) > 200 {
		return Resource{}, crm.Invalidf("name", "give a name of at most 200 letters")
	}
	if !slices.Contains([]string{"technician", "rep", "crew"}, n.Kind) {
		return Resource{}, crm.Invalidf("kind", "is none of technician, rep, crew")
	}
	if n.Profile == "" {
		n.Profile = "car"
	}
	if !slices.Contains([]string{"car", "van", "bike", "foot"}, n.Profile) {
		return Resource{}, crm.Invalidf("profile", "is none of car, van, bike, foot")
	}
	if err := checkPoint("base_point", n.BasePoint); err != nil {
		return Resource{}, err
	}
	if n.Colour != nil && (*n.Colour < 0 || *n.Colour > 9) {
		return Resource{}, crm.Invalidf("colour", "lies outside 0..9")
	}
	cell, err := hex.PlaceCell(n.BasePoint)
	if err != nil {
		return Resource{}, crm.Invalidf("base_point", "is no place on earth")
	}
	if n.ID == uuid.Nil {
		n.ID = uuid.Must(uuid.NewV7())
	}
	var out Resource
	err = w.Store.Write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			insert into work.resource (id, name, initials, colour, kind, staff_id, team_id, profile, base_label, base_point, base_cell, zone)
			select $1, $2, $3, coalesce($4, (select count(*) from work.resource) % 10), $5, $6, $7, $8, $9, $10, $11, o.zone
			from crm.organisation o`,
			n.ID, n.Name, crm.Initials(n.Name), n.Colour, n.Kind, n.StaffID, n.TeamID, n.Profile, n.BaseLabel, n.BasePoint, cell)
		if err != nil {
			return crm.DBError(err, "resource")
		}
		if err := setSkills(ctx, tx, n.ID, n.Skills); err != nil {
			return err
		}
		changes := crm.Changes{}
		changes.Set("kind", nil, n.Kind)
		changes.Set("skills", nil, n.Skills)
		changes.SetPrivate("base_point", nil, n.BasePoint)
		if err := crm.Append(ctx, tx, crm.Event{Verb: "added", Kind: "resource", ID: n.ID, Changes: changes}); err != nil {
			return err
		}
		out, err = resourceByID(ctx, tx, n.ID)
		return err
	})
	return out, err
}

func checkPoint(field string, p orb.Point) error {
	var unsound *geo.Unsound
	if err := geo.CheckPoint(p); errors.As(err, &unsound) {
		return crm.Invalidf(field, "%s", unsound.Message)
	}
	return nil
}

// ResourceChange names what to change; nil leaves a field as it is.
type ResourceChange struct {
	Name      *string
	BaseLabel *string
	BasePoint *orb.Point
	Skills    *[]string
	Active    *bool
	TeamID    *uuid.UUID
}

// ChangeResource changes a resource if its version is still the given one.
func (w *Work) ChangeResource(ctx context.Context, id uuid.UUID, version int, c ResourceChange) (Resource, error) {
	if _, err := crm.Require(ctx, crm.ResourceWrite); err != nil {
		return Resource{}, err
	}
	if c.Name != nil {
		name := strings.TrimSpace(*c.Name)
		if c.Name = &name; name == "" || len(name) > 200 {
			return Resource{}, crm.Invalidf("name", "give a name of at most 200 letters")
		}
	}
	var cell *int64
	if c.BasePoint != nil {
		if err := checkPoint("base_point", *c.BasePoint); err != nil {
			return Resource{}, err
		}
		v, err := hex.PlaceCell(*c.BasePoint)
		if err != nil {
			return Resource{}, crm.Invalidf("base_point", "is no place on earth")
		}
		cell = &v
	}
	var out Resource
	err := w.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from work.resource where id = $1 for update`, id); err != nil {
			return crm.DBError(err, "resource")
		}
		before, err := resourceByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return crm.Stale()
		}
		_, err = tx.Exec(ctx, `
			update work.resource set name = coalesce($2, name), initials = coalesce($3, initials), base_label = coalesce($4, base_label),
			       base_point = coalesce($5, base_point), base_cell = coalesce($6, base_cell), active = coalesce($7, active),
			       team_id = coalesce($8, team_id), version = version + 1
			where id = $1`, id, c.Name, initials(c.Name), c.BaseLabel, c.BasePoint, cell, c.Active, c.TeamID)
		if err != nil {
			return crm.DBError(err, "resource")
		}
		if c.Skills != nil {
			if err := setSkills(ctx, tx, id, *c.Skills); err != nil {
				return err
			}
		}
		if out, err = resourceByID(ctx, tx, id); err != nil {
			return err
		}
		changes := crm.Changes{}
		changes.Set("skills", before.Skills, out.Skills)
		changes.Set("active", before.Active, out.Active)
		changes.Set("team_id", before.TeamID, out.TeamID)
		changes.SetPrivate("name", before.Name, out.Name)
		changes.SetPrivate("base_point", before.BasePoint, out.BasePoint)
		return crm.Append(ctx, tx, crm.Event{Verb: "changed", Kind: "resource", ID: id, Changes: changes})
	})
	return out, err
}

func initials(name *string) *string {
	if name == nil {
		return nil
	}
	v := crm.Initials(*name)
	return &v
}

const resourceColumns = `
	select r.id, r.no, r.name, r.initials, r.colour, r.kind, r.staff_id, r.team_id, r.profile, r.base_label, r.base_point, r.zone, r.active,
	       array(select k.skill from work.resource_skill k where k.resource_id = r.id
	             and (k.expires_on is null or k.expires_on >= current_date) order by k.skill) as skills, r.version
	from work.resource r `

func resourceByID(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Resource, error) {
	rows, _ := tx.Query(ctx, resourceColumns+`where r.id = $1`, id)
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Resource])
	return r, crm.DBError(err, "resource")
}

func setSkills(ctx context.Context, tx pgx.Tx, id uuid.UUID, skills []string) error {
	if err := checkSkills(ctx, tx, skills); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from work.resource_skill where resource_id = $1 and not skill = any ($2)`, id, skills); err != nil {
		return crm.DBError(err, "skill")
	}
	_, err := tx.Exec(ctx, `insert into work.resource_skill (resource_id, skill) select $1, s from unnest($2::text[]) s
		on conflict do nothing`, id, skills)
	return crm.DBError(err, "skill")
}

// checkSkills names the first skill nobody has heard of.
func checkSkills(ctx context.Context, tx pgx.Tx, skills []string) error {
	if len(skills) == 0 {
		return nil
	}
	var at *int
	err := tx.QueryRow(ctx, `select min(n)::int from unnest($1::text[]) with ordinality as s(code, n)
		where not exists (select from work.skill k where k.code = s.code)`, skills).Scan(&at)
	if err != nil {
		return crm.DBError(err, "skill")
	}
	if at != nil {
		return crm.Invalidf(fmt.Sprintf("skills[%d]", *at-1), "there is no skill %q", skills[*at-1])
	}
	return nil
}

// Resources returns the active resources the actor may see, by number.
func (w *Work) Resources(ctx context.Context) ([]Resource, error) {
	if _, err := crm.Require(ctx, crm.ResourceRead); err != nil {
		return nil, err
	}
	var out []Resource
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, resourceColumns+`where r.active order by r.no`)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[Resource])
		return crm.DBError(err, "resource")
	})
	return out, err
}

// Resource returns one resource.
func (w *Work) Resource(ctx context.Context, id uuid.UUID) (Resource, error) {
	if _, err := crm.Require(ctx, crm.ResourceRead); err != nil {
		return Resource{}, err
	}
	var out Resource
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		out, err = resourceByID(ctx, tx, id)
		return err
	})
	return out, err
}

// Skill is something a visit may need and a resource may have.
type Skill struct{ Code, Name string }

// AddSkill adds a skill; its code is lower-case letters, digits and underscores.
func (w *Work) AddSkill(ctx context.Context, s Skill) (Skill, error) {
	if _, err := crm.Require(ctx, crm.ResourceWrite); err != nil {
		return Skill{}, err
	}
	if !validCode(s.Code) {
		return Skill{}, crm.Invalidf("code", "use a letter, then at most 39 lower-case letters, digits and underscores")
	}
	if s.Name = strings.TrimSpace(s.Name); s.Name == "" || len(s.Name) > 200 {
		return Skill{}, crm.Invalidf("name", "give a name of at most 200 letters")
	}
	err := w.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into work.skill (code, name) values ($1, $2)`, s.Code, s.Name); err != nil {
			return crm.DBError(err, "skill")
		}
		changes := crm.Changes{}
		changes.Set("name", nil, s.Name)
		return crm.Append(ctx, tx, crm.Event{Verb: "added", Kind: "skill", ID: skillID(s.Code), Changes: changes})
	})
	return s, err
}

// skillID is what the log knows a skill by: skills have codes, entries of the log tell of ids.
func skillID(code string) uuid.UUID { return uuid.NewSHA1(crm.SystemID, []byte("skill "+code)) }

func validCode(s string) bool {
	if s == "" || len(s) > 40 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_')
	})
}

// Skills returns all skills by name.
func (w *Work) Skills(ctx context.Context) ([]Skill, error) {
	if _, err := crm.Require(ctx, crm.ResourceRead); err != nil {
		return nil, err
	}
	var out []Skill
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select code, name from work.skill order by name`)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[Skill])
		return crm.DBError(err, "skill")
	})
	return out, err
}
