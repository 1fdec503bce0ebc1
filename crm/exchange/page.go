package exchange

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/record"
	"catchment/geo/exchange"
)

// pageRows is how many rows are read into a page, and brought in by one transaction. pageBytes bounds what they hold.
const (
	pageRows  = 1000
	pageBytes = 4 << 20
	mostRows  = 2_000_000
)

// Receive takes in the file of an import and has it read.
func (x *Exchange) Receive(ctx context.Context, id uuid.UUID, in io.Reader) (Import, error) {
	i, err := x.Import(ctx, id)
	if err != nil {
		return i, err
	}
	if i.State != Announced {
		return i, crm.Conflictf("the file of this import has arrived already")
	}
	content, err := x.Files.Keep(ctx, in, MostBytes)
	if err != nil {
		return i, err
	}
	return x.change(ctx, id, func(tx pgx.Tx, i *Import) error {
		if i.State != Announced {
			return crm.Conflictf("the file of this import has arrived already")
		}
		i.State, i.ContentID, i.Size, i.Format = Reading, &content.ID, content.Size, exchange.Sniff(i.Name, content.Start)
		return x.queue(ctx, tx, *i)
	})
}

// read reads pages until the time is up and tells whether more is to be read.
func (x *Exchange) read(ctx context.Context, i Import, until time.Time) (goOn bool, err error) {
	table, err := exchange.Open(x.Files.Reader(ctx, *i.ContentID, i.Size), i.Size, i.Format)
	if err != nil {
		return false, x.unreadable(ctx, i, err)
	}
	defer table.Close()
	skip := i.Rows
	resumable, ok := table.(exchange.Resumable)
	if ok && i.Position != nil {
		if err := resumable.Resume(*i.Position); err != nil {
			return false, x.unreadable(ctx, i, err)
		}
		skip = 0
	}
	for ; skip > 0; skip-- {
		if _, err := table.Next(); err != nil {
			return false, x.unreadable(ctx, i, err)
		}
	}
	for {
		var rows []exchange.Row
		size, ended := 0, false
		for len(rows) < pageRows && size < pageBytes {
			row, err := table.Next()
			if errors.Is(err, io.EOF) {
				ended = true
				break
			}
			if err != nil {
				return false, x.unreadable(ctx, i, err)
			}
			for _, c := range row.Cells {
				size += len(c)
			}
			rows = append(rows, row)
		}
		if i.Rows+len(rows) > mostRows {
			return false, x.unreadable(ctx, i, &exchange.Unreadable{Reason: fmt.Sprintf("has more than %d rows: part it", mostRows)})
		}
		var position *exchange.Position
		if ok {
			p := resumable.Position()
			position = &p
		}
		page := i.Pages
		i, err = x.change(ctx, i.ID, func(tx pgx.Tx, i *Import) error {
			if i.State != Reading || i.Pages != page {
				return errElsewhere
			}
			i.Header, i.Position, i.DoneBytes = table.Header(), position, min(table.Offset(), i.Size)
			if len(rows) > 0 {
				if _, err := tx.Exec(ctx, `insert into exchange.page (import_id, n, rows, data) values ($1, $2, $3, $4)`, i.ID, i.Pages, len(rows), pack(rows)); err != nil {
					return crm.DBError(err, "import")
				}
				i.Pages, i.Rows = i.Pages+1, i.Rows+len(rows)
			}
			if !ended {
				return nil
			}
			i.State, i.Signature = Ready, signature(i.Header)
			return x.propose(ctx, tx, i)
		})
		if err != nil || ended {
			return false, err
		}
		if x.Store.Now().After(until) {
			return true, nil
		}
	}
}

// errElsewhere says that another process has taken the work up.
var errElsewhere = errors.New("another process works on this")

// unreadable ends an import whose file is not what it should be. Faults of ours stay errors, and are tried again.
func (x *Exchange) unreadable(ctx context.Context, i Import, reason error) error {
	var bad *exchange.Unreadable
	if !errors.As(reason, &bad) {
		return reason
	}
	_, err := x.change(ctx, i.ID, func(tx pgx.Tx, i *Import) error {
		now := x.Store.Now()
		i.State, i.Error, i.EndedAt = Failed, "the file "+bad.Reason, &now
		return nil
	})
	return err
}

func pack(rows []exchange.Row) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err := json.NewEncoder(w).Encode(rows); err != nil {
		panic(err) // texts and numbers
	}
	if err := w.Close(); err != nil {
		panic(err) // into memory
	}
	return out.Bytes()
}

func unpack(data []byte) ([]exchange.Row, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpack rows: %w", err)
	}
	var rows []exchange.Row
	if err := json.NewDecoder(r).Decode(&rows); err != nil {
		return nil, fmt.Errorf("unpack rows: %w", err)
	}
	return rows, nil
}

// page is a thousand rows with what was found for their addresses.
type page struct {
	rows    []exchange.Row
	places  map[int]customer.Located
	located int
}

func pageOf(ctx context.Context, tx pgx.Tx, id uuid.UUID, n int) (page, error) {
	var p page
	var data []byte
	err := tx.QueryRow(ctx, `select data, places, located from exchange.page where import_id = $1 and n = $2`, id, n).Scan(&data, &p.places, &p.located)
	if err != nil {
		return p, crm.DBError(err, "page of the import")
	}
	p.rows, err = unpack(data)
	return p, err
}

// signature tells headers apart.
func signature(header []string) string {
	sum := sha256.New()
	for _, name := range header {
		sum.Write([]byte(fold(name)))
		sum.Write([]byte{0})
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:16])
}

// propose says what the columns of a file mean: as the last file with the same header, else by their names and what they
// hold.
func (x *Exchange) propose(ctx context.Context, tx pgx.Tx, i *Import) error {
	var sample [][]string
	if i.Pages > 0 {
		p, err := pageOf(ctx, tx, i.ID, 0)
		if err != nil {
			return err
		}
		for _, row := range p.rows[:min(len(p.rows), 100)] {
			sample = append(sample, row.Cells)
		}
	}
	r := sniffReading(func(yield func(string) bool) {
		for _, row := range sample {
			for _, c := range row {
				if !yield(c) {
					return
				}
			}
		}
	}, false)
	i.Options.Decimal, i.Options.Dates = r.Decimal, r.Dates
	all := map[string][]Target{}
	actor, _ := crm.ActorFrom(ctx)
	for _, kind := range Kinds {
		if i.Kind != "" && i.Kind != kind || x.mayBring(actor, kind) != nil {
			continue
		}
		var err error
		if all[kind], err = x.targetsIn(ctx, tx, kind); err != nil {
			return err
		}
	}
	if i.Kind == "" {
		i.Kind = guessKind(all, i.Header, sample)
		if _, ok := all[i.Kind]; !ok {
			return &crm.Error{Kind: crm.Forbidden, Message: "your role brings in no records"}
		}
	}
	var saved map[string]string
	err := tx.QueryRow(ctx, `select mapping from exchange.mapping where kind = $1 and signature = $2`, i.Kind, i.Signature).Scan(&saved)
	if err == nil {
		i.Mapping = saved
		if _, err := x.shape(ctx, tx, *i); err == nil {
			return nil
		}
	} else if !errors.Is(err, pgx.ErrNoRows) {
		return crm.DBError(err, "import")
	}
	i.Mapping = propose(all[i.Kind], i.Header, sample)
	return nil
}

// targetsIn returns what columns of a kind's file may mean.
func (x *Exchange) targetsIn(ctx context.Context, tx pgx.Tx, kind string) ([]Target, error) {
	var kinds [3]*record.Kind
	for n, name := range []string{kind, "contact", "order_line"} {
		var err error
		if kinds[n], err = x.Records.WholeIn(ctx, tx, name); err != nil {
			return nil, err
		}
	}
	return targets(kinds[0], kinds[1], kinds[2]), nil
}

// Targets returns what the columns of a file of a kind may mean.
func (x *Exchange) Targets(ctx context.Context, kind string) ([]Target, error) {
	actor, err := crm.Require(ctx, crm.ImportRun)
	if err != nil {
		return nil, err
	}
	if err := x.mayBring(actor, kind); err != nil {
		return nil, err
	}
	var out []Target
	err = x.Store.Read(ctx, func(tx pgx.Tx) error {
		out, err = x.targetsIn(ctx, tx, kind)
		return err
	})
	return out, err
}

// shape is how the rows of an import become records.
type shape struct {
	kinds   map[string]*record.Kind // "" for the record, "contact", "line"
	columns []column
	reading Notation
	options Options
	zone    *time.Location
	places  bool // columns tell where something lies
}

// column is a column that means something.
type column struct {
	Target
	index int
	bare  string // its name without the part
}

// shape reads what the columns mean, or says what is wrong with that.
func (x *Exchange) shape(ctx context.Context, tx pgx.Tx, i Import) (*shape, error) {
	list, err := x.targetsIn(ctx, tx, i.Kind)
	if err != nil {
		return nil, err
	}
	s := &shape{kinds: map[string]*record.Kind{}, options: i.Options}
	for part, name := range map[string]string{"": i.Kind, "contact": "contact", "line": "order_line"} {
		if s.kinds[part], err = x.Records.WholeIn(ctx, tx, name); err != nil {
			return nil, err
		}
	}
	var zone string
	if err := tx.QueryRow(ctx, `select coalesce((select zone from crm.organisation), 'UTC')`).Scan(&zone); err != nil {
		return nil, crm.DBError(err, "organisation")
	}
	if s.zone, err = time.LoadLocation(zone); err != nil {
		s.zone = time.UTC
	}
	s.reading = Notation{Decimal: i.Options.Decimal, Dates: i.Options.Dates, Zone: s.zone}
	left := map[string]string{}
	for target, name := range i.Mapping {
		if name != "" {
			left[target] = name
		}
	}
	_, byID := left["id"]
	_, byNumber := left["number"]
	for _, t := range list {
		name, ok := left[t.Name]
		if !ok {
			if t.Required && !byID && !byNumber {
				return nil, crm.Invalidf("mapping", "no column says the %s (%s)", strings.ToLower(t.Label.En), t.Name)
			}
			continue
		}
		delete(left, t.Name)
		index := slices.Index(i.Header, name)
		if index < 0 {
			return nil, crm.Invalidf("mapping", "there is no column %q", short(name))
		}
		s.columns = append(s.columns, column{t, index, t.Name[strings.LastIndexByte(t.Name, '.')+1:]})
		s.places = s.places || t.part == "site" || t.part == "point"
	}
	for target := range left {
		return nil, crm.Invalidf("mapping", "%q is nothing a column of %s may mean", short(target), i.Kind)
	}
	if len(s.columns) == 0 {
		return nil, crm.Invalidf("mapping", "no column means anything")
	}
	return s, nil
}
