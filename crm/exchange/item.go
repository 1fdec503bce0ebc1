package exchange

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/record"
	"catchment/geo"
	"catchment/geo/exchange"
)

// item is one row of a file on its way to become records.
type item struct {
	n       int // its place in the page
	row     exchange.Row
	hash    uuid.UUID // of what it says
	parts   map[string]record.Values
	number  string // of the record, if the file knows it
	site    *customer.NewSite
	pointed bool // the file says where it lies
	refs    []reference
	verdict string
	field   string
	reason  string
	notes   []string
	became  string // id of the record
	aside   bool   // another row of the file spoke for the record
}

// reference is a record that a row names in its own words.
type reference struct {
	part  string
	field *record.Field
	text  string
}

func (it *item) wrong(field, format string, args ...any) {
	if it.verdict != "wrong" {
		it.verdict, it.field, it.reason = "wrong", field, fmt.Sprintf(format, args...)
	}
}

// item reads a row.
func (s *shape) item(n int, row exchange.Row) *item {
	it := &item{n: n, row: row, parts: map[string]record.Values{"": {}}}
	if row.Bad != "" {
		it.wrong("", "%s", row.Bad)
		return it
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n", s.kinds[""].Name)
	at, seen := [2]float64{}, [2]bool{}
	var site customer.NewSite
	for _, c := range s.columns {
		text := strings.TrimSpace(row.Cells[c.index])
		if text == "" {
			continue
		}
		fmt.Fprintf(sum, "%s=%d:%s\n", c.Name, len(text), text)
		switch {
		case c.bare == "lon" || c.bare == "lat":
			v, err := s.reading.number(text)
			if err != nil {
				it.wrong(c.Name, "%s", err)
				continue
			}
			i := 0
			if c.bare == "lat" {
				i = 1
			}
			at[i], seen[i] = v, true
		case c.part == "site":
			s.siteField(&site, it, c, text)
		case c.Name == "number" && c.field == nil:
			it.number = text
		default:
			v, err := s.reading.value(c.field, text)
			if err != nil {
				it.wrong(c.Name, "%s", err)
				continue
			}
			if it.parts[c.part] == nil {
				it.parts[c.part] = record.Values{}
			}
			if c.field.Type == record.Ref && c.field.Name != "id" {
				it.refs = append(it.refs, reference{c.part, c.field, v.(string)})
				continue
			}
			if c.field.Type == record.Refs {
				for _, word := range v.([]any) {
					it.refs = append(it.refs, reference{c.part, c.field, word.(string)})
				}
				continue
			}
			if v, err = c.field.Normal(v); err != nil {
				it.wrong(c.Name, "%s", said(err))
				continue
			}
			it.parts[c.part][c.field.Name] = v
		}
	}
	it.hash = uuid.UUID(sum.Sum(nil)[:16])
	switch {
	case seen[0] != seen[1]:
		it.wrong("lon", "longitude and latitude belong together")
	case seen[0]:
		if at == [2]float64{} {
			it.wrong("lon", "0, 0 is no place people live at")
			break
		}
		if err := geo.CheckPoint(orb.Point(at)); err != nil {
			it.wrong("lon", "%s", err)
			break
		}
		it.pointed, site.Point = true, orb.Point(at)
	}
	s.place(it, site)
	return it
}

// said is what an error of ours says, without the field it names.
func said(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

func (s *shape) siteField(site *customer.NewSite, it *item, c column, text string) {
	if c.Type != record.Long {
		text = strings.Join(strings.Fields(text), " ")
	}
	switch c.bare {
	case "id":
		id, err := uuid.Parse(text)
		if err != nil {
			it.wrong(c.Name, "is no id")
		}
		site.ID = id
	case "name":
		site.Name = text
	case "street":
		site.Street = text
	case "house_number":
		site.HouseNumber = text
	case "postcode":
		site.Postcode = text
	case "city":
		site.City = text
	case "country":
		site.Country = text
	case "access_note":
		site.AccessNote = text
	case "contact_name":
		site.ContactName = text
	case "contact_phone":
		site.ContactPhone = text
	}
}

// numbered finds a house number behind the name of a street.
var numbered = regexp.MustCompile(`^(\D*\D)[ ,]+(\d+\s?[a-zA-Z]?(?:\s?[-/]\s?\d+\s?[a-zA-Z]?)?)$`)

// place gives what a row says of a place to where it belongs.
func (s *shape) place(it *item, site customer.NewSite) {
	if site.HouseNumber == "" {
		if m := numbered.FindStringSubmatch(site.Street); m != nil {
			site.Street, site.HouseNumber = strings.TrimSpace(m[1]), m[2]
		}
	}
	switch s.kinds[""].Name {
	case "account", "site":
		if !it.pointed && site.Street+site.Postcode+site.City == "" {
			return
		}
		if it.pointed {
			site.Source, site.Confidence = "import", 1
		}
		it.site = &site
	case "lead":
		if it.pointed {
			it.parts[""]["point"] = []any{site.Point[0], site.Point[1]}
			return
		}
		v := it.parts[""]
		site = customer.NewSite{Street: v.Text("street"), HouseNumber: v.Text("house_number"), Postcode: v.Text("postcode"), City: v.Text("city"), Country: v.Text("country")}
		if site.Street+site.Postcode+site.City != "" {
			it.site = &site
		}
	default:
		if it.pointed {
			it.parts[""]["point"] = []any{site.Point[0], site.Point[1]}
		}
	}
}

// seeks tells whether the address of a row has to be searched for.
func (it *item) seeks() bool {
	return it.verdict == "" && it.site != nil && !it.pointed && it.site.Street+it.site.Postcode+it.site.City != ""
}

// take puts a row where its address was found, and notes what is left to decide.
func (s *shape) take(it *item, places map[int]customer.Located) {
	if it.site == nil || it.pointed {
		return
	}
	found, looked := places[it.n]
	if s.kinds[""].Name == "lead" {
		if found.Found && found.Doubt == "" {
			it.parts[""]["point"] = []any{found.Point[0], found.Point[1]}
		} else if looked {
			it.notes = append(it.notes, "has no place yet: "+found.Doubt)
		}
		it.site = nil
		return
	}
	switch {
	case found.Found:
		it.site.Take(found)
		if found.Doubt != "" {
			it.notes = append(it.notes, "a person should look where it is: "+found.Doubt)
		}
	case looked:
		it.notes = append(it.notes, "no site was added: "+found.Doubt)
		it.site = nil
	default:
		it.notes = append(it.notes, "no site was added: the address was not searched for")
		it.site = nil
	}
}

// key is what tells two rows of a file to be about the same record; empty if nothing does.
func (it *item) key(kind string) string {
	v := it.parts[""]
	switch {
	case !v.Empty("id"):
		return "id " + v.Text("id")
	case it.number != "":
		return "number " + strings.ToUpper(it.number)
	case !v.Empty("external_id"):
		return "external " + v.Text("account_id") + " " + v.Text("external_id")
	case !v.Empty("code"):
		return "code " + strings.ToLower(v.Text("code"))
	case !v.Empty("email") && (kind == "account" || kind == "lead"):
		return "email " + strings.ToLower(v.Text("email"))
	case !v.Empty("email") && kind == "contact":
		return "email " + v.Text("account_id") + " " + strings.ToLower(v.Text("email"))
	case kind == "account" && it.site != nil && it.site.Postcode != "":
		return "name " + strings.ToLower(v.Text("name")) + " " + it.site.Postcode
	case kind == "account" || kind == "product_group":
		return "name " + strings.ToLower(v.Text("name"))
	case kind == "contact":
		return "name " + v.Text("account_id") + " " + strings.ToLower(v.Text("first_name")+" "+v.Text("last_name"))
	case kind == "installation" && !v.Empty("serial"):
		return "serial " + v.Text("account_id") + " " + strings.ToLower(v.Text("serial"))
	case kind == "order" && !v.Empty("reference"):
		return "reference " + v.Text("account_id") + " " + v.Text("reference")
	}
	return ""
}

// hashOf makes an id of a text.
func hashOf(text string) uuid.UUID {
	sum := sha256.Sum256([]byte(text))
	return uuid.UUID(sum[:16])
}

// referred sets what a row refers to.
func (it *item) referred(r reference, id string) {
	v := it.parts[r.part]
	if r.field.Type == record.Refs {
		list, _ := v[r.field.Name].([]any)
		if !slices.Contains(list, any(id)) {
			v[r.field.Name] = append(list, id)
		}
		return
	}
	v[r.field.Name] = id
}
