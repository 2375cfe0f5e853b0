package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"mfahelp/bot/bottest"
	"mfahelp/graph"
	"mfahelp/graph/sandbox"
)

// signing is a driver whose people can sign in on the program's own page, as a
// browser would: with cookies, by the pretend tenant's sign-in page, and back.
type signing struct {
	bottest.Driver
	s *theatre
}

// SignIn implements [bottest.SignsIn].
func (d signing) SignIn(ctx context.Context, who bottest.Someone, address, method string, after time.Duration) error {
	upn, err := d.login(who)
	if err != nil {
		return err
	}
	if err := d.s.signIn(ctx, upn, address, method, after); err != nil {
		return err
	}
	return d.s.settle(ctx)
}

func (d signing) login(who bottest.Someone) (upn string, err error) {
	people := d.s.tenant.People()
	i := slices.IndexFunc(people, func(p sandbox.Person) bool { return p.Name == who.Name })
	if i < 0 {
		return "", fmt.Errorf("the tenant has nobody called %s", who.Name)
	}
	return people[i].UPN, nil
}

// Register implements [bottest.SignsIn].
func (d signing) Register(ctx context.Context, who bottest.Someone, pass string) error {
	upn, err := d.login(who)
	if err != nil {
		return err
	}
	base := d.s.app.cfg.Tenant.Authority + d.s.tenant.FrontPath()
	if err := register(ctx, d.s.tenant.Client(), base, upn, pass); err != nil {
		return err
	}
	v, err := newTab(d.s.tenant.Client()) // in which nobody is signed in
	if err != nil {
		return err
	}
	if err := v.send(ctx, base+"signin", url.Values{"user": {upn}, "with": {"authenticator"}}); err != nil {
		return err
	}
	return d.s.settle(ctx)
}

// register has somebody get in with a pass at a tenant's pages, and add a phone.
func register(ctx context.Context, c *http.Client, base, upn, pass string) error {
	v, err := newTab(c)
	if err != nil {
		return err
	}
	if err := v.send(ctx, base+"signin", url.Values{"user": {upn}, "with": {"pass"}, "pass": {pass}}); err != nil {
		return err
	}
	return v.send(ctx, base+"mysecurityinfo", url.Values{"do": {"add"}, "name": {"New phone"}})
}

// Happen implements [bottest.Happens].
func (d signing) Happen(_ context.Context, what string, who bottest.Someone) error {
	switch what {
	case "outage", "recovery":
		d.s.tenant.SetOutage(what == "outage")
		return nil
	}
	upn, err := d.login(who)
	if err != nil {
		return err
	}
	switch tenant := d.s.tenant; what {
	case "new-method":
		_, err = tenant.Register(upn, graph.Method{Kind: graph.Authenticator, Name: "Another phone"})
	case "new-number":
		err = tenant.SetContact(upn, graph.MobilePhone, "+1 2065550177", 10*24*time.Hour)
	case "fraud":
		err = tenant.ReportFraud(upn, time.Hour)
	case "demotion":
		err = errors.Join(tenant.Leave(upn, sandbox.AdminsGroup), tenant.Leave(upn, sandbox.ApproversGroup))
	default:
		err = fmt.Errorf("nothing is called %q", what)
	}
	return err
}

// showing is one on whose platform secrets are asked for by themselves.
type showing struct {
	signing
	bottest.Shows
}

// signIn follows an address to its end, with a rest before the yes. Its error is
// what a page says that is no yes.
func (s *theatre) signIn(ctx context.Context, user, address, method string, rest time.Duration) error {
	v, digest, err := arrive(ctx, address, func(entra string) (string, error) {
		return s.tenant.SignIn(entra, sandbox.SignIn{User: user, With: method})
	})
	if err != nil {
		return err
	}
	if rest > 0 {
		if err := s.advance(ctx, rest); err != nil {
			return err
		}
	}
	return v.sayYes(ctx, address, digest)
}

// agree says yes at an address of ours. At says where Entra sends a browser back
// to that was sent there.
func agree(ctx context.Context, address string, at func(entra string) (back string, err error)) error {
	v, digest, err := arrive(ctx, address, at)
	if err != nil {
		return err
	}
	return v.sayYes(ctx, address, digest)
}

// arrive signs in for an address of ours, and returns the browser and what the
// page has it say yes to.
func arrive(ctx context.Context, address string, at func(entra string) (back string, err error)) (v *tab, digest string, err error) {
	if v, err = newTab(&http.Client{}); err != nil {
		return nil, "", err
	}
	if err := v.get(ctx, address); err != nil {
		return nil, "", err
	}
	// The invitation has one button, which leads to Entra.
	if err := v.send(ctx, address, nil); err != nil {
		return nil, "", err
	}
	back, err := at(v.location)
	if err != nil {
		return nil, "", err
	}
	if err := v.get(ctx, back); err != nil {
		return nil, "", err
	}
	if v.status != http.StatusSeeOther {
		return nil, "", v.said()
	}
	if err := v.get(ctx, v.location); err != nil {
		return nil, "", err
	}
	found := formDigest.FindStringSubmatch(v.body)
	if found == nil {
		return nil, "", v.said()
	}
	return v, found[1], nil
}

// sayYes agrees to what the page at an address shows.
func (v *tab) sayYes(ctx context.Context, address, digest string) error {
	if err := v.post(ctx, address+"/confirm", url.Values{"digest": {digest}}); err != nil {
		return err
	}
	if !strings.Contains(v.body, printer("").Say("page.done.title")) {
		return v.said()
	}
	return nil
}

var (
	formDigest = regexp.MustCompile(`name="digest" value="([^"]+)"`)
	tags       = regexp.MustCompile(`(?s)<(script|style|svg).*?</(script|style|svg)>|<[^>]*>`)
)

// A tab is a browser's, with its cookies.
type tab struct {
	c              *http.Client
	status         int
	location, body string
}

func newTab(c *http.Client) (*tab, error) {
	jar, err := cookiejar.New(nil)
	c.Jar, c.CheckRedirect = jar, func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &tab{c: c}, err
}

func (v *tab) get(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	return v.do(r)
}

func (v *tab) post(ctx context.Context, address string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(r)
}

// send posts what has to lead elsewhere.
func (v *tab) send(ctx context.Context, address string, form url.Values) error {
	if err := v.post(ctx, address, form); err != nil {
		return err
	}
	if v.status != http.StatusSeeOther {
		return v.said()
	}
	return nil
}

func (v *tab) do(r *http.Request) error {
	res, err := v.c.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	v.status, v.body, v.location = res.StatusCode, string(b), ""
	if at, err := res.Location(); err == nil {
		v.location = at.String()
	}
	return nil
}

// said is what the page says, as an error.
func (v *tab) said() error {
	text := strings.Join(strings.Fields(tags.ReplaceAllString(v.body, " ")), " ")
	if text == "" {
		return errors.New("nothing")
	}
	return fmt.Errorf("%d: %s", v.status, text)
}
