package osm

import (
	"testing"

	"github.com/paulmach/orb"
)

// scanAll reads whatever the bytes hold and insists that a refusal is a FormatError.
func scanAll(t *testing.T, data []byte) {
	s, err := FromBytes("fuzz", data)
	if err == nil {
		_, err = read(t.Context(), s)
	}
	if err != nil && !IsFormat(err) {
		t.Fatalf("%v is no FormatError", err)
	}
}

func FuzzPBF(f *testing.F) {
	h, c := sample()
	f.Add(encode(f, h, c))
	f.Add(raw("OSMHeader", appendBytes(nil, 1, headerBlock(h))))
	f.Fuzz(scanAll)
}

// FuzzBlock reaches deeper than FuzzPBF: its input is the inside of a block.
func FuzzBlock(f *testing.F) {
	f.Add(appendBytes(appendBytes(nil, 1, nil), 2, appendBytes(nil, 2, appendBytes(appendBytes(appendBytes(nil, 1, []byte{2}), 8, []byte{2}), 9, []byte{2}))))
	header := raw("OSMHeader", appendBytes(nil, 1, headerBlock(Header{})))
	f.Fuzz(func(t *testing.T, block []byte) {
		if blob := appendBytes(nil, 1, block); len(blob) < maxBlob {
			frame := raw("OSMData", blob)
			scanAll(t, append(header[:len(header):len(header)], frame...))
		}
	})
}

func FuzzXML(f *testing.F) {
	f.Add([]byte("<osm><bounds minlat='1' minlon='1' maxlat='2' maxlon='2'/><node id='1' lat='1' lon='1'><tag k='a' v='b'/></node></osm>"))
	f.Add([]byte("<osm><way id='1'><nd ref='1'/></way><relation id='1'><member type='way' ref='1' role='outer'/></relation></osm>"))
	f.Fuzz(func(t *testing.T, data []byte) { scanAll(t, append([]byte("<osm>"), data...)) })
}

// FuzzAssemble draws lines on a coarse grid, where they meet, cross and repeat all the time.
func FuzzAssemble(f *testing.F) {
	f.Add([]byte{0x00, 0x20, 0x22, 0x02, 0x00, 0xff, 0x11, 0x12})
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := []orb.LineString{nil}
		for _, b := range data[:min(len(data), 400)] {
			if b == 0xff {
				lines = append(lines, nil)
				continue
			}
			last := &lines[len(lines)-1]
			*last = append(*last, orb.Point{float64(b >> 4), float64(b & 15)})
		}
		got, _ := Assemble(lines)
		for _, p := range got {
			for _, r := range p {
				if len(r) < 4 || !r.Closed() {
					t.Fatalf("ring %v", r)
				}
			}
		}
	})
}
