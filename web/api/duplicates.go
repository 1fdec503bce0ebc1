package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/kinds"
	"catchment/crm/record"
)

// DuplicatePair are two records that may be one and the same.
type DuplicatePair struct {
	ID           uuid.UUID      `json:"id" format:"uuid"`
	Kind         string         `json:"kind" enum:"account,contact,lead"`
	Score        int            `json:"score" doc:"How likely, of 100" example:"85"`
	Reasons      []string       `json:"reasons" nullable:"false" doc:"What they have in common: email, phone, tax_id, name, address, near, account"`
	State        string         `json:"state" enum:"open,snoozed,dismissed"`
	SnoozedUntil *time.Time     `json:"snoozed_until" nullable:"true"`
	FoundAt      time.Time      `json:"found_at"`
	A            map[string]any `json:"a" doc:"One of them"`
	B            map[string]any `json:"b" doc:"The other"`
}

// DuplicateDraft is a record that is being typed in.
type DuplicateDraft struct {
	Kind        string     `json:"kind" enum:"account,contact,lead"`
	Name        string     `json:"name,omitempty" maxLength:"300" example:"Müller Heizung AG"`
	Email       string     `json:"email,omitempty" maxLength:"300"`
	Phone       string     `json:"phone,omitempty" maxLength:"300" doc:"However written"`
	TaxID       string     `json:"tax_id,omitempty" maxLength:"50"`
	AccountID   *uuid.UUID `json:"account_id,omitempty" format:"uuid" doc:"Of a contact"`
	Postcode    string     `json:"postcode,omitempty" maxLength:"20"`
	Street      string     `json:"street,omitempty" maxLength:"300"`
	HouseNumber string     `json:"house_number,omitempty" maxLength:"20"`
	Point       *Point     `json:"point,omitempty"`
	Except      *uuid.UUID `json:"except,omitempty" format:"uuid" doc:"The record itself, if it is there already"`
}

// LikelyDuplicate is a record that may be the same.
type LikelyDuplicate struct {
	ID      uuid.UUID `json:"id" format:"uuid"`
	Title   string    `json:"title"`
	Number  string    `json:"number,omitempty"`
	Score   int       `json:"score" doc:"How likely, of 100"`
	Reasons []string  `json:"reasons" nullable:"false"`
}

// LikelyDuplicates are records that may be the same.
type LikelyDuplicates struct {
	Items []LikelyDuplicate `json:"items" nullable:"false" doc:"The likeliest first"`
}

// Merge says which records are one and the same.
type Merge struct {
	Survivor uuid.UUID            `json:"survivor" format:"uuid" doc:"The one that stays"`
	Absorbed []uuid.UUID          `json:"absorbed" minItems:"1" maxItems:"20" format:"uuid" doc:"What belongs to them goes to it"`
	Choices  map[string]uuid.UUID `json:"choices,omitempty" doc:"By field: the record whose value stays. Left out, the survivor's, or where it has none that of the first that has one; tags and notes are joined"`
}

// Merged is what a merge did.
type Merged struct {
	Survivor  map[string]any `json:"survivor" doc:"As it is now"`
	Moved     int            `json:"moved" doc:"Records that went to it"`
	ChangeSet ChangeSet      `json:"change_set" doc:"Undo it by POST /changes/{id}/undo"`
}

func duplicateOperations(a *API, rooms Rooms) {
	records := rooms.Records
	if records == nil { // for the document alone
		records = kinds.Records(nil)
	}
	type listInput struct {
		Paging
		Kind      string `query:"kind" required:"true" enum:"account,contact,lead" example:"account"`
		Dismissed bool   `query:"dismissed" doc:"Those people said are none"`
	}
	Register(a, Operation{ID: "listDuplicates", Method: http.MethodGet, Path: "/duplicates", Tag: "duplicates", Summary: "Records that may be one and the same, the likeliest first"},
		crm.MergeWrite, func(ctx context.Context, in *listInput) (*List[DuplicatePair], error) {
			page, err := records.Duplicates(ctx, in.Kind, in.Dismissed, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, func(p record.Pair) DuplicatePair {
				return DuplicatePair{p.ID, p.Kind, p.Score, p.Reasons, p.State, p.SnoozedUntil, p.FoundAt.UTC(), p.A, p.B}
			}), nil
		})
	Register(a, Operation{ID: "checkDuplicates", Method: http.MethodPost, Path: "/duplicates/check", Tag: "duplicates", Summary: "Whether what is being typed in is there already",
		About: "Tells only of records you may see.", Asks: true},
		crm.SignedIn, func(ctx context.Context, in *struct{ Body DuplicateDraft }) (*struct{ Body LikelyDuplicates }, error) {
			b := in.Body
			d := record.Draft{Name: b.Name, Email: b.Email, Phone: b.Phone, TaxID: b.TaxID, AccountID: b.AccountID, Postcode: b.Postcode, Street: b.Street, House: b.HouseNumber, Except: b.Except}
			if b.Point != nil {
				p := orb.Point(*b.Point)
				if p[0] < -180 || p[0] > 180 || p[1] < -90 || p[1] > 90 {
					return nil, crm.Invalidf("point", "is no longitude and latitude")
				}
				d.Point = &p
			}
			found, err := records.CheckDuplicates(ctx, b.Kind, d)
			if err != nil {
				return nil, err
			}
			out := LikelyDuplicates{Items: make([]LikelyDuplicate, 0, len(found))}
			for _, l := range found {
				out.Items = append(out.Items, LikelyDuplicate(l))
			}
			return &struct{ Body LikelyDuplicates }{out}, nil
		})
	Register(a, Operation{ID: "dismissDuplicate", Method: http.MethodPost, Path: "/duplicates/{id}/dismiss", Tag: "duplicates", Summary: "Say that two records are not the same", Status: http.StatusNoContent},
		crm.MergeWrite, func(ctx context.Context, in *ID) (*Nothing, error) {
			return nil, records.DecideDuplicate(ctx, in.ID, "dismissed", nil)
		})
	Register(a, Operation{ID: "reopenDuplicate", Method: http.MethodPost, Path: "/duplicates/{id}/reopen", Tag: "duplicates", Summary: "Put a pair back into the queue", Status: http.StatusNoContent},
		crm.MergeWrite, func(ctx context.Context, in *ID) (*Nothing, error) {
			return nil, records.DecideDuplicate(ctx, in.ID, "open", nil)
		})
	type snoozeInput struct {
		ID
		Body struct {
			Until time.Time `json:"until" doc:"When it comes back"`
		}
	}
	Register(a, Operation{ID: "snoozeDuplicate", Method: http.MethodPost, Path: "/duplicates/{id}/snooze", Tag: "duplicates", Summary: "Ask about a pair later", Status: http.StatusNoContent},
		crm.MergeWrite, func(ctx context.Context, in *snoozeInput) (*Nothing, error) {
			if err := checkInstant("until", in.Body.Until); err != nil {
				return nil, err
			}
			return nil, records.DecideDuplicate(ctx, in.ID.ID, "snoozed", &in.Body.Until)
		})
	for _, name := range record.Mergeable {
		k, _ := records.Kind(name)
		Register(a, Operation{ID: camel("merge", k.Plural), Method: http.MethodPost, Path: "/" + k.Plural + "/merge", Tag: k.Plural, Summary: "Make one of several " + strings.ToLower(k.Many.En),
			About: "What belongs to the absorbed ones goes to the one that stays, its timeline tells theirs, and who asks for one of them is led to it."},
			crm.MergeWrite, func(ctx context.Context, in *struct{ Body Merge }) (*struct{ Body Merged }, error) {
				done, err := records.Merge(ctx, name, record.Joining{Survivor: in.Body.Survivor, Absorbed: in.Body.Absorbed, Choices: in.Body.Choices})
				if crm.KindOf(err) == crm.NotFound {
					return nil, crm.Invalidf("survivor", "is no %s there is", name)
				}
				if err != nil {
					return nil, err
				}
				return &struct{ Body Merged }{Merged{done.Survivor, done.Moved, changeSetOut(done.Set)}}, nil
			})
	}
}

// movedOn answers who asks for a record that was merged with where it went; err stays what it is if it was not. The
// answer is not to be kept: a merge can be undone.
func movedOn(ctx context.Context, records *record.Records, k *record.Kind, id uuid.UUID, err error) error {
	if crm.KindOf(err) != crm.NotFound || !slices.Contains(record.Mergeable, k.Name) {
		return err
	}
	to, moved, failed := records.Moved(ctx, k.Name, id)
	if failed != nil || !moved {
		return err
	}
	return NewProblem(http.StatusTemporaryRedirect, fmt.Sprintf("this %s was merged into another", k.Name)).
		With("Location", prefix+"/"+k.Plural+"/"+to.String()).With("Cache-Control", "no-store")
}
