package api

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/work"
	"catchment/web/login"
)

// Staff is a person who signs in.
type Staff struct {
	ID        uuid.UUID   `json:"id" format:"uuid"`
	Name      string      `json:"name" example:"Ada Gruber"`
	Initials  string      `json:"initials" example:"AG"`
	Email     string      `json:"email" example:"ada@example.org"`
	Role      string      `json:"role" example:"dispatcher"`
	Language  string      `json:"language" example:"de"`
	Active    bool        `json:"active"`
	TeamIDs   []uuid.UUID `json:"team_ids" format:"uuid" nullable:"false"`
	Version   int         `json:"version"`
	CreatedAt time.Time   `json:"created_at"`
}

func staffOut(s crm.Staff) Staff {
	teams := s.TeamIDs
	if teams == nil {
		teams = []uuid.UUID{}
	}
	return Staff{s.ID, s.Name, crm.Initials(s.Name), s.Email, s.Role, s.Language, s.Active, teams, s.Version, s.CreatedAt.UTC()}
}

// NewStaff is a person to add.
type NewStaff struct {
	ID       *uuid.UUID  `json:"id,omitempty" format:"uuid"`
	Name     string      `json:"name" minLength:"1" maxLength:"200" example:"Ada Gruber"`
	Email    string      `json:"email" minLength:"3" maxLength:"254" example:"ada@example.org"`
	Role     string      `json:"role" minLength:"1" maxLength:"40" example:"dispatcher"`
	Language string      `json:"language,omitempty" enum:"en,de" default:"en"`
	TeamIDs  []uuid.UUID `json:"team_ids,omitempty" format:"uuid" maxItems:"100"`
	Password string      `json:"password,omitempty" maxLength:"200" doc:"A first password; without one the person cannot sign in yet"`
}

// StaffChange names what to change of a person; what is left out stays.
type StaffChange struct {
	Name     *string      `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Role     *string      `json:"role,omitempty" minLength:"1" maxLength:"40" example:"technician"`
	Language *string      `json:"language,omitempty" enum:"en,de"`
	Active   *bool        `json:"active,omitempty" doc:"false shuts the person out at once"`
	TeamIDs  *[]uuid.UUID `json:"team_ids,omitempty" format:"uuid" maxItems:"100"`
}

// Team is a group of people who share their records.
type Team struct {
	ID      uuid.UUID `json:"id" format:"uuid"`
	Name    string    `json:"name" example:"Oberland"`
	Version int       `json:"version"`
}

// NewTeam is a team to add.
type NewTeam struct {
	ID   *uuid.UUID `json:"id,omitempty" format:"uuid"`
	Name string     `json:"name" minLength:"1" maxLength:"200" example:"Oberland"`
}

// Skill is something a visit may need and a resource may have.
type Skill struct {
	Code string `json:"code" pattern:"^[a-z][a-z0-9_]{0,39}$" example:"gas"`
	Name string `json:"name" minLength:"1" maxLength:"200" example:"Gas licence"`
}

func staffOperations(a *API, rooms Rooms) {
	store := rooms.Store
	Register(a, Operation{ID: "listStaff", Method: http.MethodGet, Path: "/staff", Tag: "staff", Summary: "The staff, by name"},
		crm.StaffRead, func(ctx context.Context, in *struct{ WholePaging }) (*List[Staff], error) {
			staff, err := store.StaffList(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, staff, staffOut)
		})
	Register(a, Operation{ID: "addStaff", Method: http.MethodPost, Path: "/staff", Tag: "staff", Summary: "Add a person", Status: http.StatusCreated},
		crm.StaffWrite, func(ctx context.Context, in *struct{ Body NewStaff }) (*One[Staff], error) {
			b, hash := in.Body, ""
			if b.Password != "" {
				if err := login.CheckPassword("password", b.Password, b.Email); err != nil {
					return nil, err
				}
				var err error
				if hash, err = login.Hash(b.Password); err != nil {
					return nil, err
				}
			}
			id := newID(ctx, b.ID)
			staff, err := store.AddStaff(ctx, crm.NewStaff{ID: id, Name: b.Name, Email: b.Email, Role: b.Role, Language: b.Language,
				TeamIDs: b.TeamIDs, PasswordHash: hash})
			if err != nil {
				staff, err = again(ctx, b.ID, err, func() (crm.Staff, error) { return store.StaffByID(ctx, id) })
			}
			if err != nil {
				return nil, err
			}
			return oneAt(staffOut(staff), staff.Version, "/staff/"+staff.ID.String()), nil
		})
	type getInput struct {
		ID
		Known
	}
	Register(a, Operation{ID: "getStaff", Method: http.MethodGet, Path: "/staff/{id}", Tag: "staff", Summary: "One person"},
		crm.StaffRead, func(ctx context.Context, in *getInput) (*One[Staff], error) {
			staff, err := store.StaffByID(ctx, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, one(staffOut(staff), staff.Version))
		})
	type changeInput struct {
		ID
		Match
		Body StaffChange
	}
	Register(a, Operation{ID: "changeStaff", Method: http.MethodPatch, Path: "/staff/{id}", Tag: "staff", Summary: "Change a person",
		About: "A new role, or being shut out, counts from the person's next request on.", Versioned: true},
		crm.StaffWrite, func(ctx context.Context, in *changeInput) (*One[Staff], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			b := in.Body
			staff, err := store.ChangeStaff(ctx, in.ID.ID, version, crm.StaffChange{Name: b.Name, Role: b.Role, Language: b.Language, Active: b.Active, TeamIDs: b.TeamIDs})
			if err != nil {
				return nil, err
			}
			return one(staffOut(staff), staff.Version), nil
		})
	Register(a, Operation{ID: "listTeams", Method: http.MethodGet, Path: "/teams", Tag: "staff", Summary: "The teams, by name"},
		crm.StaffRead, func(ctx context.Context, in *struct{ WholePaging }) (*List[Team], error) {
			teams, err := store.Teams(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, teams, func(t crm.Team) Team { return Team(t) })
		})
	Register(a, Operation{ID: "addTeam", Method: http.MethodPost, Path: "/teams", Tag: "staff", Summary: "Add a team", Status: http.StatusCreated},
		crm.StaffWrite, func(ctx context.Context, in *struct{ Body NewTeam }) (*One[Team], error) {
			team, err := store.AddTeam(ctx, newID(ctx, in.Body.ID), in.Body.Name)
			if err != nil {
				return nil, err
			}
			return one(Team(team), team.Version), nil
		})
	Register(a, Operation{ID: "listSkills", Method: http.MethodGet, Path: "/skills", Tag: "staff", Summary: "The skills, by name"},
		crm.ResourceRead, func(ctx context.Context, in *struct{ WholePaging }) (*List[Skill], error) {
			skills, err := rooms.Work.Skills(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, skills, func(s work.Skill) Skill { return Skill(s) })
		})
	Register(a, Operation{ID: "addSkill", Method: http.MethodPost, Path: "/skills", Tag: "staff", Summary: "Add a skill", Status: http.StatusCreated},
		crm.ResourceWrite, func(ctx context.Context, in *struct{ Body Skill }) (*struct{ Body Skill }, error) {
			skill, err := rooms.Work.AddSkill(ctx, work.Skill(in.Body))
			if err != nil {
				return nil, err
			}
			return &struct{ Body Skill }{Skill(skill)}, nil
		})
}
