package crm

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// liveChannel is where open screens are told of changes; web/live listens.
const liveChannel = "catchment_live"

// Tell sends news to open screens when the transaction commits. Data hold ids and numbers only.
func Tell(ctx context.Context, tx pgx.Tx, topic, event string, data any) error {
	body, err := json.Marshal(map[string]any{"topic": topic, "event": event, "data": data})
	if err != nil {
		return fmt.Errorf("encode news: %w", err)
	}
	if _, err := tx.Exec(ctx, `select pg_notify($1, $2)`, liveChannel, string(body)); err != nil {
		return fmt.Errorf("tell open screens: %w", err)
	}
	return nil
}
