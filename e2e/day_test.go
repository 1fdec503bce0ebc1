package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
)

// The main job from end to end: a visit typed in by hand is planned on streets, published, and done on a phone.
func TestAVisitTypedInByHandIsPlannedAndDoneOnThePhone(t *testing.T) {
	t.Parallel()
	c := open(t, emptyDatabase(t), "DATA="+t.TempDir())
	office := browse(t, c.base, desktop, false)
	office.signIn("/", "dispatcher")
	office.see("visits planned")
	office.mapIdle()
	office.shot("day")
	office.accessible("the day")
	office.fitsWidth("the day")

	office.click("Add visit")
	office.see("Add a visit")
	office.click("New account")
	office.fill("Name", "Gasthaus zur Sonne")
	street := query[string](t, c.url, `select e.name || ' ' || h.number || ', ' || h.city from geocode.house h
		join geocode.entry e on e.generation = h.generation and e.id = h.entry where e.kind = 'street' order by e.name, h.ordinal limit 1`)
	office.fill("Address", street)
	office.click(street[:8])
	office.fill("What is to be done", "Check the kitchen's extractor")
	office.shot("add-visit")
	office.accessible("adding a visit")
	office.click("Add visit")
	office.see("Check the kitchen's extractor")

	office.click("Plan again")
	office.see("Proposal")
	office.until("the proposal to be ready", `[...document.querySelectorAll('button')].some(b => b.innerText.trim() === 'Accept' && !b.disabled)`)
	office.shot("proposal")
	office.accessible("the proposal")
	office.click("Accept")
	office.click("Publish")
	office.see("Phones have this day")
	office.shot("published")
	office.sound()

	visit := query[uuid.UUID](t, c.url, "select id from work.visit where title = 'Check the kitchen''s extractor'")
	who := query[string](t, c.url, `select split_part(s.email, '@', 1) from work.visit v join work.resource r on r.id = v.resource_id join crm.staff s on s.id = r.staff_id
		where v.id = $1 and v.state = 'dispatched' and v.travel_seconds >= 0`, visit)

	phone := browse(t, c.base, handset, false)
	phone.signIn("/tech", who)
	phone.see("Gasthaus zur Sonne")
	phone.see("Start travel")
	phone.shot("tech")
	phone.accessible("the phone's list")
	phone.fitsWidth("the phone's list")
	phone.click("Map")
	phone.mapIdle()
	phone.shot("tech-map")
	phone.accessible("the phone's map")
	phone.click("List")
	phone.click("Gasthaus zur Sonne")
	phone.see("Check the kitchen's extractor")
	phone.shot("tech-visit")
	phone.accessible("a visit on the phone")
	phone.fitsWidth("a visit on the phone")
	doVisit(phone)
	phone.sound()

	k := c.signIn(t, "dispatcher")
	var v struct {
		State   string
		Outcome struct{ Note string }
	}
	for range 60 { // the phone sends after its time to undo
		if k.call(http.MethodGet, "/visits/"+visit.String(), nil, &v, http.StatusOK); v.State == "done" {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	if v.State != "done" || v.Outcome.Note != "Filter was full of fat." {
		t.Errorf("want the visit done with the technician's note, got %+v", v)
	}
}

// doVisit takes the open visit through its states on the phone.
func doVisit(phone *page) {
	phone.t.Helper()
	phone.click("Start travel")
	phone.see("I have arrived")
	phone.click("I have arrived")
	phone.see("Start work")
	phone.click("Start work")
	phone.see("Done")
	phone.click("Done")
	phone.fill("Note for the office", "Filter was full of fat.")
	phone.shot("tech-close")
	phone.accessible("closing a visit")
	phone.click("Done")
	phone.until("the visit to be closed", `!document.body.innerText.includes('Close the visit')`)
}

func TestThePhoneOpensAndTakesNotesWithoutANetwork(t *testing.T) {
	t.Parallel()
	c := open(t, emptyDatabase(t), "DATA="+t.TempDir())
	phone := browse(t, c.base, handset, true)
	phone.signIn("/tech", "technician")
	phone.see("Start travel")
	phone.until("the service worker to be in charge", `!!navigator.serviceWorker && !!navigator.serviceWorker.controller`)
	phone.open("/tech") // once under the worker, so that everything is kept
	phone.see("Start travel")
	phone.until("the day to be kept", `caches.keys().then ? true : false`)
	time.Sleep(3 * time.Second)
	phone.sound()

	phone.mu.Lock()
	phone.offline = true
	phone.mu.Unlock()
	c.kill()
	phone.open("/tech")
	phone.see("Start travel")
	phone.click("Start travel")
	phone.see("I have arrived")
	phone.shot("tech-offline")
	phone.open("/tech") // what was tapped survives
	phone.see("I have arrived")
	phone.mu.Lock()
	phone.faults = nil // of the time without a server
	phone.mu.Unlock()

	address := "ADDR=" + c.base[len("http://"):]
	c.settings = append(c.settings, address)
	c.start(t)
	travelling := 0
	for range 120 {
		if travelling = int(query[int64](t, c.url, "select count(*) from work.command where kind = 'start_travel' and verdict = 'applied'")); travelling > 0 {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	if travelling != 1 {
		t.Errorf("want what was tapped without a network sent once, got %d times", travelling)
	}
}
