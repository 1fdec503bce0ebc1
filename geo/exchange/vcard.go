package exchange

import (
	"bytes"
	"errors"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// cardColumns are the columns every file of vCards gives.
var cardColumns = []string{"uid", "full_name", "salutation", "first_name", "last_name", "organisation", "department", "role", "phone", "mobile", "email",
	"street", "house_number", "postcode", "city", "country", "website", "language", "tags", "note", "lon", "lat"}

var cardColumn = func() map[string]int {
	out := map[string]int{}
	for i, name := range cardColumns {
		out[name] = i
	}
	return out
}()

// vcardTable reads vCards of versions 2.1, 3 and 4.
type vcardTable struct {
	lines *lineReader
	held  []byte // a line read ahead
	from  int    // its number
}

func openVCard(src io.ReaderAt, size int64) (*vcardTable, error) {
	start, err := Start(src, size)
	if err != nil {
		return nil, err
	}
	from := int64(0)
	if bytes.HasPrefix(start, []byte("\xef\xbb\xbf")) {
		from = 3
	}
	return &vcardTable{lines: newLineReader(src, size, from, '\n')}, nil
}

func (t *vcardTable) Header() []string { return slices.Clone(cardColumns) }

func (t *vcardTable) Offset() int64 { return t.lines.offset }

func (t *vcardTable) Close() error { return nil }

// Position is where the next card begins.
func (t *vcardTable) Position() Position {
	return Position{t.lines.offset - int64(len(t.held)), t.lines.line, 0}
}

// Resume goes on at a position.
func (t *vcardTable) Resume(p Position) error {
	if p.Offset < 0 || p.Offset > t.lines.size || p.Line < 1 {
		return unreadable("there is no such position in the file")
	}
	t.held = nil
	t.lines.seek(p.Offset)
	t.lines.line = p.Line
	return nil
}

// physical reads a line as it stands.
func (t *vcardTable) physical() ([]byte, int, error) {
	if t.held != nil {
		line := t.held
		t.held = nil
		return line, t.from, nil
	}
	at := t.lines.line
	line, n, _, err := t.lines.next(maxRecord)
	t.lines.offset, t.lines.line = t.lines.offset+n, at+1
	return line, at, err
}

// property reads a line with those that go on with it: folded ones, and those after a soft line break of quoted-printable.
func (t *vcardTable) property() (string, int, error) {
	line, at, err := t.physical()
	if err != nil {
		return "", at, err
	}
	text := string(bytes.TrimRight(line, "\r\n"))
	for {
		soft := strings.HasSuffix(text, "=") && strings.Contains(strings.ToUpper(text[:min(len(text), 200)]), "QUOTED-PRINTABLE")
		more, where, err := t.physical()
		if err != nil {
			break
		}
		next := string(bytes.TrimRight(more, "\r\n"))
		folded := len(next) > 0 && (next[0] == ' ' || next[0] == '\t')
		if !soft && !folded {
			t.held, t.from = more, where
			break
		}
		if len(text)+len(next) > maxRecord {
			continue // such as a photograph: what is beyond is not read
		}
		if soft {
			text = text[:len(text)-1] + next
		} else {
			text += next[1:]
		}
	}
	return text, at, nil
}

func (t *vcardTable) Next() (Row, error) {
	var row Row
	inside, size := false, 0
	for {
		text, at, err := t.property()
		if errors.Is(err, io.EOF) {
			if inside {
				row.Bad = "ends early"
				return fitted(row, len(cardColumns)), nil
			}
			return Row{}, io.EOF
		}
		if err != nil {
			return Row{}, err
		}
		upper := strings.ToUpper(strings.TrimSpace(text))
		switch {
		case upper == "BEGIN:VCARD":
			row, inside, size = Row{Line: at, Cells: make([]string, len(cardColumns))}, true, 0
		case upper == "END:VCARD" && inside:
			for i, c := range row.Cells {
				row.Cells[i] = strings.TrimSpace(clean(strings.ToValidUTF8(c, "\uFFFD")))
			}
			wholeName(row.Cells)
			return fitted(row, len(cardColumns)), nil
		case inside:
			if size += len(text); size > 4*maxRecord {
				row.Bad = "is longer than 4 MB"
				continue
			}
			read(row.Cells, text)
		}
	}
}

// wholeName makes what people are called of what a card tells: a card without N has its full name only, that of a company neither.
func wholeName(cells []string) {
	first, last := &cells[cardColumn["first_name"]], &cells[cardColumn["last_name"]]
	full, org := &cells[cardColumn["full_name"]], cells[cardColumn["organisation"]]
	if *first == "" && *last == "" && *full != "" && *full != org {
		if n := strings.LastIndexByte(*full, ' '); n > 0 {
			*first, *last = strings.TrimSpace((*full)[:n]), (*full)[n+1:]
		} else {
			*last = *full
		}
	}
	if *full == "" {
		*full = strings.TrimSpace(*first + " " + *last)
	}
	if *full == "" {
		*full = org
	}
}

// read takes one property into the cells of its card. The first of several stays.
func read(cells []string, text string) {
	head, value, ok := cutOutside(text, ':')
	if !ok {
		return
	}
	params := splitOutside(head, ';')
	name := strings.ToUpper(params[0])
	if n := strings.LastIndexByte(name, '.'); n >= 0 { // item1.TEL
		name = name[n+1:]
	}
	kinds := ""
	for _, p := range params[1:] {
		key, v, found := strings.Cut(strings.ToUpper(p), "=")
		switch {
		case !found:
			kinds += "," + key
		case key == "TYPE":
			kinds += "," + strings.Trim(v, `"`)
		case key == "ENCODING" && v == "QUOTED-PRINTABLE":
			if decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(value))); err == nil {
				value = string(decoded)
			}
		case key == "ENCODING":
			return // base64: a photograph, a key
		case key == "CHARSET" && (v == "ISO-8859-1" || v == "WINDOWS-1252"):
			if decoded, err := charmap.Windows1252.NewDecoder().String(value); err == nil {
				value = decoded
			}
		}
	}
	set := func(column, v string) {
		if v = unescape(v); cells[cardColumn[column]] == "" {
			cells[cardColumn[column]] = v
		}
	}
	part := func(parts []string, n int) string {
		if n < len(parts) {
			return parts[n]
		}
		return ""
	}
	switch name {
	case "UID":
		set("uid", strings.TrimPrefix(value, "urn:uuid:"))
	case "FN":
		set("full_name", value)
	case "N":
		parts := splitOutside(value, ';')
		set("last_name", part(parts, 0))
		set("first_name", part(parts, 1))
		set("salutation", part(parts, 3))
	case "ORG":
		parts := splitOutside(value, ';')
		set("organisation", parts[0])
		set("department", part(parts, 1))
	case "TITLE", "ROLE":
		set("role", value)
	case "TEL":
		value = strings.TrimPrefix(value, "tel:")
		switch {
		case strings.Contains(kinds, "FAX"), strings.Contains(kinds, "PAGER"):
		case strings.Contains(kinds, "CELL"):
			set("mobile", value)
		default:
			set("phone", value)
		}
	case "EMAIL":
		set("email", strings.TrimPrefix(value, "mailto:"))
	case "ADR":
		parts := splitOutside(value, ';')
		set("street", part(parts, 2))
		set("city", part(parts, 3))
		set("postcode", part(parts, 5))
		set("country", part(parts, 6))
	case "URL":
		set("website", value)
	case "LANG":
		set("language", value)
	case "CATEGORIES":
		set("tags", value)
	case "NOTE":
		set("note", value)
	case "GEO":
		value = strings.TrimPrefix(value, "geo:")
		lat, lon, found := strings.Cut(strings.ReplaceAll(value, ";", ","), ",")
		if lon, _, _ = strings.Cut(lon, ","); found {
			lon, _, _ = strings.Cut(lon, ";")
			set("lat", lat)
			set("lon", lon)
		}
	}
}

// cutOutside cuts at the first sign that stands outside quotation marks.
func cutOutside(s string, sign byte) (before, after string, found bool) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sign && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// splitOutside parts at signs that are neither escaped nor within quotation marks.
func splitOutside(s string, sign byte) []string {
	var out []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sign:
			out, from = append(out, s[from:i]), i+1
		}
	}
	return append(out, s[from:])
}

func unescape(s string) string {
	return strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\:`, ":", `\\`, `\`).Replace(s)
}

var escaper = strings.NewReplacer(`\`, `\\`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`, ",", `\,`, ";", `\;`)

// Card is a vCard by the names of cardColumns.
type Card map[string]string

// cardWriter writes vCards of version 4.
type cardWriter struct{ out io.Writer }

func (w *cardWriter) card(c Card) error {
	var b strings.Builder
	line := func(name string, values ...string) {
		filled := false
		for i, v := range values {
			filled = filled || v != ""
			values[i] = escaper.Replace(v)
		}
		if filled {
			fold(&b, name+":"+strings.Join(values, ";"))
		}
	}
	b.WriteString("BEGIN:VCARD\r\nVERSION:4.0\r\n")
	line("UID", c["uid"])
	full := c["full_name"]
	if full == "" {
		full = strings.TrimSpace(c["first_name"] + " " + c["last_name"])
	}
	fold(&b, "FN:"+escaper.Replace(full))
	line("N", c["last_name"], c["first_name"], "", c["salutation"], "")
	line("ORG", c["organisation"], c["department"])
	line("TITLE", c["role"])
	line("TEL;TYPE=work", c["phone"])
	line("TEL;TYPE=cell", c["mobile"])
	line("EMAIL", c["email"])
	street := strings.TrimSpace(c["street"] + " " + c["house_number"])
	line("ADR", "", "", street, c["city"], "", c["postcode"], c["country"])
	if url := c["website"]; url != "" {
		fold(&b, "URL:"+url)
	}
	line("LANG", c["language"])
	if tags := c["tags"]; tags != "" {
		fold(&b, "CATEGORIES:"+tags)
	}
	line("NOTE", c["note"])
	if c["lat"] != "" && c["lon"] != "" {
		fold(&b, "GEO:geo:"+c["lat"]+","+c["lon"])
	}
	b.WriteString("END:VCARD\r\n")
	_, err := io.WriteString(w.out, b.String())
	return err
}

// fold writes a line in pieces of at most 75 bytes, never within a letter (RFC 6350, 3.2).
func fold(b *strings.Builder, line string) {
	line = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, line)
	room := 75
	for _, r := range line {
		letter := string(r)
		if room < len(letter) {
			b.WriteString("\r\n ")
			room = 74
		}
		b.WriteString(letter)
		room -= len(letter)
	}
	b.WriteString("\r\n")
}
