package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"catchment/crm"
	"catchment/crm/queue"
	"catchment/geo/postgis"
)

var full = flag.Bool("full", false, "10,000 events instead of 400")

// station is an outbox on a database of its own, with a receiver in memory and a clock moved by hand.
type station struct {
	*Outbox
	t     *testing.T
	owner *pgxpool.Pool
	admin crm.Staff
	now   time.Time

	mu     sync.Mutex
	calls  []Call
	answer func(n int, c Call) (int, error) // 200 if nil
}

func newStation(t *testing.T) *station {
	t.Helper()
	url := postgis.TestDatabaseURL(t)
	pool := postgis.TestApp(t, url)
	store := crm.NewStore(pool)
	s := &station{t: t, owner: postgis.TestOwner(t, url), now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	store.Now = func() time.Time { return s.now }
	jobs, err := queue.Inserter(pool, slog.New(slog.DiscardHandler))
	must(t, err)
	s.Outbox = &Outbox{Store: store, Jobs: jobs, Log: slog.New(slog.DiscardHandler), Post: s.post,
		Reads: func(kind string) (crm.Right, bool) {
			right, known := map[string]crm.Right{"account": crm.AccountRead, "deal": crm.DealRead, "staff": crm.StaffRead}[kind]
			return right, known
		}}
	must(t, store.EnsureOrganisation(s.system(), crm.Organisation{Name: "Test", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}))
	s.admin, err = store.AddStaff(s.system(), crm.NewStaff{Name: "Ada Min", Email: "ada@example.org", Role: "administrator"})
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *station) system() context.Context {
	return crm.WithActor(context.Background(), crm.System("test"))
}

func (s *station) as(id uuid.UUID) context.Context {
	a, err := s.Store.ActorOf(context.Background(), id)
	must(s.t, err)
	return crm.WithActor(context.Background(), a)
}

func (s *station) post(_ context.Context, c Call) (int, error) {
	s.mu.Lock()
	s.calls = append(s.calls, c)
	n := len(s.calls)
	s.mu.Unlock()
	if s.answer == nil {
		return 200, nil
	}
	return s.answer(n, c)
}

// happen appends events of an account and returns its id.
func (s *station) happen(ctx context.Context, kind string, id uuid.UUID, verbs ...string) {
	s.t.Helper()
	must(s.t, s.Store.Write(ctx, func(tx pgx.Tx) error {
		for i, verb := range verbs {
			changes := crm.Changes{}
			changes.Set("class", nil, i)
			changes.SetPrivate("name", nil, "Canary "+verb)
			if err := crm.Append(ctx, tx, crm.Event{Verb: verb, Kind: kind, ID: id, Changes: changes}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// follow reads the log to where it stands now. Transactions of other tests on the server hold the horizon back for moments.
func (s *station) follow() {
	s.t.Helper()
	var now uint64
	must(s.t, s.owner.QueryRow(context.Background(), `select pg_current_xact_id()::text::bigint`).Scan(&now))
	for range 3000 {
		more, err := s.Follow(context.Background())
		must(s.t, err)
		var past bool
		must(s.t, s.owner.QueryRow(context.Background(), `select xid > $1::text::xid8 from outbox.position`, fmt.Sprint(now)).Scan(&past))
		if past && !more {
			return
		}
		if !more {
			time.Sleep(10 * time.Millisecond)
		}
	}
	s.t.Fatal("the horizon does not move")
}

// settleAll delivers until nothing is waiting, moving the clock on.
func (s *station) settleAll(endpoint uuid.UUID) {
	s.t.Helper()
	s.follow()
	s.deliverAll(endpoint)
}

func (s *station) deliverAll(endpoint uuid.UUID) {
	s.t.Helper()
	for idle := 0; idle < 60; {
		n, err := s.Deliver(context.Background(), endpoint)
		must(s.t, err)
		if n > 0 {
			idle = 0
			continue
		}
		var left int
		must(s.t, s.owner.QueryRow(context.Background(), `select count(*) from outbox.message where state = 'queued'`).Scan(&left))
		if left == 0 {
			return
		}
		idle++
		s.now = s.now.Add(time.Hour)
	}
}

func (s *station) endpoint(ctx context.Context, events ...string) (Endpoint, string) {
	s.t.Helper()
	e, secret, err := s.AddEndpoint(ctx, uuid.Nil, "ERP", "https://example.org/hook", events)
	must(s.t, err)
	return e, secret
}

func TestWhichEventsAPatternNames(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		pattern, event string
		want           bool
	}{
		{"*", "account.changed", true}, {"account.*", "account.changed", true}, {"account.changed", "account.changed", true},
		{"*.changed", "account.changed", true}, {"account.removed", "account.changed", false}, {"deal.*", "account.changed", false},
		{"account.*", "account_group.changed", false},
	} {
		if got := Matches(row.pattern, row.event); got != row.want {
			t.Errorf("%s of %s: want %v, got %v", row.pattern, row.event, row.want, got)
		}
	}
}

// The example of the Standard Webhooks reference libraries (standard-webhooks/libraries, their test vectors).
func TestTheSignatureIsThatOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	got := Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	want := map[string]string{"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
		"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	want := []time.Duration{5 * time.Second, 20 * time.Second, 80 * time.Second, 320 * time.Second, 1280 * time.Second, 5120 * time.Second, 20480 * time.Second, 6 * time.Hour, 6 * time.Hour}
	var got []time.Duration
	for attempts := 1; attempts < maxAttempts; attempts++ {
		got = append(got, wait(attempts, 0.5))
		if low, high := wait(attempts, 0), wait(attempts, 1); low >= high || high-low > 2*got[attempts-1]/5+1 {
			t.Errorf("attempt %d: pauses from %v to %v", attempts, low, high)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// P5: of many events and a receiver that fails three times in ten none is lost, and those of each record arrive in order.
func TestNoEventIsLostAndRecordsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	events, records := 400, 23
	if *full {
		events = 10_000
	}
	s := newStation(t)
	admin := s.as(s.admin.ID)
	e, _ := s.endpoint(admin, "account.*")
	ids := make([]uuid.UUID, records)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7())
	}
	for i := 0; i < events; i += 100 {
		ctx := admin
		must(t, s.Store.Write(ctx, func(tx pgx.Tx) error {
			var all []crm.Event
			for j := range 100 {
				changes := crm.Changes{}
				changes.Set("n", nil, i+j)
				all = append(all, crm.Event{Verb: "changed", Kind: "account", ID: ids[(i+j)%records], Changes: changes})
			}
			return crm.AppendAll(ctx, tx, all)
		}))
	}
	type told struct {
		Data struct {
			EntityID uuid.UUID         `json:"entity_id"`
			Changes  map[string][2]int `json:"changes"`
		} `json:"data"`
	}
	attempts, accepted := map[string]int{}, map[string]int{}
	order := map[uuid.UUID][]int{}
	doubled := 0
	s.answer = func(_ int, c Call) (int, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		id := c.Headers["webhook-id"]
		attempts[id]++
		sum := fnv.New32a()
		fmt.Fprint(sum, string(c.Body), attempts[id])
		switch chance := sum.Sum32() % 100; {
		case chance < 10:
			return 0, errors.New("connection refused")
		case chance < 25:
			return 503, nil
		}
		var m told
		if err := json.Unmarshal(c.Body, &m); err != nil {
			t.Error(err)
		}
		if accepted[id]++; accepted[id] > 1 {
			doubled++
		}
		order[m.Data.EntityID] = append(order[m.Data.EntityID], m.Data.Changes["n"][1])
		if sum.Sum32()%100 < 30 { // it took it, but its answer was lost
			return 0, errors.New("connection reset")
		}
		return 200, nil
	}
	s.settleAll(e.ID)
	if diff := cmp.Diff(events, len(accepted)); diff != "" {
		t.Errorf("events that arrived:\n%s", diff)
	}
	for id, numbers := range order {
		if numbers = slices.Compact(numbers); !slices.IsSorted(numbers) {
			t.Errorf("record %s: arrived as %v", id, numbers)
		}
	}
	var sent, dead int
	must(t, s.owner.QueryRow(t.Context(), `select count(*) filter (where state = 'sent'), count(*) filter (where state = 'dead') from outbox.message`).Scan(&sent, &dead))
	if sent+dead != events || dead > events/100 {
		t.Errorf("%d sent and %d dead of %d", sent, dead, events)
	}
	if doubled == 0 {
		t.Error("no answer was lost: the receiver does not test repetition")
	}
	t.Logf("%d events, %d calls, %d doubled under their id, %d dead", events, len(s.calls), doubled, dead)
}

func TestAnEventThatCommitsLateIsTold(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	admin := s.as(s.admin.ID)
	e, _ := s.endpoint(admin, "account.*")
	early, inside, goOn := uuid.New(), make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.Store.Write(admin, func(tx pgx.Tx) error {
			err := crm.Append(admin, tx, crm.Event{Verb: "changed", Kind: "account", ID: early})
			close(inside)
			<-goOn
			return err
		})
	}()
	<-inside
	s.happen(admin, "account", uuid.New(), "added") // later number, earlier commit
	_, err := s.Follow(t.Context())
	must(t, err)
	s.deliverAll(e.ID)
	if len(s.calls) != 0 {
		t.Errorf("told of what stands behind an open transaction: %d", len(s.calls))
	}
	close(goOn)
	must(t, <-done)
	s.settleAll(e.ID)
	var text []string
	for _, c := range s.calls {
		text = append(text, string(c.Body))
	}
	if all := strings.Join(text, " "); !strings.Contains(all, early.String()) || len(text) != 2 {
		t.Errorf("want all told, got %s", all)
	}
}

func TestAnEndpointIsToldWhatItsMakerMaySee(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	role := crm.RoleRow{Code: "bridge", Title: "Bridge", Scope: crm.ScopeOwn, Rights: []crm.Right{crm.SignedIn, crm.WebhookWrite, crm.AccountRead}}
	_, err := s.Store.AddRole(s.system(), role)
	must(t, err)
	bob, err := s.Store.AddStaff(s.system(), crm.NewStaff{Name: "Bob", Email: "bob@example.org", Role: "bridge"})
	must(t, err)
	mine, _ := s.endpoint(s.as(bob.ID), "*")
	narrow := s.as(s.admin.ID)
	actor, _ := crm.ActorFrom(narrow)
	actor.Rights = []crm.Right{crm.SignedIn, crm.WebhookWrite, crm.DealRead} // as a token of hers has them
	token, _ := s.endpoint(crm.WithActor(context.Background(), actor), "*")

	theirs := uuid.New()
	s.happen(s.as(s.admin.ID), "account", theirs, "added")
	s.happen(s.as(s.admin.ID), "deal", uuid.New(), "changed")
	own := uuid.New()
	s.happen(s.as(bob.ID), "account", own, "added")
	s.settleAll(mine.ID)
	s.settleAll(token.ID)
	var types []string
	for _, c := range s.calls {
		var m Event
		must(t, json.Unmarshal(c.Body, &m))
		types = append(types, m.Type)
		if strings.Contains(string(c.Body), theirs.String()) {
			t.Errorf("told of a foreign account: %s", c.Body)
		}
	}
	slices.Sort(types)
	if diff := cmp.Diff([]string{"account.added", "deal.changed"}, types); diff != "" {
		t.Error(diff)
	}
	if _, err := s.Endpoint(s.as(bob.ID), token.ID); crm.KindOf(err) != crm.NotFound {
		t.Errorf("a foreign endpoint: got %v", err)
	}
	if list, err := s.Endpoints(s.as(bob.ID)); err != nil || len(list) != 1 {
		t.Errorf("his endpoints: %d, %v", len(list), err)
	}

	// What was forgotten since it was queued is told without its values; who leaves is told nothing.
	s.calls = nil
	s.happen(s.as(bob.ID), "account", own, "changed")
	s.follow()
	_, err = s.owner.Exec(t.Context(), `delete from crm.private_value`)
	must(t, err)
	s.settleAll(mine.ID)
	if len(s.calls) != 1 || strings.Contains(string(s.calls[0].Body), "Canary") {
		t.Errorf("forgotten values: %s", s.calls)
	}
	s.happen(s.as(bob.ID), "account", own, "changed")
	s.follow()
	off := false
	_, err = s.Store.ChangeStaff(s.system(), bob.ID, bob.Version, crm.StaffChange{Active: &off})
	must(t, err)
	if n, err := s.Deliver(t.Context(), mine.ID); err != nil || n != 0 || len(s.calls) != 1 {
		t.Errorf("told somebody who left: %d, %v", n, err)
	}
	if e, err := s.Endpoint(s.as(s.admin.ID), mine.ID); err != nil || e.Active || e.PausedBecause == "" {
		t.Errorf("still active: %+v, %v", e, err)
	}
}

func TestDeadLettersAndReplay(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	admin := s.as(s.admin.ID)
	e, _ := s.endpoint(admin, "account.*")
	id := uuid.New()
	s.happen(admin, "account", id, "added", "changed")
	s.answer = func(_ int, c Call) (int, error) {
		if strings.Contains(string(c.Body), "account.added") {
			return 500, nil
		}
		return 200, nil
	}
	s.settleAll(e.ID)
	page, err := s.Messages(admin, e.ID, "", "", 0)
	must(t, err)
	if len(page.Items) != 2 || page.Items[0].State != "sent" || page.Items[1].State != "dead" || page.Items[1].Attempts != maxAttempts || *page.Items[1].Status != 500 {
		t.Fatalf("messages: %+v", page.Items)
	}
	dead := page.Items[1]
	s.answer, s.calls = nil, nil
	again, err := s.Replay(admin, e.ID, dead.ID)
	must(t, err)
	if again.State != "queued" || again.Attempts != 0 {
		t.Errorf("replayed: %+v", again)
	}
	s.settleAll(e.ID)
	if len(s.calls) != 1 || s.calls[0].Headers["webhook-id"] != dead.ID.String() {
		t.Errorf("want it again under its id, got %v", s.calls)
	}
	s.calls = nil
	n, err := s.ReplaySince(admin, e.ID, s.now.Add(-1000*time.Hour), false)
	must(t, err)
	s.settleAll(e.ID)
	if n != 2 || len(s.calls) != 2 || !strings.Contains(string(s.calls[0].Body), "account.added") {
		t.Errorf("want both again in order, got %d, %v", n, s.calls)
	}
	if _, err := s.Replay(admin, uuid.New(), dead.ID); crm.KindOf(err) != crm.NotFound {
		t.Errorf("of another endpoint: got %v", err)
	}
	if _, err := s.Test(admin, e.ID); err != nil {
		t.Error(err)
	}
	s.calls = nil
	s.settleAll(e.ID)
	if len(s.calls) != 1 || !strings.Contains(string(s.calls[0].Body), TestType) {
		t.Errorf("the test: %v", s.calls)
	}
}

func TestTheFormerSecretSignsForADay(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	admin := s.as(s.admin.ID)
	e, first := s.endpoint(admin, "account.*")
	e, second, err := s.RotateSecret(admin, e.ID, e.Version)
	must(t, err)
	for _, row := range []struct {
		name  string
		later time.Duration
		want  []string
	}{
		{"within a day both sign", 23 * time.Hour, []string{second, first}},
		{"after it the new one alone", 2 * time.Hour, []string{second}},
	} {
		s.now, s.calls = s.now.Add(row.later), nil
		s.happen(admin, "account", uuid.New(), "changed")
		s.settleAll(e.ID)
		c := s.calls[0]
		if diff := cmp.Diff(Sign(c.Headers["webhook-id"], s.now, c.Body, row.want...)["webhook-signature"], c.Headers["webhook-signature"]); diff != "" {
			t.Errorf("%s:\n%s", row.name, diff)
		}
	}
	if first == second || !strings.HasPrefix(second, secretPrefix) {
		t.Errorf("secrets %s, %s", first, second)
	}
}

func TestAReceiverThatIsAwayHoldsTheEndpointUp(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	admin := s.as(s.admin.ID)
	e, _ := s.endpoint(admin, "account.*")
	for range 20 {
		s.happen(admin, "account", uuid.New(), "added")
	}
	s.answer = func(int, Call) (int, error) { return 0, errors.New("no route to host") }
	s.follow()
	for range 5 {
		_, err := s.Deliver(t.Context(), e.ID)
		must(t, err)
	}
	if diff := cmp.Diff(batchSize, len(s.calls)); diff != "" {
		t.Errorf("calls before the endpoint is held:\n%s", diff)
	}
	s.answer = func(int, Call) (int, error) { return 410, nil }
	s.now = s.now.Add(time.Hour)
	_, err := s.Deliver(t.Context(), e.ID)
	must(t, err)
	if e, err := s.Endpoint(admin, e.ID); err != nil || e.Active || !strings.Contains(e.PausedBecause, "410") {
		t.Errorf("after 410 Gone: %+v, %v", e, err)
	}
}

func TestWhatAnEndpointMayBe(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	admin := s.as(s.admin.ID)
	for _, row := range []struct {
		name, url, field string
		events           []string
	}{
		{"an address that is none", "example", "url", []string{"*"}},
		{"an address with a password", "https://a:b@example.org", "url", []string{"*"}},
		{"a file", "file:///etc/passwd", "url", []string{"*"}},
		{"no events", "https://example.org", "events", nil},
		{"an event that is none", "https://example.org", "events[1]", []string{"*", "account"}},
	} {
		_, _, err := s.AddEndpoint(admin, uuid.Nil, "x", row.url, row.events)
		var e *crm.Error
		if !errors.As(err, &e) || e.Field != row.field {
			t.Errorf("%s: got %v", row.name, err)
		}
	}
	e, _ := s.endpoint(admin, "*")
	second, err := s.Store.AddStaff(s.system(), crm.NewStaff{Name: "Eve", Email: "eve@example.org", Role: "administrator"})
	must(t, err)
	where := "https://example.net/mine"
	changed, err := s.ChangeEndpoint(s.as(second.ID), e.ID, e.Version, EndpointChange{URL: &where})
	must(t, err)
	if changed.StaffID != second.ID {
		t.Error("who leads it elsewhere does not become its maker")
	}
	if _, err := s.ChangeEndpoint(admin, e.ID, e.Version, EndpointChange{URL: &where}); crm.KindOf(err) != crm.Conflict {
		t.Errorf("an older version: got %v", err)
	}
	must(t, s.RemoveEndpoint(admin, e.ID, changed.Version))
}

// The whole chain: an event, the follower, a job, a call.
func TestWorkersDeliver(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	admin := s.as(s.admin.ID)
	s.endpoint(admin, "account.*")
	workers := river.NewWorkers()
	river.AddWorker(workers, &Deliverer{Outbox: s.Outbox})
	client, err := queue.Worker(s.Store.Pool, workers, map[string]int{Queue: 2}, slog.New(slog.DiscardHandler))
	must(t, err)
	must(t, client.Start(t.Context()))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	arrived := make(chan struct{}, 10)
	s.answer = func(int, Call) (int, error) { arrived <- struct{}{}; return 200, nil }
	go func() { ended <- s.Run(ctx, 20*time.Millisecond) }()
	s.happen(admin, "account", uuid.New(), "added")
	select {
	case <-arrived:
	case <-time.After(20 * time.Second):
		t.Error("nothing arrived")
	}
	stop()
	must(t, <-ended)
	must(t, client.StopAndCancel(context.Background()))
}
