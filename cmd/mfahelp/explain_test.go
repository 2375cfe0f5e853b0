package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot/bottest"
	"mfahelp/flows/diagnose"
	"mfahelp/graph/aadsts"
	"mfahelp/words"
)

// page is what somebody copies from an error page.
const errorPage = `Sign in
Sorry, but we're having trouble signing you in.
AADSTS500121: Authentication failed during strong authentication request.
Request Id: 2d6f1c3e-7a4b-4f0e-9a51-0c8e5b7d9a00
Correlation Id: 57fd12bc-e8ac-4747-9617-2825777b3085
Timestamp: 2026-05-20T03:50:06Z
User: Mara.Lind@contoso.com`

// TestExplained holds what people read against golden files.
func TestExplained(t *testing.T) {
	for name, text := range map[string]string{
		"mfa":          errorPage,
		"variant":      "AADSTS500532: The account is locked.",
		"several":      "AADSTS70002: Error validating credentials. AADSTS70008: The grant has expired. Trace ID: e88ff683-f127-4a70-bfe7-81c2b29c4600 Correlation ID: 6ad48767-b4f2-46ac-8938-40379228adee Timestamp: 2021-05-20 10:33:58Z",
		"side by side": "AADSTS50076 AADSTS500121",
		"an app":       "AADSTS50011: The redirect URI does not match.",
		"damaged":      "Error Code: 500121\nRequest Id: 3kd85c1e-71b-52rf-9c04-58e0d2ab7f00\nCorrelation Id: [redacted]\nTimestamp: 2026-05-20T03:50:06Z",
		"unknown":      "AADSTS999998: Something new.",
		"no code":      "Request Id: 2d6f1c3e-7a4b-4f0e-9a51-0c8e5b7d9a00 Correlation Id: 57fd12bc-e8ac-4747-9617-2825777b3085 Timestamp: 2026-05-20T03:50:06Z",
		"policy":       "AADSTS53003: Access has been blocked by Conditional Access policies.",
		"no error":     "hello, I cannot get in!",
		"nothing":      "",
		"not a text":   "\x00\xff\x1b[31m\x07\xfe\x80AADSTS\xff",
		"a long word":  strings.Repeat("x", 300),
	} {
		code, stdout, stderr := mfahelp(t, text, "explain")
		if code != exitOK || stderr != "" {
			t.Errorf("%s: got %d, %q", name, code, stderr)
		}
		if strings.ContainsAny(stdout, "\x1b\x00\x07") || !utf8.ValidString(stdout) {
			t.Errorf("%s: control characters in %q", name, stdout)
		}
		bottest.GoldenText(t, "explain/"+strings.ReplaceAll(name, " ", "-")+".txt", stdout)
	}
}

func TestExplainJSON(t *testing.T) {
	code, stdout, stderr := mfahelp(t, errorPage, "explain", "--json", "-")
	if code != exitOK || stderr != "" || strings.Count(stdout, "\n") != 1 {
		t.Fatalf("got %d, %q, %q", code, stdout, stderr)
	}
	got := decoded(t, stdout)
	for _, key := range []string{"title", "advice"} {
		if s, ok := got[key].(string); !ok || s == "" {
			t.Errorf("%s is %v", key, got[key])
		}
		delete(got, key)
	}
	if d := cmp.Diff(map[string]any{
		"code": "500121", "codes": []any{"500121"}, "request_id": "2d6f1c3e-7a4b-4f0e-9a51-0c8e5b7d9a00",
		"correlation_id": "57fd12bc-e8ac-4747-9617-2825777b3085", "timestamp": "2026-05-20T03:50:06Z", "upn": "mara.lind@contoso.com",
	}, got); d != "" {
		t.Error(d)
	}
}

// TestExplainNothing has null for all that is absent, and no missing key.
func TestExplainNothing(t *testing.T) {
	for _, text := range []string{"", "hello", "\x00\xff\xfe"} {
		code, stdout, _ := mfahelp(t, text, "explain", "--json")
		got := decoded(t, stdout)
		if got["title"] != "No Microsoft sign-in error found" || got["advice"] == "" || code != exitOK {
			t.Errorf("%q: got %d, %v", text, code, got)
		}
		delete(got, "title")
		delete(got, "advice")
		want := map[string]any{"code": nil, "codes": []any{}, "request_id": nil, "correlation_id": nil, "timestamp": nil, "upn": nil}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: %s", text, d)
		}
	}
}

func decoded(t *testing.T, s string) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		t.Fatalf("%v in %q", err, s)
	}
	return m
}

func TestExplainLines(t *testing.T) {
	in := strings.Join([]string{
		`{"name": "one", "text": "AADSTS50126: Invalid <user> & password", "more": [1]}`,
		`{"name": "two"`,
		``,
		`{"text": "nothing"}`,
		`{"name": "no text"}`,
		`["name", "text"]`,
		`{"name": 5, "text": "x"}`,
		`{"name": "long", "text": "` + strings.Repeat("y", 3<<20) + `"}`,
		"\ufeff" + `{"name": "last", "text": "AADSTS53003:"}`, // and no end of the line
	}, "\r\n")
	code, stdout, stderr := mfahelp(t, in, "explain", "--jsonl")
	var got [][2]any
	for line := range strings.Lines(stdout) {
		m := decoded(t, line)
		got = append(got, [2]any{m["name"], m["code"]})
		if len(m) != 9 {
			t.Errorf("%d keys in %s", len(m), line)
		}
	}
	if d := cmp.Diff([][2]any{{"one", "50126"}, {nil, nil}, {"long", nil}, {"last", "53003"}}, got); d != "" {
		t.Error(d)
	}
	var lines []string
	for line := range strings.Lines(stderr) {
		lines = append(lines, strings.Join(strings.SplitN(line, ":", 3)[:2], ":"))
	}
	want := []string{"mfahelp: line 2", "mfahelp: line 5", "mfahelp: line 6", "mfahelp: line 7", "mfahelp: 4 of 9 lines could not be read\n"}
	if d := cmp.Diff(want, lines); d != "" || code != exitError {
		t.Errorf("got %d, %s", code, d)
	}
}

// TestExplainTyped answers each line before the next is there.
func TestExplainTyped(t *testing.T) {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	done := make(chan int)
	go func() { done <- run(t.Context(), []string{"explain", "--jsonl"}, inR, outW, io.Discard) }()
	answers := bufio.NewReader(outR)
	for _, name := range []string{"a", "b"} {
		if _, err := io.WriteString(inW, `{"name":"`+name+`","text":""}`+"\n"); err != nil {
			t.Fatal(err)
		}
		line, err := answers.ReadString('\n')
		if err != nil || decoded(t, line)["name"] != name {
			t.Errorf("got %q, %v", line, err)
		}
	}
	inW.Close()
	if code := <-done; code != exitOK {
		t.Errorf("got %d", code)
	}
}

// TestExplainPastes reads the collection of real layouts, where there is one.
func TestExplainPastes(t *testing.T) {
	file := os.Getenv("MFAHELP_PASTES")
	if file == "" {
		t.Skip("MFAHELP_PASTES names no collection of texts")
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := mfahelp(t, string(b), "explain", "--jsonl")
	if code != exitOK || stderr != "" {
		t.Fatalf("got %d, %s", code, stderr)
	}
	answers := strings.Split(strings.TrimSpace(stdout), "\n")
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		want, got := decoded(t, line), decoded(t, answers[i])
		for _, key := range []string{"name", "code", "request_id", "correlation_id", "upn"} {
			if g, w := lower(got[key]), lower(want[key]); g != w {
				t.Errorf("%s: got %s %v, want %v", want["name"], key, g, w)
			}
		}
		if g, w := instant(got["timestamp"]), instant(want["timestamp"]); !g.Equal(w) {
			t.Errorf("%s: got %v, want %v", want["name"], g, w)
		}
		if codes, ok := want["codes"]; ok && !cmp.Equal(codes, got["codes"]) {
			t.Errorf("%s: got %v, want %v", want["name"], got["codes"], codes)
		}
		if got["title"] == "" || got["advice"] == "" {
			t.Errorf("%s: nothing is said", want["name"])
		}
	}
}

func lower(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToLower(s)
	}
	return v
}

func instant(v any) time.Time {
	s, _ := v.(string)
	at, _ := time.Parse(time.RFC3339, s)
	return at
}

// TestExplainFiles reads files as Windows may have saved them.
func TestExplainFiles(t *testing.T) {
	units := utf16.Encode([]rune(errorPage + " ü"))
	var little, big bytes.Buffer
	for _, u := range append([]uint16{0xfeff}, units...) {
		binary.Write(&little, binary.LittleEndian, u)
		binary.Write(&big, binary.BigEndian, u)
	}
	little.WriteByte(0) // half a letter at the end
	for name, b := range map[string][]byte{"plain": []byte(errorPage), "mark": []byte("\ufeff" + errorPage), "little": little.Bytes(), "big": big.Bytes()} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := mfahelp(t, "", "explain", "--json", file)
		if got := decoded(t, stdout); code != exitOK || got["code"] != "500121" || got["upn"] != "mara.lind@contoso.com" {
			t.Errorf("%s: got %d, %v, %s", name, code, got, stderr)
		}
	}
}

// TestExplainLong reads the beginning of what is too long, and says so.
func TestExplainLong(t *testing.T) {
	code, stdout, stderr := mfahelp(t, errorPage+strings.Repeat("\nmore", aadsts.MaxText), "explain", "--json")
	if got := decoded(t, stdout)["code"]; code != exitOK || got != "500121" || stderr != "mfahelp: only the first 1024 kB of the text are read\n" {
		t.Errorf("got %d, %v, %q", code, got, stderr)
	}
}

func TestReadLine(t *testing.T) {
	long := strings.Repeat("z", maxLine+1)
	r := bufio.NewReaderSize(strings.NewReader("a\n"+long+"\nb\n"+long), 64<<10)
	for _, want := range []struct {
		line string
		err  error
	}{{"a\n", nil}, {"", errTooLong}, {"b\n", nil}, {"", errTooLong}, {"", io.EOF}} {
		if line, err := readLine(r); string(line) != want.line || !errors.Is(err, want.err) {
			t.Errorf("got %.10q, %v, want %q, %v", line, err, want.line, want.err)
		}
	}
}

// TestCatalogue says something whole about every code there is.
func TestCatalogue(t *testing.T) {
	for _, e := range aadsts.Catalogue() {
		for _, part := range []string{"title", "user", "admin"} {
			if key := "code." + e.Code + "." + part; !words.Has(key) {
				t.Errorf("there is no sentence %s", key)
			}
		}
		r := read("AADSTS" + e.Code + ": x")
		if s := r.whole(); strings.Contains(s, "step.") || strings.Contains(s, "{") || strings.Contains(s, "button") {
			t.Errorf("%s: advice %q", e.Code, s)
		}
		if e.Incident && len(r.steps) > 0 {
			t.Errorf("%s: helps with what is the admins' matter: %v", e.Code, r.steps)
		}
	}
}

// TestAlarm advises nothing where somebody else may have the password.
func TestAlarm(t *testing.T) {
	var missing []string
	p := &words.Printer{Missing: func(key string) { missing = append(missing, key) }}
	r := reading{advice: "own"}
	r.diagnosed(p, diagnose.Diagnosis{Cause: diagnose.Risk, Alarm: true, Steps: []diagnose.Advice{{Key: "approve"}}}, true)
	if r.whole() != "own" || r.meaning != "" {
		t.Errorf("got %+v", r)
	}
	d := diagnose.Diagnosis{Cause: diagnose.Declined, Ask: true, Steps: []diagnose.Advice{{Key: "approve"}, {Key: "admins-any"}}}
	r.diagnosed(p, d, false)
	want := "1. " + p.Say("step.approve.do") + "\n2. " + p.Say("explain.not-you") + "\n3. " + p.Say("explain.admins")
	if d := cmp.Diff(want, r.whole()); d != "" || missing != nil {
		t.Errorf("missing %v, %s", missing, d)
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"one two three", []string{"one two", "three"}},
		{"a  b\n\nc", []string{"a b c"}},
		{"unbreakable", []string{"unbreakable"}},
		{"ä ö ü é è", []string{"ä ö ü é", "è"}},
	} {
		if d := cmp.Diff(test.want, wrap(test.text, 7)); d != "" {
			t.Errorf("%q: %s", test.text, d)
		}
	}
}

// TestBold marks headings for a terminal alone.
func TestBold(t *testing.T) {
	var b strings.Builder
	if err := read(errorPage).print(&b, true); err != nil || strings.Count(b.String(), "\x1b[1m") < 3 {
		t.Errorf("got %v, %q", err, &b)
	}
}
