package exchange

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/record"
)

// bringing is one page on its way in.
type bringing struct {
	x     *Exchange
	s     *shape
	kind  *record.Kind // of what the rows are about
	main  string       // its name: accounts for a file of sites
	set   *record.ChangeSet
	dry   bool
	imp   uuid.UUID
	units []*unit
}

// bring makes records of a page in a transaction, or only tells what they would be. It returns each row with its verdict.
func (x *Exchange) bring(ctx context.Context, tx pgx.Tx, i Import, s *shape, p page, set *record.ChangeSet) ([]*item, *bringing, error) {
	b := &bringing{x: x, s: s, kind: s.kinds[""], main: i.Kind, set: set, dry: set == nil, imp: i.ID}
	items := make([]*item, len(p.rows))
	for n, row := range p.rows {
		items[n] = s.item(n, row)
		s.take(items[n], p.places)
	}
	if i.Kind == "site" {
		b.main = "account"
		var err error
		if b.kind, err = x.Records.WholeIn(ctx, tx, "account"); err != nil {
			return nil, nil, err
		}
	}
	open := func() []*item {
		return slices.DeleteFunc(slices.Clone(items), func(it *item) bool { return it.verdict != "" })
	}
	if err := x.resolve(ctx, tx, open()); err != nil {
		return nil, nil, err
	}
	if err := b.again(ctx, tx, i.Kind, open()); err != nil {
		return nil, nil, err
	}
	if err := b.examineContacts(ctx, tx, open()); err != nil {
		return nil, nil, err
	}
	if err := b.standing(ctx, tx, i.Kind, open()); err != nil {
		return nil, nil, err
	}
	b.group(i.Kind, open())
	if i.Kind == "site" {
		if err := b.accounts(ctx, tx); err != nil {
			return nil, nil, err
		}
	} else {
		if err := x.match(ctx, tx, b.main, b.units); err != nil {
			return nil, nil, err
		}
		if err := b.settle(ctx, tx, b.kind, b.units); err != nil {
			return nil, nil, err
		}
	}
	if err := b.children(ctx, tx, i.Kind); err != nil {
		return nil, nil, err
	}
	for _, u := range b.units {
		for n, it := range u.items {
			it.became, it.aside = u.id, u.aside
			switch {
			case it.verdict != "":
			case u.verdict == "wrong":
				it.wrong(u.field, "%s", u.reason)
			case n == 0 || u.verdict != "new":
				it.verdict = u.verdict
			default:
				it.verdict = "same" // a further row about the same record
			}
		}
	}
	if b.dry {
		return items, b, b.seen(ctx, tx)
	}
	return items, b, b.remember(ctx, tx, i.Kind, items)
}

// again sets rows apart that say what an earlier row said: nothing new.
func (b *bringing) again(ctx context.Context, tx pgx.Tx, kind string, items []*item) error {
	first := map[uuid.UUID]bool{}
	var hashes []uuid.UUID
	for _, it := range items {
		if first[it.hash] {
			it.verdict = "same"
			continue
		}
		first[it.hash] = true
		hashes = append(hashes, it.hash)
	}
	if b.s.options.Existing == "add" {
		return nil
	}
	rows, err := tx.Query(ctx, `select o.hash, o.entity_id::text from exchange.origin o join `+b.kind.Table+` t on t.id = o.entity_id
		where o.kind = $1 and o.hash = any ($2) and not exists (select from record.change_set s where s.id = o.set_id and s.undone > 0)`, kind, hashes)
	if err != nil {
		return crm.DBError(err, "import")
	}
	known := map[uuid.UUID]string{}
	var hash uuid.UUID
	var id string
	if _, err := pgx.ForEachRow(rows, []any{&hash, &id}, func() error { known[hash] = id; return nil }); err != nil {
		return crm.DBError(err, "import")
	}
	for _, it := range items {
		if id, ok := known[it.hash]; ok && it.verdict == "" {
			it.verdict, it.became = "same", id
		}
	}
	return nil
}

// examineContacts finds rows whose contact cannot be: nothing of such a row is brought in.
func (b *bringing) examineContacts(ctx context.Context, tx pgx.Tx, items []*item) error {
	var of []*item
	var list []record.Values
	for _, it := range items {
		if v := it.parts["contact"]; v != nil {
			with := record.Values{"account_id": uuid.NewString()}
			for name, value := range v {
				with[name] = value
			}
			of, list = append(of, it), append(list, with)
		}
	}
	if len(list) == 0 {
		return nil
	}
	_, errs, err := b.x.Records.Examine(ctx, tx, b.s.kinds["contact"], list)
	for n, e := range errs {
		if e != nil {
			of[n].wrong("contact."+fieldOf(e), "%s", said(e))
		}
	}
	return err
}

func fieldOf(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

// standing names the site of records that must stand at one and name none: the first of their account.
func (b *bringing) standing(ctx context.Context, tx pgx.Tx, kind string, items []*item) error {
	if f, ok := b.s.kinds[""].Field("site_id"); !ok || !f.Required || kind == "site" {
		return nil
	}
	var accounts []string
	for _, it := range items {
		if v := it.parts[""]; v.Empty("site_id") && !v.Empty("account_id") {
			accounts = append(accounts, v.Text("account_id"))
		}
	}
	rows, err := tx.Query(ctx, `select distinct on (s.account_id) s.account_id::text, s.id::text from customer.site s
		where s.account_id = any ($1::uuid[]) order by s.account_id, s.no`, accounts)
	if err != nil {
		return crm.DBError(err, "site")
	}
	first := map[string]string{}
	var account, site string
	if _, err := pgx.ForEachRow(rows, []any{&account, &site}, func() error { first[account] = site; return nil }); err != nil {
		return crm.DBError(err, "site")
	}
	for _, it := range items {
		if v := it.parts[""]; v.Empty("site_id") && first[v.Text("account_id")] != "" {
			v["site_id"] = first[v.Text("account_id")]
		}
	}
	return nil
}

// group brings rows about the same record together.
func (b *bringing) group(kind string, items []*item) {
	by := map[string]*unit{}
	for _, it := range items {
		v := it.parts[""]
		key := it.key(kind)
		if kind == "site" {
			key = v.Text("account_id")
		}
		u := by[key]
		if u == nil || key == "" {
			u = &unit{values: v, number: it.number}
			b.units = append(b.units, u)
			if key != "" {
				by[key] = u
			}
		} else if b.s.options.Existing != "skip" {
			for name, value := range v {
				if b.s.options.Existing == "update" || u.values.Empty(name) {
					u.values[name] = value
				}
			}
		}
		if it.site != nil && u.postcode == "" {
			u.postcode = it.site.Postcode
		}
		u.items = append(u.items, it)
	}
}

// accounts finds the accounts that a file of sites names.
func (b *bringing) accounts(ctx context.Context, tx pgx.Tx) error {
	var ids []uuid.UUID
	for _, u := range b.units {
		if id, err := uuid.Parse(u.values.Text("account_id")); err == nil {
			ids = append(ids, id)
		}
	}
	found, err := b.x.Records.FoundIn(ctx, tx, b.kind, ids, !b.dry)
	if err != nil {
		return err
	}
	for _, u := range b.units {
		if u.id = u.values.Text("account_id"); found[u.id] == nil {
			u.verdict, u.field, u.reason = "wrong", "account_id", "there is no such account"
			continue
		}
		u.verdict = "same"
	}
	return nil
}

// settle decides for each unit what becomes of it, and does it unless the run is dry.
func (b *bringing) settle(ctx context.Context, tx pgx.Tx, k *record.Kind, units []*unit) error {
	var ids []uuid.UUID
	for _, u := range units {
		if id, err := uuid.Parse(u.existing); err == nil {
			ids = append(ids, id)
		}
	}
	found, err := b.x.Records.FoundIn(ctx, tx, k, ids, !b.dry)
	if err != nil {
		return err
	}
	var fresh, altered []*unit
	taken := map[string]bool{}
	for _, u := range units {
		before := found[u.existing]
		if before == nil || !u.sure && (b.s.options.Existing == "add" || b.lacks(k, u)) {
			u.existing = ""
			if u.id = u.values.ID(); u.id == "" {
				u.id = uuid.Must(uuid.NewV7()).String()
				u.values["id"] = u.id
			}
			fresh = append(fresh, u)
			continue
		}
		u.id = u.existing
		if taken[u.id] { // two keys lead to one record: the first row speaks for it
			u.verdict, u.aside = "duplicate", true
			continue
		}
		taken[u.id] = true
		set := b.differing(k, before, u.values)
		switch {
		case len(set) == 0:
			u.verdict = "same"
		case b.s.options.Existing == "skip":
			u.verdict = "duplicate"
		default:
			u.values = set
			altered = append(altered, u)
		}
	}
	if err := b.add(ctx, tx, k, fresh); err != nil {
		return err
	}
	return b.alter(ctx, tx, k, altered, found)
}

// lacks tells whether a row leaves out what a record needs: one that is found by likeness alone must stand for itself, else
// it would be wrong or right depending on what stands before it.
func (b *bringing) lacks(k *record.Kind, u *unit) bool {
	for i := range k.Fields {
		if f := &k.Fields[i]; f.Required && f.Default == nil && u.values.Empty(f.Name) {
			return true
		}
	}
	return false
}

// differing is what a file says anew of a record.
func (b *bringing) differing(k *record.Kind, before, said record.Values) record.Values {
	set := record.Values{}
	for name, v := range said {
		f, ok := k.Field(name)
		if !ok || f.ReadOnly || f.Fixed || name == "id" || record.Same(before[name], v) || said.Empty(name) {
			continue
		}
		if b.s.options.Existing == "fill" && !before.Empty(name) {
			continue
		}
		set[name] = v
	}
	return set
}

func (b *bringing) add(ctx context.Context, tx pgx.Tx, k *record.Kind, units []*unit) error {
	if len(units) == 0 {
		return nil
	}
	list := make([]record.Values, len(units))
	for n, u := range units {
		list[n] = u.values
	}
	_, errs, err := b.x.Records.Examine(ctx, tx, k, list)
	if err != nil {
		return err
	}
	return b.through(ctx, tx, units, errs, "new", func(tx pgx.Tx, units []*unit) error {
		list := make([]record.Values, len(units))
		for n, u := range units {
			list[n] = u.values
		}
		_, err := b.x.Records.AddIn(ctx, tx, k.Name, list, record.Saving{Set: b.set})
		return err
	})
}

func (b *bringing) alter(ctx context.Context, tx pgx.Tx, k *record.Kind, units []*unit, found map[string]record.Values) error {
	if len(units) == 0 {
		return nil
	}
	both := func(units []*unit) (before, set []record.Values) {
		for _, u := range units {
			before, set = append(before, found[u.id]), append(set, u.values)
		}
		return before, set
	}
	before, set := both(units)
	_, errs, err := b.x.Records.ExamineChanges(ctx, tx, k, before, set)
	if err != nil {
		return err
	}
	return b.through(ctx, tx, units, errs, "changed", func(tx pgx.Tx, units []*unit) error {
		before, set := both(units)
		return b.x.Records.SetIn(ctx, tx, k.Name, before, set, record.Saving{Set: b.set})
	})
}

// through does something to all units that are sound, together; those against which the database has something are told,
// the others go through.
func (b *bringing) through(ctx context.Context, tx pgx.Tx, units []*unit, errs []error, verdict string, do func(pgx.Tx, []*unit) error) error {
	var sound []*unit
	for n, u := range units {
		if errs[n] != nil {
			u.verdict, u.field, u.reason = "wrong", fieldOf(errs[n]), said(errs[n])
			continue
		}
		u.verdict = verdict
		sound = append(sound, u)
	}
	if b.dry {
		return nil
	}
	together := func(units []*unit) error {
		rows := b.set.Rows
		err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return do(tx, units) })
		if err != nil {
			b.set.Rows = rows
		}
		return err
	}
	for tries := 0; len(sound) > 0; tries++ {
		err := together(sound)
		if err == nil {
			return nil
		}
		if crm.KindOf(err) == "" {
			return err
		}
		n, field := indexOf(err)
		if n < 0 || n >= len(sound) || tries >= 20 {
			break
		}
		sound[n].verdict, sound[n].field, sound[n].reason = "wrong", field, said(err)
		sound = slices.Delete(sound, n, n+1)
	}
	for _, u := range sound {
		if err := together([]*unit{u}); err != nil {
			if crm.KindOf(err) == "" {
				return err
			}
			_, field := indexOf(err)
			u.verdict, u.field, u.reason = "wrong", field, said(err)
		}
	}
	return nil
}

// indexOf reads which of many records an error is about: records[3].name; -1 if it does not say.
func indexOf(err error) (int, string) {
	field := fieldOf(err)
	rest, ok := strings.CutPrefix(field, "records[")
	if !ok {
		return -1, field
	}
	number, rest, _ := strings.Cut(rest, "].")
	n, err := strconv.Atoi(number)
	if err != nil {
		return -1, field
	}
	return n, rest
}

// children brings in what hangs on the records: sites, contacts, lines.
func (b *bringing) children(ctx context.Context, tx pgx.Tx, kind string) error {
	var contacts, lines []*unit
	for _, u := range b.units {
		if u.verdict == "wrong" || u.verdict == "duplicate" {
			continue
		}
		for _, it := range u.items {
			if v := it.parts["contact"]; v != nil && kind == "account" {
				v["account_id"] = u.id
				contacts = append(contacts, &unit{items: []*item{it}, values: v})
			}
			if v := it.parts["line"]; v != nil && kind == "order" {
				v["order_id"] = u.id
				lines = append(lines, &unit{items: []*item{it}, values: v})
			}
		}
	}
	if kind == "account" || kind == "site" {
		if err := b.sites(ctx, tx); err != nil {
			return err
		}
	}
	if b.dry {
		return nil
	}
	if len(contacts) > 0 {
		contacts = oncePerKey(contacts, func(u *unit) string { return u.items[0].contactKey() })
		if err := b.x.match(ctx, tx, "contact", contacts); err != nil {
			return err
		}
		if err := b.settle(ctx, tx, b.s.kinds["contact"], contacts); err != nil {
			return err
		}
		b.tell(contacts, "contact.")
	}
	if len(lines) > 0 {
		if err := b.matchLines(ctx, tx, lines); err != nil {
			return err
		}
		if err := b.settle(ctx, tx, b.s.kinds["line"], lines); err != nil {
			return err
		}
		b.tell(lines, "line.")
	}
	return nil
}

func (it *item) contactKey() string {
	v := it.parts["contact"]
	return v.Text("account_id") + " " + strings.ToLower(v.Text("email")+" "+v.Text("first_name")+" "+v.Text("last_name"))
}

// oncePerKey leaves out what an earlier one says already.
func oncePerKey(units []*unit, key func(*unit) string) []*unit {
	seen := map[string]bool{}
	return slices.DeleteFunc(units, func(u *unit) bool {
		k := key(u)
		again := seen[k]
		seen[k] = true
		return again
	})
}

// tell gives rows the verdict on what hangs on their records, where that says more.
func (b *bringing) tell(units []*unit, part string) {
	parent := map[*item]*unit{}
	for _, u := range b.units {
		for _, it := range u.items {
			parent[it] = u
		}
	}
	for _, u := range units {
		it := u.items[0]
		switch {
		case u.verdict == "wrong":
			it.notes = append(it.notes, strings.TrimSuffix(part, ".")+" was not brought in: "+part+u.field+" "+u.reason)
		case u.verdict == "new" || u.verdict == "changed":
			if parent[it] != nil && (parent[it].verdict == "same" || parent[it].items[0] != it) {
				it.verdict = "changed"
			}
		}
	}
}

// matchLines finds the lines orders have already: by position where the file knows it, else by all it says.
func (b *bringing) matchLines(ctx context.Context, tx pgx.Tx, lines []*unit) error {
	var orders []string
	for _, u := range lines {
		orders = append(orders, u.values.Text("order_id"))
	}
	rows, err := tx.Query(ctx, `select l.order_id::text, l.id from sales.order_line l where l.order_id = any ($1::uuid[])`, orders)
	if err != nil {
		return crm.DBError(err, "order line")
	}
	of := map[string][]uuid.UUID{}
	var all []uuid.UUID
	var order string
	var id uuid.UUID
	if _, err := pgx.ForEachRow(rows, []any{&order, &id}, func() error {
		of[order], all = append(of[order], id), append(all, id)
		return nil
	}); err != nil {
		return crm.DBError(err, "order line")
	}
	found, err := b.x.Records.FoundIn(ctx, tx, b.s.kinds["line"], all, false)
	if err != nil {
		return err
	}
	last := map[string]int64{}
	for _, u := range lines {
		order := u.values.Text("order_id")
		for _, id := range of[order] {
			there := found[id.String()]
			last[order] = max(last[order], there.Int("position"))
			if there == nil || u.existing != "" {
				continue
			}
			if !u.values.Empty("position") {
				if record.Same(there["position"], u.values["position"]) {
					u.existing, u.sure = id.String(), true
				}
				continue
			}
			equal := true
			for name, v := range u.values {
				equal = equal && (name == "id" || record.Same(there[name], v))
			}
			if equal {
				u.existing, u.sure = id.String(), true
			}
		}
		if u.existing == "" && u.values.Empty("position") {
			u.values["position"] = last[order] + 1
		}
		last[order] = max(last[order], u.values.Int("position"))
	}
	return nil
}

// sites adds the places rows name, unless their account has them.
func (b *bringing) sites(ctx context.Context, tx pgx.Tx) error {
	var accounts, given []string
	for _, u := range b.units {
		if u.verdict == "wrong" || u.verdict == "duplicate" {
			continue
		}
		if u.verdict != "new" {
			accounts = append(accounts, u.id)
		}
		for _, it := range u.items {
			if it.site != nil && it.site.ID != uuid.Nil {
				given = append(given, it.site.ID.String())
			}
		}
	}
	there := map[string]bool{}
	if len(accounts)+len(given) > 0 {
		rows, err := tx.Query(ctx, `select s.account_id::text, s.id::text, s.street, s.house_number, s.postcode, s.city from customer.site s
			where s.account_id = any ($1::uuid[]) or s.id = any ($2::uuid[])`, accounts, given)
		if err != nil {
			return crm.DBError(err, "site")
		}
		var account, id, street, number, postcode, city string
		if _, err := pgx.ForEachRow(rows, []any{&account, &id, &street, &number, &postcode, &city}, func() error {
			there[account+" "+addressKey(street, number, postcode, city)], there[id] = true, true
			return nil
		}); err != nil {
			return crm.DBError(err, "site")
		}
	}
	var list []customer.NewSite
	var of []*item
	var by []*unit
	for _, u := range b.units {
		if u.verdict == "wrong" || u.verdict == "duplicate" {
			continue
		}
		for _, it := range u.items {
			if it.site == nil {
				continue
			}
			key := u.id + " " + addressKey(it.site.Street, it.site.HouseNumber, it.site.Postcode, it.site.City)
			if there[key] || there[it.site.ID.String()] {
				continue
			}
			there[key] = true
			site := *it.site
			site.AccountID = uuid.MustParse(u.id)
			if site.ID == uuid.Nil {
				site.ID = uuid.Must(uuid.NewV7())
			}
			if err := site.Check(); err != nil {
				it.notes = append(it.notes, "no site was added: "+err.Error())
				continue
			}
			list, of, by = append(list, site), append(of, it), append(by, u)
		}
	}
	for n, it := range of {
		if by[n].verdict == "same" || by[n].items[0] != it {
			it.verdict = "changed"
		}
	}
	if b.dry || len(list) == 0 {
		return nil
	}
	if err := customer.AddSitesIn(ctx, tx, list); err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(list))
	for n, s := range list {
		ids[n] = s.ID
	}
	return b.x.Records.KeepAdded(ctx, tx, b.set, "site", ids)
}

// addressKey makes addresses comparable.
func addressKey(street, number, postcode, city string) string {
	return crm.SearchText(street, number, postcode, city)
}

// seen tells rows apart whose record an earlier page of the file names already.
func (b *bringing) seen(ctx context.Context, tx pgx.Tx) error {
	if b.imp == uuid.Nil {
		return nil
	}
	by := map[uuid.UUID]*unit{}
	var keys []uuid.UUID
	for _, u := range b.units {
		if key := u.items[0].key(b.s.kinds[""].Name); key != "" && u.verdict == "new" {
			h := hashOf(key)
			by[h], keys = u, append(keys, h)
		}
	}
	rows, err := tx.Query(ctx, `insert into exchange.seen (import_id, key) select $1, k from unnest($2::uuid[]) k on conflict do nothing returning key`, b.imp, keys)
	if err != nil {
		return crm.DBError(err, "import")
	}
	fresh, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return crm.DBError(err, "import")
	}
	for _, key := range fresh {
		delete(by, key)
	}
	for _, u := range by {
		for _, it := range u.items {
			if it.verdict == "new" {
				it.verdict = "same"
			}
		}
	}
	return nil
}

// remember keeps what became of each row, by what it said.
func (b *bringing) remember(ctx context.Context, tx pgx.Tx, kind string, items []*item) error {
	var hashes []uuid.UUID
	var became []string
	for _, it := range items {
		if it.verdict != "wrong" && (it.verdict != "duplicate" || it.aside) && it.became != "" {
			hashes, became = append(hashes, it.hash), append(became, it.became)
		}
	}
	_, err := tx.Exec(ctx, `insert into exchange.origin as o (kind, hash, entity_id, set_id)
		select distinct on (h) $1, h, e, $4::uuid from unnest($2::uuid[], $3::uuid[]) as x(h, e)
		on conflict (kind, hash) do update set entity_id = excluded.entity_id, set_id = excluded.set_id
		where o.entity_id <> excluded.entity_id or exists (select from record.change_set s where s.id = o.set_id and s.undone > 0)`,
		kind, hashes, became, b.set.ID)
	return crm.DBError(err, "import")
}
