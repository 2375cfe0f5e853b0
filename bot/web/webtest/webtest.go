// Package webtest drives the web page as people do, through its HTTP API: it
// is the [bottest.Driver] of the dialogues, and what it uses of the API any
// script may.
package webtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"mfahelp/bot/bottest"
)

// Options is what a [Driver] needs.
type Options struct {
	URL    string       // of the page, such as "http://127.0.0.1:8080"
	Client *http.Client // nil for one without limits

	// Make makes a failure happen. If it is nil the page's own API is asked.
	Make func(ctx context.Context, sample string) (text string, err error)

	// Advance moves the clocks of the tenant and the program; nil if they
	// cannot be moved.
	Advance func(ctx context.Context, d time.Duration) error

	// Settle returns once all that was accepted has been dealt with, as far
	// as the clocks allow: the work done, the messages sent. It is called
	// after everything that a person does.
	Settle func(ctx context.Context) error
}

// A Driver is people at the page, each with a session of their own.
type Driver struct {
	o      Options
	people []bottest.Someone

	mu     sync.Mutex
	tokens map[string]string // by person
}

var _ bottest.Driver = (*Driver)(nil)

// New asks the page who there is.
func New(ctx context.Context, o Options) (*Driver, error) {
	if o.Client == nil {
		o.Client = &http.Client{}
	}
	d := &Driver{o: o, tokens: map[string]string{}}
	var answer struct {
		People []struct {
			ID, Name string
			Admin    bool
		}
	}
	if err := d.call(ctx, http.MethodGet, "/api/people", "", nil, &answer); err != nil {
		return nil, err
	}
	for _, p := range answer.People {
		d.people = append(d.people, bottest.Someone{ID: p.ID, Name: p.Name, Admin: p.Admin})
	}
	return d, nil
}

// People returns who can be chosen.
func (d *Driver) People() []bottest.Someone { return slices.Clone(d.people) }

// Make makes a failure happen and returns what its error page shows.
func (d *Driver) Make(ctx context.Context, sample string) (string, error) {
	if d.o.Make != nil {
		return d.o.Make(ctx, sample)
	}
	var answer struct{ Text, Person string }
	err := d.call(ctx, http.MethodPost, "/api/samples/"+sample, "", struct{}{}, &answer)
	return answer.Text, err
}

// Say says something, in the thread of a message if thread is not "".
func (d *Driver) Say(ctx context.Context, who bottest.Someone, in bottest.Room, thread, text string) error {
	body := map[string]any{"place": in.String(), "text": text}
	if thread != "" {
		body["thread"] = thread
	}
	return d.act(ctx, who, "/api/messages", body)
}

// Command says a command, which on the page is a message that begins with it.
func (d *Driver) Command(ctx context.Context, who bottest.Someone, in bottest.Room, command, text string) error {
	return d.Say(ctx, who, in, "", command+" "+text)
}

// Press presses a button of a message.
func (d *Driver) Press(ctx context.Context, who bottest.Someone, in bottest.Room, _ bottest.Seen, b bottest.Button, fields map[string]string) error {
	body := map[string]any{"place": in.String(), "key": b.Ref}
	if fields != nil {
		body["fields"] = fields
	}
	return d.act(ctx, who, "/api/presses", body)
}

// Advance moves the clocks.
func (d *Driver) Advance(ctx context.Context, by time.Duration) error {
	if d.o.Advance == nil {
		return errors.New("the clocks cannot be moved here")
	}
	if err := d.o.Advance(ctx, by); err != nil {
		return err
	}
	return d.settle(ctx)
}

// act does something and waits for what comes of it.
func (d *Driver) act(ctx context.Context, who bottest.Someone, path string, body any) error {
	t, err := d.token(ctx, who.ID)
	if err != nil {
		return err
	}
	if err := d.call(ctx, http.MethodPost, path, t, body, nil); err != nil {
		return err
	}
	return d.settle(ctx)
}

func (d *Driver) settle(ctx context.Context) error {
	if d.o.Settle == nil {
		return nil
	}
	return d.o.Settle(ctx)
}

// token is the session of a person, opened when it is first needed.
func (d *Driver) token(ctx context.Context, person string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t := d.tokens[person]; t != "" {
		return t, nil
	}
	var answer struct{ Token, Person, Name string }
	err := d.call(ctx, http.MethodPost, "/api/sessions", "", map[string]string{"person": person}, &answer)
	d.tokens[person] = answer.Token
	return answer.Token, err
}

// A message is one of the API's, as far as the dialogues look at it.
type message struct {
	Ref, Thread, From, Title, Status string
	Lines                            []string
	Attachments                      []struct{ Name string }
	Actions                          []struct {
		Label, Key, Kind, URL string
		Fields                []struct {
			Name, Label string
			Options     []struct{ Label, Value string }
		}
	}
}

// Read returns what somebody sees.
func (d *Driver) Read(ctx context.Context, who bottest.Someone, in bottest.Room) ([]bottest.Seen, error) {
	t, err := d.token(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	var answer struct{ Messages []message }
	if err := d.call(ctx, http.MethodGet, "/api/conversations/"+in.String(), t, nil, &answer); err != nil {
		return nil, err
	}
	var out []bottest.Seen
	for _, m := range answer.Messages {
		out = append(out, m.seen())
	}
	return out, nil
}

// Show asks for what a message's dashes stand for.
func (d *Driver) Show(ctx context.Context, who bottest.Someone, on bottest.Seen, name string) (string, error) {
	t, err := d.token(ctx, who.ID)
	if err != nil {
		return "", err
	}
	var answer struct {
		Secrets []struct{ Name, Secret string }
	}
	if err := d.call(ctx, http.MethodPost, "/api/reveals", t, map[string]any{"ref": on.Ref}, &answer); err != nil {
		return "", err
	}
	for _, s := range answer.Secrets {
		if s.Name == name {
			return s.Secret, d.settle(ctx)
		}
	}
	return "", fmt.Errorf("nothing called %s is shown", name)
}

func (m message) seen() bottest.Seen {
	s := bottest.Seen{Ref: m.Ref, Thread: m.Thread, From: m.From, Title: m.Title, Status: m.Status, Lines: m.Lines}
	for _, a := range m.Attachments {
		s.Attached = append(s.Attached, a.Name)
	}
	for _, a := range m.Actions {
		b := bottest.Button{Label: a.Label, Ref: a.Key, Address: a.URL}
		for _, f := range a.Fields {
			in := bottest.Input{Name: f.Name, Label: f.Label}
			for _, o := range f.Options {
				in.Options = append(in.Options, bottest.InputOption(o))
			}
			b.Fields = append(b.Fields, in)
		}
		s.Buttons = append(s.Buttons, b)
	}
	return s
}

// A RefusedError is an answer other than success.
type RefusedError struct {
	Status int
	Code   string // for scripts
	Text   string // for people
}

// Error says what was refused, and why.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused (%d %s): %s", e.Status, e.Code, e.Text)
}

// call asks the API, as whoever has the token, and reads the answer.
func (d *Driver) call(ctx context.Context, method, path, token string, body, answer any) error {
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, d.o.URL+path, &b)
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := d.o.Client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		var why struct{ Code, Error string }
		_ = json.NewDecoder(res.Body).Decode(&why) // the status says enough
		return fmt.Errorf("%s %s: %w", method, path, &RefusedError{res.StatusCode, why.Code, why.Error})
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(answer)
}
