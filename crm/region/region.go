// Package region tells what stands in any part of the world at any instant: it follows the journal of places with
// an index in memory and answers by counts and groups what the actor may see.
//
// The journal (region.journal) is appended to by the database itself whenever a site or its account changes. A
// follower reads it in the order of (xid, seq) below the horizon of running transactions, so that nothing that
// commits late is missed. Every process holds the whole index; it starts from a file, or from the journal where
// there is none.
package region

import (
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/geo/cells"
)

// Dimension is a property of places with a short list of values.
type Dimension struct {
	Name   string
	Values []string
}

// Dimensions of places. Each is a column of region.journal, filled by the function region.<name>, which numbers the
// values from 1. A further one is added here and there, in a migration that also calls region.repair.
var Dimensions = []Dimension{
	{"stage", []string{"lead", "prospect", "customer", "at_risk", "lost", "won_back"}},
	{"kind", []string{"company", "household"}},
	{"class", []string{"A", "B", "C"}},
	{"source", []string{"person", "geocoder", "import", "synthetic"}},
}

// References of places, in the order of the journal: ids of staff and teams.
var References = []string{"owner", "team"}

const (
	stageDimension = 0
	ownerReference = 0
	teamReference  = 1
)

// schema is the index's. Value 0 of each dimension is for places whose value is none of the list.
func schema() cells.Schema {
	var s cells.Schema
	for _, d := range Dimensions {
		s.Dimensions = append(s.Dimensions, cells.Dimension{Name: d.Name, Values: len(d.Values) + 1})
	}
	s.References = References
	return s
}

// column finds a dimension or reference by its name.
func column(name string) (cells.Column, bool) {
	if i := slices.IndexFunc(Dimensions, func(d Dimension) bool { return d.Name == name }); i >= 0 {
		return cells.D(i), true
	}
	if i := slices.Index(References, name); i >= 0 {
		return cells.R(i), true
	}
	return cells.Column{}, false
}

// Regions answers questions about regions.
type Regions struct {
	store  *crm.Store
	log    *slog.Logger
	folder string

	index   atomic.Pointer[cells.Index] // nil until it is built
	folding atomic.Bool
	broken  atomic.Bool // the index and the journal do not belong together

	naming sync.RWMutex
	codes  map[uuid.UUID]uint32
	ids    map[uint32]uuid.UUID
}

// New returns regions that keep their index in a file in the folder, or in memory alone if there is none. They
// answer once Run has built the index.
func New(store *crm.Store, log *slog.Logger, folder string) *Regions {
	return &Regions{store: store, log: log, folder: folder, codes: map[uuid.UUID]uint32{}, ids: map[uint32]uuid.UUID{}}
}

// ErrBuilding says that the index is not built yet; it passes by itself.
var ErrBuilding = errors.New("the index of regions is being built")

// Ready tells whether questions are answered.
func (r *Regions) Ready() bool { return r.index.Load() != nil }

// Stats tells the size of the index, and how far it has followed the journal.
func (r *Regions) Stats() (cells.Stats, error) {
	x := r.index.Load()
	if x == nil {
		return cells.Stats{}, ErrBuilding
	}
	return x.Stats(), nil
}
