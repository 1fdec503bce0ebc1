package crm

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Kind tells a person's mistake from another and from a fault of ours.
type Kind string

// Kinds of errors people read. All else is internal.
const (
	Invalid         Kind = "invalid"         // a value is wrong; Field names it
	NotFound        Kind = "not_found"       // there is no such thing, or the actor may not see it
	Conflict        Kind = "conflict"        // somebody else changed it meanwhile, or its state forbids the act
	Forbidden       Kind = "forbidden"       // the actor lacks the right
	Unauthenticated Kind = "unauthenticated" // nobody is signed in
)

// Error is an error a person will read.
type Error struct {
	Kind    Kind
	Field   string // path of the wrong value, such as "windows[0].end", empty if no single one is to blame
	Message string // lower case, without a full stop: "ends before it starts"
	Err     error  // cause, for the log only
}

func (e *Error) Error() string {
	if e.Field != "" {
		return e.Field + ": " + e.Message
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Invalidf says what is wrong with a field.
func Invalidf(field, format string, args ...any) error {
	return &Error{Kind: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Missing says that there is no such thing that the actor may see.
func Missing(what string) error { return &Error{Kind: NotFound, Message: "no such " + what} }

// Conflictf says what stands against the act.
func Conflictf(format string, args ...any) error {
	return &Error{Kind: Conflict, Message: fmt.Sprintf(format, args...)}
}

// KindOf returns the kind of an error, or "" for a fault of ours.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// DBError tells what a database error means for the thing it was about: no row is NotFound, a violated uniqueness
// Conflict, a row the policies refuse Forbidden, an unknown reference or a value no column can hold (such as a
// text with a zero byte) Invalid. Others stay what they are, wrapped.
func DBError(err error, what string) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return &Error{Kind: NotFound, Message: "no such " + what, Err: err}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == "23505": // unique_violation
			return &Error{Kind: Conflict, Message: "such a " + what + " exists already", Err: err}
		case pg.Code == "23503": // foreign_key_violation; PostgreSQL names its constraints table_column_fkey
			field := strings.TrimSuffix(strings.TrimPrefix(pg.ConstraintName, pg.TableName+"_"), "_fkey")
			return &Error{Kind: Invalid, Field: field, Message: "the " + what + " refers to something that does not exist", Err: err}
		case pg.Code == "42501": // insufficient_privilege, also a row the policy refuses
			return &Error{Kind: Forbidden, Message: "this " + what + " lies outside your area", Err: err}
		case strings.HasPrefix(pg.Code, "22"): // data exceptions
			return &Error{Kind: Invalid, Message: "the " + what + " holds a value that cannot be stored", Err: err}
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}
