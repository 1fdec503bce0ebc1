package geocode

import (
	"context"

	"github.com/paulmach/orb"
)

// Searcher finds addresses: a Geocoder, an External, or both in turn.
type Searcher interface {
	Search(ctx context.Context, q Query) ([]Candidate, error)
	Reverse(ctx context.Context, at orb.Point) ([]Candidate, error)
}

// InTurn asks First, and Second if First is not sure. While a text is being typed only First is asked: each letter
// would be a call. A failing Second is reported to Failed, unless nil, and First's answer stands.
type InTurn struct {
	First, Second Searcher
	Failed        func(error)
}

// Search returns the answer of whoever is surer, First's when both are alike.
func (t InTurn) Search(ctx context.Context, q Query) ([]Candidate, error) {
	first, err := t.First.Search(ctx, q)
	if err != nil || q.Typing || t.Second == nil || Judge(q, first) == Taken {
		return first, err
	}
	second, err := t.Second.Search(ctx, q)
	if err != nil {
		if t.Failed != nil && ctx.Err() == nil {
			t.Failed(err)
		}
		return first, nil
	}
	if len(second) > 0 && (len(first) == 0 || second[0].Confidence > first[0].Confidence) {
		return second, nil
	}
	return first, nil
}

// Reverse returns First's answer, Second's when First knows no house nearby.
func (t InTurn) Reverse(ctx context.Context, at orb.Point) ([]Candidate, error) {
	first, err := t.First.Reverse(ctx, at)
	if err != nil || t.Second == nil || len(first) > 0 && (first[0].Kind == House || first[0].Kind == Interpolated) {
		return first, err
	}
	second, err := t.Second.Reverse(ctx, at)
	if err != nil {
		if t.Failed != nil && ctx.Err() == nil {
			t.Failed(err)
		}
		return first, nil
	}
	if len(second) > 0 && (len(first) == 0 || second[0].Confidence > first[0].Confidence) {
		return second, nil
	}
	return first, nil
}
