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

// Invitation is what came of inviting somebody.
type Invitation struct {
	Mailed    bool      `json:"mailed" doc:"A letter is on its way"`
	Link      string    `json:"link,omitempty" doc:"Where no letters leave the house: the link to hand over, which works once"`
	ExpiresAt time.Time `json:"expires_at"`
}

// OpenSession is a sign-in that has not ended.
type OpenSession struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	StaffID   uuid.UUID `json:"staff_id" format:"uuid"`
	StaffName string    `json:"staff_name"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"When it was last used, to the minute"`
	ExpiresAt time.Time `json:"expires_at"`
	Agent     string    `json:"agent" doc:"What the browser calls itself"`
	Current   bool      `json:"current" doc:"The one this is asked by"`
}

// KnownDevice is a phone or browser that keeps a queue of commands.
type KnownDevice struct {
	ID        uuid.UUID  `json:"id" format:"uuid"`
	StaffID   uuid.UUID  `json:"staff_id" format:"uuid"`
	StaffName string     `json:"staff_name"`
	Name      string     `json:"name"`
	LastSeq   int64      `json:"last_seq"`
	CreatedAt time.Time  `json:"created_at"`
	SeenAt    time.Time  `json:"seen_at"`
	RevokedAt *time.Time `json:"revoked_at" nullable:"true"`
}

func accessOperations(a *API, rooms Rooms) {
	desk := rooms.Desk
	Register(a, Operation{ID: "inviteStaff", Method: http.MethodPost, Path: "/staff/{id}/invite", Tag: "staff", Summary: "Let a person choose a password", Secret: true,
		About: "By a link that works once within three days: sent by letter or, where no letters leave the house, answered here to be handed over. Only who has all that the person's role gives may do so."},
		crm.StaffWrite, func(ctx context.Context, in *ID) (*struct{ Body Invitation }, error) {
			i, err := desk.Invite(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &struct{ Body Invitation }{Invitation{i.Mailed, i.Link, i.Expires}}, nil
		})
	type forgotInput struct {
		Sender
		Body struct {
			Email string `json:"email" minLength:"1" maxLength:"254" example:"ada@example.org"`
		}
	}
	Register(a, Operation{ID: "forgotPassword", Method: http.MethodPost, Path: "/password/forgot", Tag: "login", Summary: "Ask for a letter to choose a new password", Status: http.StatusNoContent,
		About: "The answer is the same whether anybody signs in with the e-mail or not. 429 with Retry-After after too many.", MaxBody: 10_000},
		Public, func(ctx context.Context, in *forgotInput) (*Nothing, error) {
			return nil, limited(desk.AskReset(ctx, in.Body.Email, in.Caller))
		})
	type setInput struct {
		Sender
		Body struct {
			Token    string `json:"token" minLength:"1" maxLength:"200" doc:"Of the link" example:"3hXq…"`
			Password string `json:"password" minLength:"10" maxLength:"200" doc:"At least ten characters; length counts, not kinds of characters" example:"a long walk home"`
		}
	}
	Register(a, Operation{ID: "setPassword", Method: http.MethodPost, Path: "/password", Tag: "login", Summary: "Choose a password by a link, and sign in",
		About: "Ends all sessions and other links of the person.", Secret: true, MaxBody: 10_000},
		Public, func(ctx context.Context, in *setInput) (*SignedIn, error) {
			session, err := desk.SetPassword(ctx, in.Body.Token, in.Body.Password, in.Caller)
			if err != nil {
				return nil, err
			}
			actor, err := rooms.Store.ActorOf(ctx, session.Staff)
			if err != nil {
				return nil, err
			}
			body, err := me(crm.WithActor(ctx, actor), rooms)
			if err != nil {
				return nil, err
			}
			return &SignedIn{[]string{desk.Cookie(session).String(), desk.Hint(session).String()}, etag(body.Version), body}, nil
		})
	type sessionsInput struct {
		Sender
		WholePaging
		Staff string `query:"staff_id" format:"uuid" doc:"Of this person; one's own if left out"`
	}
	Register(a, Operation{ID: "listSessions", Method: http.MethodGet, Path: "/sessions", Tag: "login", Summary: "Where one is signed in, the last used first"},
		crm.SignedIn, func(ctx context.Context, in *sessionsInput) (*List[OpenSession], error) {
			staff, err := optionalID("staff_id", in.Staff)
			if err != nil {
				return nil, err
			}
			all, err := desk.Sessions(ctx, staff, in.Session)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, all, func(o login.Open) OpenSession {
				return OpenSession{o.ID, o.StaffID, o.StaffName, o.CreatedAt.UTC(), o.SeenAt.UTC(), o.ExpiresAt.UTC(), o.Agent, o.Current}
			})
		})
	Register(a, Operation{ID: "endSession", Method: http.MethodDelete, Path: "/sessions/{id}", Tag: "login", Summary: "End a session", Status: http.StatusNoContent,
		About: "One's own, or that of somebody one may shut out."},
		crm.SignedIn, func(ctx context.Context, in *ID) (*Nothing, error) {
			return nil, desk.EndSession(ctx, in.ID)
		})
	type devicesInput struct {
		WholePaging
		Staff string `query:"staff_id" format:"uuid" doc:"Of this person"`
	}
	Register(a, Operation{ID: "listDevices", Method: http.MethodGet, Path: "/devices", Tag: "sync", Summary: "Devices, the last used first: one's own, or everybody's for who may shut them out"},
		crm.SignedIn, func(ctx context.Context, in *devicesInput) (*List[KnownDevice], error) {
			staff, err := optionalID("staff_id", in.Staff)
			if err != nil {
				return nil, err
			}
			all, err := rooms.Work.Devices(ctx, staff)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, all, func(d work.KnownDevice) KnownDevice {
				return KnownDevice{d.ID, d.StaffID, d.StaffName, d.Name, d.LastSeq, d.CreatedAt.UTC(), d.SeenAt.UTC(), utc(d.RevokedAt)}
			})
		})
}
