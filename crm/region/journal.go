package region

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/geo/cells"
)

const journalColumns = `
	select j.xid::text as xid, j.seq, j.at, j.recorded_at, j.place, j.sign, j.lon, j.lat, j.cell,
	       j.stage, j.kind, j.class, j.source, j.owner, j.team
	from region.journal j `

// entry is a row of the journal.
type entry struct {
	XID        string `db:"xid"`
	Seq        int64
	At         time.Time
	RecordedAt time.Time
	Place      int64
	Sign       int16
	Lon, Lat   float64
	Cell       int64

	Stage, Kind, Class, Source int16
	Owner, Team                int32
}

func (e *entry) row() cells.Row {
	r := cells.Row{ID: e.Place, Point: orb.Point{e.Lon, e.Lat}, Cell: uint64(e.Cell)}
	for i, v := range [...]int16{e.Stage, e.Kind, e.Class, e.Source} {
		r.Dimensions[i] = uint8(v)
	}
	r.References[ownerReference], r.References[teamReference] = uint32(e.Owner), uint32(e.Team)
	return r
}

func (e *entry) change() cells.Change {
	return cells.Change{Row: e.row(), Sign: int8(e.Sign), At: cells.InstantOf(e.At), Recorded: cells.InstantOf(e.RecordedAt)}
}

func (e *entry) transaction() uint64 {
	n, _ := strconv.ParseUint(e.XID, 10, 64) // written by the server
	return n
}

// endOf is the position behind everything of a transaction and those before it.
func endOf(transaction uint64) cells.Position {
	return cells.Position{Transaction: transaction, Sequence: math.MaxInt64}
}

// horizon returns the number below which every transaction is over, as this one sees it.
func horizon(ctx context.Context, tx pgx.Tx) (uint64, error) {
	var text string
	if err := tx.QueryRow(ctx, `select pg_snapshot_xmin(pg_current_snapshot())::text`).Scan(&text); err != nil {
		return 0, fmt.Errorf("ask for the horizon: %w", err)
	}
	return strconv.ParseUint(text, 10, 64)
}

// stretch is the most rows read from the journal at a time, but for a single transaction that left more.
const stretch = 20_000

// behind reads the changes behind a position, whole transactions only, and returns how far they reach.
func behind(ctx context.Context, tx pgx.Tx, after cells.Position) ([]cells.Change, cells.Position, error) {
	limit, err := horizon(ctx, tx)
	if err != nil {
		return nil, after, err
	}
	end := endOf(limit - 1)
	if end.Compare(after) <= 0 {
		return nil, after, nil
	}
	entries, err := read(ctx, tx, `where (j.xid, j.seq) > ($1::text::xid8, $2) and j.xid < $3::text::xid8 order by j.xid, j.seq limit $4`,
		fmt.Sprint(after.Transaction), int64(after.Sequence), fmt.Sprint(limit), stretch)
	if err != nil {
		return nil, after, err
	}
	if len(entries) == stretch {
		last := entries[stretch-1].transaction()
		whole := stretch
		for whole > 0 && entries[whole-1].transaction() == last {
			whole--
		}
		if whole == 0 {
			entries, err = read(ctx, tx, `where j.xid = $1::text::xid8 and (j.xid, j.seq) > ($2::text::xid8, $3) order by j.seq`,
				fmt.Sprint(last), fmt.Sprint(after.Transaction), int64(after.Sequence))
			if err != nil {
				return nil, after, err
			}
			end = endOf(last)
		} else {
			entries = entries[:whole]
			end = endOf(entries[whole-1].transaction())
		}
	}
	changes := make([]cells.Change, len(entries))
	for i := range entries {
		changes[i] = entries[i].change()
	}
	return changes, end, nil
}

func read(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]entry, error) {
	rows, _ := tx.Query(ctx, journalColumns+which, args...)
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByName[entry])
	if err != nil {
		return nil, fmt.Errorf("read the journal of places: %w", err)
	}
	return entries, nil
}

// streamed yields the journal's rows a query selects, one by one.
func streamed(ctx context.Context, tx pgx.Tx, query string, args ...any) func(func(entry, error) bool) {
	return func(yield func(entry, error) bool) {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			yield(entry{}, fmt.Errorf("read the journal of places: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			e, err := pgx.RowToStructByName[entry](rows)
			if !yield(e, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(entry{}, fmt.Errorf("read the journal of places: %w", err))
		}
	}
}

// built makes an index of all that the journal holds.
func (r *Regions) built(ctx context.Context) (*cells.Index, error) {
	x, err := cells.New(schema())
	if err != nil {
		return nil, err
	}
	err = r.store.Read(ctx, func(tx pgx.Tx) error {
		limit, err := horizon(ctx, tx)
		if err != nil {
			return err
		}
		before := fmt.Sprint(limit)
		present := streamed(ctx, tx, `
			select '0' as xid, 0::bigint as seq, max(j.at) as at, max(j.recorded_at) as recorded_at, j.place, 1::smallint as sign,
			       j.lon, j.lat, j.cell, j.stage, j.kind, j.class, j.source, j.owner, j.team
			from region.journal j
			where j.xid < $1::text::xid8
			group by j.place, j.lon, j.lat, j.cell, j.stage, j.kind, j.class, j.source, j.owner, j.team
			having sum(j.sign) > 0
			order by j.cell`, before)
		err = x.Load(func(yield func(cells.Row, error) bool) {
			for e, err := range present {
				if !yield(e.row(), err) {
					return
				}
			}
		}, math.MinInt64, endOf(limit-1))
		if err != nil {
			return err
		}
		past := streamed(ctx, tx, journalColumns+`where j.xid < $1::text::xid8 order by j.at`, before)
		return x.Remember(func(yield func(cells.Change, error) bool) {
			for e, err := range past {
				if !yield(e.change(), err) {
					return
				}
			}
		})
	})
	return x, err
}

// loadCodes reads which numbers the journal uses for which staff and teams.
func (r *Regions) loadCodes(ctx context.Context) error {
	return r.store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select code, id from region.code`)
		codes, ids := map[uuid.UUID]uint32{}, map[uint32]uuid.UUID{}
		var code int32
		var id uuid.UUID
		_, err := pgx.ForEachRow(rows, []any{&code, &id}, func() error {
			codes[id], ids[uint32(code)] = uint32(code), id
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the numbers of staff and teams: %w", err)
		}
		r.naming.Lock()
		defer r.naming.Unlock()
		r.codes, r.ids = codes, ids
		return nil
	})
}
