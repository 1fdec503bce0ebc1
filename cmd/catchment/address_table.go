package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"catchment/crm"
	"catchment/geo/geocode"
)

// addressTable reads the addresses of a CSV file row by row.
type addressTable struct {
	reader  *csv.Reader
	comma   rune
	header  []string
	columns map[string]int // of "street", "house_number", "postcode", "city", "country", "address"
}

// tableRow is a row of the file; bad says why it cannot be searched for.
type tableRow struct {
	line  int
	cells []string
	query geocode.Query
	bad   string
}

// headerNames are what columns are called, in small letters.
var headerNames = map[string][]string{
	"street":       {"street", "strasse", "straße", "str", "rue", "via", "street_name", "addr:street"},
	"house_number": {"house_number", "housenumber", "house number", "number", "no", "nr", "hausnummer", "hausnr", "hnr", "numéro", "numero", "addr:housenumber"},
	"postcode":     {"postcode", "post code", "postal_code", "postal code", "zip", "zip code", "zipcode", "plz", "postleitzahl", "npa", "cap", "code postal", "addr:postcode"},
	"city":         {"city", "town", "place", "ort", "stadt", "ortschaft", "gemeinde", "ville", "localité", "città", "addr:city"},
	"country":      {"country", "land", "country_code", "pays", "paese", "addr:country"},
	"address":      {"address", "adresse", "anschrift", "indirizzo", "full_address"},
}

// mostLine is the longest header read to find out what parts the columns, in bytes.
const mostLine = 64 << 10

// openTable reads the header of a file.
func openTable(in io.Reader, named addressColumns) (*addressTable, error) {
	buffered := bufio.NewReaderSize(in, mostLine)
	start, err := buffered.Peek(mostLine)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if mark := []byte("\xef\xbb\xbf"); bytes.HasPrefix(start, mark) {
		start = start[len(mark):]
		_, _ = buffered.Discard(len(mark)) // they were peeked at
	}
	first, _, _ := bytes.Cut(start, []byte("\n"))
	switch {
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return nil, crm.Invalidf("FILE", "is UTF-16: save it as CSV in UTF-8")
	case len(bytes.TrimSpace(first)) == 0:
		return nil, crm.Invalidf("FILE", "has no header in its first line")
	case !utf8.Valid(first):
		return nil, crm.Invalidf("FILE", "is not UTF-8: save it as CSV in UTF-8")
	}
	t := &addressTable{reader: csv.NewReader(buffered), comma: ','}
	for _, comma := range []rune{';', '\t'} {
		if strings.Count(string(first), string(comma)) > strings.Count(string(first), string(t.comma)) {
			t.comma = comma
		}
	}
	t.reader.Comma, t.reader.FieldsPerRecord = t.comma, -1
	if t.header, err = t.reader.Read(); err != nil {
		return nil, crm.Invalidf("FILE", "has a header that cannot be read: %v", err)
	}
	return t, t.find(named)
}

// find tells which column is which part of the address.
func (t *addressTable) find(named addressColumns) error {
	t.columns = map[string]int{}
	for _, part := range []struct{ name, column string }{{"street", named.Street}, {"house_number", named.HouseNumber}, {"postcode", named.Postcode},
		{"city", named.City}, {"country", named.Country}, {"address", named.Address}} {
		i := slices.IndexFunc(t.header, func(h string) bool {
			h = strings.ToLower(strings.TrimSpace(h))
			if part.column != "" {
				return h == strings.ToLower(strings.TrimSpace(part.column))
			}
			return slices.Contains(headerNames[part.name], h)
		})
		if i < 0 && part.column != "" {
			return crm.Invalidf(strings.ReplaceAll(part.name, "_", "-"), "there is no column %q; there are %s", part.column, strings.Join(t.header, ", "))
		}
		if i >= 0 {
			t.columns[part.name] = i
		}
	}
	for _, enough := range []string{"address", "street", "city", "postcode"} {
		if _, ok := t.columns[enough]; ok {
			return nil
		}
	}
	return crm.Invalidf("FILE", "none of its columns is known to be an address (%s): name them with --street, --city and so on, or --address", strings.Join(t.header, ", "))
}

// next reads a row; io.EOF ends the file. What is wrong with one row does not end it.
func (t *addressTable) next() (tableRow, error) {
	cells, err := t.reader.Read()
	var wrong *csv.ParseError
	switch {
	case errors.As(err, &wrong):
		return tableRow{line: wrong.StartLine, bad: quoted(wrong)}, nil
	case err != nil:
		return tableRow{}, err
	}
	line, _ := t.reader.FieldPos(0)
	row := tableRow{line: line, cells: cells}
	if len(cells) != len(t.header) {
		row.bad = "has another number of columns than the header"
		return row, nil
	}
	if slices.ContainsFunc(cells, func(c string) bool { return !utf8.ValidString(c) }) {
		row.bad = "is not UTF-8"
		return row, nil
	}
	cell := func(name string) string {
		if i, ok := t.columns[name]; ok {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	row.query = geocode.Query{Text: cell("address"), Street: cell("street"), HouseNumber: cell("house_number"), Postcode: cell("postcode"),
		City: cell("city"), Country: cell("country")}
	if row.query.Text+row.query.Street+row.query.Postcode+row.query.City == "" {
		row.bad = "holds no address"
	}
	return row, nil
}

// quoted says what is wrong with the quotation marks of a row, the only thing that cannot be read as CSV. One that
// opens a cell and is never closed takes all that follows with it.
func quoted(wrong *csv.ParseError) string {
	if wrong.Line > wrong.StartLine {
		return fmt.Sprintf("has a quotation mark that is not closed as it should be; lines %d to %d are read as one cell", wrong.StartLine, wrong.Line)
	}
	return "has a quotation mark out of place: put the cell in quotation marks and double those within"
}

// read is how many bytes of the file have been read.
func (t *addressTable) read() int64 { return t.reader.InputOffset() }

// label is the address of the row on one line.
func (r tableRow) label() string {
	q := r.query
	var parts []string
	for _, part := range []string{q.Text, strings.TrimSpace(q.Street + " " + q.HouseNumber), strings.TrimSpace(q.Postcode + " " + q.City), q.Country} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// fields are the cells of the row, as many as the header has.
func (r tableRow) fields(n int) []string {
	out := make([]string, n, n+len(addedColumns))
	for i := range min(n, len(r.cells)) {
		out[i] = strings.ToValidUTF8(r.cells[i], "\uFFFD")
	}
	return out
}
