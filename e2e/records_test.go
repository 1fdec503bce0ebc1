package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// The rep's morning at the desk: home, a lead that calls, converted into an account with a deal, moved on the board by
// keyboard, a note for a colleague, and everything found again by one search box.
func TestTheRepsMorningAtTheDesk(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	p := browse(t, c.base, desktop, false)
	p.signIn("/home", "rep")
	p.see("My pipeline")
	p.until("home to be filled", `!document.querySelector('.skeleton')`)
	p.accessible("home")
	p.click("Leads")
	p.see("Add lead")
	p.click("Add lead")
	p.fill("Name *", "Schreinerei Morgenrot")
	p.fill("First name", "Ada")
	p.fill("Last name", "Morgenrot")
	p.fill("Phone", "+423 777 12 34")
	p.fill("Interest", "Heat pump")
	p.accessible("adding a lead")
	p.click("Add")
	p.see("Schreinerei Morgenrot is added")
	p.see("L-")
	p.click("Qualified")
	p.until("the lead to be qualified", `document.querySelector('.page-head .chip')?.innerText === 'Qualified'`)
	p.click("Convert")
	p.see("Convert Schreinerei Morgenrot")
	p.fill("Amount", "24'500.50")
	p.accessible("converting a lead")
	evaluate[bool](p, `[...document.querySelectorAll('dialog footer button')].find(b => b.innerText.trim() === 'Convert').click() ?? true`)
	p.see("is an account now")
	p.see("Contacts")
	p.see("Ada Morgenrot")
	p.see("Heat pump")
	p.see("24,500.50")
	p.fill("Text", "Wants it before Christmas.")
	p.click("Save")
	p.see("Wants it before Christmas.")
	p.accessible("an account")
	p.fitsWidth("an account")

	p.open("/deals?look=board&q=Heat+pump")
	p.until("the board to be filled", `[...document.querySelectorAll('.card')].some(c => c.innerText.includes('Schreinerei Morgenrot'))`)
	p.accessible("the deals board")
	evaluate[bool](p, `[...document.querySelectorAll('.card')].find(c => c.innerText.includes('Schreinerei Morgenrot')).focus() ?? true`)
	evaluate[bool](p, `document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', altKey: true, bubbles: true}))`)
	p.see("Heat pump: Qualified")
	evaluate[bool](p, `document.dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true}))`)
	p.until("the palette to open", `!!document.querySelector('.palette input')`)
	p.fill("Search everything", "morgenrot")
	p.until("it to be found", `[...document.querySelectorAll('.palette-entry')].some(e => e.innerText.includes('Morgenrot'))`)
	p.accessible("the palette")
	p.sound()
	if stage := query[string](t, c.url, `select d.stage from sales.deal d join customer.account a on a.id = d.account_id where a.name = 'Schreinerei Morgenrot'`); stage != "qualified" {
		t.Errorf("the deal is %s", stage)
	}
}

// The grid: conditions, sorting, a cell changed in place and taken back, many changed at once with a preview and taken back.
func TestAListIsNarrowedChangedInPlaceAndInBulk(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	k := c.signIn(t, "admin")
	for _, name := range []string{"Bulk one", "Bulk two", "Bulk three"} {
		k.call(http.MethodPost, "/accounts", map[string]any{"name": name, "industry": "bulk-test", "class": "C"}, nil, http.StatusCreated)
	}
	p := browse(t, c.base, desktop, false)
	p.signIn("/accounts?f=industry%3A%3D%3Abulk-test", "admin")
	p.until("three rows", `document.querySelectorAll('.records-grid [role=row][aria-selected]').length === 3`)
	p.see("3 records")
	p.click("Name")
	p.until("falling order", `document.querySelector('[aria-sort=descending]')?.innerText.includes('Name') && document.querySelector('[data-cell="0:1"]').innerText === 'Bulk two'`)
	column := evaluate[float64](p, `[...document.querySelectorAll('[role=columnheader]')].findIndex(h => h.innerText === 'Class')`)
	evaluate[bool](p, `(() => { const cell = document.querySelector('[data-cell="0:' + `+fmt.Sprint(column)+` + '"]'); cell.focus(); cell.dispatchEvent(new KeyboardEvent('keydown', {key: 'F2', bubbles: true})); return true })()`)
	p.until("the cell to open", `!!document.querySelector('.editing select')`)
	evaluate[bool](p, `(() => { const s = document.querySelector('.editing select'); Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(s, 'A'); return s.dispatchEvent(new Event('change', {bubbles: true})) })()`)
	p.see("Class is changed")
	class := func(want string) {
		t.Helper()
		for range 40 {
			if query[string](t, c.url, `select class::text from customer.account where name = 'Bulk two'`) == want {
				return
			}
			time.Sleep(250 * time.Millisecond)
		}
		t.Errorf("Bulk two is not of class %s", want)
	}
	class("A")
	p.click("Undo")
	class("C")
	p.accessible("the grid")

	evaluate[bool](p, `document.querySelector('[role=columnheader] input[type=checkbox]').click() ?? true`)
	p.see("3 selected")
	p.click("Change")
	p.see("Change 3 accounts")
	p.choose("What", "Class")
	p.choose("Class *", "B")
	p.see("3 found, 3 would change")
	p.accessible("a bulk change")
	p.click("Change 3")
	p.see("3 records changed")
	class("B")
	p.click("Undo")
	class("C")
	p.sound()
}

// choose takes the option of a name in the list of a name.
func (p *page) choose(name, option string) {
	p.t.Helper()
	x, y := p.find(name, "select")
	p.until("the option "+option, fmt.Sprintf(`(() => { const s = document.elementFromPoint(%g, %g).closest('select') ?? document.activeElement; const o = [...s.options].find(o => o.text === %s);
		if (!o) return false; Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(s, o.value); s.dispatchEvent(new Event('change', {bubbles: true})); return true })()`, x, y, quote(option)))
}
