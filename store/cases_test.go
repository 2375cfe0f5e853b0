package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/flows"
)

// admins are those with an object id.
type admins map[string]bool

func (a admins) Admin(_ context.Context, by bot.Identity) (bool, error) {
	if by.ObjectID == "down" {
		return true, errors.New("the directory is down")
	}
	return a[by.ObjectID], nil
}

func keysOf(cases []flows.Case) (keys string) {
	for _, c := range cases {
		keys += c.Key
	}
	return keys
}

func readCases(f *fixture) {
	f.s.opts.Admins = admins{"root": true}
	who := func(object string) bot.Identity { return bot.Identity{Tenant: "t", ObjectID: object} }
	person := func(object, id string) bot.Person {
		p := bot.Person{Platform: "web", ID: id}
		if object != "" {
			p.Identity = who(object)
		}
		return p
	}
	full := func(key string, after int, state flows.State, subject string, requester bot.Person) flows.Case {
		c := flows.Case{Key: key, State: state, Requester: requester, Opened: start.Add(time.Duration(after) * time.Hour).In(time.FixedZone("", 7200))}
		if subject != "" {
			c.Subject = who(subject)
		}
		if state == flows.WithAdmins {
			c.Escalated = start.Add(-time.Duration(after) * time.Minute)
		}
		return c
	}
	f.answer(cases(
		full("A", 1, flows.WithAdmins, "ava", person("ava", "u1")),
		full("B", 3, flows.Settled, "ava", person("root", "u9")), // opened by an admin
		full("C", 2, flows.WithAdmins, "", person("", "u2")),     // by somebody unknown
		full("D", 4, flows.WithAdmins, "ben", person("ben", "u3")),
	))
	for name, test := range map[string]struct {
		by   bot.Person
		want string
	}{
		"subject and requester":               {person("ava", "u1"), "BA"},
		"on another platform":                 {person("AVA", "else"), "BA"},
		"the requester":                       {person("root", "u9"), "B"},
		"nobody known":                        {person("", "u2"), "C"},
		"known by now":                        {person("cid", "u2"), "C"},
		"the account of another whom we know": {person("", "u1"), ""},
		"nobody at all":                       {bot.Person{}, ""},
	} {
		own, err := f.s.Own(f.Context(), test.by)
		f.ok(err)
		if keysOf(own) != test.want {
			f.Errorf("%s: got %q, want %q", name, keysOf(own), test.want)
		}
	}
	queue, err := f.s.Queue(f.Context(), who("root"))
	f.ok(err)
	if keysOf(queue) != "DCA" {
		f.Errorf("got the queue %q, want DCA", keysOf(queue))
	}
	for _, by := range []bot.Identity{who("ava"), {}} {
		_, err = f.s.Queue(f.Context(), by)
		f.is(err, flows.ErrNotAdmin)
	}
	if _, err = f.s.Queue(f.Context(), who("down")); err == nil {
		f.Error("the queue was read while nobody could say who may")
	}
	f.s.opts.Admins = nil
	_, err = f.s.Queue(f.Context(), who("root"))
	f.is(err, flows.ErrNotAdmin)

	want := full("A", 1, flows.WithAdmins, "ava", person("ava", "u1"))
	want.Version = 1
	got, err := f.s.Case(f.Context(), "A")
	f.ok(err)
	if diff := cmp.Diff(want, got); diff != "" || got.Opened.Location() != time.UTC {
		f.Errorf("recorded and read (-want +got):\n%s", diff)
	}
	_, err = f.s.Case(f.Context(), "none")
	f.is(err, flows.ErrNoCase)
}

func threadToCase(f *fixture) {
	a := posts(post("case/A/admins", "", channel), post("case/B/reply", "", direct), post("other", "", channel))
	a.Cases = cases(aCase("A", 0), aCase("B", 0)).Cases
	open := bot.Place{Platform: "web", Audience: bot.Direct, Reader: "ben"}
	started := bot.Place{Platform: "web", ID: "help", Thread: "somebody's own"}
	a.Posts = append(a.Posts, post("case/B/open", "", open), post("case/B/public", "", started))
	f.answer(a)
	for _, key := range []string{"case/A/admins", "case/B/reply", "other", "case/B/open", "case/B/public"} {
		f.sent(key)
	}
	in := func(place bot.Place, id, thread string) bot.Place {
		place.ID, place.Thread = id, thread
		return place
	}
	for name, test := range map[string]struct {
		in   bot.Place
		want string
	}{
		"under a post":            {in(channel, "admins", "ref/case/A/admins"), "A"},
		"under another":           {in(direct, "dm ava", "ref/case/B/reply"), "B"},
		"in what was opened":      {in(open, "dm ben", "ref/case/B/open"), "B"},
		"in a thread of theirs":   {in(started, "help", "somebody's own"), "B"},
		"in another place":        {in(channel, "else", "ref/case/A/admins"), ""},
		"in another's":            {in(direct, "dm ben", "ref/case/B/reply"), ""},
		"under what is no case's": {in(channel, "admins", "ref/other"), ""},
		"under nothing":           {channel, ""},
	} {
		c, err := f.s.Under(f.Context(), test.in)
		if test.want == "" {
			f.is(err, flows.ErrNoCase)
		} else if f.ok(err); c.Key != test.want {
			f.Errorf("%s: got %q, want %q", name, c.Key, test.want)
		}
	}
}
