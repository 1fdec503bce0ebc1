package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/geo/postgis"
)

const password = "a long walk home"

var passwordHash = sync.OnceValue(func() string {
	hash, err := Hash(password)
	if err != nil {
		panic(err)
	}
	return hash
})

// house is a desk on a database of its own with a clock that is moved by hand.
type house struct {
	*Desk
	t   *testing.T
	now time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	store := crm.NewStore(postgis.TestDatabase(t))
	desk, err := NewDesk(store)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Desk: desk, t: t, now: time.Now().UTC().Truncate(time.Second)}
	store.Now = func() time.Time { return h.now }
	if err := store.EnsureOrganisation(h.system(), crm.Organisation{Name: "Test", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) system() context.Context { return crm.WithActor(h.t.Context(), crm.System("test")) }

func (h *house) hire(email, role string) crm.Staff {
	h.t.Helper()
	staff, err := h.Store.AddStaff(h.system(), crm.NewStaff{Name: "Ada Gruber", Email: email, Role: role, PasswordHash: passwordHash()})
	if err != nil {
		h.t.Fatal(err)
	}
	return staff
}

func (h *house) signIn(email string, caller Caller) Session {
	h.t.Helper()
	session, err := h.Login(h.t.Context(), email, password, caller)
	if err != nil {
		h.t.Fatal(err)
	}
	return session
}

// who returns who the token belongs to, the zero actor if nobody.
func (h *house) who(token string) crm.Actor {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if len(token) > 3 && token[:3] == tokenPrefix {
		r.Header.Set("Authorization", "Bearer "+token)
	} else {
		r.AddCookie(&http.Cookie{Name: CookieName, Value: token})
	}
	actor, known, err := h.Actor(h.t.Context(), r)
	if err != nil {
		h.t.Fatal(err)
	}
	if known == (actor.ID == uuid.Nil) {
		h.t.Fatalf("known is %v for actor %v", known, actor.ID)
	}
	return actor
}

func (h *house) inside(token string) bool { h.t.Helper(); return h.who(token).ID != uuid.Nil }

func (h *house) count(question string) (n int) {
	h.t.Helper()
	err := h.Store.Read(h.system(), func(tx pgx.Tx) error { return tx.QueryRow(h.t.Context(), question).Scan(&n) })
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.hire("Ada@Example.org", "dispatcher")
	session := h.signIn("  ada@example.ORG ", Caller{Address: "192.0.2.1", Agent: "Firefox"})

	actor := h.who(session.Token)
	if diff := cmp.Diff(ada.ID, actor.ID); diff != "" {
		t.Error(diff)
	}
	if !actor.May(crm.VisitWrite) || actor.May(crm.StaffWrite) || actor.Scope != crm.ScopeAll {
		t.Errorf("a dispatcher came out with %v, scope %s", actor.Rights, actor.Scope)
	}
	if diff := cmp.Diff(0, h.count(`select count(*) from crm.session where encode(token_hash, 'escape') like '%`+session.Token+`%'`)); diff != "" {
		t.Errorf("the token itself is kept: %s", diff)
	}
	if diff := cmp.Diff(1, h.count(`select count(*) from crm.event where verb = 'signed_in'`)); diff != "" {
		t.Errorf("the log does not tell of it: %s", diff)
	}
	if h.inside(session.Token + "x") {
		t.Error("a made-up token is taken")
	}
}

func TestWhoIsTurnedAwayCannotTellWhy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hire("ada@example.org", "rep")
	gone := h.hire("gone@example.org", "rep")
	no := false
	if _, err := h.Store.ChangeStaff(h.system(), gone.ID, gone.Version, crm.StaffChange{Active: &no}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Store.AddStaff(h.system(), crm.NewStaff{Name: "New", Email: "new@example.org", Role: "rep"}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ email, password string }{
		"wrong password":         {"ada@example.org", "not the password"},
		"empty password":         {"ada@example.org", ""},
		"endless password":       {"ada@example.org", string(make([]byte, 5000))},
		"unknown account":        {"nobody@example.org", password},
		"closed account":         {"gone@example.org", password},
		"account without any":    {"new@example.org", password},
		"account without, empty": {"new@example.org", ""},
		"the dummy's password":   {"nobody@example.org", "nobody has this password"},
	} {
		_, err := h.Login(t.Context(), c.email, c.password, Caller{Address: "192.0.2.1"})
		if err == nil {
			t.Errorf("%s: is let in", name)
			continue
		}
		if diff := cmp.Diff(wrong().Error(), err.Error()); diff != "" {
			t.Errorf("%s: the answer differs:\n%s", name, diff)
		}
	}
}

func TestTheTokenChangesAtSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hire("ada@example.org", "rep")
	first := h.signIn("ada@example.org", Caller{Address: "192.0.2.1"})
	second := h.signIn("ada@example.org", Caller{Address: "192.0.2.1", Session: first.Token})
	elsewhere := h.signIn("ada@example.org", Caller{Address: "192.0.2.2"})
	if first.Token == second.Token || h.inside(first.Token) {
		t.Error("the browser's former token still lives")
	}
	if !h.inside(second.Token) || !h.inside(elsewhere.Token) {
		t.Error("a session of another browser ended as well")
	}
}

func TestWhenASessionEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(*house, crm.Staff, Session)
		want bool
	}{
		"not within its limits":        {func(h *house, _ crm.Staff, _ Session) { h.now = h.now.Add(DefaultIdle - time.Minute) }, true},
		"when it lay idle too long":    {func(h *house, _ crm.Staff, _ Session) { h.now = h.now.Add(DefaultIdle + time.Minute) }, false},
		"by signing out on the server": {func(h *house, _ crm.Staff, s Session) { h.must(h.Logout(h.t.Context(), s.Token)) }, false},
		"at its absolute limit though it was used all the time": {func(h *house, _ crm.Staff, s Session) {
			for range 31 {
				h.who(s.Token)
				h.now = h.now.Add(24 * time.Hour)
			}
		}, false},
		"not while it is used": {func(h *house, _ crm.Staff, s Session) {
			for range 20 {
				h.who(s.Token)
				h.now = h.now.Add(24 * time.Hour)
			}
		}, true},
		"at the next request when the account is closed": {func(h *house, staff crm.Staff, _ Session) {
			no := false
			_, err := h.Store.ChangeStaff(h.system(), staff.ID, staff.Version, crm.StaffChange{Active: &no})
			h.must(err)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			staff := h.hire("ada@example.org", "rep")
			session := h.signIn("ada@example.org", Caller{Address: "192.0.2.1"})
			c.end(h, staff, session)
			if diff := cmp.Diff(c.want, h.inside(session.Token)); diff != "" {
				t.Errorf("still inside: %s", diff)
			}
		})
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestANewRoleCountsAtTheNextRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	staff := h.hire("ada@example.org", "dispatcher")
	session := h.signIn("ada@example.org", Caller{Address: "192.0.2.1"})
	token, secret, err := h.AddToken(crm.WithActor(t.Context(), h.who(session.Token)), NewToken{ID: uuid.New(), Name: "script", Rights: []crm.Right{crm.PlanRun, crm.VisitRead}})
	h.must(err)
	if a := h.who(secret); !a.May(crm.PlanRun) || a.May(crm.VisitWrite) || a.Device != "token "+token.ID.String() {
		t.Errorf("the token came out with %v on %q", a.Rights, a.Device)
	}
	role := "technician"
	_, err = h.Store.ChangeStaff(h.system(), staff.ID, staff.Version, crm.StaffChange{Role: &role})
	h.must(err)
	if a := h.who(session.Token); a.May(crm.PlanRun) || a.Scope != crm.ScopeOwn {
		t.Errorf("the session still holds %v, scope %s", a.Rights, a.Scope)
	}
	if a := h.who(secret); a.May(crm.PlanRun) || !a.May(crm.VisitRead) || a.Scope != crm.ScopeOwn {
		t.Errorf("the token still holds %v, scope %s", a.Rights, a.Scope)
	}
}

func TestChangingThePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hire("ada.gruber@example.org", "rep")
	here, there := h.signIn("ada.gruber@example.org", Caller{Address: "a"}), h.signIn("ada.gruber@example.org", Caller{Address: "b"})
	ctx := crm.WithActor(t.Context(), h.who(here.Token))
	for name, c := range map[string]struct{ current, chosen, field string }{
		"not the current one":  {"something else", "an entirely new one", "current"},
		"too short":            {password, "short", "new"},
		"too long":             {password, string(make([]byte, 201)), "new"},
		"first to be guessed":  {password, "Password1234", "new"},
		"one letter repeated":  {password, "aaaaaaaaaaaa", "new"},
		"with the own address": {password, "ada.gruber-2026", "new"},
	} {
		_, err := h.ChangePassword(ctx, c.current, c.chosen, Caller{Address: "a"})
		var known *crm.Error
		if !errors.As(err, &known) || known.Kind != crm.Invalid || known.Field != c.field {
			t.Errorf("%s: got %v, want an error on %s", name, err, c.field)
		}
	}
	fresh, err := h.ChangePassword(ctx, password, "an entirely new one", Caller{Address: "a"})
	h.must(err)
	if h.inside(here.Token) || h.inside(there.Token) || !h.inside(fresh.Token) {
		t.Error("after the change only the new session may live")
	}
	if _, err := h.Login(t.Context(), "ada.gruber@example.org", password, Caller{Address: "c"}); crm.KindOf(err) != crm.Unauthenticated {
		t.Errorf("the former password: got %v", err)
	}
}

func TestGuessingIsSlowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hire("ada@example.org", "rep")
	guess := func(email, address string) error {
		_, err := h.Login(t.Context(), email, "wrong", Caller{Address: address})
		return err
	}
	var limited *Limited
	for _, email := range []string{"ada@example.org", "nobody@example.org"} {
		for i := range freeFailures {
			if err := guess(email, "a"); errors.As(err, &limited) {
				t.Fatalf("%s: attempt %d is limited", email, i+1)
			}
		}
		waits := []int{}
		for range 5 {
			err := guess(email, "a")
			if !errors.As(err, &limited) {
				t.Fatalf("%s: one too many: got %v", email, err)
			}
			waits = append(waits, limited.Seconds())
			h.now = h.now.Add(limited.RetryAfter)
			if err := guess(email, "a"); errors.As(err, &limited) {
				t.Fatalf("%s: limited after having waited", email)
			}
		}
		if diff := cmp.Diff([]int{2, 4, 8, 16, 32}, waits); diff != "" {
			t.Errorf("%s: the waits do not double:\n%s", email, diff)
		}
	}
	if _, err := h.Login(t.Context(), "ada@example.org", password, Caller{Address: "a"}); !errors.As(err, &limited) {
		t.Errorf("the right password before its time: got %v", err)
	}
	if _, err := h.Login(t.Context(), "ada@example.org", password, Caller{Address: "home"}); err != nil {
		t.Errorf("the owner at another address is locked out: %v", err)
	}
	h.now = h.now.Add(limited.RetryAfter)
	h.signIn("ada@example.org", Caller{Address: "a"})
	if err := guess("ada@example.org", "a"); errors.As(err, &limited) {
		t.Error("a success does not end the count")
	}
}

func TestAnAddressThatTriesEveryAccountIsShutOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hire("ada@example.org", "rep")
	// The hash is never reached: the attempts are counted before.
	for i := range addressFailures {
		account := hashOf(fmt.Sprint("somebody", i))
		h.must(h.countAttempt(h.system(), account, "a"))
		h.now = h.now.Add(time.Second)
	}
	var limited *Limited
	if _, err := h.Login(t.Context(), "ada@example.org", password, Caller{Address: "a"}); !errors.As(err, &limited) {
		t.Fatalf("got %v, want to be limited", err)
	}
	if diff := cmp.Diff(forgetFailures-addressFailures*time.Second, limited.RetryAfter); diff != "" {
		t.Error(diff)
	}
	h.signIn("ada@example.org", Caller{Address: "b"})
	h.now = h.now.Add(limited.RetryAfter + time.Second)
	h.signIn("ada@example.org", Caller{Address: "a"})
}

func TestAttemptsMadeAtOnceAreAllCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var wait sync.WaitGroup
	let := make(chan bool, 40)
	for range 40 {
		wait.Go(func() {
			var limited *Limited
			let <- !errors.As(h.countAttempt(h.system(), hashOf("ada"), "a"), &limited)
		})
	}
	wait.Wait()
	close(let)
	through := 0
	for ok := range let {
		if ok {
			through++
		}
	}
	if diff := cmp.Diff(freeFailures, through); diff != "" {
		t.Error(diff)
	}
}

func TestTokensOfPrograms(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hire("ada@example.org", "dispatcher")
	h.hire("tom@example.org", "technician")
	h.hire("eve@example.org", "dispatcher")
	as := func(email string) context.Context {
		return crm.WithActor(t.Context(), h.who(h.signIn(email, Caller{Address: email}).Token))
	}
	ada, eve := as("ada@example.org"), as("eve@example.org")
	past, soon := h.now.Add(-time.Hour), h.now.Add(time.Hour)
	for name, c := range map[string]struct {
		ctx  context.Context
		make NewToken
		kind crm.Kind
	}{
		"without a name":             {ada, NewToken{Rights: []crm.Right{crm.VisitRead}}, crm.Invalid},
		"without rights":             {ada, NewToken{Name: "x"}, crm.Invalid},
		"with a right he lacks":      {ada, NewToken{Name: "x", Rights: []crm.Right{crm.StaffWrite}}, crm.Invalid},
		"that has ended already":     {ada, NewToken{Name: "x", Rights: []crm.Right{crm.VisitRead}, ExpiresAt: &past}, crm.Invalid},
		"by who may not make tokens": {as("tom@example.org"), NewToken{Name: "x", Rights: []crm.Right{crm.VisitRead}}, crm.Forbidden},
		"by nobody":                  {t.Context(), NewToken{Name: "x", Rights: []crm.Right{crm.VisitRead}}, crm.Unauthenticated},
	} {
		c.make.ID = uuid.New()
		if _, _, err := h.AddToken(c.ctx, c.make); crm.KindOf(err) != c.kind {
			t.Errorf("%s: got %v, want %s", name, err, c.kind)
		}
	}
	lasting, secret, err := h.AddToken(ada, NewToken{ID: uuid.New(), Name: "export", Rights: []crm.Right{crm.VisitRead, crm.TokenOwn, crm.VisitRead}})
	h.must(err)
	_, brief, err := h.AddToken(ada, NewToken{ID: uuid.New(), Name: "brief", Rights: []crm.Right{crm.VisitRead}, ExpiresAt: &soon})
	h.must(err)
	if !h.inside(brief) {
		t.Error("a new token is not taken")
	}
	byToken := crm.WithActor(t.Context(), h.who(secret))
	if _, _, err := h.AddToken(byToken, NewToken{ID: uuid.New(), Name: "x", Rights: []crm.Right{crm.VisitRead}}); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("a token made a token: %v", err)
	}
	if _, err := h.ChangePassword(byToken, password, "an entirely new one", Caller{}); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("a token changed the password: %v", err)
	}
	h.now = soon.Add(time.Second)
	if h.inside(brief) || !h.inside(secret) {
		t.Error("tokens do not end when they should")
	}
	if err := h.RemoveToken(eve, lasting.ID); crm.KindOf(err) != crm.NotFound {
		t.Errorf("somebody else's token: got %v", err)
	}
	mine, err := h.Tokens(ada)
	h.must(err)
	theirs, err := h.Tokens(eve)
	h.must(err)
	if diff := cmp.Diff([]int{2, 0}, []int{len(mine), len(theirs)}); diff != "" {
		t.Error(diff)
	}
	h.must(h.RemoveToken(ada, lasting.ID))
	if h.inside(secret) {
		t.Error("a removed token is taken")
	}
}

func TestTidyDeletesOnlyWhatHasEnded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hire("ada@example.org", "rep")
	old := h.signIn("ada@example.org", Caller{Address: "a"})
	ctx := crm.WithActor(t.Context(), h.who(old.Token))
	for key, age := range map[string]string{"old": "8 days", "young": "1 day"} {
		h.must(h.Store.Write(ctx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `
				insert into crm.idempotency (key, actor, body_hash, created_at)
				values ($1, crm.uid(), '', now() - $2::text::interval)`, key, age)
			return err
		}))
	}
	h.now = h.now.Add(DefaultIdle + time.Hour)
	live := h.signIn("ada@example.org", Caller{Address: "a"})
	h.must(h.Tidy(h.system()))
	if h.inside(old.Token) || !h.inside(live.Token) {
		t.Error("the wrong session is gone")
	}
	if diff := cmp.Diff([]int{1, 1}, []int{h.count(`select count(*) from crm.session`), h.count(`select count(*) from crm.idempotency`)}); diff != "" {
		t.Errorf("sessions and answers left: %s", diff)
	}
}

func TestTheCookieIsForTheServerOnly(t *testing.T) {
	t.Parallel()
	cookie := (&Desk{Secure: true}).Cookie(Session{Token: "t", Expires: time.Unix(0, 0)})
	if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("the cookie is %v", cookie)
	}
}
