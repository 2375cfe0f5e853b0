package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"mfahelp/bot"
)

// A form is what a button asks for. Its JSON is how it is stored and what
// [formID] is made of, so a name there stays.
type form struct {
	Label  string      `json:"label"`
	Fields []bot.Field `json:"fields"`
}

// forms keeps what buttons ask for until they are pressed: it does not travel,
// and a message may be pressed long after a restart. A form is the same for all
// messages that ask for the same, so there are few.
type forms struct {
	memory bot.Memory
	mu     sync.Mutex
	known  map[string]form // what is in the memory for sure
}

var errNoForm = errors.New("no such form")

// keep keeps the forms of m's actions.
func (f *forms) keep(ctx context.Context, m bot.Message) error {
	for _, a := range actions(m) {
		ask, ok := a.(bot.Ask)
		if !ok {
			continue
		}
		id := formID(ask)
		if _, known := f.get(id); known {
			continue
		}
		kept := form{ask.Label, ask.Fields}
		b, err := json.Marshal(kept)
		if err != nil {
			return err
		}
		if err := f.memory.Put(ctx, platform, "form/"+id, b); err != nil {
			return &bot.BusyError{Err: fmt.Errorf("keeping a form: %w", err)}
		}
		f.put(id, kept)
	}
	return nil
}

// find returns the form with this id, or errNoForm.
func (f *forms) find(ctx context.Context, id string) (form, error) {
	if kept, ok := f.get(id); ok {
		return kept, nil
	}
	b, err := f.memory.Get(ctx, platform, "form/"+id)
	if err != nil {
		return form{}, fmt.Errorf("looking for a form: %w", err)
	}
	if b == nil {
		return form{}, errNoForm
	}
	var kept form
	if err := json.Unmarshal(b, &kept); err != nil {
		return form{}, fmt.Errorf("reading a form: %w", err)
	}
	f.put(id, kept)
	return kept, nil
}

func (f *forms) get(id string) (form, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept, ok := f.known[id]
	return kept, ok
}

// mostForms is how many are kept at hand.
const mostForms = 1000

func (f *forms) put(id string, kept form) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil || len(f.known) >= mostForms {
		f.known = map[string]form{}
	}
	f.known[id] = kept
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
