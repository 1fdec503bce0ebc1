package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"catchment/crm"
	"catchment/geo/geocode"
)

type geocodeCommand struct {
	File   string `arg:"" help:"CSV in UTF-8 with a header, its columns apart by comma, semicolon or tab."`
	Output string `required:"" help:"CSV to write: the columns of FILE, and what was found."`
	Report string `help:"JSON to write: counts, and each row that needs a person."`
	addressColumns
}

// addressColumns name the columns of an address.
type addressColumns struct {
	Street      string `group:"Columns, where the header does not tell them" placeholder:"COLUMN" help:"Street."`
	HouseNumber string `group:"Columns, where the header does not tell them" placeholder:"COLUMN" help:"House number."`
	Postcode    string `group:"Columns, where the header does not tell them" placeholder:"COLUMN" help:"Postcode."`
	City        string `group:"Columns, where the header does not tell them" placeholder:"COLUMN" help:"Town."`
	Country     string `group:"Columns, where the header does not tell them" placeholder:"COLUMN" help:"Country."`
	Address     string `group:"Columns, where the header does not tell them" placeholder:"COLUMN" help:"The whole address in one column."`
}

// Run finds the addresses of a file. Rows that cannot be read are told with their line, in the report and at the
// end, and make the exit code 2; what could be read is written all the same.
func (c *geocodeCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	in, err := os.Open(c.File)
	if err != nil {
		return crm.Invalidf("FILE", "%v", err)
	}
	defer in.Close()
	table, err := openTable(in, c.addressColumns)
	if err != nil {
		return err
	}
	return s.inHouse(ctx, log, func(h *house) error {
		var report batchReport
		err := replaceFile(c.Output, func(w io.Writer) error {
			return step("addresses", func(progress func(float64)) (err error) {
				info, err := in.Stat()
				if err != nil {
					return err
				}
				report, err = geocodeTable(ctx, h.addresses, table, w, func() { progress(float64(table.read()) / float64(max(info.Size(), 1))) })
				return err
			})
		})
		if err != nil {
			return err
		}
		report.File = c.File
		if c.Report != "" {
			err := replaceFile(c.Report, func(w io.Writer) error {
				encoder := json.NewEncoder(w)
				encoder.SetIndent("", "  ")
				return encoder.Encode(report)
			})
			if err != nil {
				return err
			}
		}
		return report.tell()
	})
}

// batchReport tells what became of the rows of a file.
type batchReport struct {
	File    string       `json:"file"`
	Rows    int          `json:"rows"`
	Taken   int          `json:"taken"`
	Review  int          `json:"review"`
	Missing int          `json:"missing"`
	Refused int          `json:"refused"`
	Open    []openRow    `json:"open"`             // for a person to decide, the first mostTold
	Bad     []refusedRow `json:"bad"`              // not read, the first mostTold
	Untold  int          `json:"left_out_of_list"` // of both lists
}

// openRow is a row whose address is not found for sure.
type openRow struct {
	Line       int             `json:"line"`
	Address    string          `json:"address"`
	Verdict    geocode.Verdict `json:"verdict"`
	Candidates []openCandidate `json:"candidates"`
}

type openCandidate struct {
	Label      string       `json:"label"`
	Kind       geocode.Kind `json:"kind"`
	Point      [2]float64   `json:"point"`
	Confidence float64      `json:"confidence"`
	Tie        bool         `json:"tie"`
}

// refusedRow is a row that cannot be read, and why.
type refusedRow struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// mostTold bounds the lists of a report: the output holds every row.
const mostTold = 10_000

// tell says at the terminal how it went; rows that were refused are an error of the file.
func (r batchReport) tell() error {
	say("%d addresses: %d taken, %d to review, %d not found, %d refused.", r.Rows, r.Taken, r.Review, r.Missing, r.Refused)
	for i, bad := range r.Bad {
		if i == 10 {
			say("  … and %d more", r.Refused-10)
			break
		}
		say("  line %d: %s", bad.Line, bad.Reason)
	}
	if r.Refused > 0 {
		return crm.Invalidf("FILE", "%d of %d rows could not be read", r.Refused, r.Rows)
	}
	return nil
}

// add counts a row and lists it if a person should look at it.
func (r *batchReport) add(row tableRow, a geocode.Answer) {
	r.Rows++
	told := len(r.Open)+len(r.Bad) < mostTold
	switch a.Verdict {
	case geocode.Taken:
		r.Taken++
		return
	case geocode.Refused:
		r.Refused++
		if told {
			r.Bad = append(r.Bad, refusedRow{row.line, reasonOf(row, a)})
		} else {
			r.Untold++
		}
		return
	case geocode.Review:
		r.Review++
	case geocode.Missing:
		r.Missing++
	}
	if !told {
		r.Untold++
		return
	}
	open := openRow{Line: row.line, Address: row.label(), Verdict: a.Verdict, Candidates: []openCandidate{}}
	for _, c := range a.Candidates {
		open.Candidates = append(open.Candidates, openCandidate{c.Label, c.Kind, c.At, c.Confidence, c.Tie})
	}
	r.Open = append(r.Open, open)
}

// reasonOf says why a row was refused, by the table or by the search.
func reasonOf(row tableRow, a geocode.Answer) string {
	if row.bad != "" || a.Err == nil {
		return row.bad
	}
	return a.Err.Error()
}

// addedColumns are written after those of the file.
var addedColumns = []string{"geocode_verdict", "geocode_confidence", "geocode_kind", "geocode_label", "longitude", "latitude", "geocode_candidates", "geocode_note"}

// batchRows are searched for together, so that memory does not grow with the file.
const batchRows = 500

// geocodeTable finds the address of each row and writes the rows with what was found. A row to review carries the
// best candidate; its verdict says that it is a guess.
func geocodeTable(ctx context.Context, search geocode.Searcher, t *addressTable, out io.Writer, progress func()) (batchReport, error) {
	report := batchReport{Open: []openRow{}, Bad: []refusedRow{}}
	w := csv.NewWriter(out)
	w.Comma = t.comma
	if err := w.Write(append(append([]string{}, t.header...), addedColumns...)); err != nil {
		return report, err
	}
	for end := false; !end; {
		var rows []tableRow
		for len(rows) < batchRows && !end {
			row, err := t.next()
			switch {
			case errors.Is(err, io.EOF):
				end = true
			case err != nil:
				return report, err
			default:
				rows = append(rows, row)
			}
		}
		answers, err := answer(ctx, search, rows)
		if err != nil {
			return report, err
		}
		for i, row := range rows {
			report.add(row, answers[i])
			if err := w.Write(append(row.fields(len(t.header)), columnsOf(row, answers[i])...)); err != nil {
				return report, err
			}
		}
		progress()
	}
	w.Flush()
	return report, w.Error()
}

// answer searches for the rows that can be read.
func answer(ctx context.Context, search geocode.Searcher, rows []tableRow) ([]geocode.Answer, error) {
	answers := make([]geocode.Answer, len(rows))
	var queries []geocode.Query
	var of []int
	for i, row := range rows {
		if row.bad != "" {
			answers[i].Verdict = geocode.Refused
			continue
		}
		queries, of = append(queries, row.query), append(of, i)
	}
	found, err := geocode.Batch(ctx, search, queries, nil)
	if err != nil {
		return nil, err
	}
	for k, a := range found.Answers {
		answers[of[k]] = a
	}
	return answers, nil
}

func columnsOf(row tableRow, a geocode.Answer) []string {
	out := make([]string, len(addedColumns))
	out[0], out[6], out[7] = string(a.Verdict), strconv.Itoa(len(a.Candidates)), reasonOf(row, a)
	if len(a.Candidates) == 0 {
		return out
	}
	first := a.Candidates[0]
	out[1], out[2], out[3] = strconv.FormatFloat(first.Confidence, 'f', 2, 64), string(first.Kind), first.Label
	out[4], out[5] = strconv.FormatFloat(first.At[0], 'f', 7, 64), strconv.FormatFloat(first.At[1], 'f', 7, 64)
	if first.Tie {
		out[7] = "another place fits as well"
	}
	return out
}

// replaceFile writes a file beside the one to be replaced, and puts it in its place when it is whole.
func replaceFile(path string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".catchment-*")
	if err != nil {
		return crm.Invalidf(path, "cannot be written: %v", err)
	}
	defer os.Remove(file.Name()) // gone by then if all went well
	if err := write(file); err != nil {
		file.Close()
		return err
	}
	if err := errors.Join(file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(file.Name(), path)
}
