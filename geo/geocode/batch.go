package geocode

import (
	"context"
	"errors"
	"runtime"
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
			candidates, err := s.Search(ctx, q)
			var bad *BadQuery
			switch {
			case errors.As(err, &bad):
				answer.Verdict, answer.Err = Refused, bad
			case err != nil:
				return err
			default:
				answer.Candidates, answer.Verdict = candidates, Judge(candidates)
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

// Judge gives the verdict on what was found, best first: only a house, or a street or place of a query without a
// number, is taken unseen.
func Judge(candidates []Candidate) Verdict {
	switch {
	case len(candidates) == 0:
		return Missing
	case candidates[0].Confidence < Sure, candidates[0].Tie, candidates[0].Kind == Nearest:
		return Review
	}
	return Taken
}
