package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot/bottest"
	"mfahelp/bot/teams/teamstest"
	"mfahelp/graph/sandbox"
)

// serveInTeams writes a configuration that has the bot in a Teams of a tenant's
// people, and their admins there.
func serveInTeams(t *testing.T, tenant *pretend, o teamstest.Options) (*teamsTheatre, *installation) {
	t.Helper()
	var people []sandbox.Person
	tenant.order(t, http.MethodGet, "people", nil, &people)
	o.Tenant = tenant.tenant
	s := hireTeams(t, o, people)
	in := install(t, tenant, fmt.Sprintf(`teams:
  app_id: %s
  credential: {secret: env:MFAHELP_TEAMS_SECRET}
  cloud: custom
  targeted: true
  endpoints:
    issuer: %s
    metadata: %s
    login: %s
    scope: %s/.default
    connectors: [%q]
    downloads: [%q]
    ca_file: teams.pem
`, s.fake.App, teamstest.Issuer, s.fake.Metadata(), s.fake.URL, teamstest.Issuer, s.fake.Host(), s.fake.Host()),
		"admins:\n", fmt.Sprintf("admins:\n  channel: {platform: teams, id: %q}\n", s.admins.ID))
	if err := os.WriteFile(filepath.Join(in.dir, "teams.pem"), s.fake.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, in
}

// run starts the real binary and connects the two.
func (s *teamsTheatre) run(in *installation) *program {
	s.Helper()
	p := start(s.T, []string{"MFAHELP_CLIENT_SECRET=" + in.secret, "MFAHELP_TEAMS_SECRET=" + s.fake.Secret}, "serve", "--config", in.file)
	s.fake.Connect("http://"+p.said(&p.err, servingLine)[1]+teamsPath, &http.Client{Timeout: patience})
	return p
}

// seen waits until somebody sees what they should, in some room.
func (s *teamsTheatre) seen(p *program, who string, in *teamstest.Room, what string, ok func(bottest.Seen) bool) bottest.Seen {
	s.Helper()
	var found bottest.Seen
	p.until(who+" sees "+what, func() bool {
		all := s.fake.See(s.people[who], in)
		i := slices.IndexFunc(all, ok)
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	})
	return found
}

// push presses a button by its label.
func (s *teamsTheatre) push(who string, in *teamstest.Room, on bottest.Seen, label string, fields map[string]string) {
	s.Helper()
	m, there := s.fake.Message(in, on.Ref)
	i := slices.IndexFunc(on.Buttons, func(b bottest.Button) bool { return b.Label == label })
	if !there || i < 0 {
		s.Fatalf("no %q on %+v", label, on)
	}
	x := teamstest.Push{By: s.people[who], On: m, Action: teamstest.Button(on.Buttons[i].Ref), Inputs: map[string]string{}}
	for name, v := range fields {
		x.Inputs[teamstest.InputID(x.Action, name)] = v
	}
	if a, err := s.fake.Push(s.Context(), x); err != nil || a.HTTP != http.StatusOK || a.Status != http.StatusOK {
		s.Fatalf("the press is answered with %+v, %v", a, err)
	}
}

func offers(label string) func(bottest.Seen) bool {
	return func(m bottest.Seen) bool {
		return slices.ContainsFunc(m.Buttons, func(b bottest.Button) bool { return b.Label == label })
	}
}

func (s *teamsTheatre) tell(who string, in *teamstest.Room, w teamstest.Words) {
	s.Helper()
	if d, err := s.fake.Say(s.Context(), s.people[who], in, w); err != nil || d.Status != http.StatusOK {
		s.Fatalf("what %s says is answered with %d, %v", who, d.Status, err)
	}
}

// TestServeInTeams is the production path: the real binary with teams: in its
// YAML, a tenant in another process, a Teams over TLS. A case is asked about,
// brought to the admins, and, by another process of the same installation, taken
// and answered: who is who and where they are reached survives.
func TestServeInTeams(t *testing.T) {
	tenant := startSandbox(t)
	s, in := serveInTeams(t, tenant, teamstest.Options{})
	chat := s.fake.Chat(s.people["sofia.almeida"])
	first := s.run(in)
	if _, err := s.fake.Install(t.Context(), s.people["sofia.almeida"], chat); err != nil {
		t.Fatal(err)
	}
	s.seen(first, "sofia.almeida", chat, "a welcome", func(m bottest.Seen) bool { return m.From == "" && m.Title != "" })
	s.tell("sofia.almeida", chat, teamstest.Words{Text: tenant.fail(t, "no-response").Text})
	stuck, claim := sentence(t, "help.stuck"), sentence(t, "escalate.claim")
	answer := s.seen(first, "sofia.almeida", chat, "an answer", offers(stuck))
	s.push("sofia.almeida", chat, answer, stuck, map[string]string{"words": "My phone is in the river."})
	card := s.seen(first, "priya.raman", s.admins, "a case", offers(claim))
	if code := first.terminate(); code != exitOK {
		t.Errorf("it ended with %d", code)
	}
	second := s.run(in)
	s.push("priya.raman", s.admins, card, claim, nil)
	s.seen(second, "tomasz.wojcik", s.admins, "a case that is taken", func(m bottest.Seen) bool {
		return m.Ref == card.Ref && strings.Contains(strings.Join(m.Lines, "\n"), "Priya Raman") && !offers(claim)(m)
	})
	s.tell("priya.raman", s.admins, teamstest.Words{Text: "Come to room 2.14.", Root: card.Ref, Mention: true})
	s.seen(second, "sofia.almeida", chat, "what an admin wrote", func(m bottest.Seen) bool { return slices.Contains(m.Lines, "Come to room 2.14.") })
	if code := second.terminate(); code != exitOK {
		t.Errorf("it ended with %d", code)
	}
	for _, c := range s.fake.Complaints() {
		t.Errorf("Teams complains: %s", c)
	}
	keptSecret(t, in, s.fake.Secret, first, second)
}

// figuresOfTeams sends activities to the real binary, each a paste in its
// sender's own chat, with one token as Teams does. See [load.figures].
func figuresOfTeams(t *testing.T) {
	const people = 2000
	tenant := startSandbox(t)
	s, in := serveInTeams(t, tenant, teamstest.Options{NoRates: true})
	var crowd []*teamstest.Person
	for i := range people {
		crowd = append(crowd, s.fake.Add(teamstest.Person{
			Name: fmt.Sprint("Person ", i), Object: fmt.Sprintf("11111111-aaaa-4aaa-8aaa-%012d", i), UPN: fmt.Sprintf("p%d@contoso.com", i), Installed: true,
		}))
	}
	p := s.run(in)
	url := "http://" + p.said(&p.err, servingLine)[1] + teamsPath
	token := s.fake.Token(teamstest.Forgery{})
	newLoad(func(ctx context.Context, i int) (*http.Request, error) {
		who := crowd[i%people]
		a := s.fake.Envelope(who, s.fake.Chat(who), "")
		maps.Copy(a, map[string]any{
			"type": "message", "id": fmt.Sprint(time.Now().UnixNano(), i), "textFormat": "plain",
			"text": fmt.Sprintf("Error Code: 500121 Request Id: 0a1b2c3d-0000-4000-8000-%012d", i),
		})
		b, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(b))
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/json; charset=utf-8")
		}
		return r, err
	}).figures(t, "TeamsActivities", p, tenant)
}
