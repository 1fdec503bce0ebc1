package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium returns the browser the tests run in.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "google-chrome", "chromium-browser"} {
		if path, err := exec.LookPath(name); err == nil && exec.Command(path, "--version").Run() == nil {
			return path
		}
	}
	t.Fatal("no Chromium that runs: apt-get install chromium, or set CHROMIUM to the path of one")
	return ""
}

// device is a kind of screen.
type device struct {
	name          string
	width, height int64
	phone         bool
}

var (
	desktop = device{"desktop", 1440, 900, false}
	handset = device{"phone", 390, 844, true}
	narrow  = device{"narrow", 320, 640, true}
)

// page is a browser tab of one person. Every console error and every request to another host fails the test.
type page struct {
	t      testing.TB
	ctx    context.Context
	base   string
	device device
	dark   bool

	mu      sync.Mutex
	faults  []string
	offline bool
}

// browse opens a fresh browser for one person on a device.
func browse(t testing.TB, base string, d device, dark bool) *page {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("lang", "en-GB"), chromedp.WindowSize(int(d.width), int(d.height)))
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancelTab := chromedp.NewContext(allocator)
	t.Cleanup(func() { cancelTab(); cancelAllocator() })
	p := &page{t: t, ctx: ctx, base: base, device: d, dark: dark}
	if err := chromedp.Listen(ctx, p.watch); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	scale := 1.0
	if d.phone {
		scale = 2
	}
	send(p, network.Enable, network.EnableParams{})
	send(p, log.Enable, cdp.Empty{})
	send(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: d.width, Height: d.height, DeviceScaleFactor: scale, Mobile: d.phone})
	send(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	return p
}

// send gives the browser a command.
func send[P, R any](p *page, command cdp.Command[P, R], params P) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, command, params); err != nil {
		p.fail("%v", err)
	}
}

// watch notes what must not happen.
func (p *page) watch(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.faults = append(p.faults, "script error: "+describe(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			var words []string
			for _, a := range e.Args {
				words = append(words, strings.Trim(string(a.Value), `"`)+a.Description)
			}
			p.faults = append(p.faults, fmt.Sprintf("console %s: %s", e.Type, strings.Join(words, " ")))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && !p.offline {
			p.faults = append(p.faults, fmt.Sprintf("browser: %s %s", e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		if at, err := url.Parse(e.Request.URL); err == nil && (at.Scheme == "http" || at.Scheme == "https" || at.Scheme == "ws" || at.Scheme == "wss") &&
			!strings.HasPrefix(e.Request.URL, p.base+"/") {
			p.faults = append(p.faults, "request to another host: "+e.Request.URL)
		}
	}
}

func describe(e *runtime.ExceptionDetails) string {
	if e.Exception != nil {
		return e.Text + " " + e.Exception.Description
	}
	return e.Text
}

// sound fails the test if anything happened that must not.
func (p *page) sound() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		p.t.Errorf("%s: %s", p.device.name, f)
	}
	p.faults = nil
}

// expected forgives what the browser logs of answers with a status that the test brought about.
func (p *page) expected(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = slices.DeleteFunc(p.faults, func(f string) bool { return strings.Contains(f, fmt.Sprintf("with a status of %d ", status)) })
}

func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.fail("%v", err)
	}
}

// fail keeps a picture of the page, if pictures are kept, and ends the test.
func (p *page) fail(format string, args ...any) {
	p.t.Helper()
	p.shot("failed-" + strings.NewReplacer("/", "-").Replace(p.t.Name()))
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.body.innerText.slice(0, 3000)`))
	p.t.Fatalf(format+"\nfaults: %q\non the page:\n%s", append(args, p.faults, text)...)
}

// evaluate runs script in the page.
func evaluate[T any](p *page, script string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		p.fail("evaluate %.200s: %v", script, err)
	}
	return v
}

// open goes to a path.
func (p *page) open(path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.base + path))
}

// until waits until a script's value is true.
func (p *page) until(what, script string) {
	p.t.Helper()
	for began := time.Now(); time.Since(began) < 45*time.Second; time.Sleep(100 * time.Millisecond) {
		if ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](script)); err == nil && ok {
			return
		}
	}
	p.fail("waited for %s", what)
}

// see waits for a text on the page.
func (p *page) see(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q on the page", text), fmt.Sprintf(`document.body.innerText.includes(%s)`, quote(text)))
}

func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// finder returns the middle of the visible element people would call by a name: its label, its text, its
// placeholder. For a while only exact names count, then longer ones too.
const finder = `(function(name, kinds, exact) {
	const words = s => (s || '').replace(/\s+/g, ' ').trim();
	const seen = e => { const r = e.getBoundingClientRect(); const s = getComputedStyle(e); return r.width > 0 && r.height > 0 && s.visibility !== 'hidden' && s.pointerEvents !== 'none' && !e.disabled && !e.closest('[inert],[aria-hidden=true]'); };
	const label = e => { const by = e.getAttribute('aria-labelledby'); return words(e.getAttribute('aria-label')) || (by && words(by.split(' ').map(i => document.getElementById(i)?.innerText || '').join(' '))) || (e.labels && e.labels.length ? words([...e.labels].map(l => l.innerText).join(' ')) : '') || words(e.innerText) || words(e.placeholder) || words(e.title); };
	const all = [...document.querySelectorAll(kinds)].filter(seen);
	const top = e => { const r = e.getBoundingClientRect(); const at = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2); return at && (e === at || e.contains(at) || at.contains(e) || (e.labels && [...e.labels].some(l => l.contains(at)))); };
	const fits = exact ? all.filter(e => label(e) === name) : [...all.filter(e => label(e).startsWith(name)), ...all.filter(e => label(e).includes(name))];
	for (const e of fits) { e.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'}); if (top(e)) { const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; } }
	return [-1, -1];
})`

const (
	clickable = `button, a, [role=button], [role=radio], [role=tab], [role=option], [role=menuitem], [role=checkbox], label, summary`
	writable  = `input, textarea, [role=combobox], select`
)

func (p *page) find(name, kinds string) (x, y float64) {
	p.t.Helper()
	for began := time.Now(); time.Since(began) < 45*time.Second; time.Sleep(120 * time.Millisecond) {
		script := fmt.Sprintf("%s(%s, %s, %t)", finder, quote(name), quote(kinds), time.Since(began) < 4*time.Second)
		at, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]float64](script))
		if err == nil && len(at) == 2 && at[0] >= 0 {
			return at[0], at[1]
		}
	}
	p.fail("there is nothing called %q to use", name)
	return 0, 0
}

// click uses the button, link, choice or label of a name, with the mouse or the finger.
func (p *page) click(name string) {
	p.t.Helper()
	x, y := p.find(name, clickable)
	p.press(x, y)
}

func (p *page) press(x, y float64) {
	p.t.Helper()
	for _, kind := range []input.DispatchMouseEventType{"mousePressed", "mouseReleased"} {
		send(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: "left", ClickCount: 1})
	}
	time.Sleep(60 * time.Millisecond)
}

// fill writes into the field of a name.
func (p *page) fill(name, text string) {
	p.t.Helper()
	x, y := p.find(name, writable)
	p.press(x, y)
	evaluate[bool](p, `document.activeElement.select ? (document.activeElement.select(), true) : true`)
	send(p, input.InsertText, input.InsertTextParams{Text: text})
}

// key presses a key of a name such as "Enter".
func (p *page) key(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// signIn fills in the form.
func (p *page) signIn(path, who string) {
	p.t.Helper()
	p.open(path)
	p.fill("E-mail", who+"@demo.example")
	p.fill("Password", "heating-2026")
	p.click("Log in")
}

// mapIdle waits until the map has drawn everything.
func (p *page) mapIdle() {
	p.t.Helper()
	p.until("the map to be drawn", `document.body.dataset.mapIdle === '1'`)
}

// shot keeps a picture of the page in the folder SHOTS, if that is set.
func (p *page) shot(name string) {
	folder := os.Getenv("SHOTS")
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Logf("no picture of %s: %v", name, err)
		return
	}
	theme := "light"
	if p.dark {
		theme = "dark"
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%s-%s.png", name, p.device.name, theme)), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// accessible fails the test on every serious finding of axe, by its own choice of rules.
func (p *page) accessible(what string) {
	p.t.Helper()
	axe, err := os.ReadFile("../web/app/node_modules/axe-core/axe.min.js")
	if err != nil {
		p.t.Fatalf("axe is missing: run `make ui` first: %v", err)
	}
	if !evaluate[bool](p, `typeof window.axe === 'object'`) {
		evaluate[bool](p, string(axe)+"; true")
	}
	found, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ['violations']})
		.then(r => r.violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
			.map(v => v.impact + ' ' + v.id + ': ' + v.help + ' (' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' ' + (n.any[0]?.message || '')).join(' | ') + ')').join('\n'))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail("axe: %v", err)
	}
	if found != "" {
		p.t.Errorf("%s on %s: axe finds\n%s", what, p.device.name, found)
	}
}

// fitsWidth fails the test if the page is wider than the screen.
func (p *page) fitsWidth(what string) {
	p.t.Helper()
	if over := evaluate[float64](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		p.t.Errorf("%s on %s: the page is %g px wider than the screen", what, p.device.name, over)
	}
}
