package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// rounds is how often each kind of work is cut off by a kill -9 at a random moment.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("KILL_ROUNDS")); err == nil {
		return n
	}
	return 20
}

// query asks the database behind a company, as its owner.
func query[T any](t testing.TB, url, sql string, args ...any) T {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var v T
	if err := conn.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// state is what of the business must be neither lost nor doubled.
func state(t testing.TB, url string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for name, sql := range map[string]string{
		"visits":   "select count(*) from work.visit",
		"accounts": "select count(*) from customer.account",
		"on routes twice": `select count(*) from (select visit_id from work.route_stop where visit_id is not null
			group by visit_id having count(*) > 1) d`,
		"dispatched without a stop": `select count(*) from work.visit v where v.state = 'dispatched'
			and not exists (select from work.route_stop s where s.visit_id = v.id)`,
		"stops of visits planned elsewhere": `select count(*) from work.route_stop s join work.route r on r.id = s.route_id
			join work.visit v on v.id = s.visit_id where v.resource_id is distinct from r.resource_id`,
		"applied commands without an event": `select count(*) from work.command c where c.verdict = 'applied' and not exists
			(select from crm.event e where e.entity_id = c.visit_id and e.entity_kind = 'visit')`,
		"maps in force": "select count(*) from extract.generation where state = 'active'",
	} {
		out[name] = query[int64](t, url, sql)
	}
	return out
}

// sound demands that nothing contradicts itself.
func sound(t testing.TB, url string) {
	t.Helper()
	s := state(t, url)
	for _, never := range []string{"on routes twice", "dispatched without a stop", "stops of visits planned elsewhere", "applied commands without an event"} {
		if s[never] != 0 {
			t.Errorf("%s: want 0, got %d", never, s[never])
		}
	}
	if s["maps in force"] != 1 {
		t.Errorf("maps in force: want 1, got %d", s["maps in force"])
	}
}

func TestKilledWhileImportingTheOldMapStaysInForce(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	url := emptyDatabase(t)
	settings := []string{"DATABASE_URL=" + url, "DATA=" + data}
	began := time.Now()
	first := launch(t, settings, "import", "osm", "town")
	<-first.ended
	if first.err != nil {
		t.Fatalf("the first import: %v\n%s", first.err, first.out.text())
	}
	took := time.Since(began)
	other := filepath.Join(data, "other.osm.pbf")
	town, err := os.ReadFile(filepath.Join(data, "extracts", "town.osm.pbf"))
	if err != nil {
		t.Fatal(err)
	}
	files := func(generation int64) int64 {
		return query[int64](t, url, "select count(*) from basemap.road where generation = $1", generation)
	}
	for i := range rounds() {
		// The same town with another header is another extract. The block is one readers skip.
		if err := os.WriteFile(other, append(town, unknownBlock(i)...), 0o644); err != nil {
			t.Fatal(err)
		}
		before := query[int64](t, url, "select max(id) from extract.generation where state = 'active'")
		p := launch(t, settings, "import", "osm", other)
		select {
		case <-p.ended:
		case <-time.After(time.Duration(rand.Int64N(int64(took)))):
			p.kill()
		}
		after := query[int64](t, url, "select max(id) from extract.generation where state = 'active'")
		if n := query[int64](t, url, "select count(*) from extract.generation where state = 'active'"); n != 1 {
			t.Fatalf("round %d: want one map in force, got %d", i, n)
		}
		if after == before && files(before) == 0 {
			t.Fatalf("round %d: the old map is in force and empty", i)
		}
		if files(after) == 0 {
			t.Fatalf("round %d: the map in force is empty", i)
		}
	}
	p := launch(t, settings, "import", "osm", other)
	<-p.ended
	if p.err != nil {
		t.Fatalf("the import after all the kills: %v\n%s", p.err, p.out.text())
	}
	if n := query[int64](t, url, "select count(*) from extract.generation where state = 'loading'"); n != 0 {
		t.Errorf("want nothing left half done, got %d", n)
	}
}

func TestKilledWhilePlanningTheSearchResumes(t *testing.T) {
	t.Parallel()
	c := open(t, emptyDatabase(t), "DATA="+t.TempDir())
	before := state(t, c.url)
	for i := range rounds() {
		k := c.signIn(t, "dispatcher")
		day := plannedDay(k)
		var plan struct{ ID uuid.UUID }
		k.call(http.MethodPost, "/plans", map[string]any{"date": day, "seconds": 2, "seed": i + 1}, &plan, http.StatusAccepted)
		time.Sleep(time.Duration(rand.Int64N(int64(2500 * time.Millisecond))))
		c.restart(t)
		k = c.signIn(t, "dispatcher")
		awaitPlan(t, k, plan.ID, "ready")
	}
	if n := query[int64](t, c.url, "select count(*) from dispatch.plan where state in ('queued', 'running', 'failed')"); n != 0 {
		t.Errorf("want every plan finished, got %d that are not", n)
	}
	if diff := cmp.Diff(before, state(t, c.url)); diff != "" {
		t.Errorf("planning alone changes nothing (-before +after)\n%s", diff)
	}
}

func TestKilledWhilePublishingADayIsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	c := open(t, emptyDatabase(t), "DATA="+t.TempDir())
	before := state(t, c.url)
	for i := range rounds() {
		k := c.signIn(t, "dispatcher")
		var plan struct{ ID uuid.UUID }
		k.call(http.MethodPost, "/plans", map[string]any{"date": plannedDay(k), "iterations": 300, "seed": i + 1}, &plan, http.StatusAccepted)
		awaitPlan(t, k, plan.ID, "ready")
		done := make(chan struct{})
		go func() {
			defer close(done)
			k.try(http.MethodPost, "/plans/"+plan.ID.String()+"/publish", nil, nil)
		}()
		time.Sleep(time.Duration(rand.Int64N(int64(400 * time.Millisecond))))
		c.kill()
		<-done
		onRoutes := query[int64](t, c.url, "select count(*) from work.route_stop s join work.route r on r.id = s.route_id where r.plan_id = $1 and s.visit_id is not null", plan.ID)
		published := query[string](t, c.url, "select state from dispatch.plan where id = $1", plan.ID) == "published"
		served := query[int64](t, c.url, "select (summary->>'served')::int from dispatch.plan where id = $1", plan.ID)
		if published && onRoutes != served || !published && onRoutes != 0 {
			t.Fatalf("round %d: published %v with %d of %d visits on routes", i, published, onRoutes, served)
		}
		sound(t, c.url)
		c.start(t)
		k = c.signIn(t, "dispatcher")
		k.call(http.MethodPost, "/plans/"+plan.ID.String()+"/publish", nil, nil, http.StatusOK)
		sound(t, c.url)
		if n := query[int64](t, c.url, "select count(*) from crm.event where entity_id = $1 and verb = 'published'", plan.ID); n != 1 {
			t.Fatalf("round %d: want the plan published once, the log tells of %d times", i, n)
		}
	}
	after := state(t, c.url)
	for _, same := range []string{"visits", "accounts"} {
		if before[same] != after[same] {
			t.Errorf("%s: want %d, got %d", same, before[same], after[same])
		}
	}
}

func TestKilledWhileAPhoneSyncsEachCommandCountsOnce(t *testing.T) {
	t.Parallel()
	c := open(t, emptyDatabase(t), "DATA="+t.TempDir())
	k := c.signIn(t, "technician")
	visits := todaysVisits(k)
	if len(visits) == 0 {
		t.Fatal("the technician has no visits")
	}
	device := uuid.Must(uuid.NewV7())
	k.call(http.MethodPost, "/devices", map[string]any{"id": device, "name": "phone"}, nil, http.StatusOK)
	seq := 0
	for i := range rounds() {
		var commands []map[string]any
		for n := range 12 {
			seq++
			commands = append(commands, map[string]any{"id": uuid.Must(uuid.NewV7()), "seq": seq, "kind": "add_note", "visit_id": visits[n%len(visits)],
				"device_time": time.Now().UTC(), "tz": "Europe/Vaduz", "payload": map[string]string{"text": fmt.Sprintf("round %d note %d.", i, n)}})
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			k.try(http.MethodPost, "/sync", map[string]any{"device_id": device, "commands": commands}, nil)
		}()
		time.Sleep(time.Duration(rand.Int64N(int64(250 * time.Millisecond))))
		c.restart(t)
		<-done
		k = c.signIn(t, "technician")
		var answer struct {
			Verdicts []struct{ Verdict string }
		}
		k.call(http.MethodPost, "/sync", map[string]any{"device_id": device, "commands": commands}, &answer, http.StatusOK)
		for n, v := range answer.Verdicts {
			if v.Verdict != "applied" && v.Verdict != "duplicate" {
				t.Fatalf("round %d: command %d is %s", i, n, v.Verdict)
			}
		}
	}
	notes := query[string](t, c.url, "select string_agg(note, E'\\n') from work.visit")
	for i := range rounds() {
		for n := range 12 {
			if got := count(notes, fmt.Sprintf("round %d note %d.", i, n)); got != 1 {
				t.Errorf("round %d note %d: want it once, got it %d times", i, n, got)
			}
		}
	}
	if got := query[int64](t, c.url, "select last_seq from work.device where id = $1", device); got != int64(seq) {
		t.Errorf("want the queue at %d, got %d", seq, got)
	}
	sound(t, c.url)
}

func count(text, part string) int {
	n := 0
	for i := 0; i+len(part) <= len(text); i++ {
		if text[i:i+len(part)] == part {
			n++
		}
	}
	return n
}

// unknownBlock is a block of a kind no reader knows, as the format allows anywhere: it makes another file of the
// same map.
func unknownBlock(i int) []byte {
	kind := fmt.Sprintf("x-round-%06d", i)
	head := append([]byte{0x0a, byte(len(kind))}, kind...)
	head = append(head, 0x18, 2) // datasize
	return append(append([]byte{0, 0, 0, byte(len(head))}, head...), 0x10, 0)
}

func plannedDay(k *client) string {
	var me struct{ Day string }
	k.call(http.MethodGet, "/me", nil, &me, http.StatusOK)
	return me.Day
}

// awaitPlan waits until a plan has come to a state; a minute is what we promise after a kill.
func awaitPlan(t testing.TB, k *client, id uuid.UUID, want string) {
	t.Helper()
	var last string
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(150 * time.Millisecond) {
		status, text, err := k.try(http.MethodGet, "/plans/"+id.String(), nil, nil)
		if err != nil || status != http.StatusOK {
			last = fmt.Sprint(status, err)
			continue
		}
		var plan struct{ State, Error string }
		if err := json.Unmarshal(text, &plan); err != nil {
			t.Fatal(err)
		}
		if plan.State == want {
			return
		}
		if last = plan.State + " " + plan.Error; plan.State == "failed" {
			break
		}
	}
	t.Fatalf("plan %s: want %s within a minute, is %s", id, want, last)
}

// todaysVisits returns the visits of the signed-in technician on the planned day.
func todaysVisits(k *client) []uuid.UUID {
	var today struct {
		Stops []struct {
			Visit *struct{ ID uuid.UUID }
		}
	}
	k.call(http.MethodGet, "/today?date="+plannedDay(k), nil, &today, http.StatusOK)
	var out []uuid.UUID
	for _, s := range today.Stops {
		if s.Visit != nil {
			out = append(out, s.Visit.ID)
		}
	}
	return out
}
