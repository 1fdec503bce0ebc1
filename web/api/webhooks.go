package api

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/outbox"
)

// Webhook is an address that is told what happens.
type Webhook struct {
	ID             uuid.UUID  `json:"id" format:"uuid"`
	Title          string     `json:"title" example:"ERP"`
	URL            string     `json:"url" example:"https://example.org/hook"`
	Events         []string   `json:"events" nullable:"false" doc:"Patterns such as account.*, *.removed or *"`
	Active         bool       `json:"active"`
	PausedBecause  string     `json:"paused_because" doc:"Why Catchment itself has paused it; empty if it has not"`
	StaffID        uuid.UUID  `json:"staff_id" format:"uuid" doc:"The maker: it is told what he may see, and no more"`
	OldSecretUntil *time.Time `json:"old_secret_until" nullable:"true" doc:"The former secret signs too until then"`
	FailuresInARow int        `json:"failures_in_a_row"`
	HeldUntil      *time.Time `json:"held_until" nullable:"true" doc:"Nothing got through: all its messages wait until then"`
	Queued         int64      `json:"queued" doc:"Messages on their way"`
	Dead           int64      `json:"dead" doc:"Messages put aside after the last attempt"`
	Version        int        `json:"version"`
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
}

func webhookOut(e outbox.Endpoint) Webhook {
	return Webhook{e.ID, e.Title, e.URL, e.Events, e.Active, e.PausedBecause, e.StaffID, utc(e.OldUntil), e.Failures, utc(e.HoldUntil), e.Queued, e.Dead,
		e.Version, e.CreatedAt.UTC(), e.UpdatedAt.UTC()}
}

// MadeWebhook is a webhook with its secret.
type MadeWebhook struct {
	Webhook
	Secret string `json:"secret" doc:"Shown this once: the key of the signatures, by the Standard Webhooks scheme" example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
}

// NewWebhook is a webhook to add.
type NewWebhook struct {
	ID     *uuid.UUID `json:"id,omitempty" format:"uuid"`
	Title  string     `json:"title" minLength:"1" maxLength:"200" example:"ERP"`
	URL    string     `json:"url" minLength:"1" maxLength:"2000" example:"https://example.org/hook"`
	Events []string   `json:"events" minItems:"1" maxItems:"100" maxLength:"125" nullable:"false" doc:"Patterns such as account.*, *.removed or *" example:"[\"account.*\",\"deal.changed\"]"`
}

// WebhookChange names what to change; what is left out stays.
type WebhookChange struct {
	Title  *string   `json:"title,omitempty" minLength:"1" maxLength:"200" example:"ERP"`
	URL    *string   `json:"url,omitempty" minLength:"1" maxLength:"2000" doc:"Who leads it elsewhere becomes its maker" example:"https://example.org/hook"`
	Events *[]string `json:"events,omitempty" minItems:"1" maxItems:"100" maxLength:"125" example:"[\"account.*\"]"`
	Active *bool     `json:"active,omitempty"`
}

// WebhookMessage is one message to a webhook.
type WebhookMessage struct {
	ID        uuid.UUID  `json:"id" format:"uuid" doc:"The webhook-id the receiver is told, the same at each attempt"`
	Type      string     `json:"type" example:"account.changed"`
	EntityID  uuid.UUID  `json:"entity_id" format:"uuid"`
	State     string     `json:"state" enum:"queued,sent,dead"`
	Attempts  int        `json:"attempts"`
	NextAt    *time.Time `json:"next_at" nullable:"true" doc:"When it is tried next"`
	Status    *int       `json:"status" nullable:"true" doc:"Of the last answer"`
	Error     string     `json:"error"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at" nullable:"true"`
}

func messageOut(m outbox.Message) WebhookMessage {
	return WebhookMessage{m.ID, m.Type, m.EntityID, m.State, m.Attempts, utc(m.NextAt), m.Status, m.Error, m.CreatedAt.UTC(), utc(m.EndedAt)}
}

func webhookOperations(a *API, rooms Rooms) {
	out := rooms.Outbox
	Register(a, Operation{ID: "listWebhooks", Method: http.MethodGet, Path: "/webhooks", Tag: "webhooks", Summary: "Addresses that are told what happens, by title"},
		crm.WebhookWrite, func(ctx context.Context, in *WholePaging) (*List[Webhook], error) {
			all, err := out.Endpoints(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, *in, all, webhookOut)
		})
	Register(a, Operation{ID: "addWebhook", Method: http.MethodPost, Path: "/webhooks", Tag: "webhooks", Summary: "Have an address told what happens", Status: http.StatusCreated, Secret: true,
		About: "Each event is sent by POST, signed by the Standard Webhooks scheme, at least once, under the same webhook-id; those of one record in order. " +
			"What does not get through is tried ten times over about a day."},
		crm.WebhookWrite, func(ctx context.Context, in *struct{ Body NewWebhook }) (*One[MadeWebhook], error) {
			e, secret, err := out.AddEndpoint(ctx, newID(ctx, in.Body.ID), in.Body.Title, in.Body.URL, in.Body.Events)
			if err != nil {
				return nil, err
			}
			return oneAt(MadeWebhook{webhookOut(e), secret}, e.Version, "/webhooks/"+e.ID.String()), nil
		})
	type getInput struct {
		ID
		Known
	}
	Register(a, Operation{ID: "getWebhook", Method: http.MethodGet, Path: "/webhooks/{id}", Tag: "webhooks", Summary: "One webhook"},
		crm.WebhookWrite, func(ctx context.Context, in *getInput) (*One[Webhook], error) {
			e, err := out.Endpoint(ctx, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return &One[Webhook]{Body: webhookOut(e), ETag: etag(e.Version)}, nil // its counts change without its version: never 304
		})
	type changeInput struct {
		ID
		Match
		Body WebhookChange
	}
	Register(a, Operation{ID: "changeWebhook", Method: http.MethodPatch, Path: "/webhooks/{id}", Tag: "webhooks", Summary: "Change a webhook", Versioned: true},
		crm.WebhookWrite, func(ctx context.Context, in *changeInput) (*One[Webhook], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			e, err := out.ChangeEndpoint(ctx, in.ID.ID, version, outbox.EndpointChange(in.Body))
			if err != nil {
				return nil, err
			}
			return one(webhookOut(e), e.Version), nil
		})
	type versionInput struct {
		ID
		Match
	}
	Register(a, Operation{ID: "removeWebhook", Method: http.MethodDelete, Path: "/webhooks/{id}", Tag: "webhooks", Summary: "Remove a webhook with what was still to be told", Versioned: true, Status: http.StatusNoContent},
		crm.WebhookWrite, func(ctx context.Context, in *versionInput) (*Nothing, error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			return nil, out.RemoveEndpoint(ctx, in.ID.ID, version)
		})
	Register(a, Operation{ID: "rotateWebhookSecret", Method: http.MethodPost, Path: "/webhooks/{id}/secret", Tag: "webhooks", Summary: "Give a webhook a new secret", Versioned: true, Secret: true,
		About: "The former one signs too for a day."},
		crm.WebhookWrite, func(ctx context.Context, in *versionInput) (*One[MadeWebhook], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			e, secret, err := out.RotateSecret(ctx, in.ID.ID, version)
			if err != nil {
				return nil, err
			}
			return one(MadeWebhook{webhookOut(e), secret}, e.Version), nil
		})
	messageOperations(a, out)
}

func messageOperations(a *API, out *outbox.Outbox) {
	type message struct{ Body WebhookMessage }
	Register(a, Operation{ID: "testWebhook", Method: http.MethodPost, Path: "/webhooks/{id}/test", Tag: "webhooks", Summary: "Send a test event to a webhook", Status: http.StatusAccepted},
		crm.WebhookWrite, func(ctx context.Context, in *ID) (*message, error) {
			m, err := out.Test(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &message{messageOut(m)}, nil
		})
	type listInput struct {
		ID
		Paging
		State string `query:"state" enum:"queued,sent,dead" doc:"Of this state only"`
	}
	Register(a, Operation{ID: "listWebhookMessages", Method: http.MethodGet, Path: "/webhooks/{id}/messages", Tag: "webhooks", Summary: "What was and is to be told to a webhook, newest first"},
		crm.WebhookWrite, func(ctx context.Context, in *listInput) (*List[WebhookMessage], error) {
			page, err := out.Messages(ctx, in.ID.ID, in.State, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, messageOut), nil
		})
	type replayInput struct {
		ID
		Message uuid.UUID `path:"message" format:"uuid"`
	}
	Register(a, Operation{ID: "replayWebhookMessage", Method: http.MethodPost, Path: "/webhooks/{id}/messages/{message}/replay", Tag: "webhooks", Summary: "Send a message again under its id", Status: http.StatusAccepted},
		crm.WebhookWrite, func(ctx context.Context, in *replayInput) (*message, error) {
			m, err := out.Replay(ctx, in.ID.ID, in.Message)
			if err != nil {
				return nil, err
			}
			return &message{messageOut(m)}, nil
		})
	type sinceInput struct {
		ID
		Body struct {
			Since time.Time `json:"since" example:"2026-11-20T00:00:00Z"`
			Dead  bool      `json:"dead,omitempty" doc:"Only those that were put aside"`
		}
	}
	type replayed struct {
		Body struct {
			Messages int `json:"messages" doc:"How many are sent again"`
		}
	}
	Register(a, Operation{ID: "replayWebhook", Method: http.MethodPost, Path: "/webhooks/{id}/replay", Tag: "webhooks", Summary: "Send all messages since an instant again, in their order", Status: http.StatusAccepted},
		crm.WebhookWrite, func(ctx context.Context, in *sinceInput) (*replayed, error) {
			if err := sensible("since", in.Body.Since); err != nil {
				return nil, err
			}
			n, err := out.ReplaySince(ctx, in.ID.ID, in.Body.Since, in.Body.Dead)
			if err != nil {
				return nil, err
			}
			answer := &replayed{}
			answer.Body.Messages = n
			return answer, nil
		})
}

// sensible refuses instants no log has.
func sensible(field string, t time.Time) error {
	if !t.IsZero() && (t.Year() < 1900 || t.Year() > 2200) || t.IsZero() {
		return crm.Invalidf(field, "lies outside the years 1900 to 2200")
	}
	return nil
}
