package demo

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// draw returns the seed, a part of the company and a number within it, mixed: the source of ids and chance. No part
// depends on another, so that a larger company begins with the smaller one and a broken-off making can go on.
func (m *maker) draw(part string, nth int) [32]byte {
	text := binary.BigEndian.AppendUint64([]byte(part), m.Seed)
	return sha256.Sum256(binary.BigEndian.AppendUint64(text, uint64(nth)))
}

func (m *maker) chance(part string, nth int) *rand.Rand {
	d := m.draw("chance "+part, nth)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(d[:]), binary.BigEndian.Uint64(d[8:])))
}

// epoch is the time in the company's ids: not the clock's, for they must be the same tomorrow.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// id returns the id of the nth thing of a part: a UUIDv7 in the order of the numbers.
func (m *maker) id(part string, nth int) uuid.UUID {
	d := m.draw("id "+part, nth)
	id := uuid.UUID(d[:16])
	ms := uint64(epoch.UnixMilli()) + uint64(nth)
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6], id[8] = 0x70|id[6]&0x0f, 0x80|id[8]&0x3f
	return id
}

// pick returns one of the choices.
func pick[T any](chance *rand.Rand, choices []T) T { return choices[chance.IntN(len(choices))] }
