package record

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
)

// Draft is a record somebody is about to add, or an importer is.
type Draft struct {
	Name, Email, Phone, TaxID string
	AccountID                 *uuid.UUID // of a contact
	Postcode, Street, House   string
	Point                     *orb.Point
	Except                    *uuid.UUID // the record itself, if it is there already
}

// Likely is a record that may be the same as another.
type Likely struct {
	ID      uuid.UUID
	Title   string
	Number  string
	Score   int // of 100
	Reasons []string
}

// mostLikely is the most a check returns.
const mostLikely = 10

// CheckDuplicates tells which records the actor may see are likely the same as what is being typed in, the likeliest
// first. Of those he may not see he learns nothing.
func (r *Records) CheckDuplicates(ctx context.Context, kind string, d Draft) ([]Likely, error) {
	if !slices.Contains(Mergeable, kind) {
		return nil, crm.Invalidf("kind", "is none of account, contact, lead")
	}
	k, _, err := r.need(ctx, kind, false)
	if err != nil {
		return nil, err
	}
	var out []Likely
	err = r.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		out, err = r.likely(ctx, tx, k, d)
		return err
	})
	return out, err
}

func (r *Records) likely(ctx context.Context, tx pgx.Tx, k *Kind, d Draft) ([]Likely, error) {
	name := crm.SearchText(d.Name)
	rows, _ := tx.Query(ctx, `
		select c.id from unnest(record.blocks($1, $2, array[$3], $4, $5, $6, $7)) as b(block)
		cross join lateral (select a.id from record.alike a where a.block = b.block and a.kind = $8 limit `+blockMost+`) c`,
		name, d.Email, d.Phone, d.TaxID, d.Postcode, d.Street, d.House, k.Name)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, crm.DBError(err, "duplicate")
	}
	if d.Point != nil && k.Name != "contact" {
		rows, _ := tx.Query(ctx, nearBy[k.Name], *d.Point, NearMeters)
		near, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return nil, crm.DBError(err, "duplicate")
		}
		ids = append(ids, near...)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	found, err := profiles(ctx, tx, k, ids)
	if err != nil {
		return nil, err
	}
	draft := profile{Name: d.Name, TaxID: d.TaxID, Emails: []string{d.Email}, Phones: []string{d.Phone}, Places: []placed{{d.Postcode, d.Street, d.House, d.Point}}}
	if d.AccountID != nil {
		draft.Account = d.AccountID.String()
	}
	var out []Likely
	for _, id := range ids {
		p, ok := found[id]
		if !ok || d.Except != nil && id == *d.Except {
			continue
		}
		if score, reasons := compare(draft, p.profile); score >= WorthWarning {
			out = append(out, Likely{id, p.Title, p.Number, score, reasons})
		}
	}
	slices.SortFunc(out, func(a, b Likely) int {
		return cmp.Or(b.Score-a.Score, cmp.Compare(a.Title, b.Title), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return out[:min(len(out), mostLikely)], nil
}

// blockMost is how many records of a block are compared with one: beyond it a block, such as a common name, tells little.
const blockMost = "50"

// nearBy finds records by where they lie: the point, and how far off in metres.
var nearBy = map[string]string{
	"account": `select distinct s.account_id from customer.site s
		where s.point && ST_Expand($1::geometry, $2 / 60000.0) and ST_DWithin(s.point::geography, $1::geography, $2) limit 200`,
	"lead": `select l.id from sales.lead l
		where l.point && ST_Expand($1::geometry, $2 / 60000.0) and ST_DWithin(l.point::geography, $1::geography, $2) limit 200`,
}

// profiled is a record with what it is compared by.
type profiled struct {
	profile
	Title, Number string
}

// profileOf selects records as JSON of profiled, by kind.
var profileOf = map[string]string{
	"account": `select t.id, json_build_object('Title', t.name, 'Number', t.number, 'Name', t.name, 'Kind', t.kind, 'Emails', json_build_array(t.email),
		'Phones', json_build_array(t.phone), 'TaxID', t.tax_id, 'Foreign', t.external_id, 'Places', (
		  select json_agg(json_build_object('Postcode', s.postcode, 'Street', s.street, 'House', s.house_number, 'Point', json_build_array(ST_X(s.point), ST_Y(s.point))))
		  from (select * from customer.site where account_id = t.id order by no limit 20) s))::text
		from customer.account t where t.id = any ($1)`,
	"contact": `select t.id, json_build_object('Title', t.name, 'Name', t.name, 'Emails', json_build_array(t.email),
		'Phones', json_build_array(t.phone, t.mobile), 'Foreign', t.external_id, 'Account', t.account_id)::text
		from customer.contact t where t.id = any ($1)`,
	"lead": `select t.id, json_build_object('Title', t.name, 'Number', t.number, 'Name', t.name, 'Kind', t.kind, 'Emails', json_build_array(t.email),
		'Phones', json_build_array(t.phone), 'Foreign', t.external_id, 'Places', json_build_array(json_build_object('Postcode', t.postcode, 'Street', t.street,
		'House', t.house_number, 'Point', case when t.point is not null then json_build_array(ST_X(t.point), ST_Y(t.point)) end)))::text
		from sales.lead t where t.id = any ($1) and t.state not in ('converted', 'disqualified')`,
}

// profiles loads what records are compared by, as far as the actor may see them.
func profiles(ctx context.Context, tx pgx.Tx, k *Kind, ids []uuid.UUID) (map[uuid.UUID]profiled, error) {
	out := make(map[uuid.UUID]profiled, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	rows, _ := tx.Query(ctx, profileOf[k.Name], ids)
	var id uuid.UUID
	var text string
	_, err := pgx.ForEachRow(rows, []any{&id, &text}, func() error {
		var p profiled
		err := json.Unmarshal([]byte(text), &p)
		out[id] = p
		return err
	})
	return out, crm.DBError(err, "duplicate")
}

// compareAtOnce is how many changed records one CompareSome compares.
const compareAtOnce = 200

// blocksOf selects the blocks of records $1, by kind.
var blocksOf = map[string]string{
	"account": `select t.id, record.blocks(record.fold(t.name), t.email, array[t.phone], t.tax_id, '', '', '') as blocks from customer.account t where t.id = any ($1)
		union all
		select s.account_id, record.blocks('', '', array[s.contact_phone], '', s.postcode, s.street, s.house_number) from customer.site s where s.account_id = any ($1)`,
	"contact": `select t.id, record.blocks(record.fold(t.name), t.email, array[t.phone, t.mobile], '', '', '', '') as blocks from customer.contact t where t.id = any ($1)`,
	"lead":    `select t.id, record.blocks(record.fold(t.name), t.email, array[t.phone], '', t.postcode, t.street, t.house_number) as blocks from sales.lead t where t.id = any ($1)`,
}

// nearOthers selects pairs of records $1 and others that lie near and are called alike.
var nearOthers = map[string]string{
	"account": `select s.account_id, o.account_id from customer.site s join customer.account a on a.id = s.account_id
		cross join lateral (select n.account_id from customer.site n join customer.account b on b.id = n.account_id
		  where n.point && ST_Expand(s.point, $2 / 60000.0) and n.account_id <> s.account_id and ST_DWithin(n.point::geography, s.point::geography, $2)
		  and similarity(a.search, b.search) > 0.3 limit 20) o
		where s.account_id = any ($1)`,
	"lead": `select s.id, o.id from sales.lead s
		cross join lateral (select n.id from sales.lead n
		  where n.point && ST_Expand(s.point, $2 / 60000.0) and n.id <> s.id and ST_DWithin(n.point::geography, s.point::geography, $2)
		  and similarity(s.search, n.search) > 0.3 limit 20) o
		where s.id = any ($1)`,
}

// pair are two records, the lesser id first.
type pair struct{ a, b uuid.UUID }

func ordered(a, b uuid.UUID) pair {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return pair{a, b}
}

// CompareSome compares the longest waiting of the records that changed with all others, and keeps the pairs worth
// reviewing. It returns how many it compared: call it until that is none.
func (r *Records) CompareSome(ctx context.Context) (int, error) {
	if _, err := crm.Require(ctx, crm.AuditRead); err != nil {
		return 0, err
	}
	n := 0
	err := r.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `delete from record.uncompared u using (
			select id from record.uncompared order by since limit $1 for update skip locked) w where u.id = w.id returning u.kind, u.id`, compareAtOnce)
		waiting := map[string][]uuid.UUID{}
		var kind string
		var id uuid.UUID
		n = 0
		if _, err := pgx.ForEachRow(rows, []any{&kind, &id}, func() error {
			waiting[kind] = append(waiting[kind], id)
			n++
			return nil
		}); err != nil {
			return crm.DBError(err, "duplicate")
		}
		for _, kind := range Mergeable {
			if len(waiting[kind]) > 0 {
				if err := r.compareAll(ctx, tx, r.byName[kind], waiting[kind]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return n, err
}

// compareEvery is how long a process waits for records to change.
const compareEvery = 5 * time.Second

// Compare compares records as they change until the context ends; what stands against it is told and tried again. Any
// number of processes may do so at once.
func (r *Records) Compare(ctx context.Context, told func(error)) {
	ctx = crm.WithActor(ctx, crm.System("duplicates"))
	for ctx.Err() == nil {
		n, err := r.CompareSome(ctx)
		if err != nil && ctx.Err() == nil {
			told(err)
		}
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(compareEvery):
		}
	}
}

// compareAll finds the duplicates of records anew.
func (r *Records) compareAll(ctx context.Context, tx pgx.Tx, k *Kind, ids []uuid.UUID) error {
	for _, sql := range []string{
		`delete from record.alike where id = any ($1) and $2 <> ''`,
		`insert into record.word (word) select distinct w from record.search s cross join regexp_split_to_table(s.text, '[^[:alpha:]]+') w
			where (s.id = any ($1) or s.account_id = any ($1)) and length(w) between 4 and 30 and $2 <> '' order by w on conflict do nothing`,
		`insert into record.alike (block, id, kind) select distinct b, x.id, $2 from (` + blocksOf[k.Name] + `) x cross join unnest(x.blocks) b on conflict do nothing`,
	} {
		if _, err := tx.Exec(ctx, sql, ids, k.Name); err != nil {
			return crm.DBError(err, "duplicate")
		}
	}
	rows, _ := tx.Query(ctx, `select x.id, y.id from record.alike x
		cross join lateral (select a.id from record.alike a where a.block = x.block and a.kind = $2 and a.id <> x.id limit `+blockMost+`) y
		where x.id = any ($1)`, ids, k.Name)
	pairs := map[pair]bool{}
	var one, two uuid.UUID
	collect := func() error { pairs[ordered(one, two)] = true; return nil }
	if _, err := pgx.ForEachRow(rows, []any{&one, &two}, collect); err != nil {
		return crm.DBError(err, "duplicate")
	}
	if sql := nearOthers[k.Name]; sql != "" {
		rows, _ := tx.Query(ctx, sql, ids, NearMeters)
		if _, err := pgx.ForEachRow(rows, []any{&one, &two}, collect); err != nil {
			return crm.DBError(err, "duplicate")
		}
	}
	all := slices.Clone(ids)
	for p := range pairs {
		all = append(all, p.a, p.b)
	}
	found, err := profiles(ctx, tx, k, all)
	if err != nil {
		return err
	}
	type row struct {
		A       uuid.UUID `json:"a"`
		B       uuid.UUID `json:"b"`
		Score   int       `json:"score"`
		Reasons []string  `json:"reasons"`
	}
	list := []row{}
	for p := range pairs {
		x, ok := found[p.a]
		y, both := found[p.b]
		if !ok || !both {
			continue
		}
		if score, reasons := compare(x.profile, y.profile); score >= WorthReviewing {
			list = append(list, row{p.a, p.b, score, reasons})
		}
	}
	slices.SortFunc(list, func(x, y row) int { return cmp.Or(bytes.Compare(x.A[:], y.A[:]), bytes.Compare(x.B[:], y.B[:])) })
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into record.duplicate (kind, a, b, score, reasons, found_at)
		select $2, a, b, score, reasons, $3 from jsonb_to_recordset($1::jsonb) as r(a uuid, b uuid, score int, reasons text[])
		on conflict (a, b) do update set score = excluded.score, reasons = excluded.reasons
		where (duplicate.score, duplicate.reasons) is distinct from (excluded.score, excluded.reasons)`, string(text), k.Name, r.Store.Now())
	if err != nil {
		return crm.DBError(err, "duplicate")
	}
	// what is alike no longer leaves the queue, unless one of the two is away
	_, err = tx.Exec(ctx, `
		delete from record.duplicate d using (select id from `+k.Table+` where id = any ($2)) t
		where (d.a = t.id or d.b = t.id) and d.state = 'open'
		  and exists (select from `+k.Table+` x where x.id = d.a) and exists (select from `+k.Table+` x where x.id = d.b)
		  and not exists (select from jsonb_to_recordset($1::jsonb) as r(a uuid, b uuid) where r.a = d.a and r.b = d.b)`, string(text), ids)
	return crm.DBError(err, "duplicate")
}

// Pair are two records that may be one and the same.
type Pair struct {
	ID           uuid.UUID
	Kind         string
	Score        int
	Reasons      []string
	State        string // open, snoozed, dismissed
	SnoozedUntil *time.Time
	FoundAt      time.Time
	A, B         Values
}

type pairKey struct {
	Score int
	ID    uuid.UUID
}

// Duplicates returns the pairs of a kind the actor may see both sides of, the likeliest first: those that are open, or
// were snoozed until now, or those people have dismissed.
func (r *Records) Duplicates(ctx context.Context, kind string, dismissed bool, cursor string, limit int) (crm.Page[Pair], error) {
	k, err := r.reviewed(ctx, kind)
	if err != nil {
		return crm.Page[Pair]{}, err
	}
	key := pairKey{Score: 101}
	if _, err := crm.DecodeCursor(cursor, &key); err != nil {
		return crm.Page[Pair]{}, err
	}
	state := `(d.state = 'open' or d.state = 'snoozed' and d.snoozed_until <= $5)`
	if dismissed {
		state = `(d.state = 'dismissed' and $5::timestamptz is not null)`
	}
	size := crm.PageSize(limit)
	var pairs []Pair
	err = r.Store.Read(ctx, func(tx pgx.Tx) error {
		if k, err = r.whole(ctx, tx, k); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `
			select d.id, d.score, d.reasons, d.state, d.snoozed_until, d.found_at, d.a, d.b from record.duplicate d
			join `+k.Table+` x on x.id = d.a join `+k.Table+` y on y.id = d.b
			where d.kind = $1 and (d.score < $2 or d.score = $2 and d.id > $3) and `+state+`
			order by d.score desc, d.id limit $4`, k.Name, key.Score, key.ID, size+1, r.Store.Now())
		var p Pair
		var a, b uuid.UUID
		sides := map[uuid.UUID]pair{}
		var ids []uuid.UUID
		if _, err := pgx.ForEachRow(rows, []any{&p.ID, &p.Score, &p.Reasons, &p.State, &p.SnoozedUntil, &p.FoundAt, &a, &b}, func() error {
			p.Kind = k.Name
			pairs, sides[p.ID], ids = append(pairs, p), pair{a, b}, append(ids, a, b)
			p = Pair{}
			return nil
		}); err != nil {
			return crm.DBError(err, "duplicate")
		}
		found, err := r.byIDs(ctx, tx, k, ids, false)
		if err != nil {
			return err
		}
		by := map[string]Values{}
		for _, v := range found {
			by[v.ID()] = v
		}
		for i := range pairs {
			s := sides[pairs[i].ID]
			pairs[i].A, pairs[i].B = by[s.a.String()], by[s.b.String()]
		}
		return nil
	})
	return crm.Cut(pairs, size, func(p Pair) any { return pairKey{p.Score, p.ID} }), err
}

// reviewed returns a kind whose duplicates the actor may review.
func (r *Records) reviewed(ctx context.Context, kind string) (*Kind, error) {
	if _, err := crm.Require(ctx, crm.MergeWrite); err != nil {
		return nil, err
	}
	if !slices.Contains(Mergeable, kind) {
		return nil, crm.Invalidf("kind", "is none of account, contact, lead")
	}
	k, _, err := r.need(ctx, kind, false)
	return k, err
}

// DecideDuplicate says of a pair that it is none (dismissed), that it is to be asked about later (snoozed, until then),
// or takes that back (open).
func (r *Records) DecideDuplicate(ctx context.Context, id uuid.UUID, state string, until *time.Time) error {
	actor, err := crm.Require(ctx, crm.MergeWrite)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"open", "snoozed", "dismissed"}, state) {
		return crm.Invalidf("state", "is none of open, snoozed, dismissed")
	}
	if (state == "snoozed") != (until != nil) {
		return crm.Invalidf("until", "goes with snoozed")
	}
	if until != nil && !until.After(r.Store.Now()) {
		return crm.Invalidf("until", "is past")
	}
	return r.Store.Write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update record.duplicate set state = $2, snoozed_until = $3, decided_by = $4 where id = $1`, id, state, until, actor.ID)
		if err == nil && tag.RowsAffected() == 0 {
			return crm.Missing("pair of duplicates")
		}
		return crm.DBError(err, "duplicate")
	})
}
