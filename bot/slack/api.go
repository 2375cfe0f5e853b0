package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/zap"

	"mfahelp/bot"
)

// A wire is how we ask Slack: not more often than it likes, only there, and
// without reading on and on.
type wire struct {
	client *http.Client
	api    *url.URL
	pace   *pace
}

// maxAnswer is more than any answer of Slack's that we ask for.
const maxAnswer = 16 << 20

func newWire(o Options, p *pace) *wire {
	client := o.HTTP
	if client == nil {
		client = &http.Client{Timeout: 15 * time.Second}
	}
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // it would carry the token along
	api, err := url.Parse(o.API)
	if err != nil {
		api = &url.URL{} // then every call is refused, and says why
	}
	return &wire{&c, api, p}
}

// Do asks Slack. What it returns instead of an answer never has an address in
// it: whoever knows a response_url can speak for us.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	if !w.ours(r.URL) {
		return nil, fmt.Errorf("not asked: %q is no host of Slack's", r.URL.Hostname())
	}
	method := w.method(r.URL)
	wait, err := w.pace.wait(r.Context(), method)
	switch {
	case err != nil:
		return nil, err
	case wait > 0:
		return nil, &bot.BusyError{After: wait, Err: errors.New("the limit of " + method)}
	}
	resp, err := w.client.Do(r)
	if err != nil {
		return nil, bare(err)
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		w.pace.block(method, retryAfter(resp))
	}
	resp.Body = limited{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return taken(resp, method), nil
}

// taken has the library hear that a response_url took what was sent: there that is
// 200 alone, and a server that says no more is not to be sent it once more.
func taken(resp *http.Response, method string) *http.Response {
	if method == "" && resp.StatusCode == http.StatusOK && resp.Header.Get("Content-Type") == "" {
		resp.Body.Close()
		resp.Header.Set("Content-Type", "text/plain")
		resp.Body = io.NopCloser(strings.NewReader("ok"))
	}
	return resp
}

type limited struct {
	io.Reader
	io.Closer
}

// ours reports whether u may be asked: where the methods are, and Slack's own
// hosts, on which it takes files and answers.
func (w *wire) ours(u *url.URL) bool {
	if u.Scheme == w.api.Scheme && strings.EqualFold(u.Host, w.api.Host) {
		return true
	}
	host := "." + strings.ToLower(u.Hostname())
	return u.Scheme == "https" && u.Port() == "" && (strings.HasSuffix(host, ".slack.com") || strings.HasSuffix(host, ".slack-gov.com"))
}

// hooks are where Slack takes answers to what people do.
var hooks = []string{"hooks.slack.com", "hooks.slack-gov.com"}

// takesAnswers reports why nothing is sent to a response_url, if it is none of
// Slack's. It comes with what people do, and whoever could put another there would
// have us ask what only we can reach.
func (w *wire) takesAnswers(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("not answered: the response_url is no address")
	}
	if u.Scheme == w.api.Scheme && u.Host == w.api.Host || u.Scheme == "https" && slices.Contains(hooks, u.Host) {
		return nil
	}
	return fmt.Errorf("not answered: %q takes no answers for Slack", clip(u.Hostname(), 100))
}

// method is what u asks for, or "" if it is no method.
func (w *wire) method(u *url.URL) string {
	m, ok := strings.CutPrefix(u.Path, w.api.Path)
	if !ok || !strings.EqualFold(u.Host, w.api.Host) || strings.Contains(m, "/") {
		return ""
	}
	return m
}

func retryAfter(r *http.Response) time.Duration {
	if d, err := time.ParseDuration(r.Header.Get("Retry-After") + "s"); err == nil && d > 0 {
		return d
	}
	return 30 * time.Second
}

// bare is err without the address that package http puts before it.
func bare(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}

// busy are errors of Slack's own that pass.
var busy = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited", "team_added_to_org", "org_login_required"}

// closed are errors that say that nobody of ours can speak to somebody: they are
// gone, or take no messages of an app. See
// https://docs.slack.dev/reference/methods/conversations.open#errors and
// https://docs.slack.dev/reference/methods/chat.postMessage#errors.
var closed = []string{"user_not_found", "users_not_found", "user_not_visible", "user_disabled", "cannot_dm_bot", "messages_tab_disabled"}

// failed says of a failed call whether waiting may help, and takes note if
// nothing can.
func (s *Slack) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("slack: %s: %w", what, bare(err))
	if _, ok := errors.AsType[*bot.BusyError](err); ok {
		return err
	}
	if code := codeOf(err); code != "" {
		if t, ok := s.fatal(what, code); ok {
			err = s.troubled(t, err)
			if what != connectionsOpen { // which takes another token; see [ears]
				s.die(err)
			}
			return &bot.BusyError{After: time.Minute, Err: err}
		}
		if slices.Contains(busy, code) {
			return &bot.BusyError{Err: err}
		}
		if slices.Contains(closed, code) {
			return fmt.Errorf("%w: %w", s.explained(err), bot.ErrUnreachable)
		}
		return s.explained(err)
	}
	if limit, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return &bot.BusyError{After: limit.RetryAfter, Err: err}
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) && status.Code < http.StatusInternalServerError && status.Code != http.StatusTooManyRequests {
		return err
	}
	return &bot.BusyError{Err: err} // no answer, or one that made no sense
}

// fatal is what an error of a call means for all calls, if it does.
func (s *Slack) fatal(what, code string) (Trouble, bool) {
	if what == connectionsOpen && slices.Contains([]string{"invalid_auth", "not_authed", "token_revoked", "token_expired", "not_allowed_token_type", "missing_scope"}, code) {
		return AppToken, true
	}
	return codeTrouble(code), slices.Contains(refused, code)
}

// die ends readiness, until Slack takes the bot's token again.
func (s *Slack) die(err error) {
	if s.dead.Swap(&err) != nil {
		return
	}
	s.log.Error("Slack refuses us; nothing is taken or sent until that is mended", zap.Error(err))
	select {
	case s.doubt <- struct{}{}:
	default: // it is asked already
	}
}

// codeOf is what Slack calls an error, or "" if it is not Slack that said it.
func codeOf(err error) string {
	if r, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return r.Err
	}
	return ""
}

// explained adds what Slack says more: the scope that is missing, the block that
// is wrong.
func (s *Slack) explained(err error) error {
	var r slack.SlackErrorResponse
	if !errors.As(err, &r) {
		return err
	}
	if len(r.ResponseMetadata.Messages) > 0 {
		err = fmt.Errorf("%w: %s", err, strings.Join(r.ResponseMetadata.Messages, "; "))
	}
	if r.Needed != "" {
		err = s.lacks(r.Needed, err)
	}
	return err
}

// lacks is the trouble of a scope that is missing.
func (s *Slack) lacks(scope string, err error) error {
	return s.troubled(NoScope, err, scope, s.o.Words("").Say(use(scope)))
}

// unclear reports whether a call may have been carried out although it failed:
// Slack did not say that it was not.
func unclear(err error) bool {
	if err == nil {
		return false
	}
	var limit *slack.RateLimitedError
	var dial *net.OpError
	switch code := codeOf(err); {
	case code == "internal_error" || code == "fatal_error" || code == "request_timeout":
		return true
	case code != "" || errors.As(err, &limit):
		return false
	case errors.As(err, &dial) && dial.Op == "dial":
		return false
	}
	var waiting *bot.BusyError
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return status.Code >= http.StatusInternalServerError
	}
	return !errors.As(err, &waiting) || waiting.After == 0
}

// answerTo posts to a response_url. It lasts for half an hour and five uses. See
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
func (s *Slack) answerTo(ctx context.Context, address string, d Document) error {
	return s.respond(ctx, address, append(s.options(d), slack.MsgOptionResponseURL(address, slack.ResponseTypeEphemeral))...)
}

// respond sends to a response_url, if it is one of Slack's.
func (s *Slack) respond(ctx context.Context, address string, options ...slack.MsgOption) error {
	if err := s.wire.takesAnswers(address); err != nil {
		return err
	}
	_, _, _, err := s.api.SendMessageContext(ctx, "", options...)
	return err
}

// options are how every message is posted: nothing unfurled, nothing parsed.
func (s *Slack) options(d Document) []slack.MsgOption {
	blocks := make([]slack.Block, len(d.Blocks))
	for i, b := range d.Blocks {
		blocks[i] = block(b)
	}
	return []slack.MsgOption{
		slack.MsgOptionText(d.Text, false), slack.MsgOptionBlocks(blocks...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(), slack.MsgOptionParse(false),
	}
}

// A block is one of ours as the SDK passes it on.
type block obj

// BlockType is its type.
func (b block) BlockType() slack.MessageBlockType {
	t, _ := b["type"].(string)
	return slack.MessageBlockType(t)
}

// ID is its block_id.
func (b block) ID() string {
	id, _ := b["block_id"].(string)
	return id
}

func sdkBlocks(v obj) slack.Blocks {
	var out slack.Blocks
	all, _ := v["blocks"].([]obj)
	for _, b := range all {
		out.BlockSet = append(out.BlockSet, block(b))
	}
	return out
}
