// Command benchbulk measures the bulk path: accounts with coordinates, contact data and two long texts, each told of in the
// event log and the region journal, by the application's role under row-level security, with every index, on a cluster of its
// own that flushes every commit to disk.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/geo/postgis"
)

func main() {
	accounts := flag.Int("accounts", 100_000, "number of accounts, one site each")
	writers := flag.Int("writers", customer.BulkWriters, "connections at once")
	profile := flag.String("profile", "", "write a CPU profile of this program here")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *accounts, *writers, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "benchbulk:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, accounts, writers int, profile string) error {
	folder, err := os.MkdirTemp("", "catchment-bulk-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := os.Chmod(folder, 0o755); err != nil { // PostgreSQL runs under another account when we are root
		return err
	}
	cluster, err := postgis.StartCluster(ctx, folder, postgis.ClusterOptions{})
	if err != nil {
		return err
	}
	defer cluster.Stop()
	url := cluster.URL("postgres")
	if _, err := postgis.Migrate(ctx, url); err != nil {
		return err
	}
	pool, err := postgis.Open(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	b := &bench{crm.NewStore(pool)}
	if profile != "" {
		file, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	return b.run(crm.WithActor(ctx, crm.System("bench")), accounts, writers)
}

type bench struct{ store *crm.Store }

func (b *bench) run(ctx context.Context, accounts, writers int) error {
	if err := b.store.EnsureOrganisation(ctx, crm.Organisation{Name: "Bench", Zone: "Europe/Berlin", Currency: "EUR", Language: "en"}); err != nil {
		return err
	}
	owner, team := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	if _, err := b.store.AddTeam(ctx, team, "Sales"); err != nil {
		return err
	}
	if _, err := b.store.AddStaff(ctx, crm.NewStaff{ID: owner, Name: "Laura Beck", Email: "rep@bench.example", Role: "rep", Language: "en"}); err != nil {
		return err
	}
	n := 0
	r := rand.New(rand.NewPCG(1, 2))
	began := time.Now()
	next := func() ([]customer.Addition, error) {
		batch := make([]customer.Addition, 0, customer.MaxAdditions)
		for ; n < accounts && len(batch) < customer.MaxAdditions; n++ {
			batch = append(batch, addition(r, n, &owner, &team))
		}
		return batch, nil
	}
	c := &customer.Customers{Store: b.store}
	added, err := c.AddBulk(ctx, next, customer.Bulk{Writers: writers})
	if err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Printf("%d accounts with site, events and journal by %d writers: %.1f s, %.0f a second; a million would take %.0f s\n",
		added, writers, took.Seconds(), float64(added)/took.Seconds(), took.Seconds()*1e6/float64(added))
	return nil
}

// names that differ as much as those of a real file.
var first = []string{"Andrea", "Bruno", "Carmen", "Daniel", "Elena", "Felix", "Gabriela", "Hans", "Irene", "Jakob", "Karin", "Lukas", "Monika", "Noah", "Olivia"}

var syllables = []string{"bach", "berg", "dorf", "eck", "feld", "gau", "hof", "heim", "kamp", "lind", "mann", "mühl", "ried", "stein", "thal", "wald", "weiler", "zell"}

func addition(r *rand.Rand, n int, owner, team *uuid.UUID) customer.Addition {
	word := func() string {
		w := syllables[r.IntN(len(syllables))] + syllables[r.IntN(len(syllables))]
		return string(w[0]-32) + w[1:]
	}
	name := first[r.IntN(len(first))] + " " + word()
	phone := fmt.Sprintf("+49 %d %d", 100+r.IntN(900), 100000+r.IntN(9900000))
	return customer.Addition{
		Account: customer.NewAccount{Name: name, Kind: "household", Stage: "prospect", OwnerID: owner, TeamID: team, Phone: phone, Email: fmt.Sprintf("p%d@mail.example", n)},
		Sites: []customer.NewSite{{Street: word() + "weg", HouseNumber: fmt.Sprint(1 + r.IntN(200)), Postcode: fmt.Sprint(10000 + r.IntN(89999)), City: word(), Country: "DE",
			Point: orb.Point{6 + r.Float64()*9, 47 + r.Float64()*8}, ContactName: name, ContactPhone: phone, Source: "import"}},
	}
}
