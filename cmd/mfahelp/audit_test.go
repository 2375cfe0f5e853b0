package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to write to the database as an attacker would

	"mfahelp/config"
	"mfahelp/flows"
	"mfahelp/store"
)

// aTrail is the configuration of a store with a trail of five entries.
func aTrail(t *testing.T) (file, db string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("MFAHELP_CLIENT_SECRET", "a secret that is there only at first")
	t.Setenv("MFAHELP_AUDIT_KEY", "the key of the chain in these tests, of some length")
	file, db = filepath.Join(dir, "mfahelp.yaml"), filepath.Join(dir, "store.db")
	text := fmt.Sprintf(`tenant:
  id: 8f14e45f-ceea-467f-9c1d-5b2a6f2d9c11
  client_id: 4b7f2e91-0c8d-4a65-b3e2-8d1f6a9c7e50
  credential: {secret: env:MFAHELP_CLIENT_SECRET}
admins:
  groups: [a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]
store:
  url: sqlite:%s
audit:
  key: env:MFAHELP_AUDIT_KEY
`, db)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{URL: cfg.Store.URL, AuditKey: cfg.Audit.Key})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		e := flows.Entry{Key: fmt.Sprint("k", i), At: time.Date(2026, 11, 20, 9, i, 0, 0, time.UTC), Verb: "help.asked", Object: fmt.Sprint(i), Result: "done"}
		if err := s.Record(t.Context(), flows.Answer{Audit: []flows.Entry{e}}, e.At); err != nil {
			t.Fatal(err)
		}
	}
	// Who looks at what is on record, or stops resets, need not be able to serve.
	if err := errors.Join(s.Close(), os.Unsetenv("MFAHELP_CLIENT_SECRET")); err != nil {
		t.Fatal(err)
	}
	return file, db
}

// tamper writes to the database past the program, and past what guards it.
func tamper(t *testing.T, db string, statements ...string) {
	t.Helper()
	d, err := sql.Open("sqlite", db)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	rows, err := d.Query("SELECT name FROM sqlite_master WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	var guards []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		guards = append(guards, `DROP TRIGGER "`+name+`"`)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	for _, s := range append(guards, statements...) {
		if _, err := d.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// TestAuditVerify has the command find what somebody did to the trail.
func TestAuditVerify(t *testing.T) {
	const sound = "All 5 entries are as they were written. The head is\n"
	for _, test := range []struct {
		name string
		do   []string
		said string
	}{
		{"nothing", nil, sound},
		{"one changed", []string{"UPDATE audit SET result = 'failed' WHERE seq = 3"},
			"mfahelp: the audit trail is not as it was written: entry 3 was changed, moved, or written by somebody without the key\n"},
		{"one removed", []string{"DELETE FROM audit WHERE seq = 2"}, "mfahelp: the audit trail is not as it was written: entry 2 is missing\n"},
		{"two exchanged", []string{"UPDATE audit SET seq = -seq WHERE seq IN (2, 3)", "UPDATE audit SET seq = 5 + seq WHERE seq < 0"},
			"mfahelp: the audit trail is not as it was written: entry 2 was changed, moved, or written by somebody without the key\n"},
		{"the last removed", []string{"DELETE FROM audit WHERE seq > 3"},
			"mfahelp: the audit trail is not as it was written: entry 4 is missing, and with it all that came after it\n"},
	} {
		file, db := aTrail(t)
		if test.do != nil {
			tamper(t, db, test.do...)
		}
		code, stdout, stderr := mfahelp(t, "", "audit", "verify", "--config", file)
		if want := map[bool]int{true: exitOK, false: exitError}[test.do == nil]; code != want || stderr != test.said || strings.HasPrefix(stdout, "5:") != (test.do == nil) {
			t.Errorf("%s: got %d, %q, %q", test.name, code, stdout, stderr)
		}
	}
}

// TestAuditHead exchanges the whole trail for an older copy of itself, which
// only a head that was written down tells from the one that was.
func TestAuditHead(t *testing.T) {
	file, db := aTrail(t)
	older, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := mfahelp(t, "", "freeze", "--config", file); code != exitOK {
		t.Fatal(stderr)
	}
	code, stdout, stderr := mfahelp(t, "", "audit", "verify", "--config", file)
	head := stdout // and nothing else, so that it can go into a file as it is
	if code != exitOK || !strings.HasPrefix(head, "6:") {
		t.Fatalf("got %d, %q, %q", code, stdout, stderr)
	}
	for _, f := range []string{"-wal", "-shm"} {
		_ = os.Remove(db + f)
	}
	if err := os.WriteFile(db, older, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := mfahelp(t, "", "audit", "verify", "--config", file); code != exitOK {
		t.Errorf("without a head: got %d, %q", code, stderr)
	}
	code, _, stderr = mfahelp(t, "", "audit", "verify", "--config", file, "--head", strings.TrimSuffix(head, "\n"))
	if want := "mfahelp: the audit trail is not as it was written: entry 6 is missing, and with it all that came after it\n"; code != exitError || stderr != want {
		t.Errorf("with a head: got %d, %q", code, stderr)
	}
}

// TestAuditExport prints every entry as a line of JSON.
func TestAuditExport(t *testing.T) {
	file, _ := aTrail(t)
	code, stdout, stderr := mfahelp(t, "", "audit", "export", "--config", file)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != exitOK || len(lines) != 5 || !strings.HasPrefix(lines[2], `{"seq":3,"at":"2026-11-20T09:02:00Z","key":"k2","verb":"help.asked","object":"2","result":"done","key_id":"`) {
		t.Errorf("got %d, %q, %q", code, stdout, stderr)
	}
}

// TestFreeze stops resets once, on record, and says so the second time.
func TestFreeze(t *testing.T) {
	file, _ := aTrail(t)
	for _, want := range []string{"Resets are stopped. The admins' channel is told", "Resets are stopped already, since "} {
		if code, stdout, stderr := mfahelp(t, "", "freeze", "--config", file); code != exitOK || !strings.HasPrefix(stdout, want) {
			t.Errorf("got %d, %q, %q", code, stdout, stderr)
		}
	}
	_, s, err := existing(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if z, err := s.Frozen(t.Context()); err != nil || !z.On {
		t.Errorf("got %+v, %v", z, err)
	}
	if all, err := s.Trail(t.Context(), 5, 10); err != nil || len(all) != 1 || all[0].Verb != "command.freeze" {
		t.Errorf("on record are %v, %v", all, err)
	}
}
