package bottest

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
)

//go:embed dialogues
var dialogues embed.FS

// The limits that a program must have for the dialogues: low, so that one of
// them can reach them.
const (
	MessagesPerHour   = 12
	LookupsPerHour    = 6
	EscalationsPerDay = 3
)

// A Dialogue is a conversation and what must come of it.
type Dialogue struct {
	Name  string // of its file, without the ending
	Title string
	lines []line
}

// A line is a statement with the lines that go on with it.
type line struct {
	number int
	source string
	deed   deed   // nil if it says what is to be seen
	sight  *sight // nil if it says what happens
}

// A deed is one of made, waited, said, pushed, signed, shown, registered, and befell.
type deed interface{ deed() }

type (
	made   struct{ sample string }
	waited struct{ d time.Duration }
	said   struct {
		who, text, on string
		admins        bool
		reply         bool // in a thread: of what on says, or the newest
		command       bool
	}
	pushed struct {
		who, label, on string
		of             string // whose card has the button; "" for that of who presses
		admins         bool
		again          bool // what was pressed last under that label, shown or not
		fields         []filledField
		form           bool
	}
	filledField struct{ name, text string }

	// signed is somebody who follows a button to our own page, signs in, and
	// says yes there after a time, or, with not, is refused with a text that has
	// says in it. The button may be one that only somebody else was shown.
	signed struct {
		who, label, of, method, on, says string
		admins, not                      bool
		again                            bool // at the address that they followed last under that label
		after                            time.Duration
	}

	// shown is somebody who reads a secret, and registered one who uses it.
	shown struct {
		who, name, on string
		admins        bool
	}
	registered struct {
		who, pass, says string
		not             bool
	}

	// befell is what happens at the tenant, to somebody or, if who is "", to
	// all of it.
	befell struct{ what, who string }
)

func (made) deed()       {}
func (waited) deed()     {}
func (said) deed()       {}
func (pushed) deed()     {}
func (signed) deed()     {}
func (shown) deed()      {}
func (registered) deed() {}
func (befell) deed()     {}

// A sight is what is to be seen by somebody.
type sight struct {
	who             string // "" for an admin, whoever of them did something last
	in              Room
	thread, earlier bool
	only            bool // of the admins, who alone
	nothing         bool
	clauses         []clause
}

// finds reports whether something must be there: not only nots.
func (want *sight) finds() bool {
	return slices.ContainsFunc(want.clauses, func(c clause) bool { return !c.not })
}

type clause struct {
	not        bool
	verb, text string
}

// Dialogues returns all that there are, in the order of their names.
func Dialogues() ([]Dialogue, error) {
	names, err := fs.Glob(dialogues, "dialogues/*.txt")
	if err != nil {
		return nil, err
	}
	var all []Dialogue
	for _, n := range names {
		b, err := fs.ReadFile(dialogues, n)
		if err != nil {
			return nil, err
		}
		d, err := Parse(n, string(b))
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// Parse reads a dialogue; see the comment on the package. Its errors begin with
// the file and the line.
func Parse(file, text string) (Dialogue, error) {
	r := reader{d: Dialogue{Name: strings.TrimSuffix(path.Base(file), path.Ext(file))}}
	for i, source := range strings.Split(text, "\n") {
		if err := r.read(i+1, strings.TrimRightFunc(source, unicode.IsSpace)); err != nil {
			return r.d, fmt.Errorf("%s:%w", file, err)
		}
	}
	if err := r.finish(); err != nil {
		return r.d, fmt.Errorf("%s:%w", file, err)
	}
	return r.d, nil
}

// A reader puts lines together to statements.
type reader struct {
	d      Dialogue
	begun  line // the statement being read; its number is 0 if there is none
	tokens []token
}

// read reads one line, and finishes the statement above if the line begins one.
func (r *reader) read(number int, source string) error {
	bare := strings.TrimLeftFunc(source, unicode.IsSpace)
	if title, ok := strings.CutPrefix(bare, "#"); ok && r.d.Title == "" {
		r.d.Title = strings.TrimSpace(title)
	}
	switch {
	case bare == "" || bare[0] == '#':
		return nil
	case bare == source:
		if err := r.finish(); err != nil {
			return err
		}
		r.begun = line{number: number, source: source}
	case r.begun.number == 0:
		return fmt.Errorf("%d: goes on with nothing", number)
	default:
		r.begun.source += " " + bare
		r.tokens = append(r.tokens, token{kind: mark, text: ";"})
	}
	more, err := scan(bare)
	if err != nil {
		return fmt.Errorf("%d: %w", number, err)
	}
	r.tokens = append(r.tokens, more...)
	return nil
}

// finish parses the statement that was being read, if there is one.
func (r *reader) finish() error {
	if r.begun.number == 0 {
		return nil
	}
	p := parser{tokens: r.tokens}
	if err := p.statement(&r.begun); err != nil {
		return fmt.Errorf("%d: %w", r.begun.number, err)
	}
	r.d.lines = append(r.d.lines, r.begun)
	r.begun, r.tokens = line{}, nil
	return nil
}
