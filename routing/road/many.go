package road

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// A table meets in hubs: each target leaves its cost in the bucket of each of its hubs (Knopp et al. 2007), and
// each source looks into the buckets of its own. Because only exact labels are kept as hubs (Abraham et al. 2012),
// few buckets are looked into.

// entry is what a target leaves in the bucket of a hub.
type entry struct {
	key        key
	decimeters uint32
	target     uint32
}

// buckets holds the entries of all targets by hub.
type buckets struct {
	index   []uint32 // by rank: number of the bucket, from 1; 0 if there is none
	ranks   []uint32 // of each bucket
	first   []uint32
	entries []entry
}

// inParallel runs work on as many goroutines as there are processors; next hands out the numbers below n.
func inParallel(ctx context.Context, n int, work func(next func() (int, bool))) error {
	var counter atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wait.Go(func() {
			work(func() (int, bool) {
				i := int(counter.Add(1)) - 1
				return i, i < n && ctx.Err() == nil
			})
		})
	}
	wait.Wait()
	return ctx.Err()
}

// pairs returns the best costs between all pairs, row by row.
func (g *Graph) pairs(ctx context.Context, from, to []foothold) ([]Cost, error) {
	b, err := g.fillBuckets(ctx, to)
	if err != nil {
		return nil, err
	}
	defer g.emptyBuckets(b)
	onSegment := map[SegmentID][]uint32{} // targets
	for j, f := range to {
		onSegment[f.segment] = append(onSegment[f.segment], uint32(j))
	}
	all := make([]Cost, len(from)*len(to))
	err = inParallel(ctx, len(from), func(next func() (int, bool)) {
		c := g.newClimb()
		defer g.climbs.Put(c)
		var hubs []hub
		row := make([]entry, len(to))
		for i, ok := next(); ok; i, ok = next() {
			for j := range row {
				row[j] = entry{key: noKey}
			}
			for _, j := range onSegment[from[i].segment] {
				if d, _ := g.direct(from[i], to[j]); d != never {
					row[j] = entry{key: keyOf(d), decimeters: d.Decimeters}
				}
			}
			g.climbFrom(c, from[i])
			hubs = c.hubs(&g.down, hubs[:0])
			c.reset()
			for _, h := range hubs {
				n := b.index[h.rank]
				if n == 0 {
					continue
				}
				for _, e := range b.entries[b.first[n-1]:b.first[n]] {
					k, d := h.key+e.key, h.decimeters+e.decimeters
					if best := &row[e.target]; k < best.key || k == best.key && d < best.decimeters {
						best.key, best.decimeters = k, d
					}
				}
			}
			for j, best := range row {
				all[i*len(to)+j] = best.key.cost(best.decimeters)
			}
		}
	})
	return all, err
}

// fillBuckets leaves every target's cost at its hubs.
func (g *Graph) fillBuckets(ctx context.Context, to []foothold) (*buckets, error) {
	perTarget := make([][]hub, len(to))
	err := inParallel(ctx, len(to), func(next func() (int, bool)) {
		c := g.newClimb()
		defer g.climbs.Put(c)
		for j, ok := next(); ok; j, ok = next() {
			g.climbTo(c, to[j])
			perTarget[j] = c.hubs(&g.up, nil)
			c.reset()
		}
	})
	if err != nil {
		return nil, err
	}
	b := &buckets{}
	var ok bool
	if b.index, ok = g.indexes.Get().([]uint32); !ok {
		b.index = make([]uint32, len(g.edges))
	}
	total := 0
	for _, hubs := range perTarget {
		total += len(hubs)
		for _, h := range hubs {
			if b.index[h.rank] == 0 {
				b.ranks = append(b.ranks, h.rank)
				b.index[h.rank] = uint32(len(b.ranks))
			}
		}
	}
	b.first = make([]uint32, len(b.ranks)+2)
	for _, hubs := range perTarget {
		for _, h := range hubs {
			b.first[b.index[h.rank]+1]++
		}
	}
	for i := range b.ranks {
		b.first[i+2] += b.first[i+1]
	}
	b.entries = make([]entry, total)
	for j, hubs := range perTarget {
		for _, h := range hubs {
			at := &b.first[b.index[h.rank]]
			b.entries[*at] = entry{h.key, h.decimeters, uint32(j)}
			*at++
		}
	}
	return b, nil
}

// emptyBuckets gives the index back, all zero.
func (g *Graph) emptyBuckets(b *buckets) {
	for _, r := range b.ranks {
		b.index[r] = 0
	}
	g.indexes.Put(b.index)
}
