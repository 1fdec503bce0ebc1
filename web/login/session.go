// Package login tells who is calling: sessions of browsers and phones, tokens of programs, and the limits that
// keep guessing slow.
//
// Only hashes of secrets are kept. Role, teams and whether somebody is active are read at every request, so that
// taking a right away works at once.
package login

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/outbox"
)

// CookieName is the name of the session cookie.
const CookieName = "catchment_session"

// Limits of a session unless set otherwise.
const (
	DefaultIdle     = 3 * 24 * time.Hour  // a phone laid aside over the weekend stays signed in
	DefaultAbsolute = 30 * 24 * time.Hour // then everybody signs in again
	seenEvery       = time.Minute         // how exactly the last use is kept
)

// Desk signs people in and out.
type Desk struct {
	Store    *crm.Store
	Idle     time.Duration // a session unused so long ends
	Absolute time.Duration // a session ends so long after sign-in
	Secure   bool          // the site is reached by HTTPS: the cookie never leaves by anything else
	Origin   string        // the address people reach the site by: what links in letters begin with
	Outbox   *outbox.Outbox

	passwords *verifier
}

// NewDesk returns a desk with the default limits.
func NewDesk(store *crm.Store) (*Desk, error) {
	passwords, err := newVerifier()
	if err != nil {
		return nil, err
	}
	return &Desk{Store: store, Outbox: &outbox.Outbox{Store: store}, Idle: DefaultIdle, Absolute: DefaultAbsolute, passwords: passwords}, nil
}

// Caller is the way somebody comes by.
type Caller struct {
	Address string // of the client, as limits count it
	Agent   string // User-Agent, for the list of one's own sessions
	Session string // token of the session the browser had before, if any
}

// Session is a fresh sign-in. The token is told once.
type Session struct {
	Token   string
	Expires time.Time
	Staff   uuid.UUID
}

// wrong is the one answer to a wrong password, an unknown e-mail, an account without password and one that was
// closed: none can be told from another.
func wrong() error {
	return &crm.Error{Kind: crm.Unauthenticated, Message: "the e-mail or the password is wrong"}
}

// Login signs somebody in with a new token, whatever token the browser had; that one ends. A wrong password is
// Unauthenticated, too many of them *Limited.
func (d *Desk) Login(ctx context.Context, email, password string, caller Caller) (Session, error) {
	ctx = crm.WithActor(ctx, crm.System("sign-in"))
	email = strings.ToLower(strings.TrimSpace(email))
	account := sha256.Sum256([]byte(email))
	if err := d.countAttempt(ctx, account[:], caller.Address); err != nil {
		return Session{}, err
	}

	var id uuid.UUID
	var name string
	var hash *string
	err := d.Store.Read(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			select id, name, password
			from crm.staff
			where lower(email) = $1 and active`, email).Scan(&id, &name, &hash)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("look up account: %w", err)
	}
	ok, err := d.passwords.matches(ctx, hash, password)
	if err != nil {
		return Session{}, err
	}
	if !ok {
		return Session{}, wrong()
	}

	if caller.Session != "" {
		if err := d.Logout(ctx, caller.Session); err != nil {
			return Session{}, fmt.Errorf("end the former session: %w", err)
		}
	}
	var session Session
	self := crm.WithActor(ctx, crm.Actor{ID: id, Name: name, Scope: crm.ScopeOwn})
	err = d.Store.Write(self, func(tx pgx.Tx) error {
		if session, err = d.open(self, tx, id, account[:], caller); err != nil {
			return err
		}
		return crm.Append(self, tx, crm.Event{Verb: "signed_in", Kind: "staff", ID: id})
	})
	if err != nil {
		return Session{}, fmt.Errorf("open session: %w", err)
	}
	return session, nil
}

// open makes a new session and puts the attempt that led to it down as a success.
func (d *Desk) open(ctx context.Context, tx pgx.Tx, staff uuid.UUID, account []byte, caller Caller) (Session, error) {
	now := d.Store.Now().UTC()
	if _, err := tx.Exec(ctx, `
		insert into crm.login_attempt (at, account_hash, address, succeeded)
		values ($1, $2, $3, true)`, now, account, caller.Address); err != nil {
		return Session{}, err
	}
	session := Session{Token: secret(""), Expires: now.Add(d.Absolute), Staff: staff}
	_, err := tx.Exec(ctx, `
		insert into crm.session (token_hash, staff_id, created_at, seen_at, expires_at, agent)
		values ($1, $2, $3, $3, $4, $5)`, hashOf(session.Token), staff, now, session.Expires, cut(caller.Agent, 200))
	return session, err
}

// Logout ends a session on the server. A token that is not known is no error: the session has ended.
func (d *Desk) Logout(ctx context.Context, token string) error {
	ctx = crm.WithActor(ctx, crm.System("sign-in"))
	return d.Store.Write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `delete from crm.session where token_hash = $1`, hashOf(token))
		return err
	})
}

// ChangePassword sets a new password for who acts, ends all his sessions and opens a new one for this caller.
func (d *Desk) ChangePassword(ctx context.Context, current, chosen string, caller Caller) (Session, error) {
	actor, err := crm.Require(ctx, crm.SignedIn)
	if err != nil {
		return Session{}, err
	}
	if actor.Device != "" {
		return Session{}, &crm.Error{Kind: crm.Forbidden, Message: "a token may not change a password"}
	}
	system := crm.WithActor(ctx, crm.System("sign-in"))
	var email string
	var hash *string
	err = d.Store.Read(system, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select lower(email), password from crm.staff where id = $1 and active`, actor.ID).Scan(&email, &hash)
	})
	if err != nil {
		return Session{}, crm.DBError(err, "account")
	}
	if err := CheckPassword("new", chosen, email); err != nil {
		return Session{}, err
	}
	account := sha256.Sum256([]byte(email))
	if err := d.countAttempt(system, account[:], caller.Address); err != nil {
		return Session{}, err
	}
	ok, err := d.passwords.matches(ctx, hash, current)
	if err != nil {
		return Session{}, err
	}
	if !ok {
		return Session{}, crm.Invalidf("current", "is not your password")
	}
	fresh, err := Hash(chosen)
	if err != nil {
		return Session{}, err
	}
	var session Session
	err = d.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `delete from crm.session where staff_id = $1`, actor.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update crm.staff set password = $2, version = version + 1 where id = $1`, actor.ID, fresh); err != nil {
			return err
		}
		if session, err = d.open(ctx, tx, actor.ID, account[:], caller); err != nil {
			return err
		}
		return crm.Append(ctx, tx, crm.Event{Verb: "password_changed", Kind: "staff", ID: actor.ID})
	})
	if err != nil {
		return Session{}, fmt.Errorf("change password: %w", err)
	}
	return session, nil
}

// Actor returns who holds the session or token of the request, with the rights he has at this moment, and false
// if nobody does.
func (d *Desk) Actor(ctx context.Context, r *http.Request) (crm.Actor, bool, error) {
	ctx = crm.WithActor(ctx, crm.System("sign-in"))
	if header := r.Header.Get("Authorization"); header != "" {
		token, found := strings.CutPrefix(header, "Bearer ")
		if !found || !strings.HasPrefix(token, tokenPrefix) {
			return crm.Actor{}, false, nil
		}
		return d.tokenActor(ctx, strings.TrimSpace(token))
	}
	if token := CookieToken(r); token != "" {
		return d.sessionActor(ctx, token)
	}
	return crm.Actor{}, false, nil
}

// holder is what a session or token leads to.
type holder struct {
	ID       uuid.UUID
	Name     string
	Role     string
	Scope    crm.Scope
	Rights   []crm.Right
	Teams    []uuid.UUID
	Resource *uuid.UUID
	SeenAt   *time.Time

	TokenID     uuid.UUID // of an API token only
	TokenRights []crm.Right
}

// holderColumns lists what holder takes of crm.staff s and crm.role r.
const holderColumns = `s.id, s.name, s.role, r.scope, r.rights,
	array(select m.team_id from crm.team_member m where m.staff_id = s.id order by 1) as teams,
	(select w.id from work.resource w where w.staff_id = s.id and w.active) as resource`

func (h holder) actor() crm.Actor {
	return crm.Actor{ID: h.ID, Name: h.Name, Role: h.Role, Rights: h.Rights, Scope: h.Scope, Teams: h.Teams, Resource: h.Resource}
}

func (d *Desk) sessionActor(ctx context.Context, token string) (crm.Actor, bool, error) {
	now, hash := d.Store.Now(), hashOf(token)
	h, found, err := d.holder(ctx, `
		select `+holderColumns+`, x.seen_at
		from crm.session x
		join crm.staff s on s.id = x.staff_id and s.active
		join crm.role r on r.code = s.role
		where x.token_hash = $1 and x.expires_at > $2 and x.seen_at > $3`, hash, now, now.Add(-d.Idle))
	if err != nil || !found {
		return crm.Actor{}, false, err
	}
	if h.SeenAt == nil || now.Sub(*h.SeenAt) > seenEvery {
		err = d.Store.Write(ctx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `update crm.session set seen_at = greatest(seen_at, $2) where token_hash = $1`, hash, now)
			return err
		})
	}
	return h.actor(), true, err
}

func (d *Desk) holder(ctx context.Context, question string, args ...any) (h holder, found bool, err error) {
	err = d.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, question, args...)
		if err != nil {
			return err
		}
		h, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[holder])
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		found = err == nil
		return err
	})
	if err != nil {
		return h, false, fmt.Errorf("tell who is calling: %w", err)
	}
	return h, found, nil
}

// Cookie returns the cookie that carries a session.
func (d *Desk) Cookie(s Session) *http.Cookie {
	return &http.Cookie{
		Name: CookieName, Value: s.Token, Path: "/", Expires: s.Expires,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: d.Secure,
	}
}

// NoCookie returns the cookie that takes the session away from the browser.
func (d *Desk) NoCookie() *http.Cookie {
	return &http.Cookie{Name: CookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: d.Secure}
}

// HintName is the name of the cookie that tells the app, which cannot read the other one, whether asking who is
// signed in is worth while. It opens nothing.
const HintName = "catchment_signed_in"

// Hint returns the cookie that goes with a session.
func (d *Desk) Hint(s Session) *http.Cookie {
	return &http.Cookie{Name: HintName, Value: "1", Path: "/", Expires: s.Expires, SameSite: http.SameSiteLaxMode, Secure: d.Secure}
}

// NoHint returns the cookie that takes the hint away.
func (d *Desk) NoHint() *http.Cookie {
	return &http.Cookie{Name: HintName, Path: "/", MaxAge: -1, SameSite: http.SameSiteLaxMode, Secure: d.Secure}
}

// CookieToken returns the session token a browser sent, or nothing.
func CookieToken(r *http.Request) string {
	cookie, err := r.Cookie(CookieName)
	if err != nil || len(cookie.Value) > 200 {
		return ""
	}
	return cookie.Value
}

// secret returns 256 random bits in letters that need no escaping.
func secret(prefix string) string {
	bits := make([]byte, 32)
	rand.Read(bits)
	return prefix + base64.RawURLEncoding.EncodeToString(bits)
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func cut(text string, most int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}
