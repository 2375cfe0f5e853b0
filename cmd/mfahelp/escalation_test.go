package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	chrome "github.com/chromedp/cdproto/browser"
)

// TestEscalation goes from a failure to the admins and back, by the real clock:
// the case comes with its files, an admin takes it and writes, the employee reads
// it, and it is settled.
func TestEscalation(t *testing.T) {
	b := openBrowser(t, 1280, 860)
	js[any](b, `document.querySelector('[data-sample="no-response"]').click()`)
	b.until("the text of the error page", `document.querySelector("#say-employee").value && document.activeElement.form`)
	pasted := js[string](b, `document.querySelector("#say-employee").value`)
	b.keys("\r")
	b.press("#log-employee", "Still stuck")
	b.until("the form", `document.querySelector("#form").open`)
	b.keys("A customer waits, and the phone is with me.")
	b.press("#form", "Still stuck")

	b.until("the case", newestCase+`?.textContent.includes("Sofia Almeida: no answer to the sign-in request")`)
	b.until("the evidence", `document.querySelectorAll("#log-admins .replies .files a").length === 2`)
	card := b.text(newestCase)
	for _, want := range []string{"A customer waits", "Nobody has it yet", "Microsoft Authenticator on Pixel 9", "AADSTS500121", "sofia.almeida@contoso.com"} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q: %s", want, card)
		}
	}
	if why := b.text(`document.querySelector("#log-admins .replies .card")`); !strings.Contains(why, "MFA denied; user did not respond to mobile app notification") || !strings.Contains(why, ofStep) {
		t.Errorf("the evidence is %s", why)
	}
	b.picture("escalated.png")
	for i, name := range []string{"json", "txt"} {
		checkFile(t, name, b.download(i), pasted)
	}

	b.press("#log-admins", "Claim")
	b.until("who has it", newestCase+`.textContent.includes("With @Priya Raman")`)
	b.press("#log-admins", "Reply")
	b.until("the form", `document.querySelector("#form").open`)
	b.keys("Please open the app and try once more.")
	b.press("#form", "Reply")
	b.until("what the admin wrote", newestAnswer+`?.textContent.includes("Please open the app and try once more.")`)
	b.press("#log-admins", "Resolve")
	b.until("the form", `document.querySelector("#form").open`)
	js[any](b, `document.querySelector("#form select").value = "self"`)
	b.press("#form", "Resolve")
	b.until("that it is settled", newestCase+`.matches(".good") && !`+newestCase+`.closest(".topic").querySelector(".thread").open`)
	b.until("that the employee knows", `[...document.querySelectorAll("#log-employee .card h3")].some(x => x.textContent.includes("Your case is closed"))`)
}

// download clicks a file of the newest case and returns what the browser saved.
func (b *browser) download(n int) []byte {
	b.t.Helper()
	dir := b.t.TempDir()
	call(b, chrome.SetDownloadBehavior, chrome.SetDownloadBehaviorParams{Behavior: chrome.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir})
	js[any](b, fmt.Sprintf(`document.querySelectorAll("#log-admins .replies .files a")[%d].click()`, n))
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 400 {
		<-tick.C
		names, _ := filepath.Glob(filepath.Join(dir, "case-*")) // the pattern is right
		if len(names) == 1 && !strings.HasSuffix(names[0], ".crdownload") {
			content, err := os.ReadFile(names[0])
			if err != nil {
				b.t.Fatal(err)
			}
			return content
		}
	}
	b.t.Fatal("nothing was saved")
	return nil
}

// checkFile holds a file of the evidence against what was pasted, and looks for
// what must be in neither: a whole phone number, a secret, a token.
func checkFile(t *testing.T, kind string, content []byte, pasted string) {
	t.Helper()
	request := regexp.MustCompile(`Request Id: (\S+)`).FindStringSubmatch(pasted)[1]
	text := string(content)
	for _, want := range []string{request, "MFA denied; user did not respond to mobile app notification", "Pixel 9", "500121"} {
		if !strings.Contains(text, want) {
			t.Errorf("the %s file lacks %q: %s", kind, want, text)
		}
	}
	if kind == "json" {
		var d struct {
			Cause  string
			SignIn struct{ ID string } `json:"sign_in"`
		}
		if err := json.Unmarshal(content, &d); err != nil || d.Cause != "no-answer" || !strings.EqualFold(d.SignIn.ID, request) {
			t.Errorf("the file says %+v, %v", d, err)
		}
	}
	// Sofia's number in the pretend directory, however it is written.
	digits := regexp.MustCompile(`[^0-9]`).ReplaceAllString(text, "")
	if strings.Contains(digits, "2065550107") {
		t.Errorf("the %s file has a whole phone number", kind)
	}
	if leak := regexp.MustCompile(`(?i)bearer|eyJ[\w-]{10}|client_secret|password":\s*"`).FindString(text); leak != "" {
		t.Errorf("the %s file has %q", kind, leak)
	}
}
