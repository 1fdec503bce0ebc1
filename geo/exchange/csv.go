package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Dialect is how a CSV file is written.
type Dialect struct {
	Comma   byte
	Charset string // "utf-8", "windows-1252", "utf-16"
	plain   bool   // nothing but ASCII was seen when the charset was chosen
}

// csvTable reads a CSV file. Its bytes are cut into cells before they are decoded, so that positions are those of the
// file.
type csvTable struct {
	src     io.ReaderAt // of bytes that are UTF-8 or Windows-1252
	size    int64
	dialect Dialect
	header  []string
	lines   *lineReader
	rows    int
}

func openCSV(src io.ReaderAt, size int64) (*csvTable, error) {
	start, err := Start(src, size)
	if err != nil {
		return nil, err
	}
	t := &csvTable{src: src, size: size}
	from := int64(0)
	switch {
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		if t.src, t.size, err = fromUTF16(src, size); err != nil {
			return nil, err
		}
		if start, err = Start(t.src, t.size); err != nil {
			return nil, err
		}
		t.dialect.Charset = "utf-16"
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		from, start = 3, start[3:]
		t.dialect.Charset = "utf-8"
	default:
		t.dialect.Charset, t.dialect.plain = charset(start, size > int64(len(start)))
	}
	if bytes.IndexByte(start, 0) >= 0 {
		return nil, unreadable("is no text: save it as CSV or XLSX")
	}
	end := byte('\n')
	if bytes.IndexByte(start, '\n') < 0 && bytes.IndexByte(start, '\r') >= 0 {
		end = '\r'
	}
	if rest, ok := bytes.CutPrefix(start, []byte("sep=")); ok && len(rest) > 1 { // as Excel writes it
		t.dialect.Comma = rest[0]
		if n := bytes.IndexByte(start, end); n >= 0 {
			from, start = from+int64(n)+1, start[n+1:]
		}
	} else {
		t.dialect.Comma = comma(start, end)
	}
	t.lines = newLineReader(t.src, t.size, from, end)
	row, err := t.record()
	switch {
	case errors.Is(err, io.EOF):
		return nil, unreadable("is empty")
	case err != nil:
		return nil, err
	case row.Bad != "":
		return nil, unreadable("the header %s", row.Bad)
	case len(row.Cells) > maxColumns:
		return nil, unreadable("has more than %d columns", maxColumns)
	}
	t.header = named(row.Cells)
	return t, nil
}

// mostUTF16 is the most bytes of a file in UTF-16, which is decoded as a whole.
const mostUTF16 = 32 << 20

func fromUTF16(src io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	if size > mostUTF16 {
		return nil, 0, unreadable("is UTF-16 of more than %d MB: save it as CSV in UTF-8", mostUTF16>>20)
	}
	decoder := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()
	text, err := io.ReadAll(decoder.Reader(io.NewSectionReader(src, 0, size)))
	if err != nil {
		return nil, 0, unreadable("is not valid UTF-16")
	}
	return bytes.NewReader(text), int64(len(text)), nil
}

// charset tells UTF-8 from Windows-1252. A letter that the end of the sample cuts in two says nothing.
func charset(start []byte, cut bool) (name string, plain bool) {
	if cut {
		for n := 0; n < utf8.UTFMax && len(start) > 0; n++ {
			if r, size := utf8.DecodeLastRune(start); r != utf8.RuneError || size > 1 {
				break
			}
			start = start[:len(start)-1]
		}
	}
	letters, wrong := 0, 0
	for rest := start; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			wrong++
		case size > 1:
			letters++
		}
		rest = rest[size:]
	}
	if letters >= wrong { // a broken letter here and there leaves a file in UTF-8
		return "utf-8", letters == 0
	}
	return "windows-1252", false
}

// comma finds what parts cells: what parts most lines into the same number of cells.
func comma(start []byte, end byte) byte {
	best, bestScore := byte(','), 0.0
	for _, c := range []byte{',', ';', '\t', '|'} {
		r := newLineReader(bytes.NewReader(start), int64(len(start)), 0, end)
		counts, total := map[int]int{}, 0
		for total < 50 {
			cells, bad, err := r.record(c)
			if err != nil {
				break
			}
			if bad == "" {
				counts[len(cells)]++
			}
			total++
		}
		for n, times := range counts {
			if n < 2 {
				continue
			}
			share := float64(times) / float64(total)
			if score := share*share*share + float64(min(n, 100))/1000; score > bestScore {
				best, bestScore = c, score
			}
		}
	}
	return best
}

func (t *csvTable) Header() []string { return t.header }

func (t *csvTable) Offset() int64 { return t.lines.offset }

func (t *csvTable) Close() error { return nil }

// Position is where the next row begins.
func (t *csvTable) Position() Position { return Position{t.lines.offset, t.lines.line, t.rows} }

// Resume goes on at a position.
func (t *csvTable) Resume(p Position) error {
	if p.Offset < 0 || p.Offset > t.size || p.Line < 1 {
		return unreadable("there is no such position in the file")
	}
	t.lines = newLineReader(t.src, t.size, p.Offset, t.lines.end)
	t.lines.line, t.rows = p.Line, p.Rows
	return nil
}

func (t *csvTable) Next() (Row, error) {
	row, err := t.record()
	if err != nil {
		return Row{}, err
	}
	t.rows++
	return fitted(row, len(t.header)), nil
}

// record reads a row that is not blank.
func (t *csvTable) record() (Row, error) {
	for {
		line := t.lines.line
		cells, bad, err := t.lines.record(t.dialect.Comma)
		if err != nil {
			return Row{}, err
		}
		row := Row{Line: line, Bad: bad, Cells: make([]string, len(cells))}
		blank := bad == ""
		for i, c := range cells {
			text, ok := t.decode(c)
			if !ok && row.Bad == "" {
				row.Bad = "holds letters that are not UTF-8"
			}
			blank = blank && strings.TrimSpace(text) == ""
			row.Cells[i] = Harmful(strings.ReplaceAll(text, "\r\n", "\n"))
		}
		if !blank {
			return row, nil
		}
	}
}

func (t *csvTable) decode(cell []byte) (text string, ok bool) {
	if t.dialect.Charset != "windows-1252" {
		if utf8.Valid(cell) {
			return clean(string(cell)), true
		}
		if !t.dialect.plain { // letters of UTF-8 were seen: it is no other charset
			return clean(strings.ToValidUTF8(string(cell), "\uFFFD")), false
		}
	}
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(cell)
	return clean(string(decoded)), err == nil
}

// clean takes NUL out, which PostgreSQL cannot hold.
func clean(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// lineReader cuts a file into records.
type lineReader struct {
	src    io.ReaderAt
	size   int64
	offset int64 // of the next record
	line   int   // of the next record
	end    byte
	buffer *bufio.Reader
}

func newLineReader(src io.ReaderAt, size, from int64, end byte) *lineReader {
	r := &lineReader{src: src, size: size, offset: from, line: 1, end: end}
	r.seek(from)
	return r
}

func (r *lineReader) seek(to int64) {
	r.offset = to
	r.buffer = bufio.NewReaderSize(io.NewSectionReader(r.src, to, r.size-to), sample)
}

// next reads a line with its end, at most limit bytes of it; long tells that it is longer, and was skipped.
func (r *lineReader) next(limit int) (line []byte, n int64, long bool, err error) {
	for {
		part, err := r.buffer.ReadSlice(r.end)
		n += int64(len(part))
		if len(line)+len(part) <= limit {
			line = append(line, part...)
		} else {
			long = true
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && n > 0:
			return line, n, long, nil
		case err != nil:
			return nil, n, long, err
		}
		return line, n, long, nil
	}
}

// record reads a record: a line, or several where a cell in quotation marks goes on.
func (r *lineReader) record(comma byte) (cells [][]byte, bad string, err error) {
	first, n, long, err := r.next(maxRecord)
	if err != nil {
		return nil, "", err
	}
	afterFirst, firstLine := r.offset+n, r.line
	r.offset, r.line = afterFirst, firstLine+1
	if long {
		return [][]byte{first[:min(len(first), 200)]}, fmt.Sprintf("is longer than %d bytes", maxRecord), nil
	}
	text := first
	for {
		cells, open, bad := split(bytes.TrimRight(text, "\r\n"), comma)
		if !open {
			return cells, bad, nil
		}
		more, n, long, err := r.next(maxRecord - len(text))
		if long || errors.Is(err, io.EOF) { // what follows is read as if the mark were not there
			r.seek(afterFirst)
			r.line = firstLine + 1
			line, _, _ := split(bytes.ReplaceAll(bytes.TrimRight(first, "\r\n"), []byte{'"'}, nil), comma)
			return line, "has a quotation mark that is never closed", nil
		}
		if err != nil {
			return nil, "", err
		}
		r.offset, r.line = r.offset+n, r.line+1
		text = append(text, more...)
	}
}

// split cuts a record into cells. open tells that a quotation mark is not closed yet.
func split(text []byte, comma byte) (cells [][]byte, open bool, bad string) {
	for {
		if len(text) == 0 || text[0] != '"' {
			n := bytes.IndexByte(text, comma)
			if n < 0 {
				return append(cells, text), false, bad
			}
			cells, text = append(cells, text[:n]), text[n+1:]
			continue
		}
		var cell []byte
		text = text[1:]
		for {
			n := bytes.IndexByte(text, '"')
			if n < 0 {
				return nil, true, ""
			}
			cell, text = append(cell, text[:n]...), text[n+1:]
			if len(text) > 0 && text[0] == '"' {
				cell, text = append(cell, '"'), text[1:]
				continue
			}
			if len(text) == 0 || text[0] == comma {
				break
			}
			bad = "has a quotation mark out of place: put the cell in quotation marks and double those within"
			cell = append(cell, '"')
		}
		cells = append(cells, cell)
		if len(text) == 0 {
			return cells, false, bad
		}
		text = text[1:]
	}
}
