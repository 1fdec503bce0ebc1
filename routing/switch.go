package routing

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/paulmach/orb"
)

// Switch is a Travel whose engines can be exchanged while it answers: when a new map comes in force, questions
// under way are answered on the old one, and it is closed behind them.
type Switch struct {
	mu        sync.RWMutex
	engines   map[Profile]Travel
	otherwise Travel
}

// NewSwitch returns a switch that asks otherwise for every profile without an engine of its own.
func NewSwitch(otherwise Travel) *Switch { return &Switch{otherwise: otherwise} }

// Set exchanges the engines. Those no longer in use are closed if they can be.
func (s *Switch) Set(engines map[Profile]Travel) {
	s.mu.Lock()
	old := s.engines
	s.engines = engines
	s.mu.Unlock() // whoever held the lock for reading is done with the old engines
	for profile, e := range old {
		if closer, ok := e.(io.Closer); ok && engines[profile] != e {
			closer.Close()
		}
	}
}

// Profiles returns how many profiles have an engine of their own.
func (s *Switch) Profiles() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.engines)
}

// Use hands f the engine that answers for the profile now, which is not closed before f returns.
func (s *Switch) Use(profile Profile, f func(Travel)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	f(s.pick(profile))
}

func (s *Switch) pick(profile Profile) Travel {
	if e, ok := s.engines[profile]; ok {
		return e
	}
	return s.otherwise
}

// Table implements Travel.
func (s *Switch) Table(ctx context.Context, profile Profile, band Band, from, to []orb.Point) (Matrix, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.pick(profile).Table(ctx, profile, band, from, to)
}

// Route implements Travel.
func (s *Switch) Route(ctx context.Context, profile Profile, band Band, through []orb.Point) (Route, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.pick(profile).Route(ctx, profile, band, through)
}

// Reach implements Travel.
func (s *Switch) Reach(ctx context.Context, profile Profile, band Band, origin orb.Point, limit time.Duration, direction Direction) (Reach, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.pick(profile).Reach(ctx, profile, band, origin, limit, direction)
}

// Nearest implements Travel.
func (s *Switch) Nearest(ctx context.Context, profile Profile, at orb.Point, n int) ([]Snap, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.pick(profile).Nearest(ctx, profile, at, n)
}

// Version implements Travel.
func (s *Switch) Version(profile Profile) Version {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.pick(profile).Version(profile)
}

var _ Travel = (*Switch)(nil)
