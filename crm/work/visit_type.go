package work

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// VisitType tells what visits of a sort are usually like; a visit added with one starts from it.
type VisitType struct {
	Code            string
	Names           map[string]string // by language: "en", "de"
	Kind            string            // of visit
	DurationSeconds int
	Skills          []string
	Priority        int
	Active          bool // offered to choose
	Version         int
}

func (t *VisitType) check() error {
	if !validCode(t.Code) {
		return crm.Invalidf("code", "use a letter, then at most 39 lower-case letters, digits and underscores")
	}
	for _, language := range crm.Languages {
		t.Names[language] = strings.TrimSpace(t.Names[language])
		if len(t.Names[language]) > 200 {
			return crm.Invalidf("names."+language, "is longer than 200 letters")
		}
	}
	if t.Names["en"] == "" {
		return crm.Invalidf("names.en", "is empty")
	}
	if !slices.Contains([]string{"service", "sales", "campaign"}, t.Kind) {
		return crm.Invalidf("kind", "is none of service, sales, campaign")
	}
	if t.DurationSeconds < 60 || t.DurationSeconds > 86_400 {
		return crm.Invalidf("duration_seconds", "lies outside a minute to a day")
	}
	if t.Priority < 0 || t.Priority > 100 {
		return crm.Invalidf("priority", "lies outside 0..100")
	}
	if t.Skills == nil {
		t.Skills = []string{}
	}
	return nil
}

const visitTypeColumns = `select code, names, kind, duration_seconds, skills, priority, active, version from work.visit_type `

// VisitTypes returns all types of visits by name.
func (w *Work) VisitTypes(ctx context.Context) ([]VisitType, error) {
	if _, err := crm.Require(ctx, crm.VisitRead); err != nil {
		return nil, err
	}
	var out []VisitType
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, visitTypeColumns+`order by lower(names ->> 'en'), code`)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[VisitType])
		return crm.DBError(err, "visit type")
	})
	return out, err
}

// VisitType returns one type of visits.
func (w *Work) VisitType(ctx context.Context, code string) (VisitType, error) {
	if _, err := crm.Require(ctx, crm.VisitRead); err != nil {
		return VisitType{}, err
	}
	var out VisitType
	err := w.Store.Read(ctx, func(tx pgx.Tx) (err error) {
		out, err = visitType(ctx, tx, code)
		return err
	})
	return out, err
}

func visitType(ctx context.Context, tx pgx.Tx, code string) (VisitType, error) {
	rows, _ := tx.Query(ctx, visitTypeColumns+`where code = $1`, code)
	out, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[VisitType])
	return out, crm.DBError(err, "visit type")
}

// SaveVisitType adds a type of visits, for version 0, or changes the one whose version is the given one. Visits that are
// there stay as they are.
func (w *Work) SaveVisitType(ctx context.Context, t VisitType) (VisitType, error) {
	if _, err := crm.Require(ctx, crm.OrganisationWrite); err != nil {
		return VisitType{}, err
	}
	if err := t.check(); err != nil {
		return VisitType{}, err
	}
	var out VisitType
	err := w.Store.Write(ctx, func(tx pgx.Tx) error {
		if err := checkSkills(ctx, tx, t.Skills); err != nil {
			return err
		}
		verb, before := "added", VisitType{}
		if t.Version > 0 {
			if _, err := tx.Exec(ctx, `select from work.visit_type where code = $1 for update`, t.Code); err != nil {
				return crm.DBError(err, "visit type")
			}
			var err error
			if before, err = visitType(ctx, tx, t.Code); err != nil {
				return err
			}
			if verb = "changed"; before.Version != t.Version {
				return crm.Stale()
			}
		}
		statement := `insert into work.visit_type (code, names, kind, duration_seconds, skills, priority, active) values ($1, $2, $3, $4, $5, $6, $7)`
		if verb == "changed" {
			statement = `update work.visit_type set names = $2, kind = $3, duration_seconds = $4, skills = $5, priority = $6, active = $7, version = version + 1 where code = $1`
		}
		if _, err := tx.Exec(ctx, statement, t.Code, t.Names, t.Kind, t.DurationSeconds, t.Skills, t.Priority, t.Active); err != nil {
			return crm.DBError(err, "visit type")
		}
		changes := crm.Changes{}
		changes.Set("names", before.Names, t.Names)
		changes.Set("kind", before.Kind, t.Kind)
		changes.Set("duration_seconds", before.DurationSeconds, t.DurationSeconds)
		changes.Set("skills", before.Skills, t.Skills)
		changes.Set("priority", before.Priority, t.Priority)
		changes.Set("active", before.Active, t.Active)
		id := uuid.NewSHA1(crm.SystemID, []byte("visit type "+t.Code))
		if err := crm.Append(ctx, tx, crm.Event{Verb: verb, Kind: "visit_type", ID: id, Changes: changes}); err != nil {
			return err
		}
		var err error
		out, err = visitType(ctx, tx, t.Code)
		return err
	})
	return out, err
}

// Skill returns one skill.
func (w *Work) Skill(ctx context.Context, code string) (Skill, error) {
	all, err := w.Skills(ctx)
	if err != nil {
		return Skill{}, err
	}
	for _, s := range all {
		if s.Code == code {
			return s, nil
		}
	}
	return Skill{}, crm.Missing("skill")
}

// RenameSkill gives a skill another name.
func (w *Work) RenameSkill(ctx context.Context, s Skill) (Skill, error) {
	if _, err := crm.Require(ctx, crm.ResourceWrite); err != nil {
		return Skill{}, err
	}
	if s.Name = strings.TrimSpace(s.Name); s.Name == "" || len(s.Name) > 200 {
		return Skill{}, crm.Invalidf("name", "give a name of at most 200 letters")
	}
	err := w.Store.Write(ctx, func(tx pgx.Tx) error {
		var before string
		if err := tx.QueryRow(ctx, `select name from work.skill where code = $1 for update`, s.Code).Scan(&before); err != nil {
			return crm.DBError(err, "skill")
		}
		if _, err := tx.Exec(ctx, `update work.skill set name = $2 where code = $1`, s.Code, s.Name); err != nil {
			return crm.DBError(err, "skill")
		}
		changes := crm.Changes{}
		changes.Set("name", before, s.Name)
		return crm.Append(ctx, tx, crm.Event{Verb: "changed", Kind: "skill", ID: skillID(s.Code), Changes: changes})
	})
	return s, err
}

// RemoveSkill removes a skill that nobody has and no visit or type of visits needs.
func (w *Work) RemoveSkill(ctx context.Context, code string) error {
	if _, err := crm.Require(ctx, crm.ResourceWrite); err != nil {
		return err
	}
	// Whether anybody has it must not depend on whom the actor sees.
	system := crm.WithActor(ctx, crm.System("skills"))
	var used bool
	err := w.Store.Read(system, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select exists (select from work.resource_skill where skill = $1) or exists (select from work.visit_type where $1 = any (skills))
			or exists (select from work.visit where $1 = any (skills) and state not in ('done', 'failed', 'no_access', 'cancelled'))`, code).Scan(&used)
	})
	if err != nil {
		return fmt.Errorf("look who needs a skill: %w", err)
	}
	return w.Store.Write(ctx, func(tx pgx.Tx) error {
		var name string
		if err := tx.QueryRow(ctx, `select name from work.skill where code = $1 for update`, code).Scan(&name); err != nil {
			return crm.DBError(err, "skill")
		}
		if used {
			return crm.Conflictf("somebody has this skill, or a visit needs it")
		}
		if _, err := tx.Exec(ctx, `delete from work.skill where code = $1`, code); err != nil {
			return crm.DBError(err, "skill")
		}
		changes := crm.Changes{}
		changes.Set("name", name, nil)
		return crm.Append(ctx, tx, crm.Event{Verb: "removed", Kind: "skill", ID: skillID(code), Changes: changes})
	})
}
