package slacktest

import "time"

// How often a method may be called in a minute, by its tier. What is missing has
// no limit that concerns a bot. See https://docs.slack.dev/apis/web-api/rate-limits.
var tiers = map[string]int{
	"chat.update": 50, "chat.postEphemeral": 100, "views.open": 100, "views.push": 100, "views.update": 100, "views.publish": 100,
	"users.info": 100, "users.list": 20, "users.lookupByEmail": 50, "users.profile.get": 100, "team.profile.get": 50,
	"conversations.info": 50, "conversations.members": 100, "conversations.open": 50, "conversations.history": 50, "conversations.replies": 50,
	"files.getUploadURLExternal": 100, "files.completeUploadExternal": 100, "apps.connections.open": 1 << 20,
}

const (
	// Of tiers Slack says "at least"; this fake is at its least generous.
	minute = time.Minute

	// A message a second in each channel, "short bursts" apart: of this fake, a
	// burst of three.
	inRow  = 10 * time.Second
	mostIn = 10 + 3
)

// tooOften reports how long to wait with a call, if there were too many.
// f.mu is held.
func (f *Fake) tooOften(method, channel string) (time.Duration, bool) {
	if f.NoRates {
		return 0, false
	}
	most, within := tiers[method], minute
	if method == "chat.postMessage" {
		method, most, within = method+"/"+channel, mostIn, inRow
	}
	if most == 0 {
		return 0, false
	}
	now := f.Now()
	recent := f.counts[method][:0]
	for _, t := range f.counts[method] {
		if now.Sub(t) < within {
			recent = append(recent, t)
		}
	}
	if len(recent) >= most {
		f.counts[method] = recent
		return within - now.Sub(recent[0]), true
	}
	f.counts[method] = append(recent, now)
	return 0, false
}
