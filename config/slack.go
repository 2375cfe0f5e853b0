package config

import (
	"regexp"
	"strings"

	"mfahelp/secret"
)

// Slack is the bot in Slack. It is not there, and On is false, if the file does
// not have it.
type Slack struct {
	On            bool
	BotToken      secret.Text
	AppToken      secret.Text       // for Socket Mode; empty for HTTP
	SigningSecret secret.Text       // for HTTP; empty for Socket Mode
	API           string            // where Slack's methods are, with a slash at the end; "" for Slack's own
	People        map[string]string // object ids, by the ids that people have in Slack
	ProfileField  string            // id of the field that holds somebody's object id; "" for none
	MailDomains   []string          // of addresses by which employees are known; none switches it off
	Replicas      int               // how many programs listen; 0 for one
}

var (
	slackMember  = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)
	slackChannel = regexp.MustCompile(`^[CG][A-Z0-9]{2,30}$`)
	slackField   = regexp.MustCompile(`^Xf[A-Z0-9]{2,30}$`)
	mailDomain   = regexp.MustCompile(`^(?i)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)
)

func (r *reader) slack(v value, s *Slack) {
	has := r.section(v, []field{
		{"bot_token", r.secret(&s.BotToken), "bot_token: and env:NAME or file:/path, where the token is that begins with xoxb-"},
		{"app_token", r.secret(&s.AppToken), ""},
		{"signing_secret", r.secret(&s.SigningSecret), ""},
		{"api", func(v value) {
			if r.https(&s.API)(v); s.API != "" {
				s.API += "/"
			}
		}, ""},
		{"people", func(v value) { r.slackPeople(v, s) }, ""},
		{"profile_field", func(v value) {
			id, ok := r.text(v)
			if ok && !slackField.MatchString(id) {
				r.wrong(v, "%s is no id of a profile field; it begins with Xf, as in Xf0123ABCD", quote(id))
			}
			s.ProfileField = id
		}, ""},
		{"mail_domains", func(v value) { r.mailDomains(v, s) }, ""},
		{"replicas", r.count(&s.Replicas), ""},
	})
	s.On = has != nil
	_, app := has["app_token"]
	_, signing := has["signing_secret"]
	switch {
	case !s.On:
	case app && signing:
		r.wrong(has["signing_secret"], "is for HTTP, and app_token for Socket Mode; remove one of the two")
	case !app && !signing:
		r.wrong(value{under(v.key, "app_token"), nil, v.at}, "is missing; write app_token: for Socket Mode, which needs no public address, or signing_secret: for HTTP")
	}
}

// slackPeople reads who is who. Each is a pair, rather than a key, so that a slip
// is found where it stands.
func (r *reader) slackPeople(v value, s *Slack) {
	s.People = map[string]string{}
	r.list(v, "{slack: U0123ABCD, object: 3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11}", func(v value) {
		var id, object string
		r.section(v, []field{
			{"slack", func(v value) {
				var ok bool
				if id, ok = r.text(v); ok && !slackMember.MatchString(id) {
					r.wrong(v, "%s is no id of a member; it begins with U or W, and their profile copies it", quote(id))
				}
			}, "slack: and the id that they have in Slack"},
			{"object", r.guid(&object), "object: and their object id in the directory"},
		})
		if _, twice := s.People[id]; twice {
			r.wrong(v, "says who %s is a second time; keep one", quote(id))
		}
		s.People[id] = object
	})
}

func (r *reader) mailDomains(v value, s *Slack) {
	r.list(v, "contoso.com", func(v value) {
		d, ok := r.text(v)
		if ok && !mailDomain.MatchString(d) {
			r.wrong(v, "%s is no domain; write what stands after the @, such as contoso.com", quote(d))
		}
		s.MailDomains = append(s.MailDomains, strings.ToLower(d))
	})
}

// slackTogether holds the section to the rest of the file.
func (r *reader) slackTogether(has map[string]value, c *Config) {
	in, ok := has["admins"]
	if !ok || c.Admins.Channel.Platform != "slack" {
		return
	}
	if !c.Slack.On {
		r.wrong(value{"slack", nil, in.at}, "is missing; the admins' channel is in Slack, so write slack: and below it bot_token and app_token")
	}
	if !slackChannel.MatchString(c.Admins.Channel.ID) {
		r.wrong(value{"admins.channel.id", nil, in.at}, "is no id of a channel in Slack; it begins with C or G, and stands at the end of the channel's details")
	}
}
