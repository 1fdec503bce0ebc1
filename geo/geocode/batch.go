package geocode

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Verdict says what is to be done with an answer.
type Verdict string

// The verdicts.
const (
	Taken   Verdict = "taken"   // sure and not tied: may be stored as it is
	Review  Verdict = "review"  // a person should choose or confirm
	Missing Verdict = "missing" // nothing fits
	Refused Verdict = "refused" // the query cannot be read; see Err
)

// Answer is what became of one query of a batch.
type Answer struct {
	Verdict    Verdict
	Candidates []Candidate // best first
	Err        error       // a *BadQuery, of a refused one
}

// Report counts a batch by verdict.
type Report struct {
	Answers []Answer // in the order of the queries
	Counts  map[Verdict]int
}

// Batch searches by s for each query, several at a time. A query that cannot be read is refused, the others go on; any
// other error ends the batch. progress, unless nil, is called after each query and must not block.
func Batch(ctx context.Context, s Searcher, queries []Query, progress func(done, total int)) (Report, error) {
	report := Report{Answers: make([]Answer, len(queries)), Counts: map[Verdict]int{}}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(8, max(2, runtime.GOMAXPROCS(0))))
	var done atomic.Int64
	for i, q := range queries {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			answer := &report.Answers[i]
			// Whether a street is of several towns shows only when more is looked at than is asked for.
			wide := q
			wide.Limit = max(q.Limit, judged)
			candidates, err := s.Search(ctx, wide)
			var bad *BadQuery
			switch {
			case errors.As(err, &bad):
				answer.Verdict, answer.Err = Refused, bad
			case err != nil:
				return err
			default:
				most := q.Limit
				if most <= 0 {
					most = 5
				}
				answer.Candidates, answer.Verdict = candidates[:min(most, len(candidates))], Judge(q, candidates)
			}
			if n := done.Add(1); progress != nil {
				progress(int(n), len(queries))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Report{}, err
	}
	for _, a := range report.Answers {
		report.Counts[a.Verdict]++
	}
	return report, nil
}

// judged is how many candidates a batch looks at for its verdict.
const judged = 8

// Judge gives the verdict on what was found for a query, best first: only a house, or a street or place of a query without a
// number, is taken unseen. A street that several towns have is not, where no town is named: that only one of them has
// the house number may be for want of mapping.
func Judge(q Query, candidates []Candidate) Verdict {
	switch {
	case len(candidates) == 0:
		return Missing
	case candidates[0].Confidence < Sure, candidates[0].Tie, candidates[0].Kind == Nearest:
		return Review
	case elsewhereToo(candidates) && !q.namesTown(candidates[0]):
		return Review
	}
	return Taken
}

// elsewhereToo tells whether another town has the first candidate's street.
func elsewhereToo(candidates []Candidate) bool {
	first := candidates[0]
	return first.Street != "" && slices.ContainsFunc(candidates[1:], func(c Candidate) bool {
		return key(c.Street) == key(first.Street) && key(c.City) != key(first.City)
	})
}

// namesTown tells whether the query says in which town the candidate lies: in a field of its own, or by a word that is none
// of the street's.
func (q Query) namesTown(c Candidate) bool {
	if strings.TrimSpace(q.Postcode+q.City) != "" {
		return true // what fits neither has cost the candidate its confidence
	}
	street, town := words(c.Street), words(c.City)
	fits := func(typed string) func(word) bool {
		return func(w word) bool { return w.like(typed, false) >= alikeEnough }
	}
	return slices.ContainsFunc(fold(q.Text), func(typed string) bool {
		if numeric(typed) {
			return c.Postcode != "" && typed == strings.Join(fold(c.Postcode), "")
		}
		return slices.ContainsFunc(town, fits(typed)) && !slices.ContainsFunc(street, fits(typed))
	})
}

// alikeEnough is how like a typed word must be to a town's, for the town to count as named.
const alikeEnough = 0.7
