package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
)

// chosenCount is the number the result panel tells.
func (p *page) chosenCount() int {
	p.t.Helper()
	return int(evaluate[float64](p, `Number(document.querySelector('.work-count b')?.innerText.replace(/\D/g, '') ?? -1)`))
}

// counts waits until the result panel tells a number that fits.
func (p *page) counts(what string, fits func(int) bool) int {
	p.t.Helper()
	n := -1
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
		if n = p.chosenCount(); fits(n) {
			return n
		}
	}
	p.fail("waited for %s; the result tells %d", what, n)
	return 0
}

// workMap opens the map to work on and returns where its middle is on the screen, and how wide and high it is.
func workMap(p *page, query string) (x, y, width, height float64) {
	p.t.Helper()
	p.signIn("/map"+query, "manager")
	p.until("the records on the map", `!!document.querySelector('.legend li')`)
	p.mapIdle()
	evaluate[bool](p, `document.querySelector('.work-map').scrollIntoView({block: 'start', behavior: 'instant'}), true`)
	at := evaluate[[]float64](p, `(r => [r.x + r.width / 2, r.y + r.height / 2, r.width, r.height])(document.querySelector('.work-map').getBoundingClientRect())`)
	return at[0], at[1], at[2], at[3]
}

// press with a key of a code, as often as said.
func (p *page) arrow(code string, virtual int64, times int, shift bool) {
	p.t.Helper()
	held := int64(0)
	if shift {
		held = 8
	}
	for range times {
		send(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: code, Code: code, WindowsVirtualKeyCode: virtual, Modifiers: held})
		send(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyUp", Key: code, Code: code, WindowsVirtualKeyCode: virtual, Modifiers: held})
	}
}

func TestAccountsAreChosenOnTheMapByShapes(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	p := browse(t, c.base, desktop, false)
	x, y, width, height := workMap(p, "")
	all := p.counts("all accounts", func(n int) bool { return n > 50 })
	p.shot("work-points")
	p.accessible("the map to work on")
	p.fitsWidth("the map to work on")

	p.click("Circle")
	p.drag(x, y, x+height/5, y, "left")
	inCircle := p.counts("those in the circle", func(n int) bool { return n > 0 && n < all })
	p.shot("work-circle")

	p.click("Everything else")
	p.counts("those outside it", func(n int) bool { return n == all-inCircle })
	p.click("Everything else")
	p.counts("those in it again", func(n int) bool { return n == inCircle })

	p.click("Overlap")
	p.click("Polygon")
	for _, corner := range [][2]float64{{-width / 3, -height / 3}, {0, -height / 3}, {0, height / 3}, {-width / 3, height / 3}} {
		p.press(x+corner[0], y+corner[1])
	}
	p.key("\r") // on the last corner: done
	west := p.counts("the western half of it", func(n int) bool { return n > 0 && n < inCircle })
	p.shot("work-overlap")

	p.click("Take back the last shape")
	p.counts("the whole circle", func(n int) bool { return n == inCircle })
	p.click("Subtract")
	p.click("Lasso")
	p.drag(x-width/3, y-height/3, x, y-height/3, "left") // a line holds nothing
	p.counts("the whole circle still", func(n int) bool { return n == inCircle })
	p.click("Polygon")
	for _, corner := range [][2]float64{{-width / 3, -height / 3}, {0, -height / 3}, {0, height / 3}, {-width / 3, height / 3}} {
		p.press(x+corner[0], y+corner[1])
	}
	p.key("\r")
	p.counts("the eastern half", func(n int) bool { return n == inCircle-west })

	p.click("Clear")
	p.counts("all again", func(n int) bool { return n == all })
	first := evaluate[string](p, `document.querySelector('.legend li span').innerText`)
	of := int(evaluate[float64](p, `Number(document.querySelector('.legend li em').innerText)`))
	flip := `document.querySelector('.legend button').click(), true`
	evaluate[bool](p, flip)
	p.counts("all but "+first, func(n int) bool { return n == all-of })
	evaluate[bool](p, flip)
	p.counts("all once more", func(n int) bool { return n == all })

	for _, look := range []string{"Clusters", "Heat"} {
		p.click(look)
		p.until("the link to say so", fmt.Sprintf(`location.search.includes('look=%s')`, strings.ToLower(look)))
		time.Sleep(300 * time.Millisecond)
		p.mapIdle()
		p.shot("work-" + strings.ToLower(look))
	}
	p.sound()
}

func TestAccountsAreChosenOnTheMapByTheKeysAlone(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	p := browse(t, c.base, desktop, true)
	workMap(p, "?colour=owner_id&size=sites_count")
	all := p.counts("all accounts", func(n int) bool { return n > 50 })
	evaluate[bool](p, `[...document.querySelectorAll('.work-tools button')].find(b => b.ariaLabel === 'Circle').focus(), true`)
	p.key("\r")
	p.until("the keys to draw", `document.activeElement?.classList.contains('draw')`)
	p.key("\r") // the middle
	p.arrow("ArrowRight", 39, 2, true)
	p.shot("work-keys")
	p.key("\r") // the rim
	p.counts("those in the circle", func(n int) bool { return n > 0 && n < all })
	p.shot("work-owners")
	p.accessible("a choice on the map")
	p.sound()
}

func TestWhatIsChosenOnTheMapIsChangedAndTakenBack(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	p := browse(t, c.base, desktop, false)
	x, y, _, height := workMap(p, "?colour=class")
	p.click("Circle")
	p.drag(x, y, x+height/8, y, "left") // fewer than may be planned at once
	n := p.counts("those in the circle", func(n int) bool { return n > 0 })

	tagged := func() int {
		k := c.signIn(t, "manager")
		var totals struct{ Items []struct{ Count int } }
		k.call(http.MethodPost, "/accounts/totals", map[string]any{"filter": `tags = "map-test"`}, &totals, http.StatusOK)
		if len(totals.Items) == 0 {
			return 0
		}
		return totals.Items[0].Count
	}
	p.click("Tag")
	p.fill("Add tags", "map-test")
	p.see(fmt.Sprintf("Change %d", n))
	p.shot("work-tag")
	p.accessible("changing what is chosen")
	p.click(fmt.Sprintf("Change %d", n))
	p.see("changed")
	if got := tagged(); got != n {
		t.Errorf("want the %d chosen tagged, got %d", n, got)
	}
	p.click("Undo")
	p.see("taken back")
	if got := tagged(); got != 0 {
		t.Errorf("want the tag taken back, %d have it", got)
	}

	p.click("Assign")
	p.until("what is assigned", `document.querySelector('dialog #bulk-field')?.value === 'owner_id'`)
	p.shot("work-assign")
	p.click("Cancel")
	p.click("Add to plan")
	p.fill("What is to be done", "Spring round")
	p.shot("work-plan")
	p.accessible("planning what is chosen")
	p.click("Add visits")
	p.see("added")
	var visits struct{ Items []struct{ Title string } }
	c.signIn(t, "dispatcher").call(http.MethodGet, "/visits?limit=200&q=Spring", nil, &visits, http.StatusOK)
	if len(visits.Items) == 0 {
		t.Error("want the visits added")
	}
	p.sound()
}

func TestALeadIsAddedWhereAFingerRestsOnTheMap(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	p := browse(t, c.base, handset, false)
	send(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
	x, y, _, _ := workMap(p, "")
	p.shot("work-points")
	p.accessible("the map to work on")
	p.fitsWidth("the map to work on")
	send(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchStart", TouchPoints: []*input.TouchPoint{{X: x + 30, Y: y + 20}}})
	p.until("the lead's dialog", `!!document.querySelector('dialog[open]')`)
	send(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchEnd", TouchPoints: []*input.TouchPoint{}})
	p.until("the address of the place", `[...document.querySelectorAll('dialog input[role=combobox]')].some(e => e.value !== '')`)
	p.fill("Name", "Corner shop")
	p.shot("work-lead")
	p.accessible("adding a lead")
	p.click("Add lead")
	p.see("Corner shop is added as a lead")
	var leads struct {
		Items []struct {
			Name, Street string
			Point        []float64
		}
	}
	c.signIn(t, "manager").call(http.MethodGet, "/leads?q=Corner", nil, &leads, http.StatusOK)
	if len(leads.Items) != 1 || len(leads.Items[0].Point) != 2 || leads.Items[0].Street == "" {
		t.Errorf("want a lead with the point and its address, got %+v", leads)
	}
	p.sound()
}
