package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/files"
	"catchment/crm/record"
	"catchment/geo/exchange"
)

// stretch is the longest a job works on an import or export before the next takes over.
const stretch = 10 * time.Second

// ImportArgs asks for work on an import. Turn tells one act on it from the next.
type ImportArgs struct {
	Import uuid.UUID `json:"import"`
	Turn   int       `json:"turn"`
}

// Kind names the job.
func (ImportArgs) Kind() string { return "exchange.import" }

// Queue is the queue of imports and exports; few run at once, so that others are served meanwhile.
const Queue = "exchange"

// InsertOpts makes the same act be queued once.
func (ImportArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, MaxAttempts: 10, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// Importer works on ImportArgs.
type Importer struct {
	river.WorkerDefaults[ImportArgs]
	Exchange *Exchange
	Log      *slog.Logger
}

// NextRetry tries again soon: somebody is watching.
func (w *Importer) NextRetry(job *river.Job[ImportArgs]) time.Time {
	return time.Now().Add(time.Duration(job.Attempt) * 2 * time.Second)
}

// Work goes on with an import for a stretch. A job that has more to do is put off for no time, so that it goes on in
// any process, whatever happens to this one.
func (w *Importer) Work(ctx context.Context, job *river.Job[ImportArgs]) error {
	goOn, err := w.Exchange.step(ctx, job.Args.Import)
	if goOn && err == nil {
		return river.JobSnooze(0)
	}
	return w.Exchange.ended(ctx, w.Log, job.Attempt >= job.MaxAttempts, err, func(ctx context.Context, message string) error {
		return w.Exchange.fail(ctx, job.Args.Import, message)
	})
}

// ended decides what becomes of work that failed: a mistake is told at once, a fault of ours after the last attempt.
func (x *Exchange) ended(ctx context.Context, log *slog.Logger, last bool, err error, fail func(context.Context, string) error) error {
	kind := crm.KindOf(err)
	switch {
	case err == nil, errors.Is(err, errElsewhere), kind == crm.NotFound:
		return nil
	case ctx.Err() != nil:
		return err
	case kind == "" && !last:
		return err
	}
	message := "something went wrong on our side"
	if kind != "" {
		message = err.Error()
	} else if log != nil {
		log.ErrorContext(ctx, "import or export failed", "error", err)
	}
	if failed := fail(ctx, message); failed != nil {
		return failed
	}
	return nil
}

func (x *Exchange) fail(ctx context.Context, id uuid.UUID, message string) error {
	maker, err := x.makerOf(ctx, "import", id)
	if err != nil {
		return err
	}
	// Who may do nothing any more still hears why.
	_, err = x.change(crm.WithActor(ctx, crm.Actor{ID: maker, Name: "import", Scope: crm.ScopeOwn}), id, func(tx pgx.Tx, i *Import) error {
		now := x.Store.Now()
		i.State, i.Error, i.EndedAt = Failed, message, &now
		return nil
	})
	return err
}

func (x *Exchange) makerOf(ctx context.Context, table string, id uuid.UUID) (uuid.UUID, error) {
	var maker *uuid.UUID
	err := x.Store.Read(crm.WithActor(ctx, crm.System(table)), func(tx pgx.Tx) error {
		return crm.DBError(tx.QueryRow(ctx, `select exchange.maker($1, $2)`, table, id).Scan(&maker), table)
	})
	if err == nil && maker == nil {
		err = crm.Missing(table)
	}
	if err != nil {
		return uuid.Nil, err
	}
	return *maker, nil
}

// asMaker is a context in which the maker of an import or export acts, with the rights he has now.
func (x *Exchange) asMaker(ctx context.Context, table string, id uuid.UUID) (context.Context, error) {
	maker, err := x.makerOf(ctx, table, id)
	if err != nil {
		return nil, err
	}
	if maker == crm.SystemID {
		return crm.WithActor(ctx, crm.System("shell")), nil
	}
	actor, err := x.Store.ActorOf(ctx, maker)
	if err != nil {
		return nil, err
	}
	return crm.WithActor(ctx, actor), nil
}

// Run works on an import until nothing is left to do now. progress, unless nil, is called after each stretch.
func (x *Exchange) Run(ctx context.Context, id uuid.UUID, progress func(Import)) (Import, error) {
	for {
		goOn, err := x.step(ctx, id)
		if err != nil && !errors.Is(err, errElsewhere) {
			if crm.KindOf(err) != "" {
				_ = x.fail(ctx, id, err.Error())
			}
			return Import{}, err
		}
		i, err := x.Import(ctx, id)
		if err != nil || !goOn && !i.State.busy() {
			return i, err
		}
		if progress != nil {
			progress(i)
		}
	}
}

// step does what is next on an import, as its maker, for a stretch, and tells whether more is to be done.
func (x *Exchange) step(ctx context.Context, id uuid.UUID) (goOn bool, err error) {
	if ctx, err = x.asMaker(ctx, "import", id); err != nil {
		return false, err
	}
	until := x.Store.Now().Add(stretch)
	i, err := x.Import(ctx, id)
	if err != nil {
		return false, err
	}
	switch i.State {
	case Reading:
		return x.read(ctx, i, until)
	case Checking, Running:
		return x.pages(ctx, i, until)
	case Undoing:
		return x.undo(ctx, i, until)
	}
	return false, nil
}

// pages checks or brings in page after page until the time is up.
func (x *Exchange) pages(ctx context.Context, i Import, until time.Time) (goOn bool, err error) {
	actor, _ := crm.ActorFrom(ctx)
	if err := x.mayBring(actor, i.Kind); err != nil {
		return false, err
	}
	for i.Page < i.Pages && !i.Stop {
		located, err := x.locate(ctx, i, until)
		if err != nil {
			return false, err
		}
		if !located {
			return true, nil
		}
		if i, err = x.page(ctx, i); err != nil {
			return false, err
		}
		if x.Store.Now().After(until) {
			return true, nil
		}
	}
	_, err = x.change(ctx, i.ID, func(tx pgx.Tx, i *Import) error {
		now := x.Store.Now()
		switch {
		case i.State == Checking && i.Page >= i.Pages:
			counts := i.Counts
			i.State, i.Checked = Checked, &counts
		case i.State == Checking:
			i.State, i.Page, i.Counts = Ready, 0, Counts{}
		case i.State == Running && i.Page >= i.Pages:
			i.State, i.EndedAt = Done, &now
			return x.finish(ctx, tx, i)
		case i.State == Running:
			i.State = Stopped
		}
		i.Stop = false
		return nil
	})
	return false, err
}

// finish tells of a whole import, and forgets the file and its rows: what is in is in, what was wrong is kept to be told.
func (x *Exchange) finish(ctx context.Context, tx pgx.Tx, i *Import) error {
	for _, table := range []string{"page", "seen"} {
		if _, err := tx.Exec(ctx, `delete from exchange.`+table+` where import_id = $1`, i.ID); err != nil {
			return crm.DBError(err, "import")
		}
	}
	if i.ContentID != nil {
		content := *i.ContentID
		i.ContentID = nil
		if _, err := tx.Exec(ctx, `update exchange.import set content_id = null where id = $1`, i.ID); err != nil {
			return crm.DBError(err, "import")
		}
		if err := files.Drop(ctx, tx, content); err != nil {
			return err
		}
	}
	changes := crm.Changes{}
	changes.Set("kind", nil, i.Kind)
	changes.Set("counts", nil, i.Counts)
	return crm.Append(ctx, tx, crm.Event{Verb: "imported", Kind: "import", ID: i.ID, Changes: changes})
}

// locateAtOnce is how many addresses are searched for before what was found is kept.
const locateAtOnce = 100

// locate searches for the addresses of the page that is next, before its transaction, and tells whether all are done.
func (x *Exchange) locate(ctx context.Context, i Import, until time.Time) (bool, error) {
	if !i.Options.Locate || x.Customers == nil {
		return true, nil
	}
	var s *shape
	var p page
	err := x.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		if s, err = x.shape(ctx, tx, i); err != nil {
			return err
		}
		if i.Kind == "lead" || s.places {
			p, err = pageOf(ctx, tx, i.ID, i.Page)
		}
		return err
	})
	if err != nil || i.Kind != "lead" && !s.places {
		return err == nil, err
	}
	for p.located < len(p.rows) {
		from := p.located
		found := map[int]customer.Located{}
		var of []int
		var sites []customer.NewSite
		for ; p.located < len(p.rows) && len(sites) < locateAtOnce; p.located++ {
			if it := s.item(p.located, p.rows[p.located]); it.seeks() {
				of, sites = append(of, p.located), append(sites, *it.site)
			}
		}
		if len(sites) > 0 {
			places, err := x.Customers.LocateMany(ctx, sites)
			if err != nil {
				return false, err
			}
			for n, at := range of {
				found[at] = places[n]
			}
		}
		err := x.Store.Write(ctx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `update exchange.page set places = places || $3::jsonb, located = $4 where import_id = $1 and n = $2 and located = $5`,
				i.ID, i.Page, document(found), p.located, from)
			return crm.DBError(err, "import")
		})
		if err != nil {
			return false, err
		}
		if len(sites) > 0 && x.Store.Now().After(until) {
			return false, nil
		}
	}
	return true, nil
}

// page checks one page or brings it in, in one transaction.
func (x *Exchange) page(ctx context.Context, before Import) (Import, error) {
	return x.change(ctx, before.ID, func(tx pgx.Tx, i *Import) error {
		if i.State != before.State || i.Page != before.Page {
			return errElsewhere
		}
		s, err := x.shape(ctx, tx, *i)
		if err != nil {
			return err
		}
		p, err := pageOf(ctx, tx, i.ID, i.Page)
		if err != nil {
			return err
		}
		var set *record.ChangeSet
		if i.State == Running {
			set = &record.ChangeSet{ID: *i.SetID}
		}
		items, _, err := x.bring(ctx, tx, *i, s, p, set)
		if err != nil {
			return err
		}
		if err := x.tell(ctx, tx, i, items); err != nil {
			return err
		}
		i.Page++
		return nil
	})
}

// tell counts rows, and keeps those that are wrong or leave something to decide.
func (x *Exchange) tell(ctx context.Context, tx pgx.Tx, i *Import, items []*item) error {
	var rows [][]any
	for _, it := range items {
		i.Counts.add(it.verdict, 1)
		if it.verdict == "wrong" {
			rows = append(rows, []any{i.ID, it.row.Line, "wrong", it.field, it.reason, it.row.Cells})
			continue
		}
		if len(it.notes) > 0 && it.verdict != "same" {
			i.Counts.add("noted", 1)
			for _, note := range it.notes {
				rows = append(rows, []any{i.ID, it.row.Line, "noted", "", note, it.row.Cells})
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for _, row := range rows {
		batch.Queue(`insert into exchange.wrong (import_id, line, verdict, field, reason, cells) values ($1, $2, $3, $4, $5, $6)`, row...)
	}
	return crm.DBError(tx.SendBatch(ctx, batch).Close(), "import")
}

// undo takes back what an import did until the time is up.
func (x *Exchange) undo(ctx context.Context, i Import, until time.Time) (goOn bool, err error) {
	for {
		set, standing, err := x.Records.Undo(ctx, *i.SetID)
		if err != nil {
			return false, err
		}
		if _, err = x.change(ctx, i.ID, func(tx pgx.Tx, i *Import) error {
			batch := &pgx.Batch{}
			for _, s := range standing {
				batch.Queue(`insert into exchange.wrong (import_id, line, verdict, reason, cells) values ($1, 0, 'standing', $2, $3)`,
					i.ID, s.Reason, []string{s.Kind, s.ID.String()})
			}
			if err := tx.SendBatch(ctx, batch).Close(); err != nil {
				return crm.DBError(err, "import")
			}
			if set.Undone >= set.Rows && i.State == Undoing {
				now := x.Store.Now()
				i.State, i.EndedAt = Undone, &now
				changes := crm.Changes{}
				changes.Set("records", nil, set.Undone)
				return crm.Append(ctx, tx, crm.Event{Verb: "undone", Kind: "import", ID: i.ID, Changes: changes})
			}
			return nil
		}); err != nil || set.Undone >= set.Rows {
			return false, err
		}
		if x.Store.Now().After(until) {
			return true, nil
		}
	}
}

// Previewed is a row as it would be brought in.
type Previewed struct {
	Line      int
	Verdict   string
	Field     string
	Reason    string
	Notes     []string
	Values    record.Values // of the record
	Contact   record.Values
	OrderLine record.Values
	Address   string
	Cells     []string
}

// Preview tells of the first rows what would become of them. Addresses are not searched for.
func (x *Exchange) Preview(ctx context.Context, id uuid.UUID, rows int) ([]Previewed, error) {
	i, err := x.Import(ctx, id)
	if err != nil {
		return nil, err
	}
	if i.State != Ready && i.State != Checked {
		return nil, crm.Conflictf("this import is %s", i.State)
	}
	var out []Previewed
	err = x.Store.Read(ctx, func(tx pgx.Tx) error {
		if i.Pages == 0 {
			return nil
		}
		s, err := x.shape(ctx, tx, i)
		if err != nil {
			return err
		}
		p, err := pageOf(ctx, tx, i.ID, 0)
		if err != nil {
			return err
		}
		p.rows = p.rows[:min(len(p.rows), rows)]
		looked := i
		looked.ID = uuid.Nil // nothing is kept of it
		items, _, err := x.bring(ctx, tx, looked, s, p, nil)
		for _, it := range items {
			seen := Previewed{Line: it.row.Line, Verdict: it.verdict, Field: it.field, Reason: it.reason, Notes: it.notes, Values: it.parts[""],
				Contact: it.parts["contact"], OrderLine: it.parts["line"], Cells: it.row.Cells}
			if it.site != nil {
				seen.Address = customer.Address(it.site.Name, it.site.Street, it.site.HouseNumber, it.site.Postcode, it.site.City)
			}
			out = append(out, seen)
		}
		return err
	})
	return out, err
}

// WriteReport writes rows that are wrong or noted as CSV: the line, what is wrong, and the cells as they came, so that
// they can be put right and sent again.
func (x *Exchange) WriteReport(ctx context.Context, id uuid.UUID, out io.Writer) error {
	i, err := x.Import(ctx, id)
	if err != nil {
		return err
	}
	w, err := exchange.NewWriter(out, exchange.CSV, slices.Concat(i.Header, []string{"line", "verdict", "field", "reason"}), nil)
	if err != nil {
		return err
	}
	const at = 1000
	for from := 0; ; from += at {
		list, err := x.Wrongs(ctx, id, from, at)
		if err != nil {
			return err
		}
		for _, r := range list {
			cells := slices.Clone(r.Cells)
			if r.Verdict == "standing" {
				cells = nil
			}
			for len(cells) < len(i.Header) {
				cells = append(cells, "")
			}
			reason := r.Reason
			if r.Verdict == "standing" {
				reason = fmt.Sprintf("%s %s: %s", r.Cells[0], r.Cells[1], r.Reason)
			}
			if err := w.Cells(append(cells[:len(i.Header)], fmt.Sprint(r.Line), r.Verdict, r.Field, reason)); err != nil {
				return err
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if len(list) < at {
			return w.Close()
		}
	}
}
