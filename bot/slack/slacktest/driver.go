package slacktest

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
	Admins *Channel           // the admins' channel
	People map[string]*Person // by the id that the dialogues call them by
	Admin  func(id string) bool

	// Make makes a failure happen and returns what its error page shows.
	Make func(ctx context.Context, sample string) (text string, err error)

	// Advance moves the clocks of the tenant and the program.
	Advance func(ctx context.Context, d time.Duration) error

	// Settle returns once all that was accepted has been dealt with, as far as
	// the clocks allow.
	Settle func(ctx context.Context) error
}

// Driver is people at their programs for Slack.
type Driver struct {
	o     DriverOptions
	forms map[string][]bottest.Input // what buttons asked for when somebody pressed them
}

var _ bottest.Driver = (*Driver)(nil)

// NewDriver returns one.
func NewDriver(o DriverOptions) *Driver { return &Driver{o, map[string][]bottest.Input{}} }

// People returns who there is.
func (d *Driver) People() (all []bottest.Someone) {
	for id, p := range d.o.People {
		all = append(all, bottest.Someone{ID: id, Name: p.Name, Admin: d.o.Admin(id)})
	}
	slices.SortFunc(all, func(a, b bottest.Someone) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func (d *Driver) channel(p *Person, in bottest.Room) *Channel {
	if in == bottest.Admins {
		return d.o.Admins
	}
	return d.o.Fake.Direct(p)
}

// Make makes a failure happen.
func (d *Driver) Make(ctx context.Context, sample string) (string, error) {
	return d.o.Make(ctx, sample)
}

// Say says something. Among others, outside a thread, the bot must be called.
func (d *Driver) Say(ctx context.Context, who bottest.Someone, in bottest.Room, thread, text string) error {
	p := d.o.People[who.ID]
	d.o.Fake.Shut(p)
	got, err := d.o.Fake.Say(ctx, p, d.channel(p, in), Words{Text: text, Thread: thread, Mention: in == bottest.Admins && thread == ""})
	return d.done(ctx, got, err)
}

// Command uses a slash command.
func (d *Driver) Command(ctx context.Context, who bottest.Someone, in bottest.Room, command, text string) error {
	p := d.o.People[who.ID]
	d.o.Fake.Shut(p)
	got, err := d.o.Fake.Command(ctx, p, d.channel(p, in), command, text)
	return d.done(ctx, got, err)
}

// Advance moves the clocks.
func (d *Driver) Advance(ctx context.Context, by time.Duration) error { return d.o.Advance(ctx, by) }

func (d *Driver) done(ctx context.Context, got Delivery, err error) error {
	if err == nil && !got.Taken() {
		err = fmt.Errorf("the bot answered %d: %s", got.Status, got.Body)
	}
	if err != nil {
		return err
	}
	return d.o.Settle(ctx)
}

// Press presses a button, and fills in and sends the form that opens, if one
// does.
func (d *Driver) Press(ctx context.Context, who bottest.Someone, in bottest.Room, on bottest.Seen, b bottest.Button, fields map[string]string) error {
	p := d.o.People[who.ID]
	got, err := d.o.Fake.PressSeen(ctx, p, d.channel(p, in), on, b, fields)
	return d.done(ctx, got, err)
}

// PressSeen presses a button of what p sees in a channel, or in a dialog that
// stands over it. A form is filled in, sent, and thereby closed.
func (f *Fake) PressSeen(ctx context.Context, p *Person, c *Channel, on bottest.Seen, b bottest.Button, fields map[string]string) (Delivery, error) {
	if b.Ref == submits {
		v, ok := f.Open(p)
		if !ok || viewRef+v.ID != on.Ref {
			return Delivery{}, errors.New("that dialog has gone")
		}
		return f.Submit(ctx, p, v, fields)
	}
	got, err := f.pushSeen(ctx, p, c, on, b)
	if err != nil || !got.Taken() || len(b.Fields) == 0 {
		return got, err
	}
	v, ok := f.Open(p)
	if !ok {
		return Delivery{}, fmt.Errorf("no form opened for %q", b.Label)
	}
	return f.Submit(ctx, p, v, fields)
}

func (f *Fake) pushSeen(ctx context.Context, p *Person, c *Channel, on bottest.Seen, b bottest.Button) (Delivery, error) {
	id, value, _ := strings.Cut(b.Ref, " ")
	x := Push{By: p, Action: map[string]any{"action_id": id, "value": value}}
	if v, ok := f.Open(p); ok && on.Ref == viewRef+v.ID {
		x.View = &v
		return f.Push(ctx, x)
	}
	f.Shut(p)
	f.mu.Lock()
	x.On = f.message(c, on.Ref)
	f.mu.Unlock()
	if x.On == nil {
		return Delivery{}, errors.New("that message has gone")
	}
	return f.Push(ctx, x)
}

// Show presses the button under a message that shows what its dashes stand for,
// reads it in the dialog, and closes that. A dialog that is open has it already.
func (d *Driver) Show(ctx context.Context, who bottest.Someone, on bottest.Seen, name string) (string, error) {
	p := d.o.People[who.ID]
	i := slices.IndexFunc(on.Buttons, func(b bottest.Button) bool { return strings.HasPrefix(b.Ref, "reveal-") })
	if v, ok := d.o.Fake.Open(p); ok && on.Ref == viewRef+v.ID {
		d.o.Fake.Shut(p)
		return on.Fact(name)
	}
	if i < 0 {
		return "", fmt.Errorf("%s has nothing to show", on.Title)
	}
	if err := d.Press(ctx, who, bottest.Direct, on, on.Buttons[i], nil); err != nil {
		return "", err
	}
	defer d.o.Fake.Shut(p)
	return d.filled(ctx, p, name)
}

// filled waits until the dialog that is open says what stands behind a dash, which
// the bot may have to ask for first.
func (d *Driver) filled(ctx context.Context, p *Person, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for look := time.NewTicker(5 * time.Millisecond); ; {
		v, ok := d.o.Fake.Open(p)
		if !ok {
			return "", errors.New("no dialog opened")
		}
		var s bottest.Seen
		show(list(v.View["blocks"]), &s)
		if said, err := s.Fact(name); err != nil || said != "–" {
			return said, err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return "", fmt.Errorf("a dash is all that stands for %q: %w", name, ctx.Err())
		}
	}
}

// Read returns what somebody sees. What a button asks for they find out as
// people do: they press it, look, and close the form.
func (d *Driver) Read(ctx context.Context, who bottest.Someone, in bottest.Room) ([]bottest.Seen, error) {
	p := d.o.People[who.ID]
	c := d.channel(p, in)
	all := d.o.Fake.See(p, c)
	for i := range all {
		all[i].From = d.name(all[i].From)
		for j := range all[i].Buttons {
			if err := d.look(ctx, p, c, all[i], &all[i].Buttons[j]); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (d *Driver) look(ctx context.Context, p *Person, c *Channel, on bottest.Seen, b *bottest.Button) error {
	id, _, _ := strings.Cut(b.Ref, " ")
	if !strings.HasPrefix(id, "ask-") || strings.HasPrefix(on.Ref, viewRef) {
		return nil
	}
	form := id[strings.LastIndex(id, "-"):]
	if known, ok := d.forms[form]; ok {
		b.Fields = known
		return nil
	}
	before, had := d.o.Fake.Open(p)
	got, err := d.o.Fake.pushSeen(ctx, p, c, on, *b)
	if err != nil || !got.Taken() {
		return fmt.Errorf("looking at the form of %q: %d, %w", b.Label, got.Status, err)
	}
	v, ok := d.o.Fake.Open(p)
	if !ok {
		return fmt.Errorf("no form opened for %q", b.Label)
	}
	b.Fields = inputs(list(v.View["blocks"]))
	d.forms[form] = b.Fields
	d.o.Fake.reopen(p, before, had)
	return nil
}

// reopen puts before somebody what they had before them.
func (f *Fake) reopen(p *Person, v View, had bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.views, p.ID)
	if had {
		f.views[p.ID] = []*View{&v}
	}
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
