package bottest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A token is a word, a mark, or what stood in quotes.
type token struct {
	kind tokenKind
	text string
}

type tokenKind int

const (
	word tokenKind = iota
	mark
	quoted
)

const marks = ":;="

// What texts may have in them, to stand for something else.
const (
	paste  = "<paste>"  // what the error page of the last failure shows
	secret = "<secret>" // what somebody was shown last
)

// scan splits a line into tokens.
func scan(s string) (out []token, err error) {
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		t, rest, err := first(s)
		if err != nil {
			return nil, err
		}
		out, s = append(out, t), rest
	}
	return out, nil
}

func first(s string) (t token, rest string, err error) {
	switch {
	case s[0] == '"':
		raw, err := strconv.QuotedPrefix(s)
		if err != nil {
			return t, "", errors.New("a quote that does not end")
		}
		text, err := strconv.Unquote(raw)
		if err != nil || !utf8.ValidString(text) {
			return t, "", fmt.Errorf("%s is not text", raw)
		}
		return token{quoted, text}, s[len(raw):], nil
	case strings.Contains(marks, s[:1]):
		return token{mark, s[:1]}, s[1:], nil
	}
	end := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(marks+`"`, r) })
	if end < 0 {
		end = len(s)
	}
	return token{word, s[:end]}, s[end:], nil
}

// A parser reads one statement.
type parser struct{ tokens []token }

func (p *parser) statement(l *line) (err error) {
	switch verb := p.word(); verb {
	case "make":
		l.deed, err = p.make()
	case "wait":
		l.deed, err = p.wait()
	case "happens":
		l.deed, err = p.happens()
	case "bot":
		l.sight, err = p.botTo()
	case "admins":
		l.sight, err = p.adminsSee()
	case "only":
		l.sight, err = p.onlyTold()
	case "":
		err = errors.New("a statement begins with a word")
	default:
		if p.skip("sees") {
			l.sight, err = p.inChannel(verb)
		} else {
			l.deed, err = p.does(verb)
		}
	}
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%q is more than was expected", p.tokens[0].text)
	}
	return err
}

func (p *parser) make() (deed, error) {
	name := p.word()
	if name == "" {
		return nil, errors.New("the name of a failure is expected")
	}
	return made{name}, nil
}

func (p *parser) wait() (deed, error) {
	d, err := p.duration()
	return waited{d}, err
}

func (p *parser) duration() (time.Duration, error) {
	d, err := time.ParseDuration(p.word())
	if err != nil || d <= 0 {
		return 0, errors.New("a duration such as 90s is expected")
	}
	return d, nil
}

// happens reads what happens at the tenant, to somebody or to all of it.
func (p *parser) happens() (deed, error) {
	what := p.word()
	if what == "" {
		return nil, errors.New("what happens?")
	}
	if !p.skip("to") {
		return befell{what: what}, nil
	}
	who := p.word()
	if who == "" {
		return nil, errors.New("happens to whom?")
	}
	return befell{what, who}, nil
}

// does reads what somebody does.
func (p *parser) does(who string) (deed, error) {
	verb := p.word()
	switch verb {
	case "says", "runs", "replies":
		return p.says(who, verb)
	case "presses", "fills":
		return p.presses(who, verb)
	case "cannot":
		if p.skip("register") {
			return p.registers(who, true)
		}
		return p.signs(who, verb)
	case "signs":
		return p.signs(who, verb)
	case "reads":
		return p.reads(who)
	case "registers":
		return p.registers(who, false)
	}
	return nil, fmt.Errorf("after %s, one of says, runs, replies, presses, fills, reads, sees, registers, signs in, and cannot sign in is expected", who)
}

// registers reads with which pass somebody registers, or cannot.
func (p *parser) registers(who string, not bool) (deed, error) {
	if !p.skip("with") {
		return nil, errors.New("registers with is expected")
	}
	d := registered{who: who, not: not}
	var err error
	if d.pass, err = p.text("with"); err != nil || !not {
		return d, err
	}
	if !p.skip("says") {
		return nil, errors.New("what does the page say?")
	}
	d.says, err = p.text("says")
	return d, err
}

// reads reads which secret somebody is shown.
func (p *parser) reads(who string) (deed, error) {
	name, err := p.text("reads")
	if err != nil {
		return nil, err
	}
	admins, on, err := p.where()
	if err == nil && on == "" {
		err = errors.New("on which card?")
	}
	return shown{who, name, on, admins}, err
}

// signs reads how somebody signs in at a button, or does not get that far.
func (p *parser) signs(who, verb string) (deed, error) {
	d := signed{who: who, not: verb == "cannot"}
	if d.not && !p.skip("sign") || !p.skip("in") || !p.skip("at") {
		return nil, errors.New("signs in at, or cannot sign in at, is expected")
	}
	var err error
	if d.label, err = p.text("at"); err != nil {
		return nil, err
	}
	d.again = p.skip("again")
	if p.skip("of") {
		if d.of = p.word(); d.of == "" {
			return nil, errors.New("of whom is what they sign in at?")
		}
	}
	if !p.skip("with") {
		return nil, errors.New("with what do they sign in?")
	}
	if d.method = p.word(); d.method == "" {
		return nil, errors.New("with what do they sign in?")
	}
	if d.admins, d.on, err = p.where(); err == nil && p.skip("after") {
		d.after, err = p.duration()
	}
	if err == nil && d.not {
		if !p.skip("says") {
			return nil, errors.New("what does the page say?")
		}
		d.says, err = p.text("says")
	}
	return d, err
}

func (p *parser) says(who, verb string) (deed, error) {
	text, err := p.text(verb)
	if err != nil {
		return nil, err
	}
	if verb == "runs" && !strings.HasPrefix(text, "/") {
		return nil, errors.New("a command begins with a slash")
	}
	admins, on, err := p.where()
	if on != "" && verb != "replies" {
		return nil, errors.New("on is for replies and buttons")
	}
	return said{who: who, text: text, on: on, admins: admins, reply: verb == "replies", command: verb == "runs"}, err
}

func (p *parser) presses(who, verb string) (deed, error) {
	label, err := p.text(verb)
	if err != nil {
		return nil, err
	}
	var fields []filledField
	for verb == "fills" && p.follows(1, mark, "=") {
		name := p.next().text
		p.next()
		text, err := p.text(name + "=")
		if err != nil {
			return nil, err
		}
		fields = append(fields, filledField{name, text})
	}
	d := pushed{who: who, label: label, again: verb == "presses" && p.skip("again"), fields: fields, form: verb == "fills"}
	if p.skip("of") {
		if d.of = p.word(); d.of == "" {
			return nil, errors.New("of whom is what they press?")
		}
	}
	d.admins, d.on, err = p.where()
	return d, err
}

// where reads "in admins" and "on TITLE", of which either may be missing.
func (p *parser) where() (admins bool, on string, err error) {
	if p.skip("in") {
		if p.word() != "admins" {
			return false, "", errors.New("in admins is expected, for there is no other place")
		}
		admins = true
	}
	if p.skip("on") {
		on, err = p.text("on")
	}
	return admins, on, err
}

func (p *parser) botTo() (*sight, error) {
	if !p.skip("to") {
		return nil, errors.New("bot to somebody is expected")
	}
	who := p.word()
	if who == "" {
		return nil, errors.New("bot to whom?")
	}
	return p.sees(&sight{who: who, in: Direct})
}

func (p *parser) adminsSee() (*sight, error) {
	if !p.skip("see") {
		return nil, errors.New("admins see is expected")
	}
	return p.inChannel("")
}

// inChannel reads what is to be seen in the admins' channel, by one of them or,
// for "", by whoever looks.
func (p *parser) inChannel(who string) (*sight, error) {
	thread := p.skip("in")
	if thread && !p.skip("thread") {
		return nil, errors.New("in thread is expected")
	}
	return p.sees(&sight{who: who, in: Admins, thread: thread})
}

// onlyTold reads what one admin sees and the others do not.
func (p *parser) onlyTold() (*sight, error) {
	who := p.word()
	if who == "" || !p.skip("is") || !p.skip("told") {
		return nil, errors.New("only, who it is, and is told, are expected")
	}
	s, err := p.sees(&sight{who: who, in: Admins, only: true})
	if err == nil && (s.earlier || s.nothing || !s.finds()) {
		err = errors.New("what is only one is told?")
	}
	return s, err
}

func (p *parser) sees(s *sight) (*sight, error) {
	s.earlier = p.skip("earlier")
	if !p.follows(0, mark, ":") {
		return nil, errors.New("a colon is expected, and then what is seen")
	}
	p.next()
	for len(p.tokens) > 0 {
		if p.follows(0, mark, ";") {
			p.next()
			continue
		}
		if err := p.clause(s); err != nil {
			return nil, err
		}
		if len(p.tokens) > 0 && !p.follows(0, mark, ";") {
			return nil, fmt.Errorf("a semicolon is expected before %q", p.tokens[0].text)
		}
	}
	if s.nothing == (len(s.clauses) > 0) {
		return nil, errors.New("either nothing or something to be seen is expected")
	}
	return s, nil
}

var statuses = map[string]bool{"info": true, "waiting": true, "good": true, "problem": true}

func (p *parser) clause(s *sight) (err error) {
	c := clause{not: p.skip("not")}
	switch c.verb = p.word(); {
	case c.verb == "nothing" && !c.not:
		s.nothing = true
		return nil
	case c.verb == "status":
		if c.text = p.word(); !statuses[c.text] {
			return errors.New("a status is info, waiting, good, or problem")
		}
	case c.verb == "title" || c.verb == "says" || c.verb == "offers" || c.verb == "attaches":
		c.text, err = p.text(c.verb)
	default:
		return fmt.Errorf("%q is not one of title, says, status, offers, attaches, and nothing", c.verb)
	}
	s.clauses = append(s.clauses, c)
	return err
}

// text reads what stands in quotes, or a bare <paste>.
func (p *parser) text(after string) (string, error) {
	if p.follows(0, quoted, "") {
		return p.next().text, nil
	}
	for _, bare := range []string{paste, secret} {
		if p.skip(bare) {
			return bare, nil
		}
	}
	return "", fmt.Errorf("after %s, something in quotes is expected", after)
}

// word reads a word, or returns "" if none follows.
func (p *parser) word() string {
	if p.follows(0, word, "") {
		return p.next().text
	}
	return ""
}

// skip reads this very word, if it follows.
func (p *parser) skip(text string) bool {
	found := p.follows(0, word, text)
	if found {
		p.next()
	}
	return found
}

// follows reports whether the token n after the next is of a kind and, unless
// text is "", says that.
func (p *parser) follows(n int, kind tokenKind, text string) bool {
	if n >= len(p.tokens) {
		return false
	}
	t := p.tokens[n]
	return t.kind == kind && (text == "" || t.text == text)
}

func (p *parser) next() token {
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}
