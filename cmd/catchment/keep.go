package main

import (
	"context"
	"net/netip"
	"time"

	"catchment/crm"
	"catchment/crm/outbox"
	"catchment/web/login"
	"catchment/web/outbound"
)

// outSettings tell how letters and webhooks leave the house.
type outSettings struct {
	SMTPURL         string   `name:"smtp-url" env:"SMTP_URL" help:"Mail server, such as smtp://user:password@mail.example.org:587 (STARTTLS), smtps://… or smtp://host?tls=none on one's own network. Without one, invitations are handed over as links."`
	MailFrom        string   `env:"MAIL_FROM" help:"Sender of letters, such as \"Alpine Heating <office@example.org>\"."`
	WebhookNetworks []string `env:"WEBHOOK_NETWORKS" help:"Private networks webhooks may lead to, such as 10.1.2.0/24."`
}

// desk returns the desk with the way out of the house behind it.
func (h *house) openDesk(o outSettings) (*login.Desk, error) {
	desk, err := login.NewDesk(h.store)
	if err != nil {
		return nil, err
	}
	policy := outbound.Policy{}
	for _, text := range o.WebhookNetworks {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, crm.Invalidf("WEBHOOK_NETWORKS", "%q is no network such as 10.1.2.0/24", text)
		}
		policy.Allow = append(policy.Allow, network)
	}
	post, out := outbound.Post(policy), desk.Outbox
	out.Log, out.Reads, out.Write = h.log, h.reads, desk.Write
	out.Post = func(ctx context.Context, c outbox.Call) (int, error) { return post(ctx, c.URL, c.Headers, c.Body) }
	if o.SMTPURL != "" {
		send, err := outbound.Mailer(o.SMTPURL, o.MailFrom)
		if err != nil {
			return nil, crm.Invalidf("SMTP_URL", "%v", err)
		}
		out.Mail = func(ctx context.Context, id string, l outbox.Letter) error {
			return send(ctx, outbound.Mail{ID: id, To: l.To, Subject: l.Subject, Text: l.Text, HTML: l.HTML})
		}
	}
	return desk, nil
}

// reads tells which right lets somebody be told of a kind of thing.
func (h *house) reads(kind string) (crm.Right, bool) {
	if k, err := h.records.Kind(kind); err == nil {
		return k.Read, true
	}
	right, known := map[string]crm.Right{"staff": crm.StaffRead, "team": crm.StaffRead, "role": crm.StaffRead, "resource": crm.ResourceRead, "skill": crm.ResourceRead,
		"shift": crm.ResourceRead, "absence": crm.ResourceRead, "plan": crm.PlanRead, "route": crm.PlanRead, "visit": crm.VisitRead, "visit_type": crm.VisitRead}[kind]
	return right, known
}

// How often what has to be kept is looked after.
const (
	outboxEvery = 500 * time.Millisecond
	chainEvery  = 5 * time.Second
	tidyEvery   = 24 * time.Hour
)

// keep links the log's chain as it grows and, once a day, checks it and forgets what has been kept long enough. Any
// number of processes may do so.
func (h *house) keep(ctx context.Context) error {
	ctx = asSystem(ctx, "housekeeping")
	chain, daily := time.NewTicker(chainEvery), time.NewTicker(tidyEvery)
	defer chain.Stop()
	defer daily.Stop()
	h.forget(ctx)
	for {
		for {
			n, err := h.store.ExtendChain(ctx)
			if err != nil && ctx.Err() == nil {
				h.log.WarnContext(ctx, "chain over the log", "error", err)
			}
			if n == 0 || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-chain.C:
		case <-daily.C:
			h.verify(ctx)
			h.forget(ctx)
		}
	}
}

func (h *house) forget(ctx context.Context) {
	forgotten, err := h.policies.Forget(ctx)
	if err != nil && ctx.Err() == nil {
		h.log.WarnContext(ctx, "retention", "error", err)
		return
	}
	h.log.InfoContext(ctx, "retention", "forgotten", forgotten)
}

func (h *house) verify(ctx context.Context) {
	for cursor := ""; ; {
		check, err := h.store.VerifyChain(ctx, cursor, tidyEvery)
		if err != nil {
			if ctx.Err() == nil {
				h.log.WarnContext(ctx, "check of the log", "error", err)
			}
			return
		}
		for _, f := range check.Faults {
			h.log.ErrorContext(ctx, "the log is not as it was written", "seq", f.Seq, "reason", f.Reason)
		}
		if cursor = check.Next; cursor == "" {
			h.log.InfoContext(ctx, "check of the log", "checked", check.Checked, "head", check.Head)
			return
		}
	}
}
