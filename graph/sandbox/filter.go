package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A field is a property that $filter may name, with the operators that its page
// documents for it. The real service takes no others, and says no more than
// "Invalid filter clause".
// See https://learn.microsoft.com/graph/filter-query-parameter.
type field[T any] struct {
	name      string // such as "status/errorCode"
	operators string // such as "eq startsWith"
	kind      kind
	beta      bool   // in beta only
	fold      bool   // regardless of case
	lower     bool   // kept in lower case, and compared as it is
	member    string // of the things in a collection, which property is compared; "" if they are texts
	value     func(T) any
}

// A kind is of what type a property is.
type kind int

const (
	text   kind = iota // string
	number             // int
	truth              // bool
	moment             // time.Time
	texts              // []string, asked for with any()
)

// A filter says whether an entity fits.
type filter[T any] struct {
	fits  func(T) bool
	names []string // of the fields it looks at
	hint  string   // why it will find nothing, if that can be seen
}

// filterOf reads the $filter of a call; without one everything fits.
func filterOf[T any](c *call, fields []field[T]) (filter[T], error) {
	clause := c.query.get("$filter")
	if clause == "" {
		return filter[T]{fits: func(T) bool { return true }}, nil
	}
	f, err := parseFilter(clause, fields, c.beta, c.now.Add(-oldest))
	c.entry.Why = f.hint
	return f, err
}

// oldest is how far back the time in a filter may be, though the log does not
// reach as far.
// See https://github.com/microsoftgraph/microsoft-graph-docs/issues/5676.
const oldest = 90 * 24 * time.Hour

// parseFilter reads a filter. It knows the operators that fields document, and
// "and", "or" and parentheses between them. No time may be before since.
func parseFilter[T any](clause string, fields []field[T], beta bool, since time.Time) (filter[T], error) {
	p := &filterParser[T]{lexer: lexer{rest: clause}, fields: fields, beta: beta, since: since}
	p.next()
	fits, err := p.either()
	if err == nil && p.token != "" {
		err = p.wrong("%q is not expected here", p.token)
	}
	if err != nil {
		return filter[T]{}, err
	}
	return filter[T]{fits, p.names, p.hint}, nil
}

// deepest is how many parentheses may be open at once.
const deepest = 50

type filterParser[T any] struct {
	lexer
	fields []field[T]
	beta   bool
	since  time.Time
	names  []string
	hint   string
	depth  int
}

// either reads terms joined by "or", which binds less than "and".
func (p *filterParser[T]) either() (func(T) bool, error) {
	left, err := p.both()
	for err == nil && p.token == "or" {
		p.next()
		var right func(T) bool
		if right, err = p.both(); err == nil {
			a, b := left, right
			left = func(v T) bool { return a(v) || b(v) }
		}
	}
	return left, err
}

// both reads terms joined by "and".
func (p *filterParser[T]) both() (func(T) bool, error) {
	left, err := p.term()
	for err == nil && p.token == "and" {
		p.next()
		var right func(T) bool
		if right, err = p.term(); err == nil {
			a, b := left, right
			left = func(v T) bool { return a(v) && b(v) }
		}
	}
	return left, err
}

func (p *filterParser[T]) term() (func(T) bool, error) {
	switch {
	case p.token == "(":
		return p.group()
	case strings.EqualFold(p.token, "startsWith"):
		return p.prefix()
	case p.token == "" || !isName(p.token):
		return nil, p.wrong("a property is expected, not %q", p.token)
	}
	name := p.token
	p.next()
	if collection, ok := strings.CutSuffix(name, "/any"); ok {
		return p.member(collection)
	}
	return p.comparison(name)
}

func (p *filterParser[T]) group() (func(T) bool, error) {
	if p.depth++; p.depth > deepest {
		return nil, p.wrong("more than %d parentheses are open", deepest)
	}
	p.next()
	fits, err := p.either()
	if err != nil {
		return nil, err
	}
	p.depth--
	return fits, p.expect(")")
}

// prefix reads startsWith(property,'text').
func (p *filterParser[T]) prefix() (func(T) bool, error) {
	p.next()
	if err := p.expect("("); err != nil {
		return nil, err
	}
	f, err := p.field(p.token, "startsWith", false)
	if err != nil {
		return nil, err
	}
	p.next()
	if err := p.expect(","); err != nil {
		return nil, err
	}
	start, ok := unquote(p.token)
	if !ok {
		return nil, p.wrong("startsWith needs a text in single quotes, not %q", p.token)
	}
	p.next()
	compare := func(v T) bool {
		s, _ := f.value(v).(string)
		return strings.HasPrefix(f.folded(s), f.folded(start))
	}
	return compare, p.expect(")")
}

// member reads what stands behind collection/any: (t: t eq 'text').
func (p *filterParser[T]) member(collection string) (func(T) bool, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	variable, colon := strings.CutSuffix(p.token, ":")
	p.next()
	if !colon {
		if err := p.expect(":"); err != nil {
			return nil, err
		}
	}
	compared := p.token
	if !isName(variable) || compared != variable && !strings.HasPrefix(compared, variable+"/") {
		return nil, p.wrong("any needs a comparison of its variable %q, not of %q", variable, compared)
	}
	p.next()
	operator := p.token
	f, err := p.field(collection, operator, true)
	if err != nil {
		return nil, err
	}
	if property := strings.TrimPrefix(strings.TrimPrefix(compared, variable), "/"); property != f.member {
		return nil, p.wrong("in any() %s is compared by %q, not by %q", f.name, f.member, property)
	}
	p.next()
	want, ok := unquote(p.token)
	if !ok {
		return nil, p.wrong("any needs a text in single quotes, not %q", p.token)
	}
	p.next()
	fits := func(v T) bool {
		values, _ := f.value(v).([]string)
		return slices.ContainsFunc(values, func(s string) bool { return (f.folded(s) == f.folded(want)) == (operator == "eq") })
	}
	return fits, p.expect(")")
}

// comparison reads what stands behind a property: an operator and a literal.
func (p *filterParser[T]) comparison(name string) (func(T) bool, error) {
	operator := p.token
	if operator == "startsWith" {
		return nil, p.wrong("it is startsWith(%s,'…')", name)
	}
	f, err := p.field(name, operator, false)
	if err != nil {
		return nil, err
	}
	p.next()
	literal := p.token
	p.next()
	switch f.kind {
	case text:
		return p.compareText(f, literal)
	case number:
		n, err := strconv.Atoi(literal)
		if err != nil {
			return nil, p.wrong("%s is a number, and %q is none", name, literal)
		}
		return func(v T) bool { return f.value(v) == n }, nil
	case truth:
		if literal != "true" && literal != "false" {
			return nil, p.wrong("%s is true or false, without quotes, and not %q", name, literal)
		}
		return func(v T) bool { return f.value(v) == (literal == "true") }, nil
	case moment:
		return p.compareTime(f, operator, literal)
	}
	panic("sandbox: a comparison of a collection") // unreachable: p.field refuses it
}

func (p *filterParser[T]) compareText(f field[T], literal string) (func(T) bool, error) {
	want, ok := unquote(literal)
	if !ok {
		return nil, p.wrong("%s is a text, and %q has no single quotes", f.name, literal)
	}
	if f.lower && want != strings.ToLower(want) {
		p.hint = fmt.Sprintf("%s is kept in lower case, so that %q is never found", f.name, want)
	}
	return func(v T) bool {
		s, _ := f.value(v).(string)
		return f.folded(s) == f.folded(want)
	}, nil
}

// compareTime reads a time or a day, which stands without quotes.
func (p *filterParser[T]) compareTime(f field[T], operator, literal string) (func(T) bool, error) {
	at, err := time.Parse(time.RFC3339, literal)
	if err != nil {
		at, err = time.Parse(time.DateOnly, literal)
	}
	if err != nil {
		return nil, p.wrong("%s is a time like 2026-11-20T08:14:41Z, without quotes, and not %q", f.name, literal)
	}
	if at.Before(p.since) {
		return nil, p.wrong("%s may not be before %s", f.name, p.since.Format(time.RFC3339))
	}
	return func(v T) bool {
		t, _ := f.value(v).(time.Time)
		return t.Equal(at) || operator == "ge" && t.After(at) || operator == "le" && t.Before(at)
	}, nil
}

// field returns the field of that name, if it may be asked for with operator
// there: in any() if it is a collection, and else outside.
func (p *filterParser[T]) field(name, operator string, inAny bool) (field[T], error) {
	i := slices.IndexFunc(p.fields, func(f field[T]) bool { return f.name == name })
	if i < 0 {
		return field[T]{}, p.wrong("no filter by %q is documented; there are %s", name, p.fieldNames())
	}
	f := p.fields[i]
	switch {
	case f.beta && !p.beta:
		return field[T]{}, p.wrong("only beta has %s", name)
	case (f.kind == texts) != inAny:
		return field[T]{}, p.wrong("any() is for collections, and only for them: %s", name)
	case !slices.Contains(strings.Fields(f.operators), operator):
		return field[T]{}, p.wrong("%s may be asked for with %s, not with %q", name, f.operators, operator)
	}
	p.names = append(p.names, name)
	return f, nil
}

func (p *filterParser[T]) fieldNames() string {
	var names []string
	for _, f := range p.fields {
		if !f.beta || p.beta {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, ", ")
}

func (f field[T]) folded(s string) string {
	if f.fold {
		return strings.ToLower(s)
	}
	return s
}

// A lexer cuts a filter into tokens: names, literals, and the marks between them.
type lexer struct {
	rest  string
	token string // "" at the end
}

// marks are tokens by themselves, wherever they stand.
const marks = "(),:"

func (l *lexer) next() {
	l.rest = strings.TrimLeft(l.rest, " ")
	n := 0
	switch {
	case l.rest == "":
	case l.rest[0] == '\'':
		n = quoted(l.rest)
	case strings.IndexByte(marks, l.rest[0]) >= 0:
		n = 1
	default:
		// A time has colons in it: a token that begins with a digit keeps them.
		end := " ()',:"
		if l.rest[0] >= '0' && l.rest[0] <= '9' {
			end = " ()',"
		}
		if n = strings.IndexAny(l.rest, end); n < 0 {
			n = len(l.rest)
		}
	}
	l.token, l.rest = l.rest[:n], l.rest[n:]
}

// quoted returns the length of the text in single quotes that s begins with, in
// which two quotes are one. Without an end it is all of s.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			i++
			continue
		}
		return i + 1
	}
	return len(s)
}

func unquote(token string) (string, bool) {
	if len(token) < 2 || token[0] != '\'' || quoted(token) != len(token) || token[len(token)-1] != '\'' {
		return "", false
	}
	inner := token[1 : len(token)-1]
	if strings.Count(inner, "'")%2 != 0 {
		return "", false // the quote at the end is half of a doubled one
	}
	return strings.ReplaceAll(inner, "''", "'"), true
}

func (l *lexer) expect(mark string) error {
	if l.token != mark {
		return l.wrong("%q is expected, not %q", mark, l.token)
	}
	l.next()
	return nil
}

// wrong is the one sentence of the real service, and in which way it is meant.
// See https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/6620.
func (l *lexer) wrong(format string, args ...any) error {
	why := fmt.Sprintf(format, args...)
	if l.rest != "" {
		why += fmt.Sprintf(" (before %q)", l.rest)
	}
	return badRequest("Invalid filter clause", "%s", why)
}

func isName(token string) bool {
	for _, r := range token {
		if r != '/' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return token != ""
}
