package kinds_test

import (
	"testing"

	"catchment/crm/kinds"
	"catchment/crm/record"
)

// Every option of every kind is called something in each language, not by its code.
func TestEveryOptionIsCalledSomething(t *testing.T) {
	t.Parallel()
	for _, k := range kinds.Records(nil).Kinds() {
		for _, f := range k.Fields {
			for _, o := range f.Options {
				if !record.Named(o) {
					t.Errorf("%s.%s: %s has no name", k.Name, f.Name, o)
				}
			}
			if f.Label.En == "" || f.Label.De == "" {
				t.Errorf("%s.%s has no label", k.Name, f.Name)
			}
		}
	}
}
