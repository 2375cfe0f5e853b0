package teams

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
)

// A contact is somebody who has been heard, and where they can be reached. Its
// JSON is how it is stored, so a name there stays.
type contact struct {
	ID     string `json:"id"`     // Teams', which is different for every bot
	Tenant string `json:"tenant"` // in lower case, as the next
	Object string `json:"object"`
	Name   string `json:"name,omitempty"`
	UPN    string `json:"upn,omitempty"`
	Locale string `json:"locale,omitempty"`

	Service      string `json:"service"`                // the way to them
	Conversation string `json:"conversation,omitempty"` // in which they are alone with the bot; "" if there is none yet
	Installs     int    `json:"installs,omitempty"`     // how often they have taken the app away

	Checked time.Time `json:"checked,omitzero"` // when Teams last said what they are in the tenant
	Refused string    `json:"refused,omitempty"`
}

// person is c as events know them. Who has never been checked is nobody.
func (c contact) person() bot.Person {
	p := bot.Person{Platform: platform, ID: c.ID, Name: c.Name, Locale: c.Locale}
	if !c.Checked.IsZero() {
		p.Identity = bot.Identity{Tenant: c.Tenant, ObjectID: c.Object, Email: c.UPN}
	}
	return p
}

func (c contact) key() string { return "object/" + c.Tenant + "/" + c.Object }

// A room is a conversation of several, and the way to it.
type room struct {
	Service string `json:"service"`
	Tenant  string `json:"tenant"`
	Kind    string `json:"kind"` // "channel" or "groupChat"
}

// people remember who is who. An activity says of whoever did something a
// tenant and an object id, but not whether that is one of the tenant's own
// people: a guest has an object id too. So the roster is asked, once a day for
// each person.
type people struct {
	memory    bot.Memory
	connector *connector
	now       func() time.Time
	log       *zap.Logger
	tenants   []string

	mu    sync.Mutex
	known map[string][]byte    // what the memory has, by key
	asked map[string]time.Time // when the roster was last asked about somebody
}

const (
	checkAgain  = 24 * time.Hour
	checkAtMost = 7 * 24 * time.Hour // while the roster does not answer, an older word of its own counts
	checkPause  = time.Minute        // between two questions that were not answered, for one person
	rosterWait  = 2 * time.Second    // of the few that a press may take
	maxKnown    = 20_000
)

// hear returns who did a, and keeps how they can be reached. Whoever is not one
// of the tenant's own people is refused. While Teams does not say whether they
// are, they are heard as nobody, who may hear what anybody may.
func (p *people) hear(ctx context.Context, a activity) (contact, error) {
	if !guid.MatchString(a.From.AADObjectID) || a.From.ID == "" {
		return contact{}, refuse(http.StatusOK, "somebody who is not in the directory")
	}
	tenant, object := strings.ToLower(a.tenants()[0]), strings.ToLower(a.From.AADObjectID)
	was, err := p.contact(ctx, a.From.ID)
	if err != nil {
		return contact{}, err
	}
	c := was
	if c.Tenant != tenant || c.Object != object {
		c = contact{ID: a.From.ID, Tenant: tenant, Object: object}
	}
	c.Name, c.Service = a.From.Name, a.ServiceURL
	if localeForm.MatchString(a.Locale) {
		c.Locale = a.Locale
	}
	if a.Conversation.kind() == personal {
		c.Conversation = a.Conversation.ID
	}
	c = p.check(ctx, c, a)
	if err := p.keep(ctx, was, c); err != nil {
		return contact{}, err
	}
	if c.Refused != "" {
		return c, refuse(http.StatusOK, c.Refused)
	}
	return c, nil
}

// check asks the roster what c is, if that is not known or was long ago.
func (p *people) check(ctx context.Context, c contact, a activity) contact {
	age := p.now().Sub(c.Checked)
	if !c.Checked.IsZero() && age < checkAgain || !p.mayAsk(c.ID) {
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, rosterWait)
	defer cancel()
	at, err := where{a.ServiceURL, c.Tenant, a.Conversation.ID}, error(nil)
	if a.Name == shortcut { // may be used where the bot is not
		at, err = p.chat(ctx, c)
	}
	var m member
	if err == nil {
		m, err = p.connector.member(ctx, at, c.ID)
	}
	var said *Error
	switch {
	case err == nil:
		c.Checked, c.Refused, c.UPN = p.now().UTC(), p.stranger(m, c), strings.ToLower(m.UserPrincipalName)
		p.mayAskAgain(c.ID)
	case errors.As(err, &said) && said.Status == http.StatusNotFound, age >= checkAtMost:
		p.log.Warn("Teams does not say who somebody is; they are heard as nobody", zap.Error(err))
		c.Checked = time.Time{}
	}
	return c
}

// mayAsk reports whether the roster may be asked about somebody, and notes that
// it is: while it does not answer, not everything that they say waits for it.
func (p *people) mayAsk(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if now.Sub(p.asked[id]) < checkPause {
		return false
	}
	if p.asked == nil || len(p.asked) >= maxKnown {
		p.asked = map[string]time.Time{}
	}
	p.asked[id] = now
	return true
}

func (p *people) mayAskAgain(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.asked, id)
}

// stranger says why m is not one of the tenant's own people; "" if they are.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context#fetch-the-roster-or-user-profile.
func (p *people) stranger(m member, c contact) string {
	object := m.AADObjectID
	if object == "" {
		object = m.ObjectID
	}
	switch {
	case !strings.EqualFold(object, c.Object):
		return "somebody whom the roster knows as another"
	case m.TenantID != "" && !strings.EqualFold(m.TenantID, c.Tenant):
		return "somebody of another organisation"
	case m.UserRole != "" && !strings.EqualFold(m.UserRole, "user"):
		return "a guest, or somebody anonymous"
	case strings.Contains(strings.ToLower(m.UserPrincipalName), "#ext#"):
		return "a guest"
	}
	return ""
}

// contact returns who has an id of Teams', or a zero one.
func (p *people) contact(ctx context.Context, id string) (c contact, err error) {
	_, err = p.get(ctx, "person/"+id, &c)
	return c, err
}

// keep remembers c, if there is anything new.
func (p *people) keep(ctx context.Context, was, c contact) error {
	if was == c {
		return nil
	}
	if err := p.put(ctx, "person/"+c.ID, c); err != nil {
		return err
	}
	if err := p.put(ctx, "service/"+c.Tenant, c.Service); err != nil {
		return err
	}
	return p.put(ctx, c.key(), c.ID)
}

// heardIn remembers the way to a conversation of several.
func (p *people) heardIn(ctx context.Context, a activity) error {
	id, _ := a.Conversation.split()
	if a.Conversation.kind() == personal || id == "" {
		return nil
	}
	tenant := strings.ToLower(a.tenants()[0])
	if err := p.put(ctx, "room/"+id, room{a.ServiceURL, tenant, a.Conversation.kind()}); err != nil {
		return err
	}
	return p.put(ctx, "service/"+tenant, a.ServiceURL)
}

// wayTo returns a conversation of several. One that has not been heard of is
// reached by the way to the rest of its tenant.
func (p *people) wayTo(ctx context.Context, id, tenant string) (room, error) {
	var r room
	ok, err := p.get(ctx, "room/"+id, &r)
	if err != nil || ok {
		return r, err
	}
	r = room{Tenant: tenant, Kind: kindOf(id)}
	ok, err = p.get(ctx, "service/"+tenant, &r.Service)
	if err == nil && !ok {
		err = errNotHeard
	}
	return r, err
}

// errNotHeard says that nothing is known of the way to a tenant's Teams: it is
// learned from what comes in.
var errNotHeard = errors.New("nothing has come from Teams yet, so the way there is not known; say something to the bot, or add it to the team")

// left notes that somebody has taken the app away, so that they are welcomed
// when they come back, and returns how often they have. The two events that
// tell of it count once, since after the first there is no conversation.
func (p *people) left(ctx context.Context, c contact) error {
	was := c
	if c.Conversation != "" {
		c.Conversation = ""
		c.Installs++
	}
	return p.keep(ctx, was, c)
}

// get reads what is kept under key, and reports whether there is anything.
func (p *people) get(ctx context.Context, key string, into any) (bool, error) {
	p.mu.Lock()
	b, ok := p.known[key]
	p.mu.Unlock()
	if !ok {
		var err error
		if b, err = p.memory.Get(ctx, platform, key); err != nil {
			return false, fmt.Errorf("reading whom Teams knows: %w", err)
		}
	}
	if b == nil {
		return false, nil
	}
	p.learn(key, b)
	if err := json.Unmarshal(b, into); err != nil {
		return false, fmt.Errorf("reading whom Teams knows: %w", err)
	}
	return true, nil
}

// put keeps v under key, and writes it if it is new.
func (p *people) put(ctx context.Context, key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	p.mu.Lock()
	same := slices.Equal(p.known[key], b)
	p.mu.Unlock()
	if same {
		return nil
	}
	if err := p.memory.Put(ctx, platform, key, b); err != nil {
		return fmt.Errorf("keeping whom Teams knows: %w", err)
	}
	p.learn(key, b)
	return nil
}

// learn keeps b at hand. What is at hand may be forgotten at any time.
func (p *people) learn(key string, b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || len(p.known) >= maxKnown {
		p.known = map[string][]byte{}
	}
	p.known[key] = b
}

// chat returns the conversation in which c is alone with the bot, opened now if
// it has to be.
func (p *people) chat(ctx context.Context, c contact) (where, error) {
	at := where{c.Service, c.Tenant, c.Conversation}
	if c.Conversation != "" {
		return at, nil
	}
	conversation, err := p.connector.open(ctx, at, c.ID)
	if err != nil {
		return where{}, err
	}
	was := c
	c.Conversation, at.conversation = conversation, conversation
	return at, p.keep(ctx, was, c)
}

// Reach returns where who can be spoken to, if they have ever been heard and
// have the app. What was kept of them is not believed for long: the way there
// is held against the list of hosts, and Teams says whether they still have it.
func (t *Teams) Reach(ctx context.Context, who bot.Identity) (bot.Person, bot.Place, bool, error) {
	if !who.Known() {
		return bot.Person{}, bot.Place{}, false, nil
	}
	var id string
	ok, err := t.people.get(ctx, "object/"+who.Key(), &id)
	if err != nil || !ok {
		return bot.Person{}, bot.Place{}, false, err
	}
	c, err := t.people.contact(ctx, id)
	if err != nil {
		return bot.Person{}, bot.Place{}, false, err
	}
	_, allowed := t.o.Cloud.connector(c.Service)
	if p := c.person(); p.Key() != who.Key() || c.Refused != "" || !allowed || !slices.Contains(t.o.Tenants, c.Tenant) {
		return bot.Person{}, bot.Place{}, false, nil
	}
	at, err := t.people.chat(ctx, c)
	if errors.Is(err, bot.ErrUnreachable) {
		return bot.Person{}, bot.Place{}, false, nil
	}
	return c.person(), direct(c.ID, at.conversation), err == nil, err
}

// direct is the place where somebody is alone with the bot.
func direct(reader, conversation string) bot.Place {
	return bot.Place{Platform: platform, ID: conversation, Private: true, Audience: bot.Direct, Reader: reader}
}
