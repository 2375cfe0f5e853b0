package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/words"
)

// A Person is somebody whom the page lets you be. There is no password: this is
// for a pretend tenant, and nothing here vouches for anybody.
type Person struct {
	ID, Name     string
	Note         string // what tells them from the others, such as "Finance"
	bot.Identity        // whom their events are from; nothing that arrives can change it
	Locale       string
	Admin        bool // reads and writes the admins' channel
}

// A Sample is a failure that can be made to happen.
type Sample struct {
	Name    string // as [Options.Make] knows it
	Title   string
	Summary string
	Person  string // whom it happens to
	Group   string // a heading to list it under; "" for none
}

// Options is what the page needs from the rest of the program.
type Options struct {
	Inbox   bot.Inbox
	Memory  bot.Memory                         // keeps what was said, so that a restart loses none of it
	Words   func(locale string) *words.Printer // nil for the ordinary ones
	Secrets bot.Secrets                        // asked when somebody presses to be shown one, and never to read; nil tells none

	People  []Person
	Samples []Sample

	// Make makes a sample failure happen now and returns what its error page
	// shows. The page offers no samples if it is nil.
	Make func(ctx context.Context, sample string) (text string, err error)

	// Links are where addresses lead here that in a real tenant are Microsoft's
	// own, by what they are there.
	Links map[string]string
	Hint  string // what to try, where nobody has said anything yet

	AdminsChannel string   // the admins' place id; "admins" if ""
	Hosts         []string // the names this is served under; those of the machine itself if empty
	Now           func() time.Time
	Log           *zap.Logger
}

// Web is the page and what is said on it. It is a [bot.Platform] and a
// [bot.Reacher].
type Web struct {
	o      Options
	shelf  shelf
	seats  seats
	traces traces
	bell   bell
	done   chan struct{}
	close  sync.Once
}

var (
	_ bot.Platform = (*Web)(nil)
	_ bot.Reacher  = (*Web)(nil)
)

// New returns a page that nobody has opened yet.
func New(o Options) *Web {
	o.AdminsChannel = cmp.Or(o.AdminsChannel, admins)
	if o.Words == nil {
		o.Words = func(locale string) *words.Printer { return &words.Printer{Locale: locale} }
	}
	if len(o.Hosts) == 0 {
		o.Hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	w := &Web{o: o, done: make(chan struct{})}
	w.bell.init()
	w.shelf = shelf{memory: o.Memory, bell: &w.bell, now: o.Now}
	w.seats = seats{memory: o.Memory}
	w.traces = traces{bell: &w.bell}
	return w
}

// Name is what places and people on the page say for their platform.
func (w *Web) Name() string { return platform }

// Close ends the streams of all open pages, which would otherwise keep a server
// from shutting down. They come back to whoever serves next.
func (w *Web) Close() { w.close.Do(func() { close(w.done) }) }

const (
	platform = "web"
	direct   = "direct" // in the API, the place of whoever asks
	admins   = "admins" // in the API, the admins' channel
)

// Handler serves the page and its API; see the comment on the package.
func (w *Web) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /{$}":                       w.page,
		"GET /panes/{seat}/{place}":      w.pane,
		"GET /static/{name}":             w.static,
		"GET /files/{ref}/{n}":           w.file,
		"GET /api/people":                w.people,
		"GET /api/samples":               w.samples,
		"GET /api/traces":                w.pastTraces,
		"GET /api/stream":                w.stream,
		"GET /api/conversations/{place}": w.conversation,
		"POST /api/sessions":             w.choose,
		"POST /api/samples/{name}":       w.makeSample,
		"POST /api/messages":             w.say,
		"POST /api/presses":              w.press,
		"POST /api/reveals":              w.reveal,
		"/":                              w.nothing,
	} {
		mux.Handle(pattern, w.answer(h))
	}
	return w.guard(mux)
}

// person returns whom id names.
func (w *Web) person(id string) (Person, bool) {
	i := slices.IndexFunc(w.o.People, func(p Person) bool { return p.ID == id })
	if i < 0 {
		return Person{}, false
	}
	return w.o.People[i], true
}

// Reach returns where somebody is alone with the bot. Whoever can be chosen can
// be reached, even if nobody has ever been them.
func (w *Web) Reach(_ context.Context, who bot.Identity) (bot.Person, bot.Place, bool, error) {
	i := slices.IndexFunc(w.o.People, func(p Person) bool { return who.Known() && p.Identity.Key() == who.Key() })
	if i < 0 {
		return bot.Person{}, bot.Place{}, false, nil
	}
	p := w.o.People[i]
	return p.bot(), w.place(p, directTo(p.ID), ""), true, nil
}

// bot is p as events and views know them.
func (p Person) bot() bot.Person {
	return bot.Person{Platform: platform, ID: p.ID, Name: p.Name, Locale: p.Locale, Identity: p.Identity}
}

// place is where p is when they say something in room.
func (w *Web) place(p Person, room, thread string) bot.Place {
	if room == w.o.AdminsChannel {
		return bot.Place{Platform: platform, ID: room, Thread: thread, Private: true}
	}
	return bot.Place{Platform: platform, ID: room, Thread: thread, Private: true, Audience: bot.Direct, Reader: p.ID}
}

// room returns the id of the conversation that p means by name, or a problem if
// it is not theirs to read.
func (w *Web) room(p Person, name string) (string, error) {
	switch {
	case name == direct:
		return directTo(p.ID), nil
	case name != admins && name != w.o.AdminsChannel:
		return "", &problem{status: http.StatusNotFound, code: "no-place"}
	case !p.Admin:
		return "", &problem{status: http.StatusForbidden, code: "not-yours"}
	}
	return w.o.AdminsChannel, nil
}

func directTo(person string) string { return direct + ":" + person }
