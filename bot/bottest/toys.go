package bottest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"mfahelp/bot"
)

// An Inbox is a [bot.Inbox] without a store: it keeps what it accepted, once
// for each id, and can be told to fail. The zero Inbox is empty and works.
type Inbox struct {
	// Answer, if not nil, is called with each event that is new, after it
	// was kept and before Accept returns. It must be set before the first.
	Answer func(bot.Event)

	mu     sync.Mutex
	events []bot.Event
	fail   error
}

// Accept keeps e, unless it did so before or was told to fail.
func (i *Inbox) Accept(ctx context.Context, e bot.Event) error {
	if err := ctx.Err(); err != nil {
		return err // it came too late to be made safe
	}
	isNew, err := i.keep(e)
	if isNew && i.Answer != nil {
		i.Answer(e)
	}
	return err
}

func (i *Inbox) keep(e bot.Event) (isNew bool, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.fail != nil {
		return false, i.fail
	}
	if slices.ContainsFunc(i.events, func(x bot.Event) bool { return x.ID == e.ID }) {
		return false, nil
	}
	i.events = append(i.events, e)
	return true, nil
}

// Fail makes Accept return err from now on; nil makes it work again.
func (i *Inbox) Fail(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fail = err
}

// Events returns what was accepted, oldest first.
func (i *Inbox) Events() []bot.Event {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.events)
}

// A Memory is a [bot.Memory] that lasts as long as the test, so that a platform
// can be made anew with what it knew before. The zero Memory is empty.
type Memory struct {
	mu   sync.Mutex
	kept map[string][]byte
	fail error
}

var _ bot.Memory = (*Memory)(nil)

// Get returns what was put last.
func (m *Memory) Get(_ context.Context, platform, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.kept[platform+"\x00"+key]), m.fail
}

// Put keeps value, or forgets what was kept if it is nil.
func (m *Memory) Put(_ context.Context, platform, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if m.kept == nil {
		m.kept = map[string][]byte{}
	}
	if value == nil {
		delete(m.kept, platform+"\x00"+key)
		return nil
	}
	m.kept[platform+"\x00"+key] = slices.Clone(value)
	return nil
}

// List returns what is kept under keys that begin with prefix.
func (m *Memory) List(_ context.Context, platform, prefix string) ([]bot.Kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []bot.Kept
	for k, v := range m.kept {
		if key, ours := strings.CutPrefix(k, platform+"\x00"); ours && strings.HasPrefix(key, prefix) {
			out = append(out, bot.Kept{Key: key, Value: slices.Clone(v)})
		}
	}
	slices.SortFunc(out, func(a, b bot.Kept) int { return cmp.Compare(a.Key, b.Key) })
	return out, m.fail
}

// Fail makes the memory return err from now on; nil makes it work again.
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}
