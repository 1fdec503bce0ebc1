package api

import (
	"context"
	"net/http"
	"time"

	"catchment/crm"
)

// ChainFault is something in the log that is not as it was written.
type ChainFault struct {
	Seq    int64  `json:"seq" doc:"The entry's number in the log"`
	Reason string `json:"reason" example:"altered"`
}

// ChainCheck is what a check of the log found.
type ChainCheck struct {
	Checked int64        `json:"checked" doc:"Entries checked so far"`
	Head    string       `json:"head" doc:"Hash of the last link checked: noted elsewhere, it proves later that nothing was cut off"`
	Waiting int64        `json:"waiting" doc:"Entries so new that they have no link yet"`
	Faults  []ChainFault `json:"faults" nullable:"false"`
	Next    string       `json:"next,omitempty" doc:"Cursor to go on with; absent when all is checked"`
}

// verifyWithin is how long one request goes on checking.
const verifyWithin = 8 * time.Second

func auditOperations(a *API, rooms Rooms) {
	type query struct {
		Paging
		Actor  string    `query:"actor_id" format:"uuid" doc:"Who did it"`
		Kind   string    `query:"kind" maxLength:"60" example:"account"`
		Verb   string    `query:"verb" maxLength:"60" example:"changed"`
		Entity string    `query:"entity_id" format:"uuid" doc:"What it happened to"`
		From   time.Time `query:"from" doc:"Recorded at or after" example:"2026-11-01T00:00:00Z"`
		To     time.Time `query:"to" doc:"Recorded before" example:"2026-12-01T00:00:00Z"`
	}
	Register(a, Operation{ID: "audit", Method: http.MethodGet, Path: "/audit", Tag: "administration", Summary: "Who did what, the newest first"},
		crm.AuditRead, func(ctx context.Context, in *query) (*List[Entry], error) {
			actor, err := optionalID("actor_id", in.Actor)
			if err != nil {
				return nil, err
			}
			entity, err := optionalID("entity_id", in.Entity)
			if err != nil {
				return nil, err
			}
			for field, t := range map[string]time.Time{"query.from": in.From, "query.to": in.To} {
				if !t.IsZero() {
					if err := sensible(field, t); err != nil {
						return nil, err
					}
				}
			}
			page, err := rooms.Store.Audit(ctx, crm.AuditQuery{Actor: actor, Kind: in.Kind, Verb: in.Verb, Entity: entity, From: in.From, To: in.To, Cursor: in.Cursor, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, entryOut), nil
		})
	type verifyInput struct {
		Cursor string `query:"cursor" maxLength:"1000" doc:"Where the check before ended: its next"`
	}
	Register(a, Operation{ID: "verifyAudit", Method: http.MethodGet, Path: "/audit/verify", Tag: "administration", Summary: "Check that the log is as it was written",
		About: "Recomputes the chain of hashes over the log. Personal values that were forgotten are no fault. Goes on for at most eight seconds: ask again with next."},
		crm.AuditRead, func(ctx context.Context, in *verifyInput) (*struct{ Body ChainCheck }, error) {
			check, err := rooms.Store.VerifyChain(ctx, in.Cursor, verifyWithin)
			if err != nil {
				return nil, err
			}
			out := ChainCheck{check.Checked, check.Head, check.Waiting, []ChainFault{}, check.Next}
			for _, f := range check.Faults {
				out.Faults = append(out.Faults, ChainFault(f))
			}
			return &struct{ Body ChainCheck }{out}, nil
		})
}
