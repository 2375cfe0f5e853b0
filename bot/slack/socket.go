package slack

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"go.uber.org/zap"
)

// atOnce is how many things of one connection are taken at the same time.
const atOnce = 64

// listen keeps a connection open until ctx ends. When Slack refuses us for good
// it asks now and then whether that is over.
func (s *Slack) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.log.Error("a connection to Slack has ended", zap.Error(s.failed("apps.connections.open", err)))
		}
		if !sleep(ctx, time.Minute) {
			return
		}
	}
}

// connect opens a connection and keeps it, over every renewal, until it cannot.
// See https://docs.slack.dev/apis/events-api/using-socket-mode.
func (s *Slack) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := socketmode.New(s.api, socketmode.OptionReadLimit(maxFrame), socketmode.OptionLog(zap.NewStdLog(s.log)))
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { s.hear(ctx, cancel, client) })
	err := client.RunContext(ctx)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	cancel(nil)
	return err
}

// maxFrame is more than Slack ever sends at once.
const maxFrame = 1 << 20

// hear takes what a connection brings.
func (s *Slack) hear(ctx context.Context, cancel context.CancelCauseFunc, client *socketmode.Client) {
	var wg sync.WaitGroup
	defer wg.Wait()
	hands := make(chan struct{}, atOnce)
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-client.Events:
			req, ok := s.request(e, cancel)
			if !ok {
				continue
			}
			select {
			case hands <- struct{}{}:
			case <-ctx.Done():
				return
			}
			wg.Go(func() {
				defer func() { <-hands }()
				s.handle(ctx, client, req)
			})
		}
	}
}

// request returns what is to be taken, if anything is. What the SDK cannot read,
// such as an event of a new type, is read here.
func (s *Slack) request(e socketmode.Event, cancel context.CancelCauseFunc) (r socketmode.Request, ok bool) {
	switch e.Type {
	case socketmode.EventTypeEventsAPI, socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive:
		return *e.Request, true
	case socketmode.EventTypeErrorBadMessage:
		bad, _ := e.Data.(*socketmode.ErrorBadMessage)
		if bad == nil || json.Unmarshal(bad.Message, &r) != nil || r.EnvelopeID == "" {
			s.log.Warn("Slack sent what cannot be read")
			return r, false
		}
		return r, true
	case socketmode.EventTypeHello:
		s.counted(e.Request.NumConnections)
	case socketmode.EventTypeConnectionError:
		problem, _ := e.Data.(*slack.ConnectionErrorEvent)
		if problem == nil {
			return r, false
		}
		if _, fatal := fatal[codeOf(problem.ErrorObj)]; fatal || codeOf(problem.ErrorObj) == "missing_scope" {
			cancel(problem.ErrorObj) // the SDK would go on for ever
			return r, false
		}
		s.log.Warn("no connection to Slack", zap.Error(bare(problem.ErrorObj)), zap.Duration("again", problem.Backoff))
	case socketmode.EventTypeInvalidAuth, socketmode.EventTypeIncomingError, socketmode.EventTypeErrorWriteFailed:
		s.log.Warn("a connection to Slack has trouble", zap.String("what", string(e.Type)))
	case socketmode.EventTypeConnecting, socketmode.EventTypeConnected, socketmode.EventTypeDisconnect: // as it goes
	}
	return r, false
}

// counted raises the alarm if more connections listen than are ours: whoever has
// the app's token gets a share of all that people write. One more may be ours:
// that which is being renewed.
func (s *Slack) counted(connections int) {
	if ours := s.o.Sockets * s.o.Replicas; connections > ours+1 {
		s.log.Error("more connections listen to Slack than are ours: somebody else may have the app-level token; revoke it under Basic Information",
			zap.Int("connections", connections), zap.Int("ours", ours))
	}
}

// kinds are those of what a connection brings, by their types.
var kinds = map[string]kind{
	socketmode.RequestTypeEventsAPI: events, socketmode.RequestTypeSlashCommands: commands, socketmode.RequestTypeInteractive: interactions,
}

// handle takes one thing and says so. What is not taken is not said to be, and
// comes again; what can never be read is, or it would come again for nothing.
func (s *Slack) handle(ctx context.Context, client *socketmode.Client, r socketmode.Request) {
	answer, err := s.take(ctx, kinds[r.Type], r.Payload)
	if err != nil {
		s.log.Error("something from Slack is not taken", zap.String("type", clip(r.Type, 40)), zap.Int("retry", r.RetryAttempt), zap.Error(err))
		if !errors.As(err, new(malformed)) {
			return
		}
	}
	if answer != nil && !r.AcceptsResponsePayload {
		answer = nil
	}
	if err := client.AckCtx(ctx, r.EnvelopeID, answer); err != nil && ctx.Err() == nil {
		s.log.Error("Slack is not told that we have something", zap.Error(err))
	}
}
