package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"catchment/crm/work"
	"catchment/routing/dispatch"
)

// printPlan writes a plan for people, or as JSON for programs.
func (h *house) printPlan(ctx context.Context, out io.Writer, plan dispatch.Plan, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(struct {
			ID         uuid.UUID             `json:"id"`
			Day        work.Day              `json:"date"`
			Days       int                   `json:"days"`
			State      dispatch.State        `json:"state"`
			Seed       int64                 `json:"seed"`
			InputHash  string                `json:"input_hash"`
			Travel     string                `json:"travel_version"`
			Summary    dispatch.Summary      `json:"summary"`
			Routes     []dispatch.Route      `json:"routes"`
			Unassigned []dispatch.Unassigned `json:"unassigned"`
		}{plan.ID, plan.Day, plan.Days, plan.State, plan.Seed, plan.InputHash, plan.TravelVersion, plan.Summary, plan.Routes, plan.Unassigned})
	}
	visits, err := h.work.DayVisits(ctx, plan.Day, plan.Day.Add(plan.Days-1))
	if err != nil {
		return err
	}
	byID := map[uuid.UUID]work.Visit{}
	for _, v := range visits {
		byID[v.ID] = v
	}
	resources, err := h.work.Resources(ctx)
	if err != nil {
		return err
	}
	names := map[uuid.UUID]work.Resource{}
	for _, r := range resources {
		names[r.ID] = r
	}
	fmt.Fprintf(out, "Plan of %s: %d of %d visits, %s and %.0f km on the road, %s\n", plan.Day, plan.Summary.Served, plan.Summary.Visits,
		hours(plan.Summary.TravelSeconds), float64(plan.Summary.TravelMeters)/1000, plan.State)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range plan.Routes {
		resource := names[r.ResourceID]
		zone := resource.Location()
		fmt.Fprintf(table, "\n%s\t%s\t%s\t%.0f km\n", resource.Name, r.Day, hours(r.TravelSeconds), float64(r.TravelMeters)/1000)
		for _, s := range r.Stops {
			what := s.Kind
			if s.VisitID != nil {
				v := byID[*s.VisitID]
				what = fmt.Sprintf("%s  %s, %s, %s", v.Number, v.Title, v.AccountName, v.Label())
			}
			fmt.Fprintf(table, "  %s\t%s\t+%d min\t%s\n", s.Start.In(zone).Format("15:04"), s.Leave.In(zone).Format("15:04"), (s.LegSeconds+30)/60, what)
		}
	}
	if len(plan.Unassigned) > 0 {
		fmt.Fprintf(table, "\nNot planned\n")
		for _, u := range plan.Unassigned {
			v := byID[u.VisitID]
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", v.Number, v.Title, v.AccountName, because(u.Reasons))
		}
	}
	return table.Flush()
}

// because tells reasons in words.
func because(reasons []dispatch.Reason) string {
	var out []string
	for _, r := range reasons {
		text := map[string]string{
			"room": "no room left", "window": "cannot be there in time", "shift": "not within working hours", "skills": "lack " + strings.Join(r.Skills, ", "),
			"capacity": "cannot carry it", "unreachable": "no way there", "pin": "pinned to somebody else", "not_due": "not due on these days",
		}[r.Rule]
		if text == "" {
			text = strings.ReplaceAll(r.Rule, "_", " ")
		}
		if r.BySeconds > 0 {
			text += fmt.Sprintf(" by %d min", (r.BySeconds+59)/60)
		}
		out = append(out, fmt.Sprintf("%d: %s", r.People, text))
	}
	return strings.Join(out, "; ")
}

// hours writes a duration as 3 h 05.
func hours(seconds int) string {
	minutes := (seconds + 30) / 60
	return fmt.Sprintf("%d h %02d", minutes/60, minutes%60)
}

// welcome tells where to go and whom to be.
func (h *house) welcome(ctx context.Context, addr net.Addr, day work.Day, took time.Duration) {
	say("")
	say("Catchment is ready on http://%s   (up in %.1f s; stop with Ctrl+C)", addr, took.Seconds())
	logins, err := h.demoLogins(ctx)
	if err != nil || len(logins) == 0 {
		return
	}
	say("")
	say("Planned day: %s. Sign in as one of the demo company; the password of all is %q.", day, logins[0].Password)
	for _, l := range logins {
		say("  %-16s %-32s %s", l.Role, l.Email, l.Page)
	}
	say("")
}
