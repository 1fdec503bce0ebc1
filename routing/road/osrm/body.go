package osrm

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sort"
	"strings"

	"github.com/paulmach/orb"

	"catchment/routing/road"
)

// ParseBody reads a request whose coordinates and parameters come as JSON instead of in the address, which may not be
// long enough for them: {"coordinates": [[9.52,47.14],[9.51,47.17]], "sources": [0], "annotations": "duration"}. The
// keys are those of the query; lists may be JSON lists, with null for nothing. The path ends with the profile:
// "/table/v1/driving". What the address's query says is read first.
func ParseBody(path, rawQuery string, body []byte) (*Request, *Problem) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) != 3 {
		return nil, problem("InvalidUrl", "Post to /{service}/v1/{profile}; the coordinates belong into the body")
	}
	r, p := begin(parts)
	if p != nil {
		return nil, p
	}
	var fields map[string]json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&fields); err != nil {
		return nil, problem("InvalidQuery", "The body is no JSON object: %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, problem("InvalidQuery", "The body holds more than one JSON object")
	}
	var points []orb.Point
	if err := json.Unmarshal(fields["coordinates"], &points); err != nil {
		return nil, problem("InvalidQuery", "The body's coordinates are no list of [longitude, latitude]")
	}
	delete(fields, "coordinates")
	if p := r.place(points); p != nil {
		return nil, p
	}
	if p := r.query(rawQuery); p != nil {
		return nil, p
	}
	keys := make([]string, 0, len(fields))
	for key := range fields {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		value, ok := optionText(key, fields[key])
		if !ok || !r.option(key, value) {
			return nil, problem("InvalidQuery", "The body's field %q cannot be %.60s", key, fields[key])
		}
	}
	return r, r.check()
}

// optionText writes a JSON value as the query would have it.
func optionText(key string, value json.RawMessage) (string, bool) {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil || list == nil {
		return optionItem(value)
	}
	items := make([]string, len(list))
	for i, v := range list {
		var pair []json.RawMessage
		if key == "bearings" && json.Unmarshal(v, &pair) == nil && len(pair) == 2 {
			items[i] = string(pair[0]) + "," + string(pair[1])
			continue
		}
		var ok bool
		if items[i], ok = optionItem(v); !ok {
			return "", false
		}
	}
	if key == "annotations" || key == "exclude" {
		return strings.Join(items, ","), true
	}
	return strings.Join(items, ";"), true
}

func optionItem(value json.RawMessage) (string, bool) {
	var v any
	if json.Unmarshal(value, &v) != nil {
		return "", false
	}
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool, float64:
		return strings.TrimSpace(string(value)), true
	}
	return "", false
}

// A table in binary is a header of four little-endian uint32 and the cells row by row, as little-endian uint32:
//
//	"CATM" · 1 for durations, 2 for distances, 3 for both · rows · columns
//	durations in tenths of a second, if asked for, then distances in tenths of a metre, if asked for
//
// NoWay stands for a pair without a way, and for one to which only a fallback speed would lead.
const (
	TableMagic = "CATM"
	NoWay      = math.MaxUint32
)

// BinaryType is the media type of a table in binary.
const BinaryType = "application/octet-stream"

// binaryTable writes a table in binary.
func (a *answer) binaryTable() ([]byte, error) {
	if a.r.Service != "table" {
		return nil, problem("InvalidOptions", "Only tables are told in binary")
	}
	if a.r.FallbackSpeed > 0 || a.r.ScaleFactor != 1 {
		return nil, problem("InvalidOptions", "A table in binary has no fallback speed and no scale factor")
	}
	from, to, costs, err := a.tableCosts()
	if err != nil {
		return nil, err
	}
	parts := uint32(0)
	var values []func(c road.Cost) uint32
	if a.r.Annotations["duration"] {
		parts |= 1
		values = append(values, func(c road.Cost) uint32 { return c.Tenths })
	}
	if a.r.Annotations["distance"] {
		parts |= 2
		values = append(values, func(c road.Cost) uint32 { return c.Decimeters })
	}
	b := make([]byte, 16, 16+4*len(costs)*len(values))
	copy(b, TableMagic)
	for i, v := range []uint32{parts, uint32(len(from)), uint32(len(to))} {
		binary.LittleEndian.PutUint32(b[4+4*i:], v)
	}
	for _, value := range values {
		for _, c := range costs {
			v := uint32(NoWay)
			if c.Exists() {
				v = value(c)
			}
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	return b, nil
}

// ReadTable reads a table in binary. A part that it does not hold is nil.
func ReadTable(b []byte) (rows, columns int, tenths, decimeters []uint32, err error) {
	if len(b) < 16 || string(b[:4]) != TableMagic {
		return 0, 0, nil, nil, fmt.Errorf("read table: it does not begin as one")
	}
	parts, r, c := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
	cells := uint64(r) * uint64(c)
	if parts < 1 || parts > 3 || r > MaxCoordinates || c > MaxCoordinates || uint64(len(b)-16) != 4*cells*uint64(parts&1+parts>>1) {
		return 0, 0, nil, nil, fmt.Errorf("read table: %d bytes are not %d × %d cells", len(b), r, c)
	}
	b = b[16:]
	for _, part := range []struct {
		bit uint32
		to  *[]uint32
	}{{1, &tenths}, {2, &decimeters}} {
		if parts&part.bit == 0 {
			continue
		}
		*part.to = make([]uint32, cells)
		for i := range *part.to {
			(*part.to)[i] = binary.LittleEndian.Uint32(b[4*i:])
		}
		b = b[4*cells:]
	}
	return int(r), int(c), tenths, decimeters, nil
}
