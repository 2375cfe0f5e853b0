package store

import (
	"errors"
	"time"

	"mfahelp/bot"
)

// How long to wait after each failure. What was tried in vain so often is given
// up after about a minute: long enough for a restart of whatever is down, and
// short enough that people hear of it.
var (
	workWaits = []time.Duration{ms(200), ms(500), ms(1000), ms(2000), ms(4000), ms(7000), ms(10000), ms(12000), ms(15000)}
	postWaits = []time.Duration{ms(500), ms(1000), ms(2000), ms(4000), ms(8000), ms(15000), ms(25000)}
)

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

const (
	// giveUpAfter ends work that fails slowly before it has failed often.
	giveUpAfter = time.Minute

	// mostBegun ends work that takes the program down whenever it is begun:
	// that leaves no failure behind, only beginnings.
	mostBegun = 30

	// busyAtMost is how long to wait for a busy platform that does not say
	// how long, and busyFor for how long it may go on like that.
	busyAtMost = 20 * time.Second
	busyFor    = 24 * time.Hour
)

// workBackoff returns how long to wait after one more failure of w, and whether
// to try it again at all.
func workBackoff(w Work, now time.Time) (time.Duration, bool) {
	slow := !w.failingSince.IsZero() && now.Sub(w.failingSince) >= giveUpAfter
	if slow || w.Failures >= len(workWaits) {
		return 0, false
	}
	return workWaits[w.Failures], true
}

// postBackoff is the same for a post.
func postBackoff(d Delivery, err error, now time.Time) (time.Duration, bool) {
	if busy, ok := errors.AsType[*bot.BusyError](err); ok {
		wait := busy.After
		if wait <= 0 {
			wait = min(max(now.Sub(d.Since), postWaits[0]), busyAtMost) // doubles what has passed
		}
		return wait, now.Sub(d.Since) < busyFor
	}
	if d.failures >= len(postWaits) || errors.Is(err, bot.ErrUnreachable) {
		return 0, false
	}
	return postWaits[d.failures], true
}

// brief is what is kept of an error. Errors hold ids and no words of anybody's;
// they are cut all the same.
func brief(err error) string {
	s := []rune(storable(err.Error()))
	return string(s[:min(len(s), 300)])
}
