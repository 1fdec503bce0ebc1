package record

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// WholeIn is Whole in a transaction. It does not ask for the right.
func (r *Records) WholeIn(ctx context.Context, tx pgx.Tx, kind string) (*Kind, error) {
	k, err := r.Kind(kind)
	if err != nil {
		return nil, err
	}
	return r.whole(ctx, tx, k)
}

// FoundIn loads those of the records that the actor sees, in a transaction, and locks them against change if asked. It
// does not ask for the right.
func (r *Records) FoundIn(ctx context.Context, tx pgx.Tx, k *Kind, ids []uuid.UUID, lock bool) (map[string]Values, error) {
	found, err := r.byIDs(ctx, tx, k, ids, lock)
	out := make(map[string]Values, len(found))
	for _, v := range found {
		out[v.ID()] = v
	}
	return out, err
}

// Examine tells of each of many new records what it would be, and why it may not be added, as AddIn would find. It
// writes nothing.
func (r *Records) Examine(ctx context.Context, tx pgx.Tx, k *Kind, list []Values) ([]Values, []error, error) {
	changes, errs := make([]Change, len(list)), make([]error, len(list))
	for i, v := range list {
		after, err := k.fresh(v)
		if err != nil {
			errs[i], after = err, Values{}
		}
		changes[i].After = after
	}
	return r.examine(ctx, tx, k, changes, errs)
}

// ExamineChanges is Examine for records that change: set[i] is for before[i].
func (r *Records) ExamineChanges(ctx context.Context, tx pgx.Tx, k *Kind, before, set []Values) ([]Values, []error, error) {
	changes, errs := make([]Change, len(set)), make([]error, len(set))
	for i := range set {
		after, err := k.changed(before[i], set[i])
		if err != nil {
			errs[i], after = err, Values{}
		}
		changes[i] = Change{before[i], after}
	}
	return r.examine(ctx, tx, k, changes, errs)
}

func (r *Records) examine(ctx context.Context, tx pgx.Tx, k *Kind, changes []Change, errs []error) ([]Values, []error, error) {
	var sound []Change
	for i, c := range changes {
		if errs[i] == nil {
			sound = append(sound, c)
		}
	}
	filled := true
	if k.Fill != nil && len(sound) > 0 {
		err := k.Fill(ctx, tx, sound)
		if err != nil && crm.KindOf(err) == "" {
			return nil, nil, err
		}
		filled = err == nil
	}
	out := make([]Values, len(changes))
	for i, c := range changes {
		out[i] = c.After
		if errs[i] != nil {
			continue
		}
		if !filled { // one of them stands against it: which?
			if errs[i] = k.Fill(ctx, tx, []Change{c}); errs[i] != nil {
				if crm.KindOf(errs[i]) == "" {
					return nil, nil, errs[i]
				}
				continue
			}
		}
		errs[i] = k.check(c.Before, c.After)
	}
	return out, errs, nil
}

// Same tells whether a field has the same value in both.
func Same(a, b any) bool { return same(a, b) }
