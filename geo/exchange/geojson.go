package exchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// feature is what is read of one; a geometry that is no point gives none.
type feature struct {
	Type     string `json:"type"`
	ID       any    `json:"id"`
	Geometry *struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
	Properties map[string]any `json:"properties"`
}

// mostGeoJSON is the most bytes of a file: one feature may take all of them.
const mostGeoJSON = 64 << 20

// geojsonTable reads points. Its columns are lon, lat, id and whatever properties any feature has.
type geojsonTable struct {
	src     io.ReaderAt
	size    int64
	header  []string
	columns map[string]int
	decoder *json.Decoder
	n       int
}

func openGeoJSON(src io.ReaderAt, size int64) (*geojsonTable, error) {
	if size > mostGeoJSON {
		return nil, unreadable("is GeoJSON of more than %d MB: save it as CSV with lon and lat", mostGeoJSON>>20)
	}
	t := &geojsonTable{src: src, size: size}
	if err := t.rewind(); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for {
		f, err := t.feature()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for name := range f.Properties {
			if names[name] = true; len(names) > maxColumns-3 {
				return nil, unreadable("has more than %d properties", maxColumns-3)
			}
		}
	}
	t.header = []string{"lon", "lat", "id"}
	for _, fixed := range t.header {
		delete(names, fixed)
	}
	var rest []string
	for name := range names {
		rest = append(rest, name)
	}
	slices.Sort(rest)
	t.header = append(t.header, rest...)
	t.columns = map[string]int{}
	for i, name := range t.header {
		t.columns[name] = i
	}
	for i, name := range named(t.header) {
		t.header[i] = clean(strings.ToValidUTF8(name, "\uFFFD"))
	}
	return t, t.rewind()
}

// rewind goes to the first feature.
func (t *geojsonTable) rewind() error {
	t.n = 0
	t.decoder = json.NewDecoder(io.NewSectionReader(t.src, 0, t.size))
	t.decoder.UseNumber()
	depth := 0
	for {
		token, err := t.decoder.Token()
		if err != nil {
			return unreadable("is no GeoJSON with features")
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > 20 {
				return unreadable("is nested too deeply")
			}
		case json.Delim('}'), json.Delim(']'):
			if depth--; depth == 0 {
				return unreadable("is no GeoJSON with features")
			}
		case "features":
			if depth != 1 {
				continue
			}
			if token, err = t.decoder.Token(); err != nil || token != json.Delim('[') {
				return unreadable("is no GeoJSON with features")
			}
			return nil
		}
	}
}

func (t *geojsonTable) feature() (feature, error) {
	if !t.decoder.More() {
		if _, err := t.decoder.Token(); err != nil {
			return feature{}, unreadable("ends early, after feature %d", t.n)
		}
		return feature{}, io.EOF
	}
	from := t.decoder.InputOffset()
	var f feature
	err := t.decoder.Decode(&f)
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mismatch):
		f.Type = ""
	case err != nil:
		return f, unreadable("is no JSON in feature %d", t.n+1)
	}
	if t.decoder.InputOffset()-from > maxRecord {
		f.Type, f.Properties = "long", nil
	}
	t.n++
	return f, nil
}

func (t *geojsonTable) Header() []string { return t.header }

func (t *geojsonTable) Offset() int64 { return t.decoder.InputOffset() }

func (t *geojsonTable) Close() error { return nil }

func (t *geojsonTable) Next() (Row, error) {
	f, err := t.feature()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: t.n, Cells: make([]string, len(t.header))}
	for name, v := range f.Properties {
		if i, ok := t.columns[name]; ok {
			row.Cells[i] = clean(plain(v))
		}
	}
	if f.ID != nil {
		row.Cells[t.columns["id"]] = clean(plain(f.ID))
	}
	switch {
	case f.Type != "Feature":
		row.Bad = "is no feature, or longer than 1 MB"
	case f.Geometry == nil:
	case f.Geometry.Type != "Point":
		row.Bad = fmt.Sprintf("is a %.30s: only points are read", strings.ToValidUTF8(f.Geometry.Type, ""))
	default:
		var at []json.Number
		if err := json.Unmarshal(f.Geometry.Coordinates, &at); err != nil || len(at) < 2 || len(at) > 3 {
			row.Bad = "has no coordinates"
			break
		}
		row.Cells[0], row.Cells[1] = at[0].String(), at[1].String()
	}
	return fitted(row, len(t.header)), nil
}

// plain writes a value of JSON as a cell.
func plain(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case json.Number:
		return x.String()
	case []any:
		parts := make([]string, len(x))
		for i, item := range x {
			parts[i] = plain(item)
		}
		return strings.Join(parts, ", ")
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// featureWriter writes points one by one.
type featureWriter struct {
	out io.Writer
	n   int
}

func newFeatureWriter(out io.Writer) (*featureWriter, error) {
	_, err := io.WriteString(out, `{"type":"FeatureCollection","features":[`)
	return &featureWriter{out: out}, err
}

// Feature is a point with properties, or a record without a place if At is nil.
type Feature struct {
	ID         string
	At         *[2]float64
	Properties map[string]any
}

func (w *featureWriter) feature(f Feature) error {
	var geometry any
	if f.At != nil {
		geometry = map[string]any{"type": "Point", "coordinates": f.At}
	}
	text, err := json.Marshal(map[string]any{"type": "Feature", "id": f.ID, "geometry": geometry, "properties": f.Properties})
	if err != nil {
		return err
	}
	before := "\n"
	if w.n++; w.n > 1 {
		before = ",\n"
	}
	_, err = w.out.Write(append([]byte(before), text...))
	return err
}

func (w *featureWriter) close() error {
	_, err := io.WriteString(w.out, "\n]}\n")
	return err
}
