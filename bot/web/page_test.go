package web_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/web"
)

// visit opens the page as a browser does.
func (p *page) visit(b *http.Client) (*http.Response, string) {
	p.t.Helper()
	res, body := p.do(request{method: http.MethodGet, path: "/", browser: b})
	if res.StatusCode != http.StatusOK {
		p.t.Fatalf("got %d %s", res.StatusCode, body)
	}
	return res, body
}

func TestPage(t *testing.T) {
	p := open(t)
	p.send(direct("ada"), "everything", bottest.Everything(), "")
	p.send(channel, "root", bot.Message{Title: "A case"}, "")
	p.Trace(web.Trace{Kind: "graph", Text: "Asked <b>Graph</b>.", CaseKey: "c1"})
	p.Trace(web.Trace{Kind: "dreamt", Text: "Of sheep."})
	b := p.browser()
	res, body := p.visit(b)

	for _, want := range []string{"Ada Lovelace – Finance", "Pia Ramm – Helpdesk", "Bob &lt;b&gt;Berg&lt;/b&gt;", "A case", "Nobody answered", "Asked &lt;b&gt;Graph&lt;/b&gt;.", ">dreamt<"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	for _, c := range res.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
			t.Errorf("the cookie %s is %+v", c.Name, c)
		}
	}
	if res, _ := p.visit(b); len(res.Cookies()) > 0 {
		t.Error("whoever comes back is given another session")
	}
	want := map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin"}
	for name, value := range want {
		if got := res.Header.Get(name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
	csp := res.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
		t.Errorf("the policy is %s", csp)
	}
}

// TestPageNeedsNothingElse reads the page as its policy does: no script or style
// in it, and nothing loaded from elsewhere.
func TestPageNeedsNothingElse(t *testing.T) {
	p := open(t)
	p.send(direct("ada"), "everything", bottest.Everything(), "")
	_, body := p.visit(p.browser())
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if (n.Data == "script" || n.Data == "style") && n.FirstChild != nil {
			t.Errorf("<%s> has content", n.Data)
		}
		for _, a := range n.Attr {
			loads := a.Key == "src" || a.Key == "href" && n.Data == "link"
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || loads && !strings.HasPrefix(a.Val, "/static/") {
				t.Errorf("<%s %s=%s>", n.Data, a.Key, a.Val)
			}
			if a.Key == "id" && ids[a.Val] {
				t.Errorf("two things are called %s", a.Val)
			}
			if a.Key == "id" {
				ids[a.Val] = true
			}
			if loads {
				res, _ := p.do(request{method: http.MethodGet, path: a.Val})
				if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
					t.Errorf("%s: got %d %s", a.Val, res.StatusCode, res.Header)
				}
			}
		}
	}
}

func TestSeats(t *testing.T) {
	p := open(t)
	p.send(direct("bob"), "bob", bot.Message{Title: "To Bob"}, "")
	p.send(direct("tom"), "tom", bot.Message{Title: "To Tom alone"}, "")
	b := p.browser()
	p.visit(b)
	for person, seat := range map[string]string{"bob": "employee", "tom": "admin"} {
		res, body := p.do(request{method: http.MethodPost, path: "/api/sessions", body: `{"person":"` + person + `","seat":"` + seat + `"}`, browser: b})
		if res.StatusCode != http.StatusCreated {
			t.Fatalf("got %d %s", res.StatusCode, body)
		}
	}
	_, whole := p.visit(b)
	for place, want := range map[string]string{"employee/direct": "To Bob", "admin/direct": "To Tom alone"} {
		res, body := p.do(request{method: http.MethodGet, path: "/panes/" + place, browser: b})
		if !strings.Contains(body, want) || !strings.Contains(whole, want) || res.Header.Get("Mfahelp-Cursor") == "" {
			t.Errorf("%s: got %d %s", place, res.StatusCode, body)
		}
	}
	p.do(request{method: http.MethodPost, path: "/api/messages?seat=admin", body: `{"place":"admins","text":"x"}`, browser: b})
	if got := p.inbox.Events(); len(got) != 1 || got[0].From.ID != "tom" {
		t.Errorf("got %+v", got)
	}
}

// TestSeatOfTheFormer has a cookie of somebody who is no longer an admin.
func TestSeatOfTheFormer(t *testing.T) {
	p := open(t)
	_, body := p.do(request{method: http.MethodGet, path: "/", header: map[string]string{"Cookie": "mfahelp-admin=" + p.as("ada")}})
	if !strings.Contains(body, `<option value="pia" selected>`) {
		t.Error("an employee sits in the admin's seat")
	}
}

func TestFile(t *testing.T) {
	p := open(t)
	names := map[string]string{
		"report.txt":                         `attachment; filename=report.txt`,
		"../../etc/passwd":                   `attachment; filename=passwd`,
		`..\..\evil.exe`:                     `attachment; filename=evil.exe`,
		"a\"; filename=evil.html\r\nX: y":    `attachment; filename="a__ filename=evil.html__X_ y"`,
		"<script>alert(1)</script>":          `attachment; filename=script_`,
		"Bericht für Zoë.txt":                `attachment; filename*=utf-8''Bericht%20f%C3%BCr%20Zo%C3%AB.txt`,
		"...":                                `attachment; filename=file`,
		"\u202etxt.exe":                      `attachment; filename=_txt.exe`,
		strings.Repeat("a", 200) + "end.txt": `attachment; filename=` + strings.Repeat("a", 93) + "end.txt",
	}
	m := bot.Message{Title: "Files"}
	var order []string
	for name := range names {
		order = append(order, name)
		m.Attachments = append(m.Attachments, bot.Attachment{Name: name, MediaType: "text/html", Content: []byte("<script>")})
	}
	p.send(direct("ada"), "files", m, "")
	p.send(direct("ada"), "text", bot.Message{Title: "Text", Attachments: []bot.Attachment{{Name: "a", MediaType: "Text/Plain; charset=latin1"}}}, "")
	ada := p.as("ada")
	all := p.reads(ada, "direct")
	for i, a := range all[0].Attachments {
		res, body := p.do(request{method: http.MethodGet, path: a.URL, token: ada})
		h := res.Header
		if got := h.Get("Content-Disposition"); got != names[order[i]] {
			t.Errorf("%q: got %s, want %s", a.Name, got, names[order[i]])
		}
		if h.Get("Content-Type") != "application/octet-stream" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || body != "<script>" {
			t.Errorf("%q: got %v %s", a.Name, h, body)
		}
	}
	res, _ := p.do(request{method: http.MethodGet, path: all[1].Attachments[0].URL, token: ada})
	if got := res.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("text: got %s", got)
	}
}

func TestConversation(t *testing.T) {
	p := open(t)
	ref := p.send(direct("ada"), "case", bot.Message{
		Title: "No answer", Status: bot.Problem,
		Body: []bot.Block{
			bot.Text{bot.Plain("One\ntwo "), bot.Strong("three")},
			bot.Facts{{Name: "Error", Value: bot.Text{bot.Code("500121")}}},
			bot.Steps{{Do: bot.Text{bot.Plain("Open the app")}, Why: "It waits there"}},
			bot.List{{Title: bot.Text{bot.Plain("A case")}, Facts: bot.Text{bot.Plain("of today")}, Action: bot.Choose{Label: "This one", Key: "k1"}}},
			bot.Quote("ouch\n"), bot.Note{bot.Plain("Case 7")},
		},
		Actions: []bot.Action{bot.Open{Label: "Help", URL: "https://example.com/"}, bot.Choose{Label: "Delete", Key: "k2", Weight: bot.Danger}},
	}, "")
	got := p.reads(p.as("ada"), "direct")[0]
	if want := "One|two three|Error: 500121|Open the app|It waits there|A case|of today|ouch|Case 7"; strings.Join(got.Lines, "|") != want {
		t.Errorf("got lines %s, want %s", strings.Join(got.Lines, "|"), want)
	}
	b, _ := json.Marshal([]any{got.Ref == ref, got.Status, got.Name, got.Facts, got.Steps, got.Actions})
	want := `[true,"problem","mfahelp",[{"Name":"Error","Value":"500121"}],[{"Do":"Open the app","Why":"It waits there"}],[` +
		`{"Label":"This one","Key":"k1","Kind":"choose","Weight":"","URL":""},{"Label":"Help","Key":"","Kind":"open","Weight":"","URL":"https://example.com/"},` +
		`{"Label":"Delete","Key":"k2","Kind":"choose","Weight":"danger","URL":""}]]`
	if string(b) != want {
		t.Errorf("got %s\nwant %s", b, want)
	}
}

func TestWhoAndWhat(t *testing.T) {
	p := open(t)
	for at, want := range map[string]string{
		"/api/people":  `{"id":"pia","name":"Pia Ramm","note":"Helpdesk","admin":true}`,
		"/api/samples": `{"name":"no-response","title":"Nobody answered","summary":"It timed out.","person":"ada","group":"Phone"}`,
	} {
		_, body := p.do(request{method: http.MethodGet, path: at})
		if !strings.Contains(body, want) || strings.Contains(body, "o-pia") {
			t.Errorf("%s: got %s", at, body)
		}
	}
}

// TestSentences holds the page and its words to each other.
func TestSentences(t *testing.T) {
	b, err := os.ReadFile("../../words/en/web.json")
	if err != nil {
		t.Fatal(err)
	}
	var sentences map[string]string
	if err := json.Unmarshal(b, &sentences); err != nil {
		t.Fatal(err)
	}
	said := found(t, `\.Say "([a-z.-]+)"`, "templates/*.html")
	maps.Copy(said, found(t, `"web\.([a-z.-]+[a-z])"`, "*.go"))
	maps.Copy(said, found(t, `\bsay\("([a-z.-]+)"`, "static/*.js"))
	for code := range found(t, `code: "([a-z-]+)"`, "*.go") {
		said["error."+code] = true
	}
	for key := range said {
		if sentences["web."+key] == "" {
			t.Errorf("there is no sentence for %s", key)
		}
	}
	composed := regexp.MustCompile(`^web\.(kind|status|announce)\.`)
	for key := range sentences {
		if !said[strings.TrimPrefix(key, "web.")] && !composed.MatchString(key) {
			t.Errorf("nothing says %s", key)
		}
	}
}

// found returns what a pattern catches in our own files, without the tests.
func found(t *testing.T, pattern, glob string) map[string]bool {
	t.Helper()
	names, err := filepath.Glob(glob)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files in %s: %v", glob, err)
	}
	all := map[string]bool{}
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		src, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(src), -1) {
			all[m[1]] = true
		}
	}
	return all
}

// TestScriptSaysWhatItWasGiven finds a sentence that the script asks for and the
// page does not bring.
func TestScriptSaysWhatItWasGiven(t *testing.T) {
	p := open(t)
	_, body := p.visit(p.browser())
	for key := range found(t, `\bsay\("([a-z.-]+)"`, "static/*.js") {
		if !strings.Contains(body, `&#34;`+key+`&#34;:`) {
			t.Errorf("the page does not bring %s", key)
		}
	}
}
