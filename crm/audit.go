package crm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// AuditQuery asks for entries of the log; empty fields ask for all.
type AuditQuery struct {
	Actor  *uuid.UUID
	Kind   string
	Verb   string
	Entity *uuid.UUID
	From   time.Time // recorded at or after
	To     time.Time // recorded before
	Cursor string
	Limit  int
}

// Audit returns entries of the log, the newest first, as far as the actor may see them.
func (s *Store) Audit(ctx context.Context, q AuditQuery) (Page[Entry], error) {
	if _, err := Require(ctx, AuditRead); err != nil {
		return Page[Entry]{}, err
	}
	before := int64(1<<63 - 1)
	if _, err := DecodeCursor(q.Cursor, &before); err != nil {
		return Page[Entry]{}, err
	}
	var from, to *time.Time
	if !q.From.IsZero() {
		from = &q.From
	}
	if !q.To.IsZero() {
		to = &q.To
	}
	size := PageSize(q.Limit)
	var entries []Entry
	err := s.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, entryColumns+`where e.seq < $1 and ($2::uuid is null or e.actor = $2) and ($3 = '' or e.entity_kind = $3) and ($4 = '' or e.verb = $4)
			and ($5::uuid is null or e.entity_id = $5) and ($6::timestamptz is null or e.recorded_at >= $6) and ($7::timestamptz is null or e.recorded_at < $7)
			order by e.seq desc limit $8`, before, q.Actor, q.Kind, q.Verb, q.Entity, from, to, size+1)
		var err error
		entries, err = pgx.CollectRows(rows, pgx.RowToStructByName[Entry])
		return DBError(err, "event log")
	})
	return Cut(entries, size, func(e Entry) any { return e.Seq }), err
}

// chainStep is how many links are made or checked at a time.
const chainStep = 2000

// ExtendChain adds links for events that have none yet, up to chainStep of them, and returns how many. Of several
// processes one works. Each link is SHA-256 of the link before and the digest of its event (crm.event_digest), in the
// order of the log: whoever alters, removes or slips in an event breaks the chain from there on.
func (s *Store) ExtendChain(ctx context.Context) (int, error) {
	actor, err := Require(ctx, AuditRead)
	if err != nil {
		return 0, err
	}
	if actor.ID != SystemID {
		return 0, &Error{Kind: Forbidden, Message: "the chain is made by the system"}
	}
	made := 0
	err = s.Write(ctx, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock(hashtextextended('event chain', 0))`).Scan(&mine); err != nil || !mine {
			return err
		}
		var n, lastSeq int64
		last := make([]byte, sha256.Size)
		xid := "0"
		err := tx.QueryRow(ctx, `select c.n, c.hash, coalesce(e.xid::text, '0'), c.seq from crm.event_chain c left join crm.event e on e.seq = c.seq order by c.n desc limit 1`).
			Scan(&n, &last, &xid, &lastSeq)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if n > 0 && xid == "0" {
			return fmt.Errorf("the last chained event, %d, is gone from the log", lastSeq)
		}
		rows, _ := tx.Query(ctx, `select e.seq, crm.event_digest(e) from crm.event e
			where (e.xid, e.seq) > ($1::text::xid8, $2) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
			order by e.xid, e.seq limit $3`, xid, lastSeq, chainStep)
		var seqs []int64
		var hashes [][]byte
		var seq int64
		var digest []byte
		_, err = pgx.ForEachRow(rows, []any{&seq, &digest}, func() error {
			last = link(last, digest)
			seqs, hashes = append(seqs, seq), append(hashes, last)
			return nil
		})
		if err != nil || len(seqs) == 0 {
			return err
		}
		made = len(seqs)
		_, err = tx.Exec(ctx, `insert into crm.event_chain (n, seq, hash) select $1 + at, seq, hash
			from unnest($2::bigint[], $3::bytea[]) with ordinality as l(seq, hash, at)`, n, seqs, hashes)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("extend the chain over the log: %w", err)
	}
	return made, nil
}

func link(before, digest []byte) []byte {
	sum := sha256.Sum256(append(append(make([]byte, 0, 2*sha256.Size), before...), digest...))
	return sum[:]
}

// ChainFault tells what in the log is not as it was written.
type ChainFault struct {
	Seq    int64  // of the event
	Reason string // "altered", "missing", "slipped in", "private value altered"
}

// ChainCheck is what a check of the chain found.
type ChainCheck struct {
	Checked int64  // links so far
	Head    string // hex of the last link checked; noted elsewhere, it proves later that nothing was cut off
	Next    string // cursor to go on with, empty when the whole chain is checked
	Waiting int64  // events without a link yet, when the whole chain is checked
	Faults  []ChainFault
}

// chainAt is how far a check has come.
type chainAt struct {
	N       int64
	Hash    []byte
	XID     string
	Seq     int64
	Checked int64
}

// VerifyChain checks the chain from a cursor on, until the time given is over or a hundred faults are found. What was
// forgotten leaves no fault; what was altered does: an event, a private value, a link.
func (s *Store) VerifyChain(ctx context.Context, cursor string, within time.Duration) (ChainCheck, error) {
	actor, err := Require(ctx, AuditRead)
	if err != nil {
		return ChainCheck{}, err
	}
	if actor.Scope != ScopeAll {
		return ChainCheck{}, &Error{Kind: Forbidden, Message: "only who sees everything can check the whole log"}
	}
	at := chainAt{Hash: make([]byte, sha256.Size), XID: "0"}
	if _, err := DecodeCursor(cursor, &at); err != nil {
		return ChainCheck{}, err
	}
	if len(at.Hash) != sha256.Size || !digits(at.XID) {
		return ChainCheck{}, Invalidf("cursor", "is no cursor of this check")
	}
	out := ChainCheck{Faults: []ChainFault{}}
	for end := time.Now().Add(within); ; {
		n, err := s.verifyStep(ctx, &at, &out)
		if err != nil {
			return out, fmt.Errorf("check the log: %w", err)
		}
		out.Checked, out.Head = at.Checked, hex.EncodeToString(at.Hash)
		if n < chainStep {
			err := s.Read(ctx, func(tx pgx.Tx) error {
				return tx.QueryRow(ctx, `select count(*) from crm.event e where (e.xid, e.seq) > ($1::text::xid8, $2)`, at.XID, at.Seq).Scan(&out.Waiting)
			})
			return out, DBError(err, "event log")
		}
		if len(out.Faults) >= 100 || time.Now().After(end) {
			out.Next = EncodeCursor(at)
			return out, nil
		}
	}
}

func digits(s string) bool {
	return s != "" && len(s) <= 20 && len(bytes.Trim([]byte(s), "0123456789")) == 0
}

func (s *Store) verifyStep(ctx context.Context, at *chainAt, out *ChainCheck) (int, error) {
	count := 0
	err := s.Read(ctx, func(tx pgx.Tx) error {
		type row struct {
			N       int64
			Seq     int64
			Hash    []byte
			XID     *string `db:"xid"`
			Digest  []byte
			Changes json.RawMessage
			Salt    []byte
			Value   json.RawMessage
		}
		rows, _ := tx.Query(ctx, `select c.n, c.seq, c.hash, e.xid::text as xid, case when e.seq is not null then crm.event_digest(e) end as digest, e.changes, p.salt, p.value
			from crm.event_chain c left join crm.event e on e.seq = c.seq left join crm.private_value p on p.id = e.private_ref
			where c.n > $1 order by c.n limit $2`, at.N, chainStep)
		links, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
		if err != nil {
			return err
		}
		from := *at
		for _, l := range links {
			switch {
			case l.N != at.N+1:
				out.Faults = append(out.Faults, ChainFault{l.Seq, "links are missing before it"})
			case l.XID == nil:
				out.Faults = append(out.Faults, ChainFault{l.Seq, "missing"})
			case !bytes.Equal(link(at.Hash, l.Digest), l.Hash):
				out.Faults = append(out.Faults, ChainFault{l.Seq, "altered"})
			case l.Value != nil && !sameHash(l.Changes, l.Salt, l.Value):
				out.Faults = append(out.Faults, ChainFault{l.Seq, "private value altered"})
			}
			at.N, at.Hash = l.N, l.Hash // go on behind the fault, so that each is named once
			at.Checked++
			if l.XID != nil {
				at.XID, at.Seq = *l.XID, l.Seq
			}
		}
		if count = len(links); count == 0 {
			return nil
		}
		rows, _ = tx.Query(ctx, `select e.seq from crm.event e where (e.xid, e.seq) > ($1::text::xid8, $2) and (e.xid, e.seq) <= ($3::text::xid8, $4)
			and not exists (select from crm.event_chain c where c.seq = e.seq) order by e.seq limit 100`, from.XID, from.Seq, at.XID, at.Seq)
		strangers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		for _, seq := range strangers {
			out.Faults = append(out.Faults, ChainFault{seq, "slipped in"})
		}
		return err
	})
	return count, err
}

// sameHash tells whether private values are those whose salted hash stands in the event.
func sameHash(changes json.RawMessage, salt []byte, value json.RawMessage) bool {
	body, err := canonical(value)
	if err != nil {
		return false
	}
	sum := sha256.Sum256(append(append([]byte{}, salt...), body...))
	var open map[string]json.RawMessage
	if json.Unmarshal(changes, &open) != nil {
		return false
	}
	for _, text := range open {
		var f struct {
			Private string `json:"private"`
		}
		if json.Unmarshal(text, &f) == nil && f.Private != "" {
			return f.Private == hex.EncodeToString(sum[:])
		}
	}
	return false
}
