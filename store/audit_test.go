package store

import (
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mfahelp/bot"
	"mfahelp/flows"
)

func auditGrows(f *fixture) {
	entry := func(key, result string) flows.Entry {
		return flows.Entry{Key: key, At: start, By: bot.Identity{Tenant: "t", ObjectID: "o"}, Case: "A", Verb: "help.asked", Object: "x", Result: result}
	}
	f.answer(flows.Answer{Audit: []flows.Entry{entry("1", "done"), entry("2", "done"), entry("1", "again")}})
	f.answer(flows.Answer{Audit: []flows.Entry{entry("2", "changed"), entry("3", "done"), {Key: "4", Verb: "help.b"}}})
	got, err := f.s.Trail(f.Context(), 0, 10)
	f.ok(err)
	var want []Line
	for i, e := range []flows.Entry{entry("1", "done"), entry("2", "done"), entry("3", "done"), {Key: "4", At: start, Verb: "help.b"}} {
		want = append(want, Line{Seq: int64(i + 1), Entry: e, KeyID: f.s.chain.id})
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Line{}, "MAC")); diff != "" {
		f.Errorf("the trail (-want +got):\n%s", diff)
	}
	rest, err := f.s.Trail(f.Context(), 2, 1)
	f.ok(err)
	if len(rest) != 1 || rest[0].Seq != 3 {
		f.Errorf("got %+v after 2, want 3 alone", rest)
	}
	for _, query := range []string{`UPDATE audit SET result = 'other' WHERE seq = 1`, `DELETE FROM audit WHERE seq = 4`} {
		if _, err := f.s.db.Exec(query); err == nil {
			f.Errorf("%s: was done", query)
		}
	}
}

func counts(f *fixture) {
	ava := bot.Identity{Tenant: "T", ObjectID: "Ava", Email: "ava@contoso.com"}
	entry := func(key, verb string, by bot.Identity, after time.Duration) flows.Entry {
		return flows.Entry{Key: key, At: start.Add(after), By: by, Verb: verb}
	}
	f.answer(flows.Answer{Audit: []flows.Entry{
		entry("1", "help.asked", ava, 0), entry("2", "help.asked", ava, time.Hour), entry("3", "help.asked", ava, 2*time.Hour),
		entry("4", "help.other", ava, 2*time.Hour), entry("5", "help.asked", bot.Identity{Tenant: "t", ObjectID: "ben"}, 2*time.Hour),
	}})
	n, err := f.s.Count(f.Context(), bot.Identity{Tenant: "t", ObjectID: "ava"}, "help.asked", start.Add(time.Hour))
	f.ok(err)
	if n != 2 {
		f.Errorf("got %d, want 2", n)
	}
	n, err = f.s.Count(f.Context(), bot.Identity{}, "help.asked", start.Add(time.Hour))
	f.ok(err)
	if n != 3 {
		f.Errorf("got %d of everybody, want 3", n)
	}
}

// limits has five ask in one instant, of whom one limit lets two: by one person,
// and by whoever it is.
func limits(f *fixture) {
	for name, test := range map[string]struct {
		limit flows.Limit
		by    func(i int) bot.Person
	}{
		"of one person": {flows.Limit{By: megan.Identity, Verb: "of.one", Since: start, Most: 2}, func(int) bot.Person { return megan }},
		"of everybody":  {flows.Limit{Verb: "of.all", Since: start, Most: 2}, func(i int) bot.Person { return someone(fmt.Sprint("person", i)) }},
	} {
		old := flows.Entry{Key: name + " before", At: start.Add(-time.Second), By: megan.Identity, Verb: test.limit.Verb} // does not count
		f.answer(flows.Answer{Audit: []flows.Entry{old}})
		var works []Work
		for i := range 5 {
			f.accept(said(fmt.Sprint(name, i), fmt.Sprint(name, i), "x"))
			works = append(works, f.next())
		}
		came := make(chan error)
		for i, w := range works {
			e := flows.Entry{Key: w.ID, At: start, By: test.by(i).Identity, Verb: test.limit.Verb}
			go func() {
				came <- f.s.Commit(f.Context(), w, flows.Answer{Limits: []flows.Limit{test.limit}, Audit: []flows.Entry{e}}, start)
			}()
		}
		let := 0
		for range works {
			switch err := <-came; {
			case err == nil:
				let++
			default:
				f.is(err, ErrConflict)
			}
		}
		if let != 2 {
			f.Errorf("%s: %d asked, want 2", name, let)
		}
	}
}

// rememberedAtOnce has a hundred things put at once, while another writes. Each
// is there under its own key.
func rememberedAtOnce(f *fixture) {
	tx, err := f.s.db.BeginTx(f.Context(), nil)
	f.ok(err)
	ended := make(chan error, 100)
	for i := range cap(ended) {
		go func() { ended <- f.s.Put(f.Context(), "teams", fmt.Sprint("person/", i), []byte{byte(i)}) }()
	}
	f.ok(tx.Rollback())
	for range cap(ended) {
		f.ok(<-ended)
	}
	list, err := f.s.List(f.Context(), "teams", "person/")
	if f.ok(err); len(list) != cap(ended) {
		f.Errorf("%d are remembered, want %d", len(list), cap(ended))
	}
	for _, k := range list {
		if fmt.Sprint("person/", k.Value[0]) != k.Key {
			f.Errorf("%s is %v", k.Key, k.Value)
		}
	}
}

func remembers(f *fixture) {
	get := func(platform, key string) []byte {
		f.Helper()
		v, err := f.s.Get(f.Context(), platform, key)
		f.ok(err)
		return v
	}
	if get("web", "a/1") != nil {
		f.Error("remembers what nobody put")
	}
	for _, key := range []string{"b", "a/2", "a/1", "a%", "A/1", "a/"} {
		f.ok(f.s.Put(f.Context(), "web", key, []byte(key)))
	}
	f.ok(f.s.Put(f.Context(), "teams", "a/1", []byte("teams")))
	f.ok(f.s.Put(f.Context(), "web", "a/1", []byte{0, 255}))
	f.ok(f.s.Put(f.Context(), "web", "empty", []byte{}))
	if got := get("web", "a/1"); !cmp.Equal(got, []byte{0, 255}) {
		f.Errorf("got %v, want what was put last", got)
	}
	if got := get("web", "empty"); got == nil || len(got) != 0 {
		f.Errorf("got %v, want nothing, but not nil", got)
	}
	list, err := f.s.List(f.Context(), "web", "a/")
	f.ok(err)
	if want := []bot.Kept{{Key: "a/", Value: []byte("a/")}, {Key: "a/1", Value: []byte{0, 255}}, {Key: "a/2", Value: []byte("a/2")}}; !cmp.Equal(list, want) {
		f.Errorf("got %q, want %q", list, want)
	}
	f.ok(f.s.Put(f.Context(), "web", "a/1", nil))
	f.ok(f.s.Put(f.Context(), "web", "never", nil))
	if get("web", "a/1") != nil || get("teams", "a/1") == nil {
		f.Error("want a/1 forgotten, and the other platform's kept")
	}
	if list, err = f.s.List(f.Context(), "slack", ""); err != nil || len(list) != 0 {
		f.Errorf("got %v, %v of a platform that put nothing", list, err)
	}
}
