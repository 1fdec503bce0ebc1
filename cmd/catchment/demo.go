package main

import (
	"context"

	"catchment/crm"
	"catchment/crm/work"
	"catchment/demo"
	"catchment/geo/extract"
	"catchment/geo/geocode"
	"catchment/web/login"
)

// ensureDemo loads the demo company into an empty database and returns the day that is to be planned: the next
// working day.
func (h *house) ensureDemo(ctx context.Context, accounts int) (work.Day, error) {
	_, err := h.store.Organisation(asSystem(ctx, "set-up"))
	missing := crm.KindOf(err) == crm.NotFound
	if err == nil {
		missing, err = demo.Unfinished(asSystem(ctx, "set-up"), h.store) // killed on the way
	}
	if missing {
		err = h.loadDemo(ctx, accounts, 1)
	}
	return work.NextWorkingDay(h.store.Now(), h.zone(ctx)), err
}

// loadDemo loads the demo company as far as it is not there yet.
func (h *house) loadDemo(ctx context.Context, accounts int, seed int64) error {
	return step("demo company", func(progress func(float64)) error {
		return demo.Load(asSystem(ctx, "demo"), demo.Options{
			Store: h.store, Work: h.work, Customers: h.customers, Accounts: accounts, Seed: uint64(seed), Hash: login.Hash, Progress: progress,
			Addresses: &geocode.Geocoder{DB: h.pool, InForce: extract.NewWatch(h.pool).IDs},
		})
	})
}

// demoLogins returns a login for each role of the demo company, none if this is a real one.
func (h *house) demoLogins(ctx context.Context) ([]demo.Login, error) {
	return demo.Logins(asSystem(ctx, "set-up"), h.store)
}
