package api

import (
	"context"
	"net/http"

	"catchment/crm"
)

// Company is the organisation with all that administrators set.
type Company struct {
	Name      string   `json:"name" example:"Alpenwärme AG"`
	Zone      string   `json:"zone" example:"Europe/Vaduz"`
	Currency  string   `json:"currency" example:"CHF"`
	Language  string   `json:"language" example:"de"`
	Languages []string `json:"languages" nullable:"false" doc:"Those people may choose"`
	Calendar  Calendar `json:"calendar"`
	Version   int      `json:"version"`
}

// Calendar tells on which days the organisation works.
type Calendar struct {
	WorkingDays []int     `json:"working_days" minItems:"1" maxItems:"7" minimum:"1" maximum:"7" nullable:"false" doc:"1 is Monday, 7 Sunday" example:"[1,2,3,4,5]"`
	Opens       string    `json:"opens" maxLength:"5" doc:"In the organisation's zone" example:"08:00"`
	Closes      string    `json:"closes" maxLength:"5" example:"17:00"`
	Holidays    []Holiday `json:"holidays" maxItems:"1000" nullable:"false"`
}

// Holiday is a day nobody works.
type Holiday struct {
	On   string `json:"on" format:"date" example:"2026-12-25"`
	Name string `json:"name" minLength:"1" maxLength:"200" example:"Christmas"`
}

// CompanyChange names what to change; what is left out stays.
type CompanyChange struct {
	Name      *string   `json:"name,omitempty" minLength:"1" maxLength:"200" example:"Alpenwärme AG"`
	Zone      *string   `json:"zone,omitempty" minLength:"1" maxLength:"64" example:"Europe/Vaduz"`
	Currency  *string   `json:"currency,omitempty" minLength:"3" maxLength:"3" example:"CHF"`
	Language  *string   `json:"language,omitempty" enum:"en,de" example:"de"`
	Languages *[]string `json:"languages,omitempty" minItems:"1" maxItems:"10" maxLength:"10" example:"[\"de\",\"en\"]"`
	Calendar  *Calendar `json:"calendar,omitempty"`
}

func companyOut(c crm.Company) Company {
	calendar := Calendar{c.Calendar.WorkingDays, c.Calendar.Opens, c.Calendar.Closes, []Holiday{}}
	for _, h := range c.Calendar.Holidays {
		calendar.Holidays = append(calendar.Holidays, Holiday(h))
	}
	return Company{c.Name, c.Zone, c.Currency, c.Language, c.Languages, calendar, c.Version}
}

func organisationOperations(a *API, rooms Rooms) {
	store := rooms.Store
	Register(a, Operation{ID: "getOrganisation", Method: http.MethodGet, Path: "/organisation", Tag: "administration", Summary: "The organisation: zone, currency, languages, working calendar"},
		crm.SignedIn, func(ctx context.Context, in *Known) (*One[Company], error) {
			c, err := store.Company(ctx)
			if err != nil {
				return nil, err
			}
			return unlessKnown(*in, one(companyOut(c), c.Version))
		})
	type changeInput struct {
		Match
		Body CompanyChange
	}
	Register(a, Operation{ID: "changeOrganisation", Method: http.MethodPatch, Path: "/organisation", Tag: "administration", Summary: "Change the organisation", Versioned: true},
		crm.OrganisationWrite, func(ctx context.Context, in *changeInput) (*One[Company], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			b := in.Body
			change := crm.CompanyChange{Name: b.Name, Zone: b.Zone, Currency: b.Currency, Language: b.Language, Languages: b.Languages}
			if b.Calendar != nil {
				change.Calendar = &crm.Calendar{WorkingDays: b.Calendar.WorkingDays, Opens: b.Calendar.Opens, Closes: b.Calendar.Closes, Holidays: []crm.Holiday{}}
				for _, h := range b.Calendar.Holidays {
					change.Calendar.Holidays = append(change.Calendar.Holidays, crm.Holiday(h))
				}
			}
			c, err := store.ChangeCompany(ctx, version, change)
			if err != nil {
				return nil, err
			}
			return one(companyOut(c), c.Version), nil
		})
}

// administrationOperations are what administrators set and look after.
func administrationOperations(a *API, rooms Rooms) {
	organisationOperations(a, rooms)
	roleOperations(a, rooms)
	accessOperations(a, rooms)
	visitTypeOperations(a, rooms)
	auditOperations(a, rooms)
	policyOperations(a, rooms)
	webhookOperations(a, rooms)
}
