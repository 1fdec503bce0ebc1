package exchange

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// Limits of workbooks. What a sheet or the shared texts hold beyond spill goes through temporary files.
const (
	mostXLSX     = 64 << 20  // bytes of the file
	mostUnpacked = 512 << 20 // bytes of all its parts
	spill        = 4 << 20
)

// xlsxTable reads the first sheet of a workbook that holds anything.
type xlsxTable struct {
	book        *excelize.File
	header      []string
	raw, shown  *excelize.Rows
	line, first int
	size        int64
}

func openXLSX(src io.ReaderAt, size int64) (t *xlsxTable, err error) {
	if size > mostXLSX {
		return nil, unreadable("is larger than %d MB: save it as CSV", mostXLSX>>20)
	}
	defer func() { // a library of others on a file of strangers
		if fault := recover(); fault != nil {
			t, err = nil, unreadable("is no workbook that can be read")
		}
	}()
	book, err := excelize.OpenReader(io.NewSectionReader(src, 0, size), excelize.Options{UnzipSizeLimit: mostUnpacked, UnzipXMLSizeLimit: spill,
		ShortDatePattern: "yyyy-mm-dd", LongDatePattern: "yyyy-mm-dd"})
	if err != nil {
		if strings.Contains(err.Error(), "unzip size") {
			return nil, unreadable("unpacks to more than %d MB", mostUnpacked>>20)
		}
		return nil, unreadable("is no workbook that can be read")
	}
	t = &xlsxTable{book: book, size: size}
	for _, sheet := range book.GetSheetList() {
		if t.raw, err = book.Rows(sheet); err != nil {
			continue
		}
		if t.shown, err = book.Rows(sheet); err != nil {
			continue
		}
		cells, _, err := t.cells()
		for err == nil && blank(cells) {
			cells, _, err = t.cells()
		}
		if errors.Is(err, io.EOF) {
			t.line = 0
			continue
		}
		if err != nil || len(cells) > maxColumns {
			book.Close()
			return nil, unreadable("has a header that cannot be read, or more than %d columns", maxColumns)
		}
		t.header = named(cells)
		return t, nil
	}
	book.Close()
	return nil, unreadable("is empty")
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// cells reads a row: dates as they are shown, everything else as it is stored.
func (t *xlsxTable) cells() (cells []string, bad string, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = unreadable("row %d cannot be read", t.line)
		}
	}()
	if !t.raw.Next() || !t.shown.Next() {
		if err := t.raw.Error(); err != nil {
			return nil, "", unreadable("cannot be read beyond row %d", t.line)
		}
		return nil, "", io.EOF
	}
	t.line++
	raw, err := t.raw.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, "", unreadable("row %d cannot be read", t.line)
	}
	shown, err := t.shown.Columns()
	if err != nil {
		return nil, "", unreadable("row %d cannot be read", t.line)
	}
	for len(raw) > 0 && raw[len(raw)-1] == "" {
		raw = raw[:len(raw)-1]
	}
	for i, c := range raw {
		if i < len(shown) && shown[i] != c {
			c = dated(c, shown[i])
		}
		raw[i] = clean(strings.ToValidUTF8(c, "\uFFFD"))
	}
	return raw, "", nil
}

// day is how dates are shown: 22.11.2026, 2026-11-22, 11/22/26 08:00, 22-Nov-26, 22. November 2026.
var day = regexp.MustCompile(`^(\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{1,2}[-. ]+\p{L}{3,}[-. ,]+\d{2,4}|\p{L}{3,}[-. ]+\d{1,2}[-., ]+\d{2,4})([ T].*)?$`)

// dated returns a number that is shown as a day or an instant as that, in ISO form.
func dated(raw, shown string) string {
	serial, err := strconv.ParseFloat(raw, 64)
	if err != nil || serial < 1 || serial > 200_000 || !day.MatchString(strings.TrimSpace(shown)) {
		return raw
	}
	at, err := excelize.ExcelDateToTime(serial, false)
	if err != nil {
		return raw
	}
	if at = at.Round(time.Second); at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 {
		return at.Format(time.DateOnly)
	}
	return at.Format("2006-01-02 15:04:05")
}

func (t *xlsxTable) Header() []string { return t.header }

// Offset is a guess: sheets do not tell how long they are.
func (t *xlsxTable) Offset() int64 { return min(t.size, int64(t.line)*200) }

func (t *xlsxTable) Close() error {
	t.raw.Close()
	t.shown.Close()
	return t.book.Close()
}

func (t *xlsxTable) Next() (Row, error) {
	for {
		cells, bad, err := t.cells()
		if err != nil {
			return Row{}, err
		}
		if blank(cells) {
			continue
		}
		for i, c := range cells {
			cells[i] = Harmful(c)
		}
		return fitted(Row{Line: t.line, Cells: cells, Bad: bad}, len(t.header)), nil
	}
}

// sheetWriter writes a workbook of one sheet.
type sheetWriter struct {
	out    io.Writer
	book   *excelize.File
	stream *excelize.StreamWriter
	line   int
}

func newSheetWriter(out io.Writer, header []string) (*sheetWriter, error) {
	book := excelize.NewFile()
	stream, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, fmt.Errorf("begin a workbook: %w", err)
	}
	w := &sheetWriter{out: out, book: book, stream: stream}
	return w, w.row(header)
}

func (w *sheetWriter) row(cells []string) error {
	w.line++
	values := make([]any, len(cells))
	for i, c := range cells {
		if strings.HasPrefix(c, "'") {
			c = Defuse(c) // else reading it would take the apostrophe for ours
		}
		values[i] = c // a text: nothing is taken for a formula
	}
	return w.stream.SetRow("A"+strconv.Itoa(w.line), values)
}

func (w *sheetWriter) close() error {
	defer w.book.Close()
	if err := w.stream.Flush(); err != nil {
		return err
	}
	_, err := w.book.WriteTo(w.out)
	return err
}
