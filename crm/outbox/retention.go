package outbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Retentions returns how long messages are kept.
func Retentions() []crm.Retention {
	ended := func(state string) func(context.Context, pgx.Tx, time.Time) (int64, error) {
		return func(ctx context.Context, tx pgx.Tx, before time.Time) (int64, error) {
			tag, err := tx.Exec(ctx, `delete from outbox.message where id in (select id from outbox.message where state = $1 and ended_at < $2 limit 5000)`, state, before)
			return tag.RowsAffected(), err
		}
	}
	return []crm.Retention{
		{Code: "sent_messages", Title: "Webhooks and letters that were sent", Default: 30, Least: 1, Most: 365, Forget: ended("sent")},
		{Code: "dead_messages", Title: "Webhooks and letters that never got through", Default: 90, Least: 1, Most: 365, Forget: ended("dead")},
	}
}
