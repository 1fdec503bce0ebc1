package exchange_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"catchment/crm/exchange"
	"catchment/crm/record"
)

// state is everything imports may touch, by what it says: ids and numbers, which an undone and repeated import gives
// anew, are left out.
func (f *firm) state() map[string][]string {
	f.t.Helper()
	out := map[string][]string{}
	for kind, fields := range map[string][]string{"account": {"name", "external_id", "email", "industry", "class"}, "site": {"account", "label", "point"}, "contact": {"account", "name", "email"}} {
		out[kind] = f.list(kind, fields...)
		slices.Sort(out[kind])
	}
	return out
}

// history is what is brought in, and how, before the file it is all about.
type history struct {
	before   []string
	modes    []string
	file     string
	existing string
}

// histories draws files of accounts with repeated, contradicting and wrong rows.
var histories = rapid.Custom(func(t *rapid.T) history {
	pick := func(from ...string) string { return rapid.SampledFrom(from).Draw(t, "") }
	table := func() string {
		var b strings.Builder
		b.WriteString("Kundennummer;Firma;E-Mail;Branche;PLZ;Ort;Straße;lon;lat;Vorname;Nachname\n")
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			row := []string{pick("", "1", "2", "3"), pick("Öhri", "Meier", "Frick", "Beck", ""), pick("", "", "a@example.org", "b@example.org", "wrong"),
				pick("", "Bakery", "Hotel"), pick("9490", "9494", ""), "Vaduz", pick("Landstrasse 1", "Dorfstrasse 2"), "9,52", "47,14", pick("", "Ada", "Eva"), pick("", "", "Frick")}
			b.WriteString(strings.Join(row, ";") + "\n")
		}
		return b.String()
	}
	h := history{file: table(), existing: pick(exchange.Existing[:3]...)}
	for range rapid.IntRange(0, 2).Draw(t, "before") {
		h.before, h.modes = append(h.before, table()), append(h.modes, pick(exchange.Existing[:3]...))
	}
	return h
})

// Whatever was there before and in whatever order: a file brought in twice leaves what it leaves once, and undoing an
// import puts back what was there. Each history is one transaction after the other on a real database, so they are few.
func TestImportTwiceIsOnceAndUndoneIsNever(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	for seed := range 12 {
		h := histories.Example(seed)
		for n, text := range h.before {
			f.bring("before.csv", "account", text, h.modes[n])
		}
		before := f.state()
		first := f.bring("file.csv", "account", h.file, h.existing)
		once := f.state()
		second := f.bring("file.csv", "account", h.file, h.existing)
		if diff := cmp.Diff(once, f.state()); diff != "" {
			t.Fatalf("history %d: brought in twice (-once +twice)\n%s\n%s", seed, diff, h.file)
		}
		if second.Counts.New+second.Counts.Changed != 0 || second.Counts.Wrong != first.Counts.Wrong {
			t.Fatalf("history %d: the second time %+v, the first %+v\n%s", seed, second.Counts, first.Counts, h.file)
		}
		for _, i := range []exchange.Import{second, first} {
			_, err := f.x.Undo(f.ctx, i.ID)
			must(t, err)
			undone, err := f.x.Run(f.ctx, i.ID, nil)
			must(t, err)
			if undone.State != exchange.Undone {
				t.Fatalf("history %d: undone: %s", seed, undone.State)
			}
		}
		if diff := cmp.Diff(before, f.state()); diff != "" {
			t.Fatalf("history %d: undone (-before +after)\n%s\n%s", seed, diff, h.file)
		}
		f.bring("file.csv", "account", h.file, h.existing)
		if diff := cmp.Diff(once, f.state()); diff != "" {
			t.Fatalf("history %d: brought in again after undoing (-want +got)\n%s\n%s", seed, diff, h.file)
		}
		f.clear()
	}
}

// clear removes everything of earlier rounds, newest first.
func (f *firm) clear() {
	f.t.Helper()
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := f.x.Imports(f.ctx, cursor, 100)
		must(f.t, err)
		for _, i := range page.Items {
			if i.State == exchange.Done {
				_, err := f.x.Undo(f.ctx, i.ID)
				must(f.t, err)
				_, err = f.x.Run(f.ctx, i.ID, nil)
				must(f.t, err)
			}
		}
		cursor = page.Next
	}
	for kind, rows := range f.state() {
		if len(rows) > 0 {
			f.t.Fatalf("%s: undoing everything leaves %v", kind, rows)
		}
	}
}

// What an archive holds is, brought into the empty house of another organisation, the same again; and into the same
// house, nothing new.
func TestAnArchiveBroughtInIsTheSameAgain(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.bring("a.csv", "account", customers, "")
	f.bring("g.csv", "product_group", "Name\nBrenner\n", "")
	f.bring("p.csv", "product", "Artikelnummer;Name;Warengruppe;Preis\nB-1;Brenner 20;Brenner;1.250,05\n", "")
	f.bring("o.csv", "order", "Auftragsnummer;Kunde;Bestelldatum;Artikel;Menge;Einzelpreis\n77;10001;1.2.2026;B-1;2,5;1250,00\n77;10001;1.2.2026;;1;-80,00\n", "")
	f.bring("i.csv", "installation", "Bezeichnung;Kunde;Seriennummer\n=1+1;10001;S-1\n", "")
	f.bring("l.csv", "lead", "Name;Status;lon;lat;Notiz;Tags\n'=Beck;Neu;9,5;47,1;\"Zeile 1\nZeile 2; \"\"x\"\"\";a, b\n", "")
	f.bring("v.csv", "activity", "Datum,Kanal,Kunde,Text\n21.11.2026 14:30,Anruf,10001,-- asked\n", "")
	archive := func(f *firm) map[string]string {
		e, err := f.x.RequestArchive(f.ctx, uuid.Nil, nil, true)
		must(t, err)
		e, err = f.x.RunArchive(f.ctx, e.ID)
		must(t, err)
		var packed bytes.Buffer
		must(t, f.x.WriteArchive(f.ctx, e, &packed))
		z, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
		must(t, err)
		out := map[string]string{}
		for _, entry := range z.File {
			r, err := entry.Open()
			must(t, err)
			text, err := io.ReadAll(r)
			must(t, err)
			out[strings.TrimSuffix(entry.Name, ".csv")] = string(text)
		}
		return out
	}
	held := archive(f)
	other := newFirm(t)
	for _, round := range []struct {
		name string
		into *firm
		same bool
	}{{"another house", other, false}, {"the same house", f, true}} {
		for _, kind := range exchange.Kinds {
			k, err := f.records.Kind(kind)
			must(t, err)
			text := held[k.Plural]
			if strings.Count(text, "\r\n") < 2 {
				continue
			}
			i := round.into.bring(k.Plural+".csv", kind, text, "")
			if i.Counts.Wrong > 0 || round.same && i.Counts.Same != i.Rows {
				t.Errorf("%s: %s: %+v %v", round.name, kind, i.Counts, round.into.wrongs(i.ID))
			}
		}
	}
	for kind, fields := range map[string][]string{
		"account": {"id", "name", "external_id", "annual_revenue", "class", "phone", "note", "tags"}, "site": {"id", "account_id", "label", "point", "source"},
		"contact": {"id", "account_id", "name"}, "lead": {"id", "name", "state", "point", "note", "tags"}, "product": {"id", "code", "price", "group_id", "currency"},
		"order": {"id", "account_id", "total", "ordered_on"}, "order_line": {"id", "order_id", "position", "quantity", "unit_price", "amount", "product_id"},
		"installation": {"id", "name", "site_id", "serial"}, "activity": {"id", "at", "subject", "channel", "account_id"},
	} {
		want, got := f.list(kind, fields...), other.list(kind, fields...)
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
			t.Errorf("%s (-there +brought in)\n%s", kind, diff)
		}
	}
	if !strings.Contains(held["installations"], "'=1+1") || !strings.Contains(held["leads"], ",'=Beck,") || strings.Contains(held["order-lines"], "'-80") {
		t.Errorf("formulas are defused and numbers are not:\n%s%s%s", held["installations"], held["leads"], held["order-lines"])
	}
}

// Lists in words of people come in again by those words.
func TestAListInWordsOfPeopleComesInAgain(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.bring("a.csv", "account", customers, "")
	for _, language := range []string{"en", "de"} {
		for _, format := range []string{"csv", "xlsx"} {
			l, err := f.x.Export(f.ctx, exchange.Asked{Kind: "account", Query: record.Query{Sort: "name"}, Format: formatOf(format), Language: language})
			must(t, err)
			var out bytes.Buffer
			n, err := l.Write(f.ctx, &out)
			must(t, err)
			i := f.bring("again."+format, "account", out.String(), "update")
			if n != 2 || i.Counts != (exchange.Counts{Same: 2}) || len(i.Mapping) < 20 {
				t.Errorf("%s %s: %d records, %+v, %v %v", language, format, n, i.Counts, i.Mapping, f.wrongs(i.ID))
			}
		}
	}
}

func TestAListGoesIntoMapsAndAddressBooks(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.bring("a.csv", "account", customers, "")
	for _, row := range []struct{ kind, format, want string }{
		{"account", "geojson", `"coordinates":[9.5215,47.141],"type":"Point"`},
		{"account", "vcard", "ADR:;;Landstrasse 12;Vaduz;;9490;\r\n"},
		{"contact", "vcard", "FN:Ada Öhri\r\nN:Öhri;Ada;;;\r\nORG:Bäckerei Öhri;\r\n"},
	} {
		l, err := f.x.Export(f.ctx, exchange.Asked{Kind: row.kind, Query: record.Query{Filter: `name ~ "hri"`}, Format: formatOf(row.format)})
		must(t, err)
		var out bytes.Buffer
		_, err = l.Write(f.ctx, &out)
		must(t, err)
		if !strings.Contains(out.String(), row.want) {
			t.Errorf("%s as %s: want %q in\n%s", row.kind, row.format, row.want, out.String())
		}
		if row.format == "geojson" || row.kind == "account" {
			i := f.bring("again."+row.format, row.kind, out.String(), "update")
			if i.Counts.Wrong+i.Counts.New != 0 {
				t.Errorf("%s as %s comes in again: %+v %v %v", row.kind, row.format, i.Counts, i.Mapping, f.wrongs(i.ID))
			}
		}
	}
}
