package geocode

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// landstrasse is what an address search finds of a street that two towns have, where only one has the number.
var landstrasse = []Candidate{
	{Kind: House, Street: "Landstrasse", HouseNumber: "12", Postcode: "9497", City: "Triesenberg", Confidence: 1},
	{Kind: House, Street: "Alte Landstrasse", HouseNumber: "12", Postcode: "9495", City: "Triesen", Confidence: 0.78},
	{Kind: Nearest, Street: "Landstrasse", HouseNumber: "11", Postcode: "9490", City: "Vaduz", Confidence: 0.74},
}

func TestAStreetOfSeveralTownsIsTakenOnlyWhereTheTownIsNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		query      Query
		candidates []Candidate
		want       Verdict
	}{
		{"no town in the text", Query{Text: "Landstrasse 12"}, landstrasse, Review},
		{"no town in the fields", Query{Street: "Landstrasse", HouseNumber: "12"}, landstrasse, Review},
		{"the town in the text", Query{Text: "Landstrasse 12, Triesenberg"}, landstrasse, Taken},
		{"the town with a slip", Query{Text: "landstr 12 Triesnberg"}, landstrasse, Taken},
		{"the postcode in the text", Query{Text: "FL-9497 Landstrasse 12"}, landstrasse, Taken},
		{"another postcode in the text", Query{Text: "9490 Landstrasse 12"}, landstrasse, Review},
		{"the town in a field", Query{Street: "Landstrasse", HouseNumber: "12", City: "Triesenberg"}, landstrasse, Taken},
		{"a street of one town, which is not named", Query{Text: "Landstrasse 12"}, landstrasse[:2], Taken},
		{"a street that is called after a town", Query{Text: "Vaduzer Strasse 1"}, []Candidate{
			{Kind: House, Street: "Vaduzer Strasse", City: "Vaduz", Confidence: 1}, {Kind: House, Street: "Vaduzer Strasse", City: "Schaan", Confidence: 0.9}}, Review},
		{"a tie, whatever is named", Query{Text: "Landstrasse 12, Triesenberg"}, []Candidate{{Kind: House, Confidence: 1, Tie: true}}, Review},
		{"nothing", Query{Text: "Landstrasse 12"}, nil, Missing},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, Judge(test.query, test.candidates)); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

// list answers every query alike, as far as it is asked for.
type list []Candidate

func (l list) Search(_ context.Context, q Query) ([]Candidate, error) {
	return l[:min(len(l), q.Limit)], nil
}
func (l list) Reverse(context.Context, orb.Point) ([]Candidate, error) { return nil, nil }

func TestABatchLooksAtMoreThanItReturns(t *testing.T) {
	t.Parallel()
	report, err := Batch(context.Background(), list(landstrasse), []Query{{Text: "Landstrasse 12", Limit: 1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{Review, 1}, []any{report.Answers[0].Verdict, len(report.Answers[0].Candidates)}); diff != "" {
		t.Errorf("verdict and candidates (-want +got):\n%s", diff)
	}
}
