package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/customer"
)

// Account is a customer, or somebody who may become one.
type Account struct {
	ID         uuid.UUID  `json:"id" format:"uuid"`
	Number     string     `json:"number" doc:"What people call it by" example:"A-000123"`
	Name       string     `json:"name" example:"Hotel Bergblick"`
	Kind       string     `json:"kind" enum:"company,household"`
	Stage      string     `json:"stage" enum:"lead,prospect,customer,at_risk,lost,won_back"`
	Class      string     `json:"class" enum:"A,B,C" doc:"How much it matters, A most"`
	OwnerID    *uuid.UUID `json:"owner_id" nullable:"true" format:"uuid" doc:"Who looks after it"`
	TeamID     *uuid.UUID `json:"team_id" nullable:"true" format:"uuid"`
	Phone      string     `json:"phone" example:"+423 230 00 00"`
	Email      string     `json:"email" example:"office@bergblick.example"`
	SitesCount int        `json:"sites_count" doc:"Places where work happens"`
	Version    int        `json:"version"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
}

func accountOut(a customer.Account) Account {
	return Account{a.ID, a.Number, a.Name, a.Kind, a.Stage, a.Class, a.OwnerID, a.TeamID, a.Phone, a.Email, a.Sites, a.Version,
		a.CreatedAt.UTC(), a.UpdatedAt.UTC()}
}

// NewAccount is an account to add.
type NewAccount struct {
	ID      *uuid.UUID `json:"id,omitempty" format:"uuid" doc:"Made by the client, if it wants to name the account before it is answered"`
	Name    string     `json:"name" minLength:"1" maxLength:"300" example:"Hotel Bergblick"`
	Kind    string     `json:"kind,omitempty" enum:"company,household" default:"company"`
	Stage   string     `json:"stage,omitempty" enum:"lead,prospect,customer,at_risk,lost,won_back" default:"prospect"`
	Class   string     `json:"class,omitempty" enum:"A,B,C" default:"C"`
	OwnerID *uuid.UUID `json:"owner_id,omitempty" format:"uuid"`
	TeamID  *uuid.UUID `json:"team_id,omitempty" format:"uuid"`
	Phone   string     `json:"phone,omitempty" maxLength:"50" example:"+423 230 00 00"`
	Email   string     `json:"email,omitempty" maxLength:"254" example:"office@bergblick.example"`
}

// AccountChange names what to change of an account; what is left out stays.
type AccountChange struct {
	Name    *string    `json:"name,omitempty" minLength:"1" maxLength:"300"`
	Kind    *string    `json:"kind,omitempty" enum:"company,household"`
	Stage   *string    `json:"stage,omitempty" enum:"lead,prospect,customer,at_risk,lost,won_back" example:"customer"`
	Class   *string    `json:"class,omitempty" enum:"A,B,C"`
	OwnerID *uuid.UUID `json:"owner_id,omitempty" format:"uuid"`
	TeamID  *uuid.UUID `json:"team_id,omitempty" format:"uuid"`
	Phone   *string    `json:"phone,omitempty" maxLength:"50"`
	Email   *string    `json:"email,omitempty" maxLength:"254"`
}

// Entry is something that happened.
type Entry struct {
	Seq        int64                         `json:"seq" doc:"Its number in the log"`
	At         time.Time                     `json:"at" doc:"When it was true in the world"`
	RecordedAt time.Time                     `json:"recorded_at" doc:"When we learned it"`
	Actor      EntryActor                    `json:"actor"`
	Verb       string                        `json:"verb" example:"completed"`
	EntityKind string                        `json:"entity_kind" example:"visit"`
	EntityID   uuid.UUID                     `json:"entity_id" format:"uuid"`
	Changes    map[string][2]json.RawMessage `json:"changes" doc:"What each field was and became" nullable:"false"`
}

// EntryActor is who did it.
type EntryActor struct {
	ID   uuid.UUID `json:"id" format:"uuid"`
	Name string    `json:"name"`
}

func entryOut(e crm.Entry) Entry {
	out := Entry{e.Seq, e.At.UTC(), e.RecordedAt.UTC(), EntryActor{e.Actor, e.ActorName}, e.Verb, e.EntityKind, e.EntityID, map[string][2]json.RawMessage{}}
	var open, private map[string]json.RawMessage
	_ = json.Unmarshal(e.Changes, &open)    // both are written by crm.Append; what has another form,
	_ = json.Unmarshal(e.Private, &private) // such as a hash of something forgotten, is left out below
	for _, fields := range []map[string]json.RawMessage{open, private} {
		for field, value := range fields {
			var pair [2]json.RawMessage
			if json.Unmarshal(value, &pair) == nil {
				out.Changes[field] = pair
			}
		}
	}
	return out
}

func accountOperations(a *API, rooms Rooms) {
	customers := rooms.Customers
	type query struct {
		Paging
		Q     string `query:"q" maxLength:"200" doc:"Words of the name, number, phone or e-mail" example:"berg"`
		Stage string `query:"stage" enum:"lead,prospect,customer,at_risk,lost,won_back"`
		Kind  string `query:"kind" enum:"company,household"`
		Class string `query:"class" enum:"A,B,C"`
		Owner string `query:"owner_id" format:"uuid"`
	}
	Register(a, Operation{ID: "listAccounts", Method: http.MethodGet, Path: "/accounts", Tag: "accounts", Summary: "Accounts, by name"},
		crm.AccountRead, func(ctx context.Context, in *query) (*List[Account], error) {
			owner, err := optionalID("owner_id", in.Owner)
			if err != nil {
				return nil, err
			}
			page, err := customers.Accounts(ctx, customer.AccountQuery{Text: in.Q, Stage: in.Stage, Kind: in.Kind, Class: in.Class,
				Owner: owner, Cursor: in.Cursor, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, accountOut), nil
		})
	Register(a, Operation{ID: "addAccount", Method: http.MethodPost, Path: "/accounts", Tag: "accounts", Summary: "Add an account", Status: http.StatusCreated},
		crm.AccountWrite, func(ctx context.Context, in *struct{ Body NewAccount }) (*One[Account], error) {
			b := in.Body
			id := newID(ctx, b.ID)
			added, err := customers.AddAccount(ctx, customer.NewAccount{ID: id, Name: b.Name, Kind: b.Kind, Stage: b.Stage, Class: b.Class,
				OwnerID: b.OwnerID, TeamID: b.TeamID, Phone: b.Phone, Email: b.Email})
			if err != nil {
				added, err = again(ctx, b.ID, err, func() (customer.Account, error) { return customers.Account(ctx, id) })
			}
			if err != nil {
				return nil, err
			}
			return oneAt(accountOut(added), added.Version, "/accounts/"+added.ID.String()), nil
		})
	type getInput struct {
		ID
		Known
	}
	Register(a, Operation{ID: "getAccount", Method: http.MethodGet, Path: "/accounts/{id}", Tag: "accounts", Summary: "One account"},
		crm.AccountRead, func(ctx context.Context, in *getInput) (*One[Account], error) {
			account, err := customers.Account(ctx, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, one(accountOut(account), account.Version))
		})
	type changeInput struct {
		ID
		Match
		Body AccountChange
	}
	Register(a, Operation{ID: "changeAccount", Method: http.MethodPatch, Path: "/accounts/{id}", Tag: "accounts", Summary: "Change an account",
		About: "Sites and open visits follow a new owner or team.", Versioned: true},
		crm.AccountWrite, func(ctx context.Context, in *changeInput) (*One[Account], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			b := in.Body
			account, err := customers.ChangeAccount(ctx, in.ID.ID, version, customer.AccountChange{Name: b.Name, Kind: b.Kind, Stage: b.Stage,
				Class: b.Class, Phone: b.Phone, Email: b.Email, OwnerID: b.OwnerID, TeamID: b.TeamID})
			if err != nil {
				return nil, err
			}
			return one(accountOut(account), account.Version), nil
		})
	type timelineInput struct {
		ID
		Paging
	}
	Register(a, Operation{ID: "accountTimeline", Method: http.MethodGet, Path: "/accounts/{id}/timeline", Tag: "accounts",
		Summary: "What happened to an account, its sites and its visits, newest first"},
		crm.AccountRead, func(ctx context.Context, in *timelineInput) (*List[Entry], error) {
			if _, err := customers.Account(ctx, in.ID.ID); err != nil { // an account out of sight is none
				return nil, err
			}
			page, err := rooms.Store.AccountTimeline(ctx, in.ID.ID, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, entryOut), nil
		})
}
