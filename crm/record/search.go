package record

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
)

// SearchQuery asks for records of any kind by words of the search box.
type SearchQuery struct {
	Text  string
	Kinds []string // empty for all the actor may read
	Limit int      // at most MostHits; zero means 20
}

// MostHits is the most one search returns.
const MostHits = 100

// Hit is a record the search box found.
type Hit struct {
	Kind    string
	ID      uuid.UUID
	Title   string
	Number  string     // what people call it by, empty if it has none
	Account *uuid.UUID // whose it is
	Of      string     // what that is called
	Field   string     // the field it was found by, empty if by its title or number
	Value   string     // what stands in that field
	Near    bool       // it does not hold the words, only some that are spelled alike
	Mine    bool
	Point   *orb.Point
}

// Ranks of what was found, best first.
const (
	byNumber = iota
	byName   // is called just so
	byStart  // what it is called begins so
	byWords  // has words that begin so
	byParts  // holds the letters
	byLikeness
)

// candidates are looked at and ranked; common words fit more records than anybody reads.
const (
	candidates       = 300  // of an actor who sees everything
	narrowCandidates = 2000 // of one who sees a part, where the index has sorted out the others
)

// Search finds records by what they are called, numbers, telephone numbers however written, e-mails and addresses; words
// that nothing holds find what is spelled alike. Only what the actor may see is found, and it makes no difference to the
// order or the number of hits what else there is.
func (r *Records) Search(ctx context.Context, q SearchQuery) ([]Hit, error) {
	actor, err := crm.Require(ctx, crm.SignedIn)
	if err != nil {
		return nil, err
	}
	s := searching{records: r, actor: actor, limit: q.Limit}
	if s.limit < 1 {
		s.limit = 20
	}
	s.limit = min(s.limit, MostHits)
	for _, name := range q.Kinds {
		if _, err := r.Kind(name); err != nil {
			return nil, crm.Invalidf("kinds", "there is no kind of record %q", name)
		}
	}
	for _, k := range r.kinds {
		if (len(q.Kinds) == 0 || slices.Contains(q.Kinds, k.Name)) && actor.May(k.Read) {
			s.kinds = append(s.kinds, k.Name)
		}
	}
	s.read(q.Text)
	if len(s.words) == 0 || len(s.kinds) == 0 {
		return nil, nil
	}
	var out []Hit
	err = r.Store.Read(ctx, func(tx pgx.Tx) error {
		s.found = map[uuid.UUID]*candidate{}
		if err := s.gather(ctx, tx); err != nil {
			return err
		}
		var err error
		out, err = s.hits(ctx, tx)
		return err
	})
	return out, err
}

// searching is one search under way.
type searching struct {
	records *Records
	actor   crm.Actor
	kinds   []string
	limit   int

	words  []string // folded
	phone  string   // digits to look for, if the text is a telephone number
	letter string   // before a number people call records by
	number int64

	keys  []uuid.UUID // what an actor of narrow scope sees
	found map[uuid.UUID]*candidate
}

type candidate struct {
	ID      uuid.UUID
	Kind    string
	Account *uuid.UUID
	Rank    int
	Mine    bool
	Text    string
}

var calledByNumber = regexp.MustCompile(`^([a-z]?)-?0*([0-9]{1,15})$`)

// read takes the text apart.
func (s *searching) read(text string) {
	s.words = strings.Fields(crm.SearchText(text))
	if len(s.words) > 8 {
		s.words = s.words[:8]
	}
	if len(s.words) == 1 {
		if m := calledByNumber.FindStringSubmatch(s.words[0]); m != nil {
			s.letter = m[1]
			s.number, _ = strconv.ParseInt(m[2], 10, 64)
		}
	}
	s.phone = phoneDigits(text)
}

// phoneDigits are the digits by which a telephone number is looked for, however it is written; empty if the text is none.
func phoneDigits(text string) string {
	digits := ""
	for _, c := range strings.TrimSpace(text) {
		switch {
		case c >= '0' && c <= '9':
			digits += string(c)
		case unicode.IsSpace(c) || strings.ContainsRune("+-/().", c):
		default:
			return ""
		}
	}
	if digits = strings.TrimLeft(digits, "0"); len(digits) < 5 {
		return ""
	}
	return digits[max(0, len(digits)-8):] // what comes before is the country's, written or not
}

// statement begins a question to the table of the search box.
func (s *searching) statement(rank, where string, order string, limit int, args ...any) (string, []any) {
	args = append(args, s.kinds, s.actor.ID)
	n := len(args)
	narrow := ""
	if s.keys != nil { // beside the policy, so that the index can be used
		args = append(args, s.keys)
		narrow = fmt.Sprintf(" and s.keys && $%d::uuid[]", n+1)
	}
	return fmt.Sprintf(`select s.id, s.kind, s.account_id as account, %s as rank, coalesce(s.owner_id = $%d, false) as mine, s.text
		from record.search s where %s and s.kind = any ($%d::text[])%s %s limit %d`, rank, n, where, n-1, narrow, order, limit), args
}

func (s *searching) ask(ctx context.Context, tx pgx.Tx, sql string, args []any) error {
	rows, _ := tx.Query(ctx, sql, args...)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[candidate])
	if err != nil {
		return crm.DBError(err, "search")
	}
	for _, c := range found {
		if was := s.found[c.ID]; was == nil || c.Rank < was.Rank {
			s.found[c.ID] = &c
		}
	}
	return nil
}

// gather collects candidates: by number, by what they are called, by words, and by likeness if that gave next to nothing.
func (s *searching) gather(ctx context.Context, tx pgx.Tx) error {
	if err := planEach(ctx, tx); err != nil {
		return err
	}
	if s.actor.Scope != crm.ScopeAll {
		if err := tx.QueryRow(ctx, `select record.keys_seen()`).Scan(&s.keys); err != nil {
			return crm.DBError(err, "search")
		}
	}
	if s.number > 0 {
		sql, args := s.statement(strconv.Itoa(byNumber), "s.no = $1 and ($2::text = '' or s.letter = $2)", "", 2*MostHits, s.number, s.letter)
		if err := s.ask(ctx, tx, sql, args); err != nil {
			return err
		}
	}
	if s.phone != "" {
		sql, args := s.statement(strconv.Itoa(byWords), "s.text like $1", "", candidates, "%"+s.phone+"%")
		if err := s.ask(ctx, tx, sql, args); err != nil {
			return err
		}
	}
	called := " " + strings.Join(s.words, " ")
	if s.keys == nil { // who sees a part gets all that fit at once
		sql, args := s.statement(strconv.Itoa(byStart), "s.head like $1", "order by s.head using ~<~", s.limit, crm.EscapeLike(cut(called, 40))+"%")
		if err := s.ask(ctx, tx, sql, args); err != nil {
			return err
		}
	}
	if s.enough(byStart) && s.keys == nil {
		return nil
	}
	var parts []string
	var args []any
	for _, w := range s.words {
		pattern := "%" + crm.EscapeLike(w) + "%"
		if len(w) < 3 { // too short for trigrams but at the start of a word
			pattern = "% " + crm.EscapeLike(w) + "%"
		}
		args = append(args, pattern)
		parts = append(parts, "s.text like $"+strconv.Itoa(len(args)))
	}
	many := candidates
	if s.keys != nil {
		many = narrowCandidates
	}
	sql, args := s.statement(strconv.Itoa(byParts), strings.Join(parts, " and "), "", many, args...)
	if err := s.ask(ctx, tx, sql, args); err != nil {
		return err
	}
	if len(s.found) > 0 {
		return nil
	}
	return s.alike(ctx, tx)
}

// cut returns at most n letters of a text.
func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n])
	}
	return text
}

// enough tells whether there are as many candidates of a rank or better as were asked for.
func (s *searching) enough(rank int) bool {
	n := 0
	for _, c := range s.found {
		if c.Rank <= rank {
			n++
		}
	}
	return n >= s.limit
}

// alike looks for words that are spelled like those asked for: first which words there are, then who has them.
func (s *searching) alike(ctx context.Context, tx pgx.Tx) error {
	var parts []string
	var args []any
	changed := false
	for _, w := range s.words {
		words := []string{w}
		if len(w) >= 4 && !strings.ContainsAny(w, "0123456789@") {
			rows, _ := tx.Query(ctx, `select w from record.spelled_like($1) w`, w)
			known, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return crm.DBError(err, "search")
			}
			near := nearest(w, known)
			changed = changed || len(near) > 0
			words = append(words, near...)
		}
		var any []string
		for _, word := range words {
			args = append(args, "% "+crm.EscapeLike(word)+"%")
			any = append(any, "s.text like $"+strconv.Itoa(len(args)))
		}
		parts = append(parts, "("+strings.Join(any, " or ")+")")
	}
	if !changed {
		return nil
	}
	sql, args := s.statement(strconv.Itoa(byLikeness), strings.Join(parts, " and "), "", candidates, args...)
	return s.ask(ctx, tx, sql, args)
}

// mostSpellings is how many other words one word is taken for.
const mostSpellings = 8

// nearest returns those of the words that one or, from six letters on, two slips make of a word, the nearest first. The
// last letters may not be typed yet.
func nearest(word string, known []string) []string {
	slips := 1
	if len(word) >= 6 {
		slips = 2
	}
	type spelled struct {
		word string
		far  int
	}
	var near []spelled
	for _, k := range known {
		far := distance(word, k)
		if begun := []rune(k); len(begun) > len([]rune(word)) {
			far = min(far, distance(word, string(begun[:len([]rune(word))])))
		}
		if k != word && far <= slips {
			near = append(near, spelled{k, far})
		}
	}
	slices.SortFunc(near, func(a, b spelled) int {
		return cmp.Or(a.far-b.far, len(a.word)-len(b.word), strings.Compare(a.word, b.word))
	})
	var out []string
	for _, n := range near[:min(len(near), mostSpellings)] {
		out = append(out, n.word)
	}
	return out
}

// distance counts the letters to add, leave out, replace or swap with their neighbour to make one word of another (the
// optimal string alignment distance).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// ranked is how well a candidate fits what was asked for, better than the rank it was found with.
func (s *searching) ranked(c *candidate) int {
	if c.Rank == byNumber || c.Rank >= byLikeness {
		return c.Rank
	}
	called := " " + strings.Join(s.words, " ")
	switch {
	case c.Text == called || strings.HasPrefix(c.Text, called+" "):
		return byName
	case strings.HasPrefix(c.Text, called):
		return byStart
	}
	for _, w := range s.words {
		if !strings.Contains(c.Text, " "+w) {
			return max(byWords, c.Rank)
		}
	}
	return byWords
}

// hits orders the candidates and reads the best of them under the policies of their own tables.
func (s *searching) hits(ctx context.Context, tx pgx.Tx) ([]Hit, error) {
	list := make([]*candidate, 0, len(s.found))
	for _, c := range s.found {
		c.Rank = s.ranked(c)
		list = append(list, c)
	}
	kind := func(c *candidate) int { return slices.Index(s.kinds, c.Kind) }
	slices.SortFunc(list, func(a, b *candidate) int {
		mine := 0
		if a.Mine != b.Mine {
			mine = 1
			if a.Mine {
				mine = -1
			}
		}
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), mine, cmp.Compare(kind(a), kind(b)), cmp.Compare(a.Text, b.Text), strings.Compare(a.ID.String(), b.ID.String()))
	})
	list = list[:min(len(list), s.limit)]
	records := map[uuid.UUID]Values{}
	kinds := map[string]*Kind{}
	for _, name := range s.kinds {
		var ids []uuid.UUID
		for _, c := range list {
			if c.Kind == name {
				ids = append(ids, c.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		k := s.records.byName[name]
		found, err := s.records.byIDs(ctx, tx, k, ids, false)
		if err != nil {
			return nil, err
		}
		kinds[name] = k
		for _, v := range found {
			records[uuid.MustParse(v.ID())] = v
		}
	}
	var out []Hit
	for _, c := range list {
		if v := records[c.ID]; v != nil {
			out = append(out, s.hit(kinds[c.Kind], c, v))
		}
	}
	return out, s.points(ctx, tx, out, records)
}

func (s *searching) hit(k *Kind, c *candidate, v Values) Hit {
	h := Hit{Kind: k.Name, ID: c.ID, Title: v.Text(k.Title), Number: v.Text("number"), Near: c.Rank >= byLikeness, Mine: c.Mine}
	if h.Title == "" {
		h.Title = h.Number
	}
	if k.Account != "" && k.Account != "id" {
		if id, err := uuid.Parse(v.Text(k.Account)); err == nil {
			h.Account, h.Of = &id, v.Text(labelled(k.Account))
		}
	}
	if c.Rank != byNumber && !h.Near {
		h.Field, h.Value = s.why(k, v)
	}
	return h
}

// why is the field a record was found by, if that is not what it is called.
func (s *searching) why(k *Kind, v Values) (field, value string) {
	title := " " + crm.SearchText(v.Text(k.Title))
	left := slices.DeleteFunc(slices.Clone(s.words), func(w string) bool { return strings.Contains(title, w) })
	if len(left) == 0 {
		return "", ""
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		if !f.textual() || f.Name == k.Title || f.Type == Enum || v.Empty(f.Name) {
			continue
		}
		text := crm.SearchText(v.Text(f.Name))
		if s.phone != "" && f.Type == Phone {
			text = phoneDigits(v.Text(f.Name))
			if strings.HasSuffix(text, s.phone) || strings.Contains(text, s.phone) {
				return f.Name, v.Text(f.Name)
			}
			continue
		}
		if f.Type != Long && slices.ContainsFunc(left, func(w string) bool { return strings.Contains(text, w) }) {
			return f.Name, v.Text(f.Name)
		}
	}
	return "", ""
}

// points puts what was found on the map: by its own point, its site, or the first site of its account.
func (s *searching) points(ctx context.Context, tx pgx.Tx, hits []Hit, records map[uuid.UUID]Values) error {
	of := map[uuid.UUID][]*Hit{}
	var sites, accounts []uuid.UUID
	for i := range hits {
		h := &hits[i]
		v := records[h.ID]
		if at, ok := v["point"].([]any); ok && len(at) == 2 {
			h.Point = &orb.Point{at[0].(float64), at[1].(float64)}
			continue
		}
		if id, err := uuid.Parse(v.Text("site_id")); err == nil {
			sites, of[id] = append(sites, id), append(of[id], h)
			continue
		}
		id := h.ID
		if h.Kind != "account" {
			if h.Account == nil {
				continue
			}
			id = *h.Account
		}
		accounts, of[id] = append(accounts, id), append(of[id], h)
	}
	if len(of) == 0 || !s.actor.May(crm.AccountRead) {
		return nil
	}
	rows, _ := tx.Query(ctx, `select s.id, s.point from customer.site s where s.id = any ($1)
		union all select a.id, s.point from unnest($2::uuid[]) as a(id)
		cross join lateral (select point from customer.site where account_id = a.id order by no limit 1) s`, sites, accounts)
	var id uuid.UUID
	var at orb.Point
	_, err := pgx.ForEachRow(rows, []any{&id, &at}, func() error {
		for _, h := range of[id] {
			h.Point = &orb.Point{at[0], at[1]}
		}
		return nil
	})
	return crm.DBError(err, "site")
}
