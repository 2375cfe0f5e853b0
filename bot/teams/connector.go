package teams

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
)

const (
	callTimeout = 12 * time.Second // whoever sends gives up after 15
	maxAnswer   = 1 << 20
)

// A connector calls Teams.
type connector struct {
	cloud  Cloud
	client *http.Client
	token  *token
	limits *limits
	log    *zap.Logger
	now    func() time.Time

	unclear atomic.Int64 // calls whose fate is not known
}

// A where is a conversation, and the way to it.
type where struct {
	service      string // as Teams said it, and as it was kept
	tenant       string
	conversation string // with the thread, as Teams spells it
}

// A call is one request.
type call struct {
	op     string // what it is for, in words
	at     where
	kind   kind
	of     string // what its limits count by; the conversation if ""
	method string
	path   string // below /v3, escaped
	body   any
	once   bool // doing it twice is seen twice
}

// An Error is what Teams answered to a call that it will not take, now or
// later. It has Teams' code and nothing of what was sent.
type Error struct {
	Op     string
	Status int
	Code   string
}

// Error says what was not done, and why.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: Teams answers %d %s", e.Op, e.Status, e.Code)
}

// Is makes the codes that say that somebody does not have the app, or has
// blocked it, [bot.ErrUnreachable].
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages.
func (e *Error) Is(target error) bool {
	return target == bot.ErrUnreachable && e.Status == http.StatusForbidden &&
		(e.Code == "BotNotInConversationRoster" || e.Code == "MessageWritesBlocked" || e.Code == "BotDisabledByAdmin")
}

// gone reports whether a message is not there, or not any more.
func gone(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusGone)
}

// do makes a call, and reads the answer into what is given, if there is one. It
// does not try again: whoever sends does, and in order.
func (c *connector) do(ctx context.Context, x call, into any) error {
	service, ok := c.cloud.connector(x.at.service)
	if !ok { // what was kept is no better than what comes in
		return fmt.Errorf("%s: the way there is by a host that is not on the list", x.op)
	}
	of := x.of
	if of == "" {
		of = x.at.conversation
	}
	if wait := c.limits.take(x.kind, x.at.tenant, of); wait > 0 {
		return &bot.BusyError{After: wait, Err: fmt.Errorf("%s: as many as Teams takes have been sent", x.op)}
	}
	bearer, err := c.token.get(ctx)
	if err != nil {
		return err
	}
	status, header, body, err := c.send(ctx, x, service, bearer)
	if err != nil {
		return err
	}
	if status < 300 {
		if into != nil {
			_ = json.Unmarshal(body, into) // a 202 may have none
		}
		return nil
	}
	return c.judge(x, of, bearer, status, header, body)
}

// send makes the request. If it may have been taken though no answer came, that
// is on record: said again, it may be seen twice.
func (c *connector) send(ctx context.Context, x call, service, bearer string) (int, http.Header, []byte, error) {
	var content io.Reader
	if x.body != nil {
		b, err := encode(x.body)
		if err != nil {
			return 0, nil, nil, fmt.Errorf("%s: %w", x.op, err)
		}
		content = bytes.NewReader(b)
	}
	var left atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { left.Store(true) }})
	r, err := http.NewRequestWithContext(ctx, x.method, service+"/v3"+x.path, content)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%s: an address that makes no sense", x.op)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Accept", "application/json")
	if content != nil {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	res, err := c.client.Do(r)
	if err == nil {
		defer res.Body.Close()
		body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err == nil || res.StatusCode >= 300 {
			return res.StatusCode, res.Header, body, nil
		}
	}
	if left.Load() {
		c.lost(x, 0)
	}
	return 0, nil, nil, &bot.BusyError{Err: fmt.Errorf("%s: %w", x.op, bare(err))}
}

// lost tells that a message may be seen twice.
func (c *connector) lost(x call, status int) {
	if !x.once {
		return
	}
	c.unclear.Add(1)
	c.log.Warn("a message may have been taken though Teams did not say so; it is sent again", zap.String("call", x.op), zap.Int("status", status))
}

// judge says what an answer other than success means for whoever called.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit#handle-http-429-responses.
func (c *connector) judge(x call, of, bearer string, status int, header http.Header, body []byte) error {
	e := &Error{Op: x.op, Status: status, Code: errorCode(body)}
	after := retryAfter(header, c.now())
	switch status {
	case http.StatusTooManyRequests:
		after = max(after, time.Second)
		c.limits.hold(x.kind, of, after)
		return &bot.BusyError{After: after, Err: e}
	case http.StatusPreconditionFailed, http.StatusServiceUnavailable:
		return &bot.BusyError{After: after, Err: e}
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		c.lost(x, status)
		return &bot.BusyError{After: after, Err: e}
	case http.StatusUnauthorized:
		c.token.drop(bearer)
		return &bot.BusyError{After: after, Err: e}
	}
	return e
}

// errorCode is the code in an answer, if it is one: a gateway on the way may
// answer with a page.
func errorCode(body []byte) string {
	var a struct {
		Error struct{ Code string }
	}
	if json.Unmarshal(body, &a) != nil || !codeForm.MatchString(a.Error.Code) {
		return "without a code"
	}
	return a.Error.Code
}

var codeForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// retryAfter reads how long to wait: seconds, or a time.
func retryAfter(h http.Header, now time.Time) time.Duration {
	s := h.Get("Retry-After")
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return min(time.Duration(n)*time.Second, time.Hour)
	}
	if at, err := http.ParseTime(s); err == nil && at.After(now) {
		return min(at.Sub(now), time.Hour)
	}
	return 0
}

// encode writes JSON as Teams counts it: an escaped < would be six of what it
// weighs a card by.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// conversationPath is below what all calls about a conversation are.
func conversationPath(id string) string { return "/conversations/" + url.PathEscape(id) }

const targetedQuery = "?isTargetedActivity=true"

// post says something in a conversation, and returns the id that it has there.
// See https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference#send-to-conversation.
func (c *connector) post(ctx context.Context, at where, a obj, targeted bool) (id string, err error) {
	path := conversationPath(at.conversation) + "/activities"
	if targeted {
		path += targetedQuery
	}
	var made struct{ ID string }
	err = c.do(ctx, call{op: "posting a message", at: at, kind: sending, method: http.MethodPost, path: path, body: a, once: true}, &made)
	return made.ID, err
}

// start says something in a channel outside of any thread.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/channel-and-group-conversations.
func (c *connector) start(ctx context.Context, at where, channel string, a obj) (id string, err error) {
	var made struct{ ID, ActivityID string }
	body := obj{"isGroup": true, "channelData": obj{"channel": obj{"id": channel}, "tenant": obj{"id": at.tenant}}, "tenantId": at.tenant, "activity": a}
	err = c.do(ctx, call{op: "posting to a channel", at: at, kind: creating, of: channel, method: http.MethodPost, path: "/conversations", body: body, once: true}, &made)
	return made.ActivityID, err
}

// replace puts something else in the place of a message.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/update-and-delete-bot-messages.
func (c *connector) replace(ctx context.Context, at where, id string, a obj) error {
	return c.do(ctx, call{op: "replacing a message", at: at, kind: sending, method: http.MethodPut,
		path: conversationPath(at.conversation) + "/activities/" + url.PathEscape(id), body: a}, nil)
}

// remove takes a message away.
func (c *connector) remove(ctx context.Context, at where, id string, targeted bool) error {
	path := conversationPath(at.conversation) + "/activities/" + url.PathEscape(id)
	if targeted {
		path += targetedQuery
	}
	return c.do(ctx, call{op: "removing a message", at: at, kind: sending, method: http.MethodDelete, path: path}, nil)
}

// open returns the conversation in which somebody is alone with the bot. Where
// there is one already, it is the same.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages#create-the-conversation.
func (c *connector) open(ctx context.Context, at where, person string) (conversation string, err error) {
	var made struct{ ID string }
	body := obj{"isGroup": false, "members": []obj{{"id": person}}, "tenantId": at.tenant, "channelData": obj{"tenant": obj{"id": at.tenant}}}
	err = c.do(ctx, call{op: "opening a chat", at: at, kind: creating, of: person, method: http.MethodPost, path: "/conversations", body: body}, &made)
	if err == nil && made.ID == "" {
		err = &bot.BusyError{Err: errors.New("opening a chat: the answer names none")}
	}
	return made.ID, err
}

// A member is somebody in a conversation, as Teams knows them.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context#get-single-member-details.
type member struct {
	ID                string `json:"id"`
	Name              string `json:"name"`
	AADObjectID       string `json:"aadObjectId"`
	ObjectID          string `json:"objectId"` // what older answers have instead
	TenantID          string `json:"tenantId"`
	UserRole          string `json:"userRole"`
	UserPrincipalName string `json:"userPrincipalName"`
	Email             string `json:"email"`
}

// member asks who somebody in a conversation is.
func (c *connector) member(ctx context.Context, at where, person string) (m member, err error) {
	err = c.do(ctx, call{op: "asking who somebody is", at: at, kind: reading, method: http.MethodGet,
		path: conversationPath(at.conversation) + "/members/" + url.PathEscape(person)}, &m)
	return m, err
}
