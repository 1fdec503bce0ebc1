package login

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

const (
	tokenPrefix = "ct_"
	maxTokens   = 50 // of one person
)

// Token lets a program act for a member of the staff, with some of his rights. The secret is told once, when it
// is made.
type Token struct {
	ID        uuid.UUID
	Name      string
	Rights    []crm.Right
	CreatedAt time.Time
	ExpiresAt *time.Time
	SeenAt    *time.Time
}

// NewToken is what a token is made of.
type NewToken struct {
	ID        uuid.UUID
	Name      string
	Rights    []crm.Right
	ExpiresAt *time.Time
}

// AddToken makes a token for who acts and returns it with its secret. Its rights are a part of his; should he
// lose one, so does the token.
func (d *Desk) AddToken(ctx context.Context, t NewToken) (Token, string, error) {
	actor, err := crm.Require(ctx, crm.TokenOwn)
	if err != nil {
		return Token{}, "", err
	}
	now := d.Store.Now().UTC()
	t.Name = strings.TrimSpace(t.Name)
	switch {
	case actor.Device != "":
		return Token{}, "", &crm.Error{Kind: crm.Forbidden, Message: "a token may not make tokens"}
	case t.Name == "":
		return Token{}, "", crm.Invalidf("name", "is empty")
	case len(t.Rights) == 0:
		return Token{}, "", crm.Invalidf("rights", "are empty: name at least one")
	case t.ExpiresAt != nil && !t.ExpiresAt.After(now):
		return Token{}, "", crm.Invalidf("expires_at", "lies in the past")
	case t.ExpiresAt != nil && t.ExpiresAt.After(now.AddDate(10, 0, 0)):
		return Token{}, "", crm.Invalidf("expires_at", "lies more than ten years ahead")
	}
	for i, right := range t.Rights {
		if !actor.May(right) {
			return Token{}, "", crm.Invalidf(fmt.Sprintf("rights[%d]", i), "is not a right of yours")
		}
	}
	rights := slices.Compact(slices.Sorted(slices.Values(t.Rights)))
	token, made := secret(tokenPrefix), Token{ID: t.ID, Name: t.Name, Rights: rights, CreatedAt: now, ExpiresAt: t.ExpiresAt}
	err = d.Store.Write(ctx, func(tx pgx.Tx) error {
		var held int
		if err := tx.QueryRow(ctx, `select count(*) from crm.api_token where staff_id = $1`, actor.ID).Scan(&held); err != nil {
			return err
		}
		if held >= maxTokens {
			return crm.Conflictf("you hold %d tokens already: delete one first", held)
		}
		_, err := tx.Exec(ctx, `
			insert into crm.api_token (id, staff_id, name, token_hash, rights, created_at, expires_at)
			values ($1, $2, $3, $4, $5, $6, $7)`, made.ID, actor.ID, made.Name, hashOf(token), rights, now, t.ExpiresAt)
		if err != nil {
			return crm.DBError(err, "token")
		}
		changes := crm.Changes{}
		changes.Set("name", nil, made.Name)
		changes.Set("rights", nil, rights)
		return crm.Append(ctx, tx, crm.Event{Verb: "added", Kind: "token", ID: made.ID, Changes: changes})
	})
	if err != nil {
		return Token{}, "", err
	}
	return made, token, nil
}

// Tokens returns the tokens of who acts, newest first.
func (d *Desk) Tokens(ctx context.Context) ([]Token, error) {
	actor, err := crm.Require(ctx, crm.TokenOwn)
	if err != nil {
		return nil, err
	}
	var tokens []Token
	err = d.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			select id, name, rights, created_at, expires_at, seen_at
			from crm.api_token
			where staff_id = $1
			order by created_at desc, id`, actor.ID)
		if err != nil {
			return err
		}
		tokens, err = pgx.CollectRows(rows, pgx.RowToStructByName[Token])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return tokens, nil
}

// RemoveToken ends a token of who acts.
func (d *Desk) RemoveToken(ctx context.Context, id uuid.UUID) error {
	actor, err := crm.Require(ctx, crm.TokenOwn)
	if err != nil {
		return err
	}
	return d.Store.Write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from crm.api_token where id = $1 and staff_id = $2`, id, actor.ID)
		if err != nil {
			return crm.DBError(err, "token")
		}
		if tag.RowsAffected() == 0 {
			return crm.Missing("token")
		}
		return crm.Append(ctx, tx, crm.Event{Verb: "removed", Kind: "token", ID: id})
	})
}

func (d *Desk) tokenActor(ctx context.Context, token string) (crm.Actor, bool, error) {
	now, hash := d.Store.Now(), hashOf(token)
	h, found, err := d.holder(ctx, `
		select `+holderColumns+`, t.seen_at, t.id as token_id, t.rights as token_rights
		from crm.api_token t
		join crm.staff s on s.id = t.staff_id and s.active
		join crm.role r on r.code = s.role
		where t.token_hash = $1 and (t.expires_at is null or t.expires_at > $2)`, hash, now)
	if err != nil || !found {
		return crm.Actor{}, false, err
	}
	if h.SeenAt == nil || now.Sub(*h.SeenAt) > seenEvery {
		err = d.Store.Write(ctx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `update crm.api_token set seen_at = greatest(seen_at, $2) where token_hash = $1`, hash, now)
			return err
		})
	}
	actor := h.actor()
	actor.Device = "token " + h.TokenID.String()
	actor.Rights = slices.DeleteFunc(slices.Clone(h.Rights), func(r crm.Right) bool {
		return r != crm.SignedIn && !slices.Contains(h.TokenRights, r)
	})
	return actor, true, err
}
