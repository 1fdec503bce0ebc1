package api

import (
	"context"
	"net/http"

	"catchment/crm"
)

// Role is a named set of rights.
type Role struct {
	Code    string      `json:"code" example:"dispatcher"`
	Title   string      `json:"title" example:"Dispatcher"`
	Scope   crm.Scope   `json:"scope" enum:"all,teams,own" doc:"Whose records it sees"`
	Rights  []crm.Right `json:"rights" nullable:"false"`
	Members int         `json:"members" doc:"Active people who have it"`
	BuiltIn bool        `json:"built_in" doc:"Every organisation has it: may be changed, not removed"`
	Fixed   bool        `json:"fixed" doc:"May not be changed either"`
	Version int         `json:"version"`
}

func roleOut(r crm.RoleRow) Role {
	return Role{r.Code, r.Title, r.Scope, r.Rights, r.Members, r.BuiltIn, r.Fixed, r.Version}
}

// NewRole is a role to add.
type NewRole struct {
	Code   string      `json:"code" pattern:"^[a-z][a-z0-9_]{0,39}$" maxLength:"40" example:"trainee"`
	Title  string      `json:"title" minLength:"1" maxLength:"200" example:"Trainee"`
	Scope  crm.Scope   `json:"scope" enum:"all,teams,own" example:"own"`
	Rights []crm.Right `json:"rights" maxItems:"200" maxLength:"40" nullable:"false" doc:"Some of one's own: nobody can give what he lacks" example:"[\"visit.read\"]"`
}

// RoleChange names what to change; what is left out stays.
type RoleChange struct {
	Title  *string      `json:"title,omitempty" minLength:"1" maxLength:"200" example:"Trainee"`
	Scope  *crm.Scope   `json:"scope,omitempty" enum:"all,teams,own"`
	Rights *[]crm.Right `json:"rights,omitempty" maxItems:"200" maxLength:"40" example:"[\"visit.read\"]"`
}

// Code is what operations on something with a code take.
type Code struct {
	Code string `path:"code" maxLength:"60" example:"trainee"`
}

func roleOperations(a *API, rooms Rooms) {
	store := rooms.Store
	Register(a, Operation{ID: "listRoles", Method: http.MethodGet, Path: "/roles", Tag: "administration", Summary: "The roles and their rights, by title"},
		crm.StaffRead, func(ctx context.Context, in *struct{ WholePaging }) (*List[Role], error) {
			roles, err := store.RoleRows(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, roles, roleOut)
		})
	Register(a, Operation{ID: "addRole", Method: http.MethodPost, Path: "/roles", Tag: "administration", Summary: "Add a role of one's own", Status: http.StatusCreated,
		About: "Nobody can give a right or a scope that he lacks himself."},
		crm.OrganisationWrite, func(ctx context.Context, in *struct{ Body NewRole }) (*One[Role], error) {
			r, err := store.AddRole(ctx, crm.RoleRow{Code: in.Body.Code, Title: in.Body.Title, Scope: in.Body.Scope, Rights: in.Body.Rights})
			if err != nil {
				return nil, err
			}
			return oneAt(roleOut(r), r.Version, "/roles/"+r.Code), nil
		})
	type getInput struct {
		Code
		Known
	}
	Register(a, Operation{ID: "getRole", Method: http.MethodGet, Path: "/roles/{code}", Tag: "administration", Summary: "One role"},
		crm.StaffRead, func(ctx context.Context, in *getInput) (*One[Role], error) {
			r, err := store.RoleRow(ctx, in.Code.Code)
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, one(roleOut(r), r.Version))
		})
	type changeInput struct {
		Code
		Match
		Body RoleChange
	}
	Register(a, Operation{ID: "changeRole", Method: http.MethodPatch, Path: "/roles/{code}", Tag: "administration", Summary: "Change a role", Versioned: true,
		About: "Counts from each member's next request on. The administrator's is fixed."},
		crm.OrganisationWrite, func(ctx context.Context, in *changeInput) (*One[Role], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			r, err := store.ChangeRole(ctx, in.Code.Code, version, crm.RoleChange(in.Body))
			if err != nil {
				return nil, err
			}
			return one(roleOut(r), r.Version), nil
		})
	type removeInput struct {
		Code
		Match
	}
	Register(a, Operation{ID: "removeRole", Method: http.MethodDelete, Path: "/roles/{code}", Tag: "administration", Summary: "Remove a role of one's own that nobody has", Versioned: true, Status: http.StatusNoContent},
		crm.OrganisationWrite, func(ctx context.Context, in *removeInput) (*Nothing, error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			return nil, store.RemoveRole(ctx, in.Code.Code, version)
		})
}
