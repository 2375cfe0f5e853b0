package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"mfahelp/bot"
)

// An entry is one thing that was said, by the bot or by a person. Its JSON is
// how it is stored, so a name there stays.
type entry struct {
	Ref    string `json:"ref"`
	Order  int64  `json:"order"` // where it stands; also its key in the memory
	Rev    int    `json:"rev"`   // how often it was replaced
	Room   string `json:"room"`
	Thread string `json:"thread,omitempty"` // ref of the message it hangs from
	Reader string `json:"reader,omitempty"` // the only one who sees it; "" for all in the room

	Key     string       `json:"key,omitempty"`  // of the [bot.Post]; "" if a person said it
	Keys    []string     `json:"keys,omitempty"` // of all actions it ever had, so that a late press is still known
	Message *bot.Message `json:"message,omitempty"`

	Event string `json:"event,omitempty"` // the id of the event in which a person said it
	From  string `json:"from,omitempty"`  // that person
	Text  string `json:"text,omitempty"`

	At     time.Time `json:"at"`
	Edited time.Time `json:"edited,omitzero"`

	changed int64 // when it was last changed, by the bell
}

// seenBy reports whether p may read e. It must be asked of everything that
// leaves the shelf.
func (e *entry) seenBy(p Person, adminsRoom string) bool {
	if e.Reader != "" && e.Reader != p.ID {
		return false
	}
	return e.Room == directTo(p.ID) || e.Room == adminsRoom && p.Admin
}

// pressable returns the action of e with this key, if it has one now.
func (e *entry) pressable(key string) (found bot.Action) {
	if e.Message != nil {
		for _, a := range actions(*e.Message) {
			if keyOf(a) == key {
				found = a
			}
		}
	}
	return found
}

// actions are all those of m, with those in its lists.
func actions(m bot.Message) (all []bot.Action) {
	for _, b := range m.Body {
		list, _ := b.(bot.List)
		for _, i := range list {
			if i.Action != nil {
				all = append(all, i.Action)
			}
		}
	}
	return append(all, m.Actions...)
}

func keyOf(a bot.Action) string {
	switch a := a.(type) {
	case bot.Choose:
		return a.Key
	case bot.Ask:
		return a.Key
	case bot.Open: // has none
	}
	return ""
}

// A shelf holds all that was said. It is read once from the memory and written
// through; one process has it, and no other writes to its part of the memory.
type shelf struct {
	memory bot.Memory
	bell   *bell
	now    func() time.Time

	writing sync.Mutex // one writer at a time, for as long as the memory takes

	mu     sync.RWMutex // guards what follows, and is never held while the memory is asked
	loaded bool
	all    map[string]*entry // by ref; an entry is replaced, never changed
	last   int64             // the last order given
}

// load reads what was said before a restart.
func (s *shelf) load(ctx context.Context) error {
	s.mu.RLock()
	loaded := s.loaded
	s.mu.RUnlock()
	if loaded {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	kept, err := s.memory.List(ctx, platform, "msg/")
	if err != nil {
		return fmt.Errorf("reading what was said: %w", err)
	}
	all, last := map[string]*entry{}, int64(0)
	for _, k := range kept {
		e := new(entry)
		if err := json.Unmarshal(k.Value, e); err != nil {
			return fmt.Errorf("reading %s: %w", k.Key, err)
		}
		all[e.Ref], last = e, max(last, e.Order)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.loaded { // or somebody was quicker
		s.all, s.last, s.loaded = all, last, true
	}
	return nil
}

// next gives out a place in the order, for something that is about to be said.
func (s *shelf) next() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	return s.last
}

// get returns the entry with this ref, or nil.
func (s *shelf) get(ref string) *entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.all[ref]
}

// find returns the newest entry that fits, or nil.
func (s *shelf) find(fits func(*entry) bool) (found *entry) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.all {
		if (found == nil || e.Order > found.Order) && fits(e) {
			found = e
		}
	}
	return found
}

// list returns all entries that fit, in the order of conversation.
func (s *shelf) list(fits func(*entry) bool) []*entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*entry
	for e := range maps.Values(s.all) {
		if fits(e) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *entry) int { return cmp.Compare(a.Order, b.Order) })
	return out
}

// say keeps what a person said, once for each event. The event is safe by then,
// so it is shown even if the memory fails.
func (s *shelf) say(ctx context.Context, e entry) (ref string, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if was := s.find(func(x *entry) bool { return x.Event == e.Event }); was != nil {
		return was.Ref, nil
	}
	e.Ref = refOf(e.Order)
	err = s.keep(ctx, e)
	s.show(e)
	return e.Ref, err
}

// post keeps a message of the bot: in the place of the entry with this ref or,
// if ref is "", of the one that was posted there under the same key.
func (s *shelf) post(ctx context.Context, e entry, ref string) (string, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	was := s.posted(e, ref)
	switch {
	case was == nil && ref != "":
		return "", fmt.Errorf("replacing %s: no such message in %s", ref, e.Room)
	case was == nil:
		e.Order = s.next()
		e.Ref, e.At = refOf(e.Order), s.now().UTC()
	default:
		e.Ref, e.Order, e.Thread, e.At = was.Ref, was.Order, was.Thread, was.At
		e.Rev, e.Edited = was.Rev+1, s.now().UTC()
		e.Keys = was.Keys
	}
	for _, a := range actions(*e.Message) {
		if k := keyOf(a); k != "" && !slices.Contains(e.Keys, k) {
			e.Keys = append(slices.Clip(e.Keys), k)
		}
	}
	if was != nil && e.Reader != "" && ref == "" { // said to one among others, now: it is news again
		e.Order, e.At, e.Edited = s.next(), e.Edited, time.Time{}
		if err := s.forget(ctx, *was); err != nil {
			return "", err
		}
	}
	if err := s.keep(ctx, e); err != nil {
		return "", err
	}
	s.show(e)
	return e.Ref, nil
}

// posted returns what a post replaces, or nil if it is new.
func (s *shelf) posted(e entry, ref string) *entry {
	return s.find(func(x *entry) bool {
		same := x.Message != nil && x.Room == e.Room && x.Reader == e.Reader
		return same && (x.Ref == ref || ref == "" && e.Key != "" && x.Key == e.Key)
	})
}

// keep writes e to the memory.
func (s *shelf) keep(ctx context.Context, e entry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("keeping %s: %w", e.Ref, err)
	}
	if err := s.memory.Put(ctx, platform, s.key(e), b); err != nil {
		return &bot.BusyError{Err: fmt.Errorf("keeping %s: %w", e.Ref, err)}
	}
	return nil
}

// forget takes e out of the memory.
func (s *shelf) forget(ctx context.Context, e entry) error {
	if err := s.memory.Put(ctx, platform, s.key(e), nil); err != nil {
		return &bot.BusyError{Err: fmt.Errorf("moving %s: %w", e.Ref, err)}
	}
	return nil
}

// show puts e on the shelf, and rings.
func (s *shelf) show(e entry) {
	s.bell.ring(func(at int64) {
		e.changed = at
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all[e.Ref] = &e
	})
}

func (s *shelf) key(e entry) string { return fmt.Sprintf("msg/%s/%016d", e.Room, e.Order) }

func refOf(order int64) string { return "m" + strconv.FormatInt(order, 10) }
