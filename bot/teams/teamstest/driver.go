package teamstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/bot/bottest"
)

// DriverOptions is what a [Driver] needs.
type DriverOptions struct {
	Fake   *Fake
	Admins *Room              // the admins' channel
	People map[string]*Person // by the id that the dialogues call them by
	Admin  func(id string) bool

	// Make makes a failure happen and returns what its error page shows.
	Make func(ctx context.Context, sample string) (text string, err error)

	// Advance moves the clocks of the tenant and the program.
	Advance func(ctx context.Context, d time.Duration) error

	// Settle returns once all that was accepted has been dealt with, as far as
	// the clocks allow. It is called while a press waits for its answer, too.
	Settle func(ctx context.Context) error

	// Passing are lines that a press is answered with when there is nothing
	// else to say. Nobody takes them for a message.
	Passing []string
}

// Driver is people at their programs for Teams.
type Driver struct{ o DriverOptions }

var _ bottest.Driver = (*Driver)(nil)

// NewDriver returns one.
func NewDriver(o DriverOptions) *Driver { return &Driver{o} }

// People returns who there is.
func (d *Driver) People() (all []bottest.Someone) {
	for id, p := range d.o.People {
		all = append(all, bottest.Someone{ID: id, Name: p.Name, Admin: d.o.Admin(id)})
	}
	slices.SortFunc(all, func(a, b bottest.Someone) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func (d *Driver) room(p *Person, in bottest.Room) *Room {
	if in == bottest.Admins {
		return d.o.Admins
	}
	return d.o.Fake.Chat(p)
}

// Make makes a failure happen.
func (d *Driver) Make(ctx context.Context, sample string) (string, error) {
	return d.o.Make(ctx, sample)
}

// Say says something. In a channel, the bot must be called.
func (d *Driver) Say(ctx context.Context, who bottest.Someone, in bottest.Room, thread, text string) error {
	p := d.o.People[who.ID]
	got, err := d.o.Fake.Say(ctx, p, d.room(p, in), Words{Text: text, Root: thread, Mention: in == bottest.Admins})
	return d.done(ctx, got, err)
}

// Command runs a command: in a chat of one's own as a message, in a channel by
// the menu of slash commands.
func (d *Driver) Command(ctx context.Context, who bottest.Someone, in bottest.Room, command, text string) error {
	p := d.o.People[who.ID]
	got, err := d.o.Fake.Say(ctx, p, d.room(p, in), Words{Text: command + " " + text, Targeted: in == bottest.Admins})
	return d.done(ctx, got, err)
}

func (d *Driver) done(ctx context.Context, got Delivery, err error) error {
	if err == nil && got.Status >= 300 {
		err = fmt.Errorf("the bot answered %d", got.Status)
	}
	if err != nil {
		return err
	}
	return d.o.Settle(ctx)
}

// Press presses a button, and lets the program go on while the press waits for
// its answer. The clock moves on meanwhile, by no more than a press may take.
func (d *Driver) Press(ctx context.Context, who bottest.Someone, in bottest.Room, on bottest.Seen, b bottest.Button, fields map[string]string) error {
	p := d.o.People[who.ID]
	m, ok := d.o.Fake.Message(d.room(p, in), on.Ref)
	if !ok {
		return errors.New("that message has gone")
	}
	action, inputs := Button(b.Ref), map[string]string{}
	for name, v := range fields {
		inputs[InputID(action, name)] = v
	}
	ended := make(chan error, 1)
	go func() {
		a, err := d.o.Fake.Push(ctx, Push{By: p, On: m, Action: action, Inputs: inputs})
		if err == nil && (a.HTTP != 200 || a.Status >= 400) {
			err = fmt.Errorf("the press was answered with %+v", a)
		}
		ended <- err
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		goOn := d.o.Settle
		if n >= int(invokeLimit.Seconds()) {
			goOn = func(ctx context.Context) error { return d.o.Advance(ctx, 0) }
		}
		select {
		case err := <-ended:
			if err != nil {
				return err
			}
			return d.o.Settle(ctx)
		case <-tick.C:
			if err := goOn(ctx); err != nil {
				return err
			}
		}
	}
}

// Advance moves the clocks.
func (d *Driver) Advance(ctx context.Context, by time.Duration) error { return d.o.Advance(ctx, by) }

// Read returns what somebody sees. Their program asks for the cards that want to
// be asked for, first.
func (d *Driver) Read(ctx context.Context, who bottest.Someone, in bottest.Room) ([]bottest.Seen, error) {
	p := d.o.People[who.ID]
	r := d.room(p, in)
	if in == bottest.Admins && !r.has(p) {
		return nil, nil
	}
	for _, m := range d.o.Fake.Messages(r) {
		if m.From == nil && !m.Deleted && m.views[p] == nil && refreshes(p, m) {
			a, err := d.o.Fake.Refresh(ctx, p, m)
			if err != nil || a.Status >= 400 || a.HTTP != 200 {
				return nil, fmt.Errorf("refreshing a card: %+v, %w", a, err)
			}
		}
	}
	var out []bottest.Seen
	for _, s := range d.o.Fake.See(p, r) {
		s.From = d.name(s.From)
		if !slices.Contains(d.o.Passing, s.Title) {
			out = append(out, s)
		}
	}
	return out, nil
}

// name is the id that the dialogues call somebody by.
func (d *Driver) name(id string) string {
	for name, p := range d.o.People {
		if p.ID == id {
			return name
		}
	}
	return id
}
