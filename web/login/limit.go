package login

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
)

// How guessing is slowed. Known and unknown accounts count alike.
const (
	freeFailures    = 10               // of an account from one address before waiting begins
	longestWait     = 15 * time.Minute // the wait doubles up to this
	forgetFailures  = time.Hour        // failures older than this count no more
	addressFailures = 100              // of all accounts from one address in that time; then it is shut out
	keepAttempts    = 24 * time.Hour
)

// Limited says that somebody has to wait before trying to sign in again.
type Limited struct {
	RetryAfter time.Duration
}

func (e *Limited) Error() string {
	return fmt.Sprintf("too many attempts: try again in %d seconds", e.Seconds())
}

// Seconds returns how long to wait, in whole seconds, at least one.
func (e *Limited) Seconds() int { return max(1, int(math.Ceil(e.RetryAfter.Seconds()))) }

// countAttempt puts an attempt down as failed before it is looked at, so that attempts made at the same time do
// not overlook one another; a success is put down later and ends the count. An attempt that comes too early is
// *Limited and not counted.
func (d *Desk) countAttempt(ctx context.Context, account []byte, address string) error {
	now := d.Store.Now().UTC()
	var limited *Limited
	err := d.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('login ' || $1, 0))`, address); err != nil {
			return err
		}
		var failures int
		var last, hundredth *time.Time
		err := tx.QueryRow(ctx, `
			select count(*), max(at)
			from crm.login_attempt
			where account_hash = $1 and address = $2 and not succeeded and at > $3
			  and at > coalesce((select max(at) from crm.login_attempt where account_hash = $1 and address = $2 and succeeded), '-infinity')`,
			account, address, now.Add(-forgetFailures)).Scan(&failures, &last)
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `
			select (select at from crm.login_attempt a
			        where address = $1 and not succeeded and at > $2
			          and not exists (select from crm.login_attempt b
			                          where b.address = a.address and b.account_hash = a.account_hash and b.succeeded and b.at >= a.at)
			        order by at desc offset $3 limit 1)`, address, now.Add(-forgetFailures), addressFailures-1).Scan(&hundredth)
		if err != nil {
			return err
		}
		if wait := waitAfter(failures); wait > 0 && now.Before(last.Add(wait)) {
			limited = &Limited{RetryAfter: last.Add(wait).Sub(now)}
			return nil
		}
		if hundredth != nil {
			limited = &Limited{RetryAfter: hundredth.Add(forgetFailures).Sub(now)}
			return nil
		}
		_, err = tx.Exec(ctx, `
			insert into crm.login_attempt (at, account_hash, address, succeeded)
			values ($1, $2, $3, false)`, now, account, address)
		return err
	})
	if err != nil {
		return fmt.Errorf("count sign-in attempt: %w", err)
	}
	if limited != nil {
		return limited
	}
	return nil
}

// waitAfter returns how long to wait after so many failures in a row: nothing up to ten, then 2 s, 4 s, 8 s …
func waitAfter(failures int) time.Duration {
	if failures < freeFailures {
		return 0
	}
	return min(longestWait, time.Second<<min(failures-freeFailures+1, 20))
}

// Tidy deletes what has run out: sessions, old attempts, and answers kept for repeated requests.
func (d *Desk) Tidy(ctx context.Context) error {
	now := d.Store.Now()
	return d.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `delete from crm.session where expires_at <= $1 or seen_at <= $2`, now, now.Add(-d.Idle)); err != nil {
			return fmt.Errorf("delete ended sessions: %w", err)
		}
		if _, err := tx.Exec(ctx, `delete from crm.api_token where expires_at <= $1`, now.Add(-30*24*time.Hour)); err != nil {
			return fmt.Errorf("delete ended tokens: %w", err)
		}
		if _, err := tx.Exec(ctx, `delete from crm.login_attempt where at < $1`, now.Add(-keepAttempts)); err != nil {
			return fmt.Errorf("delete old attempts: %w", err)
		}
		if _, err := tx.Exec(ctx, `delete from crm.idempotency where created_at < $1`, now.Add(-7*24*time.Hour)); err != nil {
			return fmt.Errorf("delete old answers: %w", err)
		}
		return nil
	})
}
