package bottest

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
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

// A deed is one of made, waited, said, and pressed.
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
		admins         bool
		fields         []filledField
		form           bool
	}
	filledField struct{ name, text string }
)

func (made) deed()   {}
func (waited) deed() {}
func (said) deed()   {}
func (pushed) deed() {}

// A sight is what is to be seen by somebody.
type sight struct {
	who             string // "" for the admins in their channel
	thread, earlier bool
	nothing         bool
	clauses         []clause
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
	d := Dialogue{Name: strings.TrimSuffix(path.Base(file), path.Ext(file))}
	var tokens []token
	var begun line
	finish := func() error {
		if begun.number == 0 {
			return nil
		}
		p := parser{tokens: tokens}
		if err := p.statement(&begun); err != nil {
			return fmt.Errorf("%s:%d: %w", file, begun.number, err)
		}
		d.lines = append(d.lines, begun)
		begun, tokens = line{}, nil
		return nil
	}
	for i, source := range strings.Split(text, "\n") {
		source = strings.TrimRightFunc(source, unicode.IsSpace)
		bare := strings.TrimLeftFunc(source, unicode.IsSpace)
		if title, ok := strings.CutPrefix(bare, "#"); ok && d.Title == "" {
			d.Title = strings.TrimSpace(title)
		}
		if bare == "" || bare[0] == '#' {
			continue
		}
		if bare == source {
			if err := finish(); err != nil {
				return d, err
			}
			begun = line{number: i + 1, source: source}
		} else if begun.number == 0 {
			return d, fmt.Errorf("%s:%d: goes on with nothing", file, i+1)
		} else {
			begun.source += " " + bare
			tokens = append(tokens, token{kind: mark, text: ";"})
		}
		more, err := scan(source)
		if err != nil {
			return d, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
		tokens = append(tokens, more...)
	}
	return d, finish()
}
