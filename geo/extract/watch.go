package extract

import (
	"context"
	"sync"
	"time"
)

// Watch answers which generations are in force without asking the database each time: its answer is at most Age old.
type Watch struct {
	DB  Querier
	Age time.Duration // one second if zero
	Now func() time.Time

	mu    sync.Mutex
	known []Generation
	asked time.Time
}

// NewWatch returns a watch with the real clock.
func NewWatch(db Querier) *Watch { return &Watch{DB: db, Age: time.Second, Now: time.Now} }

// InForce returns the generations in force, oldest first.
func (w *Watch) InForce(ctx context.Context) ([]Generation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := w.Now(); w.asked.IsZero() || now.Sub(w.asked) > w.Age {
		known, err := InForce(ctx, w.DB)
		if err != nil {
			return nil, err
		}
		w.known, w.asked = known, now
	}
	return w.known, nil
}

// IDs returns the numbers of the generations in force.
func (w *Watch) IDs(ctx context.Context) ([]int64, error) {
	known, err := w.InForce(ctx)
	ids := make([]int64, len(known))
	for i, g := range known {
		ids[i] = g.ID
	}
	return ids, err
}
