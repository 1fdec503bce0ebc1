package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// An address that is not found for sure is never put anywhere in silence: its candidates are shown to choose from, in the
// list and on the map, and a site that was kept open says so until somebody decides.
func TestAnAddressThatLeavesOpenWhereItIsIsDecidedByAPerson(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	sure := someAddress(t, c)
	street, rest, _ := strings.Cut(sure, ", ")
	open := street[:strings.LastIndex(street, " ")] + " 987, " + rest // the street is known, the number is not
	for _, look := range []struct {
		device device
		dark   bool
	}{{desktop, false}, {handset, true}} {
		t.Run(look.device.name, func(t *testing.T) {
			k := c.signIn(t, "dispatcher")
			var account struct{ ID uuid.UUID }
			k.call(http.MethodPost, "/accounts", map[string]any{"name": "Open house " + look.device.name}, &account, http.StatusCreated)
			p := browse(t, c.base, look.device, look.dark)
			p.signIn("/accounts/"+account.ID.String(), "dispatcher")
			p.see("No site yet")
			p.click("Add site")
			p.fill("Address", open)
			p.until("suggestions", `!!document.querySelector('dialog .combo-list')`)
			p.key("\x1b") // the words stay as they are typed
			p.fill("Name of the site", "Shop")
			p.click("Add site")
			p.see("The address leaves open where it is")
			p.until("candidates", `document.querySelectorAll('.candidates li').length > 0`)
			p.mapIdle()
			p.shot("site-candidates")
			p.accessible("choosing among candidates")
			p.fitsWidth("choosing among candidates")

			p.click("Take A, decide later")
			p.see("Shop is added")
			p.see("Place to be decided")
			if got := siteOf(t, c, account.ID.String()); got.Source != "geocoder" {
				t.Errorf("want the place of the address search, got %+v", got)
			}
			p.shot("site-undecided")
			p.accessible("a site to be decided")

			p.click("Choose the place of Shop")
			best := evaluate[string](p, `document.querySelector('.candidates b').innerText`)
			p.click(best)
			p.see("You chose A")
			p.shot("site-chosen")
			p.click("Save")
			p.see("Shop is changed")
			p.until("nothing to be decided", `!document.querySelector('dialog[open]') && !document.body.innerText.includes('Place to be decided')`)
			decided := siteOf(t, c, account.ID.String())
			if decided.Source != "person" {
				t.Errorf("want a person's decision, got %+v", decided)
			}

			p.click("Change Shop")
			p.until("the address", `[...document.querySelectorAll('dialog input')][0].value !== ''`)
			p.fill("Address", sure)
			p.until("suggestions", `!!document.querySelector('dialog .combo-list')`)
			p.key("\x1b")
			p.click("Save")
			p.see("the pin stayed where a person had set it")
			p.until("where the address leads", `document.querySelectorAll('.candidates li').length > 0`)
			p.shot("site-pin-kept")
			p.accessible("a pin that stayed")
			kept := siteOf(t, c, account.ID.String())
			if kept.Lon != decided.Lon || kept.Lat != decided.Lat {
				t.Errorf("want the pin where the person set it, %+v, got %+v", decided, kept)
			}
			p.click(evaluate[string](p, `document.querySelector('.candidates b').innerText`))
			p.click("Save")
			p.until("the dialog to be gone", `!document.querySelector('dialog[open]')`)
			if moved := siteOf(t, c, account.ID.String()); moved.Lon == kept.Lon && moved.Lat == kept.Lat {
				t.Errorf("want the pin at the new address, got %+v", moved)
			}
			p.expected(422)
			p.sound()
		})
	}
}

// From afar pins gather in clusters so that towns stay readable, and a click takes them apart.
func TestPinsGatherFromAfarAndAClickTakesThemApart(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	for _, dark := range []bool{false, true} {
		p := browse(t, c.base, desktop, dark)
		p.signIn("/visits", "dispatcher")
		p.see("Visits")
		lat, lon := middle(t, c)
		wideMap(p, 9.5, lat, lon)
		p.shot("map-clusters")
		from := p.view()
		near := from
		for range 6 { // a cluster of clusters takes another click
			x, y, found := clusterNear(p, 720, 450)
			if !found {
				break
			}
			p.press(x, y)
			near = p.viewing("the cluster from nearer", func(v mapOf) bool { return v.zoom > near.zoom+0.2 })
		}
		if near.zoom < from.zoom+0.4 {
			t.Errorf("want clusters from afar that a click takes apart, got from %+v to %+v", from, near)
		}
		if _, _, found := clusterNear(p, 720, 450); found {
			t.Errorf("want nothing in one any more, got a cluster at %+v", near)
		}
		p.shot("map-apart")
		p.sound()
	}
}

// clusterNear is where the cursor of the map says that pins can be taken apart, nearest to a place on the screen: what is drawn
// on a canvas is found as people find it, by pointing.
func clusterNear(p *page, x, y float64) (atX, atY float64, found bool) {
	p.t.Helper()
	p.mapIdle()
	at := evaluate[[]float64](p, fmt.Sprintf(`(() => {
		const canvas = document.querySelector('.map .maplibregl-canvas');
		for (let radius = 0; radius < 320; radius += 6) for (let i = 0, n = Math.max(1, Math.round(radius / 3)); i < n; i++) {
			const clientX = %g + radius * Math.cos(2 * Math.PI * i / n), clientY = %g + radius * Math.sin(2 * Math.PI * i / n);
			canvas.dispatchEvent(new MouseEvent('mousemove', {bubbles: true, clientX, clientY}));
			if (canvas.style.cursor === 'zoom-in') return [clientX, clientY];
		}
		return [];
	})()`, x, y))
	if len(at) != 2 {
		return 0, 0, false
	}
	return at[0], at[1], true
}
