package teamstest

import "time"

// rates counts calls in the windows that Teams counts them in.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit.
type rates map[string][]time.Time

type window struct {
	most int
	in   time.Duration
}

var (
	sendWindows = []window{{7, time.Second}, {8, 2 * time.Second}, {60, 30 * time.Second}, {1800, time.Hour}}
	readWindows = []window{{14, time.Second}, {16, 2 * time.Second}, {120, 30 * time.Second}, {3600, time.Hour}}
	oldWindows  = []window{{5, time.Minute}} // of the roster that is not in pages
	appWindows  = []window{{50, time.Second}}
)

// over counts a call, or returns how long it should have waited.
func (r rates) over(name string, windows []window, now time.Time) (wait time.Duration) {
	longest := windows[len(windows)-1].in
	past := r[name]
	for len(past) > 0 && now.Sub(past[0]) >= longest {
		past = past[1:]
	}
	for _, w := range windows {
		if i := len(past) - w.most; i >= 0 && now.Sub(past[i]) < w.in {
			wait = max(wait, w.in-now.Sub(past[i]))
		}
	}
	if wait == 0 {
		past = append(past, now)
	}
	r[name] = past
	return wait
}
