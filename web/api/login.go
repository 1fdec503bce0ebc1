package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/web/login"
)

// Me is who is signed in, and what the app needs to begin with.
type Me struct {
	ID           uuid.UUID    `json:"id" format:"uuid"`
	Name         string       `json:"name" example:"Ada Gruber"`
	Email        string       `json:"email" example:"ada@example.org"`
	Initials     string       `json:"initials" example:"AG"`
	Colour       int          `json:"colour" minimum:"0" maximum:"9" doc:"The person's colour, of ten"`
	Role         string       `json:"role" example:"dispatcher"`
	RoleTitle    string       `json:"role_title" example:"Dispatcher"`
	Rights       []crm.Right  `json:"rights" nullable:"false" doc:"What the person may do"`
	Scope        crm.Scope    `json:"scope" enum:"all,teams,own" doc:"Whose records the person sees"`
	Language     string       `json:"language" example:"en"`
	Theme        string       `json:"theme" enum:"system,light,dark,sunlight"`
	ResourceID   *uuid.UUID   `json:"resource_id" nullable:"true" format:"uuid" doc:"The person's own line on the board, if there is one"`
	Organisation Organisation `json:"organisation"`
	Map          MapPlace     `json:"map"`
	Day          string       `json:"day" format:"date" doc:"The next working day"`
	Version      int          `json:"version"`
}

// Organisation is whom Catchment works for.
type Organisation struct {
	Name     string `json:"name" example:"Alpenwärme AG"`
	Zone     string `json:"zone" example:"Europe/Vaduz"`
	Currency string `json:"currency" example:"CHF"`
	Language string `json:"language" example:"de"`
}

// MapPlace is the part of the world that is loaded.
type MapPlace struct {
	Bounds      [4]float64 `json:"bounds" doc:"West, south, east, north"`
	Centre      Point      `json:"centre"`
	Attribution string     `json:"attribution"`
	Source      string     `json:"source" enum:"town,osm" doc:"A generated town, or OpenStreetMap"`
	Name        string     `json:"name" example:"Liechtenstein"`
}

func me(ctx context.Context, rooms Rooms) (Me, error) {
	actor, err := crm.Require(ctx, crm.SignedIn)
	if err != nil {
		return Me{}, err
	}
	staff, err := rooms.Store.StaffByID(ctx, actor.ID)
	if err != nil {
		return Me{}, err
	}
	organisation, err := rooms.Store.Company(ctx)
	if err != nil {
		return Me{}, err
	}
	place, err := rooms.Place(ctx)
	if err != nil {
		return Me{}, err
	}
	out := Me{
		ID: staff.ID, Name: staff.Name, Email: staff.Email, Initials: crm.Initials(staff.Name), Colour: int(staff.ID[15] % 10),
		Role: actor.Role, RoleTitle: actor.Role, Rights: actor.Rights, Scope: actor.Scope, Language: staff.Language, Theme: staff.Theme,
		ResourceID: actor.Resource, Version: staff.Version,
		Organisation: Organisation{organisation.Name, organisation.Zone, organisation.Currency, organisation.Language},
		Map: MapPlace{
			Bounds: [4]float64{place.Bound.Min[0], place.Bound.Min[1], place.Bound.Max[0], place.Bound.Max[1]},
			Centre: point(place.Bound.Center()), Attribution: place.Attribution, Source: place.Source, Name: place.Name,
		},
		Day: organisation.Calendar.NextWorkingDay(rooms.Store.Now(), organisation.Location()),
	}
	if out.RoleTitle, err = rooms.Store.RoleTitle(ctx, actor.Role); err != nil {
		return Me{}, err
	}
	if actor.Resource != nil && actor.May(crm.ResourceRead) {
		resource, err := rooms.Work.Resource(ctx, *actor.Resource)
		if err != nil {
			return Me{}, err
		}
		out.Colour, out.Initials = resource.Colour, resource.Initials
	}
	return out, nil
}

// SignedIn is the answer that opens or renews a session.
type SignedIn struct {
	SetCookie []string `header:"Set-Cookie" doc:"The session, and a hint that there is one"`
	ETag      string   `header:"ETag"`
	Body      Me
}

// Sender tells by which way the request came; the adapter's context has what plain handlers do not.
type Sender struct {
	login.Caller
}

// Resolve reads the caller from the request, before the handler runs.
func (c *Sender) Resolve(hctx huma.Context) []error {
	r, _ := humachi.Unwrap(hctx)
	c.Address, c.Agent, c.Session = Caller(r.Context()), r.UserAgent(), login.CookieToken(r)
	return nil
}

func limited(err error) error {
	var wait *login.Limited
	if errors.As(err, &wait) {
		return NewProblem(http.StatusTooManyRequests, wait.Error()).With("Retry-After", strconv.Itoa(wait.Seconds()))
	}
	return err
}

func loginOperations(a *API, rooms Rooms) {
	type credentials struct {
		Email    string `json:"email" minLength:"1" maxLength:"254" example:"ada@example.org"`
		Password string `json:"password" minLength:"1" maxLength:"1000" example:"a long walk home"`
	}
	type loginInput struct {
		Sender
		Body credentials
	}
	Register(a, Operation{ID: "login", Method: http.MethodPost, Path: "/login", Tag: "login", Summary: "Sign in",
		About: "Sets the session cookie. 401 if the e-mail or the password is wrong, 429 with Retry-After after too many attempts.", MaxBody: 10_000},
		Public, func(ctx context.Context, in *loginInput) (*SignedIn, error) {
			session, err := rooms.Desk.Login(ctx, in.Body.Email, in.Body.Password, in.Caller)
			if err != nil {
				return nil, limited(err)
			}
			actor, err := rooms.Store.ActorOf(ctx, session.Staff)
			if err != nil {
				return nil, err
			}
			body, err := me(crm.WithActor(ctx, actor), rooms)
			if err != nil {
				return nil, err
			}
			return &SignedIn{[]string{rooms.Desk.Cookie(session).String(), rooms.Desk.Hint(session).String()}, etag(body.Version), body}, nil
		})
	type loggedOut struct {
		SetCookie []string `header:"Set-Cookie"`
	}
	Register(a, Operation{ID: "logout", Method: http.MethodPost, Path: "/logout", Tag: "login", Summary: "Sign out", Status: http.StatusNoContent},
		Public, func(ctx context.Context, in *struct{ Sender }) (*loggedOut, error) {
			if in.Session != "" {
				if err := rooms.Desk.Logout(ctx, in.Session); err != nil {
					return nil, err
				}
			}
			return &loggedOut{[]string{rooms.Desk.NoCookie().String(), rooms.Desk.NoHint().String()}}, nil
		})
	Register(a, Operation{ID: "getMe", Method: http.MethodGet, Path: "/me", Tag: "login", Summary: "Who is signed in"},
		crm.SignedIn, func(ctx context.Context, _ *struct{}) (*One[Me], error) {
			body, err := me(ctx, rooms)
			if err != nil {
				return nil, err
			}
			return one(body, body.Version), nil
		})
	type meChange struct {
		Language *string `json:"language,omitempty" enum:"en,de" example:"de"`
		Theme    *string `json:"theme,omitempty" enum:"system,light,dark,sunlight"`
	}
	Register(a, Operation{ID: "changeMe", Method: http.MethodPatch, Path: "/me", Tag: "login", Summary: "Choose one's language and theme"},
		crm.SignedIn, func(ctx context.Context, in *struct{ Body meChange }) (*One[Me], error) {
			if _, err := rooms.Store.ChangeMe(ctx, in.Body.Language, in.Body.Theme); err != nil {
				return nil, err
			}
			body, err := me(ctx, rooms)
			if err != nil {
				return nil, err
			}
			return one(body, body.Version), nil
		})
	type passwordChange struct {
		Current string `json:"current" minLength:"1" maxLength:"1000"`
		New     string `json:"new" minLength:"10" maxLength:"200" doc:"At least ten characters; length counts, not kinds of characters"`
	}
	type passwordInput struct {
		Sender
		Body passwordChange
	}
	Register(a, Operation{ID: "changePassword", Method: http.MethodPost, Path: "/me/password", Tag: "login", Summary: "Change one's password",
		About: "Ends all other sessions and gives this browser a new one.", Secret: true, MaxBody: 10_000},
		crm.SignedIn, func(ctx context.Context, in *passwordInput) (*SignedIn, error) {
			session, err := rooms.Desk.ChangePassword(ctx, in.Body.Current, in.Body.New, in.Caller)
			if err != nil {
				return nil, limited(err)
			}
			body, err := me(ctx, rooms)
			if err != nil {
				return nil, err
			}
			return &SignedIn{[]string{rooms.Desk.Cookie(session).String(), rooms.Desk.Hint(session).String()}, etag(body.Version), body}, nil
		})
	tokenOperations(a, rooms)
}

// Token lets a program act for a person.
type Token struct {
	ID        uuid.UUID   `json:"id" format:"uuid"`
	Name      string      `json:"name" example:"Nightly export"`
	Rights    []crm.Right `json:"rights" nullable:"false"`
	CreatedAt time.Time   `json:"created_at"`
	ExpiresAt *time.Time  `json:"expires_at" nullable:"true"`
	SeenAt    *time.Time  `json:"seen_at" nullable:"true" doc:"When it was last used, to the minute"`
}

// MadeToken is a token with its secret.
type MadeToken struct {
	Token
	Secret string `json:"secret" doc:"Shown this once: send it as Authorization: Bearer ct_…" example:"ct_3hX…"`
}

// NewToken is a token to make.
type NewToken struct {
	Name      string      `json:"name" minLength:"1" maxLength:"200" example:"Nightly export"`
	Rights    []crm.Right `json:"rights" minItems:"1" maxItems:"100" maxLength:"40" nullable:"false" doc:"Some of one's own" example:"[\"visit.read\"]"`
	ExpiresAt *time.Time  `json:"expires_at,omitempty" example:"2027-01-31T00:00:00Z"`
}

func tokenOut(t login.Token) Token {
	return Token{t.ID, t.Name, t.Rights, t.CreatedAt.UTC(), utc(t.ExpiresAt), utc(t.SeenAt)}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func tokenOperations(a *API, rooms Rooms) {
	Register(a, Operation{ID: "listTokens", Method: http.MethodGet, Path: "/tokens", Tag: "login", Summary: "One's API tokens"},
		crm.TokenOwn, func(ctx context.Context, in *struct{ WholePaging }) (*List[Token], error) {
			tokens, err := rooms.Desk.Tokens(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, tokens, tokenOut)
		})
	Register(a, Operation{ID: "addToken", Method: http.MethodPost, Path: "/tokens", Tag: "login", Summary: "Make an API token", Status: http.StatusCreated, Secret: true},
		crm.TokenOwn, func(ctx context.Context, in *struct{ Body NewToken }) (*struct{ Body MadeToken }, error) {
			token, secret, err := rooms.Desk.AddToken(ctx, login.NewToken{ID: newID(ctx, nil), Name: in.Body.Name, Rights: in.Body.Rights, ExpiresAt: in.Body.ExpiresAt})
			if err != nil {
				return nil, err
			}
			return &struct{ Body MadeToken }{MadeToken{tokenOut(token), secret}}, nil
		})
	Register(a, Operation{ID: "removeToken", Method: http.MethodDelete, Path: "/tokens/{id}", Tag: "login", Summary: "End an API token", Status: http.StatusNoContent},
		crm.TokenOwn, func(ctx context.Context, in *ID) (*Nothing, error) {
			return nil, rooms.Desk.RemoveToken(ctx, in.ID)
		})
}
