package exchange_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/exchange"
	"catchment/crm/files"
	"catchment/crm/kinds"
	"catchment/crm/record"
	formats "catchment/geo/exchange"
	"catchment/geo/geocode"
	"catchment/geo/postgis"
)

// firm is a company on real PostGIS, as the application's role.
type firm struct {
	t       testing.TB
	store   *crm.Store
	records *record.Records
	x       *exchange.Exchange
	ctx     context.Context
}

func newFirm(t testing.TB) *firm {
	t.Helper()
	store := crm.NewStore(postgis.TestApp(t, postgis.TestDatabaseURL(t)))
	ctx := crm.WithActor(context.Background(), crm.System("test"))
	must(t, store.EnsureOrganisation(ctx, crm.Organisation{Name: "Alpine Heating", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}))
	records := kinds.Records(store)
	return &firm{t, store, records, &exchange.Exchange{Store: store, Records: records, Files: &files.Files{Store: store, Records: records},
		Customers: &customer.Customers{Store: store}}, ctx}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read announces a file, sends it and has it read.
func (f *firm) read(name, kind, text string) exchange.Import {
	f.t.Helper()
	i, err := f.x.Announce(f.ctx, uuid.Nil, name, kind)
	must(f.t, err)
	_, err = f.x.Receive(f.ctx, i.ID, strings.NewReader(text))
	must(f.t, err)
	i, err = f.x.Run(f.ctx, i.ID, nil)
	must(f.t, err)
	return i
}

// bring reads a file and brings it in, with records that are there dealt with as told.
func (f *firm) bring(name, kind, text, existing string) exchange.Import {
	f.t.Helper()
	i := f.read(name, kind, text)
	if i.State != exchange.Ready {
		f.t.Fatalf("%s: %s: %s", name, i.State, i.Error)
	}
	if existing != "" {
		options := i.Options
		options.Existing = existing
		var err error
		i, err = f.x.Set(f.ctx, i.ID, i.Version, exchange.Change{Options: &options})
		must(f.t, err)
	}
	_, err := f.x.Bring(f.ctx, i.ID)
	must(f.t, err)
	i, err = f.x.Run(f.ctx, i.ID, nil)
	must(f.t, err)
	if i.State != exchange.Done {
		f.t.Fatalf("%s: %s: %s", name, i.State, i.Error)
	}
	return i
}

// list returns the values of fields of all records of a kind, as one line each.
func (f *firm) list(kind string, fields ...string) []string {
	f.t.Helper()
	out := []string{}
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := f.records.List(f.ctx, kind, record.Query{Cursor: cursor, Limit: 500})
		must(f.t, err)
		for _, v := range page.Items {
			var parts []string
			for _, name := range fields {
				parts = append(parts, fmt.Sprint(v[name]))
			}
			out = append(out, strings.Join(parts, "|"))
		}
		cursor = page.Next
	}
	return out
}

func (f *firm) wrongs(id uuid.UUID) []string {
	f.t.Helper()
	list, err := f.x.Wrongs(f.ctx, id, 0, 100)
	must(f.t, err)
	out := []string{}
	for _, w := range list {
		out = append(out, fmt.Sprintf("%d %s %s: %s", w.Line, w.Verdict, w.Field, w.Reason))
	}
	return out
}

const customers = "Kundennummer;Firma;Straße;Hausnr;PLZ;Ort;Länge;Breite;Telefon;E-Mail;Vorname;Nachname;Umsatz;ABC;Art\r\n" +
	"10001;Bäckerei Öhri;Landstrasse;12;9490;Vaduz;9,5215;47,1410;+423 230 00 01;info@oehri.example;Ada;Öhri;1'234'567,50;A;Firma\r\n" +
	"10002;Meier & Co;Im Rietacker;3;9494;Schaan;9,5085;47,1650;;;;;;b;\r\n" +
	"10003;Familie Frick;Dorfstrasse;7;9495;Triesen;9,5280;47,1060;;nobody;;;;;Privat\r\n" +
	"10004;;Dorfstrasse;8;9495;Triesen;9,5281;47,1061;;;;;;;\r\n"

func TestAFileOfCustomersBecomesAccountsWithSitesAndContacts(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	i := f.read("kunden.csv", "", customers)
	want := map[string]string{"external_id": "Kundennummer", "name": "Firma", "site.street": "Straße", "site.house_number": "Hausnr", "site.postcode": "PLZ",
		"site.city": "Ort", "site.lon": "Länge", "site.lat": "Breite", "phone": "Telefon", "email": "E-Mail", "contact.first_name": "Vorname",
		"contact.last_name": "Nachname", "annual_revenue": "Umsatz", "class": "ABC", "kind": "Art"}
	if diff := cmp.Diff(want, i.Mapping); diff != "" || i.Kind != "account" {
		t.Fatalf("the columns of a %s (-want +got)\n%s", i.Kind, diff)
	}
	_, err := f.x.Check(f.ctx, i.ID)
	must(t, err)
	i, err = f.x.Run(f.ctx, i.ID, nil)
	must(t, err)
	counts := exchange.Counts{New: 2, Wrong: 2}
	if diff := cmp.Diff(&counts, i.Checked); diff != "" || i.State != exchange.Checked {
		t.Fatalf("%s: checked (-want +got)\n%s%v", i.State, diff, f.wrongs(i.ID))
	}
	if got := f.list("account", "name"); len(got) != 0 {
		t.Errorf("a check brings nothing in, got %v", got)
	}
	_, err = f.x.Bring(f.ctx, i.ID)
	must(t, err)
	i, err = f.x.Run(f.ctx, i.ID, nil)
	must(t, err)
	if diff := cmp.Diff(counts, i.Counts); diff != "" || i.State != exchange.Done {
		t.Fatalf("%s %s: brought in (-want +got)\n%s", i.State, i.Error, diff)
	}
	for _, row := range []struct {
		kind   string
		fields []string
		want   []string
	}{
		{"account", []string{"name", "external_id", "kind", "class", "annual_revenue", "phone"}, []string{"Bäckerei Öhri|10001|company|A|123456750|+423 230 00 01", "Meier & Co|10002|company|B|<nil>|"}},
		{"site", []string{"label", "point", "source"}, []string{"Im Rietacker 3, 9494 Schaan|[9.5085 47.165]|import", "Landstrasse 12, 9490 Vaduz|[9.5215 47.141]|import"}},
		{"contact", []string{"name", "account"}, []string{"Ada Öhri|Bäckerei Öhri"}},
	} {
		got := f.list(row.kind, row.fields...)
		if row.kind == "site" && len(got) == 2 && got[0] > got[1] {
			got[0], got[1] = got[1], got[0]
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", row.kind, diff)
		}
	}
	if diff := cmp.Diff([]string{"4 wrong email: is no e-mail address", "5 wrong name: is empty"}, f.wrongs(i.ID)); diff != "" {
		t.Errorf("what is wrong (-want +got)\n%s", diff)
	}
	var report bytes.Buffer
	must(t, f.x.WriteReport(f.ctx, i.ID, &report))
	if got := report.String(); strings.Count(got, "\r\n") != 3 || !strings.Contains(got, "10003,Familie Frick") || !strings.Contains(got, "is no e-mail address") {
		t.Errorf("the report: %s", got)
	}
	_, err = f.x.Undo(f.ctx, i.ID)
	must(t, err)
	i, err = f.x.Run(f.ctx, i.ID, nil)
	must(t, err)
	if i.State != exchange.Undone || len(f.list("account"))+len(f.list("site"))+len(f.list("contact")) != 0 {
		t.Errorf("%s: after undoing want nothing left, got %v %v", i.State, f.list("account", "name"), f.wrongs(i.ID))
	}
}

func TestWhatIsThereAlreadyIsFound(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, existing, file string
		counts               exchange.Counts
		want                 []string
	}{
		{"by its number elsewhere, and changed", "update", "Kundennummer,Firma,Branche\n1,Öhri AG,Bakery\n", exchange.Counts{Changed: 1}, []string{"Öhri AG|Bakery"}},
		{"only what is empty is filled", "fill", "Kundennummer,Firma,Branche\n1,Öhri AG,Bakery\n", exchange.Counts{Changed: 1}, []string{"Öhri|Bakery"}},
		{"and left as it is", "skip", "Kundennummer,Firma,Branche\n1,Öhri AG,Bakery\n", exchange.Counts{Duplicate: 1}, []string{"Öhri|"}},
		{"by its e-mail", "update", "Firma,E-Mail\nÖhri AG,INFO@oehri.example\n", exchange.Counts{Changed: 1}, []string{"Öhri AG|"}},
		{"by the end of its phone number", "update", "Firma,Telefon,Branche\nÖhri AG,00423 230 00 01,Bakery\n", exchange.Counts{Changed: 1}, []string{"Öhri AG|Bakery"}},
		{"not by the phone number of somebody else", "update", "Firma,Telefon\nMeier,00423 230 00 01\n", exchange.Counts{New: 1}, []string{"Meier|", "Öhri|"}},
		{"by name and postcode", "update", "Firma,PLZ,Branche\nöhri,9490,Bakery\n", exchange.Counts{Changed: 1}, []string{"öhri|Bakery"}},
		{"not by the name in another town", "update", "Firma,PLZ,Ort,Länge,Breite\nÖhri,1010,Wien,16.37,48.2\n", exchange.Counts{New: 1}, []string{"Öhri|", "Öhri|"}},
		{"but added all the same if told so", "add", "Firma,E-Mail\nÖhri,info@oehri.example\n", exchange.Counts{New: 1}, []string{"Öhri|", "Öhri|"}},
		{"empty cells say nothing", "update", "Kundennummer,Firma,Branche,Telefon\n1,Öhri,,\n", exchange.Counts{Same: 1}, []string{"Öhri|"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFirm(t)
			f.bring("a.csv", "account", "Kundennummer,Firma,E-Mail,Telefon,PLZ,Länge,Breite\n1,Öhri,info@oehri.example,+423 230 00 01,9490,9.52,47.14\n", "")
			i := f.bring("b.csv", "account", row.file, row.existing)
			row.counts.Noted = i.Counts.Noted // places without coordinates are told of elsewhere
			if diff := cmp.Diff(row.counts, i.Counts); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, f.wrongs(i.ID))
			}
			if diff := cmp.Diff(row.want, f.list("account", "name", "industry")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// addresses knows one street.
type addresses struct{}

func (addresses) Search(_ context.Context, q geocode.Query) ([]geocode.Candidate, error) {
	switch q.Street {
	case "Landstrasse":
		return []geocode.Candidate{{Kind: geocode.House, Label: "Landstrasse 12, Vaduz", Street: "Landstrasse", HouseNumber: "12", City: "Vaduz", At: [2]float64{9.52, 47.14}, Confidence: 1}}, nil
	case "Dorfstrasse":
		return []geocode.Candidate{{Kind: geocode.House, Label: "Dorfstrasse 1, Triesen", City: "Triesen", At: [2]float64{9.53, 47.10}, Confidence: 0.5}}, nil
	}
	return nil, nil
}

func TestRowsWithoutCoordinatesAreSearchedFor(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.x.Customers.Addresses = addresses{}
	i := f.bring("a.csv", "account", "Firma,Adresse,Ort\nSure,Landstrasse 12,Vaduz\nUnsure,Dorfstrasse 1,Triesen\nLost,Nowhere 1,Atlantis\n", "")
	if diff := cmp.Diff(exchange.Counts{New: 3, Noted: 2}, i.Counts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	want := []string{"3 noted : a person should look where it is: no place fits this address for sure: choose one and send its point",
		"4 noted : no site was added: no place is known for this address: set the point"}
	if diff := cmp.Diff(want, f.wrongs(i.ID)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Lost|0", "Sure|1", "Unsure|1"}, f.list("account", "name", "sites_count")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	lead := f.bring("b.csv", "lead", "Name,Straße,Ort\nHuber,Landstrasse,Vaduz\nMaier,Dorfstrasse,Triesen\n", "")
	if diff := cmp.Diff(exchange.Counts{New: 2, Noted: 1}, lead.Counts); diff != "" {
		t.Errorf("leads (-want +got)\n%s%v", diff, f.wrongs(lead.ID))
	}
}

// Every kind is brought in from a file as people write it.
func TestEveryKindIsBroughtIn(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.bring("a.csv", "account", customers, "")
	for _, row := range []struct {
		kind, file string
		counts     exchange.Counts
		fields     []string
		want       []string
	}{
		{"site", "Kundennummer;Straße;Ort;lon;lat\n10002;Nebenhaus 4;Schaan;9,51;47,16\n", exchange.Counts{Changed: 1}, []string{"account"}, []string{"Meier & Co", "Meier & Co", "Bäckerei Öhri"}},
		{"contact", "Firma,Vorname,Nachname,E-Mail,Hauptkontakt\nMeier & Co,Eva,Meier,eva@meier.example,ja\nNobody,X,Y,,\n", exchange.Counts{New: 1, Wrong: 1}, []string{"name", "main"}, []string{"Ada Öhri|false", "Eva Meier|true"}},
		{"lead", "Name;Status;lon;lat;Nächster Schritt am\nBeck;Neu;9,5;47,1;24.11.2026\n", exchange.Counts{New: 1}, []string{"name", "point", "next_step_on"}, []string{"Beck|[9.5 47.1]|2026-11-24"}},
		{"product_group", "Name\nBrenner\n", exchange.Counts{New: 1}, []string{"name"}, []string{"Brenner"}},
		{"product", "Artikelnummer;Name;Warengruppe;Preis\nB-1;Brenner 20;Brenner;1.250,00\n", exchange.Counts{New: 1}, []string{"code", "group", "price"}, []string{"B-1|Brenner|125000"}},
		{"deal", "Name,Kundennummer,Betrag,Abschluss\nNew boiler,10001,12000,2026-12-24\n", exchange.Counts{New: 1}, []string{"name", "account", "amount", "close_on"}, []string{"New boiler|Bäckerei Öhri|1200000|2026-12-24"}},
		{"order", "Auftragsnummer;Kunde;Bestelldatum;Artikel;Menge;Einzelpreis\n77;10001;1.2.2026;B-1;2;1250,00\n77;10001;1.2.2026;;1,5;80,00\n78;10002;3.2.2026;B-1;1;\n", exchange.Counts{New: 2, Changed: 1},
			[]string{"external_id", "account", "total"}, []string{"78|Meier & Co|125000", "77|Bäckerei Öhri|262000"}},
		{"installation", "Bezeichnung;Kunde;Seriennummer;Produkt;Einbaudatum\nHeizung;10001;S-1;B-1;01.03.2020\n", exchange.Counts{New: 1}, []string{"name", "serial", "product", "site"}, []string{"Heizung|S-1|Brenner 20|Landstrasse 12, 9490 Vaduz"}},
		{"contract", "Name,Kunde,Preis,Beginn\nCare,10001,480,2026-01-01\n", exchange.Counts{New: 1}, []string{"name", "price"}, []string{"Care|48000"}},
		{"case", "Titel,Kunde,Priorität\nNo hot water,10001,hoch\n", exchange.Counts{New: 1}, []string{"title", "priority"}, []string{"No hot water|high"}},
		{"activity", "Datum,Kanal,Kunde,Text\n21.11.2026 14:30,Anruf,10001,Asked for a quote\n", exchange.Counts{New: 1}, []string{"channel", "at", "subject"}, []string{"call|2026-11-21T13:30:00.000000Z|Asked for a quote"}},
	} {
		t.Run(row.kind, func(t *testing.T) {
			f := *f
			f.t = t
			i := f.bring(row.kind+".csv", row.kind, row.file, "")
			if diff := cmp.Diff(row.counts, i.Counts); diff != "" {
				t.Errorf("(-want +got)\n%s%v %v", diff, f.wrongs(i.ID), i.Mapping)
			}
			if diff := cmp.Diff(row.want, f.list(row.kind, row.fields...)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			again := f.bring(row.kind+".csv", row.kind, row.file, "")
			row.counts = exchange.Counts{Same: row.counts.New + row.counts.Changed, Wrong: row.counts.Wrong}
			if diff := cmp.Diff(row.counts, again.Counts); diff != "" {
				t.Errorf("again (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(row.want, f.list(row.kind, row.fields...)); diff != "" {
				t.Errorf("again (-want +got)\n%s", diff)
			}
		})
	}
}

func formatOf(name string) formats.Format { return formats.Format(name) }
