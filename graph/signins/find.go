package signins

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"

	"golang.org/x/sync/singleflight"
)

// A Log is the tenant's sign-in log, one request at a time. That there is no
// such event is an empty page, not an error.
type Log interface {
	SignIns(ctx context.Context, api graph.API, f graph.Filter) (graph.Page, error)
}

// Options say what to read and how patiently. Only Log is needed.
type Options struct {
	Log    Log
	Audit  Audit            // for [Service.Changes]; nil if nobody asks for those
	Budget Budget           // by default one for this process, with what Graph grants
	Now    func() time.Time // by default time.Now

	Waits     []time.Duration // after it was asked: when to look for an event that may still come; 1, 3, 6, 12 min
	Young     time.Duration   // an older error than this is in the log or nowhere; 1 h
	Retention time.Duration   // how far back the log reaches; 30 d
	Window    time.Duration   // to either side of the time that was pasted; 15 min
	Lately    time.Duration   // how far to look back if no time was pasted; 2 h
	Patience  time.Duration   // how long an outage is waited out; 30 min
}

// A Service finds sign-ins. It is safe for concurrent use.
type Service struct {
	opt    Options
	asking singleflight.Group
	passes passes
	state  condition
}

// New returns a Service. What o leaves out has its default.
func New(o Options) *Service {
	if o.Budget == nil {
		o.Budget = NewBudget(Requests, Per+slack)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Waits == nil {
		o.Waits = []time.Duration{time.Minute, 3 * time.Minute, 6 * time.Minute, 12 * time.Minute}
	}
	for _, d := range []struct {
		set *time.Duration
		to  time.Duration
	}{
		{&o.Young, time.Hour},
		{&o.Retention, 30 * 24 * time.Hour},
		{&o.Window, 15 * time.Minute},
		{&o.Lately, 2 * time.Hour},
		{&o.Patience, 30 * time.Minute},
	} {
		if *d.set == 0 {
			*d.set = d.to
		}
	}
	return &Service{opt: o}
}

// Find looks for the sign-in that q points to. It never waits: the error is a
// [*graph.Later] if the answer is not to be had yet, and a [*graph.Error] if it
// is not to be had at all.
//
// What it finds by an id may be anybody's. Who asks must compare whose it is
// with who they are.
func (s *Service) Find(ctx context.Context, q graph.Query) (graph.Found, error) {
	now := s.opt.Now().UTC()
	q = s.cleaned(q, now)
	if s.expired(q, now) {
		return graph.Found{Expired: true}, nil
	}
	found, err := through(ctx, s, question{Query: q}, time.Time{}, func(p *pass) (graph.Found, error) {
		found, err := s.look(ctx, p, q)
		if err == nil {
			found.Nearby, err = s.nearby(ctx, p, q, found.SignIns)
		}
		return found, err
	})
	if err != nil {
		return graph.Found{}, err
	}
	if at, ok := s.nextWait(q, now); ok && !final(found.SignIns, q) {
		return graph.Found{}, &graph.Later{At: at, Why: graph.Lag}
	}
	return found, nil
}

// look asks by one clue after another, the best first, until one brings events.
func (s *Service) look(ctx context.Context, p *pass, q graph.Query) (graph.Found, error) {
	found, err := s.byRequest(ctx, p, q)
	if err != nil || len(found.SignIns) > 0 {
		return found, err
	}
	if q.CorrelationID != "" {
		found, err = s.byCorrelation(ctx, p, q)
		if err != nil || len(found.SignIns) > 0 {
			return found, err
		}
	}
	if q.UserID != "" {
		return s.byTime(ctx, p, q, found.Partial)
	}
	if found.By == "" {
		err = &graph.Error{Op: "find sign-in", Reason: graph.ErrRejected, Err: errNoClue}
	}
	return found, err
}

var errNoClue = errors.New("neither an id nor a user to look for")

// byRequest asks for the event of the error page. Unless that is a verdict, and
// the one that was pasted, it reads the rest of the visit too, but no further
// into somebody else's.
func (s *Service) byRequest(ctx context.Context, p *pass, q graph.Query) (graph.Found, error) {
	if q.RequestID == "" {
		return graph.Found{}, nil
	}
	got, err := s.read(ctx, p, graph.Filter{ID: q.RequestID, Top: 1})
	if err != nil || len(got.SignIns) == 0 {
		return graph.Found{By: graph.ByRequest, API: got.api}, err
	}
	event := got.SignIns[0]
	found := graph.Found{SignIns: []graph.SignIn{event}, By: graph.ByRequest, API: got.api}
	theirs := q.UserID == "" || strings.EqualFold(event.UserID, q.UserID)
	verdict := !interrupts[event.ErrorCode] && hasCode(event, q.Code)
	if verdict || !theirs || event.CorrelationID == "" {
		return found, nil
	}
	visit, err := s.read(ctx, p, graph.Filter{CorrelationID: event.CorrelationID})
	if err != nil {
		return graph.Found{}, err
	}
	around := near(ofUser(visit.SignIns, event.UserID), event.At, s.opt.Window)
	found.SignIns = newestFirst(append(around, event))
	found.API = weaker(got.api, visit.api)
	found.Partial = visit.partial
	return found, nil
}

// byCorrelation asks for all events with the correlation id. It may be that of
// several people and many days: events of q's user come alone if there are any,
// and so do those around the time that was pasted.
func (s *Service) byCorrelation(ctx context.Context, p *pass, q graph.Query) (graph.Found, error) {
	got, err := s.read(ctx, p, graph.Filter{CorrelationID: q.CorrelationID})
	if err != nil {
		return graph.Found{}, err
	}
	events := got.SignIns
	if theirs := ofUser(events, q.UserID); len(theirs) > 0 {
		events = theirs
	}
	if then := near(events, q.Around, s.opt.Window); len(then) > 0 {
		events = then
	}
	return graph.Found{SignIns: newestFirst(events), By: graph.ByCorrelation, API: got.api, Partial: got.partial}, nil
}

// byTime asks for the user's events around the time that was pasted, or lately,
// and picks the visits with the error that was pasted, or with any error.
func (s *Service) byTime(ctx context.Context, p *pass, q graph.Query, partial bool) (graph.Found, error) {
	f := graph.Filter{UserID: q.UserID, From: q.Around.Add(-s.opt.Window), To: q.Around.Add(s.opt.Window)}
	if q.Around.IsZero() {
		f.From, f.To = p.began.Add(-s.opt.Lately), p.began
	}
	// Whole minutes, so that equal questions are equal.
	f.From, f.To = f.From.Truncate(time.Minute), f.To.Truncate(time.Minute).Add(time.Minute)
	got, err := s.read(ctx, p, f)
	if err != nil {
		return graph.Found{}, err
	}
	events := visits(ofUser(got.SignIns, q.UserID), q.Code)
	return graph.Found{SignIns: newestFirst(events), By: graph.ByTime, API: got.api, Partial: partial || got.partial}, nil
}

// strongAuth is the error of a second step that failed.
const strongAuth = 500121

// day is how far to either side of such an event others say something about it.
const day = 24 * time.Hour

// nearby reads what else somebody did whose second step failed. One event does
// not tell whether they got in after all, whether codes were refused again and
// again, or whether somebody else kept asking until they would give in. Where
// that may be told of another than q's user, it is not read.
func (s *Service) nearby(ctx context.Context, p *pass, q graph.Query, found []graph.SignIn) ([]graph.SignIn, error) {
	i := slices.IndexFunc(found, func(e graph.SignIn) bool { return e.ErrorCode == strongAuth })
	if i < 0 {
		return nil, nil
	}
	at, who := found[i].At, found[i].UserID
	if who == "" || q.UserID != "" && !strings.EqualFold(who, q.UserID) || len(ofUser(found, who)) < len(found) {
		return nil, nil
	}
	f := graph.Filter{UserID: who, From: at.Add(-day).Truncate(time.Minute), To: at.Add(day).Truncate(time.Minute)}
	got, err := s.read(ctx, p, f)
	return newestFirst(ofUser(got.SignIns, who)), err
}

// cleaned drops from q what cannot be looked for, and what cannot be.
func (s *Service) cleaned(q graph.Query, now time.Time) graph.Query {
	q.RequestID, q.CorrelationID, q.UserID = guid(q.RequestID), guid(q.CorrelationID), guid(q.UserID)
	q.Code = digits(q.Code)
	q.Around, q.Asked = q.Around.UTC().Round(0), q.Asked.UTC().Round(0)
	if q.Around.After(now.Add(s.opt.Window)) {
		q.Around = time.Time{} // of the future, so misread: a day and a month, or a zone
	}
	return q
}

// expired reports whether the log does not reach back to when q's error was.
func (s *Service) expired(q graph.Query, now time.Time) bool {
	return !q.Around.IsZero() && q.Around.Before(now.Add(-s.opt.Retention))
}

// nextWait returns when to look again for an event that may still come. A query
// that does not say when it was asked is not waited for.
//
// Microsoft gives no figures any more; the last were two minutes for 95 of 100
// events, and five for 99.
// See https://learn.microsoft.com/entra/identity/monitoring-health/reference-log-latency.
func (s *Service) nextWait(q graph.Query, now time.Time) (time.Time, bool) {
	if q.Asked.IsZero() || !q.Around.IsZero() && q.Asked.Sub(q.Around) > s.opt.Young {
		return time.Time{}, false
	}
	for _, w := range s.opt.Waits {
		if at := q.Asked.Add(w); at.After(now) {
			return at, true
		}
	}
	return time.Time{}, false
}
