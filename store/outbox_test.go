package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/flows"
)

func replaces(f *fixture) {
	f.answer(posts(post("p", "looking", direct)))
	d := f.nextPost()
	if d.Post.Message.Title != "looking" || d.Ref != "" || d.Rev != 1 || d.Post.To != direct {
		f.Errorf("got %+v", d)
	}
	f.settle(d, "r1", nil)
	f.noPost()
	f.answer(posts(post("p", "found", direct)))
	if d = f.nextPost(); d.Post.Message.Title != "found" || d.Ref != "r1" || d.Rev != 2 {
		f.Errorf("got %+v", d)
	}
	f.settle(d, "r2", nil)
	f.noPost()
	f.answer(posts(post("p", "settled", direct)))
	if d = f.nextPost(); d.Ref != "r2" {
		f.Errorf("got ref %s, want the newest", d.Ref)
	}
}

func coalesces(f *fixture) {
	f.answer(posts(post("p", "one", direct)))
	d := f.nextPost()
	f.answer(posts(post("p", "two", direct), post("p", "three", direct)))
	f.answer(posts(post("p", "four", direct)))
	f.noPost() // the first is on its way
	f.settle(d, "r", nil)
	d = f.nextPost()
	if d.Post.Message.Title != "four" || d.Ref != "r" || d.Rev != 4 {
		f.Errorf("got %q for %q, revision %d; want four for r, 4", d.Post.Message.Title, d.Ref, d.Rev)
	}
	f.answer(posts(post("p", "five", direct)))
	f.settle(d, "", &bot.BusyError{After: time.Minute, Err: errors.New("busy")})
	f.noPost() // a new message does not make the platform less busy
	f.answer(posts(post("p", "six", direct)))
	f.noPost()
	f.advance(time.Minute)
	if d = f.nextPost(); d.Post.Message.Title != "six" {
		f.Errorf("got %q, want six", d.Post.Message.Title)
	}
	f.settle(d, "r", nil)
	f.noPost()
}

// toldAgain tells who sends that the message may be there already, however the
// earlier try ended, and not once it is known to be there.
func toldAgain(f *fixture) {
	f.answer(posts(post("p", "one", direct)))
	d := f.nextPost()
	if d.Post.Again {
		f.Error("the first try is told to be another")
	}
	f.advance(postLease + time.Second) // whoever had it is gone
	if d = f.nextPost(); !d.Post.Again {
		f.Error("who tries after a lease that ended is not told so")
	}
	f.settle(d, "", errors.New("no answer"))
	f.advance(time.Minute)
	if d = f.nextPost(); !d.Post.Again {
		f.Error("who tries after a failure is not told so")
	}
	f.settle(d, "r", nil)
	f.answer(posts(post("p", "two", direct)))
	if d = f.nextPost(); d.Post.Again {
		f.Error("a replacement is told to be another try")
	}
}

func placeInOrder(f *fixture) {
	thread := channel
	thread.Thread = "t"
	f.answer(posts(post("1", "", channel), post("2", "", channel), post("d", "", direct), post("t", "", thread)))
	f.answer(posts(post("3", "", channel)))
	one, d, t := f.nextPost(), f.nextPost(), f.nextPost()
	if one.Post.Key != "1" || d.Post.Key != "d" || t.Post.Key != "t" {
		f.Fatalf("got %s, %s, %s; want 1, d, t", one.Post.Key, d.Post.Key, t.Post.Key)
	}
	f.noPost()
	f.settle(one, "", errors.New("not now"))
	f.advance(time.Second)
	one = f.nextPost()
	f.noPost() // 2 still waits
	f.settle(one, "r", nil)
	two := f.nextPost()
	f.answer(posts(post("1", "replaced", channel)))
	f.sent("1") // what is there already does not wait, nor does it keep others waiting
	f.settle(two, "r2", nil)
	f.sent("3")
	f.noPost()
}

func underRoot(f *fixture) {
	reply := bot.Post{Key: "reply", To: channel, Under: "root"}
	f.answer(posts(post("root", "", channel), reply))
	root := f.nextPost()
	f.noPost()
	f.settle(root, "ts 1", nil)
	d := f.nextPost()
	if d.Post.Key != "reply" || d.Post.To.Thread != "ts 1" {
		f.Errorf("got %s in thread %q, want reply in ts 1", d.Post.Key, d.Post.To.Thread)
	}
	// Whoever names the thread itself is in the same one, and waits.
	named := channel
	named.Thread = "ts 1"
	f.answer(posts(post("named", "", named)))
	f.noPost()
	f.settle(d, "ts 2", nil)
	f.sent("named")
	f.answer(posts(reply))
	if d = f.nextPost(); d.Post.To.Thread != "ts 1" || d.Ref != "ts 2" {
		f.Errorf("replaced %q in thread %q, want ts 2 in ts 1", d.Ref, d.Post.To.Thread)
	}
}

func rootFails(f *fixture) {
	f.answer(posts(post("root", "", channel), bot.Post{Key: "reply", To: channel, Under: "root"}))
	f.fails("root")
	d := f.sent("reply") // out of its thread, but in sight
	if d.Post.To != channel {
		f.Errorf("got the reply in %+v, want it in the channel", d.Post.To)
	}
	f.answer(posts(post("root", "again", channel), bot.Post{Key: "another", To: channel, Under: "root"}))
	f.sent("root")
	if d = f.sent("another"); d.Post.To.Thread != "ref/root" {
		f.Errorf("got the other in thread %q, want the root's", d.Post.To.Thread)
	}
}

// fails sends the post with key until it is given up, and returns how often.
func (f *fixture) fails(key string) (tries int) {
	f.Helper()
	for f.notes.count(PostFailed) == 0 {
		d := f.nextPost()
		if d.Post.Key != key {
			f.Fatalf("got the post %s, want %s", d.Post.Key, key)
		}
		f.settle(d, "", errors.New("channel_not_found"))
		tries++
		f.advance(30 * time.Second)
	}
	return tries
}

func postLeases(f *fixture) {
	f.answer(posts(post("p", "", direct)))
	first := f.nextPost()
	f.advance(postLease - time.Microsecond)
	f.noPost()
	f.advance(time.Microsecond)
	second := f.nextPost()
	f.is(f.s.Settle(f.Context(), first, "", errors.New("late"), f.now()), ErrOver)
	f.settle(first, "first", nil) // the message is there, whoever's turn it was
	f.is(f.s.Settle(f.Context(), second, "", errors.New("no"), f.now()), nil)
	f.advance(time.Minute)
	f.noPost()
	if ref := read1[string](f, "SELECT ref FROM posts"); ref != "first" {
		f.Errorf("got ref %q, want the first's", ref)
	}

	f.answer(posts(post("q", "", direct)))
	d := f.nextPost()
	f.ok(f.s.releasePost(f.Context(), d, f.now()))
	d = f.nextPost()
	f.ok(f.s.reclaim(f.Context(), f.now()))
	f.is(f.s.Settle(f.Context(), d, "", errors.New("late"), f.now()), ErrOver)
	f.sent("q")
}

func busy(f *fixture) {
	f.answer(posts(post("p", "", direct)))
	for range 100 { // however often
		d := f.nextPost()
		f.settle(d, "", fmt.Errorf("web: %w", &bot.BusyError{After: 7 * time.Second, Err: errors.New("429")}))
		f.advance(7*time.Second - time.Microsecond)
		f.noPost()
		f.advance(time.Microsecond)
	}
	f.settle(f.nextPost(), "", &bot.BusyError{After: time.Nanosecond, Err: errors.New("less than is stored of a time")})
	f.noPost()
	f.advance(time.Microsecond)
	f.settle(f.nextPost(), "", &bot.BusyError{Err: errors.New("503")}) // that does not say how long
	f.noPost()
	f.advance(busyAtMost)
	f.settle(f.nextPost(), "", errors.New("502")) // the first real failure
	f.advance(postWaits[0])
	f.sent("p")
}

func postsFail(f *fixture) {
	f.answer(posts(post("case/A/reply", "one", direct), post("next", "", direct)))
	if tries := f.fails("case/A/reply"); tries != len(postWaits)+1 {
		f.Errorf("tried %d times, want %d", tries, len(postWaits)+1)
	}
	lines, err := f.s.Trail(f.Context(), 0, 10)
	f.ok(err)
	if len(lines) != 1 || lines[0].Verb != PostFailed || lines[0].Case != "A" || lines[0].Object != "case/A/reply" {
		f.Errorf("got the audit trail %+v, want one failure of the case A", lines)
	}
	f.sent("next") // holds nobody up any more
	f.noPost()
	f.answer(posts(post("case/A/reply", "two", direct), post("next", "replaced", direct)))
	d := f.nextPost() // something newer has a chance of its own
	f.sent("next")    // and what is there does not wait for it
	f.settle(d, "r", nil)
	f.noPost()
}

// undeliverable has a platform refuse a post once and for all. The job that is
// to tell somebody is there with the failure, and another is not.
func undeliverable(f *fixture) {
	var asked []string
	f.s.opts.Undelivered = func(p bot.Post, why error) []flows.Job {
		asked = append(asked, fmt.Sprint(p.Key, " ", errors.Is(why, bot.ErrUnreachable)))
		return []flows.Job{{Key: "undelivered/" + p.Key, At: f.now(), Verb: "escalate.unreached", Subject: p.Key}}
	}
	f.answer(posts(post("case/A/reply", "one", direct), post("next", "", direct)))
	f.fails("case/A/reply")
	f.commit(f.next(), flows.Answer{})
	f.sent("next")
	f.answer(posts(post("case/A/reply", "two", direct)))
	f.settle(f.nextPost(), "", fmt.Errorf("posting: %w", bot.ErrUnreachable))
	w := f.next()
	if w.Job == nil || w.Job.Verb != "escalate.unreached" || w.Job.Subject != "case/A/reply" {
		f.Errorf("got %+v, want the job that tells of it", w.Job)
	}
	f.commit(w, flows.Answer{})
	f.noPost()
	if want := []string{"case/A/reply false", "case/A/reply true"}; !slices.Equal(asked, want) {
		f.Errorf("asked for %q, want %q", asked, want)
	}
	f.nothing()
}

func unreadable(f *fixture) {
	broken := func(query string) {
		f.Helper()
		_, err := f.s.db.Exec(query)
		f.ok(err)
	}
	f.s.opts.Apology = func(context.Context, Work) flows.Answer {
		f.Error("an apology to nobody knows whom")
		return flows.Answer{}
	}
	f.accept(said("1", "ava", "x"), said("2", "ben", "x"))
	broken(`UPDATE work SET body = '{' WHERE id = 'event/web/1'`)
	w := f.next()
	if w.Event.ID != "2" {
		f.Errorf("got %s, want the one behind it", w.ID)
	}
	f.commit(w, posts(post("p", "", direct), post("q", "", channel)))
	broken(`UPDATE posts SET message = '{' WHERE key = 'p'`)
	f.sent("q")
	if f.notes.count(WorkFailed) != 1 || f.notes.count(PostFailed) != 1 || read1[int](f, "SELECT COUNT(*) FROM audit") != 2 {
		f.Error("what cannot be read has not failed in sight")
	}
	if body := read1[string](f, "SELECT body FROM work WHERE id = 'event/web/1'"); body != "{" {
		f.Errorf("what cannot be read is now %q, want it left alone", body)
	}
}

func moves(f *fixture) {
	f.answer(posts(post("p", "here", channel)))
	f.sent("p")
	f.answer(posts(post("p", "there", direct)))
	d := f.nextPost()
	if d.Ref != "" || d.Post.To != direct {
		f.Errorf("got ref %q in %+v, want a new message", d.Ref, d.Post.To)
	}
	f.answer(posts(post("p", "and back", channel)))
	f.is(f.s.Settle(f.Context(), d, "lost", nil, f.now()), ErrOver)
	d = f.nextPost()
	if d.Ref != "" || d.Post.Message.Title != "and back" {
		f.Errorf("got ref %q, want a new message", d.Ref)
	}
	f.settle(d, "r", nil)
	f.noPost()
	// What a platform opened is where it was to go.
	open := bot.Place{Platform: "web", Audience: bot.Direct, Reader: "ava"}
	f.answer(posts(post("q", "", open)))
	f.settle(f.nextPost(), "q1", nil)
	f.answer(posts(post("q", "", direct)))
	if d = f.nextPost(); d.Ref != "q1" {
		f.Errorf("got ref %q, want q1 replaced", d.Ref)
	}
}

func replies(f *fixture) {
	token := bot.Reply{Platform: "web", Token: "secret token", Until: start.Add(time.Minute)}
	with := func(key, title string) bot.Post {
		p := post(key, title, direct)
		p.Reply = token
		return p
	}
	f.answer(posts(with("p", "one")))
	f.answer(posts(post("p", "two", direct)))
	d := f.nextPost()
	if d.Post.Message.Title != "two" || !cmp.Equal(d.Post.Reply, token) {
		f.Errorf("got %q with %v, want two with the reply that was not used", d.Post.Message.Title, d.Post.Reply)
	}
	f.settle(d, "r", nil)
	f.answer(posts(post("p", "three", direct)))
	if d = f.nextPost(); d.Post.Reply != (bot.Reply{}) {
		f.Error("a reply was used twice")
	}
	f.answer(posts(with("q", "")))
	f.advance(time.Minute)
	f.settle(d, "r", nil)
	if d = f.nextPost(); d.Post.Key != "q" || d.Post.Reply != (bot.Reply{}) {
		f.Errorf("got %s with %v, want q with no reply, for it is over", d.Post.Key, d.Post.Reply)
	}
	f.settle(d, "r", nil)
	if left := read1[int](f, "SELECT COUNT(*) FROM posts WHERE reply <> ''"); left != 0 {
		f.Errorf("%d tokens are kept", left)
	}
}
