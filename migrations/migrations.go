// Package migrations carries the database's shape: numbered SQL files, forward only.
//
// A file states in a comment how big tables fare. geo/postgis applies them.
package migrations

import "embed"

// Files holds the migrations, named by timestamp.
//
//go:embed *.sql
var Files embed.FS
