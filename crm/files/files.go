// Package files keeps what people attach to records: photographs, letters, plans. What a file holds lies in PostgreSQL,
// once however often it is attached, in pieces small enough that neither sending nor fetching it needs memory.
package files

import (
	"context"
	"io"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/record"
)

// DefaultLimit is the most bytes an attached file may have unless Files says otherwise.
const DefaultLimit = 25 << 20

// Files is the room of attached files.
type Files struct {
	Store   *crm.Store
	Records *record.Records
	Limit   int64 // most bytes of a file; zero means DefaultLimit
}

// Attachment is a file attached to a record. What it holds may still be on its way.
type Attachment struct {
	ID            uuid.UUID
	EntityKind    string
	EntityID      uuid.UUID
	AccountID     *uuid.UUID
	Name          string
	MediaType     string // told from what it holds, never from what was said
	Size          int64
	ContentID     *uuid.UUID // nil while what it holds has not arrived
	CreatedBy     uuid.UUID
	CreatedByName string
	CreatedAt     time.Time
}

// NewAttachment announces a file.
type NewAttachment struct {
	ID         uuid.UUID // made by the caller; zero makes one
	EntityKind string
	EntityID   uuid.UUID
	Name       string
}

const columns = `select a.id, a.entity_kind, a.entity_id, a.account_id, a.name, a.media_type, a.size, a.content_id, a.created_by, a.created_by_name, a.created_at
	from files.attachment a `

// mostAttached is the most files of one record.
const mostAttached = 500

// CheckName returns the last part of a file's name, or says why it cannot be one.
func CheckName(name string) (string, error) {
	name = strings.TrimSpace(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if name == "" || name == "." || name == "/" || name == ".." {
		return "", crm.Invalidf("name", "is empty")
	}
	if utf8.RuneCountInString(name) > 200 || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
		return "", crm.Invalidf("name", "is longer than 200 letters or holds control characters")
	}
	return name, nil
}

// Attach announces a file of a record the actor sees; Fill sends what it holds.
func (f *Files) Attach(ctx context.Context, n NewAttachment) (Attachment, error) {
	actor, err := crm.Require(ctx, crm.ActivityWrite)
	if err != nil {
		return Attachment{}, err
	}
	name, err := CheckName(n.Name)
	if err != nil {
		return Attachment{}, err
	}
	account, err := f.accountOf(ctx, n.EntityKind, n.EntityID)
	if crm.KindOf(err) == crm.NotFound {
		return Attachment{}, crm.Invalidf("entity_id", "there is no such %s", n.EntityKind)
	}
	if err != nil {
		return Attachment{}, err
	}
	if n.ID == uuid.Nil {
		n.ID = uuid.Must(uuid.NewV7())
	}
	out := Attachment{ID: n.ID, EntityKind: n.EntityKind, EntityID: n.EntityID, AccountID: account, Name: name, MediaType: "application/octet-stream",
		CreatedBy: actor.ID, CreatedByName: actor.Name, CreatedAt: f.Store.Now().UTC().Truncate(time.Microsecond)}
	return out, f.Store.Write(ctx, func(tx pgx.Tx) error {
		var there int
		if err := tx.QueryRow(ctx, `select count(*) from files.attachment where entity_kind = $1 and entity_id = $2`, n.EntityKind, n.EntityID).Scan(&there); err != nil {
			return crm.DBError(err, "file")
		}
		if there >= mostAttached {
			return crm.Conflictf("more than %d files are attached already", mostAttached)
		}
		_, err := tx.Exec(ctx, `
			insert into files.attachment (id, entity_kind, entity_id, account_id, name, media_type, created_by, created_by_name, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			out.ID, out.EntityKind, out.EntityID, out.AccountID, out.Name, out.MediaType, out.CreatedBy, out.CreatedByName, out.CreatedAt)
		return crm.DBError(err, "file")
	})
}

// accountOf loads the record as the actor sees it and returns the account on whose timeline it stands, if any.
func (f *Files) accountOf(ctx context.Context, kind string, id uuid.UUID) (*uuid.UUID, error) {
	k, err := f.Records.Kind(kind)
	if err != nil {
		return nil, crm.Invalidf("entity_kind", "there is no kind of record %q", kind)
	}
	v, err := f.Records.Record(ctx, kind, id)
	if err != nil {
		return nil, err
	}
	if account, err := uuid.Parse(v.Text(k.Account)); err == nil {
		return &account, nil
	}
	return nil, nil
}

// Fill takes in what an announced file holds. It is sent once; the same again is no mistake.
func (f *Files) Fill(ctx context.Context, id uuid.UUID, in io.Reader) (Attachment, error) {
	if _, err := crm.Require(ctx, crm.ActivityWrite); err != nil {
		return Attachment{}, err
	}
	a, err := f.attachment(ctx, id)
	if err != nil {
		return Attachment{}, err
	}
	content, err := f.Keep(ctx, in, f.limit())
	if err != nil {
		return Attachment{}, err
	}
	err = f.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		if a, err = byID(ctx, tx, id, "for update"); err != nil {
			return err
		}
		if a.ContentID != nil {
			if *a.ContentID == content.ID {
				return nil
			}
			return crm.Conflictf("this file has arrived already, with another content")
		}
		a.ContentID, a.Size, a.MediaType = &content.ID, content.Size, mediaType(content.Start)
		if _, err := tx.Exec(ctx, `update files.attachment set content_id = $2, size = $3, media_type = $4 where id = $1`, id, a.ContentID, a.Size, a.MediaType); err != nil {
			return crm.DBError(err, "file")
		}
		changes := crm.Changes{}
		changes.SetPrivate("name", nil, a.Name)
		changes.Set("size", nil, a.Size)
		changes.Set("media_type", nil, a.MediaType)
		return crm.Append(ctx, tx, a.event("attached", changes))
	})
	return a, err
}

func (f *Files) limit() int64 {
	if f.Limit > 0 {
		return f.Limit
	}
	return DefaultLimit
}

func (a Attachment) event(verb string, changes crm.Changes) crm.Event {
	changes.Set("entity_kind", nil, a.EntityKind)
	changes.Set("entity_id", nil, a.EntityID)
	return crm.Event{Verb: verb, Kind: "file", ID: a.ID, Account: a.AccountID, Changes: changes}
}

// Attachments returns the files of a record the actor sees, oldest first.
func (f *Files) Attachments(ctx context.Context, kind string, id uuid.UUID) ([]Attachment, error) {
	if _, err := crm.Require(ctx, crm.ActivityRead); err != nil {
		return nil, err
	}
	if _, err := f.accountOf(ctx, kind, id); err != nil {
		return nil, err
	}
	var out []Attachment
	err := f.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, columns+`where a.entity_kind = $1 and a.entity_id = $2 order by a.created_at, a.id limit $3`, kind, id, mostAttached)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[Attachment])
		return crm.DBError(err, "file")
	})
	return out, err
}

// Attachment returns one file, if the actor sees the record it is attached to.
func (f *Files) Attachment(ctx context.Context, id uuid.UUID) (Attachment, error) {
	if _, err := crm.Require(ctx, crm.ActivityRead); err != nil {
		return Attachment{}, err
	}
	return f.attachment(ctx, id)
}

func (f *Files) attachment(ctx context.Context, id uuid.UUID) (Attachment, error) {
	var a Attachment
	err := f.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		a, err = byID(ctx, tx, id, "")
		return err
	})
	if err != nil {
		return a, err
	}
	_, err = f.accountOf(ctx, a.EntityKind, a.EntityID)
	if crm.KindOf(err) == crm.NotFound {
		err = crm.Missing("file")
	}
	return a, err
}

func byID(ctx context.Context, tx pgx.Tx, id uuid.UUID, lock string) (Attachment, error) {
	rows, _ := tx.Query(ctx, columns+`where a.id = $1 `+lock, id)
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Attachment])
	return a, crm.DBError(err, "file")
}

// Open returns a file and a reader of what it holds.
func (f *Files) Open(ctx context.Context, id uuid.UUID) (Attachment, *Reader, error) {
	a, err := f.Attachment(ctx, id)
	if err != nil {
		return a, nil, err
	}
	if a.ContentID == nil {
		return a, nil, crm.Conflictf("this file has not arrived yet")
	}
	return a, f.Reader(ctx, *a.ContentID, a.Size), nil
}

// Remove takes a file off its record, and forgets what it held unless it is attached elsewhere too.
func (f *Files) Remove(ctx context.Context, id uuid.UUID) error {
	if _, err := crm.Require(ctx, crm.ActivityWrite); err != nil {
		return err
	}
	a, err := f.attachment(ctx, id)
	if err != nil {
		return err
	}
	return f.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		if a, err = byID(ctx, tx, id, "for update"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from files.attachment where id = $1`, id); err != nil {
			return crm.DBError(err, "file")
		}
		if a.ContentID == nil {
			return nil
		}
		if err := Drop(ctx, tx, *a.ContentID); err != nil {
			return err
		}
		changes := crm.Changes{}
		changes.SetPrivate("name", a.Name, nil)
		return crm.Append(ctx, tx, a.event("detached", changes))
	})
}
