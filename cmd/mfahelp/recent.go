package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"mfahelp/bot"
	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

// recent tells people which of their own sign-ins failed lately, for them to
// choose from instead of pasting.
type recent struct {
	lately func(ctx context.Context, user string, since time.Time) (graph.Found, error)
	tenant string
	now    func() time.Time

	mu   sync.Mutex
	kept map[string]failures // by whose they are
}

type failures struct {
	all []graph.SignIn
	at  time.Time
}

const (
	// recently is how long ago what somebody asks about may have been.
	recently = 24 * time.Hour

	// keptFor is how long an answer is given again: each takes a request from
	// what the whole tenant has, and a command is written in a second.
	keptFor  = time.Minute
	mostKept = 1000

	mostRecent = 8
)

// view is what p may choose from, if there is anything.
func (r *recent) view(ctx context.Context, p bot.Person) (bot.Message, error) {
	w := printer(p.Locale)
	m := bot.Message{Title: w.Say("help.recent"), Personal: true}
	if !p.Known() || p.Tenant != r.tenant {
		return m, nil
	}
	failed, err := r.failures(ctx, p.ObjectID)
	if err != nil || len(failed) == 0 {
		return m, err
	}
	var options []bot.Option
	for _, s := range failed {
		options = append(options, bot.Option{
			Label: w.Say("help.recent.one", "AADSTS"+strconv.Itoa(s.ErrorCode), s.App, s.At.UTC().Format("2 Jan 15:04 MST")),
			Value: fmt.Sprintf("Error Code: %d Request Id: %s Timestamp: %s", s.ErrorCode, s.ID, s.At.UTC().Format(time.RFC3339)),
		})
	}
	m.Actions = []bot.Action{bot.Ask{Label: m.Title, Fields: []bot.Field{{Name: "recent", Label: m.Title, Kind: bot.Choice, Options: options}}}}
	return m, nil
}

// failures are user's, the newest first.
func (r *recent) failures(ctx context.Context, user string) ([]graph.SignIn, error) {
	now := r.now()
	r.mu.Lock()
	kept, ok := r.kept[user]
	r.mu.Unlock()
	if ok && now.Sub(kept.at) < keptFor {
		return kept.all, nil
	}
	found, err := r.lately(ctx, user, now.Add(-recently).Truncate(time.Hour))
	if err != nil {
		return nil, fmt.Errorf("looking for recent failures: %w", err)
	}
	failed := ended(found.SignIns)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil || len(r.kept) >= mostKept {
		r.kept = map[string]failures{}
	}
	r.kept[user] = failures{failed, now}
	return failed, nil
}

// ended are the visits among all that ended in a failure, each by its last event:
// one that succeeded in the end is no trouble, and a pause alone is no end.
func ended(all []graph.SignIn) (failed []graph.SignIn) {
	seen := map[string]bool{}
	for _, s := range all { // the newest first
		if s.CorrelationID != "" && seen[s.CorrelationID] {
			continue
		}
		seen[s.CorrelationID] = true
		e, _, _ := aadsts.Lookup(strconv.Itoa(s.ErrorCode))
		if s.ErrorCode != 0 && !e.Interrupt && len(failed) < mostRecent {
			failed = append(failed, s)
		}
	}
	return failed
}
