package crm

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// Page is a stretch of a list. Next is the cursor of the following stretch, empty at the end.
type Page[T any] struct {
	Items []T
	Next  string
}

// MaxPage is the most rows a page may hold.
const MaxPage = 500

// PageSize returns how many rows to fetch for a limit asked for: 50 if none was, at most MaxPage.
func PageSize(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, MaxPage)
}

// EncodeCursor makes the cursor that continues behind the sort key of a page's last row.
func EncodeCursor(key any) string {
	text, err := json.Marshal(key)
	if err != nil {
		panic(fmt.Sprintf("cursor of %T: %v", key, err)) // our own types
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// DecodeCursor reads a cursor into the sort key; an empty cursor leaves it as it is and returns false.
func DecodeCursor(cursor string, key any) (bool, error) {
	if cursor == "" {
		return false, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, key)
	}
	if err != nil {
		return false, &Error{Kind: Invalid, Field: "cursor", Message: "is no cursor of this list", Err: err}
	}
	return true, nil
}

// Cut makes a page of rows fetched with one more than size: the surplus row tells that there is a next page.
func Cut[T any](rows []T, size int, key func(T) any) Page[T] {
	if len(rows) <= size {
		return Page[T]{Items: rows}
	}
	rows = rows[:size]
	return Page[T]{Items: rows, Next: EncodeCursor(key(rows[size-1]))}
}
