package crm

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Entry is an event as a reader of the log sees it.
type Entry struct {
	Seq        int64
	XID        string `db:"xid"`
	At         time.Time
	RecordedAt time.Time
	Actor      uuid.UUID
	ActorName  string
	Verb       string
	EntityKind string
	EntityID   uuid.UUID
	AccountID  *uuid.UUID
	SiteID     *uuid.UUID
	Changes    json.RawMessage // {"field": [old, new]}; private fields as {"private": hash} unless kept
	Private    json.RawMessage // {"field": [old, new]} of personal values not yet forgotten
}

// entryColumns reads events with their personal values, as far as those are kept.
const entryColumns = `
	select e.seq, e.xid::text as xid, e.at, e.recorded_at, e.actor, e.actor_name, e.verb, e.entity_kind, e.entity_id,
	       e.account_id, e.site_id, e.changes, p.value as private
	from crm.event e left join crm.private_value p on p.id = e.private_ref `

// Visible returns what each field was and became, personal values as far as they are kept. What has another form, such
// as the hash of something forgotten, is left out.
func (e Entry) Visible() map[string][2]json.RawMessage {
	out := map[string][2]json.RawMessage{}
	var open, private map[string]json.RawMessage
	_ = json.Unmarshal(e.Changes, &open)    // both are
	_ = json.Unmarshal(e.Private, &private) // written by Append
	for _, fields := range []map[string]json.RawMessage{open, private} {
		for field, value := range fields {
			var pair [2]json.RawMessage
			if json.Unmarshal(value, &pair) == nil {
				out[field] = pair
			}
		}
	}
	return out
}

// EntriesBySeq returns those of the events that the actor may see, by number.
func (s *Store) EntriesBySeq(ctx context.Context, seqs []int64) ([]Entry, error) {
	if _, err := Require(ctx, SignedIn); err != nil {
		return nil, err
	}
	var entries []Entry
	err := s.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, entryColumns+`where e.seq = any ($1) order by e.seq`, seqs)
		var err error
		entries, err = pgx.CollectRows(rows, pgx.RowToStructByName[Entry])
		return DBError(err, "event log")
	})
	return entries, err
}

// timelineKey is the sort key of a timeline: newest first.
type timelineKey struct {
	At  time.Time
	Seq int64
}

// AccountTimeline returns what happened to an account, its sites and its visits, newest first.
func (s *Store) AccountTimeline(ctx context.Context, account uuid.UUID, cursor string, limit int) (Page[Entry], error) {
	if _, err := Require(ctx, AccountRead); err != nil {
		return Page[Entry]{}, err
	}
	return s.timeline(ctx, `e.account_id = $1`, account, cursor, limit)
}

// Timeline returns what happened to one record, newest first.
func (s *Store) Timeline(ctx context.Context, entity uuid.UUID, cursor string, limit int) (Page[Entry], error) {
	if _, err := Require(ctx, SignedIn); err != nil {
		return Page[Entry]{}, err
	}
	return s.timeline(ctx, `e.entity_id = $1`, entity, cursor, limit)
}

func (s *Store) timeline(ctx context.Context, which string, id uuid.UUID, cursor string, limit int) (Page[Entry], error) {
	key := timelineKey{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := DecodeCursor(cursor, &key); err != nil {
		return Page[Entry]{}, err
	}
	size := PageSize(limit)
	var entries []Entry
	err := s.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select m.absorbed from crm.merged m where m.survivor = $1`, id)
		absorbed, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return DBError(err, "timeline")
		}
		of := any(id)
		if len(absorbed) > 0 { // what happened to those it has absorbed is its history too
			which, of = strings.Replace(which, "$1", "any ($1)", 1), append(absorbed, id)
		}
		rows, _ = tx.Query(ctx, entryColumns+`where `+which+` and (e.at, e.seq) < ($2, $3) order by e.at desc, e.seq desc limit $4`,
			of, key.At, key.Seq, size+1)
		entries, err = pgx.CollectRows(rows, pgx.RowToStructByName[Entry])
		return DBError(err, "timeline")
	})
	return Cut(entries, size, func(e Entry) any { return timelineKey{e.At, e.Seq} }), err
}

// Position is a place in the log: everything up to it has been read.
type Position struct {
	XID string
	Seq int64
}

// Follow returns up to limit events behind the position in the order of the log, (xid, seq), and only those of
// transactions below the horizon: a row that commits late can no longer appear before them.
func (s *Store) Follow(ctx context.Context, after Position, limit int) ([]Entry, error) {
	if _, err := Require(ctx, AuditRead); err != nil {
		return nil, err
	}
	if after.XID == "" {
		after.XID = "0"
	}
	var entries []Entry
	err := s.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, entryColumns+`where (e.xid, e.seq) > ($1::text::xid8, $2) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
			order by e.xid, e.seq limit $3`, after.XID, after.Seq, PageSize(limit))
		var err error
		entries, err = pgx.CollectRows(rows, pgx.RowToStructByName[Entry])
		return DBError(err, "event log")
	})
	return entries, err
}
