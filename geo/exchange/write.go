package exchange

import (
	"encoding/csv"
	"io"
)

// Writer writes a table row by row. What it needs of a row depends on its format: Cells of CSV and XLSX, Feature of
// GeoJSON, Card of vCard.
type Writer struct {
	cells  *csv.Writer
	plain  []bool
	sheet  *sheetWriter
	points *featureWriter
	cards  *cardWriter
}

// NewWriter begins a table. plain tells columns that hold numbers, dates and codes made by ourselves, which are never
// defused.
func NewWriter(out io.Writer, f Format, header []string, plain []bool) (*Writer, error) {
	w := &Writer{plain: plain}
	var err error
	switch f {
	case CSV:
		w.cells = csv.NewWriter(out)
		w.cells.UseCRLF = true
		if _, err = io.WriteString(out, "\xef\xbb\xbf"); err == nil { // spreadsheets take it for something else without
			safe := make([]string, len(header))
			for i, name := range header {
				safe[i] = Defuse(name)
			}
			err = w.cells.Write(safe)
		}
	case XLSX:
		w.sheet, err = newSheetWriter(out, header)
	case GeoJSON:
		w.points, err = newFeatureWriter(out)
	case VCard:
		w.cards = &cardWriter{out}
	default:
		err = unreadable("%q is no format we write", f)
	}
	return w, err
}

// Cells writes a row of CSV or XLSX.
func (w *Writer) Cells(cells []string) error {
	if w.sheet != nil {
		return w.sheet.row(cells)
	}
	safe := make([]string, len(cells))
	for i, c := range cells {
		if safe[i] = c; i >= len(w.plain) || !w.plain[i] {
			safe[i] = Defuse(c)
		}
	}
	return w.cells.Write(safe)
}

// Feature writes a point of GeoJSON.
func (w *Writer) Feature(f Feature) error { return w.points.feature(f) }

// Card writes a vCard.
func (w *Writer) Card(c Card) error { return w.cards.card(c) }

// Flush hands on what is held back.
func (w *Writer) Flush() error {
	if w.cells != nil {
		w.cells.Flush()
		return w.cells.Error()
	}
	return nil
}

// Close ends the table.
func (w *Writer) Close() error {
	switch {
	case w.cells != nil:
		return w.Flush()
	case w.sheet != nil:
		return w.sheet.close()
	case w.points != nil:
		return w.points.close()
	}
	return nil
}
