package web

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/web/api"
)

func TestOneWhoAsksTooMuchHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	handler := limitActor(60)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {})) // ten in ten seconds
	ask := func(actor *crm.Actor) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/", nil)
		if actor != nil {
			r = r.WithContext(crm.WithActor(r.Context(), *actor))
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	ada, bea := &crm.Actor{ID: uuid.New()}, &crm.Actor{ID: uuid.New()}
	token := &crm.Actor{ID: ada.ID, Device: "token x"}
	first := ask(ada)
	if reset, err := strconv.Atoi(first.Header().Get("RateLimit-Reset")); err != nil || reset > 10 || first.Header().Get("RateLimit-Limit") != "10" || first.Header().Get("RateLimit-Remaining") == "" {
		t.Errorf("headers: %v", first.Header())
	}
	refused := 0
	for range 30 {
		if w := ask(ada); w.Code == http.StatusTooManyRequests {
			refused++
			if w.Header().Get("Retry-After") == "" || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/problem+json") {
				t.Fatalf("refused without saying until when: %v", w.Header())
			}
		}
	}
	if refused < 10 { // two windows at most
		t.Errorf("of 31 requests %d are refused", refused)
	}
	for name, who := range map[string]*crm.Actor{"somebody else": bea, "a token of hers": token, "a stranger": nil} {
		if w := ask(who); w.Code != 200 {
			t.Errorf("%s is held up: %d", name, w.Code)
		}
	}
}

func TestEveryBodyHasAnExampleThatIsValid(t *testing.T) {
	t.Parallel()
	a := api.Frame(chi.NewRouter(), Prefix, nil, nil)
	api.Operations(api.Rooms{})(a)
	registry := a.OpenAPI().Components.Schemas
	for path, item := range a.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Put, item.Delete} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for kind, media := range op.RequestBody.Content {
				if kind != "application/json" {
					continue
				}
				if media.Example == nil {
					t.Errorf("%s %s: has no example", op.Method, path)
					continue
				}
				found := &huma.ValidateResult{}
				huma.Validate(registry, media.Schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, media.Example, found)
				for _, err := range found.Errors {
					t.Errorf("%s %s: the example is not valid: %v", op.Method, path, err)
				}
			}
		}
	}
}
