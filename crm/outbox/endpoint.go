package outbox

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Endpoint is an address that is told what happens.
type Endpoint struct {
	ID            uuid.UUID
	StaffID       uuid.UUID // the maker: it is told what he may see
	Title         string
	URL           string `db:"url"`
	Events        []string
	Active        bool
	PausedBecause string     // why Catchment itself has paused it
	OldUntil      *time.Time // the former secret signs too until then
	Failures      int        // in a row
	HoldUntil     *time.Time
	Queued        int64
	Dead          int64
	Version       int
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// EndpointChange names what to change; nil leaves a field as it is.
type EndpointChange struct {
	Title  *string
	URL    *string
	Events *[]string
	Active *bool
}

// maxEndpoints is how many addresses an organisation may have told.
const maxEndpoints = 100

var pattern = regexp.MustCompile(`^(\*|[a-z][a-z_]{0,59})\.(\*|[a-z][a-z_]{0,59})$`)

// Matches tells whether a pattern such as account.*, *.removed or * names a type of event such as account.changed.
func Matches(pattern, event string) bool {
	if pattern == "*" {
		return true
	}
	kind, verb, _ := strings.Cut(pattern, ".")
	k, v, _ := strings.Cut(event, ".")
	return (kind == "*" || kind == k) && (verb == "*" || verb == v)
}

func (c EndpointChange) check() error {
	if c.Title != nil && (strings.TrimSpace(*c.Title) == "" || len(*c.Title) > 200) {
		return crm.Invalidf("title", "give a title of at most 200 letters")
	}
	if c.URL != nil {
		u, err := url.Parse(*c.URL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || len(*c.URL) > 2000 {
			return crm.Invalidf("url", "is no address such as https://example.org/hook")
		}
	}
	if c.Events != nil {
		if len(*c.Events) == 0 || len(*c.Events) > 100 {
			return crm.Invalidf("events", "name 1 to 100 patterns such as account.*")
		}
		for i, p := range *c.Events {
			if p != "*" && !pattern.MatchString(p) {
				return crm.Invalidf(fmt.Sprintf("events[%d]", i), "is no pattern such as account.*, deal.changed or *")
			}
		}
	}
	return nil
}

const endpointColumns = `
	select e.id, e.staff_id, e.title, e.url, e.events, e.active, e.paused_because, e.old_until, e.failures, e.hold_until, e.version, e.created_at, e.updated_at,
	       (select count(*) from outbox.message m where m.endpoint_id = e.id and m.state = 'queued') as queued,
	       (select count(*) from outbox.message m where m.endpoint_id = e.id and m.state = 'dead') as dead
	from outbox.endpoint e `

// Endpoints returns the endpoints the actor may see, by title.
func (o *Outbox) Endpoints(ctx context.Context) ([]Endpoint, error) {
	if _, err := crm.Require(ctx, crm.WebhookWrite); err != nil {
		return nil, err
	}
	var out []Endpoint
	err := o.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, endpointColumns+`order by lower(e.title), e.id`)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[Endpoint])
		return crm.DBError(err, "webhook")
	})
	return out, err
}

// Endpoint returns one endpoint.
func (o *Outbox) Endpoint(ctx context.Context, id uuid.UUID) (Endpoint, error) {
	if _, err := crm.Require(ctx, crm.WebhookWrite); err != nil {
		return Endpoint{}, err
	}
	var out Endpoint
	err := o.Store.Read(ctx, func(tx pgx.Tx) (err error) {
		out, err = endpointByID(ctx, tx, id)
		return err
	})
	return out, err
}

func endpointByID(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Endpoint, error) {
	rows, _ := tx.Query(ctx, endpointColumns+`where e.id = $1`, id)
	out, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Endpoint])
	return out, crm.DBError(err, "webhook")
}

// AddEndpoint adds an endpoint of who acts and returns it with its secret, which is told once. It will be told what he
// may see, and no more than the rights he acts with now allow.
func (o *Outbox) AddEndpoint(ctx context.Context, id uuid.UUID, title, address string, events []string) (Endpoint, string, error) {
	actor, err := crm.Require(ctx, crm.WebhookWrite)
	if err != nil {
		return Endpoint{}, "", err
	}
	title = strings.TrimSpace(title)
	if err := (EndpointChange{Title: &title, URL: &address, Events: &events}).check(); err != nil {
		return Endpoint{}, "", err
	}
	if id == uuid.Nil {
		id = uuid.Must(uuid.NewV7())
	}
	secret := newSecret()
	var out Endpoint
	err = o.Store.Write(ctx, func(tx pgx.Tx) error {
		var held int
		if err := tx.QueryRow(ctx, `select count(*) from outbox.endpoint`).Scan(&held); err != nil {
			return crm.DBError(err, "webhook")
		}
		if held >= maxEndpoints {
			return crm.Conflictf("there are %d webhooks already: remove one first", held)
		}
		now := o.Store.Now().UTC()
		_, err := tx.Exec(ctx, `insert into outbox.endpoint (id, staff_id, rights, title, url, events, secret, created_at, updated_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $8)`, id, actor.ID, actor.Rights, title, address, events, secret, now)
		if err != nil {
			return crm.DBError(err, "webhook")
		}
		changes := crm.Changes{}
		changes.Set("title", nil, title)
		changes.Set("url", nil, address)
		changes.Set("events", nil, events)
		if err := crm.Append(ctx, tx, crm.Event{Verb: "added", Kind: "webhook", ID: id, Changes: changes}); err != nil {
			return err
		}
		out, err = endpointByID(ctx, tx, id)
		return err
	})
	return out, secret, err
}

// ChangeEndpoint changes an endpoint if its version is still the given one. Who changes where it leads or what it is
// told becomes its maker, so that nobody sends on what another may see.
func (o *Outbox) ChangeEndpoint(ctx context.Context, id uuid.UUID, version int, c EndpointChange) (Endpoint, error) {
	if err := c.check(); err != nil {
		return Endpoint{}, err
	}
	return o.change(ctx, id, version, "changed", func(tx pgx.Tx, actor crm.Actor, before Endpoint) (crm.Changes, error) {
		after := before
		if c.Title != nil {
			after.Title = strings.TrimSpace(*c.Title)
		}
		if c.URL != nil {
			after.URL = *c.URL
		}
		if c.Events != nil {
			after.Events = *c.Events
		}
		if c.Active != nil {
			after.Active = *c.Active
		}
		took := after.URL != before.URL || !slices.Equal(after.Events, before.Events) || after.Active && !before.Active
		_, err := tx.Exec(ctx, `update outbox.endpoint set title = $2, url = $3, events = $4, active = $5,
			paused_because = case when $5 then '' else paused_because end, failures = case when $6 then 0 else failures end,
			hold_until = case when $6 then null else hold_until end,
			staff_id = case when $6 then $7 else staff_id end, rights = case when $6 then $8 else rights end where id = $1`,
			id, after.Title, after.URL, after.Events, after.Active, took, actor.ID, actor.Rights)
		changes := crm.Changes{}
		changes.Set("title", before.Title, after.Title)
		changes.Set("url", before.URL, after.URL)
		changes.Set("events", before.Events, after.Events)
		changes.Set("active", before.Active, after.Active)
		return changes, crm.DBError(err, "webhook")
	})
}

// RotateSecret gives an endpoint a new secret, which is told once. The former one signs too for another day. Who
// rotates becomes the maker: he holds the key to what is told.
func (o *Outbox) RotateSecret(ctx context.Context, id uuid.UUID, version int) (Endpoint, string, error) {
	secret := newSecret()
	out, err := o.change(ctx, id, version, "secret_rotated", func(tx pgx.Tx, actor crm.Actor, _ Endpoint) (crm.Changes, error) {
		_, err := tx.Exec(ctx, `update outbox.endpoint set old_secret = secret, old_until = $2, secret = $3, staff_id = $4, rights = $5 where id = $1`,
			id, o.Store.Now().UTC().Add(secretOldFor), secret, actor.ID, actor.Rights)
		return nil, crm.DBError(err, "webhook")
	})
	return out, secret, err
}

func (o *Outbox) change(ctx context.Context, id uuid.UUID, version int, verb string, f func(pgx.Tx, crm.Actor, Endpoint) (crm.Changes, error)) (Endpoint, error) {
	actor, err := crm.Require(ctx, crm.WebhookWrite)
	if err != nil {
		return Endpoint{}, err
	}
	var out Endpoint
	err = o.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from outbox.endpoint where id = $1 for update`, id); err != nil {
			return crm.DBError(err, "webhook")
		}
		before, err := endpointByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return crm.Stale()
		}
		changes, err := f(tx, actor, before)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update outbox.endpoint set version = version + 1, updated_at = $2 where id = $1`, id, o.Store.Now().UTC()); err != nil {
			return crm.DBError(err, "webhook")
		}
		if err := crm.Append(ctx, tx, crm.Event{Verb: verb, Kind: "webhook", ID: id, Changes: changes}); err != nil {
			return err
		}
		out, err = endpointByID(ctx, tx, id)
		return err
	})
	return out, err
}

// RemoveEndpoint removes an endpoint with all that was still to be told to it.
func (o *Outbox) RemoveEndpoint(ctx context.Context, id uuid.UUID, version int) error {
	if _, err := crm.Require(ctx, crm.WebhookWrite); err != nil {
		return err
	}
	return o.Store.Write(ctx, func(tx pgx.Tx) error {
		before, err := endpointByID(ctx, tx, id)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `delete from outbox.endpoint where id = $1 and version = $2`, id, version)
		if err != nil {
			return crm.DBError(err, "webhook")
		}
		if tag.RowsAffected() == 0 {
			return crm.Stale()
		}
		changes := crm.Changes{}
		changes.Set("title", before.Title, nil)
		changes.Set("url", before.URL, nil)
		return crm.Append(ctx, tx, crm.Event{Verb: "removed", Kind: "webhook", ID: id, Changes: changes})
	})
}

// newSecret returns a secret as Standard Webhooks writes it: 256 random bits.
func newSecret() string {
	bits := make([]byte, 32)
	rand.Read(bits)
	return secretPrefix + base64.StdEncoding.EncodeToString(bits)
}
