package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/files"
)

// File is a file attached to a record.
type File struct {
	ID         uuid.UUID  `json:"id" format:"uuid"`
	EntityKind string     `json:"entity_kind" example:"account"`
	EntityID   uuid.UUID  `json:"entity_id" format:"uuid"`
	AccountID  *uuid.UUID `json:"account_id" nullable:"true" format:"uuid" doc:"On whose timeline it stands"`
	Name       string     `json:"name" example:"boiler room.jpg"`
	MediaType  string     `json:"media_type" doc:"Told from what it holds"`
	Size       int64      `json:"size" doc:"Bytes"`
	Arrived    bool       `json:"arrived" doc:"Whether what it holds is there"`
	CreatedBy  EntryActor `json:"created_by"`
	CreatedAt  time.Time  `json:"created_at"`
}

func fileOut(a files.Attachment) File {
	return File{a.ID, a.EntityKind, a.EntityID, a.AccountID, a.Name, a.MediaType, a.Size, a.ContentID != nil, EntryActor{a.CreatedBy, a.CreatedByName}, a.CreatedAt.UTC()}
}

// NewFile announces a file.
type NewFile struct {
	ID         *uuid.UUID `json:"id,omitempty" format:"uuid"`
	EntityKind string     `json:"entity_kind" maxLength:"60" example:"account"`
	EntityID   uuid.UUID  `json:"entity_id" format:"uuid"`
	Name       string     `json:"name" minLength:"1" maxLength:"200" example:"boiler room.jpg"`
}

func fileOperations(a *API, rooms Rooms) {
	room := rooms.Files
	type fileAnswer struct{ Body File }
	answer := func(f files.Attachment, err error) (*fileAnswer, error) {
		if err != nil {
			return nil, err
		}
		return &fileAnswer{fileOut(f)}, nil
	}
	Register(a, Operation{ID: "addFile", Method: http.MethodPost, Path: "/files", Tag: "files", Summary: "Announce a file of a record", Status: http.StatusCreated,
		About: "Then send what it holds by PUT /files/{id}/content."},
		crm.ActivityWrite, func(ctx context.Context, in *struct{ Body NewFile }) (*fileAnswer, error) {
			id := newID(ctx, in.Body.ID)
			f, err := room.Attach(ctx, files.NewAttachment{ID: id, EntityKind: in.Body.EntityKind, EntityID: in.Body.EntityID, Name: in.Body.Name})
			if err != nil {
				f, err = again(ctx, in.Body.ID, err, func() (files.Attachment, error) { return room.Attachment(ctx, id) })
			}
			return answer(f, err)
		})
	type query struct {
		WholePaging
		EntityKind string    `query:"entity_kind" required:"true" maxLength:"60" example:"account"`
		EntityID   uuid.UUID `query:"entity_id" required:"true" format:"uuid"`
	}
	Register(a, Operation{ID: "listFiles", Method: http.MethodGet, Path: "/files", Tag: "files", Summary: "The files of a record, oldest first"},
		crm.ActivityRead, func(ctx context.Context, in *query) (*List[File], error) {
			list, err := room.Attachments(ctx, in.EntityKind, in.EntityID)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, list, fileOut)
		})
	Register(a, Operation{ID: "getFile", Method: http.MethodGet, Path: "/files/{id}", Tag: "files", Summary: "One file, without what it holds"},
		crm.ActivityRead, func(ctx context.Context, in *ID) (*fileAnswer, error) { return answer(room.Attachment(ctx, in.ID)) })
	Register(a, Operation{ID: "sendFile", Method: http.MethodPut, Path: "/files/{id}/content", Tag: "files", Summary: "Send what a file holds", Raw: true,
		MaxBody: files.DefaultLimit, About: "Once; the same again is no mistake."},
		crm.ActivityWrite, func(ctx context.Context, in *ID) (*fileAnswer, error) {
			return answer(room.Fill(ctx, in.ID, Bytes(ctx)))
		})
	Register(a, Operation{ID: "fileContent", Method: http.MethodGet, Path: "/files/{id}/content", Tag: "files", Summary: "What a file holds", Stream: true, Gives: []string{rawType}},
		crm.ActivityRead, func(ctx context.Context, in *ID) (*huma.StreamResponse, error) {
			f, content, err := room.Open(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return sent(f.MediaType, f.Name, content.Size(), func(out io.Writer) error {
				_, err := io.Copy(out, content)
				return err
			}), nil
		})
	Register(a, Operation{ID: "removeFile", Method: http.MethodDelete, Path: "/files/{id}", Tag: "files", Summary: "Take a file off its record", Status: http.StatusNoContent},
		crm.ActivityWrite, func(ctx context.Context, in *ID) (*Nothing, error) {
			return nil, room.Remove(ctx, in.ID)
		})
}

// moveEvery is how often the time by which an answer must be written is moved on while its client takes it.
const moveEvery = 30 * time.Second

// sent answers with a file. Whatever it is, a browser keeps it and runs none of it. A size below zero is not known. When
// writing it fails halfway the connection is cut, so that nobody takes half a file for a whole one.
func sent(mediaType, name string, size int64, write func(io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		_, w := humachi.Unwrap(hctx)
		h := w.Header()
		h.Set("Content-Type", mediaType)
		h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		h.Set("Cache-Control", "private, no-store")
		if size >= 0 {
			h.Set("Content-Length", strconv.FormatInt(size, 10))
		}
		if err := write(&patient{w: w, control: http.NewResponseController(w)}); err != nil {
			panic(http.ErrAbortHandler)
		}
	}}
}

// patient moves the time by which an answer must be written on as long as its client takes it.
type patient struct {
	w       io.Writer
	control *http.ResponseController
	moved   time.Time
}

func (p *patient) Write(b []byte) (int, error) {
	if now := time.Now(); now.Sub(p.moved) > moveEvery {
		p.moved = now
		_ = p.control.SetWriteDeadline(now.Add(2 * time.Minute)) // where it cannot be moved, the server's own stands
	}
	return p.w.Write(b)
}
