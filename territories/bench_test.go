package territories_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm/customer"
	"catchment/geo/hex"
	"catchment/territories"
)

// BenchmarkPublish fills a model of 100 territories over ACCOUNTS (100,000) accounts and puts it in force.
func BenchmarkPublish(b *testing.B) {
	n := 100_000
	if text := os.Getenv("ACCOUNTS"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	l := newLand(b)
	account, err := l.customers.AddAccount(l.ctx, customer.NewAccount{Name: "Many"})
	must(b, err)
	chance := rand.New(rand.NewPCG(1, 2))
	cells := map[uint64]bool{}
	for made := 0; made < n; made += 20_000 {
		var lons, lats []float64
		var places []int64
		for range min(20_000, n-made) {
			at := orb.Point{6 + 8*chance.Float64(), 47.5 + 6*chance.Float64()}
			fine, err := hex.PlaceCell(at)
			must(b, err)
			coarse, err := hex.Parent(uint64(fine), 6)
			must(b, err)
			cells[coarse] = true
			lons, lats, places = append(lons, at[0]), append(lats, at[1]), append(places, fine)
		}
		must(b, l.Store.Write(l.ctx, func(tx pgx.Tx) error {
			_, err := tx.Exec(l.ctx, `
				insert into customer.site (id, account_id, point, cell, zone, source, postcode)
				select gen_random_uuid(), $1, ST_SetSRID(ST_MakePoint(lon, lat), 4326), cell, 'Europe/Berlin', 'synthetic', '9490'
				from unnest($2::float8[], $3::float8[], $4::bigint[]) as u (lon, lat, cell)`, account.ID, lons, lats, places)
			return err
		}))
	}
	names := make([]string, 100)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	model, ids := l.model(b, "2027", names...)
	rules := make([]territories.Rule, 0, len(cells))
	for cell := range cells {
		rules = append(rules, territories.Rule{TerritoryID: ids[strconv.Itoa(int(cell>>20)%100)], Cell: cell})
	}
	must(b, l.AddRules(l.ctx, model, rules))
	for b.Loop() {
		var longest time.Duration
		began := time.Now()
		for done := false; !done; {
			start := time.Now()
			done, err = l.Fill(l.ctx, model)
			must(b, err)
			longest = max(longest, time.Since(start))
		}
		filled := time.Since(began)
		began = time.Now()
		must(b, l.Activate(l.ctx, model))
		b.ReportMetric(filled.Seconds(), "s-to-fill")
		b.ReportMetric(longest.Seconds(), "s-longest-chunk")
		b.ReportMetric(time.Since(began).Seconds()*1000, "ms-to-switch")
		b.ReportMetric(float64(len(rules)), "cells")
	}
}
