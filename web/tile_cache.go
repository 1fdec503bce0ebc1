package web

import (
	"bytes"
	"compress/gzip"
	"container/list"
	"context"
	"fmt"
	"io"
	"sync"
)

// cutters is how many tiles are cut at once: a flood of them must leave the database to others.
const cutters = 4

// tileCacheSize is how many bytes of packed tiles are kept in memory.
const tileCacheSize = 64 << 20

// tileKey names a tile of the map that is in force; another map has another tag.
type tileKey struct {
	tag     string
	z, x, y int
}

// tileCache keeps packed tiles, those asked for last, and cuts each tile once however many ask for it at a time.
type tileCache struct {
	cut func(ctx context.Context, z, x, y int) ([]byte, error)

	turns chan struct{}

	mu      sync.Mutex
	entries map[tileKey]*list.Element
	order   list.List // of *tileEntry, the one asked for last in front
	bytes   int
	most    int
	cutting map[tileKey]*cutting
}

type tileEntry struct {
	key    tileKey
	packed []byte // gzip; nil where the map is empty
}

// cutting is a tile being cut; done is closed when it is there.
type cutting struct {
	done   chan struct{}
	packed []byte
	err    error
}

func newTileCache(cut func(ctx context.Context, z, x, y int) ([]byte, error)) *tileCache {
	return &tileCache{cut: cut, turns: make(chan struct{}, cutters), entries: map[tileKey]*list.Element{}, most: tileCacheSize, cutting: map[tileKey]*cutting{}}
}

// get returns a tile packed with gzip, or nothing where the map is empty.
func (c *tileCache) get(ctx context.Context, key tileKey) ([]byte, error) {
	for {
		c.mu.Lock()
		if found, kept := c.entries[key]; kept {
			c.order.MoveToFront(found)
			c.mu.Unlock()
			return found.Value.(*tileEntry).packed, nil
		}
		under, waiting := c.cutting[key]
		if !waiting {
			under = &cutting{done: make(chan struct{})}
			c.cutting[key] = under
		}
		c.mu.Unlock()
		if !waiting {
			under.packed, under.err = c.make(ctx, key)
			c.finish(key, under)
			return under.packed, under.err
		}
		select {
		case <-under.done:
			if under.err == nil {
				return under.packed, nil
			}
			if ctx.Err() != nil { // ours as well
				return nil, ctx.Err()
			}
			// Whoever cut it may have left before it was done: that is no reason for us to go without.
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *tileCache) make(ctx context.Context, key tileKey) ([]byte, error) {
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	tile, err := c.cut(ctx, key.z, key.x, key.y)
	if err != nil || len(tile) == 0 {
		return nil, err
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(tile); err != nil {
		return nil, fmt.Errorf("pack tile: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("pack tile: %w", err)
	}
	return packed.Bytes(), nil
}

// overhead is about what an entry takes beside its bytes, so that empty tiles count as well.
const overhead = 200

func (c *tileCache) finish(key tileKey, made *cutting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.cutting, key)
	close(made.done)
	if made.err != nil {
		return
	}
	c.entries[key] = c.order.PushFront(&tileEntry{key, made.packed})
	c.bytes += len(made.packed) + overhead
	for c.bytes > c.most {
		oldest := c.order.Back()
		entry := oldest.Value.(*tileEntry)
		c.order.Remove(oldest)
		delete(c.entries, entry.key)
		c.bytes -= len(entry.packed) + overhead
	}
}

// unpack is for clients that take no gzip.
func unpack(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack tile: %w", err)
	}
	tile, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("unpack tile: %w", err)
	}
	return tile, nil
}
