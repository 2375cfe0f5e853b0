package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A lack is a setting that an app does not have as its manifest asks for it.
type lack struct {
	setting string // its name in a manifest, such as "bot_events"
	item    string // which of several; "" if there is one
}

// CheckSettings holds an app as it is in Slack, which only its own page shows, to
// the manifest that we print. What people may call as they like is left alone.
func (s *Slack) CheckSettings(manifest []byte) ([]Finding, error) {
	var have, want obj
	if err := json.Unmarshal(manifest, &have); err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	o := ManifestOptions{Say: func(key string, _ ...any) string { return key }}
	if s.o.AppToken.Reveal() == "" {
		o.URL = EventsPath
	}
	b, err := Manifest(o)
	if err == nil {
		err = json.Unmarshal(b, &want)
	}
	if err != nil {
		return nil, fmt.Errorf("reading our own manifest: %w", err)
	}
	var found []Finding
	for _, l := range lacking("", want, have) {
		found = append(found, s.settingLacks(l))
	}
	if len(found) == 0 {
		found = append(found, Finding{Check: "slack-settings", Verdict: Good})
	}
	return found, nil
}

// EventsPath is how every address ends to which Slack sends something.
const EventsPath = "/slack/events"

// settingLacks makes a finding of a lack.
func (s *Slack) settingLacks(l lack) Finding {
	f := Finding{Check: "slack-setting", Of: l.setting, Verdict: Missing, Trouble: Trouble("set." + l.setting), Values: []any{l.item}}
	if l.item != "" {
		f.Of += ": " + l.item
	}
	switch l.setting {
	case "bot": // the scopes of the bot's token
		f.Trouble, f.Values = NoScope, []any{l.item, s.o.Words("").Say(use(l.item))}
		f.Verdict = s.without(l.item)
	case "bot_events":
		f.Verdict = s.without(eventScope(l.item))
	}
	return f
}

// anyhow are parts of a manifest that may be as they like.
var anyhow = []string{
	"_metadata", "display_information", "name", "display_name", "always_online", "description", "usage_hint", "bot_optional", "org_deploy_enabled",
}

// lacking is what have lacks of want, both of which are a part of a manifest.
func lacking(setting string, want, have any) (all []lack) {
	switch w := want.(type) {
	case obj:
		h, _ := have.(obj)
		if h == nil && setting == "bot_user" {
			return []lack{{setting, ""}}
		}
		for _, key := range slices.Sorted(maps.Keys(w)) {
			if !slices.Contains(anyhow, key) {
				all = append(all, lacking(key, w[key], h[key])...)
			}
		}
	case []any:
		h, _ := have.([]any)
		for _, x := range w {
			i := slices.IndexFunc(h, func(y any) bool { return partName(y) == partName(x) })
			if i < 0 {
				all = append(all, lack{setting, partName(x)})
				continue
			}
			all = append(all, lacking(setting, x, h[i])...)
		}
	case string:
		h, _ := have.(string)
		if h != w && !(w == EventsPath && strings.HasPrefix(h, "https://") && strings.HasSuffix(h, w)) {
			all = append(all, lack{setting, ""})
		}
	case bool:
		if h, _ := have.(bool); h != w {
			all = append(all, lack{setting, ""})
		}
	}
	return all
}

// partName is what tells a part of a list from the others.
func partName(part any) string {
	switch p := part.(type) {
	case string:
		return p
	case obj:
		for _, key := range []string{"command", "callback_id"} {
			if name, ok := p[key].(string); ok {
				return name
			}
		}
	}
	return ""
}
