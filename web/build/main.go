// Command build makes the browser part of Catchment: it brings the packages by npm, bundles the two entries (the
// office at /, the phone at /tech) with esbuild as a library, writes hashed and precompressed files to web/dist, and
// fails when a page grew beyond its byte budget. It does nothing when nothing changed.
//
// Run it from anywhere with:
//
//	go -C web/build run .
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	web := flag.String("web", "..", "the web folder, with app and dist in it")
	force := flag.Bool("force", false, "build even when nothing changed")
	flag.Parse()
	if err := run(*web, *force); err != nil {
		fmt.Fprintln(os.Stderr, "web app:", err)
		os.Exit(1)
	}
}

// run builds web/dist out of web/app, unless what was built last is still true.
func run(web string, force bool) error {
	began := time.Now()
	web, err := filepath.Abs(web)
	if err != nil {
		return err
	}
	app, dist := filepath.Join(web, "app"), filepath.Join(web, "dist")
	sum, err := sourcesHash(app, filepath.Join(web, "build"))
	if err != nil {
		return fmt.Errorf("read the sources: %w", err)
	}
	stamp := filepath.Join(dist, ".sources")
	if built, err := os.ReadFile(stamp); err == nil && string(built) == sum && !force {
		fmt.Println("web app: nothing changed")
		return nil
	}
	if err := packages(app); err != nil {
		return err
	}
	sizes, err := bundle(app, dist, sum[:12])
	if err != nil {
		return err
	}
	if err := checkBudgets(sizes); err != nil {
		return err
	}
	if err := os.WriteFile(stamp, []byte(sum), 0o644); err != nil {
		return err
	}
	fmt.Printf("web app: built in %.1f s: %s\n", time.Since(began).Seconds(), sizes)
	return nil
}

// packages runs npm ci when the installed packages are not those of the lock file. The copy of the lock's hash lies
// beside the packages, so that deleting node_modules is enough to start over.
func packages(app string) error {
	lock, err := os.ReadFile(filepath.Join(app, "package-lock.json"))
	if err != nil {
		return fmt.Errorf("read the lock file: %w", err)
	}
	sum := sha256.Sum256(lock)
	want := hex.EncodeToString(sum[:])
	stamp := filepath.Join(app, "node_modules", ".lock-hash")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == want {
		return nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return fmt.Errorf("npm is missing: install it from your distribution, then run this again")
	}
	fmt.Println("web app: bringing packages (npm ci)")
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir = app
	npm.Stdout, npm.Stderr = os.Stderr, os.Stderr
	if err := npm.Run(); err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	return os.WriteFile(stamp, []byte(want), 0o644)
}

// sourcesHash sums up everything a build depends on: names and contents of the app's sources, the lock file, and
// this program.
func sourcesHash(app, build string) (string, error) {
	sum := sha256.New()
	add := func(root string) error {
		return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && entry.Name() == "node_modules" {
				return filepath.SkipDir
			}
			if !entry.Type().IsRegular() || strings.HasSuffix(path, ".test.ts") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			fmt.Fprintf(sum, "%s %d\n", filepath.ToSlash(name), len(data))
			sum.Write(data)
			return nil
		})
	}
	for _, root := range []string{app, build} {
		if err := add(root); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
