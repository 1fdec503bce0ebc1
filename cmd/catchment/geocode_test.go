package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo/geocode"
)

func TestColumnsOfAnAddressFile(t *testing.T) {
	t.Parallel()
	whole := geocode.Query{Street: "Dorfstraße", HouseNumber: "3", Postcode: "9495", City: "Triesen", Country: "LI"}
	for _, row := range []struct {
		name  string
		text  string
		named addressColumns
		want  geocode.Query
	}{
		{"our own names, by comma", "street,house_number,postcode,city,country\nDorfstraße,3,9495,Triesen,LI\n", addressColumns{}, whole},
		{"as a spreadsheet in German writes it", "\ufeffNr.;Straße;Hausnummer;PLZ;Ort;Land\r\n1;Dorfstraße;3;9495;Triesen;LI\r\n", addressColumns{}, whole},
		{"by tab", "Street\tHouse Number\tZIP\tTown\tCountry\nDorfstraße\t3\t9495\tTriesen\tLI", addressColumns{}, whole},
		{"one column", "id,Address\n7,\"Dorfstraße 3, 9495 Triesen\"\n", addressColumns{}, geocode.Query{Text: "Dorfstraße 3, 9495 Triesen"}},
		{"columns named by flags", "a;b\nDorfstraße;Triesen\n", addressColumns{Street: "A", City: "b"}, geocode.Query{Street: "Dorfstraße", City: "Triesen"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			table, err := openTable(strings.NewReader(row.text), row.named)
			if err != nil {
				t.Fatal(err)
			}
			got, err := table.next()
			if err != nil || got.bad != "" {
				t.Fatalf("%v, %q", err, got.bad)
			}
			if diff := cmp.Diff(row.want, got.query); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
		})
	}
	for _, row := range []struct {
		name, text string
		named      addressColumns
		says       string
	}{
		{"nothing", "", addressColumns{}, "no header"},
		{"an empty line first", "\nstreet\n", addressColumns{}, "no header"},
		{"no column of an address", "id;name\n", addressColumns{}, "name them with --street"},
		{"a column that is not there", "street;city\n", addressColumns{Postcode: "plz"}, "there is no column \"plz\"; there are street, city"},
		{"Latin-1", "stra\xdfe;ort\n", addressColumns{}, "not UTF-8"},
		{"UTF-16", "\xff\xfes\x00t\x00", addressColumns{}, "UTF-16"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := openTable(strings.NewReader(row.text), row.named)
			if crm.KindOf(err) != crm.Invalid || !strings.Contains(err.Error(), row.says) {
				t.Errorf("want %q, got %v", row.says, err)
			}
		})
	}
}

// nobody knows no address.
type nobody struct{}

func (nobody) Search(context.Context, geocode.Query) ([]geocode.Candidate, error) { return nil, nil }

func (nobody) Reverse(context.Context, orb.Point) ([]geocode.Candidate, error) { return nil, nil }

func TestRowsThatCannotBeReadAreToldWithTheirLine(t *testing.T) {
	t.Parallel()
	text := "street;city\n" + // 1
		"Dorfstrasse 1;Triesen\n" +
		"Dorfstrasse 2\n" + // 3: a column short
		"\"two\nlines\";Triesen\n" + // 4 and 5
		"stra\xdfe 3;Triesen\n" + // 6
		";\n" + // 7
		"a \"quote;Triesen\n" + // 8
		"Dorfstrasse 4;Triesen\n"
	table, err := openTable(strings.NewReader(text), addressColumns{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	report, err := geocodeTable(t.Context(), nobody{}, table, &out, func() {})
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, bad := range report.Bad {
		lines = append(lines, bad.Line)
	}
	if diff := cmp.Diff([]any{7, 3, 4, []int{3, 6, 7, 8}}, []any{report.Rows, report.Missing, report.Refused, lines}); diff != "" {
		t.Errorf("rows, missing, refused, lines (-want +got):\n%s", diff)
	}
	reader := csv.NewReader(&out)
	reader.Comma = ';'
	rows, err := reader.ReadAll()
	if err != nil || len(rows) != 8 {
		t.Errorf("want each row written, got %d, %v", len(rows), err)
	}
	if crm.KindOf(report.tell()) != crm.Invalid {
		t.Error("rows were refused, and nobody says so")
	}
}

func TestAQuotationMarkLeftOpenIsTold(t *testing.T) {
	t.Parallel()
	table, err := openTable(strings.NewReader("street;city\n\"Dorfstrasse 1;Triesen\nDorfstrasse 2;Triesen\n"), addressColumns{})
	if err != nil {
		t.Fatal(err)
	}
	row, err := table.next()
	if err != nil || row.line != 2 || !strings.Contains(row.bad, "not closed") {
		t.Errorf("got line %d, %q, %v", row.line, row.bad, err)
	}
}

func FuzzAddressFiles(f *testing.F) {
	f.Add([]byte("street;city\nDorfstrasse 1;Triesen\n"))
	f.Add([]byte("\ufeffaddress\n\"a\nb\"\n\"c"))
	f.Add([]byte("plz\t\xff\n1\t2\n\"\"\"\t\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		table, err := openTable(bytes.NewReader(file), addressColumns{})
		if err != nil {
			if crm.KindOf(err) != crm.Invalid {
				t.Errorf("a bad file is no fault of ours: %v", err)
			}
			return
		}
		last := 0
		for {
			row, err := table.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if row.line <= last {
				t.Fatalf("line %d after line %d", row.line, last)
			}
			last = row.line
			if got := len(row.fields(len(table.header))); got != len(table.header) {
				t.Fatalf("%d cells for %d columns", got, len(table.header))
			}
		}
	})
}

func TestAFileOfAddressesIsFound(t *testing.T) {
	t.Parallel()
	h := testHouse(t, geocoderSettings{})
	street, number, postcode, city := h.someHouse(t)
	folder := t.TempDir()
	in, out, told := filepath.Join(folder, "in.csv"), filepath.Join(folder, "out.csv"), filepath.Join(folder, "report.json")
	var b strings.Builder
	b.WriteString("\ufeffKunde;Straße;Hausnummer;PLZ;Ort\r\n")
	for i := range 1200 { // more than are searched for together
		fmt.Fprintf(&b, "%d;%s;%s;%s;%s\r\n", i, street, number, postcode, city)
	}
	fmt.Fprintf(&b, "x;%s;9999;%s;%s\r\n", street, postcode, city)
	b.WriteString("y;Xyzzy;1;;Plugh\r\nz\r\n")
	if err := os.WriteFile(in, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func() error {
		c := geocodeCommand{File: in, Output: out, Report: told}
		return c.Run(t.Context(), &settings{Data: t.TempDir(), DatabaseURL: h.url}, slog.New(slog.DiscardHandler))
	}
	if err := run(); exitCode(err) != 2 || !strings.Contains(fmt.Sprint(err), "1 of 1203 rows") {
		t.Errorf("want the bad row told, got %v", err)
	}
	text, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	var report batchReport
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1203, 1200, 1, 1, 1}, []int{report.Rows, report.Taken, report.Review, report.Missing, report.Refused}); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if len(report.Bad) != 1 || report.Bad[0].Line != 1204 || len(report.Open) != 2 || report.Open[0].Line != 1202 || len(report.Open[0].Candidates) == 0 {
		t.Errorf("who has to look: %+v", report)
	}
	file, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comma = ';'
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var at orb.Point
	if err := h.pool.QueryRow(t.Context(), `select h.at from geocode.house h join geocode.entry e on e.generation = h.generation and e.id = h.entry
		where e.name = $1 and h.number = $2 and h.city = $3`, street, number, city).Scan(&at); err != nil {
		t.Fatal(err)
	}
	want := []string{"0", street, number, postcode, city, "taken", fmt.Sprintf("%.7f", at[0]), fmt.Sprintf("%.7f", at[1])}
	if diff := cmp.Diff(want, append(append([]string{}, rows[1][:6]...), rows[1][9], rows[1][10])); diff != "" || len(rows) != 1204 {
		t.Errorf("the first of %d rows (-want +got):\n%s", len(rows), diff)
	}
	left, err := filepath.Glob(filepath.Join(folder, ".catchment-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("files left lying about: %v, %v", left, err)
	}
}
