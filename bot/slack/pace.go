package slack

import (
	"context"
	"sync"
	"time"
)

// A pace owns Slack's limits: when something may be asked or said next. See
// https://docs.slack.dev/apis/web-api/rate-limits.
type pace struct {
	now func() time.Time

	mu       sync.Mutex
	channels map[string]time.Time // when the next message would be due at one a second
	booked   map[string]time.Time // when a post has its turn, by its key
	methods  map[string]time.Time // the same as channels, for calls
	blocked  map[string]time.Time // until when Slack wants not to be asked, by method
}

func newPace(now func() time.Time) *pace {
	return &pace{now: now, channels: map[string]time.Time{}, booked: map[string]time.Time{}, methods: map[string]time.Time{}, blocked: map[string]time.Time{}}
}

const (
	// oneMessage is the time between two messages in a channel, and inBurst
	// how many may come at once after a while of silence.
	oneMessage = time.Second
	inBurst    = 3

	// keepBooked is how long a post that does not come keeps its turn.
	keepBooked = time.Minute
)

// tiers are how often a method may be called in a minute. What is missing has
// no limit that concerns us.
var tiers = map[string]int{
	"chat.postEphemeral": 100, "chat.update": 50,
	"views.open": 100, "views.push": 100, "views.update": 100, "views.publish": 100,
	"users.info": 100, "users.list": 20, "users.lookupByEmail": 50, "users.profile.get": 100, "team.profile.get": 50,
	"conversations.info": 50, "conversations.members": 100, "conversations.open": 50, "conversations.history": 50, "conversations.replies": 50,
	"files.getUploadURLExternal": 100, "files.completeUploadExternal": 100, "reactions.add": 50,
	connectionsOpen: 10, // of our own, lest a connection that Slack ends at once is opened anew without end
}

// message says how long the post with this key has to wait for its turn in a
// channel. Who has to wait keeps the turn.
func (p *pace) message(channel, key string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if turn, ok := p.booked[key]; ok {
		if wait := turn.Sub(now); wait > 0 {
			return wait
		}
		delete(p.booked, key)
		return 0
	}
	wait := take(p.channels, channel, now, oneMessage, inBurst)
	if wait > 0 {
		p.booked[key] = now.Add(wait)
	}
	p.forget(now)
	return wait
}

// call says how long to wait with a call of a method.
func (p *pace) call(method string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if wait := p.blocked[method].Sub(now); wait > 0 {
		return wait
	}
	tier := tiers[method]
	if tier == 0 {
		return 0
	}
	gap := time.Minute / time.Duration(tier)
	if wait := p.methods[method].Add(-time.Duration(tier-1) * gap).Sub(now); wait > longestWait {
		return wait // and no turn is taken: who comes again asks again
	}
	return take(p.methods, method, now, gap, tier)
}

// block keeps a method from being called for a while, as Slack wants it.
func (p *pace) block(method string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocked[method] = p.now().Add(d)
}

// take takes the next turn of a row, of which some may come at once after a
// while of silence, and says how far off it is.
func take(due map[string]time.Time, row string, now time.Time, gap time.Duration, burst int) time.Duration {
	next := due[row]
	if next.Before(now) {
		next = now
	}
	due[row] = next.Add(gap)
	return max(0, next.Add(-time.Duration(burst-1)*gap).Sub(now))
}

// forget drops what no longer matters. It is cheap: there are few at a time.
func (p *pace) forget(now time.Time) {
	for k, t := range p.booked {
		if now.Sub(t) > keepBooked {
			delete(p.booked, k)
		}
	}
	if len(p.channels) > 1000 {
		for k, t := range p.channels {
			if t.Before(now) {
				delete(p.channels, k)
			}
		}
	}
}

// longestWait is how long a call waits for its turn here. What has to wait for
// longer is told so instead.
const longestWait = time.Second

// wait waits for the turn of a call, or says how long that would take.
func (p *pace) wait(ctx context.Context, method string) (time.Duration, error) {
	d := p.call(method)
	if d > longestWait {
		return d, nil
	}
	if d > 0 && !sleep(ctx, d) {
		return 0, ctx.Err()
	}
	return 0, nil
}
