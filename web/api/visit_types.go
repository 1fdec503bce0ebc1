package api

import (
	"cmp"
	"context"
	"net/http"

	"catchment/crm"
	"catchment/crm/work"
)

// VisitType tells what visits of a sort are usually like.
type VisitType struct {
	Code            string   `json:"code" example:"boiler_service"`
	Names           LabelIn  `json:"names"`
	Kind            string   `json:"kind" enum:"service,sales,campaign"`
	DurationSeconds int      `json:"duration_seconds" example:"5400"`
	Skills          []string `json:"skills" nullable:"false"`
	Priority        int      `json:"priority"`
	Active          bool     `json:"active" doc:"Offered to choose"`
	Version         int      `json:"version"`
}

func visitTypeOut(t work.VisitType) VisitType {
	return VisitType{t.Code, LabelIn{t.Names["en"], t.Names["de"]}, t.Kind, t.DurationSeconds, t.Skills, t.Priority, t.Active, t.Version}
}

// NewVisitType is a type of visits to add.
type NewVisitType struct {
	Code string `json:"code" pattern:"^[a-z][a-z0-9_]{0,39}$" maxLength:"40" example:"boiler_service"`
	VisitTypeIn
}

// VisitTypeIn is what a type of visits tells.
type VisitTypeIn struct {
	Names           LabelIn  `json:"names"`
	Kind            string   `json:"kind" enum:"service,sales,campaign" example:"service"`
	DurationSeconds int      `json:"duration_seconds" minimum:"60" maximum:"86400" example:"5400"`
	Skills          []string `json:"skills,omitempty" maxItems:"20" maxLength:"40" example:"[\"gas\"]"`
	Priority        int      `json:"priority,omitempty" minimum:"0" maximum:"100" example:"10"`
	Active          *bool    `json:"active,omitempty" doc:"Offered to choose; true if left out"`
}

func (v VisitTypeIn) in(code string, version int) work.VisitType {
	return work.VisitType{Code: code, Names: map[string]string{"en": v.Names.En, "de": v.Names.De}, Kind: v.Kind, DurationSeconds: v.DurationSeconds,
		Skills: v.Skills, Priority: v.Priority, Active: v.Active == nil || *v.Active, Version: version}
}

func visitTypeOperations(a *API, rooms Rooms) {
	room := rooms.Work
	Register(a, Operation{ID: "listVisitTypes", Method: http.MethodGet, Path: "/visit-types", Tag: "visits", Summary: "Types of visits, by name"},
		crm.VisitRead, func(ctx context.Context, in *WholePaging) (*List[VisitType], error) {
			all, err := room.VisitTypes(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, *in, all, visitTypeOut)
		})
	Register(a, Operation{ID: "addVisitType", Method: http.MethodPost, Path: "/visit-types", Tag: "visits", Summary: "Add a type of visits", Status: http.StatusCreated},
		crm.OrganisationWrite, func(ctx context.Context, in *struct{ Body NewVisitType }) (*One[VisitType], error) {
			t, err := room.SaveVisitType(ctx, in.Body.in(in.Body.Code, 0))
			if err != nil {
				return nil, err
			}
			return oneAt(visitTypeOut(t), t.Version, "/visit-types/"+t.Code), nil
		})
	type getInput struct {
		Code
		Known
	}
	Register(a, Operation{ID: "getVisitType", Method: http.MethodGet, Path: "/visit-types/{code}", Tag: "visits", Summary: "One type of visits"},
		crm.VisitRead, func(ctx context.Context, in *getInput) (*One[VisitType], error) {
			t, err := room.VisitType(ctx, in.Code.Code)
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, one(visitTypeOut(t), t.Version))
		})
	type changeInput struct {
		Code
		Match
		Body VisitTypeIn
	}
	Register(a, Operation{ID: "changeVisitType", Method: http.MethodPatch, Path: "/visit-types/{code}", Tag: "visits", Summary: "Say anew what visits of a type are like", Versioned: true,
		About: "Visits that are there stay as they are."},
		crm.OrganisationWrite, func(ctx context.Context, in *changeInput) (*One[VisitType], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			t, err := room.SaveVisitType(ctx, in.Body.in(in.Code.Code, version))
			if err != nil {
				return nil, err
			}
			return one(visitTypeOut(t), t.Version), nil
		})
	type renameInput struct {
		Code
		Body struct {
			Name string `json:"name" minLength:"1" maxLength:"200" example:"Gas licence"`
		}
	}
	Register(a, Operation{ID: "changeSkill", Method: http.MethodPatch, Path: "/skills/{code}", Tag: "staff", Summary: "Give a skill another name"},
		crm.ResourceWrite, func(ctx context.Context, in *renameInput) (*struct{ Body Skill }, error) {
			s, err := room.RenameSkill(ctx, work.Skill{Code: in.Code.Code, Name: in.Body.Name})
			if err != nil {
				return nil, err
			}
			return &struct{ Body Skill }{Skill(s)}, nil
		})
	Register(a, Operation{ID: "removeSkill", Method: http.MethodDelete, Path: "/skills/{code}", Tag: "staff", Summary: "Remove a skill that nobody has and nothing needs", Status: http.StatusNoContent},
		crm.ResourceWrite, func(ctx context.Context, in *Code) (*Nothing, error) {
			return nil, room.RemoveSkill(ctx, in.Code)
		})
}

// fillByType takes what a visit to add leaves out from its type, the title in the organisation's language.
func (n *NewVisit) fillByType(ctx context.Context, rooms Rooms) error {
	if n.Type == "" {
		return nil
	}
	t, err := rooms.Work.VisitType(ctx, n.Type)
	if crm.KindOf(err) == crm.NotFound {
		return crm.Invalidf("type", "there is no type of visits %q", n.Type)
	}
	if err != nil {
		return err
	}
	organisation, err := rooms.Store.Organisation(ctx)
	if err != nil {
		return err
	}
	if n.Title == "" {
		n.Title = cmp.Or(t.Names[organisation.Language], t.Names["en"])
	}
	if n.Kind == nil {
		n.Kind = &t.Kind
	}
	if n.DurationSeconds == nil {
		n.DurationSeconds = &t.DurationSeconds
	}
	if n.Priority == nil {
		n.Priority = &t.Priority
	}
	if n.Skills == nil {
		n.Skills = &t.Skills
	}
	return nil
}
