package exchange

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"catchment/crm"
	"catchment/geo/exchange"
)

// Archive is everything somebody may see, as one file: a table of each kind, and what is attached to the records.
type Archive struct {
	ID            uuid.UUID
	Kinds         []string
	Files         bool
	State         State // Running, Done, Failed
	Kind          int
	Cursor        string
	Parts         int
	Rows          int
	Size          int64
	Error         string
	CreatedBy     uuid.UUID
	CreatedByName string
	CreatedAt     time.Time
	EndedAt       *time.Time
	Version       int
}

const archiveColumns = `select e.id, e.kinds, e.files, e.state, e.kind, e.cursor, e.parts, e.rows, e.size, e.error, e.created_by, e.created_by_name,
	e.created_at, e.ended_at, e.version from exchange.export e `

func archiveByID(ctx context.Context, tx pgx.Tx, id uuid.UUID, lock string) (Archive, error) {
	rows, _ := tx.Query(ctx, archiveColumns+`where e.id = $1 `+lock, id)
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Archive])
	return a, crm.DBError(err, "export")
}

func (a *Archive) save(ctx context.Context, tx pgx.Tx) error {
	a.Version++
	_, err := tx.Exec(ctx, `update exchange.export set state = $2, kind = $3, cursor = $4, parts = $5, rows = $6, size = $7, error = $8, ended_at = $9, version = $10 where id = $1`,
		a.ID, a.State, a.Kind, a.Cursor, a.Parts, a.Rows, a.Size, a.Error, a.EndedAt, a.Version)
	if err != nil {
		return crm.DBError(err, "export")
	}
	return crm.Tell(ctx, tx, "export:"+a.ID.String(), "export", map[string]any{"id": a.ID, "state": a.State, "share": a.Share(), "rows": a.Rows})
}

// Share is how much of it is written, from 0 to 1.
func (a Archive) Share() float64 {
	if a.State == Running {
		return float64(a.Kind) / float64(max(1, len(a.Kinds)))
	}
	return 1
}

// RequestArchive has an archive made of the kinds named, or of all the actor may read.
func (x *Exchange) RequestArchive(ctx context.Context, id uuid.UUID, kinds []string, withFiles bool) (Archive, error) {
	actor, err := crm.Require(ctx, crm.ExportRun)
	if err != nil {
		return Archive{}, err
	}
	if withFiles {
		if _, err := crm.Require(ctx, crm.ActivityRead); err != nil {
			return Archive{}, err
		}
	}
	if len(kinds) == 0 {
		for _, name := range append(slices.Clone(Kinds), "visit") {
			if k, err := x.Records.Kind(name); err == nil && actor.May(k.Read) {
				kinds = append(kinds, name)
			}
		}
	}
	slices.Sort(kinds)
	kinds = slices.Compact(kinds)
	for _, name := range kinds {
		k, err := x.Records.Kind(name)
		if err != nil {
			return Archive{}, crm.Invalidf("kinds", "there is no kind of record %q", short(name))
		}
		if _, err := crm.Require(ctx, k.Read); err != nil {
			return Archive{}, err
		}
	}
	if id == uuid.Nil {
		id = uuid.Must(uuid.NewV7())
	}
	err = x.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into exchange.export (id, kinds, files, state, created_by, created_by_name, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
			id, kinds, withFiles, Running, actor.ID, actor.Name, x.Store.Now()); err != nil {
			return crm.DBError(err, "export")
		}
		changes := crm.Changes{}
		changes.Set("kinds", nil, kinds)
		if err := crm.Append(ctx, tx, crm.Event{Verb: "exported", Kind: "export", ID: id, Changes: changes}); err != nil {
			return err
		}
		if x.Jobs == nil {
			return nil
		}
		_, err := x.Jobs.InsertTx(ctx, tx, ArchiveArgs{Archive: id}, nil)
		return err
	})
	if err != nil {
		return Archive{}, err
	}
	return x.Archive(ctx, id)
}

// Archive returns one of the actor's own archives.
func (x *Exchange) Archive(ctx context.Context, id uuid.UUID) (Archive, error) {
	if _, err := crm.Require(ctx, crm.ExportRun); err != nil {
		return Archive{}, err
	}
	var a Archive
	err := x.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		a, err = archiveByID(ctx, tx, id, "")
		return err
	})
	return a, err
}

// Archives returns the actor's own archives, newest first.
func (x *Exchange) Archives(ctx context.Context, cursor string, limit int) (crm.Page[Archive], error) {
	if _, err := crm.Require(ctx, crm.ExportRun); err != nil {
		return crm.Page[Archive]{}, err
	}
	key := createdKey{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := crm.DecodeCursor(cursor, &key); err != nil {
		return crm.Page[Archive]{}, err
	}
	size := crm.PageSize(limit)
	var list []Archive
	err := x.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, archiveColumns+`where (e.created_at, e.id) < ($1, $2) order by e.created_at desc, e.id desc limit $3`, key.At, key.ID, size+1)
		var err error
		list, err = pgx.CollectRows(rows, pgx.RowToStructByName[Archive])
		return crm.DBError(err, "export")
	})
	return crm.Cut(list, size, func(a Archive) any { return createdKey{a.CreatedAt, a.ID} }), err
}

// RemoveArchive forgets an archive.
func (x *Exchange) RemoveArchive(ctx context.Context, id uuid.UUID) error {
	if _, err := crm.Require(ctx, crm.ExportRun); err != nil {
		return err
	}
	return x.Store.Write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from exchange.export where id = $1`, id)
		if err == nil && tag.RowsAffected() == 0 {
			return crm.Missing("export")
		}
		return crm.DBError(err, "export")
	})
}

// ArchiveArgs asks for work on an archive.
type ArchiveArgs struct {
	Archive uuid.UUID `json:"archive"`
}

// Kind names the job.
func (ArchiveArgs) Kind() string { return "exchange.archive" }

// InsertOpts makes an archive be queued once.
func (ArchiveArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, MaxAttempts: 10, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// Archiver works on ArchiveArgs.
type Archiver struct {
	river.WorkerDefaults[ArchiveArgs]
	Exchange *Exchange
	Log      *slog.Logger
}

// Work goes on with an archive for a stretch.
func (w *Archiver) Work(ctx context.Context, job *river.Job[ArchiveArgs]) error {
	id := job.Args.Archive
	goOn, err := w.Exchange.archive(ctx, id)
	if goOn && err == nil {
		return river.JobSnooze(0)
	}
	return w.Exchange.ended(ctx, w.Log, job.Attempt >= job.MaxAttempts, err, func(ctx context.Context, message string) error {
		maker, err := w.Exchange.makerOf(ctx, "export", id)
		if err != nil {
			return err
		}
		ctx = crm.WithActor(ctx, crm.Actor{ID: maker, Name: "export", Scope: crm.ScopeOwn})
		return w.Exchange.Store.Write(ctx, func(tx pgx.Tx) error {
			a, err := archiveByID(ctx, tx, id, "for update")
			if err != nil {
				return err
			}
			now := w.Exchange.Store.Now()
			a.State, a.Error, a.EndedAt = Failed, message, &now
			return a.save(ctx, tx)
		})
	})
}

// RunArchive works on an archive until it is whole.
func (x *Exchange) RunArchive(ctx context.Context, id uuid.UUID) (Archive, error) {
	for {
		goOn, err := x.archive(ctx, id)
		if err != nil {
			return Archive{}, err
		}
		if !goOn {
			return x.Archive(ctx, id)
		}
	}
}

// archive writes parts, as its maker, for a stretch.
func (x *Exchange) archive(ctx context.Context, id uuid.UUID) (goOn bool, err error) {
	if ctx, err = x.asMaker(ctx, "export", id); err != nil {
		return false, err
	}
	until := x.Store.Now().Add(stretch)
	for {
		a, err := x.Archive(ctx, id)
		if err != nil || a.State != Running {
			return false, err
		}
		kind, data, rows, next := "", []byte(nil), 0, ""
		if a.Kind < len(a.Kinds) {
			kind = a.Kinds[a.Kind]
			if data, rows, next, err = x.part(ctx, kind, a.Cursor); err != nil {
				return false, err
			}
		}
		err = x.Store.Write(ctx, func(tx pgx.Tx) error {
			now, err := archiveByID(ctx, tx, id, "for update")
			if err != nil {
				return err
			}
			if now.Version != a.Version {
				return errElsewhere
			}
			if kind == "" {
				at := x.Store.Now()
				now.State, now.EndedAt = Done, &at
				return now.save(ctx, tx)
			}
			if _, err := tx.Exec(ctx, `insert into exchange.part (export_id, n, kind, data) values ($1, $2, $3, $4)`, id, now.Parts, kind, data); err != nil {
				return crm.DBError(err, "export")
			}
			now.Parts, now.Rows, now.Size, now.Cursor = now.Parts+1, now.Rows+rows, now.Size+int64(len(data)), next
			if next == "" {
				now.Kind++
			}
			return now.save(ctx, tx)
		})
		if err != nil {
			return false, err
		}
		if kind == "" {
			return false, nil
		}
		if x.Store.Now().After(until) {
			return true, nil
		}
	}
}

// part writes a page of a kind; the first has the header.
func (x *Exchange) part(ctx context.Context, kind, cursor string) (data []byte, rows int, next string, err error) {
	l, err := x.listing(ctx, Asked{Kind: kind, Format: exchange.CSV})
	if err != nil {
		return nil, 0, "", err
	}
	if kind == "account" { // sites have a table of their own here
		l.columns = slices.DeleteFunc(l.columns, func(c outColumn) bool { return c.part == "place" })
	}
	page, err := l.page(ctx, cursor)
	if err != nil {
		return nil, 0, "", err
	}
	var out bytes.Buffer
	w, err := l.writer(&out)
	if err != nil {
		return nil, 0, "", err
	}
	if cursor != "" {
		if err := w.Flush(); err != nil {
			return nil, 0, "", err
		}
		out.Reset() // the header stands before
	}
	if err := l.rows(ctx, w, page.Items); err != nil {
		return nil, 0, "", err
	}
	err = w.Close()
	return out.Bytes(), len(page.Items), page.Next, err
}

// WriteArchive writes a whole archive as ZIP, a part in memory at a time.
func (x *Exchange) WriteArchive(ctx context.Context, a Archive, out io.Writer) error {
	z := zip.NewWriter(out)
	var entry io.Writer
	last := ""
	for n := range a.Parts {
		var kind string
		var data []byte
		err := x.Store.Read(ctx, func(tx pgx.Tx) error {
			return crm.DBError(tx.QueryRow(ctx, `select kind, data from exchange.part where export_id = $1 and n = $2`, a.ID, n).Scan(&kind, &data), "export")
		})
		if err != nil {
			return err
		}
		if kind != last {
			k, err := x.Records.Kind(kind)
			if err != nil {
				return err
			}
			if entry, err = z.CreateHeader(&zip.FileHeader{Name: k.Plural + ".csv", Method: zip.Deflate, Modified: a.CreatedAt}); err != nil {
				return err
			}
			last = kind
		}
		if _, err := entry.Write(data); err != nil {
			return err
		}
	}
	if a.Files {
		if err := x.attachments(ctx, z); err != nil {
			return err
		}
	}
	about, err := z.CreateHeader(&zip.FileHeader{Name: "export.json", Method: zip.Deflate, Modified: a.CreatedAt})
	if err != nil {
		return err
	}
	text, _ := json.MarshalIndent(map[string]any{"id": a.ID, "made_at": a.CreatedAt.UTC(), "made_by": a.CreatedByName, "kinds": a.Kinds, "records": a.Rows}, "", "  ")
	if _, err := about.Write(append(text, '\n')); err != nil {
		return err
	}
	return z.Close()
}

// attachments writes what is attached to the records the actor sees.
func (x *Exchange) attachments(ctx context.Context, z *zip.Writer) error {
	after := uuid.Nil
	for {
		type attached struct {
			ID   uuid.UUID
			Kind string
			Of   uuid.UUID
			Name string
		}
		var list []attached
		err := x.Store.Read(ctx, func(tx pgx.Tx) error {
			rows, _ := tx.Query(ctx, `select id, entity_kind, entity_id, name from files.attachment where content_id is not null and id > $1 order by id limit 200`, after)
			var err error
			list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[attached])
			return crm.DBError(err, "file")
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, f := range list {
			after = f.ID
			a, content, err := x.Files.Open(ctx, f.ID)
			if kind := crm.KindOf(err); kind == crm.NotFound || kind == crm.Conflict || kind == crm.Forbidden {
				continue // gone meanwhile, or of a kind he may not read
			}
			if err != nil {
				return err
			}
			entry, err := z.CreateHeader(&zip.FileHeader{Name: "files/" + f.Kind + "/" + f.Of.String() + "/" + f.ID.String() + " " + a.Name, Method: zip.Store, Modified: a.CreatedAt})
			if err != nil {
				return err
			}
			if _, err := io.Copy(entry, content); err != nil {
				return err
			}
		}
	}
}
