package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/work"
	"catchment/web/live"
)

// topicsFor turns the topics somebody asks for into those of the hub, or says which one is not his to hear.
func topicsFor(ctx context.Context, rooms Rooms, asked []string) ([]string, error) {
	actor, err := crm.Require(ctx, crm.SignedIn)
	if err != nil {
		return nil, err
	}
	topics := []string{}
	for _, topic := range asked {
		kind, of, _ := strings.Cut(topic, ":")
		switch kind {
		case "day":
			if err := work.Day(of).Check("query.topics"); err != nil {
				return nil, err
			}
			if !actor.May(crm.PlanRead) {
				return nil, &crm.Error{Kind: crm.Forbidden, Field: "query.topics", Message: "your role does not see whole days"}
			}
			topics = append(topics, topic)
		case "plan":
			id, err := uuid.Parse(of)
			if err != nil || len(of) != 36 {
				return nil, crm.Invalidf("query.topics", "%q names no plan", topic)
			}
			if _, err := rooms.Plans.Plan(ctx, id); err != nil {
				return nil, err
			}
			topics = append(topics, "plan:"+id.String())
		case "import", "export":
			id, err := uuid.Parse(of)
			if err != nil || len(of) != 36 {
				return nil, crm.Invalidf("query.topics", "%q names no %s", topic, kind)
			}
			if kind == "import" {
				_, err = rooms.Exchange.Import(ctx, id)
			} else {
				_, err = rooms.Exchange.Archive(ctx, id)
			}
			if err != nil {
				return nil, err
			}
			topics = append(topics, kind+":"+id.String())
		case "me":
			topics = append(topics, "staff:"+actor.ID.String())
			if actor.Resource != nil {
				topics = append(topics, "resource:"+actor.Resource.String())
			}
		default:
			return nil, crm.Invalidf("query.topics", "%q is neither day:…, plan:…, import:…, export:… nor me", topic)
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics), nil
}

// forActor gives news the form its hearer may have it in: news of himself become the event me, and who does not
// see everybody's visits hears that a day changed, but not in which visits.
func forActor(actor crm.Actor) func(live.Message) live.Message {
	return func(m live.Message) live.Message {
		kind, _, _ := strings.Cut(m.Topic, ":")
		switch kind {
		case "staff", "resource":
			body := map[string]json.RawMessage{}
			_ = json.Unmarshal(m.Data, &body) // news without an object are told by their kind alone
			body["kind"], _ = json.Marshal(m.Event)
			m.Event = "me"
			m.Data, _ = json.Marshal(body) // made of JSON just read
		case "day":
			if actor.Scope != crm.ScopeAll {
				var body struct {
					Date json.RawMessage `json:"date"`
				}
				_ = json.Unmarshal(m.Data, &body)
				m.Event = "day"
				m.Data, _ = json.Marshal(body)
			}
		}
		return m
	}
}

func liveOperations(a *API, rooms Rooms) {
	type query struct {
		Topics []string `query:"topics" required:"true" minItems:"1" maxItems:"16" maxLength:"60" doc:"day:2026-11-23, plan:{id}, import:{id}, export:{id}, me" example:"[\"day:2026-11-23\",\"me\"]"`
	}
	Register(a, Operation{ID: "live", Method: http.MethodGet, Path: "/live", Tag: "live", Summary: "Hear of changes as they happen", Stream: true,
		About: "Server-sent events: `day` {date, visits: [ids]; all of them if left out}, `plan` {id, state, progress}, `import` {id, state, share, counts}, `export` {id, state, share, rows}, `me` {kind, …}; " +
			"`hello` at the beginning, `bye` at the end. Whoever connects again may have missed something and looks afresh. What changed is fetched through the other operations."},
		crm.SignedIn, func(ctx context.Context, in *query) (*huma.StreamResponse, error) {
			topics, err := topicsFor(ctx, rooms, in.Topics)
			if err != nil {
				return nil, err
			}
			actor, _ := crm.ActorFrom(ctx)
			stream, err := rooms.Hub.Subscribe(actor.ID.String(), topics)
			switch {
			case errors.Is(err, live.ErrTooMany):
				return nil, NewProblem(http.StatusTooManyRequests, "too many live streams are open; close a tab").With("Retry-After", "30")
			case errors.Is(err, live.ErrDraining):
				return nil, NewProblem(http.StatusServiceUnavailable, "the server is shutting down; try again").With("Retry-After", "2")
			case err != nil:
				return nil, crm.Invalidf("query.topics", "%s", err)
			}
			stream.Rewrite = forActor(actor)
			return &huma.StreamResponse{Body: func(hctx huma.Context) {
				r, w := humachi.Unwrap(hctx)
				live.Serve(w, r, stream, func(ctx context.Context) error {
					now, known, err := rooms.Desk.Actor(ctx, r)
					if err != nil {
						return nil // the database is away for a moment; the right is asked again at the next heartbeat
					}
					if !known || now.Scope != actor.Scope || !slices.Equal(now.Rights, actor.Rights) || now.ID != actor.ID {
						return fmt.Errorf("rights changed")
					}
					return nil
				})
			}}, nil
		})
}
