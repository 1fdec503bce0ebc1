package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/exchange"
	"catchment/crm/record"
	formats "catchment/geo/exchange"
)

// importRecords brings a file in from the shell, by the rules of the import screen.
type importRecords struct {
	File     string            `arg:"" help:"CSV, XLSX, GeoJSON points or vCard."`
	Kind     string            `help:"What its rows are: account, site, contact, lead, product, deal, order, installation, contract, case, activity. Guessed from the columns if left out."`
	Map      map[string]string `help:"What says what, such as --map name=Firma --map site.city=Ort; added to what is recognised." mapsep:"none" sep:"none"`
	Existing string            `enum:"update,fill,skip,add" default:"update" help:"What becomes of records that are there already (${enum})."`
	Locate   bool              `default:"true" negatable:"" help:"Search for addresses without coordinates."`
	Check    bool              `help:"Look at every row and bring nothing in."`
	Undo     bool              `help:"Take everything back again, if any row is wrong."`
	Report   string            `help:"Write the rows that are wrong or leave something to decide to this CSV file."`
}

// Run reads, maps, checks or brings in, and tells what became of the rows.
func (c *importRecords) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	return s.inHouse(ctx, log, func(h *house) error {
		ctx := asSystem(ctx, "shell")
		i, err := h.exchange.Announce(ctx, uuid.Nil, filepath.Base(c.File), c.Kind)
		if err != nil {
			return err
		}
		if err := step("sending the file", func(func(float64)) error { _, err := h.exchange.Receive(ctx, i.ID, file); return err }); err != nil {
			return err
		}
		run := func(task string) error {
			return step(task, func(progress func(float64)) error {
				var err error
				if i, err = h.exchange.Run(ctx, i.ID, func(now exchange.Import) { progress(now.Share()) }); err == nil && i.State == exchange.Failed {
					err = errors.New(i.Error)
				}
				return err
			})
		}
		if err := run("reading"); err != nil {
			return err
		}
		if i, err = c.choose(ctx, h, i); err != nil {
			return err
		}
		say("%d rows of %s", i.Rows, i.Kind)
		for _, target := range slices.Sorted(maps.Keys(i.Mapping)) {
			say("  %-24s %s", target, i.Mapping[target])
		}
		act, task := h.exchange.Bring, "bringing in"
		if c.Check {
			act, task = h.exchange.Check, "checking"
		}
		if _, err := act(ctx, i.ID); err != nil {
			return err
		}
		if err := run(task); err != nil {
			return err
		}
		n := i.Counts
		say("%d new, %d changed, %d the same, %d there already, %d wrong, %d to look at", n.New, n.Changed, n.Same, n.Duplicate, n.Wrong, n.Noted)
		if err := c.report(ctx, h, i); err != nil {
			return err
		}
		if c.Undo && n.Wrong > 0 && !c.Check {
			if _, err := h.exchange.Undo(ctx, i.ID); err != nil {
				return err
			}
			return run("taking it back")
		}
		return nil
	})
}

// choose applies what the flags say of columns and options.
func (c *importRecords) choose(ctx context.Context, h *house, i exchange.Import) (exchange.Import, error) {
	mapping := maps.Clone(i.Mapping)
	for target, column := range c.Map {
		for other, taken := range mapping {
			if taken == column {
				delete(mapping, other)
			}
		}
		mapping[target] = column
	}
	options := i.Options
	options.Existing, options.Locate = c.Existing, c.Locate
	return h.exchange.Set(ctx, i.ID, i.Version, exchange.Change{Mapping: mapping, Options: &options})
}

func (c *importRecords) report(ctx context.Context, h *house, i exchange.Import) error {
	if c.Report == "" {
		list, err := h.exchange.Wrongs(ctx, i.ID, 0, 10)
		for _, w := range list {
			say("  line %d: %s", w.Line, strings.TrimSpace(w.Field+" "+w.Reason))
		}
		return err
	}
	return written(c.Report, func(out io.Writer) error { return h.exchange.WriteReport(ctx, i.ID, out) })
}

// written writes a file under another name and puts it in its place once it is whole.
func written(path string, write func(io.Writer) error) error {
	part, err := os.CreateTemp(filepath.Dir(path), ".catchment-*")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if err := write(part); err != nil {
		part.Close()
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}

// exportCommand gives records out.
type exportCommand struct {
	To       string   `arg:"" help:"A file: .zip for an archive of everything, else .csv, .xlsx, .geojson or .vcf for one list."`
	Kind     string   `help:"What the list is of, such as account. Needed unless an archive is asked for."`
	Filter   string   `help:"Which records, in the grammar of lists: class = A and stage = customer."`
	Sort     string   `help:"A field, with - before it for falling."`
	Columns  []string `help:"Fields in their order; all if left out."`
	Language string   `enum:",en,de" default:"" help:"Columns and choices as people call them, in en or de."`
	Files    bool     `default:"true" negatable:"" help:"Put what is attached to records into an archive."`
}

// Run writes the file and tells how much is in it.
func (c *exportCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	ending := strings.ToLower(filepath.Ext(c.To))
	format, known := map[string]formats.Format{".csv": formats.CSV, ".xlsx": formats.XLSX, ".geojson": formats.GeoJSON, ".json": formats.GeoJSON, ".vcf": formats.VCard}[ending]
	switch {
	case ending == ".zip" && c.Kind == "":
	case !known:
		return crm.Invalidf("TO", "ends in none of .zip, .csv, .xlsx, .geojson, .vcf")
	case c.Kind == "":
		return crm.Invalidf("kind", "is needed: what the list is of, such as --kind account")
	}
	return s.inHouse(ctx, log, func(h *house) error {
		ctx, rows := asSystem(ctx, "shell"), 0
		err := step("writing", func(func(float64)) error {
			if !known {
				e, err := h.exchange.RequestArchive(ctx, uuid.Nil, nil, c.Files)
				if err != nil {
					return err
				}
				if e, err = h.exchange.RunArchive(ctx, e.ID); err != nil {
					return err
				}
				rows = e.Rows
				if err := written(c.To, func(out io.Writer) error { return h.exchange.WriteArchive(ctx, e, out) }); err != nil {
					return err
				}
				return h.exchange.RemoveArchive(ctx, e.ID)
			}
			list, err := h.exchange.Export(ctx, exchange.Asked{Kind: c.Kind, Query: record.Query{Filter: c.Filter, Sort: c.Sort}, Format: format, Columns: c.Columns, Language: c.Language})
			if err != nil {
				return err
			}
			return written(c.To, func(out io.Writer) error { rows, err = list.Write(ctx, out); return err })
		})
		if err == nil {
			say("%d records in %s", rows, c.To)
		}
		return err
	})
}
