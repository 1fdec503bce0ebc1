package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// spoken are the families of texts whose keys are made from data: a visit's state, an event's verb and the like.
var spoken = regexp.MustCompile(`^(state|kind|stage|verb|entity|field|role|resource|foundAs|notice|act|importState|verdict|existing|likeness|right|message|policy)\.`)

// TestEveryTextIsSaid finds texts nothing on any screen says: they would be translated for nobody.
func TestEveryTextIsSaid(t *testing.T) {
	t.Parallel()
	catalogs, err := filepath.Glob("../app/src/i18n/en*.ts")
	if err != nil || len(catalogs) == 0 {
		t.Fatal("no catalog of texts", err)
	}
	var texts []byte
	for _, catalog := range catalogs {
		text, err := os.ReadFile(catalog)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text...)
	}
	var screens strings.Builder
	if err := filepath.WalkDir("../app/src", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Base(filepath.Dir(path)) == "i18n" && (strings.HasPrefix(entry.Name(), "en") || strings.HasPrefix(entry.Name(), "de")) {
			return err
		}
		text, err := os.ReadFile(path)
		screens.Write(text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	said := screens.String()
	for _, found := range regexp.MustCompile(`'([a-zA-Z_]+(?:\.[a-zA-Z_]+)+)':`).FindAllStringSubmatch(string(texts), -1) {
		if key := found[1]; !spoken.MatchString(key) && !strings.Contains(said, "'"+key+"'") {
			t.Errorf("no screen says %q", key)
		}
	}
}
