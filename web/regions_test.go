package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/web/api"
)

func TestWhatStandsInAnArea(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	office := h.as("dispatcher")
	for i, point := range [][]float64{{9.51, 47.11}, {9.52, 47.12}, {9.90, 47.90}} {
		customer := want[account](office, 201, "POST", "/accounts", map[string]any{"name": "A", "stage": []string{"customer", "lead", "customer"}[i]})
		want[api.Site](office, 201, "POST", "/accounts/"+customer.ID.String()+"/sites", map[string]any{"point": point})
	}
	if a := office.call("POST", "/regions/snapshot", map[string]any{"area": map[string]any{}}); a.Status != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("before the index is built: %d %s", a.Status, a.Text)
	}
	h.follow()
	valley := map[string]any{"geometry": map[string]any{"type": "MultiPolygon", "coordinates": []any{[]any{[][]float64{{9.4, 47.0}, {9.7, 47.0}, {9.7, 47.3}, {9.4, 47.3}, {9.4, 47.0}}}}}}
	ask := func(c *client, area map[string]any) api.Snapshot {
		return want[api.Snapshot](c, 200, "POST", "/regions/snapshot", map[string]any{"area": area, "by": []any{[]string{"stage"}}})
	}
	groups := []api.Group{{Values: []string{"lead"}, Count: 1}, {Values: []string{"prospect"}, Count: 1}, {Values: []string{"customer"}, Count: 1}}
	if diff := cmp.Diff([][]api.Group{groups}, ask(office, valley).Groups); diff != "" {
		t.Error(diff)
	}
	for name, c := range map[string]struct {
		who  *client
		area map[string]any
		want int64
	}{
		"everywhere":                        {office, map[string]any{}, 4},
		"outside the valley":                {office, map[string]any{"complement": valley}, 1},
		"within two kilometres":             {office, map[string]any{"circle": map[string]any{"centre": []float64{9.51, 47.11}, "radius_meters": 2000}}, 2},
		"what a technician sees everywhere": {h.as("technician"), map[string]any{}, 0},
	} {
		if diff := cmp.Diff(c.want, ask(c.who, c.area).Count); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	sum := int64(0)
	for _, cell := range want[api.CellCounts](office, 200, "POST", "/regions/cells", map[string]any{"area": valley, "resolution": 6}).Items {
		sum += cell.Count
	}
	if diff := cmp.Diff(int64(3), sum); diff != "" {
		t.Errorf("the cells add up to: %s", diff)
	}
	seen, cursor := 0, ""
	for range 3 {
		page := want[api.Page[api.RegionPlace]](office, 200, "POST", "/regions/places", map[string]any{"area": valley, "limit": 1, "cursor": cursor})
		seen, cursor = seen+len(page.Items), page.Next
	}
	if seen != 3 || cursor != "" {
		t.Errorf("%d places, then %q", seen, cursor)
	}
}
