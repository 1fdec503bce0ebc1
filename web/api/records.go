package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/kinds"
	"catchment/crm/record"
)

// filterDoc tells of the filter grammar.
const filterDoc = `Which records: conditions such as stage = customer, amount >= 100000, name ~ "berg", class in (A, B), due_at < today+7d, phone is empty, ` +
	`account.class = A, owner_id = me, tags = vip, has deals(stage = won), near(9.52, 47.14, 5000), within(9.4, 47.0, 9.7, 47.3), joined by and, or, not and brackets`

// RecordQuery is what lists of records take in the address.
type RecordQuery struct {
	Paging
	Q      string `query:"q" maxLength:"200" doc:"Words of the search box" example:"berg"`
	Filter string `query:"filter" maxLength:"4000" doc:"In the filter grammar; see POST …/query"`
	Sort   string `query:"sort" maxLength:"60" doc:"A field, with - before it for falling" example:"-created_at"`
}

// WhichRecords says which records of a kind are meant.
type WhichRecords struct {
	Q        string    `json:"q,omitempty" maxLength:"200" doc:"Words of the search box"`
	Filter   string    `json:"filter,omitempty" maxLength:"4000" doc:"In the filter grammar" example:"class in (A, B) and has deals(open = true)"`
	Geometry *Geometry `json:"geometry,omitempty" doc:"Those that lie in it"`
}

func (w WhichRecords) in() (record.Query, error) {
	q := record.Query{Filter: w.Filter, Text: w.Q}
	if w.Geometry != nil {
		var err error
		if q.Area, err = w.Geometry.polygons("geometry"); err != nil {
			return q, err
		}
		if q.Area == nil {
			q.Area = orb.MultiPolygon{}
		}
	}
	return q, nil
}

// RecordQuestion asks for a page of records, where the question may be too long for an address.
type RecordQuestion struct {
	WhichRecords
	Sort   string `json:"sort,omitempty" maxLength:"60" doc:"A field, with - before it for falling" example:"-created_at"`
	Limit  int    `json:"limit,omitempty" minimum:"1" maximum:"500" default:"50"`
	Cursor string `json:"cursor,omitempty" maxLength:"2000" doc:"Where the page before ended: its next"`
}

// TotalsQuestion asks for counts and sums.
type TotalsQuestion struct {
	WhichRecords
	By  string   `json:"by,omitempty" maxLength:"60" doc:"The field they are told apart by" example:"stage"`
	Sum []string `json:"sum,omitempty" maxItems:"10" maxLength:"60" doc:"Fields to sum" example:"[\"amount\"]"`
}

// Totals are counts and sums of records.
type Totals struct {
	Items []Total `json:"items" nullable:"false" doc:"The largest groups first; one if none was asked for"`
}

// Total is a group of records.
type Total struct {
	Value any                `json:"value" doc:"What they share; null for nothing"`
	Label string             `json:"label,omitempty" doc:"What it is called, if it is a person, a team or a record"`
	Count int64              `json:"count"`
	Sums  map[string]float64 `json:"sums" nullable:"false"`
}

// BulkChange says which records change, and how.
type BulkChange struct {
	WhichRecords
	IDs     []uuid.UUID    `json:"ids,omitempty" maxItems:"20000" format:"uuid" doc:"These, whatever else is said"`
	Set     map[string]any `json:"set,omitempty" doc:"Fields that become the same for all" example:"{\"class\":\"A\"}"`
	AddTags []string       `json:"add_tags,omitempty" maxItems:"50" maxLength:"60"`
	CutTags []string       `json:"cut_tags,omitempty" maxItems:"50" maxLength:"60"`
	Title   string         `json:"title,omitempty" maxLength:"200" doc:"What to call it in the list of changes"`
}

func (b BulkChange) in() (record.BulkChange, error) {
	q, err := b.WhichRecords.in()
	if err != nil {
		return record.BulkChange{}, err
	}
	out := record.BulkChange{Query: q, Set: record.Values(b.Set), AddTags: b.AddTags, CutTags: b.CutTags}
	if b.IDs != nil {
		out.IDs = make([]string, 0, len(b.IDs))
		for _, id := range b.IDs {
			out.IDs = append(out.IDs, id.String())
		}
	}
	return out, nil
}

// BulkPreview tells what a bulk change would do.
type BulkPreview struct {
	Found   int            `json:"found" doc:"Records that fit"`
	Changed int            `json:"changed" doc:"Of them, those that would change"`
	Refused int            `json:"refused" doc:"Of them, those a rule keeps as they are"`
	Samples []RecordChange `json:"samples" nullable:"false" doc:"The first few"`
	Reasons []Standing     `json:"reasons" nullable:"false"`
}

// RecordChange is a record as it was and as it becomes.
type RecordChange struct {
	Before map[string]any `json:"before"`
	After  map[string]any `json:"after"`
}

// Standing says what stands against changing a record.
type Standing struct {
	Kind   string    `json:"kind"`
	ID     uuid.UUID `json:"id" format:"uuid"`
	Reason string    `json:"reason"`
}

func standingOut(list []record.Standing) []Standing {
	out := make([]Standing, 0, len(list))
	for _, s := range list {
		out = append(out, Standing(s))
	}
	return out
}

// BulkDone is what a bulk change did.
type BulkDone struct {
	ChangeSet ChangeSet  `json:"change_set" doc:"Undo it by POST /changes/{id}/undo"`
	Refused   []Standing `json:"refused" nullable:"false"`
}

// recordOf answers with a record.
type recordOf = One[map[string]any]

func recordOperations(a *API, rooms Rooms) {
	records := rooms.Records
	if records == nil { // for the document alone
		records = kinds.Records(nil)
	}
	for _, k := range records.Kinds() {
		kindOperations(a, records, k)
	}
}

// camel makes an operation id of a verb and a kind: addOrderLine.
func camel(verb, noun string) string {
	for word := range strings.FieldsFuncSeq(noun, func(r rune) bool { return r == '_' || r == '-' }) {
		verb += strings.ToUpper(word[:1]) + word[1:]
	}
	return verb
}

func kindOperations(a *API, records *record.Records, k *record.Kind) {
	many, one, tag := strings.ToLower(k.Many.En), strings.ToLower(k.Label.En), k.Plural
	form := a.describe(k)
	page := &huma.Schema{Type: huma.TypeObject, Required: []string{"items"}, Properties: map[string]*huma.Schema{
		"items": {Type: huma.TypeArray, Items: form.record}, "next": {Type: huma.TypeString, Description: "Cursor of the next page; absent on the last"}}}
	base := "/" + k.Plural
	Register(a, Operation{ID: camel("query", k.Plural), Method: http.MethodPost, Path: base + "/query", Tag: tag, Summary: k.Many.En + " that fit, also by area",
		About: filterDoc, Asks: true, MaxBody: 8 << 20, Response: page},
		k.Read, func(ctx context.Context, in *struct{ Body RecordQuestion }) (*List[map[string]any], error) {
			q, err := in.Body.WhichRecords.in()
			if err != nil {
				return nil, err
			}
			q.Sort, q.Limit, q.Cursor = in.Body.Sort, in.Body.Limit, in.Body.Cursor
			found, err := records.List(ctx, k.Name, q)
			if err != nil {
				return nil, err
			}
			out := paged(ctx, found, plainRecord)
			out.Link = "" // the cursor goes into the body, not into an address
			return out, nil
		})
	Register(a, Operation{ID: camel("total", k.Plural), Method: http.MethodPost, Path: base + "/totals", Tag: tag, Summary: "How many " + many + " fit, and sums of them",
		Asks: true, MaxBody: 8 << 20},
		k.Read, func(ctx context.Context, in *struct{ Body TotalsQuestion }) (*struct{ Body Totals }, error) {
			q, err := in.Body.WhichRecords.in()
			if err != nil {
				return nil, err
			}
			totals, err := records.Totals(ctx, k.Name, q, in.Body.By, in.Body.Sum)
			if err != nil {
				return nil, err
			}
			out := Totals{Items: make([]Total, 0, len(totals))}
			for _, t := range totals {
				out.Items = append(out.Items, Total(t))
			}
			return &struct{ Body Totals }{out}, nil
		})
	type historyInput struct {
		ID
		Paging
	}
	Register(a, Operation{ID: camel("history", k.Name), Method: http.MethodGet, Path: base + "/{id}/history", Tag: tag, Summary: "What happened to a " + one + ", newest first"},
		k.Read, func(ctx context.Context, in *historyInput) (*List[Entry], error) {
			page, err := records.History(ctx, k.Name, in.ID.ID, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, entryOut), nil
		})
	if !k.NoCustom {
		bulkOperations(a, records, k)
	}
	if !k.Acts {
		singleOperations(a, records, k, form, page)
	}
}

func plainRecord(v record.Values) map[string]any { return v }

func bulkOperations(a *API, records *record.Records, k *record.Kind) {
	many, base := strings.ToLower(k.Many.En), "/"+k.Plural
	Register(a, Operation{ID: camel("previewBulk", k.Plural), Method: http.MethodPost, Path: base + "/bulk/preview", Tag: k.Plural,
		Summary: "What changing many " + many + " at once would do", Asks: true, MaxBody: 8 << 20},
		crm.BulkWrite, func(ctx context.Context, in *struct{ Body BulkChange }) (*struct{ Body BulkPreview }, error) {
			b, err := in.Body.in()
			if err != nil {
				return nil, err
			}
			p, err := records.PreviewBulk(ctx, k.Name, b)
			if err != nil {
				return nil, err
			}
			out := BulkPreview{Found: p.Found, Changed: p.Changed, Refused: p.Refused, Samples: []RecordChange{}, Reasons: standingOut(p.Reasons)}
			for _, c := range p.Samples {
				out.Samples = append(out.Samples, RecordChange{c.Before, c.After})
			}
			return &struct{ Body BulkPreview }{out}, nil
		})
	Register(a, Operation{ID: camel("bulk", k.Plural), Method: http.MethodPost, Path: base + "/bulk", Tag: k.Plural, Summary: "Change many " + many + " at once",
		About: "At most 20,000; can be undone.", MaxBody: 8 << 20},
		crm.BulkWrite, func(ctx context.Context, in *struct{ Body BulkChange }) (*struct{ Body BulkDone }, error) {
			b, err := in.Body.in()
			if err != nil {
				return nil, err
			}
			set, refused, err := records.Bulk(ctx, k.Name, b, in.Body.Title)
			if err != nil {
				return nil, err
			}
			return &struct{ Body BulkDone }{BulkDone{changeSetOut(set), standingOut(refused)}}, nil
		})
}

func singleOperations(a *API, records *record.Records, k *record.Kind, form schemas, page *huma.Schema) {
	many, one, tag, base := strings.ToLower(k.Many.En), strings.ToLower(k.Label.En), k.Plural, "/"+k.Plural
	Register(a, Operation{ID: camel("list", k.Plural), Method: http.MethodGet, Path: base, Tag: tag, Summary: k.Many.En + " that fit", About: filterDoc, Response: page},
		k.Read, func(ctx context.Context, in *RecordQuery) (*List[map[string]any], error) {
			found, err := records.List(ctx, k.Name, record.Query{Filter: in.Filter, Text: in.Q, Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			return paged(ctx, found, plainRecord), nil
		})
	Register(a, Operation{ID: camel("add", k.Name), Method: http.MethodPost, Path: base, Tag: tag, Summary: "Add to " + many, Status: http.StatusCreated,
		Request: form.fresh, Response: form.record},
		k.Write, func(ctx context.Context, in *struct{ Body map[string]any }) (*recordOf, error) {
			var given *uuid.UUID
			if text, ok := in.Body["id"].(string); ok {
				id, err := uuid.Parse(text)
				if err != nil {
					return nil, crm.Invalidf("id", "is no id")
				}
				given = &id
			}
			id := newID(ctx, given)
			in.Body["id"] = id.String()
			added, err := records.Add(ctx, k.Name, in.Body)
			if err != nil {
				added, err = again(ctx, given, err, func() (record.Values, error) { return records.Record(ctx, k.Name, id) })
			}
			if err != nil {
				return nil, err
			}
			return oneAt(plainRecord(added), added.Version(), base+"/"+added.ID()), nil
		})
	type getInput struct {
		ID
		Known
		AsOf    time.Time `query:"as_of" doc:"As it was then, with all that is known now"`
		KnownAt time.Time `query:"known_at" doc:"As it was known then"`
	}
	Register(a, Operation{ID: camel("get", k.Name), Method: http.MethodGet, Path: base + "/{id}", Tag: tag, Summary: "One " + one + ", as it is or was", Response: form.record},
		k.Read, func(ctx context.Context, in *getInput) (*recordOf, error) {
			if !in.AsOf.IsZero() || !in.KnownAt.IsZero() {
				return recordAt(ctx, records, k, in.ID.ID, in.AsOf, in.KnownAt)
			}
			found, err := records.Record(ctx, k.Name, in.ID.ID)
			if err != nil {
				return nil, movedOn(ctx, records, k, in.ID.ID, err)
			}
			return unlessKnown(in.Known, wholeOf(found))
		})
	type changeInput struct {
		ID
		Match
		Body map[string]any
	}
	Register(a, Operation{ID: camel("change", k.Name), Method: http.MethodPatch, Path: base + "/{id}", Tag: tag, Summary: "Change a " + one, Versioned: true,
		Request: form.change, Response: form.record},
		k.Write, func(ctx context.Context, in *changeInput) (*recordOf, error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			changed, err := records.ChangeOne(ctx, k.Name, in.ID.ID, version, in.Body)
			if err != nil {
				return nil, err
			}
			return wholeOf(changed), nil
		})
	type removeInput struct {
		ID
		Match
	}
	Register(a, Operation{ID: camel("remove", k.Name), Method: http.MethodDelete, Path: base + "/{id}", Tag: tag, Summary: "Remove a " + one, Versioned: true,
		About: "The change set it answers with puts it back."},
		k.Write, func(ctx context.Context, in *removeInput) (*struct{ Body ChangeSet }, error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			set, err := records.Remove(ctx, k.Name, in.ID.ID, version)
			if err != nil {
				return nil, err
			}
			return &struct{ Body ChangeSet }{changeSetOut(set)}, nil
		})
}

func wholeOf(v record.Values) *recordOf { return one(plainRecord(v), v.Version()) }

func recordAt(ctx context.Context, records *record.Records, k *record.Kind, id uuid.UUID, asOf, knownAt time.Time) (*recordOf, error) {
	if asOf.IsZero() {
		asOf = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if err := checkInstant("as_of", asOf); err != nil {
		return nil, err
	}
	if !knownAt.IsZero() {
		if err := checkInstant("known_at", knownAt); err != nil {
			return nil, err
		}
	}
	past, err := records.RecordAt(ctx, k.Name, id, record.Past{AsOf: asOf, KnownAt: knownAt})
	if err != nil {
		return nil, err
	}
	return &recordOf{Body: past}, nil
}
