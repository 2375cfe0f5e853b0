package bottest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Play runs all dialogues, each as a test of its own with a driver of its own.
func Play(t *testing.T, open func(t *testing.T) Driver) {
	all, err := Dialogues()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		t.Run(d.Name, func(t *testing.T) {
			if err := d.Run(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Run has the conversation and returns what was not as it says, with the line
// that says it and what there was instead. After that it goes no further.
func (d Dialogue) Run(ctx context.Context, driver Driver) error {
	s := stage{driver: driver}
	for _, l := range d.lines {
		var err error
		if l.sight != nil {
			err = s.look(ctx, *l.sight)
		} else {
			err = s.do(ctx, l.deed)
		}
		if err != nil {
			return fmt.Errorf("%s.txt:%d: %s\n%w", d.Name, l.number, l.source, err)
		}
	}
	return nil
}

// A stage is where a dialogue is played.
type stage struct {
	driver Driver
	paste  string
	secret string
	admin  Someone                  // who looks at the admins' channel: the last admin who did something
	last   map[string]pressedBefore // by label

	followed map[string]string // addresses, by who was there last and the label that led there
}

// pressedBefore is a button and the card on which it was.
type pressedBefore struct {
	card   Seen
	button Button
}

func (s *stage) do(ctx context.Context, d deed) (err error) {
	switch d := d.(type) {
	case made:
		s.paste, err = s.driver.Make(ctx, d.sample)
		return err
	case waited:
		return s.driver.Advance(ctx, d.d)
	case said:
		return s.say(ctx, d)
	case pushed:
		return s.press(ctx, d)
	case signed:
		return s.signIn(ctx, d)
	case shown:
		return s.show(ctx, d)
	case registered:
		return s.register(ctx, d)
	case befell:
		return s.happen(ctx, d)
	}
	panic(fmt.Sprintf("bottest: unknown deed %T", d)) // unreachable: the parser makes no other
}

// person finds who is meant by an id or a first name.
func (s *stage) person(called string) (found Someone, err error) {
	for _, p := range s.driver.People() {
		name, _, _ := strings.Cut(p.Name, " ")
		switch {
		case strings.EqualFold(p.ID, called):
			return p, nil
		case strings.EqualFold(name, called) && found != (Someone{}):
			return found, fmt.Errorf("there are two called %s", called)
		case strings.EqualFold(name, called):
			found = p
		}
	}
	if found == (Someone{}) {
		return found, fmt.Errorf("there is nobody called %s", called)
	}
	return found, nil
}

// actor is [stage.person] for somebody who does something.
func (s *stage) actor(called string) (Someone, error) {
	p, err := s.person(called)
	if p.Admin {
		s.admin = p
	}
	return p, err
}

func room(admins bool) Room {
	if admins {
		return Admins
	}
	return Direct
}

func (s *stage) say(ctx context.Context, d said) error {
	p, err := s.actor(d.who)
	if err != nil {
		return err
	}
	text := s.filled(d.text)
	switch {
	case d.command:
		command, rest, _ := strings.Cut(text, " ")
		return s.driver.Command(ctx, p, room(d.admins), command, rest)
	case d.reply:
		card, err := s.card(ctx, p, Admins, func(m Seen) bool { return m.Thread == "" && m.From == "" && strings.Contains(m.Title, d.on) })
		if err != nil {
			return err
		}
		return s.driver.Say(ctx, p, Admins, card.Ref, text)
	}
	return s.driver.Say(ctx, p, room(d.admins), "", text)
}

func (s *stage) press(ctx context.Context, d pushed) error {
	p, err := s.actor(d.who)
	if err != nil {
		return err
	}
	in := room(d.admins)
	if d.again {
		old, ok := s.last[d.label]
		if !ok {
			return fmt.Errorf("nobody has pressed %q yet", d.label)
		}
		return s.driver.Press(ctx, p, in, old.card, old.button, nil)
	}
	reader := p
	if d.of != "" {
		if reader, err = s.person(d.of); err != nil {
			return err
		}
	}
	card, err := s.card(ctx, reader, in, func(m Seen) bool {
		_, has := m.button(d.label)
		return has && strings.Contains(m.Title, d.on)
	})
	if err != nil {
		return err
	}
	b, _ := card.button(d.label)
	fields, err := b.fill(d, s.filled)
	if err != nil {
		return err
	}
	if s.last == nil {
		s.last = map[string]pressedBefore{}
	}
	s.last[d.label] = pressedBefore{card, b}
	return s.driver.Press(ctx, p, in, card, b, fields)
}

func (s *stage) signIn(ctx context.Context, d signed) error {
	p, err := s.actor(d.who)
	if err != nil {
		return err
	}
	page, ok := s.driver.(SignsIn)
	if !ok {
		return errors.New("there is no page here on which people sign in")
	}
	address, err := s.address(ctx, p, d)
	if err != nil {
		return err
	}
	return turnedAway(page.SignIn(ctx, p, address, d.method, d.after), d.not, d.says)
}

// address is where the button leads at which p signs in.
func (s *stage) address(ctx context.Context, p Someone, d signed) (string, error) {
	followed := p.ID + " " + d.label
	if d.again {
		before, ok := s.followed[followed]
		if !ok {
			return "", fmt.Errorf("%s has not been at %q yet", p.Name, d.label)
		}
		return before, nil
	}
	reader := p
	if d.of != "" {
		var err error
		if reader, err = s.person(d.of); err != nil {
			return "", err
		}
	}
	card, err := s.card(ctx, reader, room(d.admins), func(m Seen) bool {
		b, has := m.button(d.label)
		return has && b.Address != "" && strings.Contains(m.Title, d.on)
	})
	if err != nil {
		return "", err
	}
	b, _ := card.button(d.label)
	if s.followed == nil {
		s.followed = map[string]string{}
	}
	s.followed[followed] = b.Address
	return b.Address, nil
}

// turnedAway is err, or, where somebody must be refused, that they were not, or
// that the page says something else.
func turnedAway(err error, must bool, says string) error {
	switch {
	case !must:
		return err
	case err == nil:
		return errors.New("the page took it")
	case !strings.Contains(err.Error(), says):
		return fmt.Errorf("the page says: %w", err)
	}
	return nil
}

// filled is a text with what was pasted, and what was read last.
func (s *stage) filled(text string) string {
	text = strings.ReplaceAll(text, paste, s.paste)
	if s.secret != "" {
		text = strings.ReplaceAll(text, secret, s.secret)
	}
	return text
}

// show has somebody read a secret, which nobody must be able to read again.
func (s *stage) show(ctx context.Context, d shown) error {
	p, err := s.actor(d.who)
	if err != nil {
		return err
	}
	card, err := s.card(ctx, p, room(d.admins), func(m Seen) bool { return strings.Contains(m.Title, d.on) })
	if err != nil {
		return err
	}
	if by, ok := s.driver.(Shows); ok {
		s.secret, err = by.Show(ctx, p, card, d.name)
		return err
	}
	s.secret, err = card.Fact(d.name)
	return err
}

// Fact is the value that a message has under a name, in whichever way its
// platform sets the two apart; a dash is none.
func (m Seen) Fact(name string) (string, error) {
	for i, l := range m.Lines {
		rest, ok := strings.CutPrefix(l, name)
		switch rest = strings.Trim(rest, ": \u00a0"); {
		case !ok:
		case rest != "":
			return rest, nil
		case i+1 < len(m.Lines):
			return m.Lines[i+1], nil
		}
	}
	return "", fmt.Errorf("there is no %s in\n%s", name, describe([]Seen{m}))
}

func (s *stage) register(ctx context.Context, d registered) error {
	p, err := s.actor(d.who)
	if err != nil {
		return err
	}
	tenant, ok := s.driver.(SignsIn)
	if !ok {
		return errors.New("there is no tenant here to register with")
	}
	return turnedAway(tenant.Register(ctx, p, s.filled(d.pass)), d.not, d.says)
}

// happen has something happen at the tenant.
func (s *stage) happen(ctx context.Context, d befell) error {
	tenant, ok := s.driver.(Happens)
	if !ok {
		return errors.New("there is no tenant here to which anything happens")
	}
	if d.who == "" {
		return tenant.Happen(ctx, d.what, Someone{})
	}
	p, err := s.person(d.who)
	if err != nil {
		return err
	}
	return tenant.Happen(ctx, d.what, p)
}

// card returns the newest message that fits.
func (s *stage) card(ctx context.Context, who Someone, in Room, fits func(Seen) bool) (Seen, error) {
	all, err := s.driver.Read(ctx, who, in)
	if err != nil {
		return Seen{}, err
	}
	for _, m := range slices.Backward(all) {
		if fits(m) {
			return m, nil
		}
	}
	return Seen{}, fmt.Errorf("there is no such card for %s; there is\n%s", who.Name, describe(all))
}

func (m Seen) button(label string) (Button, bool) {
	i := slices.IndexFunc(m.Buttons, func(b Button) bool { return b.Label == label })
	if i < 0 {
		return Button{}, false
	}
	return m.Buttons[i], true
}

// fill finds the field, and where there is a list the option, that is meant by
// a name or a label.
func (b Button) fill(d pushed, filled func(string) string) (map[string]string, error) {
	if d.form != (len(b.Fields) > 0) {
		return nil, errors.New("who fills needs a form, and who presses needs none")
	}
	var fields map[string]string
	for _, f := range d.fields {
		i := slices.IndexFunc(b.Fields, func(in Input) bool { return in.Name == f.name || in.Label == f.name })
		if i < 0 {
			return nil, fmt.Errorf("the form does not ask for %q but for %+v", f.name, b.Fields)
		}
		value, err := b.Fields[i].value(filled(f.text))
		if err != nil {
			return nil, err
		}
		if fields == nil {
			fields = map[string]string{}
		}
		fields[b.Fields[i].Name] = value
	}
	return fields, nil
}

func (in Input) value(text string) (string, error) {
	for _, o := range in.Options {
		if o.Label == text || o.Value == text {
			return o.Value, nil
		}
	}
	if len(in.Options) > 0 {
		return "", fmt.Errorf("%s is not answered by %q but by %+v", in.Label, text, in.Options)
	}
	return text, nil
}

// lookOnly checks what one of the admins is told among the others, wherever in
// the channel their platform puts it, and that nobody else there is.
func (s *stage) lookOnly(ctx context.Context, want sight) error {
	who, err := s.person(want.who)
	if err != nil {
		return err
	}
	want = want.said(s.filled)
	for _, p := range append([]Someone{who}, s.driver.People()...) {
		if p.ID == who.ID || p.Admin {
			all, err := s.driver.Read(ctx, p, Admins)
			if err != nil {
				return err
			}
			told := slices.ContainsFunc(all, func(m Seen) bool { return m.From == "" && want.fits(m) })
			if told != (p.ID == who.ID) {
				return fmt.Errorf("%s sees\n%s", p.Name, describe(all))
			}
		}
	}
	return nil
}

// look checks what is to be seen.
func (s *stage) look(ctx context.Context, want sight) error {
	if want.only {
		return s.lookOnly(ctx, want)
	}
	who, in, err := s.viewer(want)
	if err != nil {
		return err
	}
	all, err := s.driver.Read(ctx, who, in)
	if err != nil {
		return err
	}
	sent := slices.DeleteFunc(slices.Clone(all), func(m Seen) bool {
		return m.From != "" || in == Admins && want.thread != (m.Thread != "")
	})
	if want.nothing {
		if len(sent) > 0 {
			return fmt.Errorf("there is\n%s", describe(sent))
		}
		return nil
	}
	return want.said(s.filled).check(sent)
}

// said is want with what was pasted, and read.
func (want sight) said(filled func(string) string) sight {
	want.clauses = slices.Clone(want.clauses)
	for i, c := range want.clauses {
		want.clauses[i].text = filled(c.text)
	}
	return want
}

// viewer is who looks, and where.
func (s *stage) viewer(want sight) (Someone, Room, error) {
	if want.who != "" {
		p, err := s.person(want.who)
		return p, want.in, err
	}
	if s.admin.Admin {
		return s.admin, Admins, nil
	}
	people := s.driver.People()
	i := slices.IndexFunc(people, func(p Someone) bool { return p.Admin })
	if i < 0 {
		return Someone{}, Admins, errors.New("there are no admins")
	}
	return people[i], Admins, nil
}

// check reports why want is not to be seen in what was sent.
func (want sight) check(sent []Seen) error {
	onlyNot := !want.finds()
	looked := sent
	if !want.earlier && !onlyNot && len(sent) > 0 {
		looked = sent[len(sent)-1:]
	}
	misfits := func(m Seen) bool { return !want.fits(m) }
	switch {
	case onlyNot && !slices.ContainsFunc(looked, misfits):
		return nil
	case !onlyNot && slices.ContainsFunc(looked, want.fits):
		return nil
	}
	return fmt.Errorf("there is\n%s", describe(sent))
}

// fits reports whether a message has all that want looks for.
func (want sight) fits(m Seen) bool {
	return !slices.ContainsFunc(want.clauses, func(c clause) bool { return c.in(m) == c.not })
}

// in reports whether m has what c looks for.
func (c clause) in(m Seen) bool {
	has := func(part string) bool { return strings.Contains(part, c.text) }
	switch c.verb {
	case "title":
		return has(m.Title)
	case "says":
		return slices.ContainsFunc(m.Lines, has)
	case "status":
		return m.Status == c.text
	case "offers":
		_, ok := m.button(c.text)
		return ok
	case "attaches":
		return slices.ContainsFunc(m.Attached, has)
	}
	panic("bottest: unknown clause " + c.verb) // unreachable: the parser makes no other
}

// describe writes messages so that a failed line explains itself.
func describe(all []Seen) string {
	if len(all) == 0 {
		return "  (nothing)"
	}
	var b strings.Builder
	for _, m := range all {
		indent := "  "
		if m.Thread != "" {
			indent = "      "
		}
		fmt.Fprintf(&b, "%s%s %s: [%s] %s\n", indent, m.Ref, cmp.Or(m.From, "bot"), m.Status, m.Title)
		for _, l := range m.Lines {
			fmt.Fprintf(&b, "%s  | %s\n", indent, l)
		}
		for _, x := range m.Buttons {
			fmt.Fprintf(&b, "%s  offers %q\n", indent, x.Label)
		}
		if len(m.Attached) > 0 {
			fmt.Fprintf(&b, "%s  attaches %q\n", indent, m.Attached)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
