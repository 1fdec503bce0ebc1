package crm

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// Actor is who does something: a member of the staff, by browser, phone or token, or the system itself.
type Actor struct {
	ID         uuid.UUID
	Name       string
	Role       string
	Rights     []Right
	Scope      Scope
	Teams      []uuid.UUID
	Resource   *uuid.UUID // the resource of this person, if he can be planned
	Device     string     // the device or token used, empty for a browser in the office
	OnBehalfOf *uuid.UUID
}

// May tells whether the actor has the right.
func (a Actor) May(r Right) bool { return slices.Contains(a.Rights, r) }

// SystemID is the actor id of what Catchment does by itself.
var SystemID = uuid.MustParse("00000000-0000-7000-8000-000000000001")

// System returns an actor that may do everything, for jobs, imports and the demo company. The name says which.
func System(name string) Actor {
	rights := []Right{}
	for _, role := range Roles() {
		for _, r := range role.Rights {
			if !slices.Contains(rights, r) {
				rights = append(rights, r)
			}
		}
	}
	return Actor{ID: SystemID, Name: name, Role: "system", Rights: rights, Scope: ScopeAll}
}

type actorKey struct{}

// WithActor returns a context in which a acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns who acts, if anybody does.
func ActorFrom(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok
}

// Require returns who acts if he has the right; else Unauthenticated or Forbidden.
func Require(ctx context.Context, r Right) (Actor, error) {
	a, ok := ActorFrom(ctx)
	if !ok {
		return Actor{}, &Error{Kind: Unauthenticated, Message: "sign in first"}
	}
	if !a.May(r) {
		return a, &Error{Kind: Forbidden, Message: "your role may not do this (" + string(r) + ")"}
	}
	return a, nil
}
