// Package exchange brings files of records in and gives records out as files.
//
// An import is read into pages of a thousand rows, checked, and brought in page by page, each in a transaction of its own
// by a short job: a process may die at any moment and nothing is lost or comes twice. What was brought in is one change
// set that can be undone. A row that says what an earlier one said is the same record.
package exchange

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/files"
	"catchment/crm/record"
	"catchment/geo/exchange"
)

// Jobs queues a job in the transaction of the change it belongs to; *river.Client[pgx.Tx] is one.
type Jobs interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// Duplicates finds records that are there already and may be meant by new ones, where no number, name or address says so.
type Duplicates interface {
	// Likely returns for each of the new records the id of the one it most likely doubles, or uuid.Nil.
	Likely(ctx context.Context, tx pgx.Tx, kind string, fresh []record.Values) ([]uuid.UUID, error)
}

// Exchange is the room of imports and exports.
type Exchange struct {
	Store      *crm.Store
	Records    *record.Records
	Files      *files.Files
	Customers  *customer.Customers
	Jobs       Jobs       // nil where whoever asks also does the work, by Run
	Duplicates Duplicates // nil for the rules of this room alone
}

// MostBytes is the most bytes of a file that is brought in.
const MostBytes = 256 << 20

// State of an import.
type State string

// The states.
const (
	Announced State = "announced" // its content has not arrived
	Reading   State = "reading"
	Ready     State = "ready" // read; what its columns mean may be changed
	Checking  State = "checking"
	Checked   State = "checked"
	Running   State = "running"
	Stopped   State = "stopped" // part of it was brought in: run it on, or undo it
	Done      State = "done"
	Undoing   State = "undoing"
	Undone    State = "undone"
	Failed    State = "failed"
)

// busy tells whether jobs work on an import.
func (s State) busy() bool { return slices.Contains([]State{Reading, Checking, Running, Undoing}, s) }

// Options say how a file is to be understood.
type Options struct {
	Existing string `json:"existing"` // what becomes of records that are there: one of Existing
	Locate   bool   `json:"locate"`   // addresses without coordinates are searched for
	Decimal  string `json:"decimal"`  // "," or "."
	Dates    string `json:"dates"`    // "dmy" or "mdy": how 03/04/2026 is read
}

// Existing are the choices for records that are there already.
var Existing = []string{
	"update", // take what the file says; empty cells say nothing
	"fill",   // take it only where nothing stands yet
	"skip",   // leave them as they are
	"add",    // add another one, unless an id or number says that it is the same
}

// Counts count rows by what becomes of them.
type Counts struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Same      int `json:"same"`
	Duplicate int `json:"duplicate"` // there already, and left as it is
	Wrong     int `json:"wrong"`
	Noted     int `json:"noted"` // brought in, and something remains for a person to decide
}

// Done is how many rows were dealt with.
func (c Counts) Done() int { return c.New + c.Changed + c.Same + c.Duplicate + c.Wrong }

func (c *Counts) add(verdict string, n int) {
	switch verdict {
	case "new":
		c.New += n
	case "changed":
		c.Changed += n
	case "same":
		c.Same += n
	case "duplicate":
		c.Duplicate += n
	case "wrong":
		c.Wrong += n
	case "noted":
		c.Noted += n
	}
}

// Import is a file on its way in.
type Import struct {
	ID            uuid.UUID
	Name          string
	Kind          string
	Format        exchange.Format
	Size          int64
	State         State
	ContentID     *uuid.UUID
	Header        []string
	Signature     string
	Mapping       map[string]string // column by target
	Options       Options
	Position      *exchange.Position
	Pages         int
	Page          int
	Rows          int
	DoneBytes     int64
	Counts        Counts
	Checked       *Counts
	SetID         *uuid.UUID
	Stop          bool
	Error         string
	CreatedBy     uuid.UUID
	CreatedByName string
	CreatedAt     time.Time
	EndedAt       *time.Time
	Version       int
}

// Share is how much of what is under way is done, from 0 to 1.
func (i Import) Share() float64 {
	switch {
	case i.State == Reading && i.Size > 0:
		return min(1, float64(i.DoneBytes)/float64(i.Size))
	case i.State == Checking || i.State == Running || i.State == Stopped:
		return float64(i.Page) / float64(max(1, i.Pages))
	case i.State == Announced || i.State == Undoing:
		return 0
	}
	return 1
}

const importColumns = `select i.id, i.name, i.kind, i.format, i.size, i.state, i.content_id, i.header, i.signature, i.mapping, i.options, i.position, i.pages, i.page,
	i.rows, i.done_bytes, i.counts, i.checked, i.set_id, i.stop, i.error, i.created_by, i.created_by_name, i.created_at, i.ended_at, i.version
	from exchange.import i `

func importByID(ctx context.Context, tx pgx.Tx, id uuid.UUID, lock string) (Import, error) {
	rows, _ := tx.Query(ctx, importColumns+`where i.id = $1 `+lock, id)
	i, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Import])
	return i, crm.DBError(err, "import")
}

// save writes what work on an import changes, and tells open screens.
func (i *Import) save(ctx context.Context, tx pgx.Tx) error {
	i.Version++
	_, err := tx.Exec(ctx, `
		update exchange.import set kind = $2, format = $3, size = $4, state = $5, content_id = $6, header = $7, signature = $8, mapping = $9, options = $10,
		       position = $11, pages = $12, page = $13, rows = $14, counts = $15, checked = $16, set_id = $17, stop = $18, error = $19, ended_at = $20,
		       version = $21, done_bytes = $22
		where id = $1`,
		i.ID, i.Kind, i.Format, i.Size, i.State, i.ContentID, i.Header, i.Signature, i.Mapping, i.Options, i.Position, i.Pages, i.Page, i.Rows, i.Counts,
		i.Checked, i.SetID, i.Stop, i.Error, i.EndedAt, i.Version, i.DoneBytes)
	if err != nil {
		return crm.DBError(err, "import")
	}
	return crm.Tell(ctx, tx, "import:"+i.ID.String(), "import", map[string]any{"id": i.ID, "state": i.State, "share": i.Share(), "counts": i.Counts})
}

// Announce begins an import; Receive sends what the file holds. Without a kind it is guessed from the columns.
func (x *Exchange) Announce(ctx context.Context, id uuid.UUID, name, kind string) (Import, error) {
	actor, err := crm.Require(ctx, crm.ImportRun)
	if err != nil {
		return Import{}, err
	}
	if name, err = files.CheckName(name); err != nil {
		return Import{}, err
	}
	if kind != "" {
		if err := x.mayBring(actor, kind); err != nil {
			return Import{}, err
		}
	}
	if id == uuid.Nil {
		id = uuid.Must(uuid.NewV7())
	}
	err = x.Store.Write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into exchange.import (id, name, kind, state, options, created_by, created_by_name, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, name, kind, Announced, Options{Existing: "update", Locate: true, Decimal: ".", Dates: "dmy"}, actor.ID, actor.Name, x.Store.Now())
		return crm.DBError(err, "import")
	})
	if err != nil {
		return Import{}, err
	}
	return x.Import(ctx, id)
}

// mayBring tells whether the actor may bring in records of a kind.
func (x *Exchange) mayBring(actor crm.Actor, kind string) error {
	if !slices.Contains(Kinds, kind) {
		return crm.Invalidf("kind", "is none of %s", strings.Join(Kinds, ", "))
	}
	k, err := x.Records.Kind(kind)
	if err != nil {
		return err
	}
	if !actor.May(k.Write) {
		return &crm.Error{Kind: crm.Forbidden, Message: "your role may not do this (" + string(k.Write) + ")"}
	}
	return nil
}

// Import returns one of the actor's own imports.
func (x *Exchange) Import(ctx context.Context, id uuid.UUID) (Import, error) {
	if _, err := crm.Require(ctx, crm.ImportRun); err != nil {
		return Import{}, err
	}
	var out Import
	err := x.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		out, err = importByID(ctx, tx, id, "")
		return err
	})
	return out, err
}

type createdKey struct {
	At time.Time
	ID uuid.UUID
}

// Imports returns the actor's own imports, newest first.
func (x *Exchange) Imports(ctx context.Context, cursor string, limit int) (crm.Page[Import], error) {
	if _, err := crm.Require(ctx, crm.ImportRun); err != nil {
		return crm.Page[Import]{}, err
	}
	key := createdKey{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := crm.DecodeCursor(cursor, &key); err != nil {
		return crm.Page[Import]{}, err
	}
	size := crm.PageSize(limit)
	var list []Import
	err := x.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, importColumns+`where (i.created_at, i.id) < ($1, $2) order by i.created_at desc, i.id desc limit $3`, key.At, key.ID, size+1)
		var err error
		list, err = pgx.CollectRows(rows, pgx.RowToStructByName[Import])
		return crm.DBError(err, "import")
	})
	return crm.Cut(list, size, func(i Import) any { return createdKey{i.CreatedAt, i.ID} }), err
}

// Change is what may be changed of an import before it runs; nil leaves it.
type Change struct {
	Kind    *string
	Mapping map[string]string
	Options *Options
}

// Set changes what a file is taken for, if the version is still the given one. Another kind has the columns mapped anew.
func (x *Exchange) Set(ctx context.Context, id uuid.UUID, version int, c Change) (Import, error) {
	actor, err := crm.Require(ctx, crm.ImportRun)
	if err != nil {
		return Import{}, err
	}
	return x.change(ctx, id, func(tx pgx.Tx, i *Import) error {
		switch {
		case i.Version != version:
			return crm.Stale()
		case i.State != Ready && i.State != Checked:
			return crm.Conflictf("this import is %s: it can no longer be changed", i.State)
		}
		if c.Options != nil {
			if err := c.Options.check(); err != nil {
				return err
			}
			i.Options = *c.Options
		}
		if c.Kind != nil && *c.Kind != i.Kind {
			if err := x.mayBring(actor, *c.Kind); err != nil {
				return err
			}
			i.Kind = *c.Kind
			if c.Mapping == nil {
				if err := x.propose(ctx, tx, i); err != nil {
					return err
				}
			}
		}
		if c.Mapping != nil {
			i.Mapping = c.Mapping
			if _, err := x.shape(ctx, tx, *i); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `delete from exchange.seen where import_id = $1`, i.ID); err != nil {
				return crm.DBError(err, "import")
			}
			// What was found for addresses may be for other columns now.
			if _, err := tx.Exec(ctx, `update exchange.page set places = '{}', located = 0 where import_id = $1 and located > 0`, i.ID); err != nil {
				return crm.DBError(err, "import")
			}
		}
		i.State, i.Checked, i.Counts, i.Page = Ready, nil, Counts{}, 0
		return nil
	})
}

func (o Options) check() error {
	switch {
	case !slices.Contains(Existing, o.Existing):
		return crm.Invalidf("options.existing", "is none of %s", strings.Join(Existing, ", "))
	case o.Decimal != "." && o.Decimal != ",":
		return crm.Invalidf("options.decimal", "is neither . nor ,")
	case o.Dates != "dmy" && o.Dates != "mdy":
		return crm.Invalidf("options.dates", "is neither dmy nor mdy")
	}
	return nil
}

// change locks an import, changes and saves it.
func (x *Exchange) change(ctx context.Context, id uuid.UUID, f func(pgx.Tx, *Import) error) (Import, error) {
	var i Import
	err := x.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		var err error
		if i, err = importByID(ctx, tx, id, "for update"); err != nil {
			return err
		}
		if err := f(tx, &i); err != nil {
			return err
		}
		return i.save(ctx, tx)
	})
	return i, err
}

// begin has jobs take up work on an import.
func (x *Exchange) begin(ctx context.Context, id uuid.UUID, state State, from []State, prepare func(pgx.Tx, *Import) error) (Import, error) {
	if _, err := crm.Require(ctx, crm.ImportRun); err != nil {
		return Import{}, err
	}
	return x.change(ctx, id, func(tx pgx.Tx, i *Import) error {
		if !slices.Contains(from, i.State) {
			return crm.Conflictf("this import is %s", i.State)
		}
		i.State, i.Stop, i.Error, i.EndedAt = state, false, "", nil
		if prepare != nil {
			if err := prepare(tx, i); err != nil {
				return err
			}
		}
		return x.queue(ctx, tx, *i)
	})
}

func (x *Exchange) queue(ctx context.Context, tx pgx.Tx, i Import) error {
	if x.Jobs == nil {
		return nil
	}
	_, err := x.Jobs.InsertTx(ctx, tx, ImportArgs{Import: i.ID, Turn: i.Version + 1}, nil)
	return err
}

// Check has every row looked at and counted, and changes nothing.
func (x *Exchange) Check(ctx context.Context, id uuid.UUID) (Import, error) {
	return x.begin(ctx, id, Checking, []State{Ready, Checked}, func(tx pgx.Tx, i *Import) error {
		i.Page, i.Counts = 0, Counts{}
		return x.afresh(ctx, tx, *i)
	})
}

// afresh forgets what an earlier look at the rows found, and makes sure that the columns mean something.
func (x *Exchange) afresh(ctx context.Context, tx pgx.Tx, i Import) error {
	if _, err := x.shape(ctx, tx, i); err != nil {
		return err
	}
	for _, table := range []string{"wrong", "seen"} {
		if _, err := tx.Exec(ctx, `delete from exchange.`+table+` where import_id = $1`, i.ID); err != nil {
			return crm.DBError(err, "import")
		}
	}
	return nil
}

// Bring has the file brought in. One that was stopped, or whose process died in the shell, goes on where it was.
func (x *Exchange) Bring(ctx context.Context, id uuid.UUID) (Import, error) {
	return x.begin(ctx, id, Running, []State{Ready, Checked, Stopped, Running}, func(tx pgx.Tx, i *Import) error {
		if i.SetID != nil {
			return nil
		}
		i.Page, i.Counts = 0, Counts{}
		if err := x.afresh(ctx, tx, *i); err != nil {
			return err
		}
		set, err := x.Records.OpenSet(ctx, tx, "import", i.Kind, i.Name)
		if err != nil {
			return err
		}
		i.SetID = &set.ID
		_, err = tx.Exec(ctx, `insert into exchange.mapping (kind, signature, mapping, used_at) values ($1, $2, $3, $4)
			on conflict (kind, signature) do update set mapping = excluded.mapping, used_at = excluded.used_at`, i.Kind, i.Signature, i.Mapping, x.Store.Now())
		return crm.DBError(err, "import")
	})
}

// Halt stops what is under way after the page it is at.
func (x *Exchange) Halt(ctx context.Context, id uuid.UUID) (Import, error) {
	if _, err := crm.Require(ctx, crm.ImportRun); err != nil {
		return Import{}, err
	}
	return x.change(ctx, id, func(tx pgx.Tx, i *Import) error {
		if i.State == Checking || i.State == Running {
			i.Stop = true
		}
		return nil
	})
}

// Undo has everything an import did taken back.
func (x *Exchange) Undo(ctx context.Context, id uuid.UUID) (Import, error) {
	return x.begin(ctx, id, Undoing, []State{Done, Stopped, Failed}, func(tx pgx.Tx, i *Import) error {
		if i.SetID == nil {
			return crm.Conflictf("this import brought nothing in")
		}
		return nil
	})
}

// Remove forgets an import, not what it brought in.
func (x *Exchange) Remove(ctx context.Context, id uuid.UUID) error {
	if _, err := crm.Require(ctx, crm.ImportRun); err != nil {
		return err
	}
	return x.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		i, err := importByID(ctx, tx, id, "for update")
		if err != nil {
			return err
		}
		if i.State.busy() {
			return crm.Conflictf("this import is %s: stop it first", i.State)
		}
		if _, err := tx.Exec(ctx, `delete from exchange.import where id = $1`, id); err != nil {
			return crm.DBError(err, "import")
		}
		if i.ContentID != nil {
			return files.Drop(ctx, tx, *i.ContentID)
		}
		return nil
	})
}

// Wrong is a row that cannot be brought in, or one that leaves something to decide.
type Wrong struct {
	Line    int
	Verdict string // "wrong", "noted", or "standing" for what undoing could not take back
	Field   string
	Reason  string
	Cells   []string
}

// Wrongs returns rows that are wrong or noted, from a line on, in their order.
func (x *Exchange) Wrongs(ctx context.Context, id uuid.UUID, offset, limit int) ([]Wrong, error) {
	if _, err := x.Import(ctx, id); err != nil {
		return nil, err
	}
	var out []Wrong
	err := x.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select line, verdict, field, reason, cells from exchange.wrong where import_id = $1
			order by line, verdict, field, reason offset $2 limit $3`, id, offset, limit)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Wrong])
		return crm.DBError(err, "import")
	})
	return out, err
}

func document(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
