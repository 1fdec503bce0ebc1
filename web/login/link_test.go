package login

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"catchment/crm"
	"catchment/crm/outbox"
)

// post lets letters leave the house, into a slice.
func (h *house) post() *[]outbox.Letter {
	letters := &[]outbox.Letter{}
	h.Origin = "https://plan.example.org"
	h.Outbox.Write = h.Write
	h.Outbox.Mail = func(_ context.Context, _ string, l outbox.Letter) error {
		*letters = append(*letters, l)
		return nil
	}
	return letters
}

func tokenOf(t *testing.T, text string) string {
	t.Helper()
	for word := range strings.FieldsSeq(text) {
		if u, err := url.Parse(word); err == nil && u.Path == PasswordPath {
			return u.Query().Get("token")
		}
	}
	t.Fatalf("no link in %q", text)
	return ""
}

func (h *house) deliver() {
	h.t.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = h.Outbox.Deliver(h.t.Context(), [16]byte{})
		h.must(err)
	}
}

func TestAnInvitationOpensTheHouseOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hire("boss@example.org", "administrator")
	ctx := crm.WithActor(t.Context(), h.who(h.signIn("boss@example.org", Caller{}).Token))
	bea, err := h.Store.AddStaff(h.system(), crm.NewStaff{Name: "Bea Beck", Email: "bea@example.org", Role: "rep", Language: "de"})
	h.must(err)

	handed, err := h.Invite(ctx, bea.ID)
	h.must(err)
	if handed.Mailed || handed.Link == "" || !handed.Expires.Equal(h.now.Add(72*time.Hour)) {
		t.Errorf("without a mail server: %+v", handed)
	}
	letters := h.post()
	mailed, err := h.Invite(ctx, bea.ID)
	h.must(err)
	if diff := cmp.Diff(Invitation{Mailed: true, Expires: h.now.Add(72 * time.Hour)}, mailed); diff != "" {
		t.Error(diff)
	}
	h.deliver()
	if len(*letters) != 1 || (*letters)[0].To != "bea@example.org" || !strings.Contains((*letters)[0].Subject, "lädt Sie") || !strings.Contains((*letters)[0].HTML, "<a href=\"https://plan.example.org/password?token=") {
		t.Fatalf("letters: %+v", *letters)
	}
	if h.count(`select count(*) from outbox.message m where m::text like '%token%' or m::text like '%bea%'`) != 0 {
		t.Error("the queue holds personal values or secrets")
	}
	token := tokenOf(t, (*letters)[0].Text)
	for name, row := range map[string]struct{ token, password, field string }{
		"a made-up token":   {"x" + token, "an entirely new one", "token"},
		"a short password":  {token, "short", "password"},
		"an empty password": {token, "", "password"},
	} {
		_, err := h.SetPassword(t.Context(), row.token, row.password, Caller{})
		var e *crm.Error
		if !errors.As(err, &e) || e.Field != row.field {
			t.Errorf("%s: got %v", name, err)
		}
	}
	session, err := h.SetPassword(t.Context(), token, "an entirely new one", Caller{Address: "b"})
	h.must(err)
	if !h.inside(session.Token) {
		t.Error("the invitation does not lead inside")
	}
	if _, err := h.SetPassword(t.Context(), tokenOf(t, handed.Link), "yet another one here", Caller{}); crm.KindOf(err) != crm.Invalid {
		t.Errorf("the other link works on: %v", err)
	}
}

func TestANewPasswordByLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.hire("ada@example.org", "rep")
	letters := h.post()
	before := h.signIn("ada@example.org", Caller{Address: "home"})
	for _, email := range []string{"nobody@example.org", " ADA@example.org"} {
		h.must(h.AskReset(t.Context(), email, Caller{Address: "a"}))
	}
	h.deliver()
	if len(*letters) != 1 || (*letters)[0].To != "ada@example.org" {
		t.Fatalf("letters: %+v", *letters)
	}
	token := tokenOf(t, (*letters)[0].Text)
	if h.count(`select count(*) from crm.one_time where encode(token_hash, 'escape') like '%`+token+`%'`) != 0 {
		t.Error("the token itself is kept")
	}
	var both sync.WaitGroup
	sessions, errs := make([]Session, 2), make([]error, 2)
	for i := range 2 {
		both.Go(func() {
			sessions[i], errs[i] = h.SetPassword(context.Background(), token, "an entirely new one", Caller{Address: "b"})
		})
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || crm.KindOf(errors.Join(errs...)) != crm.Invalid {
		t.Fatalf("a link works once: %v, %v", errs[0], errs[1])
	}
	if h.inside(before.Token) || !h.inside(sessions[0].Token+sessions[1].Token) {
		t.Error("want the former session ended and a new one open")
	}
	if _, err := h.Login(t.Context(), "ada@example.org", "an entirely new one", Caller{Address: "c"}); err != nil {
		t.Error(err)
	}
	if h.count(`select count(*) from crm.event where verb = 'password_set' and on_behalf_of = '`+ada.ID.String()+`'`) != 1 {
		t.Error("the log does not tell of it")
	}

	// A link is old after half an hour, and who has left gets none.
	h.must(h.AskReset(t.Context(), "ada@example.org", Caller{Address: "a"}))
	h.deliver()
	late := tokenOf(t, (*letters)[1].Text)
	h.now = h.now.Add(31 * time.Minute)
	if _, err := h.SetPassword(t.Context(), late, "an entirely new one", Caller{}); crm.KindOf(err) != crm.Invalid {
		t.Errorf("an old link: got %v", err)
	}
	h.must(h.AskReset(t.Context(), "ada@example.org", Caller{Address: "a"}))
	staff, err := h.Store.StaffByID(h.system(), ada.ID)
	h.must(err)
	off := false
	_, err = h.Store.ChangeStaff(h.system(), ada.ID, staff.Version, crm.StaffChange{Active: &off})
	h.must(err)
	h.deliver()
	if len(*letters) != 2 {
		t.Error("somebody who has left is written to")
	}
}

func TestAskingTooOftenIsSlowedForAllAlike(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hire("ada@example.org", "rep")
	for _, email := range []string{"ada@example.org", "nobody@example.org"} {
		var limited *Limited
		n := 0
		for ; n < 50 && !errors.As(h.AskReset(t.Context(), email, Caller{Address: "a"}), &limited); n++ {
		}
		if diff := cmp.Diff(freeFailures, n); diff != "" {
			t.Errorf("%s: asked before waiting:\n%s", email, diff)
		}
	}
	if _, err := h.Login(t.Context(), "ada@example.org", password, Caller{Address: "a"}); err != nil {
		t.Errorf("asking for her locks her out: %v", err)
	}
}

func TestOnlyWhoHasAllItsRightsInvitesAndEndsSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.hire("ada@example.org", "administrator")
	session := h.signIn("ada@example.org", Caller{Agent: "Firefox"})
	_, err := h.Store.AddRole(h.system(), crm.RoleRow{Code: "hr", Title: "People", Scope: crm.ScopeAll, Rights: []crm.Right{crm.StaffRead, crm.StaffWrite}})
	h.must(err)
	h.hire("hr@example.org", "hr")
	theirs := h.signIn("hr@example.org", Caller{})
	hr := crm.WithActor(t.Context(), h.who(theirs.Token))
	if _, err := h.Invite(hr, admin.ID); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("a way into the administrator's account: got %v", err)
	}
	if _, err := h.Sessions(hr, &admin.ID, ""); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("the administrator's sessions: got %v", err)
	}
	boss := crm.WithActor(t.Context(), h.who(session.Token))
	mine, err := h.Sessions(boss, nil, session.Token)
	h.must(err)
	if len(mine) != 1 || !mine[0].Current || mine[0].Agent != "Firefox" {
		t.Errorf("sessions: %+v", mine)
	}
	if err := h.EndSession(hr, mine[0].ID); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("ends the administrator's session: got %v", err)
	}
	h.must(h.EndSession(boss, mine[0].ID))
	if h.inside(session.Token) {
		t.Error("an ended session lives")
	}
}
