package record

import (
	"context"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// BulkMost is the most records one bulk change may touch.
const BulkMost = 20_000

// BulkChange says which records of a kind change, and how.
type BulkChange struct {
	Query   Query // which: filter, area, text; or
	IDs     []string
	Set     Values   // fields that become the same for all
	AddTags []string // added to what each has
	CutTags []string
}

// BulkPreview tells what a bulk change would do.
type BulkPreview struct {
	Found   int      // records that fit
	Changed int      // of them, those that would change
	Refused int      // of them, those that a rule keeps as they are
	Samples []Change // the first few that would change
	Reasons []Standing
}

// previewed are the samples a preview shows.
const previewed = 20

// PreviewBulk tells what a bulk change would do, and does nothing.
func (r *Records) PreviewBulk(ctx context.Context, kind string, b BulkChange) (BulkPreview, error) {
	var out BulkPreview
	err := r.bulk(ctx, kind, b, func(ctx context.Context, tx pgx.Tx, k *Kind, found int, changes []Change, refused []Standing) error {
		out = BulkPreview{Found: found, Changed: len(changes), Refused: len(refused), Samples: changes[:min(len(changes), previewed)],
			Reasons: refused[:min(len(refused), previewed)]}
		return nil
	})
	return out, err
}

// Bulk changes records together, all or none but for those a rule keeps as they are, and returns the set that undoes it.
func (r *Records) Bulk(ctx context.Context, kind string, b BulkChange, title string) (ChangeSet, []Standing, error) {
	var set ChangeSet
	var left []Standing
	err := r.bulk(ctx, kind, b, func(ctx context.Context, tx pgx.Tx, k *Kind, found int, changes []Change, refused []Standing) error {
		var err error
		if set, err = r.OpenSet(ctx, tx, "bulk", k.Name, title); err != nil {
			return err
		}
		left = refused
		return r.save(ctx, tx, k, changes, Saving{Set: &set})
	})
	return set, left, err
}

func (r *Records) bulk(ctx context.Context, kind string, b BulkChange,
	do func(context.Context, pgx.Tx, *Kind, int, []Change, []Standing) error) error {
	k, actor, err := r.need(ctx, kind, true)
	if err != nil {
		return err
	}
	if _, err := crm.Require(ctx, crm.BulkWrite); err != nil {
		return err
	}
	if len(b.Set) == 0 && len(b.AddTags) == 0 && len(b.CutTags) == 0 {
		return crm.Invalidf("set", "names nothing to change")
	}
	for _, f := range []struct {
		name string
		tags []string
	}{{"add_tags", b.AddTags}, {"cut_tags", b.CutTags}} {
		if _, err := tags(f.tags); err != nil {
			return crm.Invalidf(f.name, "%s", err)
		}
	}
	return r.Store.Write(ctx, func(tx pgx.Tx) error {
		k, err := r.whole(ctx, tx, k)
		if err != nil {
			return err
		}
		if k.NoCustom && len(b.AddTags)+len(b.CutTags) > 0 {
			return crm.Invalidf("add_tags", "a %s has no tags", k.Name)
		}
		found, err := r.matching(ctx, tx, k, actor, b)
		if err != nil {
			return err
		}
		changes, refused, err := k.eachChanged(found, b)
		if err != nil {
			return err
		}
		return do(ctx, tx, k, len(found), changes, refused)
	})
}

// matching loads and locks the records a bulk change is about.
func (r *Records) matching(ctx context.Context, tx pgx.Tx, k *Kind, actor crm.Actor, b BulkChange) ([]Values, error) {
	ids := b.IDs
	if ids == nil {
		var err error
		if ids, err = r.idsOf(ctx, tx, k, actor, b.Query, BulkMost+1); err != nil {
			return nil, err
		}
	}
	if len(ids) > BulkMost {
		return nil, crm.Invalidf("filter", "fits more than %d records: narrow it", BulkMost)
	}
	list, err := parseIDs("ids", ids)
	if err != nil {
		return nil, err
	}
	return r.byIDs(ctx, tx, k, list, true)
}

// eachChanged applies a bulk change to each record; a record that may not change so is told of.
func (k *Kind) eachChanged(found []Values, b BulkChange) ([]Change, []Standing, error) {
	if err := k.known(b.Set, func(f *Field) bool { return f.ReadOnly }); err != nil {
		return nil, nil, err
	}
	for name, v := range b.Set { // a value no record may have is the caller's mistake
		if f, _ := k.Field(name); f != nil {
			if _, err := f.Normal(v); err != nil {
				return nil, nil, err
			}
		}
	}
	var changes []Change
	var refused []Standing
	for _, before := range found {
		set := maps(b.Set)
		if len(b.AddTags)+len(b.CutTags) > 0 {
			set["tags"] = retag(before["tags"], b.AddTags, b.CutTags)
		}
		after, err := k.changed(before, set)
		if err == nil {
			err = k.check(before, after)
		}
		if err != nil {
			list, _ := parseIDs("", []string{before.ID()})
			refused = append(refused, Standing{k.Name, list[0], err.Error()})
			continue
		}
		if c := (Change{before, after}); k.differ(c) {
			changes = append(changes, c)
		}
	}
	return changes, refused, nil
}

func retag(has any, add, cut []string) []any {
	list, _ := texts(has)
	out := []string{}
	for _, t := range list {
		if !contains(cut, t) {
			out = append(out, t)
		}
	}
	for _, t := range add {
		if !contains(out, t) {
			out = append(out, t)
		}
	}
	return anys(out)
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}
