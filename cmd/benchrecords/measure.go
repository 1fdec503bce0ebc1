package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/geo/postgis"
)

// bench asks questions as people of each scope.
type bench struct {
	store   *crm.Store
	records *record.Records
	people  []person
	repeat  int
	chance  *rand.Rand
}

type person struct {
	scope string
	ctx   context.Context
}

func measure(ctx context.Context, url, only string, repeat int) error {
	pool, err := postgis.Open(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	store := crm.NewStore(pool)
	b := &bench{store: store, records: kinds.Records(store), repeat: repeat, chance: rand.New(rand.NewPCG(1, 2))}
	system := crm.WithActor(ctx, crm.System("bench"))
	var rep, team uuid.UUID
	if err := store.Read(system, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select a.owner_id, a.team_id from customer.account a order by no limit 1`).Scan(&rep, &team)
	}); err != nil {
		return err
	}
	all := crm.Roles()[0].Rights
	for _, a := range []crm.Actor{{ID: rep, Name: "all", Scope: crm.ScopeAll}, {ID: rep, Name: "teams", Scope: crm.ScopeTeams, Teams: []uuid.UUID{team}}, {ID: rep, Name: "own", Scope: crm.ScopeOwn}} {
		a.Rights = all
		b.people = append(b.people, person{a.Name, crm.WithActor(ctx, a)})
	}
	if err := b.timed("(nothing: a transaction that asks who acts)", func(ctx context.Context, _ int) (int, error) {
		return 0, store.Read(ctx, func(pgx.Tx) error { return nil })
	}); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		ask  func() error
	}{{"search", b.search}, {"duplicates", b.duplicates}, {"lists", b.lists}} {
		if only == "" || only == part.name {
			if err := part.ask(); err != nil {
				return err
			}
		}
	}
	return nil
}

// timed asks a question as each person and prints median and 99th of hundred; the first answers, from a cold cache, count.
func (b *bench) timed(what string, ask func(ctx context.Context, n int) (int, error)) error {
	for _, p := range b.people {
		times := make([]time.Duration, b.repeat)
		found := 0
		for i := range times {
			start := time.Now()
			n, err := ask(p.ctx, i)
			if err != nil {
				return fmt.Errorf("%s as %s: %w", what, p.scope, err)
			}
			times[i] = time.Since(start)
			found += n
		}
		slices.Sort(times)
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		fmt.Printf("  %-52s %-6s median %7.1f ms  p99 %7.1f ms  %6.1f found\n", what, p.scope, ms(times[len(times)/2]), ms(times[(len(times)*99-1)/100]), float64(found)/float64(b.repeat))
	}
	return nil
}

// lists measures every order of every kind, further pages and common filters.
func (b *bench) lists() error {
	list := func(kind string, q record.Query) func(context.Context, int) (int, error) {
		return func(ctx context.Context, _ int) (int, error) {
			page, err := b.records.List(ctx, kind, q)
			return len(page.Items), err
		}
	}
	for _, name := range []string{"account", "contact", "site", "lead", "deal", "order", "installation", "contract", "case"} {
		k, err := b.records.Kind(name)
		if err != nil {
			return err
		}
		for _, field := range k.Sortable() {
			for _, sign := range []string{"", "-"} {
				if err := b.timed(name+" by "+sign+field, list(name, record.Query{Sort: sign + field})); err != nil {
					return err
				}
			}
		}
	}
	for _, f := range []struct{ kind, filter string }{
		{"account", "stage = customer"}, {"account", "stage = won_back"}, {"account", "class = A and stage in (customer, at_risk)"}, {"account", "owner_id = me"},
		{"account", `name ~ "steiner"`}, {"account", "near(7.1, 47.3, 5000)"}, {"account", "has deals(stage = won)"}, {"contact", "account.class = A"},
		{"deal", "stage = proposal and amount > 1000000"}, {"deal", "open = true and close_on < today+30d"}, {"case", "state = new"}, {"order", "ordered_on > today-7d"},
		{"installation", `serial ~ "SN00"`},
	} {
		if err := b.timed(f.kind+": "+f.filter, list(f.kind, record.Query{Filter: f.filter})); err != nil {
			return err
		}
	}
	return nil
}

// search measures the search box with words drawn from what is there.
func (b *bench) search() error {
	type known struct{ Name, Email, Phone, Number string }
	var accounts []known
	system := crm.WithActor(context.Background(), crm.System("bench"))
	if err := b.store.Read(system, func(tx pgx.Tx) error {
		rows, _ := tx.Query(system, `select name, email, phone, number from customer.account where no % 997 = 5 order by no limit 500`)
		var err error
		accounts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[known])
		return err
	}); err != nil {
		return err
	}
	b.chance.Shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
	slip := func(word string, n int) string { // one letter less
		r := []rune(word)
		at := 1 + n%max(1, len(r)-2)
		return string(slices.Delete(r, at, at+1))
	}
	for _, q := range []struct {
		what string
		text func(a known, n int) string
	}{
		{"search: two letters", func(a known, n int) string { return a.Name[:2] }},
		{"search: a name begun", func(a known, n int) string { return string([]rune(a.Name)[:5]) }},
		{"search: first word of a name", func(a known, n int) string { return strings.Fields(a.Name)[0] }},
		{"search: last word of a name", func(a known, n int) string { w := strings.Fields(a.Name); return w[len(w)-1] }},
		{"search: a whole name", func(a known, n int) string { return a.Name }},
		{"search: a slip in one word", func(a known, n int) string { return slip(strings.Fields(a.Name)[0], n) }},
		{"search: a slip in each of two words", func(a known, n int) string { w := strings.Fields(a.Name); return slip(w[0], n) + " " + slip(w[1], n) }},
		{"search: nothing like it", func(a known, n int) string { return "qwx" + a.Email[:3] + "vbz" }},
		{"search: an e-mail", func(a known, n int) string { return a.Email }},
		{"search: a telephone number", func(a known, n int) string { return "0" + strings.TrimPrefix(a.Phone, "+41 ") }},
		{"search: a number", func(a known, n int) string { return a.Number }},
		{"search: boiler", func(known, int) string { return "boiler" }},
		{"search: street and town", func(a known, n int) string { return "hauptstrasse " + strings.ToLower(strings.Fields(a.Name)[0][:3]) }},
	} {
		if err := b.timed(q.what, func(ctx context.Context, n int) (int, error) {
			hits, err := b.records.Search(ctx, record.SearchQuery{Text: q.text(accounts[n%len(accounts)], n)})
			return len(hits), err
		}); err != nil {
			return err
		}
	}
	return nil
}

// duplicates compares a stretch of the records with all others, and measures the check for those who type.
func (b *bench) duplicates() error {
	system := crm.WithActor(context.Background(), crm.System("bench"))
	compared, start := 0, time.Now()
	for time.Since(start) < 20*time.Second {
		n, err := b.records.CompareSome(system)
		if err != nil {
			return err
		}
		if compared += n; n == 0 {
			break
		}
	}
	if compared > 0 {
		fmt.Printf("  %-52s %8.0f records a second\n", "duplicates: compared with all others", float64(compared)/time.Since(start).Seconds())
	}
	type known struct{ Name, Phone, Email string }
	var accounts []known
	if err := b.store.Read(system, func(tx pgx.Tx) error {
		rows, _ := tx.Query(system, `select name, phone, email from customer.account where no % 997 = 5 order by no limit 500`)
		var err error
		accounts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[known])
		return err
	}); err != nil {
		return err
	}
	return b.timed("duplicates: the check while typing", func(ctx context.Context, n int) (int, error) {
		a := accounts[n%len(accounts)]
		found, err := b.records.CheckDuplicates(ctx, "account", record.Draft{Name: a.Name, Phone: a.Phone, Email: a.Email, Point: &orb.Point{7.1, 47.3}, Postcode: "1017", Street: "Hauptstrasse", House: "1"})
		return len(found), err
	})
}
