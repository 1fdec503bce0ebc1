package record

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// follow lets what belongs to accounts go along when they get another owner or team: whatever had the same owner as
// its account, or the same team, keeps that in common with it.
func (r *Records) follow(ctx context.Context, tx pgx.Tx, k *Kind, changes []Change) error {
	if k.Account != "id" {
		return nil
	}
	type handed struct {
		ID       string `json:"id"`
		OldOwner any    `json:"old_owner"`
		NewOwner any    `json:"new_owner"`
		OldTeam  any    `json:"old_team"`
		NewTeam  any    `json:"new_team"`
	}
	var list []handed
	for _, c := range changes {
		if c.Before == nil || c.After == nil || same(c.Before["owner_id"], c.After["owner_id"]) && same(c.Before["team_id"], c.After["team_id"]) {
			continue
		}
		list = append(list, handed{c.After.ID(), c.Before["owner_id"], c.After["owner_id"], c.Before["team_id"], c.After["team_id"]})
	}
	if len(list) == 0 {
		return nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	for _, other := range r.kinds {
		if other == k || other.Unowned || other.Account == "" || other.Account == "id" {
			continue
		}
		column := other.byName[other.Account].Column
		where := "true"
		if other.Follows != "" {
			where = other.Follows
		}
		_, err := tx.Exec(ctx, `
			update `+other.Table+` t
			set owner_id = case when t.owner_id is not distinct from h.old_owner then h.new_owner else t.owner_id end,
			    team_id = case when t.team_id is not distinct from h.old_team then h.new_team else t.team_id end
			from jsonb_to_recordset($1::jsonb) as h(id uuid, old_owner uuid, new_owner uuid, old_team uuid, new_team uuid)
			where t.`+column+` = h.id and `+where+`
			  and (t.owner_id is not distinct from h.old_owner and h.old_owner is distinct from h.new_owner
			       or t.team_id is not distinct from h.old_team and h.old_team is distinct from h.new_team)`, string(text))
		if err != nil {
			return crm.DBError(err, other.Name)
		}
	}
	return nil
}
