package home

import (
	"context"
	"sync"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
)

const (
	// openFor is how long a page is taken to be before somebody after they
	// opened it. No platform tells when they leave it.
	openFor = time.Hour

	// renewEvery is the time within which what changes is shown together: a
	// storm changes cases by the hundred, and a page is only looked at.
	renewEvery = 15 * time.Second

	mostOpen = 1000
)

// A visit is somebody before their page.
type visit struct {
	who   bot.Person
	in    bot.Place
	at    time.Time
	admin bool // they see the queue
}

// pages are those that are open, by their posts' keys. They are remembered in
// this process alone: one that is not renewed is made anew when it is opened the
// next time.
type pages struct {
	mu   sync.Mutex
	open map[string]visit
}

func (p *pages) opened(key string, v visit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, old := range p.open {
		if v.at.Sub(old.at) >= openFor {
			delete(p.open, k)
		}
	}
	if p.open == nil {
		p.open = map[string]visit{}
	}
	if _, again := p.open[key]; again || len(p.open) < mostOpen {
		p.open[key] = v
	}
}

// at is who is before the page with a key, at a time.
func (p *pages) at(key string, now time.Time) (visit, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v, ok := p.open[key]
	return v, ok && now.Sub(v.at) < openFor
}

// concerned are the keys of the pages on which something of a is shown.
func (p *pages) concerned(a flows.Answer, now time.Time) (keys []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, v := range p.open {
		if now.Sub(v.at) < openFor && v.sees(a) {
			keys = append(keys, key)
		}
	}
	return keys
}

func (v visit) sees(a flows.Answer) bool {
	if v.admin {
		return true
	}
	for _, c := range a.Cases {
		if c.AskedBy(v.who) {
			return true
		}
	}
	return false
}

// Follow asks for the pages to be renewed that show something of what an answer
// changes. It fits [flows.Router.Follow].
func (f *Flow) Follow(a flows.Answer) (jobs []flows.Job) {
	if len(a.Cases) == 0 && len(a.Requests) == 0 {
		return nil
	}
	now := f.Now()
	for _, key := range f.pages.concerned(a, now) {
		jobs = append(jobs, flows.Job{Key: key, At: now.Truncate(renewEvery).Add(renewEvery), Verb: "home.renew", Subject: key})
	}
	return jobs
}

// Resume renews a page that is still open.
func (f *Flow) Resume(ctx context.Context, j flows.Job) (flows.Answer, error) {
	v, open := f.pages.at(j.Subject, f.Now())
	if !open {
		return flows.Answer{}, nil
	}
	return f.page(ctx, v)
}
