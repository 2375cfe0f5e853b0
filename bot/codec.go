package bot

import (
	"encoding/json"
	"fmt"
)

// The sets of this package are closed but Go's JSON does not know it: it can
// write an interface and not read it again. So each member is written with its
// name beside it. What is stored is read by the next release too: a name here
// stays, whatever becomes of the type.

// tagged is a member of a closed set as it is stored.
type tagged struct {
	Is string          `json:"is"`
	V  json.RawMessage `json:"v,omitempty"`
}

func tag(is string, v any) (tagged, error) {
	b, err := json.Marshal(v)
	return tagged{is, b}, err
}

// read decodes v as a T, for the tables below.
func read[T any, Set any](v json.RawMessage) (Set, error) {
	var t T
	err := json.Unmarshal(v, &t)
	return any(t).(Set), err // T is in Set, or the tests fail
}

type reader[Set any] func(json.RawMessage) (Set, error)

var acts = map[string]reader[Act]{
	"said": read[Said, Act], "pressed": read[Pressed, Act], "commanded": read[Commanded, Act],
	"marked": read[Marked, Act], "home": read[OpenedHome, Act], "signed-in": read[SignedIn, Act],
	"ended": read[Ended, Act],
}

var blocks = map[string]reader[Block]{
	"text": read[Text, Block], "facts": read[Facts, Block], "steps": read[Steps, Block],
	"list": read[List, Block], "quote": read[Quote, Block], "note": read[Note, Block],
}

var spanReaders = map[string]reader[Span]{
	"plain": read[Plain, Span], "strong": read[Strong, Span], "code": read[Code, Span], "link": read[Link, Span],
	"time": read[Time, Span], "mention": read[Mention, Span], "reveal": read[Reveal, Span],
}

var actions = map[string]reader[Action]{
	"choose": read[Choose, Action], "ask": read[Ask, Action], "open": read[Open, Action],
}

// untag reads a member of one of the sets above.
func untag[Set any](set map[string]reader[Set], t tagged) (member Set, err error) {
	f, ok := set[t.Is]
	if !ok {
		return member, fmt.Errorf("reading a stored message: no %T is called %q", &member, t.Is)
	}
	return f(t.V)
}

func actName(a Act) string {
	switch a.(type) {
	case Said:
		return "said"
	case Pressed:
		return "pressed"
	case Commanded:
		return "commanded"
	case Marked:
		return "marked"
	case OpenedHome:
		return "home"
	case SignedIn:
		return "signed-in"
	case Ended:
		return "ended"
	}
	panic(fmt.Sprintf("bot: unknown act %T", a)) // unreachable: the set is closed
}

func blockName(b Block) string {
	switch b.(type) {
	case Text:
		return "text"
	case Facts:
		return "facts"
	case Steps:
		return "steps"
	case List:
		return "list"
	case Quote:
		return "quote"
	case Note:
		return "note"
	}
	panic(fmt.Sprintf("bot: unknown block %T", b)) // unreachable: the set is closed
}

func spanName(s Span) string {
	switch s.(type) {
	case Plain:
		return "plain"
	case Strong:
		return "strong"
	case Code:
		return "code"
	case Link:
		return "link"
	case Time:
		return "time"
	case Mention:
		return "mention"
	case Reveal:
		return "reveal"
	}
	panic(fmt.Sprintf("bot: unknown span %T", s)) // unreachable: the set is closed
}

func actionName(a Action) string {
	switch a.(type) {
	case Choose:
		return "choose"
	case Ask:
		return "ask"
	case Open:
		return "open"
	}
	panic(fmt.Sprintf("bot: unknown action %T", a)) // unreachable: the set is closed
}

// tagAll and untagAll are tag and untag for a row of members.
func tagAll[Set any](all []Set, name func(Set) string) ([]tagged, error) {
	out := make([]tagged, len(all))
	for i, m := range all {
		t, err := tag(name(m), m)
		if err != nil {
			return nil, err
		}
		out[i] = t
	}
	return out, nil
}

func untagAll[Set any](set map[string]reader[Set], all []tagged) ([]Set, error) {
	if len(all) == 0 {
		return nil, nil
	}
	out := make([]Set, len(all))
	for i, t := range all {
		m, err := untag(set, t)
		if err != nil {
			return nil, err
		}
		out[i] = m
	}
	return out, nil
}

// MarshalJSON writes each span with its name.
func (t Text) MarshalJSON() ([]byte, error) { return marshalSpans(t) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Text) UnmarshalJSON(b []byte) error { return unmarshalSpans(b, (*[]Span)(t)) }

// MarshalJSON writes each span with its name.
func (n Note) MarshalJSON() ([]byte, error) { return marshalSpans(n) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (n *Note) UnmarshalJSON(b []byte) error { return unmarshalSpans(b, (*[]Span)(n)) }

func marshalSpans(s []Span) ([]byte, error) {
	all, err := tagAll(s, spanName)
	if err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

func unmarshalSpans(b []byte, into *[]Span) error {
	var all []tagged
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	s, err := untagAll(spanReaders, all)
	*into = s
	return err
}

// storedItem is an [Item] as it is stored.
type storedItem struct {
	Title  Text    `json:"title,omitempty"`
	Facts  Text    `json:"facts,omitempty"`
	Action *tagged `json:"action,omitempty"`
	About  string  `json:"about,omitempty"`
}

// MarshalJSON writes the action with its name.
func (i Item) MarshalJSON() ([]byte, error) {
	s := storedItem{Title: i.Title, Facts: i.Facts, About: i.About}
	if i.Action != nil {
		t, err := tag(actionName(i.Action), i.Action)
		if err != nil {
			return nil, err
		}
		s.Action = &t
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (i *Item) UnmarshalJSON(b []byte) error {
	var s storedItem
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*i = Item{Title: s.Title, Facts: s.Facts, About: s.About}
	if s.Action == nil {
		return nil
	}
	a, err := untag(actions, *s.Action)
	i.Action = a
	return err
}

// storedMessage is a [Message] as it is stored.
type storedMessage struct {
	Title       string       `json:"title"`
	Status      Status       `json:"status,omitempty"`
	Personal    bool         `json:"personal,omitempty"`
	Body        []tagged     `json:"body,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	Actions     []tagged     `json:"actions,omitempty"`
}

// MarshalJSON writes each block and action with its name.
func (m Message) MarshalJSON() ([]byte, error) {
	body, err := tagAll(m.Body, blockName)
	if err != nil {
		return nil, err
	}
	acts, err := tagAll(m.Actions, actionName)
	if err != nil {
		return nil, err
	}
	return json.Marshal(storedMessage{m.Title, m.Status, m.Personal, body, m.Attachments, acts})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Message) UnmarshalJSON(b []byte) error {
	var s storedMessage
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	body, err := untagAll(blocks, s.Body)
	if err != nil {
		return err
	}
	acts, err := untagAll(actions, s.Actions)
	*m = Message{s.Title, s.Status, s.Personal, body, s.Attachments, acts}
	return err
}

// storedEvent is an [Event] as it is stored.
type storedEvent struct {
	bare
	Did tagged
}

// bare is an Event without its methods, so that it is written field by field.
type bare Event

// MarshalJSON writes the act with its name.
func (e Event) MarshalJSON() ([]byte, error) {
	did, err := tag(actName(e.Did), e.Did)
	if err != nil {
		return nil, err
	}
	e.Did = nil
	return json.Marshal(storedEvent{bare(e), did})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Event) UnmarshalJSON(b []byte) error {
	var s storedEvent
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	did, err := untag(acts, s.Did)
	*e = Event(s.bare)
	e.Did = did
	return err
}
