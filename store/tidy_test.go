package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"mfahelp/bot"
	"mfahelp/flows"
)

func tidies(f *fixture) {
	count := func(query string) int { f.Helper(); return read1[int](f, "SELECT COUNT(*) FROM "+query) }
	e, failed := said("1", "ava", "x"), said("2", "ava", "x")
	f.accept(e, failed)
	a := flows.Answer{
		Posts: posts(post("p", "t", direct, bot.Choose{Verb: "a.b"}), post("stuck", "t", channel)).Posts,
		Jobs:  jobs(flows.Job{Key: "j", At: start, Verb: "a.b"}, flows.Job{Key: "far", At: start.AddDate(1, 0, 0), Verb: "a.b"}).Jobs,
		Cases: cases(aCase("A", 0)).Cases,
		Audit: []flows.Entry{{Key: "k", Verb: "a.b"}},
	}
	f.commit(f.next(), flows.Answer{})
	f.ok(f.s.giveUp(f.Context(), f.next(), errors.New("down"), f.now()))
	f.answer(a)
	f.commit(f.next(), posts(post("p", "t2", direct, bot.Choose{Verb: "a.c"}))) // closes the first
	d := f.nextPost()
	f.settle(d, "r", nil)
	tidy := func(after time.Duration) {
		f.Helper()
		f.advance(after)
		f.ok(f.s.Tidy(f.Context(), f.now()))
	}
	tidy(0)
	if got := count("work"); got != 5 || count("posts WHERE message <> ''") != 2 || count("work WHERE state = 'failed' AND body <> ''") != 1 {
		f.Errorf("something was tidied away at once: %d pieces of work left", got)
	}
	tidy(keepJobs + time.Second)
	if count("work WHERE id = 'job/j'") != 0 || count("work WHERE id = 'job/far'") != 1 {
		f.Errorf("got %d of the job that was done and %d of the other, want it gone and the other kept",
			count("work WHERE id = 'job/j'"), count("work WHERE id = 'job/far'"))
	}
	if count("posts WHERE message <> ''") != 1 || count("posts") != 2 || count("work WHERE state = 'failed' AND body <> ''") != 0 {
		f.Error("want the words of what was sent and of what failed gone, and the rest kept")
	}
	f.accept(e, failed)
	f.nothing() // their ids are known
	if count("offers") != 2 {
		f.Error("an offer is gone")
	}
	tidy(keepIDs)
	if count("work") != 1 {
		f.Errorf("got %d pieces of work after %v, want the one to come", count("work"), keepIDs)
	}
	tidy(keepOffers)
	if count("offers") != 1 || count("cases") != 1 || count("audit") != 2 {
		f.Errorf("got %d offers, %d cases, %d entries; want the open one, 1, 2", count("offers"), count("cases"), count("audit"))
	}
	f.answer(posts(post("p", "t3", direct))) // what was tidied away can still be replaced
	if d := f.nextPost(); d.Post.Key == "p" && d.Ref != "r" {
		f.Errorf("got ref %q, want r", d.Ref)
	}
}

// canary is what somebody wrote, wherever somebody may write.
const canary = "CANARY my password is hunter2"

func silent(f *fixture) {
	core, logs := observer.New(zap.DebugLevel)
	f.s.log = zap.New(core)
	var said1 []string
	heard := func(err error) {
		if err != nil {
			said1 = append(said1, err.Error())
		}
	}
	e := said("1", "ava", canary)
	e.From.Name, e.Reply.Token = canary, canary
	e.From.Email = canary
	bad := posts(post("p", canary, channel))
	bad.Posts[0].Message.Personal = true
	bad.Cases = []flows.Case{{Key: "A", Version: 3, Words: canary}}
	f.accept(e)
	w := f.next()
	heard(f.s.Commit(f.Context(), w, bad, f.now()))
	bad.Posts[0].Message.Personal = false
	heard(f.s.Commit(f.Context(), w, bad, f.now()))
	f.ok(f.s.Do(f.Context(), w, flaky{event: func(context.Context, bot.Event) (flows.Answer, error) { panic(canary) }}))
	f.advance(time.Second)
	f.ok(f.s.Do(f.Context(), f.next(), flaky{event: func(context.Context, bot.Event) (flows.Answer, error) { return bad, nil }}))
	f.s.opts.Apology = func(context.Context, Work) flows.Answer { return bad }
	f.is(f.s.giveUp(f.Context(), w, errors.New("down"), f.now()), ErrOver)
	f.answer(posts(post("p", canary, direct), post("q", canary, channel)))
	f.settle(f.nextPost(), "", errors.New("down"))
	f.execute("R", phone("R"))
	for _, l := range []*leave{{err: errors.New(canary)}, {asked: func() { panic(canary) }}} {
		f.perform(l, &tenant{})
		f.state("R/1-phone", flows.EffectWanted)
		f.advance(time.Minute)
	}
	for name, query := range map[string]string{
		"work":  `UPDATE work SET body = '{"ID": [ "` + canary + `"]}', due_at = 1 WHERE state = 'due'`,
		"posts": `UPDATE posts SET message = '{"title": [ "` + canary + `"]}', due_at = 1 WHERE state = 'pending'`,
		"cases": `INSERT INTO cases VALUES ('X', 1, 's', '', '', '', '{"key": [ "` + canary + `"]}', 0, 0, 0)`,
	} {
		if _, err := f.s.db.Exec(query); err != nil {
			f.Fatal(name, err)
		}
	}
	f.nothing()
	f.noPost()
	_, err := f.s.Case(f.Context(), "X")
	heard(err)
	heard(f.s.Accept(f.Context(), bot.Event{ID: canary + "\x00", In: direct, Did: bot.Said{Text: canary}}))

	for _, l := range logs.All() {
		b, err := json.Marshal(l.ContextMap())
		f.ok(err)
		said1 = append(said1, l.Message+string(b))
	}
	for _, n := range f.notes.all {
		said1 = append(said1, fmt.Sprint(n))
	}
	if len(said1) < 10 {
		f.Errorf("heard only %d things", len(said1))
	}
	for _, s := range said1 {
		if strings.Contains(s, "hunter2") {
			f.Errorf("somebody's words: %s", s)
		}
	}
	if n := f.notes.count(WorkFailed) + f.notes.count(PostFailed); n < 3 {
		f.Errorf("got %d failures, want one of each that was broken", n)
	}
}

// TestWordsAreGone looks for what somebody wrote in the very file.
func TestWordsAreGone(t *testing.T) {
	file := t.TempDir() + "/store.db"
	f := newFixture(t, "sqlite:"+file)
	inFile := func() bool {
		found := false
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(file + suffix)
			f.ok(err)
			found = found || bytes.Contains(b, []byte("hunter2"))
		}
		return found
	}
	for _, text := range []string{canary, strings.Repeat(canary+" ", 1000)} { // in a page, and in many
		f.accept(said(fmt.Sprint(len(text)), "ava", text))
		if !inFile() {
			t.Fatal("this test looks in the wrong place")
		}
		f.commit(f.next(), flows.Answer{})
		f.ok(f.s.Tidy(f.Context(), f.now()))
		if inFile() {
			t.Errorf("%d letters of somebody are still in the file", len(text))
		}
	}
}

// TestOwnFile is not for others to read.
func TestOwnFile(t *testing.T) {
	f := newFixture(t, "sqlite:"+t.TempDir()+"/store.db")
	f.accept(said("1", "ava", "x"))
	checkModes(t, strings.TrimPrefix(f.s.opts.URL, "sqlite:"))
}

// TestPowerMayFail reads back what decides whether a transaction that was
// acknowledged survives a loss of power, since killing a program does not show it.
func TestPowerMayFail(t *testing.T) {
	s := sqliteStore(t, Options{})
	lax := sqliteStore(t, Options{Unsynced: true})
	if got := ""; lax.db.QueryRow("PRAGMA synchronous").Scan(&got) != nil || got != "0" {
		t.Errorf("got synchronous %q of who asked for none", got)
	}
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "secure_delete": "1"} {
		var got string
		if err := s.db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", pragma, got, err, want)
		}
	}
	if _, err := s.ro.Exec("DELETE FROM cases"); err == nil {
		t.Error("who only reads could write")
	}
}

func checkModes(t *testing.T, file string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(file + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("got %v on the file%s, want 0600", info.Mode(), suffix)
		}
	}
}
