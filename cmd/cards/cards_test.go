package main

import (
	"bytes"
	"path"
	"regexp"
	"strings"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
)

// TestCards compares every message on every platform with its golden file.
func TestCards(t *testing.T) {
	for _, st := range stories {
		m := keyed(play(st, t))
		for _, p := range platforms {
			t.Run(st.name+"/"+p.name, func(t *testing.T) {
				bottest.GoldenAsIs(t, path.Join(p.name, st.name+p.ext), p.render(m)+"\n")
			})
		}
	}
}

// TestNoneSaysTooMuch looks at all messages for what none may say, since -update
// would bless it: a whole IP address, a phone number, the words of an alarm to
// whoever asks.
func TestNoneSaysTooMuch(t *testing.T) {
	number := regexp.MustCompile(`\+\d[\d ]{6,}`)
	for _, st := range stories {
		m := play(st, t)
		m.Attachments = nil // files may say where it came from
		said := allOf(m)
		if strings.Contains(said, "203.0.113.77") || number.MatchString(said) {
			t.Errorf("%s shows an address or a number:\n%s", st.name, said)
		}
		if strings.HasPrefix(st.name, "help-") && regexp.MustCompile(`(?i)fraud|suspicious|attack`).MatchString(said) {
			t.Errorf("%s tells whoever asks of an alarm:\n%s", st.name, said)
		}
	}
}

// TestPersonalIsDirect holds messages about somebody's sign-in to one reader.
func TestPersonalIsDirect(t *testing.T) {
	for _, st := range stories {
		m := play(st, t)
		if strings.HasPrefix(st.name, "help-") && strings.Contains(allOf(m), request) && !m.Personal {
			t.Errorf("%s names a sign-in and may be read by others", st.name)
		}
		if m.Personal && m.Check(inAdmins) == nil {
			t.Errorf("%s is personal and passes for a channel", st.name)
		}
	}
}

func TestGallery(t *testing.T) {
	var b bytes.Buffer
	if err := gallery(&b); err != nil {
		t.Fatal(err)
	}
	for _, st := range stories {
		if !strings.Contains(b.String(), ">"+st.name+" ") {
			t.Errorf("the gallery lacks %s", st.name)
		}
	}
}

// allOf is all that a message says.
func allOf(m bot.Message) string {
	b, err := m.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(b)
}
