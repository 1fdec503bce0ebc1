package main

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/andybalholm/brotli"
)

// compressible are the kinds of file that get smaller; fonts and pictures are packed already.
var compressible = []string{".html", ".js", ".mjs", ".css", ".svg", ".json", ".webmanifest", ".txt"}

// compressAll writes a .br and a .gz beside every file that gains from it.
func compressAll(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains(compressible, filepath.Ext(path)) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || len(data) < 512 {
			return err
		}
		packed, err := gzipped(data)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path+".gz", packed, 0o644); err != nil {
			return err
		}
		var out bytes.Buffer
		writer := brotli.NewWriterLevel(&out, 9)
		if _, err := writer.Write(data); err != nil {
			return err
		}
		if err := writer.Close(); err != nil {
			return err
		}
		return os.WriteFile(path+".br", out.Bytes(), 0o644)
	})
}

func gzipped(data []byte) ([]byte, error) {
	var out bytes.Buffer
	writer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := writer.Write(data); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
