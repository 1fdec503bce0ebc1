package osrm

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"
)

// writer builds JSON by appending; objects and lists put their commas themselves.
type writer struct {
	b     []byte
	comma bool
}

func (w *writer) sep() {
	if w.comma {
		w.b = append(w.b, ',')
	}
	w.comma = true
}

func (w *writer) open(c byte)  { w.sep(); w.b = append(w.b, c); w.comma = false }
func (w *writer) close(c byte) { w.b = append(w.b, c); w.comma = true }

func (w *writer) object(fill func()) { w.open('{'); fill(); w.close('}') }
func (w *writer) list(fill func())   { w.open('['); fill(); w.close(']') }

// key writes a field's name; the value follows without a comma.
func (w *writer) key(name string) {
	w.string(name)
	w.b = append(w.b, ':')
	w.comma = false
}

const hexDigits = "0123456789abcdef"

func (w *writer) string(s string) {
	w.sep()
	w.b = append(w.b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			w.b = append(w.b, '\\', c)
		case c < 0x20:
			w.b = append(w.b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c < utf8.RuneSelf:
			w.b = append(w.b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			w.b = utf8.AppendRune(w.b, r)
			i += n
			continue
		}
		i++
	}
	w.b = append(w.b, '"')
}

func (w *writer) int(v int64) { w.sep(); w.b = strconv.AppendInt(w.b, v, 10) }
func (w *writer) bool(v bool) { w.sep(); w.b = strconv.AppendBool(w.b, v) }
func (w *writer) null()       { w.sep(); w.b = append(w.b, "null"...) }

func (w *writer) float(v float64) { w.sep(); w.b = strconv.AppendFloat(w.b, v, 'f', -1, 64) }

// tenths writes a number of tenths as a decimal.
func (w *writer) tenths(v uint32) {
	w.sep()
	w.b = strconv.AppendUint(w.b, uint64(v/10), 10)
	if v%10 > 0 {
		w.b = append(w.b, '.', byte('0'+v%10))
	}
}

// meters writes a length to a tenth of a metre.
func (w *writer) meters(v float64) { w.tenths(uint32(math.Round(v * 10))) }

// point writes longitude and latitude to six decimals.
func (w *writer) point(p orb.Point) {
	w.list(func() { w.float(round6(p[0])); w.float(round6(p[1])) })
}

func round6(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// line writes a line in the geometry asked for.
func (w *writer) line(line orb.LineString, g Geometry) {
	switch g {
	case GeoJSON:
		w.object(func() {
			w.key("coordinates")
			w.list(func() {
				for _, p := range line {
					w.point(p)
				}
			})
			w.key("type")
			w.string("LineString")
		})
	case Polyline6:
		w.string(encodePolyline(line, 1e6))
	default:
		w.string(encodePolyline(line, 1e5))
	}
}

// encodePolyline writes a line in the encoded polyline algorithm format: latitude before longitude, differences
// in groups of five bits.
func encodePolyline(line orb.LineString, scale float64) string {
	var b strings.Builder
	var lat, lon int64
	put := func(v int64) {
		u := uint64(v) << 1
		if v < 0 {
			u = ^u
		}
		for ; u >= 0x20; u >>= 5 {
			b.WriteByte(byte(u&0x1f|0x20) + 63)
		}
		b.WriteByte(byte(u) + 63)
	}
	for _, p := range line {
		y, x := int64(math.Round(p[1]*scale)), int64(math.Round(p[0]*scale))
		put(y - lat)
		put(x - lon)
		lat, lon = y, x
	}
	return b.String()
}

// decodePolyline reads what encodePolyline writes. It reports false if the text is cut off.
func decodePolyline(text string, scale float64) ([]orb.Point, bool) {
	points := []orb.Point{}
	var sum [2]int64
	for i := 0; i < len(text); {
		for axis := range sum {
			var u uint64
			for shift := 0; ; shift += 5 {
				if i >= len(text) || text[i] < 63 || text[i] > 127 || shift > 40 {
					return nil, false
				}
				c := uint64(text[i] - 63)
				i++
				u |= (c & 0x1f) << shift
				if c < 0x20 {
					break
				}
			}
			v := int64(u >> 1)
			if u&1 > 0 {
				v = ^v
			}
			sum[axis] += v
		}
		points = append(points, orb.Point{float64(sum[1]) / scale, float64(sum[0]) / scale})
	}
	return points, true
}
