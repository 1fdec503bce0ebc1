// Package exchange reads and writes tables of records in the formats other programs speak: CSV in any dialect, XLSX,
// points in GeoJSON, vCard.
//
// Whatever a file holds, reading it needs little memory: rows come one by one, cells, columns and whole files have
// limits, and a row that cannot be read is told with the reason while the others go on.
package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Format is what a file is written in.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	XLSX    Format = "xlsx"
	GeoJSON Format = "geojson"
	VCard   Format = "vcard"
)

// Limits of what is read.
const (
	maxColumns = 1000
	maxCell    = 100_000 // bytes
	maxRecord  = 1 << 20 // bytes of one row
	sample     = 64 << 10
)

// Unreadable says why a file as a whole cannot be read.
type Unreadable struct{ Reason string }

func (e *Unreadable) Error() string { return e.Reason }

func unreadable(format string, args ...any) error { return &Unreadable{fmt.Sprintf(format, args...)} }

// Row is one record of a table.
type Row struct {
	Line  int      // where it begins in the file, from 1: a line, a row of the sheet, or a feature
	Cells []string // as many as the header has
	Bad   string   // why it cannot be read; its cells are then what could be
}

// Table gives the rows of a file one after the other.
type Table interface {
	Header() []string
	// Next returns the next row; io.EOF after the last.
	Next() (Row, error)
	// Offset is how many bytes of the file the rows up to now have taken, about.
	Offset() int64
	Close() error
}

// Position is where a table that is read in several goes has come to.
type Position struct {
	Offset int64 `json:"offset"`
	Line   int   `json:"line"`
	Rows   int   `json:"rows"`
}

// Resumable is a table whose reading can go on at a position without what lies before it being read again.
type Resumable interface {
	Position() Position
	Resume(Position) error
}

// Sniff tells the format of a file by how it begins, and by its name where that leaves it open.
func Sniff(name string, start []byte) Format {
	start = bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))
	text := bytes.TrimLeft(start, " \t\r\n")
	switch ext := strings.ToLower(path.Ext(name)); {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return XLSX
	case len(text) >= 11 && strings.EqualFold(string(text[:11]), "BEGIN:VCARD"):
		return VCard
	case bytes.HasPrefix(text, []byte("{")) && (ext == ".geojson" || ext == ".json" || bytes.Contains(text, []byte(`"Feature`))):
		return GeoJSON
	}
	return CSV
}

// Open reads the header of a file of a format.
func Open(src io.ReaderAt, size int64, f Format) (Table, error) {
	switch f {
	case CSV:
		return openCSV(src, size)
	case XLSX:
		return openXLSX(src, size)
	case GeoJSON:
		return openGeoJSON(src, size)
	case VCard:
		return openVCard(src, size)
	}
	return nil, unreadable("%q is no format we read", f)
}

// Start returns how a file begins.
func Start(src io.ReaderAt, size int64) ([]byte, error) {
	start := make([]byte, min(size, sample))
	n, err := src.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return start[:n], nil
}

// named gives every column a name of its own.
func named(cells []string) []string {
	out, seen := make([]string, len(cells)), map[string]bool{}
	for i, c := range cells {
		c = strings.Join(strings.Fields(c), " ")
		if c == "" {
			c = fmt.Sprintf("column %d", i+1)
		}
		name := c
		for n := 2; seen[name]; n++ {
			name = fmt.Sprintf("%s (%d)", c, n)
		}
		seen[name], out[i] = true, name
	}
	return out
}

// fitted makes a row as wide as the header. Cells beyond it that hold something make it bad.
func fitted(row Row, columns int) Row {
	for i := columns; i < len(row.Cells); i++ {
		if strings.TrimSpace(row.Cells[i]) != "" && row.Bad == "" {
			row.Bad = fmt.Sprintf("has %d cells where the header has %d", len(row.Cells), columns)
		}
	}
	for i, c := range row.Cells {
		if len(c) > maxCell {
			row.Cells[i] = strings.ToValidUTF8(c[:200], "") + "…"
			row.Bad = fmt.Sprintf("has a cell of more than %d letters", maxCell)
		}
	}
	if len(row.Cells) > columns {
		row.Cells = row.Cells[:columns]
	}
	for len(row.Cells) < columns {
		row.Cells = append(row.Cells, "")
	}
	return row
}
