package web

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestATileIsCutOnceForAllWhoAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cuts atomic.Int32
		proceed := make(chan struct{})
		cache := newTileCache(func(context.Context, int, int, int) ([]byte, error) {
			cuts.Add(1)
			<-proceed
			return []byte("tile"), nil
		})
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				packed, err := cache.get(t.Context(), tileKey{"a", 1, 2, 3})
				tile, unpacked := unpack(packed)
				if err != nil || unpacked != nil || string(tile) != "tile" {
					t.Errorf("%q %v %v", tile, err, unpacked)
				}
			})
		}
		synctest.Wait()
		close(proceed)
		wait.Wait()
		if diff := cmp.Diff(int32(1), cuts.Load()); diff != "" {
			t.Error(diff)
		}
		if _, err := cache.get(t.Context(), tileKey{"b", 1, 2, 3}); err != nil || cuts.Load() != 2 {
			t.Errorf("another map: %d cuts, %v", cuts.Load(), err)
		}
	})
}

func TestWhoLeavesTakesNoTileFromOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := newTileCache(func(ctx context.Context, _, _, _ int) ([]byte, error) {
			if ctx.Value(patientKey{}) == nil { // the impatient one's
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return []byte("tile"), nil
		})
		impatient, leave := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, err := cache.get(impatient, tileKey{}); !errors.Is(err, context.Canceled) {
				t.Errorf("who left: %v", err)
			}
		})
		synctest.Wait()
		wait.Go(func() {
			packed, err := cache.get(context.WithValue(t.Context(), patientKey{}, true), tileKey{})
			if tile, _ := unpack(packed); err != nil || string(tile) != "tile" {
				t.Errorf("who stayed: %q %v", tile, err)
			}
		})
		synctest.Wait()
		leave()
		wait.Wait()
	})
}

type patientKey struct{}

func TestTheTilesAskedForLastAreKept(t *testing.T) {
	t.Parallel()
	cuts := map[int]int{}
	cache := newTileCache(func(_ context.Context, z, _, _ int) ([]byte, error) {
		cuts[z]++
		return nil, nil
	})
	cache.most = 2 * overhead
	for _, z := range []int{1, 2, 1, 3, 1, 2} {
		if _, err := cache.get(t.Context(), tileKey{z: z}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[int]int{1: 1, 2: 2, 3: 1}, cuts); diff != "" {
		t.Error(diff)
	}
	if len(cache.entries) != 2 || cache.order.Len() != 2 || cache.bytes != 2*overhead {
		t.Errorf("%d entries, %d in order, %d bytes", len(cache.entries), cache.order.Len(), cache.bytes)
	}
}

func TestAFaultIsNotKept(t *testing.T) {
	t.Parallel()
	fault := errors.New("away")
	cache := newTileCache(func(context.Context, int, int, int) ([]byte, error) { return []byte(strings.Repeat("x", 10)), fault })
	if _, err := cache.get(t.Context(), tileKey{}); !errors.Is(err, fault) {
		t.Errorf("got %v", err)
	}
	fault = nil
	if packed, err := cache.get(t.Context(), tileKey{}); err != nil || packed == nil {
		t.Errorf("later: %v", fmt.Sprint(packed, err))
	}
}
