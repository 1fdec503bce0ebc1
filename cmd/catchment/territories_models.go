package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/territories"
)

// unitsCommand writes what design reads, from the sites of the organisation.
type unitsCommand struct {
	Count int    `required:"" help:"Number of territories the units shall be fine enough for."`
	Units string `required:"" placeholder:"FILE" help:"CSV to write: id (a hexagon), lon, lat, sites."`
	Edges string `required:"" placeholder:"FILE" help:"CSV to write: a,b."`
}

// Run gathers the sites into hexagons.
func (c *unitsCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	return s.inHouse(ctx, log, func(h *house) error {
		room := territories.Territories{Store: h.store}
		units, err := room.Units(asSystem(ctx, "territories"), c.Count)
		if err != nil {
			return err
		}
		if len(units.At) == 0 {
			return crm.Conflictf("there are no sites to gather")
		}
		id := func(u int32) string { return strconv.FormatUint(units.Cell[u], 16) }
		number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
		err = replaceFile(c.Units, func(w io.Writer) error {
			out := csv.NewWriter(w)
			_ = out.Write([]string{"id", "lon", "lat", "sites"}) // Error tells
			for u, at := range units.At {
				_ = out.Write([]string{id(int32(u)), number(at[0]), number(at[1]), number(units.Sites[u])})
			}
			out.Flush()
			return out.Error()
		})
		if err != nil {
			return err
		}
		err = replaceFile(c.Edges, func(w io.Writer) error {
			out := csv.NewWriter(w)
			_ = out.Write([]string{"a", "b"})
			for _, e := range units.Edges {
				_ = out.Write([]string{id(e.A), id(e.B)})
			}
			out.Flush()
			return out.Error()
		})
		say("%d hexagons, %d edges.", len(units.At), len(units.Edges))
		return err
	})
}

// draftCommand makes a model of a plan.
type draftCommand struct {
	Name   string `required:"" help:"Name of the model."`
	Plan   string `required:"" placeholder:"FILE" help:"CSV id,territory: what design writes. An id is a hexagon, or a postcode with --postcodes."`
	Owners string `placeholder:"FILE" help:"CSV territory,email: who looks after which."`
	Line   string `default:"sales" help:"Line of business; each has a model of its own in force."`

	Postcodes bool   `help:"The ids are postcodes."`
	Country   string `help:"Country of the postcodes; any if not given."`
}

// Run drafts a model and gives every site its territory.
func (c *draftCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	ids, names := map[string]uuid.UUID{}, []string{}
	var rules []territories.Rule
	err := each("plan", c.Plan, []string{"id", "territory"}, func(s *sheet) error {
		name := strings.Clone(s.cell("territory"))
		if _, known := ids[name]; !known {
			ids[name], names = uuid.Must(uuid.NewV7()), append(names, name)
		}
		rule := territories.Rule{TerritoryID: ids[name]}
		if c.Postcodes {
			rule.Postcode, rule.Country = strings.Clone(s.cell("id")), c.Country
		} else {
			cell, err := strconv.ParseUint(s.cell("id"), 16, 64)
			if err != nil {
				return s.wrong("%q is no hexagon; for postcodes say --postcodes", s.cell("id"))
			}
			rule.Cell = cell
		}
		rules = append(rules, rule)
		return nil
	})
	if err != nil {
		return err
	}
	return s.inHouse(ctx, log, func(h *house) error {
		ctx := asSystem(ctx, "territories")
		room := territories.Territories{Store: h.store}
		owners, err := c.owners(ctx, h, ids)
		if err != nil {
			return err
		}
		model, err := room.AddModel(ctx, uuid.Nil, c.Name, c.Line)
		if err != nil {
			return err
		}
		list := make([]territories.Territory, 0, len(names))
		for _, name := range names {
			t := territories.Territory{ID: ids[name], Name: name}
			if owner, has := owners[name]; has {
				t.OwnerID = &owner
			}
			list = append(list, t)
		}
		if err := room.AddTerritories(ctx, model.ID, list); err != nil {
			return err
		}
		if err := room.AddRules(ctx, model.ID, rules); err != nil {
			return err
		}
		err = step("membership", func(func(float64)) error {
			for {
				if done, err := room.Fill(ctx, model.ID); err != nil || done {
					return err
				}
			}
		})
		if err != nil {
			return err
		}
		counts, err := room.Counts(ctx, model.ID)
		if err != nil {
			return err
		}
		sites := 0
		for _, n := range counts {
			sites += n.Sites
		}
		say("%d territories, %d rules, %d sites. Put it in force with: territories activate %s", len(list), len(rules), sites, model.ID)
		return nil
	})
}

// owners finds the people of the file by their e-mail addresses.
func (c *draftCommand) owners(ctx context.Context, h *house, territories map[string]uuid.UUID) (map[string]uuid.UUID, error) {
	owners := map[string]uuid.UUID{}
	if c.Owners == "" {
		return owners, nil
	}
	staff, err := h.store.StaffList(ctx)
	if err != nil {
		return nil, err
	}
	byEmail := map[string]uuid.UUID{}
	for _, person := range staff {
		byEmail[strings.ToLower(person.Email)] = person.ID
	}
	return owners, each("owners", c.Owners, []string{"territory", "email"}, func(s *sheet) error {
		id, known := byEmail[strings.ToLower(s.cell("email"))]
		if !known {
			return s.wrong("nobody has the address %q", s.cell("email"))
		}
		if _, known := territories[s.cell("territory")]; !known {
			return s.wrong("the plan has no territory %q", s.cell("territory"))
		}
		owners[strings.Clone(s.cell("territory"))] = id
		return nil
	})
}

// activateCommand puts a model in force.
type activateCommand struct {
	Model uuid.UUID `arg:"" help:"Id of the model, as models tells it. One that was in force before can be again."`
}

// Run puts a model in force.
func (c *activateCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	return s.inHouse(ctx, log, func(h *house) error {
		room := territories.Territories{Store: h.store}
		if err := room.Activate(asSystem(ctx, "territories"), c.Model); err != nil {
			return err
		}
		say("In force.")
		return nil
	})
}

// modelsCommand lists the models.
type modelsCommand struct{}

// Run lists the models, the newest first.
func (modelsCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	return s.inHouse(ctx, log, func(h *house) error {
		room := territories.Territories{Store: h.store}
		models, err := room.Models(asSystem(ctx, "territories"))
		if err != nil {
			return err
		}
		for _, m := range models {
			state := string(m.State)
			if !m.Filled {
				state += ", not filled"
			}
			since := ""
			if m.ValidFrom != nil {
				since = fmt.Sprintf(" from %s", m.ValidFrom.Format("2006-01-02 15:04"))
			}
			say("%s  %-8s %-9s %s%s", m.ID, m.Line, state, m.Name, since)
		}
		return nil
	})
}
