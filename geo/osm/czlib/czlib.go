// Package czlib stands in for the C library of the same name that the OSM reader asks for when cgo is
// on: the one function it uses, over the standard library, so that building Catchment needs no zlib headers.
package czlib

import (
	"compress/zlib"
	"io"
)

// NewReader returns a reader that inflates r.
func NewReader(r io.Reader) (io.ReadCloser, error) { return zlib.NewReader(r) }
