package osm

import (
	"errors"
	"fmt"
)

// The reasons a file is refused; a [FormatError] wraps one of them.
var (
	// ErrEmpty: the file holds no bytes, or no node, way or relation.
	ErrEmpty = errors.New("the file is empty")
	// ErrUnknownFormat: the file is neither OSM PBF nor OSM XML.
	ErrUnknownFormat = errors.New("not an OpenStreetMap extract")
	// ErrTruncated: the file ends in the middle of a block or element.
	ErrTruncated = errors.New("the file is cut off")
	// ErrCorrupt: bytes contradict one another or the format.
	ErrCorrupt = errors.New("the file is damaged")
	// ErrTooLarge: a block claims more than the format allows.
	ErrTooLarge = errors.New("a block is larger than the format allows")
	// ErrUnsupported: a valid file that needs a feature this reader does not have.
	ErrUnsupported = errors.New("the file needs a feature that is not supported")
)

// FormatError says which extract is unreadable, where and why.
type FormatError struct {
	Name   string // the file's name as given to Open
	Offset int64  // byte offset of the offending block or element; -1 when it does not matter
	Kind   error  // one of the Err values of this package
	Detail string // what was found, for people
}

// Error tells name, place, kind and detail in one line.
func (e *FormatError) Error() string {
	s := e.Name + ": " + e.Kind.Error()
	if e.Offset >= 0 {
		s += fmt.Sprintf(" at byte %d", e.Offset)
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap lets errors.Is find the kind.
func (e *FormatError) Unwrap() error { return e.Kind }

// fault is a FormatError still without the name and offset that only the source knows.
type fault struct {
	kind   error
	detail string
}

func (f *fault) Error() string { return f.kind.Error() + ": " + f.detail }

func corrupt(format string, args ...any) error {
	return &fault{ErrCorrupt, fmt.Sprintf(format, args...)}
}

// at turns a fault into a FormatError of this source; other errors pass unchanged.
func (s *Source) at(offset int64, err error) error {
	var f *fault
	if errors.As(err, &f) {
		return &FormatError{Name: s.name, Offset: offset, Kind: f.kind, Detail: f.detail}
	}
	return err
}

// IsFormat reports whether err says that an extract itself is unreadable (and not the disk, say, or a handler).
func IsFormat(err error) bool {
	var f *FormatError
	return errors.As(err, &f)
}
