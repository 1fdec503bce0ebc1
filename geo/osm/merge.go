package osm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Merge joins several extracts into one source: neighbouring regions become one map. Elements are told by their ids;
// what several extracts hold comes once, from the one with the youngest data (the earlier argument, when they do not
// say). Ways that cross from one into another so find all their nodes.
//
// Each part must be sorted as extracts are (nodes, ways, relations, each by rising id); a scan of one that is not
// ends in an ErrUnsupported. Closing the source closes its parts.
func Merge(parts ...*Source) (*Source, error) {
	switch len(parts) {
	case 0:
		return nil, &FormatError{Name: "merged extracts", Offset: -1, Kind: ErrEmpty, Detail: "there is nothing to merge"}
	case 1:
		return parts[0], nil
	}
	m := &Source{parts: slices.Clone(parts)}
	slices.SortStableFunc(m.parts, func(a, b *Source) int { return b.header.Timestamp.Compare(a.header.Timestamp) })
	var names []string
	m.header = Header{Sorted: true, HasBounds: true, Timestamp: m.parts[0].header.Timestamp}
	for i, p := range m.parts {
		names = append(names, p.name)
		m.size += p.size
		m.header.HasBounds = m.header.HasBounds && p.header.HasBounds
		if i == 0 {
			m.header.Bounds = p.header.Bounds
		}
		m.header.Bounds = m.header.Bounds.Union(p.header.Bounds)
	}
	m.name = strings.Join(names, ", ")
	return m, nil
}

// hashParts is the hash of a merged source: the same parts in any order give the same.
func (s *Source) hashParts() (string, error) {
	var hashes []string
	for _, p := range s.parts {
		h, err := p.Hash()
		if err != nil {
			return "", err
		}
		hashes = append(hashes, h)
	}
	slices.Sort(hashes)
	sum := sha256.Sum256([]byte(strings.Join(hashes, "\n")))
	return hex.EncodeToString(sum[:]), nil
}

// scanParts runs through all parts side by side, once for each kind of element asked for.
func (s *Source) scanParts(ctx context.Context, h Handler) error {
	passes, pass := int64(0), int64(0)
	for _, wanted := range []bool{h.Node != nil, h.Way != nil, h.Relation != nil} {
		if wanted {
			passes++
		}
	}
	var mu sync.Mutex
	progress := func() func(part int) func(done, total int64) {
		if h.Progress == nil {
			return func(int) func(done, total int64) { return nil }
		}
		base := pass * s.size / max(passes, 1)
		at := make([]int64, len(s.parts))
		return func(part int) func(done, total int64) {
			return func(done, _ int64) {
				mu.Lock()
				defer mu.Unlock()
				at[part] = done
				sum := int64(0)
				for _, n := range at {
					sum += n
				}
				h.Progress(base+sum/passes, s.size)
			}
		}
	}
	if h.Node != nil {
		tell := progress()
		err := merge(ctx, s.parts, h.Node, func(n Node) int64 { return n.ID }, func(part int, emit func(Node) error) Handler {
			return Handler{Node: emit, Progress: tell(part)}
		})
		if err != nil {
			return err
		}
		pass++
	}
	if h.Way != nil {
		tell := progress()
		err := merge(ctx, s.parts, h.Way, func(w Way) int64 { return w.ID }, func(part int, emit func(Way) error) Handler {
			return Handler{Way: emit, Progress: tell(part)}
		})
		if err != nil {
			return err
		}
		pass++
	}
	if h.Relation != nil {
		tell := progress()
		return merge(ctx, s.parts, h.Relation, func(r Relation) int64 { return r.ID }, func(part int, emit func(Relation) error) Handler {
			return Handler{Relation: emit, Progress: tell(part)}
		})
	}
	return nil
}

// batch is how many elements travel at once from a part's scan to the merge.
const batch = 2048

// merge hands over the elements of all parts by rising id, each id once, from the first part that has it.
func merge[T any](ctx context.Context, parts []*Source, hand func(T) error, id func(T) int64, handler func(part int, emit func(T) error) Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()

	streams := make([]chan []T, len(parts))
	errs := make([]error, len(parts)) // read once the stream is closed
	for i, part := range parts {
		streams[i] = make(chan []T, 2)
		group.Add(1)
		go func() {
			defer group.Done()
			defer close(streams[i])
			var held []T
			send := func() error {
				select {
				case streams[i] <- held:
					held = nil
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			last, any := int64(0), false
			err := part.Scan(ctx, handler(i, func(x T) error {
				if any && id(x) <= last {
					return &FormatError{Name: part.name, Offset: -1, Kind: ErrUnsupported,
						Detail: fmt.Sprintf("element %d follows %d: to be merged, a file must be sorted by id", id(x), last)}
				}
				last, any = id(x), true
				if held = append(held, x); len(held) == batch {
					return send()
				}
				return nil
			}))
			if err == nil && len(held) > 0 {
				err = send()
			}
			errs[i] = err
		}()
	}
	heads := make([][]T, len(parts))
	open := make([]bool, len(parts))
	fill := func(i int) error {
		for len(heads[i]) == 0 && open[i] {
			heads[i], open[i] = <-streams[i]
		}
		if !open[i] {
			return errs[i]
		}
		return nil
	}
	for i := range parts {
		open[i] = true
		if err := fill(i); err != nil {
			return err
		}
	}
	for n := 0; ; n++ {
		if n&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		first := -1
		for i := range heads {
			if open[i] && (first < 0 || id(heads[i][0]) < id(heads[first][0])) {
				first = i
			}
		}
		if first < 0 {
			return nil
		}
		x := heads[first][0]
		for i := range heads {
			if open[i] && id(heads[i][0]) == id(x) {
				if heads[i] = heads[i][1:]; len(heads[i]) == 0 {
					if err := fill(i); err != nil {
						return err
					}
				}
			}
		}
		if err := hand(x); err != nil {
			return err
		}
	}
}
