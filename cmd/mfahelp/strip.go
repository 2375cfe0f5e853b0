package main

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"

	"mfahelp/bot"
	"mfahelp/bot/web"
	"mfahelp/flows"
	"mfahelp/flows/diagnose"
	"mfahelp/graph/msgraph"
	"mfahelp/store"
	"mfahelp/words"
)

// A strip tells the page what happens behind it: what was accepted, what Graph
// was asked, what decided, what was sent. Ids, fields and times, nobody's words.
type strip struct {
	page  *web.Web // nil where there is no page
	now   func() time.Time
	words *words.Printer
}

func (s *strip) line(kind, caseKey, key string, gaps ...any) {
	if s.page != nil {
		s.page.Trace(web.Trace{At: s.now(), Kind: kind, Text: s.words.Say(key, gaps...), CaseKey: caseKey})
	}
}

// noted hears from the store.
func (s *strip) noted(n store.Note) {
	switch n.What {
	case store.EventAccepted:
		s.line("accepted", "", "strip.accepted", took(n.Took))
	case store.PostSent:
		s.line("sent", n.Case, "strip.sent", part(n.Post), took(n.Took))
	case store.WorkRetried, store.PostRetried:
		s.line("waiting", n.Case, "strip.retried")
	case store.WorkFailed, store.PostFailed:
		s.line("waiting", n.Case, "strip.failed")
	}
}

// part is which part of a matter a post is: the last word of its key that is no
// number or date, such as "card".
func part(post string) string {
	words := strings.Split(post, "/")
	for i := len(words) - 1; i > 0; i-- {
		if strings.IndexFunc(words[i], unicode.IsDigit) < 0 {
			return words[i]
		}
	}
	return words[0]
}

// called hears of each request to Graph.
func (s *strip) called(c msgraph.Call) {
	s.line("graph", "", "strip.graph", c.Op, string(c.API), c.Status, took(c.Took))
}

// answered tells what an answer decided.
func (s *strip) answered(a flows.Answer) {
	for _, c := range a.Cases {
		switch {
		case !c.Looked.Next.IsZero():
			s.line("waiting", c.Key, "strip.waiting", c.Looked.Next.UTC().Format(time.TimeOnly), string(c.Looked.Wait))
		case c.Looked.Tries > 0 && (c.State == flows.Answered || c.State == flows.WithAdmins):
			d := diagnose.Diagnose(c.Facts(s.now()))
			s.line("decided", c.Key, "strip.decided", string(d.Cause), field(d), string(d.Confidence))
		}
	}
}

func field(d diagnose.Diagnosis) string {
	if len(d.Evidence) == 0 {
		return "–"
	}
	return d.Evidence[0].Field
}

func took(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64)
}

// watched is a router whose answers the strip tells of.
type watched struct {
	*flows.Router
	strip *strip
}

// Event answers e.
func (w watched) Event(ctx context.Context, e bot.Event) (flows.Answer, error) {
	a, err := w.Router.Event(ctx, e)
	if err == nil {
		w.strip.answered(a)
	}
	return a, err
}

// Job does j.
func (w watched) Job(ctx context.Context, j flows.Job) (flows.Answer, error) {
	a, err := w.Router.Job(ctx, j)
	if err == nil {
		w.strip.answered(a)
	}
	return a, err
}
