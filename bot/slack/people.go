package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/zap"

	"mfahelp/bot"
)

// people knows the members of the workspace. They are read in one go, for when
// everybody writes at once Slack would not tell of each in time; it tells of
// changes by itself.
type people struct {
	slack  *Slack
	mu     sync.Mutex
	all    map[string]member
	loaded bool
}

// A member is somebody in the workspace.
type member struct {
	id, name, locale, mail string
	refused                refusal // why they are not listened to; "" if they are
	at                     time.Time
	updated                int64 // when they were as this says, by Slack's own count of changes; 0 if it did not say
}

// fresh is how long what Slack said about somebody is taken as it is. It is
// more than [rosterEvery], so that reading everybody keeps all of it fresh.
const fresh = 90 * time.Minute

// load reads everybody. See https://docs.slack.dev/reference/methods/users.list.
func (p *people) load(ctx context.Context) error {
	page := p.slack.api.GetUsersPaginated(slack.GetUsersOptionLimit(500))
	for {
		var err error
		page, err = page.Next(ctx)
		switch {
		case page.Done(err):
			p.mu.Lock()
			p.loaded = true
			p.mu.Unlock()
			return nil
		case err != nil:
			if busy := (*bot.BusyError)(nil); errors.As(p.slack.failed("users.list", err), &busy) && busy.After > 0 && !p.slack.isDead() {
				if sleep(ctx, busy.After) {
					continue
				}
			}
			return p.slack.failed("users.list", err)
		}
		for _, u := range page.Users {
			p.put(u)
		}
	}
}

// put takes note of what Slack says about u, and returns what is known of them
// then. What is older than that is no news: an event that comes again would make
// a guest a member once more.
func (p *people) put(u slack.User) member {
	m := member{
		id: u.ID, name: cmp.Or(u.RealName, u.Profile.RealName, u.Profile.DisplayName, u.Name), locale: u.Locale, at: p.slack.o.Now(),
		refused: p.slack.refuse(u), updated: int64(u.Updated),
	}
	if u.IsEmailConfirmed {
		m.mail = strings.ToLower(u.Profile.Email)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string]member{}
	}
	was := p.all[u.ID]
	if m.updated != 0 && m.updated < was.updated {
		return was
	}
	m.locale = cmp.Or(m.locale, was.locale) // not every event tells it
	p.all[u.ID] = m
	return m
}

// refuse says why u is not listened to.
func (s *Slack) refuse(u slack.User) refusal {
	us := s.self.Load()
	switch {
	case us == nil || u.ID == "":
		return nobody
	case u.IsStranger, !ours(u, us):
		return elsewhere
	case u.Deleted:
		return deactivated
	case u.IsBot, u.IsAppUser, u.IsConnectorBot, u.IsWorkflowBot, u.ID == us.user:
		return machine
	case u.IsRestricted, u.IsUltraRestricted, u.IsInvitedUser:
		return guest
	}
	return ""
}

// ours reports whether u belongs to our workspace, or to our organisation and to
// our workspace in it.
func ours(u slack.User, us *self) bool {
	if us.enterprise != "" && u.Enterprise.EnterpriseID == us.enterprise {
		return u.TeamID == us.team || slices.Contains(u.Enterprise.Teams, us.team)
	}
	return u.TeamID == us.team
}

// member returns who has an id, of whom Slack may have to be asked.
func (p *people) member(ctx context.Context, id string) (member, error) {
	p.mu.Lock()
	m, ok := p.all[id]
	p.mu.Unlock()
	if ok && p.slack.o.Now().Sub(m.at) < fresh {
		return m, nil
	}
	u, err := p.slack.api.GetUserInfoContext(ctx, id)
	switch {
	case codeOf(err) == "user_not_found" || codeOf(err) == "user_not_visible":
		return member{id: id, refused: nobody}, nil
	case err != nil:
		return member{}, p.slack.failed("users.info", err)
	}
	return p.put(*u), nil
}

// changed takes note of an event that tells of somebody, and reports whether they
// are not listened to as they were before. If it cannot be read, Slack is asked when
// they come the next time.
func (p *people) changed(id string, event json.RawMessage) bool {
	var e struct {
		User slack.User `json:"user"`
	}
	if err := json.Unmarshal(event, &e); err != nil || e.User.ID == "" {
		p.slack.log.Warn("an event about somebody cannot be read", zap.String("user", clip(id, 40)))
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.all, id)
		return true
	}
	p.mu.Lock()
	was := p.all[e.User.ID].refused
	p.mu.Unlock()
	return p.put(e.User).refused != was
}

// ids are those of everybody who is listened to.
func (p *people) ids() (ids []string, loaded bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, m := range p.all {
		if m.refused == "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, p.loaded
}

// identity says whose account m has, by what an operator wrote; else by the
// profile field, which only the company's directory may fill; else by their
// address. If nothing tells, they are nobody in the directory: they get advice,
// and nothing about an account.
func (s *Slack) identity(ctx context.Context, m member) bot.Identity {
	for _, by := range []struct {
		what string
		ask  func(context.Context, member) (bot.Identity, error)
	}{{"list", s.byList}, {"profile field", s.byField}, {"address", s.byMail}} {
		who, err := by.ask(ctx, m)
		if err != nil {
			s.log.Warn("not known who somebody is in the directory", zap.String("user", m.id), zap.String("by", by.what), zap.Error(err))
			return bot.Identity{}
		}
		if who.Known() {
			return who
		}
	}
	return bot.Identity{}
}

func (s *Slack) byList(ctx context.Context, m member) (bot.Identity, error) {
	if s.o.Directory == nil {
		return bot.Identity{}, nil
	}
	return s.o.Directory.Identify(ctx, platform, m.id)
}

// A bound is whose account somebody has, as their profile says.
type bound struct {
	Object string    `json:"object"` // "" if the field is empty
	At     time.Time `json:"at"`
}

// boundFor is how long a profile field is taken as it was.
const (
	boundFor    = time.Hour
	boundAtMost = 24 * time.Hour // while Slack does not answer
)

var objectID = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// byField reads the profile field. What it said is kept: Slack tells it for few
// people at a time. See https://docs.slack.dev/reference/methods/users.profile.get.
func (s *Slack) byField(ctx context.Context, m member) (bot.Identity, error) {
	if s.o.Field == "" {
		return bot.Identity{}, nil
	}
	if err := s.fieldIsSafe(ctx); err != nil {
		return bot.Identity{}, err
	}
	b, found, err := s.boundTo(ctx, m.id)
	if err != nil {
		return bot.Identity{}, err
	}
	now := s.o.Now()
	if !found || now.Sub(b.At) > boundFor {
		read, err := s.readField(ctx, m.id, now)
		switch {
		case err == nil:
			b = read
		case !found || now.Sub(b.At) > boundAtMost:
			return bot.Identity{}, err
		}
	}
	if b.Object == "" {
		return bot.Identity{}, nil
	}
	return bot.Identity{Tenant: s.o.Tenant, ObjectID: b.Object}, nil
}

// fieldIsSafe reports why nobody may be known by the profile field. A field that
// people fill in themselves would let anybody be anybody. What Slack says about
// it is asked once: who can change it can change who is who in any case. See
// https://docs.slack.dev/reference/methods/team.profile.get.
func (s *Slack) fieldIsSafe(ctx context.Context) error {
	if s.fieldSafe.Load() {
		return nil
	}
	profile, err := s.api.GetTeamProfileContext(ctx)
	if err != nil {
		return s.failed("team.profile.get", err)
	}
	for _, f := range profile.Fields {
		switch {
		case f.ID != s.o.Field:
		case f.Options["is_scim"] || f.Options["is_protected"]:
			s.fieldSafe.Store(true)
			return nil
		default:
			return s.troubled(FieldOpen, errors.New("slack: the profile field is not to be believed"), s.o.Field)
		}
	}
	return s.troubled(FieldGone, errors.New("slack: the profile field does not exist"), s.o.Field)
}

func (s *Slack) boundTo(ctx context.Context, id string) (b bound, found bool, err error) {
	kept, err := s.o.Memory.Get(ctx, platform, "field/"+id)
	if err != nil || kept == nil {
		return b, false, err
	}
	return b, true, json.Unmarshal(kept, &b)
}

func (s *Slack) readField(ctx context.Context, id string, now time.Time) (b bound, err error) {
	profile, err := s.api.GetUserProfileContext(ctx, &slack.GetUserProfileParameters{UserID: id})
	if err != nil {
		return b, s.failed("users.profile.get", err)
	}
	b = bound{At: now}
	if v := strings.TrimSpace(profile.FieldsMap()[s.o.Field].Value); objectID.MatchString(v) {
		b.Object = strings.ToLower(v)
	}
	kept, err := json.Marshal(b)
	if err != nil {
		return b, err
	}
	if err := s.o.Memory.Put(ctx, platform, "field/"+id, kept); err != nil {
		s.log.Warn("a profile field is not kept", zap.Error(err))
	}
	return b, nil
}

// mailTime is how long the directory may take to find an address: the event
// still has to be made safe before Slack wants an answer.
const mailTime = time.Second

func (s *Slack) byMail(ctx context.Context, m member) (bot.Identity, error) {
	_, domain, _ := strings.Cut(m.mail, "@")
	if s.o.Mail.Find == nil || domain == "" || !slices.Contains(s.o.Mail.Domains, domain) {
		return bot.Identity{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	who, err := s.o.Mail.Find(ctx, m.mail)
	if err != nil {
		return bot.Identity{}, fmt.Errorf("finding an address: %w", err)
	}
	return who, nil
}
