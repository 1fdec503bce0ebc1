package crm

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// RoleRow is a role as the organisation has it.
type RoleRow struct {
	Code    string
	Title   string
	Scope   Scope
	Rights  []Right
	Version int
	Members int  // active people who have it
	BuiltIn bool `db:"-"` // every organisation starts with it: may be changed, not removed
	Fixed   bool `db:"-"` // may not be changed either
}

// AdministratorRole may do everything, always: somebody must be able to let people in.
const AdministratorRole = "administrator"

// RoleChange names what to change; nil leaves a field as it is.
type RoleChange struct {
	Title  *string
	Scope  *Scope
	Rights *[]Right
}

var roleCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// AllRights returns every right there is, in order.
func AllRights() []Right { return allRights() }

// width orders scopes from narrow to wide.
func (s Scope) width() int { return slices.Index([]Scope{ScopeOwn, ScopeTeams, ScopeAll}, s) }

// checkGive refuses to give a scope and rights to somebody that the giver lacks himself.
func checkGive(giver Actor, field string, scope Scope, rights []Right) error {
	if giver.Scope.width() < scope.width() {
		return &Error{Kind: Forbidden, Field: field, Message: "sees more than you do: you cannot give what you lack"}
	}
	for _, r := range rights {
		if !giver.May(r) {
			return &Error{Kind: Forbidden, Field: field, Message: "has a right that you lack (" + string(r) + "): you cannot give it"}
		}
	}
	return nil
}

func (r RoleRow) check() error {
	if !roleCode.MatchString(r.Code) {
		return Invalidf("code", "use a letter, then at most 39 lower-case letters, digits and underscores")
	}
	if strings.TrimSpace(r.Title) == "" || len(r.Title) > 200 {
		return Invalidf("title", "give a title of at most 200 letters")
	}
	if r.Scope.width() < 0 {
		return Invalidf("scope", "choose all, teams or own")
	}
	for _, right := range r.Rights {
		if !slices.Contains(allRights(), right) {
			return Invalidf("rights", "there is no right %q", string(right))
		}
	}
	return nil
}

// tidyRights sorts rights, once each, with what every signed-in person may do.
func tidyRights(rights []Right) []Right {
	return slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(rights), SignedIn))))
}

const roleColumns = `select r.code, r.title, r.scope, r.rights, r.version,
	(select count(*) from crm.staff s where s.role = r.code and s.active)::int as members from crm.role r `

func roleRow(ctx context.Context, tx pgx.Tx, code string) (RoleRow, error) {
	rows, _ := tx.Query(ctx, roleColumns+`where r.code = $1`, code)
	out, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[RoleRow])
	return out.marked(), DBError(err, "role")
}

func (r RoleRow) marked() RoleRow {
	r.BuiltIn = slices.ContainsFunc(Roles(), func(b Role) bool { return b.Code == r.Code })
	r.Fixed = r.Code == AdministratorRole
	return r
}

// RoleRows returns the organisation's roles by title.
func (s *Store) RoleRows(ctx context.Context) ([]RoleRow, error) {
	if _, err := Require(ctx, StaffRead); err != nil {
		return nil, err
	}
	var out []RoleRow
	err := s.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, roleColumns+`order by lower(r.title), r.code`)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[RoleRow])
		for i := range out {
			out[i] = out[i].marked()
		}
		return DBError(err, "role")
	})
	return out, err
}

// RoleRow returns one of the organisation's roles.
func (s *Store) RoleRow(ctx context.Context, code string) (RoleRow, error) {
	if _, err := Require(ctx, StaffRead); err != nil {
		return RoleRow{}, err
	}
	var out RoleRow
	err := s.Read(ctx, func(tx pgx.Tx) (err error) {
		out, err = roleRow(ctx, tx, code)
		return err
	})
	return out, err
}

// roleID is what the log knows a role by: roles have codes, entries of the log tell of ids.
func roleID(code string) uuid.UUID { return uuid.NewSHA1(SystemID, []byte("role "+code)) }

// AddRole adds a role of one's own. Nobody can give it what he lacks.
func (s *Store) AddRole(ctx context.Context, r RoleRow) (RoleRow, error) {
	actor, err := Require(ctx, OrganisationWrite)
	if err != nil {
		return RoleRow{}, err
	}
	r.Title, r.Rights = strings.TrimSpace(r.Title), tidyRights(r.Rights)
	if err := r.check(); err != nil {
		return RoleRow{}, err
	}
	if err := checkGive(actor, "rights", r.Scope, r.Rights); err != nil {
		return RoleRow{}, err
	}
	var out RoleRow
	err = s.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into crm.role (code, title, scope, rights, known) values ($1, $2, $3, $4, $5)`, r.Code, r.Title, string(r.Scope), r.Rights, allRights()); err != nil {
			return DBError(err, "role")
		}
		if err := Append(ctx, tx, Event{Verb: "added", Kind: "role", ID: roleID(r.Code), Changes: r.changes(RoleRow{})}); err != nil {
			return err
		}
		out, err = roleRow(ctx, tx, r.Code)
		return err
	})
	return out, err
}

func (r RoleRow) changes(before RoleRow) Changes {
	changes := Changes{}
	changes.Set("code", before.Code, r.Code)
	changes.Set("title", before.Title, r.Title)
	changes.Set("scope", before.Scope, r.Scope)
	changes.Set("rights", before.Rights, r.Rights)
	return changes
}

// ChangeRole changes a role if its version is still the given one; it counts from each member's next request on.
// The administrator's stays as it is, and nobody can give what he lacks, nor take from those who have more than he.
func (s *Store) ChangeRole(ctx context.Context, code string, version int, c RoleChange) (RoleRow, error) {
	actor, err := Require(ctx, OrganisationWrite)
	if err != nil {
		return RoleRow{}, err
	}
	var out RoleRow
	err = s.Write(ctx, func(tx pgx.Tx) error {
		before, err := s.lockedRole(ctx, tx, code, version)
		if err != nil {
			return err
		}
		if before.Fixed {
			return Conflictf("the administrator's role is fixed: somebody must be able to do everything")
		}
		after := before
		if c.Title != nil {
			after.Title = strings.TrimSpace(*c.Title)
		}
		if c.Scope != nil {
			after.Scope = *c.Scope
		}
		if c.Rights != nil {
			after.Rights = tidyRights(*c.Rights)
		}
		if err := after.check(); err != nil {
			return err
		}
		for _, r := range []RoleRow{before, after} {
			if err := checkGive(actor, "rights", r.Scope, r.Rights); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `update crm.role set title = $2, scope = $3, rights = $4, version = version + 1 where code = $1`, code, after.Title, string(after.Scope), after.Rights); err != nil {
			return DBError(err, "role")
		}
		if err := Append(ctx, tx, Event{Verb: "changed", Kind: "role", ID: roleID(code), Changes: after.changes(before)}); err != nil {
			return err
		}
		out, err = roleRow(ctx, tx, code)
		return err
	})
	return out, err
}

// RemoveRole removes a role of one's own that nobody has.
func (s *Store) RemoveRole(ctx context.Context, code string, version int) error {
	if _, err := Require(ctx, OrganisationWrite); err != nil {
		return err
	}
	return s.Write(ctx, func(tx pgx.Tx) error {
		before, err := s.lockedRole(ctx, tx, code, version)
		if err != nil {
			return err
		}
		if before.BuiltIn {
			return Conflictf("every organisation has this role: take its rights away instead")
		}
		if _, err := tx.Exec(ctx, `delete from crm.role where code = $1`, code); err != nil {
			if KindOf(DBError(err, "role")) == Invalid { // somebody has it still, active or not
				return Conflictf("somebody has this role still: give its people another one first")
			}
			return DBError(err, "role")
		}
		return Append(ctx, tx, Event{Verb: "removed", Kind: "role", ID: roleID(code), Changes: RoleRow{}.changes(before)})
	})
}

func (s *Store) lockedRole(ctx context.Context, tx pgx.Tx, code string, version int) (RoleRow, error) {
	if _, err := tx.Exec(ctx, `select from crm.role where code = $1 for update`, code); err != nil {
		return RoleRow{}, DBError(err, "role")
	}
	before, err := roleRow(ctx, tx, code)
	if err == nil && before.Version != version {
		err = Stale()
	}
	return before, err
}

// Manageable returns a person whom who acts may let in and shut out: one he sees and whose role gives nothing that he
// lacks himself.
func (s *Store) Manageable(ctx context.Context, id uuid.UUID) (Staff, error) {
	if _, err := Require(ctx, StaffWrite); err != nil {
		return Staff{}, err
	}
	var out Staff
	err := s.Read(ctx, func(tx pgx.Tx) (err error) {
		if out, err = staffByID(ctx, tx, id); err != nil {
			return err
		}
		return checkRole(ctx, tx, out.Role)
	})
	return out, err
}

// RoleTitle returns what a role is called; everybody may know what his own is.
func (s *Store) RoleTitle(ctx context.Context, code string) (string, error) {
	if _, err := Require(ctx, SignedIn); err != nil {
		return "", err
	}
	title := code
	err := s.Read(ctx, func(tx pgx.Tx) error {
		return DBError(tx.QueryRow(ctx, `select coalesce((select title from crm.role where code = $1), $1)`, code).Scan(&title), "role")
	})
	return title, err
}
