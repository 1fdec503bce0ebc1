package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

const idempotencyHeader = "Idempotency-Key"

// How repeated requests are held together.
const (
	maxKey     = 200
	waitFirst  = 5 * time.Second       // a repetition waits this long for the first to end
	waitStep   = 50 * time.Millisecond // and looks this often
	claimHolds = 60 * time.Second      // then the first is taken for dead; longer than any request may run
	keepAnswer = 7 * 24 * time.Hour    // answers are given again this long
	maxAnswer  = 4 << 20               // longer answers are not kept
)

// onceByKey runs a request once for each Idempotency-Key of an actor. The same key with the same body gets the
// first answer again; with another body 409. Only successes are kept: a request that changed nothing may be
// corrected and sent again under its key.
//
// Should the process die between the change and keeping its answer, the repetition runs again; what it adds then
// has the same id (see newID), so that it finds its own work done.
func (a *API) onceByKey(limit int64) func(huma.Context, func(huma.Context)) {
	return func(hctx huma.Context, next func(huma.Context)) {
		r, w := humachi.Unwrap(hctx)
		key := r.Header.Get(idempotencyHeader)
		if key == "" {
			next(hctx)
			return
		}
		if !printable(key) || len(key) > maxKey {
			NewProblem(http.StatusUnprocessableEntity, fmt.Sprintf("the Idempotency-Key must be 1 to %d printable characters", maxKey),
				FieldError{"header." + idempotencyHeader, "is too long or not printable"}).Write(w)
			return
		}
		body, err := readAll(r)
		if err != nil {
			a.refuse(hctx, err)
			return
		}
		ctx := r.Context()
		claim := claim{key: key, hash: requestHash(r, body), store: a.store}
		kept, err := claim.take(ctx)
		switch {
		case err != nil:
			a.refuse(hctx, err)
			return
		case kept != nil:
			kept.write(w)
			return
		}

		again := r.WithContext(contextWithKey(ctx, key))
		again.Body = io.NopCloser(bytes.NewReader(body))
		record := &recorder{ResponseWriter: w, status: http.StatusOK}
		// Whatever happens to the client, what was done is kept, and what was not done gives the key back.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		done := false
		defer func() {
			if done && record.status < 300 && record.body.Len() <= maxAnswer {
				err = claim.keep(ending, record)
			} else {
				err = claim.release(ending)
			}
			if err != nil {
				a.log.ErrorContext(ending, "idempotency", "error", err, "request_id", RequestID(ctx))
			}
		}()
		next(humachi.NewContext(hctx.Operation(), again, record))
		done = true
	}
}

func printable(key string) bool {
	for _, b := range []byte(key) {
		if b < '!' || b > '~' {
			return false
		}
	}
	return true
}

// requestHash tells requests apart that came under one key. The lengths keep the parts from running together.
func requestHash(r *http.Request, body []byte) []byte {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %d %s?%s\n", r.Method, len(r.URL.Path), r.URL.Path, r.URL.RawQuery)
	sum.Write(body)
	return sum.Sum(nil)
}

// claim is the right to run the request of a key.
type claim struct {
	key   string
	hash  []byte
	store *crm.Store
}

// answer is what a request was answered with.
type answer struct {
	Status  int
	Headers http.Header
	Body    []byte
}

func (k answer) write(w http.ResponseWriter) {
	for name, values := range k.Headers {
		w.Header()[name] = values
	}
	w.Header().Set("Idempotent-Replayed", "true")
	w.WriteHeader(k.Status)
	_, _ = w.Write(k.Body) // a client that has gone needs no answer
}

// take claims the key, or returns the answer that was given under it, waiting for one that is under way.
func (c claim) take(ctx context.Context) (*answer, error) {
	give := time.NewTimer(waitFirst)
	defer give.Stop()
	for {
		mine, kept, err := c.look(ctx)
		if err != nil || mine || kept != nil {
			return kept, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-give.C:
			return nil, NewProblem(http.StatusConflict, "the same request is still under way",
				FieldError{"header." + idempotencyHeader, "is being worked on"}).With("Retry-After", "2")
		case <-time.After(waitStep):
		}
	}
}

func (c claim) look(ctx context.Context) (mine bool, kept *answer, err error) {
	actor, _ := crm.ActorFrom(ctx)
	err = c.store.Write(ctx, func(tx pgx.Tx) error {
		// One statement decides who runs: a new key, or one whose first request died long ago or whose kept
		// answer has grown too old.
		tag, err := tx.Exec(ctx, `
			insert into crm.idempotency as i (key, actor, body_hash)
			values ($1, $2, $3)
			on conflict (actor, key) do update
			set body_hash = excluded.body_hash, status = null, headers = null, body = null, created_at = now()
			where (i.status is null and i.body_hash = excluded.body_hash and i.created_at < now() - $4::interval)
			   or i.created_at < now() - $5::interval`,
			c.key, actor.ID, c.hash, claimHolds, keepAnswer)
		if err != nil || tag.RowsAffected() == 1 {
			mine = err == nil
			return err
		}
		var hash, headers []byte
		var status *int
		found := answer{}
		err = tx.QueryRow(ctx, `
			select body_hash, status, headers, body
			from crm.idempotency
			where actor = $1 and key = $2`, actor.ID, c.key).Scan(&hash, &status, &headers, &found.Body)
		switch {
		case errors.Is(err, pgx.ErrNoRows): // released meanwhile: look again
			return nil
		case err != nil:
			return err
		case !bytes.Equal(hash, c.hash):
			return NewProblem(http.StatusConflict, "this Idempotency-Key was used for another request",
				FieldError{"header." + idempotencyHeader, "was used for another request"})
		case status == nil:
			return nil
		}
		found.Status = *status
		kept = &found
		return json.Unmarshal(headers, &found.Headers)
	})
	return mine, kept, err
}

func (c claim) keep(ctx context.Context, r *recorder) error {
	headers := http.Header{}
	for _, name := range []string{"Content-Type", "ETag", "Location"} {
		if value := r.Header().Get(name); value != "" {
			headers.Set(name, value)
		}
	}
	text, err := json.Marshal(headers)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	actor, _ := crm.ActorFrom(ctx)
	return c.store.Write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			update crm.idempotency
			set status = $3, headers = $4, body = $5
			where actor = $1 and key = $2 and status is null`, actor.ID, c.key, r.status, text, r.body.Bytes())
		return err
	})
}

func (c claim) release(ctx context.Context) error {
	actor, _ := crm.ActorFrom(ctx)
	return c.store.Write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			delete from crm.idempotency
			where actor = $1 and key = $2 and status is null and body_hash = $3`, actor.ID, c.key, c.hash)
		return err
	})
}

// recorder passes an answer on and remembers it.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.body.Len() <= maxAnswer {
		r.body.Write(p)
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

type keyKey struct{}

func contextWithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyKey{}, key)
}

// newID returns the id for what a request adds: the one it brought, else one that follows from its
// Idempotency-Key and who sent it, so that the same request sent again names the same thing, else a new one.
func newID(ctx context.Context, given *uuid.UUID) uuid.UUID {
	if given != nil {
		return *given
	}
	key, ok := ctx.Value(keyKey{}).(string)
	if !ok {
		return uuid.Must(uuid.NewV7())
	}
	actor, _ := crm.ActorFrom(ctx)
	sum := sha256.Sum256(append(actor.ID[:], key...))
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8: made by a rule of our own (RFC 9562)
	id[8] = id[8]&0x3f | 0x80
	return id
}

// again finds what an earlier try of the same request added before the process died, if adding it again ran into
// it. Only ids that follow from the key tell so; an id the client gave may be anybody's.
func again[T any](ctx context.Context, given *uuid.UUID, err error, load func() (T, error)) (T, error) {
	if _, keyed := ctx.Value(keyKey{}).(string); keyed && given == nil && crm.KindOf(err) == crm.Conflict {
		if found, lookErr := load(); lookErr == nil {
			return found, nil
		}
	}
	var none T
	return none, err
}
