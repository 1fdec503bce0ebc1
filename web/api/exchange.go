package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/exchange"
	"catchment/crm/record"
	formats "catchment/geo/exchange"
)

// Import is a file on its way in.
type Import struct {
	ID          uuid.UUID         `json:"id" format:"uuid"`
	Name        string            `json:"name" example:"customers.csv"`
	Kind        string            `json:"kind" doc:"Of the records it holds" example:"account"`
	Format      string            `json:"format" enum:"csv,xlsx,geojson,vcard,"`
	Size        int64             `json:"size" doc:"Bytes"`
	State       string            `json:"state" enum:"announced,reading,ready,checking,checked,running,stopped,done,undoing,undone,failed"`
	Share       float64           `json:"share" doc:"How much of what is under way is done, from 0 to 1"`
	Header      []string          `json:"header" nullable:"false" doc:"Its columns"`
	Mapping     map[string]string `json:"mapping" nullable:"false" doc:"Which column says what: columns by target"`
	Options     ImportOptions     `json:"options"`
	Rows        int               `json:"rows"`
	Counts      ImportCounts      `json:"counts" doc:"Rows by what became of them, in the check or run under way or done"`
	Checked     *ImportCounts     `json:"checked,omitempty" doc:"What the last check of this mapping found"`
	ChangeSetID *uuid.UUID        `json:"change_set_id" nullable:"true" format:"uuid"`
	Error       string            `json:"error,omitempty" doc:"Why it failed"`
	CreatedAt   time.Time         `json:"created_at"`
	EndedAt     *time.Time        `json:"ended_at" nullable:"true"`
	Version     int               `json:"version"`
}

// ImportCounts count rows by what becomes of them.
type ImportCounts exchange.Counts

// ImportOptions say how a file is to be understood.
type ImportOptions struct {
	Existing string `json:"existing" enum:"update,fill,skip,add" doc:"Records that are there already: take what the file says, only where nothing stands yet, leave them, or add another one"`
	Locate   bool   `json:"locate" doc:"Addresses without coordinates are searched for"`
	Decimal  string `json:"decimal" maxLength:"1" doc:"The decimal sign: a comma or a point" example:","`
	Dates    string `json:"dates" enum:"dmy,mdy" doc:"How 03/04/2026 is read"`
}

func importOut(i exchange.Import) Import {
	out := Import{ID: i.ID, Name: i.Name, Kind: i.Kind, Format: string(i.Format), Size: i.Size, State: string(i.State), Share: i.Share(), Header: i.Header,
		Mapping: i.Mapping, Options: ImportOptions(i.Options), Rows: i.Rows, Counts: ImportCounts(i.Counts), Checked: (*ImportCounts)(i.Checked), ChangeSetID: i.SetID, Error: i.Error,
		CreatedAt: i.CreatedAt.UTC(), Version: i.Version}
	if out.Header == nil {
		out.Header = []string{}
	}
	if out.Mapping == nil {
		out.Mapping = map[string]string{}
	}
	if i.EndedAt != nil {
		at := i.EndedAt.UTC()
		out.EndedAt = &at
	}
	return out
}

// NewImport announces a file.
type NewImport struct {
	ID   *uuid.UUID `json:"id,omitempty" format:"uuid"`
	Name string     `json:"name" minLength:"1" maxLength:"200" example:"customers.csv"`
	Kind string     `json:"kind,omitempty" maxLength:"60" doc:"Guessed from the columns if left out" example:"account"`
}

// ImportChange says what a file is taken for.
type ImportChange struct {
	Kind    *string           `json:"kind,omitempty" maxLength:"60"`
	Mapping map[string]string `json:"mapping,omitempty" doc:"Columns by target; see GET /import-targets" example:"{\"name\":\"Firma\"}"`
	Options *ImportOptions    `json:"options,omitempty"`
}

// ImportTarget is something a column may mean.
type ImportTarget struct {
	Name     string       `json:"name" example:"site.street"`
	Label    record.Label `json:"label"`
	Type     string       `json:"type"`
	Required bool         `json:"required"`
}

// ImportRow is a row as it would be brought in.
type ImportRow struct {
	Line    int            `json:"line"`
	Verdict string         `json:"verdict" enum:"new,changed,same,duplicate,wrong"`
	Field   string         `json:"field,omitempty" doc:"What is wrong"`
	Reason  string         `json:"reason,omitempty"`
	Notes   []string       `json:"notes" nullable:"false"`
	Values  map[string]any `json:"values" doc:"Of the record"`
	Contact map[string]any `json:"contact,omitempty"`
	Order   map[string]any `json:"line_values,omitempty" doc:"Of the order's line"`
	Address string         `json:"address,omitempty"`
	Cells   []string       `json:"cells" nullable:"false" doc:"As it came"`
}

// ImportRows are the first rows.
type ImportRows struct {
	Items []ImportRow `json:"items" nullable:"false"`
}

// ImportFault is a row that was not brought in, or one that leaves something to decide.
type ImportFault struct {
	Line    int      `json:"line"`
	Verdict string   `json:"verdict" enum:"wrong,noted,standing" doc:"standing: undoing could not take it back"`
	Field   string   `json:"field,omitempty"`
	Reason  string   `json:"reason"`
	Cells   []string `json:"cells" nullable:"false"`
}

func exchangeOperations(a *API, rooms Rooms) {
	importOperations(a, rooms.Exchange)
	importActs(a, rooms.Exchange)
	exportOperations(a, rooms.Exchange)
}

func importAnswer(i exchange.Import, err error) (*One[Import], error) {
	if err != nil {
		return nil, err
	}
	return one(importOut(i), i.Version), nil
}

func importOperations(a *API, room *exchange.Exchange) {
	Register(a, Operation{ID: "addImport", Method: http.MethodPost, Path: "/imports", Tag: "imports", Summary: "Announce a file of records", Status: http.StatusCreated,
		About: "CSV, XLSX, GeoJSON points or vCard. Then send it by PUT /imports/{id}/content."},
		crm.ImportRun, func(ctx context.Context, in *struct{ Body NewImport }) (*One[Import], error) {
			id := newID(ctx, in.Body.ID)
			i, err := room.Announce(ctx, id, in.Body.Name, in.Body.Kind)
			if err != nil {
				i, err = again(ctx, in.Body.ID, err, func() (exchange.Import, error) { return room.Import(ctx, id) })
			}
			if err != nil {
				return nil, err
			}
			return oneAt(importOut(i), i.Version, "/imports/"+i.ID.String()), nil
		})
	Register(a, Operation{ID: "sendImport", Method: http.MethodPut, Path: "/imports/{id}/content", Tag: "imports", Summary: "Send the file of an import", Raw: true,
		MaxBody: exchange.MostBytes, About: "It is then read in the background; GET /live?topics=import:{id} tells how far it is."},
		crm.ImportRun, func(ctx context.Context, in *ID) (*One[Import], error) {
			return importAnswer(room.Receive(ctx, in.ID, Bytes(ctx)))
		})
	Register(a, Operation{ID: "listImports", Method: http.MethodGet, Path: "/imports", Tag: "imports", Summary: "One's own imports, newest first"},
		crm.ImportRun, func(ctx context.Context, in *Paging) (*List[Import], error) {
			page, err := room.Imports(ctx, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, importOut), nil
		})
	type getInput struct {
		ID
		Known
	}
	Register(a, Operation{ID: "getImport", Method: http.MethodGet, Path: "/imports/{id}", Tag: "imports", Summary: "One import"},
		crm.ImportRun, func(ctx context.Context, in *getInput) (*One[Import], error) {
			i, err := importAnswer(room.Import(ctx, in.ID.ID))
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, i)
		})
	type changeInput struct {
		ID
		Match
		Body ImportChange
	}
	Register(a, Operation{ID: "changeImport", Method: http.MethodPatch, Path: "/imports/{id}", Tag: "imports", Summary: "Say what a file's columns mean", Versioned: true,
		About: "The mapping is kept for the next file with the same columns."},
		crm.ImportRun, func(ctx context.Context, in *changeInput) (*One[Import], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			change := exchange.Change{Kind: in.Body.Kind, Mapping: in.Body.Mapping}
			if in.Body.Options != nil {
				options := exchange.Options(*in.Body.Options)
				change.Options = &options
			}
			return importAnswer(room.Set(ctx, in.ID.ID, version, change))
		})
	type targetQuery struct {
		WholePaging
		Kind string `query:"kind" required:"true" maxLength:"60" example:"account"`
	}
	Register(a, Operation{ID: "importTargets", Method: http.MethodGet, Path: "/import-targets", Tag: "imports", Summary: "What the columns of a file may mean"},
		crm.ImportRun, func(ctx context.Context, in *targetQuery) (*List[ImportTarget], error) {
			list, err := room.Targets(ctx, in.Kind)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, list, func(t exchange.Target) ImportTarget { return ImportTarget{t.Name, t.Label, string(t.Type), t.Required} })
		})
	type previewInput struct {
		ID
		Rows int `query:"rows" minimum:"1" maximum:"100" default:"20"`
	}
	Register(a, Operation{ID: "previewImport", Method: http.MethodGet, Path: "/imports/{id}/preview", Tag: "imports", Summary: "The first rows as they would be brought in"},
		crm.ImportRun, func(ctx context.Context, in *previewInput) (*struct{ Body ImportRows }, error) {
			rows, err := room.Preview(ctx, in.ID.ID, in.Rows)
			if err != nil {
				return nil, err
			}
			out := ImportRows{Items: make([]ImportRow, 0, len(rows))}
			for _, r := range rows {
				row := ImportRow{Line: r.Line, Verdict: r.Verdict, Field: r.Field, Reason: r.Reason, Notes: r.Notes, Values: r.Values, Contact: r.Contact, Order: r.OrderLine,
					Address: r.Address, Cells: r.Cells}
				if row.Notes == nil {
					row.Notes = []string{}
				}
				out.Items = append(out.Items, row)
			}
			return &struct{ Body ImportRows }{out}, nil
		})
	type faultInput struct {
		ID
		Paging
	}
	Register(a, Operation{ID: "importFaults", Method: http.MethodGet, Path: "/imports/{id}/faults", Tag: "imports", Summary: "Rows that were not brought in, or leave something to decide"},
		crm.ImportRun, func(ctx context.Context, in *faultInput) (*List[ImportFault], error) {
			var from int
			if _, err := crm.DecodeCursor(in.Cursor, &from); err != nil {
				return nil, err
			}
			if from < 0 {
				return nil, crm.Invalidf("query.cursor", "is no cursor of this list")
			}
			size := crm.PageSize(in.Limit)
			list, err := room.Wrongs(ctx, in.ID.ID, from, size+1)
			if err != nil {
				return nil, err
			}
			page := crm.Page[exchange.Wrong]{Items: list}
			if len(list) > size {
				page.Items, page.Next = list[:size], crm.EncodeCursor(from+size)
			}
			return paged(ctx, page, func(w exchange.Wrong) ImportFault { return ImportFault{w.Line, w.Verdict, w.Field, w.Reason, w.Cells} }), nil
		})
	Register(a, Operation{ID: "importReport", Method: http.MethodGet, Path: "/imports/{id}/report", Tag: "imports", Summary: "Those rows as CSV, to be put right and sent again",
		Stream: true, Gives: []string{"text/csv"}},
		crm.ImportRun, func(ctx context.Context, in *ID) (*huma.StreamResponse, error) {
			i, err := room.Import(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return sent("text/csv; charset=utf-8", i.Name+" report.csv", -1, func(out io.Writer) error { return room.WriteReport(ctx, i.ID, out) }), nil
		})
}

func importActs(a *API, room *exchange.Exchange) {
	for _, act := range []struct {
		id, path, summary string
		do                func(context.Context, uuid.UUID) (exchange.Import, error)
	}{
		{"checkImport", "check", "Have every row looked at and counted; nothing is brought in", room.Check},
		{"runImport", "run", "Bring a file in, or go on where it was stopped", room.Bring},
		{"stopImport", "stop", "Stop what is under way", room.Halt},
		{"undoImport", "undo", "Take back everything an import did", room.Undo},
	} {
		Register(a, Operation{ID: act.id, Method: http.MethodPost, Path: "/imports/{id}/" + act.path, Tag: "imports", Summary: act.summary, Status: http.StatusAccepted},
			crm.ImportRun, func(ctx context.Context, in *ID) (*One[Import], error) { return importAnswer(act.do(ctx, in.ID)) })
	}
	Register(a, Operation{ID: "removeImport", Method: http.MethodDelete, Path: "/imports/{id}", Tag: "imports", Summary: "Forget an import, not what it brought in", Status: http.StatusNoContent},
		crm.ImportRun, func(ctx context.Context, in *ID) (*Nothing, error) { return nil, room.Remove(ctx, in.ID) })
}

// ListExport asks for a list as a file.
type ListExport struct {
	WhichRecords
	Kind     string   `json:"kind" maxLength:"60" example:"account"`
	Format   string   `json:"format" enum:"csv,xlsx,geojson,vcard"`
	Columns  []string `json:"columns,omitempty" maxItems:"200" maxLength:"100" doc:"Fields in their order; all if left out"`
	Sort     string   `json:"sort,omitempty" maxLength:"60" example:"name"`
	Language string   `json:"language,omitempty" enum:"en,de" doc:"Columns and choices as people call them; as the API calls them if left out"`
}

// Export is an archive of everything somebody may see.
type Export struct {
	ID        uuid.UUID  `json:"id" format:"uuid"`
	Kinds     []string   `json:"kinds" nullable:"false"`
	Files     bool       `json:"files" doc:"Whether what is attached to the records is in it"`
	State     string     `json:"state" enum:"running,done,failed"`
	Share     float64    `json:"share"`
	Records   int        `json:"records"`
	Error     string     `json:"error,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at" nullable:"true"`
}

func exportOut(e exchange.Archive) Export {
	out := Export{e.ID, e.Kinds, e.Files, string(e.State), e.Share(), e.Rows, e.Error, e.CreatedAt.UTC(), nil}
	if e.EndedAt != nil {
		at := e.EndedAt.UTC()
		out.EndedAt = &at
	}
	return out
}

// NewExport asks for an archive.
type NewExport struct {
	ID    *uuid.UUID `json:"id,omitempty" format:"uuid"`
	Kinds []string   `json:"kinds,omitempty" maxItems:"50" maxLength:"60" doc:"All one may read if left out"`
	Files bool       `json:"files,omitempty" doc:"With what is attached to the records"`
}

func exportOperations(a *API, room *exchange.Exchange) {
	Register(a, Operation{ID: "exportList", Method: http.MethodPost, Path: "/exports/list", Tag: "exports", Summary: "A list as CSV, XLSX, GeoJSON or vCard", Asks: true, Stream: true,
		MaxBody: 8 << 20, About: "The records of the same question to …/query, all of them. Texts that spreadsheets would take for formulas have an apostrophe before them.",
		Gives: []string{"text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/geo+json", "text/vcard"}},
		crm.ExportRun, func(ctx context.Context, in *struct{ Body ListExport }) (*huma.StreamResponse, error) {
			q, err := in.Body.WhichRecords.in()
			if err != nil {
				return nil, err
			}
			q.Sort = in.Body.Sort
			list, err := room.Export(ctx, exchange.Asked{Kind: in.Body.Kind, Query: q, Format: formats.Format(in.Body.Format), Columns: in.Body.Columns, Language: in.Body.Language})
			if err != nil {
				return nil, err
			}
			media, extension := list.MediaType()
			return sent(media, list.Name()+" "+exchange.Stamp(room.Store.Now())+extension, -1, func(out io.Writer) error {
				_, err := list.Write(ctx, out)
				return err
			}), nil
		})
	type exportAnswer struct{ Body Export }
	Register(a, Operation{ID: "addExport", Method: http.MethodPost, Path: "/exports", Tag: "exports", Summary: "Have an archive made of everything one may see", Status: http.StatusAccepted,
		About: "A table of each kind and the files, made in the background; GET /live?topics=export:{id} tells how far it is."},
		crm.ExportRun, func(ctx context.Context, in *struct{ Body NewExport }) (*exportAnswer, error) {
			id := newID(ctx, in.Body.ID)
			e, err := room.RequestArchive(ctx, id, in.Body.Kinds, in.Body.Files)
			if err != nil {
				e, err = again(ctx, in.Body.ID, err, func() (exchange.Archive, error) { return room.Archive(ctx, id) })
			}
			if err != nil {
				return nil, err
			}
			return &exportAnswer{exportOut(e)}, nil
		})
	Register(a, Operation{ID: "listExports", Method: http.MethodGet, Path: "/exports", Tag: "exports", Summary: "One's own archives, newest first"},
		crm.ExportRun, func(ctx context.Context, in *Paging) (*List[Export], error) {
			page, err := room.Archives(ctx, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, exportOut), nil
		})
	Register(a, Operation{ID: "getExport", Method: http.MethodGet, Path: "/exports/{id}", Tag: "exports", Summary: "One archive"},
		crm.ExportRun, func(ctx context.Context, in *ID) (*exportAnswer, error) {
			e, err := room.Archive(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &exportAnswer{exportOut(e)}, nil
		})
	Register(a, Operation{ID: "exportContent", Method: http.MethodGet, Path: "/exports/{id}/content", Tag: "exports", Summary: "The archive as ZIP", Stream: true, Gives: []string{"application/zip"}},
		crm.ExportRun, func(ctx context.Context, in *ID) (*huma.StreamResponse, error) {
			e, err := room.Archive(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			if e.State != exchange.Done {
				return nil, crm.Conflictf("this archive is %s", e.State)
			}
			return sent("application/zip", "catchment "+exchange.Stamp(e.CreatedAt)+".zip", -1, func(out io.Writer) error { return room.WriteArchive(ctx, e, out) }), nil
		})
	Register(a, Operation{ID: "removeExport", Method: http.MethodDelete, Path: "/exports/{id}", Tag: "exports", Summary: "Forget an archive", Status: http.StatusNoContent},
		crm.ExportRun, func(ctx context.Context, in *ID) (*Nothing, error) { return nil, room.RemoveArchive(ctx, in.ID) })
}
