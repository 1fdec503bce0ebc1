package record

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// InCurrency gives records without a currency that of the organisation.
func InCurrency(ctx context.Context, tx pgx.Tx, changes []Change) error {
	currency := ""
	for _, c := range changes {
		if c.After == nil || !c.After.Empty("currency") {
			continue
		}
		if currency == "" {
			if err := tx.QueryRow(ctx, `select coalesce((select currency from crm.organisation), 'EUR')`).Scan(&currency); err != nil {
				return crm.DBError(err, "organisation")
			}
		}
		c.After["currency"] = currency
	}
	return nil
}

// CheckCurrency refuses a record whose currency is no code of ISO 4217 in form.
func CheckCurrency(v Values) error {
	c := v.Text("currency")
	if len(c) != 3 {
		return crm.Invalidf("currency", "is no currency code such as EUR")
	}
	for _, r := range c {
		if r < 'A' || r > 'Z' {
			return crm.Invalidf("currency", "is no currency code such as EUR")
		}
	}
	return nil
}

// Now is the time by the clock of the store whose transaction it is, as Values hold it.
func Now(ctx context.Context, tx pgx.Tx) (string, error) {
	at, err := clock(ctx, tx)
	return instant(at), err
}

// Today is the day by that clock where the organisation is, as Values hold it.
func Today(ctx context.Context, tx pgx.Tx) (string, error) {
	at, err := clock(ctx, tx)
	if err != nil {
		return "", err
	}
	where, err := zone(ctx, tx)
	return at.In(where).Format(time.DateOnly), err
}

func clock(ctx context.Context, tx pgx.Tx) (time.Time, error) {
	var at time.Time
	err := tx.QueryRow(ctx, `select coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now())`).Scan(&at)
	return at, crm.DBError(err, "clock")
}
