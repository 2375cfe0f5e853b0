package page

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/oauth2"

	"mfahelp/bot"
)

// A problem is why a request was not taken.
type problem struct {
	status int
	key    string // of a sentence, without page. before it; its title has .title behind it
	link   string // whose address can be tried again
	again  bool
	err    error // for the log; nothing personal
}

func (p *problem) Error() string { return p.key }

// handle answers a problem with a sentence, and logs what operators need.
func (p *Page) handle(f func(http.ResponseWriter, *http.Request) *problem) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if bad := f(w, r); bad != nil {
			p.refuse(w, r, bad)
		}
	}
}

// noLink is what becomes of an address that leads nowhere.
func noLink() *problem { return &problem{status: http.StatusNotFound, key: "no-link"} }

// plausible reports whether link can be one, before anybody is asked about it.
func plausible(link string) bool { return len(link) >= 16 && len(link) <= 200 }

// expected returns who must sign in at the link of an address.
func (p *Page) expected(ctx context.Context, link string) (bot.Identity, *problem) {
	if !plausible(link) {
		return bot.Identity{}, noLink()
	}
	who, ok, err := p.o.Confirmations.For(ctx, link)
	switch {
	case err != nil:
		return bot.Identity{}, &problem{status: http.StatusServiceUnavailable, key: "unavailable", link: link, again: true, err: err}
	case !ok || !who.Known():
		return bot.Identity{}, noLink()
	}
	return who, nil
}

// ends returns what a link can end, and whose it is; not ok for all other links.
func (p *Page) ends(ctx context.Context, link string) (bot.Confirmation, bot.Identity, bool, *problem) {
	if !plausible(link) {
		return bot.Confirmation{}, bot.Identity{}, false, noLink()
	}
	c, who, ok, err := p.o.Confirmations.End(ctx, link)
	if err != nil {
		return c, who, false, &problem{status: http.StatusServiceUnavailable, key: "unavailable", err: err}
	}
	return c, who, ok && who.Known(), nil
}

// end takes the no of a link that can end something; not ok for all other links.
func (p *Page) end(w http.ResponseWriter, r *http.Request) (bool, *problem) {
	link := r.PathValue("link")
	c, who, ok, bad := p.ends(r.Context(), link)
	if bad != nil || !ok {
		return false, bad
	}
	if c.Agree == "" { // it is too late
		p.draw(w, r, http.StatusConflict, view{Kind: "end", Link: link, Confirmation: c})
		return true, nil
	}
	person := p.person(who, "")
	e := bot.Event{
		ID: digest("end", link), At: p.o.Now().UTC(), From: person,
		In:  at(link, person),
		Did: bot.Ended{Link: link},
	}
	if err := p.o.Inbox.Accept(r.Context(), e); err != nil {
		return false, &problem{status: http.StatusServiceUnavailable, key: "unavailable", err: err}
	}
	p.draw(w, r, http.StatusOK, view{Kind: "ended", Link: link})
	return true, nil
}

// invite says who must sign in, or what a link can end. It starts nothing.
func (p *Page) invite(w http.ResponseWriter, r *http.Request) *problem {
	link := r.PathValue("link")
	c, _, ok, bad := p.ends(r.Context(), link)
	if bad != nil {
		return bad
	}
	if ok {
		p.draw(w, r, http.StatusOK, view{Kind: "end", Link: link, Confirmation: c})
		return nil
	}
	who, bad := p.expected(r.Context(), link)
	if bad != nil {
		return bad
	}
	p.draw(w, r, http.StatusOK, view{Kind: "invite", Link: link, Account: who.Email})
	return nil
}

// leave sends the browser to Entra, or takes a no.
func (p *Page) leave(w http.ResponseWriter, r *http.Request) *problem {
	if done, bad := p.end(w, r); done || bad != nil {
		return bad
	}
	link := r.PathValue("link")
	who, bad := p.expected(r.Context(), link)
	if bad != nil {
		return bad
	}
	c, err := p.o.Confirmations.Confirm(r.Context(), link, p.person(who, ""))
	if err != nil {
		return &problem{status: http.StatusServiceUnavailable, key: "unavailable", link: link, again: true, err: err}
	}
	a := attempt{Link: link, State: rand.Text(), Verifier: oauth2.GenerateVerifier(), Begun: p.o.Now().UTC()}
	a.Nonce = digest(rand.Text(), link, c.Digest)
	sealed, err := p.seal.close("attempt", "", a)
	if err != nil {
		return &problem{status: http.StatusInternalServerError, key: "unavailable", link: link, again: true, err: err}
	}
	to, err := p.entra.away(r.Context(), a, p.Callback(), who.Email)
	if err != nil {
		return &problem{status: http.StatusBadGateway, key: "entra-down", link: link, again: true, err: err}
	}
	p.put(w, attemptCookie, sealed)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// callback takes what Entra sends back.
func (p *Page) callback(w http.ResponseWriter, r *http.Request) *problem {
	q := r.URL.Query()
	var a attempt
	if err := p.seal.open("attempt", "", take(r, attemptCookie), &a); err != nil ||
		subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(a.State)) != 1 || p.o.Now().Sub(a.Begun) > fresh {
		return &problem{status: http.StatusBadRequest, key: "lost"}
	}
	p.drop(w, attemptCookie)
	if code := q.Get("error"); code != "" {
		return &problem{status: http.StatusForbidden, key: "refused", link: a.Link, again: true, err: errors.New("Entra answered " + word(code))}
	}
	want, bad := p.expected(r.Context(), a.Link)
	if bad != nil {
		return bad
	}
	c, err := p.entra.redeem(r.Context(), a, q.Get("code"), p.Callback())
	if errors.Is(err, errToken) {
		return &problem{status: http.StatusForbidden, key: "refused", link: a.Link, again: true, err: err}
	}
	if err != nil {
		return &problem{status: http.StatusBadGateway, key: "entra-down", link: a.Link, again: true, err: err}
	}
	s, bad := p.judge(c, a, want)
	if bad != nil {
		return bad
	}
	sealed, err := p.seal.close("session", a.Link, s)
	if err != nil {
		return &problem{status: http.StatusInternalServerError, key: "unavailable", link: a.Link, again: true, err: err}
	}
	p.put(w, sessionCookie, sealed)
	http.Redirect(w, r, p.Address(a.Link)+"/confirm", http.StatusSeeOther)
	return nil
}

// signedIn returns who came back from Entra for the link of r, while that is fresh.
func (p *Page) signedIn(r *http.Request) (session, bot.Identity, *problem) {
	link := r.PathValue("link")
	who, bad := p.expected(r.Context(), link)
	if bad != nil {
		return session{}, who, bad
	}
	var s session
	err := p.seal.open("session", link, take(r, sessionCookie), &s)
	if err != nil || s.Link != link || !strings.EqualFold(s.Object, who.ObjectID) || p.o.Now().Sub(s.At) > fresh {
		return session{}, who, &problem{status: http.StatusForbidden, key: "stale", link: link, again: true}
	}
	return s, who, nil
}

// show shows what a yes is about, as the record is now.
func (p *Page) show(w http.ResponseWriter, r *http.Request) *problem {
	s, who, bad := p.signedIn(r)
	if bad != nil {
		return bad
	}
	c, err := p.o.Confirmations.Confirm(r.Context(), s.Link, p.person(who, s.Name))
	if err != nil {
		return &problem{status: http.StatusServiceUnavailable, key: "unavailable", link: s.Link, again: true, err: err}
	}
	p.draw(w, r, http.StatusOK, view{Kind: "confirm", Link: s.Link, Account: s.Name, Confirmation: c})
	return nil
}

// agree takes the yes, to exactly what was shown.
func (p *Page) agree(w http.ResponseWriter, r *http.Request) *problem {
	s, who, bad := p.signedIn(r)
	if bad != nil {
		return bad
	}
	if err := r.ParseForm(); err != nil {
		return &problem{status: http.StatusBadRequest, key: "lost"}
	}
	person := p.person(who, s.Name)
	c, err := p.o.Confirmations.Confirm(r.Context(), s.Link, person)
	if err != nil {
		return &problem{status: http.StatusServiceUnavailable, key: "unavailable", link: s.Link, again: true, err: err}
	}
	if c.Agree == "" || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("digest")), []byte(c.Digest)) != 1 {
		p.draw(w, r, http.StatusConflict, view{Kind: "confirm", Link: s.Link, Account: s.Name, Confirmation: c, Changed: true})
		return nil
	}
	e := bot.Event{
		// The same yes twice is one: who presses twice says no more than once.
		ID: digest(s.Link, s.Object, s.At.UTC().Format(time.RFC3339Nano), c.Digest), At: p.o.Now().UTC(), From: person,
		In:  at(s.Link, person),
		Did: bot.SignedIn{Link: s.Link, At: s.At, Methods: s.Methods, Digest: c.Digest},
	}
	if err := p.o.Inbox.Accept(r.Context(), e); err != nil {
		return &problem{status: http.StatusServiceUnavailable, key: "unavailable", link: s.Link, again: true, err: err}
	}
	p.drop(w, sessionCookie)
	p.draw(w, r, http.StatusOK, view{Kind: "done", Link: s.Link, Account: s.Name})
	return nil
}

// at is where somebody is who said something at a link.
func at(link string, who bot.Person) bot.Place {
	return bot.Place{Platform: Name, ID: digest(link), Private: true, Audience: bot.Direct, Reader: who.ID}
}

// person is who signed in, by Entra's word alone.
func (p *Page) person(who bot.Identity, name string) bot.Person {
	return bot.Person{Platform: Name, ID: strings.ToLower(who.ObjectID), Name: name, Identity: who}
}

func (p *Page) refuse(w http.ResponseWriter, r *http.Request, bad *problem) {
	if bad.err != nil || bad.status >= http.StatusInternalServerError {
		p.o.Log.Warn("a sign-in did not go through", zap.String("why", bad.key), zap.String("link", digest(bad.link)[:12]), zap.Error(bad.err))
	}
	again := ""
	if bad.again {
		again = bad.link
	}
	p.draw(w, r, bad.status, view{Kind: "problem", Link: again, Problem: bad.key})
}

// digest identifies values without telling them.
func digest(values ...string) string {
	h := sha256.New()
	for _, v := range values {
		h.Write([]byte{byte(len(v) >> 8), byte(len(v))})
		h.Write([]byte(v))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// word is s if it is a word such as an OAuth error, which has no more than
// letters and underscores: the rest comes from whoever made the address.
func word(s string) string {
	for _, r := range s {
		if (r < 'a' || r > 'z') && r != '_' {
			return "something else"
		}
	}
	if len(s) > 60 {
		return "something else"
	}
	return s
}
