package slack

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"go.uber.org/zap"
)

// atOnce is how many things of one connection are taken at the same time.
const atOnce = 64

// ears are the connections by which we listen.
type ears struct {
	mu      sync.Mutex
	open    int
	refused error // why Slack lets us open no more; nil if it does
}

var errDeaf = errors.New("slack: no connection is open, and nothing that people do is heard")

// deaf reports why nothing is heard, if that is so or is about to be.
func (e *ears) deaf() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refused == nil && e.open == 0 {
		return errDeaf
	}
	return e.refused
}

// opened counts one more connection, or with -1 one less. It reports whether Slack
// lets us listen again.
func (e *ears) opened(n int) (again bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open += n
	again = n > 0 && e.refused != nil
	if again {
		e.refused = nil
	}
	return again
}

func (e *ears) refuse(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.refused = err
}

// connectionsOpen is the one call that takes the app's token, and not the bot's. See
// https://docs.slack.dev/reference/methods/apps.connections.open.
const connectionsOpen = "apps.connections.open"

// listen keeps a connection open until ctx ends. When Slack refuses us for good
// it asks now and then whether that is over.
func (s *Slack) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		err = s.failed(connectionsOpen, err)
		s.ears.refuse(err)
		s.log.Error("Slack lets us open no connection; nothing is heard until that is mended", zap.Error(err))
		if !sleep(ctx, s.o.Again) {
			return
		}
	}
}

// connect opens a connection and keeps it, over every renewal, until it cannot.
// See https://docs.slack.dev/apis/events-api/using-socket-mode.
func (s *Slack) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := socketmode.New(s.api, socketmode.OptionReadLimit(maxFrame), socketmode.OptionPingInterval(s.o.Silence), socketmode.OptionLog(zap.NewStdLog(s.log)))
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
	open := false
	defer func() { s.turn(&open, false) }()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-client.Events:
			switch e.Type {
			case socketmode.EventTypeHello:
				s.turn(&open, true)
			case socketmode.EventTypeConnecting: // the one before it has ended
				s.turn(&open, false)
			}
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

// turn takes note of a connection that opens or ends. The SDK says of neither why.
func (s *Slack) turn(open *bool, to bool) {
	switch {
	case to == *open:
		return
	case !to:
		s.ears.opened(-1)
		s.log.Info("a connection to Slack has ended")
	case s.ears.opened(1):
		s.log.Info("Slack lets us listen again")
	default:
		s.log.Info("a connection to Slack is open")
	}
	*open = to
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
		if _, fatal := s.fatal(connectionsOpen, codeOf(problem.ErrorObj)); fatal {
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
// the app's token gets a share of all that people write. One more may be ours, if
// Slack still counts one that has just been renewed; if it always is there, it is
// not.
func (s *Slack) counted(connections int) {
	const cure = "if nobody of you runs it, somebody else has the app-level token; revoke it under Basic Information"
	ours := s.o.Sockets * s.o.Replicas
	counts := []zap.Field{zap.Int("connections", connections), zap.Int("ours", ours)}
	switch {
	case connections > ours+1:
		s.log.Error("more connections listen to Slack than are ours: "+cure, counts...)
	case connections > ours:
		s.log.Warn("one more connection than ours listens to Slack; if this is said every time that a connection opens: "+cure, counts...)
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
