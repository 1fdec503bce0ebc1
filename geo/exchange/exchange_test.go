package exchange

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"
)

// all reads a table: its header, and each row as its line, its cells and what is wrong with it.
func all(t Table) ([]string, error) {
	out := []string{strings.Join(t.Header(), "|")}
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			return out, t.Close()
		}
		if err != nil {
			return out, err
		}
		line := fmt.Sprintf("%d %s", row.Line, strings.Join(row.Cells, "|"))
		if row.Bad != "" {
			line += " ! " + row.Bad
		}
		out = append(out, line)
	}
}

func rowsOf(name, text string) ([]string, error) {
	src := strings.NewReader(text)
	start, _ := Start(src, src.Size())
	t, err := Open(src, src.Size(), Sniff(name, start))
	if err != nil {
		return nil, err
	}
	return all(t)
}

func encoded(t *testing.T, e interface{ String(string) (string, error) }, text string) string {
	t.Helper()
	out, err := e.String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFilesAreReadInTheirDialect(t *testing.T) {
	t.Parallel()
	german := "Name;Ort\nÖhri;Triesen\nMeier, Söhne;Zürich\n"
	want := []string{"Name|Ort", "2 Öhri|Triesen", "3 Meier, Söhne|Zürich"}
	for _, row := range []struct {
		name, text string
		want       []string
		fails      string
	}{
		{"semicolons in UTF-8", german, want, ""},
		{"with a mark before it", "\ufeff" + german, want, ""},
		{"in Windows-1252", encoded(t, charmap.Windows1252.NewEncoder(), german), want, ""},
		{"in UTF-16, little end first", encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder(), german), want, ""},
		{"in UTF-16, big end first", encoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder(), german), want, ""},
		{"with ends of lines of Windows", strings.ReplaceAll(german, "\n", "\r\n"), want, ""},
		{"with ends of lines of old Macs", strings.ReplaceAll(german, "\n", "\r"), want, ""},
		{"with tabs", strings.ReplaceAll(german, ";", "\t"), want, ""},
		{"with strokes", strings.ReplaceAll(german, ";", "|"), want[:1], ""},
		{"with a line that names the sign", "sep=;\r\n" + german, []string{"Name|Ort", "2 Öhri|Triesen", "3 Meier, Söhne|Zürich"}, ""},
		{"without an end of the last line", "a,b\n1,2", []string{"a|b", "2 1|2"}, ""},
		{"quotation marks with lines within", "a,b\n\"1\nx\",\"say \"\"yes\"\"\"\n2,3\n", []string{"a|b", "2 1\nx|say \"yes\"", "4 2|3"}, ""},
		{"a mark that is never closed takes one line", "a,b\n\"1,2\n3,4\n", []string{"a|b", "2 1|2 ! has a quotation mark that is never closed", "3 3|4"}, ""},
		{"a mark out of place", "a,b\n\"Hotel \"Post,2\"\n3,4\n", []string{"a|b", "2 Hotel \"Post,2| ! has a quotation mark out of place: put the cell in quotation marks and double those within", "3 3|4"}, ""},
		{"marks within marks", "a,b\n\"Hotel \"Post\"\",2\n3,4\n", []string{"a|b", "2 Hotel Post|2 ! has a quotation mark that is never closed", "3 3|4"}, ""},
		{"inches", "a,b\n5\" pipe,2\n", []string{"a|b", "2 5\" pipe|2"}, ""},
		{"rows too short and too long", "a,b\n1\n1,2,3\n1,2,,\n\n", []string{"a|b", "2 1|", "3 1|2 ! has 3 cells where the header has 2", "4 1|2"}, ""},
		{"columns without a name, and two of one", "a,,a\n1,2,3\n", []string{"a|column 2|a (2)", "2 1|2|3"}, ""},
		{"letters that are not UTF-8 where others are", "ä,b\n\xff,2\n", []string{"ä|b", "2 \uFFFD|2 ! holds letters that are not UTF-8"}, ""},
		{"an umlaut of Windows after much plain text", "a,b\n" + strings.Repeat("1,2\n", 30000) + "\xfc,2\n", nil, ""},
		{"what was made harmless", "a\n'=1+1\n''=x\n'quoted'\n", []string{"a", "2 =1+1", "3 '=x", "4 'quoted'"}, ""},
		{"nothing", "", nil, "is empty"},
		{"blank lines", "\n\n  \n", nil, "is empty"},
		{"a program", "MZ\x00\x01", nil, "is no text: save it as CSV or XLSX"},
		{"too many columns", strings.Repeat("a,", 1001) + "b\n", nil, "has more than 1000 columns"},
		{"a zip that is no workbook", "PK\x03\x04 nothing", nil, "is no workbook that can be read"},
		{"vCards", "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Öhri;Ada;;Dr.;\r\nORG:Bäckerei;Backstube\r\nTEL;TYPE=CELL:+423 1\r\nitem1.EMAIL;TYPE=INTERNET:a@example.org\r\nADR;TYPE=WORK:;;Landstrasse\r\n  12;Vaduz;;9490;Liechtenstein\r\nNOTE:one\\, two\\nthree\r\nGEO:47.1;9.5\r\nEND:VCARD\r\n", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := rowsOf("x", row.text)
			var bad *Unreadable
			if row.fails != "" {
				if !errors.As(err, &bad) || bad.Reason != row.fails {
					t.Fatalf("want %q, got %v", row.fails, err)
				}
				return
			}
			switch {
			case err != nil:
				t.Fatal(err)
			case row.name == "vCards":
				if want := "1 ||Dr.|Ada|Öhri|Bäckerei|Backstube|||+423 1|a@example.org|Landstrasse 12||9490|Vaduz|Liechtenstein||||one, two\nthree|9.5|47.1"; !strings.Contains(got[1], "|Dr.|Ada|Öhri|Bäckerei|Backstube||") ||
					!strings.HasSuffix(got[1], want[strings.Index(want, "|+423"):]) {
					t.Errorf("got %s", got[1])
				}
			case row.name == "an umlaut of Windows after much plain text":
				if got[len(got)-1] != "30002 ü|2" {
					t.Errorf("got %s", got[len(got)-1])
				}
			case row.name == "with strokes":
				if got[0] != row.want[0] {
					t.Errorf("got %v", got)
				}
			default:
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
		})
	}
}

func TestPointsAreReadFromGeoJSON(t *testing.T) {
	t.Parallel()
	got, err := rowsOf("x.geojson", `{"type":"FeatureCollection","name":"x","crs":{"features":[1]},"features":[
		{"type":"Feature","id":7,"geometry":{"type":"Point","coordinates":[9.52,47.14]},"properties":{"name":"Öhri","n":12345678901234567890}},
		{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]},"properties":{"name":"a line"}},
		{"type":"Feature","geometry":null,"properties":{"tags":["a","b"]}}, 5,
		{"type":"Feature","geometry":{"type":"Point","coordinates":["x"]},"properties":null}]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"lon|lat|id|n|name|tags", "1 9.52|47.14|7|12345678901234567890|Öhri|", "2 ||||a line| ! is a LineString: only points are read", "3 |||||a, b",
		"4 ||||| ! is no feature, or longer than 1 MB", "5 ||||| ! has no coordinates"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, text := range []string{`{"type":"FeatureCollection"}`, `{"features":{}}`, `[]`, `{"features":[{"type":"Feature"}`, strings.Repeat(`{"a":`, 1000)} {
		var bad *Unreadable
		if _, err := rowsOf("x.geojson", text); text != "[]" && !errors.As(err, &bad) {
			t.Errorf("%.40s: want it refused, got %v", text, err)
		}
	}
}

// A workbook goes out and comes in again; dates come as days whatever they are shown as.
func TestWorkbooks(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := NewWriter(&out, XLSX, []string{"Name", "Nr"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{{"=1+1", "007"}, {"'=x", "+423 1"}, {"Öhri\nZeile", ""}}
	for _, r := range rows {
		if err := w.Cells(slices.Clone(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := rowsOf("x.xlsx", out.String())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Name|Nr", "2 =1+1|007", "3 '=x|+423 1", "4 Öhri\nZeile|"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for shown, want := range map[string]string{"11-22-26": "2026-11-22", "22.11.2026": "2026-11-22", "22-Nov-26": "2026-11-22", "46,348.00": "46348", "4634800%": "46348", "46348": "46348", "CHF 46'348": "46348"} {
		if got := dated("46348", shown); got != want {
			t.Errorf("46348 shown as %s: want %s, got %s", shown, want, got)
		}
	}
}

// bomb is a workbook whose sheet unpacks to more than we take.
func bomb(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	sheet, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	block := bytes.Repeat([]byte(" "), 1<<20)
	for range mostUnpacked>>20 + 1 {
		if _, err := sheet.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestABombIsRefused(t *testing.T) {
	t.Parallel()
	text := bomb(t)
	var bad *Unreadable
	if _, err := rowsOf("x.xlsx", text); !errors.As(err, &bad) || !strings.Contains(bad.Reason, "unpacks to more") {
		t.Errorf("%d bytes: want it refused, got %v", len(text), err)
	}
}

// A table that is read in several goes gives what it gives in one.
func TestReadingGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		cell := rapid.StringOfN(rapid.SampledFrom([]rune("ab,;\"\n\r ä'=")), 0, 6, -1)
		var b strings.Builder
		for range rapid.IntRange(1, 12).Draw(r, "rows") {
			b.WriteString(cell.Draw(r, "a") + "," + cell.Draw(r, "b") + "\n")
		}
		text := "x,y\n" + b.String()
		whole, err := rowsOf("x.csv", text)
		if err != nil {
			return
		}
		src := strings.NewReader(text)
		t, err := openCSV(src, src.Size())
		if err != nil {
			r.Fatal(err)
		}
		parts := []string{strings.Join(t.Header(), "|")}
		for {
			p := t.Position()
			if t, err = openCSV(src, src.Size()); err != nil {
				r.Fatal(err)
			}
			if err := t.Resume(p); err != nil {
				r.Fatal(err)
			}
			row, err := t.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			line := fmt.Sprintf("%d %s", row.Line, strings.Join(row.Cells, "|"))
			if row.Bad != "" {
				line += " ! " + row.Bad
			}
			parts = append(parts, line)
		}
		if diff := cmp.Diff(whole, parts); diff != "" {
			r.Fatalf("(-at once +in goes)\n%s\n%q", diff, text)
		}
	})
}

// Whatever a text is: made harmless it begins with no sign of a formula, and comes back as it was.
func TestDefusedTextsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("'=+-@\t\rab1")), 0, 5, -1).Draw(r, "text")
		safe := Defuse(text)
		if safe != "" && strings.IndexByte(formula, safe[0]) >= 0 {
			r.Fatalf("%q stays %q", text, safe)
		}
		if got := Harmful(safe); got != text {
			r.Fatalf("%q comes back as %q", text, got)
		}
	})
}

func fuzzed(f *testing.F, format Format, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Open(bytes.NewReader(data), int64(len(data)), format)
		var bad *Unreadable
		if err != nil {
			if !errors.As(err, &bad) {
				t.Fatalf("a fault of ours: %v", err)
			}
			return
		}
		defer table.Close()
		for range 100_000 {
			row, err := table.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				if !errors.As(err, &bad) {
					t.Fatalf("a fault of ours: %v", err)
				}
				return
			}
			if len(row.Cells) != len(table.Header()) {
				t.Fatalf("row %d has %d cells, the header %d", row.Line, len(row.Cells), len(table.Header()))
			}
			for _, c := range row.Cells {
				if strings.ContainsRune(c, 0) || strings.ToValidUTF8(c, "") != c {
					t.Fatalf("row %d holds %q", row.Line, c)
				}
			}
		}
	})
}

func FuzzCSV(f *testing.F) {
	fuzzed(f, CSV, "a,b\n1,2\n", "a;b\r\n\"1\n\";2", "\xff\xfea\x00,\x00", "sep=,\na\n'=1", "\xef\xbb\xbfa\tb\n\"x", "a|b\n\xfc|2\n")
}

func FuzzVCard(f *testing.F) {
	fuzzed(f, VCard, "BEGIN:VCARD\nFN:A B\nEND:VCARD\n", "BEGIN:VCARD\nN;ENCODING=QUOTED-PRINTABLE:=C3=96;=\n x\nEND:VCARD", "BEGIN:VCARD\nGEO:geo:1,2;u=3\nTEL:tel:1\nADR:;;a\\;b;c\nPHOTO;ENCODING=b:xxxx")
}

func FuzzGeoJSON(f *testing.F) {
	fuzzed(f, GeoJSON, `{"features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"a":null}}]}`, `{"features":[1,{}]}`, `{"features":[`)
}

func FuzzXLSX(f *testing.F) {
	var out bytes.Buffer
	w, err := NewWriter(&out, XLSX, []string{"a", "b"}, nil)
	if err != nil {
		f.Fatal(err)
	}
	_ = w.Cells([]string{"1", "2"})
	_ = w.Close()
	fuzzed(f, XLSX, out.String(), "PK\x03\x04")
}
