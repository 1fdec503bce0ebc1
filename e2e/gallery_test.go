package e2e

import "testing"

// Gallery opens every screen for the roles that use it, at desktop and phone size, light and dark: none may be wider
// than its screen, log an error, ask another host or have a serious finding of axe. With SHOTS set to a folder each
// is kept as a picture.
func TestGalleryOfAllScreens(t *testing.T) {
	t.Parallel()
	c := shared.get(t)
	screens := []struct {
		name, path, who, see string
		devices              []device
	}{
		{"day", "/", "dispatcher", "People", []device{desktop, handset}},
		{"visits", "/visits", "dispatcher", "Visits", []device{desktop, handset}},
		{"accounts", "/accounts", "dispatcher", "Accounts", []device{desktop, handset}},
		{"home", "/home", "manager", "Pipeline", []device{desktop, handset}},
		{"leads", "/leads", "manager", "Leads", []device{desktop, handset}},
		{"deals", "/deals", "manager", "Deals", []device{desktop, handset}},
		{"deals-board", "/deals?look=board", "manager", "Negotiation", []device{desktop, handset}},
		{"cases", "/cases", "agent", "Cases", []device{desktop, handset}},
		{"installations", "/installations", "agent", "Installations", []device{desktop, handset}},
		{"contacts", "/contacts", "manager", "Contacts", []device{desktop}},
		{"contracts", "/contracts", "manager", "Contracts", []device{desktop}},
		{"orders", "/orders", "manager", "Orders", []device{desktop}},
		{"products", "/products", "manager", "Products", []device{desktop}},
		{"activities", "/activities", "manager", "Activities", []device{desktop}},
		{"nothing-fits", "/accounts?q=zzzzzz", "manager", "Nothing fits", []device{desktop, handset}},
		{"settings", "/settings", "admin", "Settings", []device{desktop, handset}},
		{"tech", "/tech", "technician", "Start travel", []device{handset, narrow}},
		{"tech-rep", "/tech", "rep", "Start travel", []device{handset}},
	}
	for _, dark := range []bool{false, true} {
		for _, s := range screens {
			for _, d := range s.devices {
				name := s.name + " " + d.name
				if dark {
					name += " dark"
				}
				t.Run(name, func(t *testing.T) {
					p := browse(t, c.base, d, dark)
					p.open(s.path)
					p.see("Log in")
					if s.name == "day" {
						p.shot("login")
						p.accessible("the login")
						p.fitsWidth("the login")
					}
					p.signIn(s.path, s.who)
					p.see(s.see)
					p.until("the screen to be filled", `!document.querySelector('.skeleton') && (document.querySelector('main')?.innerText.length ?? 0) > 60`)
					if s.name == "day" && !d.phone {
						p.mapIdle()
					}
					p.shot(s.name)
					p.fitsWidth(s.name)
					p.accessible(s.name)
					p.sound()
				})
			}
		}
	}
}
