package login

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/outbox"
)

// Letters the desk writes.
const (
	InviteLetter = "invite"
	ResetLetter  = "reset"
)

// How long a link to set a password works, once.
const (
	inviteFor = 72 * time.Hour
	resetFor  = 30 * time.Minute
)

// Invitation is what came of inviting somebody: a letter on its way or, where no letters leave the house, a link to hand
// over.
type Invitation struct {
	Mailed  bool
	Link    string
	Expires time.Time
}

// Invite lets a person choose a password, by a link that works once within three days. Only who has all that the
// person's role gives may do so: a link is a way in.
func (d *Desk) Invite(ctx context.Context, id uuid.UUID) (Invitation, error) {
	staff, err := d.Store.Manageable(ctx, id)
	if err != nil {
		return Invitation{}, err
	}
	if !staff.Active {
		return Invitation{}, crm.Conflictf("this person is shut out: let him in first")
	}
	out := Invitation{Mailed: d.Outbox.CanMail(), Expires: d.Store.Now().UTC().Add(inviteFor)}
	err = d.Store.Write(ctx, func(tx pgx.Tx) error {
		if out.Mailed {
			if err := d.Outbox.Send(ctx, tx, InviteLetter, &id); err != nil {
				return err
			}
		}
		return crm.Append(ctx, tx, crm.Event{Verb: "invited", Kind: "staff", ID: id})
	})
	if err == nil && !out.Mailed {
		out.Link, err = d.newLink(ctx, id, InviteLetter)
	}
	return out, err
}

// AskReset has a letter sent to whoever signs in with the e-mail. Whether anybody does cannot be told from the answer,
// nor from how long it takes; asking too often is *Limited, for known and unknown addresses alike.
func (d *Desk) AskReset(ctx context.Context, email string, caller Caller) error {
	ctx = crm.WithActor(ctx, crm.System("sign-in"))
	email = strings.ToLower(strings.TrimSpace(email))
	account := sha256.Sum256([]byte("reset " + email))
	if err := d.countAttempt(ctx, account[:], caller.Address); err != nil {
		return err
	}
	return d.Store.Write(ctx, func(tx pgx.Tx) error {
		var id *uuid.UUID // none is left a letter too, which is written to nobody
		if err := tx.QueryRow(ctx, `select (select id from crm.staff where lower(email) = $1 and active)`, email).Scan(&id); err != nil {
			return crm.DBError(err, "account")
		}
		return d.Outbox.Send(ctx, tx, ResetLetter, id)
	})
}

// newLink makes a link for a person and keeps the hash of its secret.
func (d *Desk) newLink(ctx context.Context, staff uuid.UUID, purpose string) (string, error) {
	ctx = crm.WithActor(ctx, crm.System("sign-in"))
	token, now, lasts := secret(""), d.Store.Now().UTC(), inviteFor
	if purpose == ResetLetter {
		lasts = resetFor
	}
	err := d.Store.Write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into crm.one_time (token_hash, staff_id, purpose, created_at, expires_at) values ($1, $2, $3, $4, $5)`,
			hashOf(token), staff, purpose, now, now.Add(lasts))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("make a link: %w", err)
	}
	// In the query, which no log keeps.
	return d.Origin + PasswordPath + "?" + url.Values{"token": {token}}.Encode(), nil
}

// PasswordPath is the page on which a link leads to choosing a password.
const PasswordPath = "/password"

// brokenLink is the one answer to a link that is wrong, old or used.
func brokenLink() error {
	return crm.Invalidf("token", "this link is not valid any more: ask for a new one")
}

// linked returns who may set a password by a token.
func (d *Desk) linked(ctx context.Context, token string) (id uuid.UUID, email, language string, err error) {
	err = d.Store.Read(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `select s.id, lower(s.email), s.language from crm.one_time o join crm.staff s on s.id = o.staff_id and s.active
			where o.token_hash = $1 and o.expires_at > $2`, hashOf(token), d.Store.Now().UTC()).Scan(&id, &email, &language)
		return crm.DBError(err, "link")
	})
	if crm.KindOf(err) == crm.NotFound {
		err = brokenLink()
	}
	return id, email, language, err
}

// LinkLanguage returns the language of whom a link was made for.
func (d *Desk) LinkLanguage(ctx context.Context, token string) (string, error) {
	_, _, language, err := d.linked(crm.WithActor(ctx, crm.System("sign-in")), token)
	return language, err
}

// SetPassword sets a password by a link, which works once, ends all sessions and other links of the person and signs
// him in.
func (d *Desk) SetPassword(ctx context.Context, token, chosen string, caller Caller) (Session, error) {
	system := crm.System("sign-in")
	ctx = crm.WithActor(ctx, system)
	id, email, _, err := d.linked(ctx, token)
	if err != nil {
		return Session{}, err
	}
	if err := CheckPassword("password", chosen, email); err != nil {
		return Session{}, err
	}
	hash, err := Hash(chosen)
	if err != nil {
		return Session{}, err
	}
	account := sha256.Sum256([]byte(email))
	system.OnBehalfOf = &id
	ctx = crm.WithActor(ctx, system)
	var session Session
	err = d.Store.Write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from crm.one_time where token_hash = $1 and expires_at > $2`, hashOf(token), d.Store.Now().UTC())
		if err != nil {
			return crm.DBError(err, "link")
		}
		if tag.RowsAffected() == 0 { // two at once: one comes too late
			return brokenLink()
		}
		for _, statement := range []string{`delete from crm.one_time where staff_id = $1`, `delete from crm.session where staff_id = $1`} {
			if _, err := tx.Exec(ctx, statement, id); err != nil {
				return crm.DBError(err, "session")
			}
		}
		tag, err = tx.Exec(ctx, `update crm.staff set password = $2, version = version + 1 where id = $1 and active`, id, hash)
		if err != nil {
			return crm.DBError(err, "account")
		}
		if tag.RowsAffected() == 0 {
			return brokenLink()
		}
		if session, err = d.open(ctx, tx, id, account[:], caller); err != nil {
			return err
		}
		return crm.Append(ctx, tx, crm.Event{Verb: "password_set", Kind: "staff", ID: id})
	})
	return session, err
}

// Write writes a letter when it is about to be sent; the link in it is made then, so that the queue holds no secret.
// Somebody who has left meanwhile gets none.
func (d *Desk) Write(ctx context.Context, letter string, staff uuid.UUID) (*outbox.Letter, error) {
	ctx = crm.WithActor(ctx, crm.System("sign-in"))
	person, err := d.Store.StaffByID(ctx, staff)
	if crm.KindOf(err) == crm.NotFound || err == nil && !person.Active {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	organisation, err := d.Store.Organisation(ctx)
	if err != nil {
		return nil, err
	}
	link, err := d.newLink(ctx, staff, letter)
	if err != nil {
		return nil, err
	}
	return write(letter, person, organisation.Name, link)
}
