package crm

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Staff is a person who signs in. Contacts of customers are never staff: nobody becomes a user by being edited.
type Staff struct {
	ID        uuid.UUID
	Name      string
	Email     string
	Role      string
	Language  string
	Theme     string // "system", "light", "dark", "sunlight"
	Active    bool
	TeamIDs   []uuid.UUID
	Version   int
	CreatedAt time.Time
}

// Initials returns the first letters of the first and last word of a name, in capitals.
func Initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	first := []rune(words[0])[0]
	out := string(unicode.ToUpper(first))
	if len(words) > 1 {
		out += string(unicode.ToUpper([]rune(words[len(words)-1])[0]))
	}
	return out
}

// NewStaff is what is needed to add a person. PasswordHash is an argon2id hash, empty for somebody who is to set
// a password himself.
type NewStaff struct {
	ID           uuid.UUID // made by the caller; zero makes one
	Name         string
	Email        string
	Role         string
	Language     string
	TeamIDs      []uuid.UUID
	PasswordHash string
	Synthetic    bool
}

// AddStaff adds a person. A taken e-mail is a Conflict, an unknown role or team Invalid.
func (s *Store) AddStaff(ctx context.Context, n NewStaff) (Staff, error) {
	if _, err := Require(ctx, StaffWrite); err != nil {
		return Staff{}, err
	}
	n.Name, n.Email = strings.TrimSpace(n.Name), strings.TrimSpace(n.Email)
	if n.Name == "" || len(n.Name) > 200 {
		return Staff{}, Invalidf("name", "give a name of at most 200 letters")
	}
	if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email {
		return Staff{}, Invalidf("email", "is no e-mail address")
	}
	if n.Language == "" {
		n.Language = "en"
	}
	if err := checkTastes(&n.Language, nil); err != nil {
		return Staff{}, err
	}
	if n.ID == uuid.Nil {
		n.ID = uuid.Must(uuid.NewV7())
	}
	var out Staff
	err := s.Write(ctx, func(tx pgx.Tx) error {
		if err := checkRole(ctx, tx, n.Role); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into crm.staff (id, name, email, role, language, password, synthetic)
			values ($1, $2, $3, $4, $5, nullif($6, ''), $7)`, n.ID, n.Name, n.Email, n.Role, n.Language, n.PasswordHash, n.Synthetic)
		if err != nil {
			return DBError(err, "person with this e-mail address")
		}
		if err := setTeams(ctx, tx, n.ID, n.TeamIDs); err != nil {
			return err
		}
		changes := Changes{}
		changes.Set("role", nil, n.Role)
		changes.SetPrivate("name", nil, n.Name)
		changes.SetPrivate("email", nil, n.Email)
		if err := Append(ctx, tx, Event{Verb: "added", Kind: "staff", ID: n.ID, Changes: changes}); err != nil {
			return err
		}
		out, err = staffByID(ctx, tx, n.ID)
		return err
	})
	return out, err
}

// StaffChange names what to change; nil leaves a field as it is.
type StaffChange struct {
	Name     *string
	Role     *string
	Language *string
	Theme    *string
	Active   *bool
	TeamIDs  *[]uuid.UUID
}

// ChangeStaff changes a person if his version is still the given one. The new role or a deactivation counts from
// his next request on. People may change their own language and theme without StaffWrite, by ChangeMe.
func (s *Store) ChangeStaff(ctx context.Context, id uuid.UUID, version int, c StaffChange) (Staff, error) {
	if _, err := Require(ctx, StaffWrite); err != nil {
		return Staff{}, err
	}
	return s.changeStaff(ctx, id, &version, c)
}

// ChangeMe changes the actor's own language and theme.
func (s *Store) ChangeMe(ctx context.Context, language, theme *string) (Staff, error) {
	actor, err := Require(ctx, SignedIn)
	if err != nil {
		return Staff{}, err
	}
	return s.changeStaff(ctx, actor.ID, nil, StaffChange{Language: language, Theme: theme})
}

func checkTastes(language, theme *string) error {
	if language != nil && !slices.Contains(Languages, *language) {
		return Invalidf("language", "we speak %s", strings.Join(Languages, ", "))
	}
	if theme != nil && !slices.Contains([]string{"system", "light", "dark", "sunlight"}, *theme) {
		return Invalidf("theme", "choose system, light, dark or sunlight")
	}
	return nil
}

func (s *Store) changeStaff(ctx context.Context, id uuid.UUID, version *int, c StaffChange) (Staff, error) {
	if err := checkTastes(c.Language, c.Theme); err != nil {
		return Staff{}, err
	}
	if c.Name != nil {
		name := strings.TrimSpace(*c.Name)
		if c.Name = &name; name == "" || len(name) > 200 {
			return Staff{}, Invalidf("name", "give a name of at most 200 letters")
		}
	}
	var out Staff
	err := s.Write(ctx, func(tx pgx.Tx) error {
		// Administrators are locked with the person, in one order, so that two cannot dismiss each other.
		_, err := tx.Exec(ctx, `select from crm.staff where id = $1 or ($2 and role = 'administrator' and active) order by id for update`,
			id, c.Role != nil || c.Active != nil)
		if err != nil {
			return DBError(err, "person")
		}
		before, err := staffByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if version != nil && before.Version != *version {
			return Stale()
		}
		if version != nil { // somebody else's doing: not to who has more than he
			if err := checkRole(ctx, tx, before.Role); err != nil {
				return err
			}
		}
		if c.Role != nil {
			if err := checkRole(ctx, tx, *c.Role); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `update crm.staff set name = coalesce($2, name), role = coalesce($3, role), language = coalesce($4, language),
			theme = coalesce($5, theme), active = coalesce($6, active), version = version + 1 where id = $1`,
			id, c.Name, c.Role, c.Language, c.Theme, c.Active)
		if err != nil {
			return DBError(err, "person")
		}
		if c.TeamIDs != nil {
			if err := setTeams(ctx, tx, id, *c.TeamIDs); err != nil {
				return err
			}
		}
		if c.Active != nil && !*c.Active {
			if _, err := tx.Exec(ctx, `delete from crm.session where staff_id = $1`, id); err != nil {
				return DBError(err, "session")
			}
		}
		if out, err = staffByID(ctx, tx, id); err != nil {
			return err
		}
		if err := keepAdministrator(ctx, tx, before, out); err != nil {
			return err
		}
		changes := Changes{}
		changes.SetPrivate("name", before.Name, out.Name)
		changes.Set("role", before.Role, out.Role)
		changes.Set("active", before.Active, out.Active)
		changes.Set("teams", before.TeamIDs, out.TeamIDs)
		changes.Set("language", before.Language, out.Language)
		return Append(ctx, tx, Event{Verb: "changed", Kind: "staff", ID: id, Changes: changes})
	})
	return out, err
}

// keepAdministrator refuses to let the last active administrator go: nobody could let anybody in again.
func keepAdministrator(ctx context.Context, tx pgx.Tx, before, after Staff) error {
	was := before.Active && before.Role == "administrator"
	if is := after.Active && after.Role == "administrator"; !was || is {
		return nil
	}
	var left bool
	if err := tx.QueryRow(ctx, `select exists (select from crm.staff where role = 'administrator' and active)`).Scan(&left); err != nil {
		return DBError(err, "person")
	}
	if !left {
		return Conflictf("this is the last administrator: make another one first")
	}
	return nil
}

// StaffList returns the people the actor may see, by name.
func (s *Store) StaffList(ctx context.Context) ([]Staff, error) {
	if _, err := Require(ctx, StaffRead); err != nil {
		return nil, err
	}
	var out []Staff
	err := s.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, staffColumns+` order by lower(s.name), s.id`)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[Staff])
		return DBError(err, "staff")
	})
	return out, err
}

// StaffByID returns one person; everybody may look at himself.
func (s *Store) StaffByID(ctx context.Context, id uuid.UUID) (Staff, error) {
	actor, err := Require(ctx, SignedIn)
	if err != nil {
		return Staff{}, err
	}
	if id != actor.ID {
		if _, err := Require(ctx, StaffRead); err != nil {
			return Staff{}, err
		}
	}
	var out Staff
	err = s.Read(ctx, func(tx pgx.Tx) error {
		out, err = staffByID(ctx, tx, id)
		return err
	})
	return out, err
}

// ActorOf returns the person as one who acts, with the rights his role has now. An inactive or unknown person is
// Unauthenticated. It is asked on every request, so that a changed role counts at once.
func (s *Store) ActorOf(ctx context.Context, id uuid.UUID) (Actor, error) {
	var a Actor
	var rights []string
	var scope string
	err := s.Read(WithActor(ctx, System("login")), func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			select s.id, s.name, s.role, r.rights, r.scope, v.id,
			       array(select m.team_id from crm.team_member m where m.staff_id = s.id order by m.team_id)
			from crm.staff s join crm.role r on r.code = s.role left join work.resource v on v.staff_id = s.id and v.active
			where s.id = $1 and s.active`, id).Scan(&a.ID, &a.Name, &a.Role, &rights, &scope, &a.Resource, &a.Teams)
		return DBError(err, "person")
	})
	if KindOf(err) == NotFound {
		return Actor{}, &Error{Kind: Unauthenticated, Message: "this account is closed", Err: err}
	}
	for _, r := range rights {
		a.Rights = append(a.Rights, Right(r))
	}
	a.Scope = Scope(scope)
	return a, err
}

const staffColumns = `select s.id, s.name, s.email, s.role, s.language, s.theme, s.active, s.version, s.created_at,
	array(select m.team_id from crm.team_member m where m.staff_id = s.id order by m.team_id) as team_ids from crm.staff s`

func staffByID(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Staff, error) {
	rows, _ := tx.Query(ctx, staffColumns+` where s.id = $1`, id)
	out, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Staff])
	return out, DBError(err, "person")
}

// checkRole makes sure that there is such a role and that who acts may give it: nobody can give what he lacks.
func checkRole(ctx context.Context, tx pgx.Tx, role string) error {
	r, err := roleRow(ctx, tx, role)
	if KindOf(err) == NotFound {
		return Invalidf("role", "there is no role %q", role)
	}
	if err != nil {
		return err
	}
	actor, _ := ActorFrom(ctx)
	return checkGive(actor, "role", r.Scope, r.Rights)
}

func setTeams(ctx context.Context, tx pgx.Tx, id uuid.UUID, teams []uuid.UUID) error {
	if _, err := tx.Exec(ctx, `delete from crm.team_member where staff_id = $1`, id); err != nil {
		return DBError(err, "team")
	}
	_, err := tx.Exec(ctx, `insert into crm.team_member (team_id, staff_id) select distinct t, $1::uuid from unnest($2::uuid[]) t`, id, teams)
	if KindOf(DBError(err, "team")) == Invalid {
		return Invalidf("team_ids", "there is no such team")
	}
	return DBError(err, "team")
}

// Team is a group of people who share their records.
type Team struct {
	ID      uuid.UUID
	Name    string
	Version int
}

// AddTeam adds a team; a taken name is a Conflict.
func (s *Store) AddTeam(ctx context.Context, id uuid.UUID, name string) (Team, error) {
	if _, err := Require(ctx, StaffWrite); err != nil {
		return Team{}, err
	}
	if name = strings.TrimSpace(name); name == "" || len(name) > 200 {
		return Team{}, Invalidf("name", "give a name of at most 200 letters")
	}
	if id == uuid.Nil {
		id = uuid.Must(uuid.NewV7())
	}
	err := s.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into crm.team (id, name) values ($1, $2)`, id, name); err != nil {
			return DBError(err, "team")
		}
		changes := Changes{}
		changes.Set("name", nil, name)
		return Append(ctx, tx, Event{Verb: "added", Kind: "team", ID: id, Changes: changes})
	})
	return Team{ID: id, Name: name, Version: 1}, err
}

// Teams returns all teams by name.
func (s *Store) Teams(ctx context.Context) ([]Team, error) {
	if _, err := Require(ctx, StaffRead); err != nil {
		return nil, err
	}
	var out []Team
	err := s.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select id, name, version from crm.team order by lower(name)`)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[Team])
		return DBError(err, "team")
	})
	return out, err
}
