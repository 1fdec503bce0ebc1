package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// piece is how much of a file is kept in one row, and held in memory.
const piece = 1 << 20

// Content is what a file holds.
type Content struct {
	ID    uuid.UUID
	Size  int64
	Start []byte // its first bytes
}

// Keep takes in what a file holds, piece by piece, each in a transaction of its own: a slow sender holds no connection.
// What is there already is kept once. Other rooms that keep files ask for the right themselves.
func (f *Files) Keep(ctx context.Context, in io.Reader, limit int64) (Content, error) {
	actor, ok := crm.ActorFrom(ctx)
	if !ok {
		return Content{}, &crm.Error{Kind: crm.Unauthenticated, Message: "sign in first"}
	}
	c := Content{ID: uuid.Must(uuid.NewV7())}
	err := f.Store.Write(ctx, func(tx pgx.Tx) error {
		// What broke off long ago goes.
		if _, err := tx.Exec(ctx, `delete from files.content where owner = $1 and sha256 is null and created_at < now() - interval '1 day'`, actor.ID); err != nil {
			return crm.DBError(err, "file")
		}
		_, err := tx.Exec(ctx, `insert into files.content (id, owner) values ($1, $2)`, c.ID, actor.ID)
		return crm.DBError(err, "file")
	})
	if err != nil {
		return c, err
	}
	sum, buffer := sha256.New(), make([]byte, piece)
	for n := 0; ; n++ {
		read, err := io.ReadFull(in, buffer)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return c, f.giveUp(ctx, c, fmt.Errorf("receive a file: %w", err))
		}
		if c.Size += int64(read); c.Size > limit {
			return c, f.giveUp(ctx, c, crm.Invalidf("body", "is larger than %d bytes", limit))
		}
		if read > 0 {
			if n == 0 {
				c.Start = bytes.Clone(buffer[:min(read, 4096)])
			}
			sum.Write(buffer[:read])
			if err := f.Store.Write(ctx, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, `insert into files.chunk (content_id, n, data) values ($1, $2, $3)`, c.ID, n, buffer[:read])
				return crm.DBError(err, "file")
			}); err != nil {
				return c, f.giveUp(ctx, c, err)
			}
		}
		if err != nil {
			break
		}
	}
	return f.whole(ctx, c, sum.Sum(nil))
}

// giveUp forgets what has arrived of a file that will not become whole.
func (f *Files) giveUp(ctx context.Context, c Content, reason error) error {
	_ = f.Store.Write(context.WithoutCancel(ctx), func(tx pgx.Tx) error { // else it goes with what broke off
		_, err := tx.Exec(ctx, `delete from files.content where id = $1`, c.ID)
		return err
	})
	return reason
}

// whole names a content by what it holds, or returns the one that held the same before.
func (f *Files) whole(ctx context.Context, c Content, sum []byte) (Content, error) {
	for try := 0; ; try++ {
		found := c
		err := f.Store.Write(ctx, func(tx pgx.Tx) error {
			var same *uuid.UUID
			if err := tx.QueryRow(ctx, `select files.same($1)`, sum).Scan(&same); err != nil {
				return crm.DBError(err, "file")
			}
			if same != nil {
				found.ID = *same
				_, err := tx.Exec(ctx, `delete from files.content where id = $1`, c.ID)
				return crm.DBError(err, "file")
			}
			_, err := tx.Exec(ctx, `update files.content set sha256 = $2, size = $3 where id = $1`, c.ID, sum, c.Size)
			return crm.DBError(err, "file")
		})
		if crm.KindOf(err) == crm.Conflict && try == 0 { // the same arrived at the same time
			continue
		}
		return found, err
	}
}

// Drop forgets what a file held, unless something else refers to the same.
func Drop(ctx context.Context, tx pgx.Tx, content uuid.UUID) error {
	_, err := tx.Exec(ctx, `select files.sweep($1)`, content)
	return crm.DBError(err, "file")
}

// Reader reads what a file holds, one piece in memory at a time. It is for one goroutine.
type Reader struct {
	files *Files
	ctx   context.Context
	id    uuid.UUID
	size  int64
	at    int64
	n     int
	piece []byte
}

// Reader returns a reader of a content. Who may read it is for the caller to know; the database hides what the actor
// may not see.
func (f *Files) Reader(ctx context.Context, content uuid.UUID, size int64) *Reader {
	return &Reader{files: f, ctx: ctx, id: content, size: size, n: -1}
}

// Size is how many bytes there are.
func (r *Reader) Size() int64 { return r.size }

// ReadAt reads from anywhere.
func (r *Reader) ReadAt(p []byte, from int64) (int, error) {
	done := 0
	for done < len(p) {
		at := from + int64(done)
		if at >= r.size {
			return done, io.EOF
		}
		n := int(at / piece)
		if n != r.n {
			err := r.files.Store.Read(r.ctx, func(tx pgx.Tx) error {
				return crm.DBError(tx.QueryRow(r.ctx, `select data from files.chunk where content_id = $1 and n = $2`, r.id, n).Scan(&r.piece), "file")
			})
			if err != nil {
				r.n = -1
				return done, err
			}
			r.n = n
		}
		within := int(at - int64(n)*piece)
		if within >= len(r.piece) {
			return done, io.ErrUnexpectedEOF
		}
		done += copy(p[done:], r.piece[within:])
	}
	return done, nil
}

// Read reads on.
func (r *Reader) Read(p []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	n, err := r.ReadAt(p[:min(int64(len(p)), r.size-r.at)], r.at)
	r.at += int64(n)
	return n, err
}

// magic tells media types by how a file begins. What browsers run, such as HTML and SVG, is not among them.
var magic = []struct {
	at    int
	start string
	kind  string
}{
	{0, "\x89PNG\r\n\x1a\n", "image/png"}, {0, "\xff\xd8\xff", "image/jpeg"}, {0, "GIF87a", "image/gif"}, {0, "GIF89a", "image/gif"},
	{8, "WEBP", "image/webp"}, {4, "ftypheic", "image/heic"}, {4, "ftypmif1", "image/heif"}, {4, "ftypavif", "image/avif"}, {0, "II*\x00", "image/tiff"}, {0, "MM\x00*", "image/tiff"},
	{0, "%PDF-", "application/pdf"}, {0, "PK\x03\x04", "application/zip"}, {0, "\x1f\x8b", "application/gzip"},
	{4, "ftypqt", "video/quicktime"}, {4, "ftyp", "video/mp4"}, {0, "\x1aE\xdf\xa3", "video/webm"}, {0, "ID3", "audio/mpeg"}, {0, "OggS", "audio/ogg"}, {8, "WAVE", "audio/wav"},
}

func mediaType(start []byte) string {
	for _, m := range magic {
		if len(start) >= m.at && bytes.HasPrefix(start[m.at:], []byte(m.start)) {
			return m.kind
		}
	}
	text := start
	for n := 0; n < utf8.UTFMax && len(text) > 0 && !utf8.Valid(text); n++ {
		text = text[:len(text)-1] // a letter may be cut in two
	}
	if utf8.Valid(text) && len(text) > 0 && bytes.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' }) < 0 {
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}
