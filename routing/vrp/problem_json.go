package vrp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// matrixJSON is the shape of a Matrix on the wire: rows of numbers.
type matrixJSON struct {
	Durations json.RawMessage `json:"durations,omitempty"`
	Distances json.RawMessage `json:"distances,omitempty"`
	Costs     json.RawMessage `json:"costs,omitempty"`
	Bands     []Band          `json:"bands,omitempty"`
}

// UnmarshalJSON reads VROOM's arrays of arrays.
func (m *Matrix) UnmarshalJSON(data []byte) error {
	var raw matrixJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*m = Matrix{Bands: raw.Bands}
	for _, part := range []struct {
		name string
		raw  json.RawMessage
		into *[]int32
	}{{"durations", raw.Durations, &m.Durations}, {"distances", raw.Distances, &m.Distances}, {"costs", raw.Costs, &m.Costs}} {
		if part.raw == nil || bytes.Equal(part.raw, []byte("null")) {
			continue
		}
		flat, size, err := readSquare(part.raw)
		if err != nil {
			return &InputError{Field: part.name, Message: err.Error()}
		}
		if m.Size != 0 && m.Size != size {
			return &InputError{Field: part.name, Message: fmt.Sprintf("has %d rows where another matrix of the profile has %d", size, m.Size)}
		}
		m.Size, *part.into = size, flat
	}
	return nil
}

// MarshalJSON writes VROOM's arrays of arrays.
func (m *Matrix) MarshalJSON() ([]byte, error) {
	return json.Marshal(matrixJSON{
		Durations: writeSquare(m.Durations, m.Size),
		Distances: writeSquare(m.Distances, m.Size),
		Costs:     writeSquare(m.Costs, m.Size),
		Bands:     m.Bands,
	})
}

// readSquare reads [[a,b],[c,d]], whose JSON syntax the caller's decoder has already proven, without a slice
// per row: a matrix of 1,000 places is a million numbers.
func readSquare(data []byte) ([]int32, int, error) {
	var flat []int32
	depth, rows, row := 0, 0, 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '[':
			depth++
			row = len(flat)
			if depth > 2 {
				return nil, 0, fmt.Errorf("row %d holds an array where a number belongs", rows)
			}
		case c == ']':
			depth--
			if depth == 1 {
				got := len(flat) - row
				if rows == 0 && got > 0 {
					grown := make([]int32, got, got*got)
					copy(grown, flat)
					flat = grown
				}
				if rows > 0 && got*rows != row {
					return nil, 0, fmt.Errorf("row %d has %d numbers, the first row %d", rows, got, row/rows)
				}
				rows++
			}
		case c == ' ' || c == ',' || c == '\n' || c == '\t' || c == '\r':
		default:
			j := i
			for j < len(data) && !bytes.ContainsRune([]byte(",] \n\t\r"), rune(data[j])) {
				j++
			}
			value, err := matrixNumber(data[i:j])
			if err != nil || depth != 2 {
				return nil, 0, fmt.Errorf("row %d holds %s where a whole number from 0 belongs", rows, data[i:j])
			}
			flat = append(flat, value)
			i = j - 1
		}
	}
	if rows*rows != len(flat) {
		return nil, 0, fmt.Errorf("is not square: %d rows of %d numbers", rows, len(flat)/max(rows, 1))
	}
	return flat, rows, nil
}

func matrixNumber(text []byte) (int32, error) {
	if string(text) == "null" {
		return Unreachable, nil
	}
	value, err := strconv.ParseUint(string(text), 10, 63)
	if err != nil {
		return 0, err
	}
	return int32(min(value, uint64(Unreachable))), nil
}

func writeSquare(flat []int32, size int) json.RawMessage {
	if flat == nil {
		return nil
	}
	out := make([]byte, 0, len(flat)*5)
	out = append(out, '[')
	for i, value := range flat {
		switch {
		case i == 0:
			out = append(out, '[')
		case i%size == 0:
			out = append(out, "],["...)
		default:
			out = append(out, ',')
		}
		if value == Unreachable {
			out = append(out, "null"...)
		} else {
			out = strconv.AppendInt(out, int64(value), 10)
		}
	}
	if len(flat) > 0 {
		out = append(out, ']')
	}
	return append(out, ']')
}
