package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/secret"
)

// trailOf writes n lines, in several transactions.
func trailOf(f *fixture, n int) {
	f.Helper()
	for i := range n {
		f.answer(flows.Answer{Audit: []flows.Entry{{
			Key: fmt.Sprint("k", i), At: start.Add(time.Duration(i) * time.Minute), By: bot.Identity{Tenant: "T", ObjectID: fmt.Sprint("o", i)},
			Case: "C", Verb: "help.asked", Object: fmt.Sprint("object ", i), Result: "done",
		}}})
	}
}

// unguard lets who writes to the database change the trail, as an attacker would.
func unguard(f *fixture) {
	f.Helper()
	_, free := f.s.eng.triggers()
	f.sql(free...)
}

func (f *fixture) sql(statements ...string) {
	f.Helper()
	for _, s := range statements {
		if _, err := f.s.db.Exec(s); err != nil {
			f.Fatalf("%s: %v", s, err)
		}
	}
}

func (f *fixture) verify(heads ...Head) Report {
	f.Helper()
	r, err := f.s.Verify(f.Context(), heads...)
	f.ok(err)
	return r
}

// tampering does to a trail of ten lines what somebody might, and expects the
// first line that is not as it was written.
func tampering(f *fixture) {
	const n = 10
	trailOf(f, n)
	unguard(f)
	head, err := f.s.Head(f.Context())
	f.ok(err)
	if r := f.verify(head); !r.Sound() || r.Head != head || head.Seq != n || r.Unkeyed != 0 {
		f.Fatalf("got %+v of a trail that nobody touched", r)
	}
	keep := []string{`CREATE TABLE kept_audit AS SELECT * FROM audit`, `CREATE TABLE kept_counters AS SELECT * FROM counters`}
	restore := []string{
		`DELETE FROM audit`, `INSERT INTO audit SELECT * FROM kept_audit`,
		`DELETE FROM counters`, `INSERT INTO counters SELECT * FROM kept_counters`,
	}
	f.sql(keep...)
	old := read1[string](f, "SELECT seal FROM counters WHERE name = 'audit'")
	trailOf2 := flows.Answer{Audit: []flows.Entry{{Key: "later", Verb: "a.b"}}}

	update := func(column string) string {
		return `UPDATE audit SET ` + column + ` WHERE seq = 4`
	}
	for _, test := range []struct {
		name string
		do   []string
		want Break
	}{
		{"the key changed", []string{update(`key = 'x'`)}, Break{4, Altered}},
		{"the time changed", []string{update(`at = at + 1`)}, Break{4, Altered}},
		{"the tenant changed", []string{update(`by_tenant = ''`)}, Break{4, Altered}},
		{"who did it changed", []string{update(`by_object = 'o9'`)}, Break{4, Altered}},
		{"the case changed", []string{update(`case_key = 'D'`)}, Break{4, Altered}},
		{"the verb changed", []string{update(`verb = 'help.other'`)}, Break{4, Altered}},
		{"the object changed", []string{update(`object = ''`)}, Break{4, Altered}},
		{"the result changed", []string{update(`result = 'failed'`)}, Break{4, Altered}},
		{"what moves from one field to the next", []string{update(`verb = 'help.askedobject', object = ' 3'`)}, Break{4, Altered}},
		{"the key's name changed", []string{update(`key_id = 'x'`)}, Break{4, Foreign}},
		{"the key's name taken away", []string{update(`key_id = 'none'`)}, Break{4, Foreign}},
		{"the mac changed", []string{update(`mac = 'x'`)}, Break{4, Altered}},
		{"the mac of another line", []string{update(`mac = (SELECT mac FROM kept_audit WHERE seq = 5)`)}, Break{4, Altered}},
		{"the first taken out", []string{`DELETE FROM audit WHERE seq = 1`}, Break{1, Missing}},
		{"one taken out", []string{`DELETE FROM audit WHERE seq = 4`}, Break{4, Missing}},
		{"one taken out and the rest moved up", []string{
			`DELETE FROM audit WHERE seq = 4`, `UPDATE audit SET seq = -seq WHERE seq > 4`, `UPDATE audit SET seq = -seq - 1 WHERE seq < 0`,
			`UPDATE counters SET n = 9 WHERE name = 'audit'`,
		}, Break{4, Altered}},
		{"two exchanged", []string{
			`UPDATE audit SET seq = 100 WHERE seq = 4`, `UPDATE audit SET seq = 4 WHERE seq = 7`, `UPDATE audit SET seq = 7 WHERE seq = 100`,
		}, Break{4, Altered}},
		{"one put in before the first", []string{`INSERT INTO audit SELECT 0, 'x', at, by_tenant, by_object, case_key, verb, object, result, key_id, mac FROM kept_audit WHERE seq = 4`}, Break{0, Surplus}},
		{"one put in the place of one moved down", []string{
			`UPDATE audit SET seq = -seq WHERE seq >= 4`, `UPDATE audit SET seq = 1 - seq WHERE seq < 0`,
			`INSERT INTO audit SELECT 4, 'x', at, by_tenant, by_object, case_key, verb, object, result, key_id, mac FROM kept_audit WHERE seq = 2`,
			`UPDATE counters SET n = 11 WHERE name = 'audit'`,
		}, Break{4, Altered}},
		{"one put behind the last", []string{`INSERT INTO audit SELECT 11, 'x', at, by_tenant, by_object, case_key, verb, object, result, key_id, mac FROM kept_audit WHERE seq = 4`}, Break{11, Altered}},
		{"one put behind the last and counted", []string{
			`INSERT INTO audit SELECT 11, 'x', at, by_tenant, by_object, case_key, verb, object, result, key_id, mac FROM kept_audit WHERE seq = 4`,
			`UPDATE counters SET n = 11 WHERE name = 'audit'`,
		}, Break{11, Altered}},
		{"the last taken off", []string{`DELETE FROM audit WHERE seq = 10`}, Break{10, Truncated}},
		{"the last taken off and not counted", []string{`DELETE FROM audit WHERE seq = 10`, `UPDATE counters SET n = 9 WHERE name = 'audit'`}, Break{10, Truncated}},
		{"all taken off", []string{`DELETE FROM audit`, `UPDATE counters SET n = 0, seal = '' WHERE name = 'audit'`}, Break{1, Truncated}},
		{"the seal changed", []string{`UPDATE counters SET seal = 'x' WHERE name = 'audit'`}, Break{11, Truncated}},
		{"the counter moved back", []string{`UPDATE counters SET n = 9 WHERE name = 'audit'`}, Break{10, Surplus}},
		{"the counter moved on", []string{`UPDATE counters SET n = 12 WHERE name = 'audit'`}, Break{11, Truncated}},
	} {
		f.sql(test.do...)
		if r := f.verify(); r.Break == nil || *r.Break != test.want || r.Sound() {
			f.Errorf("%s: got %+v, want %+v", test.name, r.Break, test.want)
		}
		f.sql(restore...)
		if r := f.verify(head); !r.Sound() {
			f.Fatalf("after %s: got %+v, want what was before", test.name, r.Break)
		}
	}

	f.answer(trailOf2)
	later, err := f.s.Head(f.Context())
	f.ok(err)
	if r := f.verify(head, later); !r.Sound() {
		f.Errorf("got %+v of a trail that has grown", r.Break)
	}
	f.sql(restore...) // an older copy, with the seal that it had
	if got := read1[string](f, "SELECT seal FROM counters WHERE name = 'audit'"); got != old {
		f.Fatal("this test does not restore the seal")
	}
	if r := f.verify(later); r.Break == nil || *r.Break != (Break{11, Truncated}) {
		f.Errorf("an older copy: got %+v, want it told by the head", r.Break)
	}
	f.answer(flows.Answer{Audit: []flows.Entry{{Key: "another later", Verb: "a.b"}, {Key: "and another", Verb: "a.b"}}})
	f.sql(`CREATE TABLE once AS SELECT * FROM audit WHERE seq = 11`)
	f.sql(restore...)
	f.answer(trailOf2)
	f.answer(flows.Answer{Audit: []flows.Entry{{Key: "and another", Verb: "a.b"}}})
	f.sql(`DELETE FROM audit WHERE seq = 11`, `INSERT INTO audit SELECT * FROM once`) // which we wrote, in another past
	if r := f.verify(); r.Break == nil || *r.Break != (Break{12, Altered}) {
		f.Errorf("a line of another past: got %+v, want the next one not to follow", r.Break)
	}
	f.sql(restore...)
	other := head
	other.MAC = strings.Repeat("0", 64)
	if r := f.verify(other); r.Break == nil || *r.Break != (Break{10, Another}) {
		f.Errorf("another head: got %+v, want it told", r.Break)
	}
}

// brokenTrail cuts the trail while the store is open, and goes on.
func brokenTrail(f *fixture) {
	trailOf(f, 5)
	unguard(f)
	f.sql(`DELETE FROM audit WHERE seq > 3`, `UPDATE counters SET n = 3 WHERE name = 'audit'`)
	f.answer(flows.Answer{Audit: []flows.Entry{{Key: "next", Verb: "a.b"}}})
	r := f.verify()
	if r.Sound() || !cmp.Equal(r.Broken, []int64{4}) || r.Break != nil || r.Head.Seq != 5 {
		f.Errorf("got %+v, want line 4 to say what happened, and 5 to follow", r)
	}
	z, err := f.s.Frozen(f.Context())
	f.ok(err)
	if !z.On || z.Why != "reset.frozen.by-audit" || f.notes.count(AuditBroken) != 1 {
		f.Errorf("got %+v and %d notes, want resets stopped, and it noted once", z, f.notes.count(AuditBroken))
	}
	w := f.next()
	if w.Job == nil || *w.Job != flows.SayFrozen(w.Job.At) {
		f.Errorf("got %s, want the admins to be told", w.ID)
	}
	f.commit(w, flows.Answer{})
	f.sql(`DELETE FROM audit WHERE seq > 3`) // to hide it; the counter stays
	f.answer(flows.Answer{Audit: []flows.Entry{{Key: "next", Verb: "a.b"}}})
	if r := f.verify(); r.Sound() || !cmp.Equal(r.Broken, []int64{6}) || r.Head.Seq != 7 {
		f.Errorf("got %+v, want line 6 to say so again, and 7 to follow", r)
	}
	f.sql(`UPDATE audit SET result = 'x' WHERE seq = 2`)
	if r := f.verify(); r.Break == nil || *r.Break != (Break{2, Altered}) {
		f.Errorf("got %+v, want what happened since as well", r.Break)
	}
}

// auditKeys goes from key to key on one database.
func auditKeys(f *fixture) {
	open := func(now string, former ...string) (*Store, error) {
		o := f.s.opts
		o.AuditKey, o.FormerAuditKeys = secret.New(now), nil
		for _, k := range former {
			o.FormerAuditKeys = append(o.FormerAuditKeys, secret.New(k))
		}
		return Open(f.Context(), o)
	}
	write := func(key, now string, former ...string) Report {
		f.Helper()
		s, err := open(now, former...)
		f.ok(err)
		f.ok(s.Record(f.Context(), flows.Answer{Audit: []flows.Entry{{Key: key, Verb: "a.b"}}}, start))
		r, err := s.Verify(f.Context())
		f.ok(errors.Join(err, s.Close()))
		return r
	}
	refused := func(now string, former ...string) {
		f.Helper()
		s, err := open(now, former...)
		if err == nil {
			_ = s.Close()
		}
		f.is(err, ErrAuditKey)
	}
	unsealed := newChainKey(noKey)
	f.sql(`UPDATE counters SET seal = '` + unsealed.seal(0, "") + `' WHERE name = 'audit'`) // as without a key from the start
	if r := write("1", ""); !r.Sound() || r.Unkeyed != 1 {
		f.Errorf("without a key: got %+v, want it sound as far as one can tell", r)
	}
	if r := write("2", "first key"); !r.Sound() || r.Unkeyed != 1 || r.Head.Seq != 3 {
		f.Errorf("with the first key: got %+v, want the change on record, and the first line not vouched for", r)
	}
	refused("")
	refused("second key")
	if r := write("3", "second key", "first key"); !r.Sound() || r.Head.Seq != 4 {
		f.Errorf("with the second key: got %+v", r)
	}
	refused("first key")
	if r := write("4", "third key", "second key", "first key"); !r.Sound() {
		f.Errorf("with the third key: got %+v", r)
	}
	if r := write("5", "third key", "second key"); r.Break == nil || *r.Break != (Break{2, Foreign}) {
		f.Errorf("without the first key: got %+v, want its lines foreign", r.Break)
	}
}

// exports reads back what was exported, as others would.
func exports(f *fixture) {
	trailOf(f, 3)
	f.answer(flows.Answer{Audit: []flows.Entry{{Key: "k<&>", Verb: "a.b", Result: "two\nlines"}}})
	var b bytes.Buffer
	f.ok(f.s.Export(f.Context(), &b))
	lines, err := f.s.Trail(f.Context(), 0, 10)
	f.ok(err)
	dec := json.NewDecoder(&b)
	before := ""
	for _, want := range lines {
		var e exported
		f.ok(dec.Decode(&e))
		got := Line{e.Seq, flows.Entry{Key: e.Key, At: e.At, By: bot.Identity{Tenant: e.ByTenant, ObjectID: e.ByObject}, Case: e.Case, Verb: e.Verb, Object: e.Object, Result: e.Result}, e.KeyID, e.MAC}
		if diff := cmp.Diff(want, got); diff != "" {
			f.Errorf("exported (-want +got):\n%s", diff)
		}
		if got := newChainKey(auditKey).line(before, got); got != e.MAC {
			f.Errorf("line %d cannot be verified from what was exported", e.Seq)
		}
		before = e.MAC
	}
	if n := strings.Count(b.String(), "\n"); dec.More() || n != 0 {
		f.Error("there is more in the export than there are lines")
	}
}

// TestChainOld chains what was written before there was a chain.
func TestChainOld(t *testing.T) {
	o := Options{URL: "sqlite:" + t.TempDir() + "/store.db", AuditKey: auditKey, Now: func() time.Time { return start }}
	ctx := context.Background()
	eng, err := openEngine(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	old := &Store{opts: o, eng: eng, db: eng.write, ro: eng.read}
	ours, err := old.ours()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ours.UpTo(ctx, 2); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, err := old.db.Exec(`INSERT INTO audit VALUES ($1, $2, 1, '', '', '', 'a.b', '', '')`, i+1, fmt.Sprint("k", i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := old.db.Exec(`UPDATE counters SET n = 3 WHERE name = 'audit'`); err != nil {
		t.Fatal(err)
	}
	if err := eng.close(); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, o.URL)
	if r := f.verify(); !r.Sound() || r.Head.Seq != 3 || r.Unkeyed != 0 {
		t.Errorf("got %+v, want three lines with a key", r)
	}
	f.answer(flows.Answer{Audit: []flows.Entry{{Key: "next", Verb: "a.b"}}})
	if r := f.verify(); !r.Sound() || r.Head.Seq != 4 {
		t.Errorf("got %+v, want it to go on", r)
	}
	if _, err := f.s.db.Exec(`UPDATE audit SET result = 'x'`); err == nil {
		t.Error("the trail can be changed since it was chained")
	}
}

// TestHeadForm reads what people paste.
func TestHeadForm(t *testing.T) {
	h := Head{12, strings.Repeat("0a", 32)}
	for text, ok := range map[string]bool{
		h.String(): true, " " + h.String() + "\n": true, "": false, "12": false, "0:" + h.MAC: false, "-1:" + h.MAC: false,
		"12:": false, "12:" + h.MAC[1:]: false, "12:" + strings.ToUpper(h.MAC): false, "99999999999999999999:" + h.MAC: false,
	} {
		if got, err := ParseHead(text); (err == nil) != ok || ok && got != h {
			t.Errorf("%q: got %+v, %v, want ok %v", text, got, err, ok)
		}
	}
}

// TestNoFolder makes no store where a disk may be missing, which holds the one
// that knows of a freeze.
func TestNoFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "disk")
	if _, err := Open(t.Context(), Options{URL: "sqlite:" + dir + "/store.db"}); err == nil || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), dir+" is not there") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("made the folder")
	}
}

// TestExisting opens what is there, and makes nothing.
func TestExisting(t *testing.T) {
	dir := t.TempDir()
	url := "sqlite:" + dir + "/store.db"
	if _, err := Open(t.Context(), Options{URL: url, Existing: true}); err == nil {
		t.Error("opened what is not there")
	}
	f := newFixture(t, url)
	s, err := Open(t.Context(), Options{URL: url, Existing: true, AuditKey: auditKey})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Record(t.Context(), flows.Answer{Audit: []flows.Entry{{Key: "1", Verb: "a.b"}}}, start); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wrong, err := Open(t.Context(), Options{URL: url, Existing: true, AuditKey: secret.New("another")})
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.Record(t.Context(), flows.Answer{Audit: []flows.Entry{{Key: "2", Verb: "a.b"}}}, start); !errors.Is(err, ErrAuditKey) {
		t.Errorf("with another key: got %v, want %v", err, ErrAuditKey)
	}
	if err := wrong.Close(); err != nil {
		t.Error(err)
	}
	if r := f.verify(); !r.Sound() || r.Head.Seq != 1 {
		t.Errorf("got %+v, want the one line of another program", r)
	}
	if _, err := f.s.db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, TRUE)`); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{URL: url, Existing: true}); !errors.Is(err, ErrRelease) {
		t.Errorf("got %v of a later release, want %v", err, ErrRelease)
	}
}
