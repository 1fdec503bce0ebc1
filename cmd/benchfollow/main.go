// Command benchfollow measures what following regions costs writers and how soon a commit shows, against the same
// database with the journal's triggers off. It prints ratios; times depend on the machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/crm/region"
	"catchment/geo/postgis"
)

func main() {
	accounts := flag.Int("accounts", 50_000, "number of accounts, one site each")
	clients := flag.Int("clients", 8, "writers at once")
	seconds := flag.Int("seconds", 3, "length of each turn of writing")
	turns := flag.Int("turns", 3, "turns with and without the journal, one after the other; the median counts")
	flag.Parse()
	stand := &scaffold{}
	err := run(stand, *accounts, *clients, *turns, time.Duration(*seconds)*time.Second)
	stand.tidy()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchfollow:", err)
		os.Exit(1)
	}
}

// scaffold lets the test database of package postgis be used outside a test.
type scaffold struct{ undo []func() }

// Helper does nothing here.
func (s *scaffold) Helper() {}

// Fatalf ends the program.
func (s *scaffold) Fatalf(format string, args ...any) {
	s.tidy()
	fmt.Fprintf(os.Stderr, "benchfollow: "+format+"\n", args...)
	os.Exit(1)
}

// Cleanup notes what to undo in the end.
func (s *scaffold) Cleanup(f func()) { s.undo = append(s.undo, f) }

func (s *scaffold) tidy() {
	for _, f := range slices.Backward(s.undo) {
		f()
	}
	s.undo = nil
}

type bench struct {
	store     *crm.Store
	owner     *pgxpool.Pool
	customers *customer.Customers
	records   *record.Records
	ctx       context.Context
	ids       []uuid.UUID
}

func run(stand *scaffold, accounts, clients, turns int, length time.Duration) error {
	url := postgis.TestDatabaseURL(stand)
	b := &bench{store: crm.NewStore(postgis.TestApp(stand, url)), owner: postgis.TestOwner(stand, url), ctx: crm.WithActor(context.Background(), crm.System("bench"))}
	b.customers, b.records = &customer.Customers{Store: b.store}, kinds.Records(b.store)
	if err := b.store.EnsureOrganisation(b.ctx, crm.Organisation{Name: "Bench", Zone: "Europe/Berlin", Currency: "EUR", Language: "en"}); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 2))
	for len(b.ids) < accounts {
		batch := make([]customer.Addition, min(2000, accounts-len(b.ids)))
		for i := range batch {
			id := uuid.Must(uuid.NewV7())
			b.ids = append(b.ids, id)
			batch[i].Account = customer.NewAccount{ID: id, Name: "Account", Stage: "prospect"}
			batch[i].Sites = []customer.NewSite{{Point: orb.Point{6 + r.Float64()*9, 47 + r.Float64()*8}}}
		}
		if _, err := b.customers.AddMany(b.ctx, batch); err != nil {
			return err
		}
	}
	if _, err := b.owner.Exec(b.ctx, `vacuum analyze`); err != nil {
		return err
	}

	regions := region.New(b.store, slog.New(slog.DiscardHandler), "")
	following, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); regions.Run(following) }()
	defer func() { stop(); <-done }()
	if err := regions.CatchUp(b.ctx); err != nil {
		return err
	}

	if err := b.freshness(regions); err != nil {
		return err
	}
	var with, without, bulkWith, bulkWithout []float64
	for range turns {
		for _, journal := range []bool{true, false} {
			if err := b.triggers(journal); err != nil {
				return err
			}
			single, err := b.singles(clients, length)
			if err != nil {
				return err
			}
			bulk, err := b.bulk(min(20_000, accounts))
			if err != nil {
				return err
			}
			if journal {
				with, bulkWith = append(with, single), append(bulkWith, bulk)
			} else {
				without, bulkWithout = append(without, single), append(bulkWithout, bulk)
			}
		}
	}
	fmt.Printf("%-52s %8.0f/s with the journal, %8.0f/s without: %.2f×\n", fmt.Sprintf("changes of a stage, %d clients", clients), middle(with), middle(without), middle(with)/middle(without))
	fmt.Printf("%-52s %8.0f/s with the journal, %8.0f/s without: %.2f×\n", "changes of a stage, 20,000 in one statement", middle(bulkWith), middle(bulkWithout), middle(bulkWith)/middle(bulkWithout))
	return nil
}

func middle(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func (b *bench) triggers(on bool) error {
	do := "disable"
	if on {
		do = "enable"
	}
	_, err := b.owner.Exec(b.ctx, `alter table customer.account `+do+` trigger region_update; alter table customer.site `+do+` trigger region_update`)
	if err == nil && on {
		_, err = b.owner.Exec(b.ctx, `select region.repair()`)
	}
	return err
}

// singles changes the stage of accounts one by one through the domain and returns how many a second.
func (b *bench) singles(clients int, length time.Duration) (float64, error) {
	var n atomic.Int64
	var group sync.WaitGroup
	errs := make(chan error, clients)
	start := time.Now()
	for c := range clients {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(c), uint64(start.UnixNano())))
			for time.Since(start) < length {
				id := b.ids[r.IntN(len(b.ids))]
				a, err := b.customers.Account(b.ctx, id)
				if err == nil {
					stage := customer.Stages[r.IntN(len(customer.Stages))]
					_, err = b.records.ChangeOne(b.ctx, "account", id, a.Version, record.Values{"stage": stage})
				}
				if err != nil && crm.KindOf(err) != crm.Conflict {
					errs <- err
					return
				}
				n.Add(1)
			}
		})
	}
	group.Wait()
	select {
	case err := <-errs:
		return 0, err
	default:
	}
	return float64(n.Load()) / time.Since(start).Seconds(), nil
}

// bulk changes the stages of many accounts in one statement.
func (b *bench) bulk(n int) (float64, error) {
	start := time.Now()
	_, err := b.owner.Exec(b.ctx, `update customer.account set stage = case stage when 'lead' then 'prospect' else 'lead' end where id = any($1)`, b.ids[:n])
	return float64(n) / time.Since(start).Seconds(), err
}

// freshness measures the time from a commit to the answer that shows it.
func (b *bench) freshness(regions *region.Regions) error {
	q := region.Question{Where: []region.Condition{{Of: "stage", In: []string{"customer"}}}}
	var waits []time.Duration
	for i := range 300 {
		before, err := regions.Snapshot(b.ctx, q)
		if err != nil {
			return err
		}
		tx := func(tx pgx.Tx) error {
			_, err := tx.Exec(b.ctx, `update customer.account set stage = 'customer' where id = $1`, b.ids[i])
			return err
		}
		if err := b.store.Write(b.ctx, tx); err != nil {
			return err
		}
		start := time.Now()
		for {
			after, err := regions.Snapshot(b.ctx, q)
			if err != nil {
				return err
			}
			if after.Count > before.Count {
				break
			}
			if time.Since(start) > 10*time.Second {
				return errors.New("a commit does not show within ten seconds")
			}
			time.Sleep(200 * time.Microsecond)
		}
		waits = append(waits, time.Since(start))
	}
	slices.Sort(waits)
	fmt.Printf("%-52s p50 %.1f ms, p99 %.1f ms\n", "commit to snapshot", float64(waits[150].Microseconds())/1000, float64(waits[297].Microseconds())/1000)
	return nil
}
