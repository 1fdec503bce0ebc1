package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
)

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
	return Entry{e.Seq, e.At.UTC(), e.RecordedAt.UTC(), EntryActor{e.Actor, e.ActorName}, e.Verb, e.EntityKind, e.EntityID, e.Visible()}
}

func timelineOperation(a *API, rooms Rooms) {
	customers := rooms.Customers
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
