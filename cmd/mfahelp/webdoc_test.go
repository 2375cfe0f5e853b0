package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestTheDocumentedScript goes through the case that the doc comment of package
// web tells, request by request, as it stands there.
func TestTheDocumentedScript(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../bot/web/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	base := regexp.MustCompile(`BASE=http://(\S+)`).FindSubmatch(doc)
	listen, _ := reflect.TypeFor[demoCmd]().FieldByName("Listen")
	if base == nil || string(base[1]) != listen.Tag.Get("default") {
		t.Errorf("it goes to %q, and a demo is at %s", base, listen.Tag.Get("default"))
	}
	requests := regexp.MustCompile(`post (/\S+) '(.*)'`).FindAllStringSubmatch(string(doc), -1)
	if len(requests) != 4 {
		t.Fatalf("it has the requests %q", requests)
	}
	s := openTheatre(t)
	told := map[string]string{}
	for _, r := range requests {
		body := strings.NewReplacer("'\"$TEXT\"'", quoted(told["text"]), "the key of an action", told["key"]).Replace(r[2])
		var answer struct{ Token, Text string }
		askAsDocumented(t, http.MethodPost, s.url+r[1], told["token"], body, &answer)
		if answer.Token != "" {
			told["token"] = answer.Token
		}
		if answer.Text != "" {
			told["text"] = answer.Text
		}
		if err := s.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r[1] == "/api/messages" {
			var c conversation
			askAsDocumented(t, http.MethodGet, s.url+"/api/conversations/direct", told["token"], "", &c)
			if len(c.last().Actions) == 0 {
				t.Fatalf("the bot offers nothing: %+v", c)
			}
			told["key"] = c.last().Actions[0].Key
		}
	}
	var c conversation
	askAsDocumented(t, http.MethodGet, s.url+"/api/conversations/direct", told["token"], "", &c)
	if c.last().Status != "good" {
		t.Errorf("in the end the bot says %+v", c.last())
	}
}

func askAsDocumented(t *testing.T, method, url, token, body string, answer any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s with %s: %s, %v", method, url, body, resp.Status, err)
	}
}
