package slack

import (
	"cmp"
	"encoding/json"
	"slices"
)

// A Scope is what the app may, and what that is for.
type Scope struct {
	Name     string
	For      string // key of a sentence
	Optional bool   // without it something is missing, and the rest works
}

// Scopes are all that the app asks for. See
// https://docs.slack.dev/reference/scopes.
var Scopes = []Scope{
	{"app_mentions:read", "slack.scope.mentions", false},
	{"chat:write", "slack.scope.write", false},
	{"commands", "slack.scope.commands", false},
	{"im:history", "slack.scope.direct", false},
	{"im:write", "slack.scope.first", false},
	{"users:read", "slack.scope.people", false},
	{"groups:read", "slack.scope.channel", false},
	{"files:write", "slack.scope.files", false},
	{"groups:history", "slack.scope.relay", true},
	{"reactions:read", "slack.scope.reactions", true},
	{"files:read", "slack.scope.screenshots", true},
	{"users.profile:read", "slack.scope.field", true},
	{"users:read.email", "slack.scope.mail", true},
}

// use is the key of what a scope is for.
func use(scope string) string {
	if s, ok := scopeOf(scope); ok {
		return s.For
	}
	return "slack.scope.unknown"
}

// scopeOf is the scope of ours with a name.
func scopeOf(name string) (Scope, bool) {
	i := slices.IndexFunc(Scopes, func(s Scope) bool { return s.Name == name })
	if i < 0 {
		return Scope{}, false
	}
	return Scopes[i], true
}

// ManifestOptions are what differs between one company's app and another's.
type ManifestOptions struct {
	Name    string // of the app; "mfahelp" if ""
	URL     string // where Slack sends what people do; "" for Socket Mode
	Say     func(key string, args ...any) string
	Without bool // without what is optional
}

// Manifest is the app as Slack wants it described. See
// https://docs.slack.dev/reference/app-manifest.
func Manifest(o ManifestOptions) ([]byte, error) {
	name := cmp.Or(o.Name, "mfahelp")
	slashes := obj{"command": "/" + command, "description": o.Say("slack.manifest.command"), "usage_hint": o.Say("slack.manifest.hint"), "should_escape": true}
	interactivity := obj{"is_enabled": true}
	subscribed := obj{"bot_events": botEvents(o.Without)}
	if o.URL != "" {
		slashes["url"], interactivity["request_url"], subscribed["request_url"] = o.URL, o.URL, o.URL
	}
	bot, optional := []string{}, []string{}
	for _, s := range Scopes {
		switch {
		case !s.Optional:
			bot = append(bot, s.Name)
		case !o.Without:
			bot, optional = append(bot, s.Name), append(optional, s.Name)
		}
	}
	scopes := obj{"bot": bot}
	if len(optional) > 0 {
		scopes["bot_optional"] = optional
	}
	return json.MarshalIndent(obj{
		"_metadata":           obj{"major_version": 2},
		"display_information": obj{"name": name, "description": o.Say("slack.manifest.description")},
		"features": obj{
			"app_home":       obj{"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false},
			"bot_user":       obj{"display_name": name, "always_online": true},
			"slash_commands": []obj{slashes},
			"shortcuts":      []obj{{"name": o.Say("slack.manifest.shortcut"), "type": "message", "callback_id": command, "description": o.Say("slack.manifest.shortcut-description")}},
		},
		"oauth_config": obj{"scopes": scopes},
		"settings": obj{
			"event_subscriptions": subscribed, "interactivity": interactivity, "socket_mode_enabled": o.URL == "",
			"org_deploy_enabled": false, "token_rotation_enabled": false,
		},
	}, "", "  ")
}

// subscriptions are what Slack tells, in the order in which they are printed, each with
// the scope that it takes, if it takes one. See
// https://docs.slack.dev/reference/events.
var subscriptions = []struct{ event, scope string }{
	{"app_home_opened", ""},
	{"app_mention", "app_mentions:read"},
	{"app_uninstalled", ""},
	{"tokens_revoked", ""},
	{"message.im", "im:history"},
	{"team_join", "users:read"},
	{"user_change", "users:read"},
	{"group_archive", "groups:read"},
	{"group_deleted", "groups:read"},
	{"group_left", "groups:read"},
	{"group_rename", "groups:read"},
	{"group_unarchive", "groups:read"},
	{"channel_shared", "groups:read"},
	{"channel_unshared", "groups:read"},
	{"channel_id_changed", "groups:read"},
	{"member_joined_channel", "groups:read"},
	{"message.groups", "groups:history"},
	{"reaction_added", "reactions:read"},
}

// botEvents are those that need no optional scope, or all.
func botEvents(without bool) (all []string) {
	for _, s := range subscriptions {
		if !without || !optional(s.scope) {
			all = append(all, s.event)
		}
	}
	return all
}

// eventScope is the scope that an event takes.
func eventScope(event string) string {
	for _, s := range subscriptions {
		if s.event == event {
			return s.scope
		}
	}
	return ""
}

// optional reports whether the app works without a scope.
func optional(scope string) bool {
	s, ok := scopeOf(scope)
	return ok && s.Optional
}
