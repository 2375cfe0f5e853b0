package signins

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mfahelp/graph"
)

// pages is how many pages are read of one question before the answer is called
// partial. A page holds 1,000 events.
const pages = 2

// An answer is what the log said to one question.
type answer struct {
	graph.Page
	api     graph.API
	partial bool // there is more than was read
}

// read returns what the log says to f, from p if it was read before.
func (s *Service) read(ctx context.Context, p *pass, f graph.Filter) (answer, error) {
	whole, err := s.readPage(ctx, p, "", f)
	next := whole.Next
	for page := 1; err == nil && next != ""; page++ {
		if page == pages || f.Top > 0 {
			whole.partial = f.Top == 0
			break
		}
		var more answer
		more, err = s.readPage(ctx, p, whole.api, graph.Filter{Next: next})
		whole.SignIns = slices.Concat(whole.SignIns, more.SignIns) // not append: an answer may be shared
		next = more.Next
	}
	return whole, err
}

// readPage returns one page of api, or, if that is "", of the best there is.
func (s *Service) readPage(ctx context.Context, p *pass, api graph.API, f graph.Filter) (a answer, err error) {
	if a, ok := p.read[f]; ok {
		return a, nil
	}
	if api != "" {
		a, err = s.ask(ctx, api, f)
	} else {
		a, err = s.askBest(ctx, f)
	}
	if err == nil {
		p.read[f] = a
	}
	return a, err
}

// askBest asks beta, and v1.0 if beta is not served.
func (s *Service) askBest(ctx context.Context, f graph.Filter) (answer, error) {
	if !s.state.betaServed(s.opt.Now()) {
		return s.ask(ctx, graph.V1, f)
	}
	a, err := s.ask(ctx, graph.Beta, f)
	if !s.state.betaAnswered(s.opt.Now(), err) {
		return a, err
	}
	a, err = s.ask(ctx, graph.V1, f)
	if later := (*graph.Later)(nil); !errors.As(err, &later) {
		s.state.v1Answered(s.opt.Now(), err)
	}
	return a, err
}

// ask makes one request, or joins one that is under way. It is where many
// queries could be answered by one page.
func (s *Service) ask(ctx context.Context, api graph.API, f graph.Filter) (answer, error) {
	// The request belongs to all who join it, so it does not end with the first.
	result := s.asking.DoChan(fmt.Sprint(api, f), func() (any, error) {
		return s.request(context.WithoutCancel(ctx), api, f)
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return answer{}, r.Err
		}
		return answer{Page: r.Val.(graph.Page), api: api}, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// longest is how long one request may take. The log itself should be quicker.
const longest = 30 * time.Second

// request takes from the budget and asks the log.
func (s *Service) request(ctx context.Context, api graph.API, f graph.Filter) (page graph.Page, err error) {
	err = s.spend(ctx, func(ctx context.Context) error {
		page, err = s.opt.Log.SignIns(ctx, api, f)
		return err
	})
	return page, err
}

// spend makes a request of the budget, or says when there will be one.
func (s *Service) spend(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	now := s.opt.Now()
	ok, next, err := s.opt.Budget.Take(ctx, now)
	if err != nil {
		return &graph.Later{At: now.Add(Per), Why: graph.Budget, Err: fmt.Errorf("report budget: %w", err)}
	}
	if !ok {
		return &graph.Later{At: next, Why: graph.Budget}
	}
	err = ask(ctx)
	now = s.opt.Now()
	s.state.answered(now, err)
	if !errors.Is(err, graph.ErrThrottled) {
		return err
	}
	until := now.Add(s.state.holdFor(err))
	later := &graph.Later{At: until, Why: graph.Budget, Err: err}
	if err := s.opt.Budget.Hold(ctx, until); err != nil {
		later.Err = errors.Join(later.Err, fmt.Errorf("report budget: %w", err))
	}
	return later
}
