package extract_test

import (
	"testing"
	"time"

	"catchment/geo/extract"
	"catchment/geo/postgis"
	"catchment/geo/town"
)

func TestWatchAsksOnceASecond(t *testing.T) {
	t.Parallel()
	url := postgis.TestDatabaseURL(t)
	db := postgis.TestOwner(t, url)
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	watch := &extract.Watch{DB: postgis.TestApp(t, url), Age: time.Second, Now: func() time.Time { return now }}
	ids := func() int {
		t.Helper()
		ids, err := watch.IDs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(ids)
	}
	if n := ids(); n != 0 {
		t.Fatalf("%d generations before any import", n)
	}
	if _, _, err := importer(db).Import(t.Context(), open(t, town.Generate(1, 2).Bytes()), "Town", "town"); err != nil {
		t.Fatal(err)
	}
	if n := ids(); n != 0 {
		t.Errorf("the answer of the same second changed to %d", n)
	}
	now = now.Add(1100 * time.Millisecond)
	if n := ids(); n != 1 {
		t.Errorf("%d generations a second after the import", n)
	}
}
