package sandbox

import (
	"testing"

	"mfahelp/graph"
)

func TestMailIsSentFromOneMailbox(t *testing.T) {
	w := newWorld(t)
	good := mailTo("aiko.sato@contoso.com")
	free := w.AddApp("unfenced", "Mail.Send")
	for _, test := range []struct {
		claim, from, body string
		app               App
		status            int
		code              any
	}{
		{"the named mailbox", Mailbox, good, w.Writer(), 202, nil},
		{"another", "sofia.almeida@contoso.com", good, w.Writer(), 403, "ErrorAccessDenied"},
		{"another, without a fence", "sofia.almeida@contoso.com", good, free, 202, nil},
		{"none that there is", "nobody@contoso.com", good, free, 404, "ErrorInvalidUser"},
		{"nobody is written to", Mailbox, `{"message":{}}`, w.Writer(), 400, "ErrorInvalidRecipients"},
		{"nobody is written to, and the mailbox is another", "sofia.almeida@contoso.com", `{"message":{}}`, w.Writer(), 403, "ErrorAccessDenied"},
		{"without the permission", Mailbox, good, w.Reader(), 403, "ErrorAccessDenied"},
	} {
		before := len(w.Mails())
		got := w.do("POST", "/v1.0/users/"+test.from+"/sendMail", w.token(test.app), test.body)
		if sent := len(w.Mails()) > before; got.status != test.status || got.at("error/code") != test.code || sent != (test.status == 202) {
			t.Errorf("%s: got %d %s, sent: %v", test.claim, got.status, got.text, sent)
		}
	}
	m := w.Mails()[0]
	if m.From != Mailbox || m.To[0] != "aiko.sato@contoso.com" || m.Text != "Hello" || m.Saved {
		t.Errorf("got %+v", m)
	}
	if e := w.Writes()[0]; e.Write != graph.SendMail || e.User != stableID("user", "aiko.sato@"+Domain) || !e.Done {
		t.Errorf("counted as %+v", e)
	}
}
