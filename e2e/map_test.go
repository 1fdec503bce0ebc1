package e2e

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/google/uuid"
)

// mapOf is what the map of a page shows: zoom, latitude, longitude and bearing.
type mapOf struct{ zoom, lat, lon, bearing float64 }

// view returns what the topmost map shows, once it is drawn.
func (p *page) view() mapOf {
	p.t.Helper()
	p.mapIdle()
	text := evaluate[string](p, `[...document.querySelectorAll('.map-canvas')].at(-1)?.dataset.view ?? ''`)
	var v mapOf
	if _, err := fmt.Sscanf(strings.ReplaceAll(text, "/", " "), "%g %g %g %g", &v.zoom, &v.lat, &v.lon, &v.bearing); err != nil {
		p.fail("what the map shows, %q: %v", text, err)
	}
	return v
}

// viewing waits until the map shows what is wanted.
func (p *page) viewing(what string, fits func(mapOf) bool) mapOf {
	p.t.Helper()
	var v mapOf
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
		if v = p.view(); fits(v) {
			return v
		}
	}
	p.fail("waited for the map to show %s; it shows %+v", what, v)
	return v
}

// drag moves the mouse with a button held.
func (p *page) drag(x, y, toX, toY float64, button input.MouseButton) {
	p.t.Helper()
	mouse := func(kind input.DispatchMouseEventType, x, y float64) {
		held := int64(1)
		if button == "right" {
			held = 2
		}
		send(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: button, Buttons: held, ClickCount: 1})
	}
	mouse("mousePressed", x, y)
	for i := 1.0; i <= 8; i++ {
		mouse("mouseMoved", x+(toX-x)*i/8, y+(toY-y)*i/8)
		time.Sleep(15 * time.Millisecond)
	}
	mouse("mouseReleased", toX, toY)
}

// swipe moves a finger over the screen.
func (p *page) swipe(x, y, toX, toY float64) {
	p.t.Helper()
	touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		if points == nil {
			points = []*input.TouchPoint{}
		}
		send(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
	}
	touch("touchStart", &input.TouchPoint{X: x, Y: y})
	for i := 1.0; i <= 8; i++ {
		touch("touchMove", &input.TouchPoint{X: x + (toX-x)*i/8, Y: y + (toY-y)*i/8})
		time.Sleep(15 * time.Millisecond)
	}
	touch("touchEnd")
}

// pin returns the middle of the pin that can be dragged.
func (p *page) pin() (x, y float64) {
	p.t.Helper()
	p.until("the pin on the map", `!!document.querySelector('.map-pin') && document.querySelector('.map-pin').getBoundingClientRect().x > 0`)
	p.mapIdle()
	evaluate[bool](p, `document.querySelector('.map-pin').scrollIntoView({block: 'center', behavior: 'instant'}), true`)
	at := evaluate[[]float64](p, `(r => [r.x + r.width / 2, r.y + r.height / 3])(document.querySelector('.map-pin').getBoundingClientRect())`)
	return at[0], at[1]
}

// field returns what stands in a field.
func (p *page) field(label string) string {
	p.t.Helper()
	return evaluate[string](p, fmt.Sprintf(`[...document.querySelectorAll('input, textarea')].find(e => e.labels && [...e.labels].some(l => l.innerText.startsWith(%s)))?.value ?? ''`, quote(label)))
}

// place is where a site is kept to be.
type place struct {
	Source       string
	Lon, Lat     float64
	Street, Name string
	Version      int
}

func siteOf(t *testing.T, c *company, account string) place {
	t.Helper()
	k := c.signIn(t, "dispatcher")
	var sites struct {
		Items []struct {
			Source, Street, Name string
			Point                [2]float64
			Version              int
		}
	}
	k.call(http.MethodGet, "/accounts/"+account+"/sites", nil, &sites, http.StatusOK)
	if len(sites.Items) != 1 {
		t.Fatalf("want one site, got %+v", sites)
	}
	s := sites.Items[0]
	return place{s.Source, s.Point[0], s.Point[1], s.Street, s.Name, s.Version}
}

// someAddress is an address of the generated town.
func someAddress(t *testing.T, c *company) string {
	t.Helper()
	return query[string](t, c.url, `select e.name || ' ' || h.number || ', ' || h.city from geocode.house h
		join geocode.entry e on e.generation = h.generation and e.id = h.entry where e.kind = 'street' order by e.name, h.ordinal offset 40 limit 1`)
}

func TestASiteIsAddedByItsAddressAndCorrectedByDraggingThePin(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	street := someAddress(t, c)
	for _, dark := range []bool{false, true} {
		for _, d := range []device{desktop, handset} {
			name := d.name
			if dark {
				name += " dark"
			}
			t.Run(name, func(t *testing.T) {
				k := c.signIn(t, "dispatcher")
				var account struct{ ID uuid.UUID }
				k.call(http.MethodPost, "/accounts", map[string]any{"name": "Bakery " + name}, &account, http.StatusCreated)
				p := browse(t, c.base, d, dark)
				if d.phone {
					send(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
				}
				p.signIn("/accounts/"+account.ID.String(), "dispatcher")
				p.see("No site yet")
				p.click("Add site")
				p.fill("Address", street)
				p.click(street[:8])
				p.fill("Name of the site", "Shop")
				p.pin()
				p.shot("site-new")
				p.accessible("adding a site")
				p.fitsWidth("adding a site")
				p.click("Add site")
				p.see("Shop is added")
				found := siteOf(t, c, account.ID.String())
				if found.Source != "geocoder" || found.Street == "" || found.Name != "Shop" {
					t.Fatalf("want the site where the address search found it, got %+v", found)
				}

				p.click("Change Shop")
				x, y := p.pin()
				words := p.field("Address")
				if d.phone {
					p.swipe(x, y, x+70, y+30)
				} else {
					p.drag(x, y, x+160, y+70, "left")
				}
				p.see("The pin is where you set it")
				p.until("the words to follow the pin", fmt.Sprintf(`[...document.querySelectorAll('input')].some(e => e.labels && [...e.labels].some(l => l.innerText.startsWith('Address')) && e.value && e.value !== %s)`, quote(words)))
				p.shot("site-dragged")
				p.accessible("correcting a site")
				p.click("Save")
				p.see("Shop is changed")
				p.see("pin set by a person")
				dragged := siteOf(t, c, account.ID.String())
				if dragged.Source != "person" || dragged.Lon <= found.Lon || dragged.Lat >= found.Lat {
					t.Errorf("want the pin to the south-east of %+v, set by a person; got %+v", found, dragged)
				}
				p.until("the dialog to be gone", `!document.querySelector('dialog[open]')`)

				p.click("Change Shop")
				p.pin()
				evaluate[bool](p, `document.querySelector('.map-pin').focus(), document.activeElement.className.includes('map-pin')`)
				for range 5 {
					send(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: "ArrowUp", Code: "ArrowUp", WindowsVirtualKeyCode: 38})
					send(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyUp", Key: "ArrowUp", Code: "ArrowUp", WindowsVirtualKeyCode: 38})
				}
				p.click("Save")
				p.until("the dialog to be gone", `!document.querySelector('dialog[open]')`)
				keyed := siteOf(t, c, account.ID.String())
				if keyed.Lat <= dragged.Lat || math.Abs(keyed.Lon-dragged.Lon) > 1e-6 {
					t.Errorf("want the pin north of %+v, got %+v", dragged, keyed)
				}
				p.sound()
			})
		}
	}
}

func TestAPinIsSetWithoutAnAddress(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	k := c.signIn(t, "dispatcher")
	var account struct{ ID uuid.UUID }
	k.call(http.MethodPost, "/accounts", map[string]any{"name": "Alpine hut"}, &account, http.StatusCreated)
	p := browse(t, c.base, desktop, false)
	p.signIn("/accounts/"+account.ID.String(), "dispatcher")
	p.click("Add site")
	p.click("Add site") // without a place
	p.click("Set a pin on the map instead")
	p.pin()
	p.until("words for the pin", `[...document.querySelectorAll('dialog input')][0].value !== ''`)
	p.fill("Address", "Hut above the wood, Nowhere")
	p.key("Escape") // the list of suggestions, not the dialog
	p.click("Add site")
	p.until("the dialog to be gone", `!document.querySelector('dialog[open]')`)
	if got := siteOf(t, c, account.ID.String()); got.Source != "person" || got.Street != "Hut above the wood" {
		t.Errorf("want the pin set by a person and the person's own words, got %+v", got)
	}
	p.sound()
}

func TestTheMapSearchesTurnsAndSaysWhereItEnds(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	p := browse(t, c.base, desktop, false)
	p.signIn("/", "dispatcher")
	p.see("visits planned")
	before := p.view()

	street := someAddress(t, c)
	p.fill("Place or address", street)
	p.click(street[:8])
	p.viewing("the address from near", func(v mapOf) bool { return v.zoom > 15.5 && before.zoom < 15.5 })
	p.shot("map-found")
	p.accessible("a map with what was searched")

	at := evaluate[[]float64](p, `(r => [r.x + r.width / 2, r.y + r.height / 2, r.width])(document.querySelector('.map-canvas').getBoundingClientRect())`)
	p.drag(at[0], at[1]+40, at[0]+120, at[1]+40, "right")
	turned := p.viewing("another bearing", func(v mapOf) bool { return math.Abs(v.bearing) > 5 })
	p.shot("map-turned")
	p.click("Turned")
	p.viewing("north up", func(v mapOf) bool { return v.bearing == 0 && math.Abs(v.lat-turned.lat) < 0.01 })

	for range 4 {
		p.click("Zoom out")
		time.Sleep(300 * time.Millisecond)
	}
	for range 12 { // away to the west, as far as it goes
		p.drag(at[0]-at[2]/3, at[1]+30, at[0]+at[2]/3, at[1]+30, "left")
	}
	p.see("The loaded map ends here")
	var me struct {
		Map struct{ Bounds [4]float64 }
	}
	c.signIn(t, "dispatcher").call(http.MethodGet, "/me", nil, &me, http.StatusOK)
	if v := p.view(); v.lon < me.Map.Bounds[0] {
		t.Errorf("want the middle of the view kept on the land, west of which lies %g; got %+v", me.Map.Bounds[0], v)
	}
	p.shot("map-end")
	p.accessible("the end of the map")
	p.until("that the town is invented, and nobody's data", `document.querySelector('.map-attribution')?.innerText === 'An invented town'`)
	p.until("the scale", `document.querySelector('.maplibregl-ctrl-scale')?.innerText.length > 1`)
	p.sound()
}

// extract is the map pictures and benches are made of: Liechtenstein, where extracts are at hand, else the town.
func extract(t testing.TB) (setting string, lat, lon float64) {
	t.Helper()
	folder := os.Getenv("EXTRACTS")
	if folder == "" {
		return "OSM=town", 0, 0
	}
	return "OSM=" + filepath.Join(folder, "liechtenstein-2024.osm.pbf"), 47.1405, 9.5215
}

// wideMap opens the day and lets its map fill the screen, at a place and zoom.
func wideMap(p *page, zoom, lat, lon float64) {
	p.t.Helper()
	evaluate[bool](p, `fetch('/api/v1/me').then(r => r.json()).then(me => { window.day = me.day; }), true`)
	p.until("the next working day", `!!window.day`)
	day := evaluate[string](p, `window.day`)
	p.open(fmt.Sprintf("/visits?from=%g", zoom)) // elsewhere, so that the map is made anew
	p.see("Visits")
	p.open(fmt.Sprintf("/day/%s#map=%g/%g/%g", day, zoom, lat, lon))
	p.until("the map", `!!document.querySelector('.map .maplibregl-canvas')`)
	p.mapIdle()
	evaluate[bool](p, `document.querySelector('.map').style.cssText += ';position:fixed;inset:0;z-index:99', true`)
	time.Sleep(time.Second)
	p.mapIdle()
}

// Pictures of the map from afar and from near, by day and by night; kept with SHOTS. Each must be drawn without a fault.
func TestMapPicturesAtEveryZoom(t *testing.T) {
	t.Parallel()
	setting, lat, lon := extract(t)
	c := open(t, emptyDatabase(t), "DATA="+t.TempDir(), setting, "ACCOUNTS=60")
	if lat == 0 {
		lat, lon = middle(t, c)
	}
	for _, dark := range []bool{false, true} {
		p := browse(t, c.base, desktop, dark)
		p.signIn("/visits", "dispatcher")
		p.see("Visits")
		for _, zoom := range []float64{8, 11, 13, 15, 17} {
			wideMap(p, zoom, lat, lon)
			if v := p.view(); math.Abs(v.zoom-zoom) > 0.1 {
				t.Errorf("want the map at zoom %g, got %+v", zoom, v)
			}
			p.shot(fmt.Sprintf("map-z%g", zoom))
		}
		p.sound()
	}
}

// middle is the middle of the loaded land.
func middle(t testing.TB, c *company) (lat, lon float64) {
	t.Helper()
	var me struct {
		Map struct{ Centre [2]float64 }
	}
	c.signIn(t, "dispatcher").call(http.MethodGet, "/me", nil, &me, http.StatusOK)
	return me.Map.Centre[1], me.Map.Centre[0]
}

// BenchmarkPan drags the map at zoom 15 by two thirds of a screen, to land not seen before, and tells how long after
// the hand let go everything was drawn.
func BenchmarkPan(b *testing.B) {
	setting, lat, lon := extract(b)
	c := open(b, emptyDatabase(b), "DATA="+b.TempDir(), setting, "ACCOUNTS=60")
	if lat == 0 {
		lat, lon = middle(b, c)
	}
	p := browse(b, c.base, desktop, false)
	p.signIn("/visits", "dispatcher")
	p.see("Visits")
	wideMap(p, 15, lat, lon)
	evaluate[bool](p, `(() => {
		window.filled = [];
		let from = 0;
		addEventListener('mouseup', () => { from = performance.now(); }, true);
		new MutationObserver(() => { if (from && document.body.dataset.mapIdle === '1') { filled.push(performance.now() - from); from = 0; } }).observe(document.body, {attributes: true, attributeFilter: ['data-map-idle']});
		return true;
	})()`)
	var slowest, sum float64
	n := 0
	for range b.N {
		for _, by := range [][2]float64{{-900, 0}, {0, -560}, {900, 0}, {900, 0}, {0, 560}, {0, 560}} {
			p.drag(720-by[0]/2, 450-by[1]/2, 720+by[0]/2, 450+by[1]/2, "left")
			n++
			p.until("the pan to fill in", fmt.Sprintf(`filled.length >= %d`, n))
		}
	}
	for _, ms := range evaluate[[]float64](p, `filled`) {
		b.Logf("filled in after %.0f ms", ms)
		slowest, sum = math.Max(slowest, ms), sum+ms
	}
	b.ReportMetric(sum/float64(n), "ms/pan")
	b.ReportMetric(slowest, "ms-slowest")
	p.sound()
}
