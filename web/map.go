package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"catchment/crm"
	"catchment/geo/basemap"
	"catchment/web/api"
)

// MapConfig is what the base map is served from.
type MapConfig struct {
	Map    *basemap.Map
	Log    *slog.Logger
	Origin string // scheme and host in front of addresses within the style; empty for those of the request
}

// cutWithin is how long cutting a tile may take.
const cutWithin = 10 * time.Second

// MapRoutes returns what adds the base map to a router: style, TileJSON, tiles, signs and the land outside. They
// are for who is signed in; nobody else's map is drawn on our cost.
func MapRoutes(config MapConfig) func(chi.Router) {
	m := &mapServer{MapConfig: config, tiles: newTileCache(config.Map.Tile)}
	return func(router chi.Router) {
		router.Group(func(r chi.Router) {
			r.Use(m.signedIn)
			r.Get("/map/style/{theme}.json", m.style)
			r.Get("/map/icons/{name}.svg", m.icon)
			r.Get("/tiles/basemap.json", m.tileJSON)
			r.Get("/tiles/basemap/outside.geojson", m.outside)
			r.Get("/tiles/basemap/{z}/{x}/{y}.mvt", m.tile)
		})
		for _, below := range []string{"/map/*", "/tiles/*"} {
			router.Get(below, func(w http.ResponseWriter, _ *http.Request) {
				api.NewProblem(http.StatusNotFound, "there is no such map").Write(w)
			})
		}
	}
}

type mapServer struct {
	MapConfig
	tiles *tileCache
}

func (m *mapServer) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := crm.Require(r.Context(), crm.SignedIn); err != nil {
			api.ProblemFor(r.Context(), m.Log, err, nil).Write(w)
			return
		}
		within, cancel := context.WithTimeout(r.Context(), cutWithin)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(within))
	})
}

// answer writes what the map gave, or what stood against it. Browsers keep it for themselves and ask again with
// the tag, since an import may put another map in force at any moment.
func (m *mapServer) answer(w http.ResponseWriter, r *http.Request, kind, tag string, content []byte, err error) {
	if err != nil {
		var out basemap.OutOfRange
		if errors.As(err, &out) {
			err = api.NewProblem(http.StatusNotFound, out.Error(), api.FieldError{Location: "path", Message: "names no tile"})
		}
		api.ProblemFor(r.Context(), m.Log, err, nil).Write(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, max-age=300, stale-while-revalidate=86400")
	if tag != "" {
		h.Set("ETag", tag)
		if known := r.Header.Get("If-None-Match"); known != "" && strings.Contains(known, strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if len(content) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_, _ = w.Write(content) // a client that has gone needs no answer
}

// known answers 304 without asking for content if the client has what is in force.
func (m *mapServer) known(w http.ResponseWriter, r *http.Request) (tag string, done bool) {
	tag, err := m.Map.ETag(r.Context())
	if err != nil {
		m.answer(w, r, "", "", nil, err)
		return "", true
	}
	if strings.Contains(r.Header.Get("If-None-Match"), strings.Trim(tag, `"`)) {
		m.answer(w, r, "", tag, nil, nil)
		return tag, true
	}
	return tag, false
}

func (m *mapServer) tile(w http.ResponseWriter, r *http.Request) {
	var at [3]int
	for i, name := range []string{"z", "x", "y"} {
		n, err := strconv.Atoi(chi.URLParam(r, name))
		if err != nil || len(chi.URLParam(r, name)) > 9 {
			api.NewProblem(http.StatusNotFound, "a tile is named by three whole numbers",
				api.FieldError{Location: "path." + name, Message: "is no number of a tile"}).Write(w)
			return
		}
		at[i] = n
	}
	tag, done := m.known(w, r)
	if done {
		return
	}
	tile, err := m.tiles.get(r.Context(), tileKey{tag, at[0], at[1], at[2]})
	if err == nil && tile != nil {
		w.Header().Add("Vary", "Accept-Encoding")
		if accepts(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
		} else {
			tile, err = unpack(tile)
		}
	}
	m.answer(w, r, "application/vnd.mapbox-vector-tile", tag, tile, err)
}

func (m *mapServer) outside(w http.ResponseWriter, r *http.Request) {
	tag, done := m.known(w, r)
	if done {
		return
	}
	content, err := m.Map.Outside(r.Context())
	m.answer(w, r, "application/geo+json", tag, content, err)
}

func (m *mapServer) tileJSON(w http.ResponseWriter, r *http.Request) {
	tag, err := m.Map.ETag(r.Context())
	var content []byte
	if err == nil {
		content, err = m.Map.TileJSON(r.Context(), m.origin(r)+"/tiles/basemap/{z}/{x}/{y}.mvt")
	}
	m.answer(w, r, "application/json", tag, content, err)
}

func (m *mapServer) style(w http.ResponseWriter, r *http.Request) {
	theme := basemap.Theme(chi.URLParam(r, "theme"))
	if theme != basemap.Light && theme != basemap.Dark {
		api.NewProblem(http.StatusNotFound, "there is no such theme of the map",
			api.FieldError{Location: "path.theme", Message: fmt.Sprintf("is neither %s nor %s", basemap.Light, basemap.Dark)}).Write(w)
		return
	}
	content, err := basemap.Style(theme, r.URL.Query().Get("lang"), basemap.URLs{Base: m.origin(r)})
	m.answer(w, r, "application/json", "", content, err)
}

func (m *mapServer) icon(w http.ResponseWriter, r *http.Request) {
	drawing, found := basemap.Icon(chi.URLParam(r, "name"))
	if !found {
		api.NewProblem(http.StatusNotFound, "the map has no such sign").Write(w)
		return
	}
	m.answer(w, r, "image/svg+xml", "", drawing, nil)
}

// origin returns scheme and host of addresses within answers: MapLibre's worker resolves none by itself.
func (m *mapServer) origin(r *http.Request) string {
	if m.Origin != "" {
		return m.Origin
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
