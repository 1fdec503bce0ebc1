package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/crm/sales"
)

// Kind tells screens and importers of a sort of record.
type Kind struct {
	Name     string       `json:"name" example:"account"`
	Plural   string       `json:"plural" doc:"In addresses" example:"accounts"`
	Label    record.Label `json:"label"`
	Many     record.Label `json:"many"`
	Title    string       `json:"title" doc:"The field a record is called by"`
	Sorted   string       `json:"sorted" doc:"How lists are ordered unless asked otherwise"`
	Placed   bool         `json:"placed" doc:"Records lie somewhere: lists take areas"`
	Searched bool         `json:"searched" doc:"Lists take words"`
	Acts     bool         `json:"acts" doc:"Changes by operations of its own"`
	Writable bool         `json:"writable" doc:"You may change its records"`
	Fields   []KindField  `json:"fields" nullable:"false"`
}

// KindField is one field of a kind.
type KindField struct {
	Name     string              `json:"name"`
	Label    record.Label        `json:"label"`
	Type     string              `json:"type" enum:"text,long,email,phone,url,enum,integer,money,number,bool,date,instant,ref,refs,tags,point,document"`
	Options  []Option            `json:"options,omitempty" doc:"Of an enum"`
	Next     map[string][]string `json:"next,omitempty" doc:"Of an enum with states: which may follow which"`
	Needs    map[string][]string `json:"needs,omitempty" doc:"Of an enum: fields that must be filled for a value"`
	Ref      string              `json:"ref,omitempty" doc:"The kind it refers to, or staff or team"`
	Required bool                `json:"required,omitempty"`
	ReadOnly bool                `json:"read_only,omitempty"`
	Fixed    bool                `json:"fixed,omitempty"`
	Private  bool                `json:"private,omitempty"`
	Sortable bool                `json:"sortable,omitempty"`
	Custom   bool                `json:"custom,omitempty" doc:"A field of one's own"`
	Default  any                 `json:"default,omitempty"`
}

func kindOut(k *record.Kind, actor crm.Actor) Kind {
	out := Kind{Name: k.Name, Plural: k.Plural, Label: k.Label, Many: k.Many, Title: k.Title, Sorted: k.Sorted, Placed: k.Place != "",
		Searched: k.Searched(), Acts: k.Acts, Writable: actor.May(k.Write), Fields: []KindField{}}
	for i := range k.Fields {
		f := &k.Fields[i]
		var options []Option
		for _, o := range f.Options {
			options = append(options, Option{o, f.Choice(o)})
		}
		out.Fields = append(out.Fields, KindField{f.Name, f.Label, string(f.Type), options, f.Next, f.Needs, f.Ref, f.Required, f.ReadOnly || k.Acts && f.Name != "tags" && !f.Custom(),
			f.Fixed, f.Private, f.Sort != "", f.Custom(), f.Default})
	}
	return out
}

// Option is one choice of an enum.
type Option struct {
	Value string       `json:"value"`
	Label record.Label `json:"label"`
}

// CustomField is a field an organisation has added to a kind.
type CustomField struct {
	ID       uuid.UUID    `json:"id" format:"uuid"`
	Kind     string       `json:"kind"`
	Code     string       `json:"code" doc:"The field is called x_ and this"`
	Label    record.Label `json:"label"`
	Type     string       `json:"type"`
	Options  []string     `json:"options" nullable:"false"`
	Required bool         `json:"required"`
	Private  bool         `json:"private"`
	Archived bool         `json:"archived"`
	Version  int          `json:"version"`
}

func customFieldOut(c record.CustomField) CustomField {
	if c.Options == nil {
		c.Options = []string{}
	}
	return CustomField{c.ID, c.Kind, c.Code, c.Label, string(c.Type), c.Options, c.Required, c.Private, c.Archived, c.Version}
}

// LabelIn is what people read, in each language.
type LabelIn struct {
	En string `json:"en" minLength:"1" maxLength:"100"`
	De string `json:"de,omitempty" maxLength:"100"`
}

// View is a saved way to look at a list.
type View struct {
	ID        uuid.UUID       `json:"id" format:"uuid"`
	Kind      string          `json:"kind"`
	Name      string          `json:"name"`
	Filter    string          `json:"filter"`
	Q         string          `json:"q"`
	Sort      string          `json:"sort"`
	Columns   []string        `json:"columns" nullable:"false"`
	Layer     json.RawMessage `json:"layer" doc:"How map and board show it"`
	Shared    bool            `json:"shared"`
	OwnerID   uuid.UUID       `json:"owner_id" format:"uuid"`
	OwnerName string          `json:"owner_name"`
	Version   int             `json:"version"`
	UpdatedAt time.Time       `json:"updated_at"`
}

func viewOut(v record.View) View {
	if v.Columns == nil {
		v.Columns = []string{}
	}
	return View{v.ID, v.Kind, v.Name, v.Filter, v.Text, v.Sort, v.Columns, v.Layer, v.Shared, v.OwnerID, v.OwnerName, v.Version, v.UpdatedAt.UTC()}
}

// ViewIn is a view to save.
type ViewIn struct {
	Kind    string         `json:"kind" maxLength:"60" example:"account"`
	Name    string         `json:"name" minLength:"1" maxLength:"100" example:"A customers in the valley"`
	Filter  string         `json:"filter,omitempty" maxLength:"4000"`
	Q       string         `json:"q,omitempty" maxLength:"200"`
	Sort    string         `json:"sort,omitempty" maxLength:"60"`
	Columns []string       `json:"columns,omitempty" maxItems:"100" maxLength:"60"`
	Layer   map[string]any `json:"layer,omitempty" doc:"How map and board show it: the screen's own"`
	Shared  bool           `json:"shared,omitempty"`
}

func (v ViewIn) in() (record.View, error) {
	out := record.View{Kind: v.Kind, Name: v.Name, Filter: v.Filter, Text: v.Q, Sort: v.Sort, Columns: v.Columns, Shared: v.Shared}
	if v.Layer != nil {
		text, err := json.Marshal(v.Layer)
		if err != nil {
			return out, crm.Invalidf("layer", "is no document")
		}
		out.Layer = text
	}
	return out, nil
}

// ChangeSet is a group of changes that can be undone together.
type ChangeSet struct {
	ID       uuid.UUID  `json:"id" format:"uuid"`
	Act      string     `json:"act" example:"bulk"`
	Kind     string     `json:"kind"`
	Title    string     `json:"title"`
	Actor    EntryActor `json:"actor"`
	At       time.Time  `json:"at"`
	Rows     int        `json:"rows" doc:"Records touched"`
	Undone   int        `json:"undone" doc:"Of them, taken back"`
	UndoneAt *time.Time `json:"undone_at" nullable:"true"`
}

func changeSetOut(s record.ChangeSet) ChangeSet {
	return ChangeSet{s.ID, s.Act, s.Kind, s.Title, EntryActor{s.Actor, s.ActorName}, s.At.UTC(), s.Rows, s.Undone, s.UndoneAt}
}

// Undoing is what undoing did.
type Undoing struct {
	ChangeSet ChangeSet  `json:"change_set" doc:"Ask again while undone is less than rows"`
	Left      []Standing `json:"left" nullable:"false" doc:"What could not be taken back, and why"`
}

// Notice is a message to you.
type Notice struct {
	ID         uuid.UUID  `json:"id" format:"uuid"`
	Kind       string     `json:"kind" example:"mention"`
	EntityKind string     `json:"entity_kind"`
	EntityID   uuid.UUID  `json:"entity_id" format:"uuid"`
	AccountID  *uuid.UUID `json:"account_id" nullable:"true" format:"uuid"`
	ByName     string     `json:"by_name"`
	Text       string     `json:"text"`
	At         time.Time  `json:"at"`
	ReadAt     *time.Time `json:"read_at" nullable:"true"`
}

// undoWithin is how long one request goes on undoing.
const undoWithin = 8 * time.Second

func deskOperations(a *API, rooms Rooms) {
	records := rooms.Records
	if records == nil {
		records = kinds.Records(nil)
	}
	Register(a, Operation{ID: "listKinds", Method: http.MethodGet, Path: "/kinds", Tag: "records", Summary: "The kinds of records you may read, with their fields"},
		crm.SignedIn, func(ctx context.Context, in *WholePaging) (*List[Kind], error) {
			actor, _ := crm.ActorFrom(ctx)
			var all []*record.Kind
			for _, k := range records.Kinds() {
				if !actor.May(k.Read) {
					continue
				}
				k, err := records.Whole(ctx, k.Name)
				if err != nil {
					return nil, err
				}
				all = append(all, k)
			}
			return whole(ctx, *in, all, func(k *record.Kind) Kind { return kindOut(k, actor) })
		})
	fieldOperations(a, records)
	viewOperations(a, records)
	changeOperations(a, records)
	noticeOperations(a, rooms.Store)
	conversionOperation(a, &sales.Sales{Store: rooms.Store, Records: records})
}

func fieldOperations(a *API, records *record.Records) {
	Register(a, Operation{ID: "listFields", Method: http.MethodGet, Path: "/fields", Tag: "records", Summary: "Fields of one's own"},
		crm.SignedIn, func(ctx context.Context, in *WholePaging) (*List[CustomField], error) {
			all, err := records.CustomFields(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, *in, all, customFieldOut)
		})
	type addInput struct {
		Body struct {
			ID       *uuid.UUID `json:"id,omitempty" format:"uuid"`
			Kind     string     `json:"kind" maxLength:"60" example:"account"`
			Code     string     `json:"code" pattern:"^[a-z][a-z0-9_]{0,39}$" maxLength:"40" doc:"The field will be called x_ and this" example:"heating"`
			Label    LabelIn    `json:"label"`
			Type     string     `json:"type" enum:"text,long,email,phone,url,enum,integer,money,number,bool,date,instant"`
			Options  []string   `json:"options,omitempty" maxItems:"200" maxLength:"100" doc:"Of an enum"`
			Required bool       `json:"required,omitempty"`
			Private  bool       `json:"private,omitempty" doc:"A personal value, which can be forgotten"`
		}
	}
	Register(a, Operation{ID: "addField", Method: http.MethodPost, Path: "/fields", Tag: "records", Summary: "Add a field of one's own to a kind", Status: http.StatusCreated},
		crm.FieldWrite, func(ctx context.Context, in *addInput) (*One[CustomField], error) {
			b := in.Body
			c, err := records.AddCustomField(ctx, record.CustomField{ID: newID(ctx, b.ID), Kind: b.Kind, Code: b.Code, Label: record.Label(b.Label), Type: record.Type(b.Type),
				Options: b.Options, Required: b.Required, Private: b.Private})
			if err != nil {
				return nil, err
			}
			return one(customFieldOut(c), c.Version), nil
		})
	type changeInput struct {
		ID
		Match
		Body struct {
			Label    *LabelIn  `json:"label,omitempty"`
			Options  *[]string `json:"options,omitempty" maxItems:"200" maxLength:"100"`
			Required *bool     `json:"required,omitempty"`
			Archived *bool     `json:"archived,omitempty" doc:"Kept with its values, no longer shown"`
		}
	}
	Register(a, Operation{ID: "changeField", Method: http.MethodPatch, Path: "/fields/{id}", Tag: "records", Summary: "Change a field of one's own", Versioned: true},
		crm.FieldWrite, func(ctx context.Context, in *changeInput) (*One[CustomField], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			change := record.CustomFieldChange{Options: in.Body.Options, Required: in.Body.Required, Archived: in.Body.Archived}
			if in.Body.Label != nil {
				label := record.Label(*in.Body.Label)
				change.Label = &label
			}
			c, err := records.ChangeCustomField(ctx, in.ID.ID, version, change)
			if err != nil {
				return nil, err
			}
			return one(customFieldOut(c), c.Version), nil
		})
}

func viewOperations(a *API, records *record.Records) {
	type listInput struct {
		WholePaging
		Kind string `query:"kind" maxLength:"60" doc:"Of this kind only" example:"account"`
	}
	Register(a, Operation{ID: "listViews", Method: http.MethodGet, Path: "/views", Tag: "records", Summary: "Saved views: your own and the shared ones"},
		crm.SignedIn, func(ctx context.Context, in *listInput) (*List[View], error) {
			all, err := records.Views(ctx, in.Kind)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, all, viewOut)
		})
	Register(a, Operation{ID: "addView", Method: http.MethodPost, Path: "/views", Tag: "records", Summary: "Save a view", Status: http.StatusCreated},
		crm.SignedIn, func(ctx context.Context, in *struct{ Body ViewIn }) (*One[View], error) {
			v, err := in.Body.in()
			if err != nil {
				return nil, err
			}
			v.ID = newID(ctx, nil)
			if v, err = records.SaveView(ctx, v); err != nil {
				return nil, err
			}
			return oneAt(viewOut(v), v.Version, "/views/"+v.ID.String()), nil
		})
	type getInput struct {
		ID
		Known
	}
	Register(a, Operation{ID: "getView", Method: http.MethodGet, Path: "/views/{id}", Tag: "records", Summary: "One saved view"},
		crm.SignedIn, func(ctx context.Context, in *getInput) (*One[View], error) {
			v, err := records.View(ctx, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, one(viewOut(v), v.Version))
		})
	type changeInput struct {
		ID
		Match
		Body ViewIn
	}
	Register(a, Operation{ID: "changeView", Method: http.MethodPatch, Path: "/views/{id}", Tag: "records", Summary: "Save a view of your own anew", Versioned: true},
		crm.SignedIn, func(ctx context.Context, in *changeInput) (*One[View], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			v, err := in.Body.in()
			if err != nil {
				return nil, err
			}
			v.ID, v.Version = in.ID.ID, version
			if v, err = records.SaveView(ctx, v); err != nil {
				return nil, err
			}
			return one(viewOut(v), v.Version), nil
		})
	type removeInput struct {
		ID
		Match
	}
	Register(a, Operation{ID: "removeView", Method: http.MethodDelete, Path: "/views/{id}", Tag: "records", Summary: "Remove a view of your own", Versioned: true, Status: http.StatusNoContent},
		crm.SignedIn, func(ctx context.Context, in *removeInput) (*Nothing, error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			return nil, records.RemoveView(ctx, in.ID.ID, version)
		})
}

func changeOperations(a *API, records *record.Records) {
	Register(a, Operation{ID: "listChanges", Method: http.MethodGet, Path: "/changes", Tag: "records", Summary: "Changes of many records that can be undone, newest first"},
		crm.SignedIn, func(ctx context.Context, in *Paging) (*List[ChangeSet], error) {
			page, err := records.ChangeSets(ctx, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, changeSetOut), nil
		})
	Register(a, Operation{ID: "getChange", Method: http.MethodGet, Path: "/changes/{id}", Tag: "records", Summary: "One change of many records"},
		crm.SignedIn, func(ctx context.Context, in *ID) (*struct{ Body ChangeSet }, error) {
			set, err := records.ChangeSet(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &struct{ Body ChangeSet }{changeSetOut(set)}, nil
		})
	Register(a, Operation{ID: "undoChange", Method: http.MethodPost, Path: "/changes/{id}/undo", Tag: "records", Summary: "Take a change of many records back",
		About: "Fields somebody has set since stay. Goes on for at most eight seconds: ask again while undone is less than rows."},
		crm.SignedIn, func(ctx context.Context, in *ID) (*struct{ Body Undoing }, error) {
			out := Undoing{Left: []Standing{}}
			for end := time.Now().Add(undoWithin); ; {
				set, left, err := records.Undo(ctx, in.ID)
				if err != nil {
					return nil, err
				}
				out.ChangeSet, out.Left = changeSetOut(set), append(out.Left, standingOut(left)...)
				if set.Undone >= set.Rows || time.Now().After(end) {
					return &struct{ Body Undoing }{out}, nil
				}
			}
		})
}

func noticeOperations(a *API, store *crm.Store) {
	Register(a, Operation{ID: "listNotices", Method: http.MethodGet, Path: "/notices", Tag: "notices", Summary: "Messages to you, newest first"},
		crm.SignedIn, func(ctx context.Context, in *WholePaging) (*List[Notice], error) {
			all, err := store.Notices(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, *in, all, func(n crm.Received) Notice { return Notice(n) })
		})
	type readInput struct {
		Body struct {
			IDs []uuid.UUID `json:"ids,omitempty" maxItems:"200" format:"uuid" doc:"All if left out"`
		}
	}
	Register(a, Operation{ID: "readNotices", Method: http.MethodPost, Path: "/notices/read", Tag: "notices", Summary: "Mark messages as read", Status: http.StatusNoContent},
		crm.SignedIn, func(ctx context.Context, in *readInput) (*Nothing, error) {
			return nil, store.ReadNotices(ctx, in.Body.IDs)
		})
}

// Converted is what a lead has become.
type Converted struct {
	AccountID uuid.UUID  `json:"account_id" format:"uuid"`
	ContactID *uuid.UUID `json:"contact_id" nullable:"true" format:"uuid"`
	SiteID    *uuid.UUID `json:"site_id" nullable:"true" format:"uuid"`
	DealID    *uuid.UUID `json:"deal_id" nullable:"true" format:"uuid"`
	ChangeSet ChangeSet  `json:"change_set" doc:"Undo it by POST /changes/{id}/undo"`
}

func conversionOperation(a *API, room *sales.Sales) {
	type convertInput struct {
		ID
		Match
		Body struct {
			AccountID *uuid.UUID `json:"account_id,omitempty" format:"uuid" doc:"An account that is there already; left out, one is made"`
			Deal      string     `json:"deal,omitempty" maxLength:"300" doc:"Name of the deal to open; none if left out" example:"New boiler"`
			Amount    *int64     `json:"amount,omitempty" minimum:"0" maximum:"1000000000000000" doc:"Of the deal, in minor units"`
		}
	}
	Register(a, Operation{ID: "convertLead", Method: http.MethodPost, Path: "/leads/{id}/convert", Tag: "leads", Summary: "Make an account of a lead, with contact, site and deal", Versioned: true},
		crm.LeadWrite, func(ctx context.Context, in *convertInput) (*struct{ Body Converted }, error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			c, err := room.Convert(ctx, in.ID.ID, version, sales.Conversion{AccountID: in.Body.AccountID, DealName: in.Body.Deal, Amount: in.Body.Amount})
			if err != nil {
				return nil, renamed(err, map[string]string{"name": "deal"})
			}
			known := func(id uuid.UUID) *uuid.UUID {
				if id == uuid.Nil {
					return nil
				}
				return &id
			}
			return &struct{ Body Converted }{Converted{c.Account, known(c.Contact), known(c.Site), known(c.Deal), changeSetOut(c.Set)}}, nil
		})
}
