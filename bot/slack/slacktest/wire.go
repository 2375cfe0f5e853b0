package slacktest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// A Delivery is how the bot took something.
type Delivery struct {
	Status int // of the answer over HTTP; over a connection 200, or 0 if it did not acknowledge
	Body   []byte
}

// Taken reports whether the bot said that it has it.
func (d Delivery) Taken() bool { return d.Status == http.StatusOK }

// ackTime is how long Slack waits.
const ackTime = 3 * time.Second

// Deliver sends something to the bot: kind is "events_api", "slash_commands", or
// "interactive".
func (f *Fake) Deliver(ctx context.Context, kind string, payload obj) (Delivery, error) {
	return f.Redeliver(ctx, kind, payload, 0)
}

// Redeliver sends something that Slack thinks was lost, and says how often it has
// sent it before. See https://docs.slack.dev/apis/events-api#retries.
func (f *Fake) Redeliver(ctx context.Context, kind string, payload obj, again int) (Delivery, error) {
	f.mu.Lock()
	address := f.bot
	f.mu.Unlock()
	if address == "" {
		return f.overSocket(ctx, kind, payload, again)
	}
	body, contentType, err := asRequest(kind, payload)
	if err != nil {
		return Delivery{}, err
	}
	q := Request{Body: body, ContentType: contentType}
	if again > 0 {
		q.Header = http.Header{"X-Slack-Retry-Num": {fmt.Sprint(again)}, "X-Slack-Retry-Reason": {"http_timeout"}}
	}
	return f.Post(ctx, q)
}

func asRequest(kind string, payload obj) (body []byte, contentType string, err error) {
	b, err := json.Marshal(payload)
	const form = "application/x-www-form-urlencoded"
	switch kind {
	case "slash_commands":
		v := url.Values{}
		for name, x := range payload {
			v.Set(name, fmt.Sprint(x))
		}
		return []byte(v.Encode()), form, err
	case "interactive":
		return []byte(url.Values{"payload": {string(b)}}.Encode()), form, err
	}
	return b, "application/json", err
}

// A Request is one of Slack's, or of somebody who is not Slack.
type Request struct {
	Body        []byte
	ContentType string        // "application/json" if ""
	Secret      string        // to sign with; the app's if ""
	Age         time.Duration // how long ago it was signed
	Unsigned    bool
	Header      http.Header // beside the others, or instead of them
}

// Post sends a request, signed as Slack signs.
func (f *Fake) Post(ctx context.Context, q Request) (Delivery, error) {
	r, err := f.Signed(ctx, q)
	if err != nil {
		return Delivery{}, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return Delivery{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	f.heard(b)
	return Delivery{res.StatusCode, b}, err
}

// Signed is q as it is sent, for who sends it by other means. See
// https://docs.slack.dev/authentication/verifying-requests-from-slack.
func (f *Fake) Signed(ctx context.Context, q Request) (*http.Request, error) {
	f.mu.Lock()
	address, secret := f.bot, cmp.Or(q.Secret, f.SigningSecret)
	f.mu.Unlock()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(q.Body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", cmp.Or(q.ContentType, "application/json"))
	if !q.Unsigned {
		at := fmt.Sprint(time.Now().Add(-q.Age).Unix())
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("v0:" + at + ":"))
		mac.Write(q.Body)
		r.Header.Set("X-Slack-Request-Timestamp", at)
		r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	}
	maps.Copy(r.Header, q.Header)
	return r, nil
}

func (f *Fake) heard(b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wire.Write(b)
	f.wire.WriteString("\n")
}

// A socket is a connection of the bot's.
type socket struct {
	conn  *websocket.Conn
	write sync.Mutex

	mu   sync.Mutex
	acks map[string]chan []byte
	dead bool      // nothing gets through any more, though nobody has closed it
	pong time.Time // when it last answered a ping
}

func (s *socket) send(o obj) error {
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return s.sendRaw(b)
}

func (s *socket) sendRaw(b []byte) error {
	if s.isDead() {
		return nil // as on a line that swallows everything
	}
	s.write.Lock()
	defer s.write.Unlock()
	return s.conn.WriteMessage(websocket.TextMessage, b)
}

func (s *socket) isDead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

// connectionsOpen says where to connect. See
// https://docs.slack.dev/reference/methods/apps.connections.open.
func (f *Fake) connectionsOpen(args) (obj, *wrong) {
	if f.noSockets {
		return nil, bad("link_disabled", "Socket Mode is switched off")
	}
	return obj{"url": strings.Replace(f.srv.URL, "http", "ws", 1) + "/socket"}, nil
}

// DisableSockets switches Socket Mode off.
func (f *Fake) DisableSockets() {
	f.mu.Lock()
	f.noSockets = true
	f.mu.Unlock()
	f.End("link_disabled")
}

// EnableSockets switches it on again.
func (f *Fake) EnableSockets() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.noSockets = false
}

// Intrude lets somebody else have connections open. The bot is told of them when
// it connects the next time.
func (f *Fake) Intrude(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spare = n
}

// mostSockets is how many connections an app may have. See
// https://docs.slack.dev/apis/events-api/using-socket-mode.
const mostSockets = 10

func (f *Fake) socket(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s := &socket{conn: conn, acks: map[string]chan []byte{}, pong: time.Now()}
	f.mu.Lock()
	n := len(f.sockets) + f.spare + 1
	if n <= mostSockets {
		f.sockets = append(f.sockets, s)
	}
	f.mu.Unlock()
	if n > mostSockets {
		_ = s.send(ending("too_many_websockets"))
		_ = conn.Close()
		return
	}
	ended := make(chan struct{})
	defer close(ended)
	go f.ping(s, ended)
	_ = s.send(obj{"type": "hello", "num_connections": n, "debug_info": obj{"host": "made-up"}, "connection_info": obj{"app_id": f.App}})
	s.read(f)
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.sockets, s); i >= 0 {
		f.sockets = slices.Delete(f.sockets, i, i+1)
	}
}

// missedPings is how many pings a connection may leave without an answer.
const missedPings = 3

// ping pings a connection until it has ended, and ends one that does not answer.
func (f *Fake) ping(s *socket, ended chan struct{}) {
	t := time.NewTicker(f.Ping)
	defer t.Stop()
	for n := uint32(0); ; n++ {
		select {
		case <-ended:
			return
		case <-t.C:
		}
		s.mu.Lock()
		dead, silent := s.dead, time.Since(s.pong)
		s.mu.Unlock()
		switch {
		case dead:
		case silent > missedPings*f.Ping && n > missedPings:
			f.mu.Lock()
			f.complain("a connection does not answer pings")
			f.mu.Unlock()
			_ = s.conn.Close()
		default:
			_ = s.conn.WriteControl(websocket.PingMessage, fmt.Append(nil, "ping ", n), time.Now().Add(time.Second))
		}
	}
}

// Pongs is how many pings the bot has answered.
func (f *Fake) Pongs() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pongs
}

// Deaden has the lines of all connections swallow everything from now on, without
// being closed: a router forgot them, or a machine went to sleep.
func (f *Fake) Deaden() {
	for _, s := range f.all() {
		s.mu.Lock()
		s.dead = true
		s.mu.Unlock()
	}
}

// all are the connections of the bot's that are open.
func (f *Fake) all() []*socket {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sockets)
}

// read takes what the bot acknowledges until the connection ends.
func (s *socket) read(f *Fake) {
	defer s.conn.Close()
	s.conn.SetPongHandler(func(string) error {
		s.mu.Lock()
		s.pong = time.Now()
		s.mu.Unlock()
		f.mu.Lock()
		f.pongs++
		f.mu.Unlock()
		return nil
	})
	for {
		_, b, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		if s.isDead() {
			continue
		}
		f.heard(b)
		var ack struct {
			Envelope string          `json:"envelope_id"`
			Payload  json.RawMessage `json:"payload"`
		}
		_ = json.Unmarshal(b, &ack)
		s.mu.Lock()
		if c := s.acks[ack.Envelope]; c != nil {
			c <- ack.Payload
			delete(s.acks, ack.Envelope)
		}
		s.mu.Unlock()
	}
}

// Sockets is how many connections the bot has open.
func (f *Fake) Sockets() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.sockets)
}

// Refresh tells the bot that its connections are about to end, as Slack does
// every few hours, and ends them.
func (f *Fake) Refresh() { f.End("refresh_requested") }

// End has Slack end all connections, and say why. After a warning they stay open
// for a while. See https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect.
func (f *Fake) End(reason string) {
	for _, s := range f.all() {
		_ = s.send(ending(reason))
		if reason != "warning" {
			_ = s.conn.Close()
		}
	}
}

func ending(reason string) obj {
	return obj{"type": "disconnect", "reason": reason, "debug_info": obj{"host": "made-up"}}
}

// Disconnect cuts all connections.
func (f *Fake) Disconnect() {
	for _, s := range f.all() {
		_ = s.conn.Close()
	}
}

var errNoConnection = errors.New("the bot has no connection open, and is not connected over HTTP")

// overSocket sends something over one of the connections, each in its turn.
func (f *Fake) overSocket(ctx context.Context, kind string, payload any, again int) (Delivery, error) {
	f.mu.Lock()
	if len(f.sockets) == 0 {
		f.mu.Unlock()
		return Delivery{}, errNoConnection
	}
	f.turn++
	s := f.sockets[f.turn%len(f.sockets)]
	id := "E" + strings.ReplaceAll(f.next(), ".", "")
	f.mu.Unlock()
	return s.deliver(ctx, id, kind, payload, again)
}

// DeliverToAll sends the same envelope over every connection at the same time, and
// returns how many acknowledged it. Slack sends it over one.
func (f *Fake) DeliverToAll(ctx context.Context, kind string, payload any) (taken int, err error) {
	f.mu.Lock()
	id := "E" + strings.ReplaceAll(f.next(), ".", "")
	f.mu.Unlock()
	all := f.all()
	errs, took := make([]error, len(all)), make([]bool, len(all))
	var wg sync.WaitGroup
	for i, s := range all {
		wg.Go(func() {
			var d Delivery
			d, errs[i] = s.deliver(ctx, id, kind, payload, 0)
			took[i] = d.Taken()
		})
	}
	wg.Wait()
	for _, t := range took {
		if t {
			taken++
		}
	}
	return taken, errors.Join(errs...)
}

// Raw sends words over all connections that are no envelope.
func (f *Fake) Raw(words string) (err error) {
	for _, s := range f.all() {
		err = errors.Join(err, s.sendRaw([]byte(words)))
	}
	return err
}

// deliver sends an envelope. Slack says in it how often it did so before.
func (s *socket) deliver(ctx context.Context, id, kind string, payload any, again int) (Delivery, error) {
	acked := make(chan []byte, 1)
	s.mu.Lock()
	s.acks[id] = acked
	s.mu.Unlock()
	e := obj{"type": kind, "envelope_id": id, "payload": payload, "accepts_response_payload": kind != "events_api"}
	if again > 0 {
		e["retry_attempt"], e["retry_reason"] = again, "timeout"
	}
	if err := s.send(e); err != nil {
		return Delivery{}, err
	}
	late := time.NewTimer(ackTime)
	defer late.Stop()
	select {
	case b := <-acked:
		return Delivery{http.StatusOK, b}, nil
	case <-late.C:
		return Delivery{}, nil
	case <-ctx.Done():
		return Delivery{}, ctx.Err()
	}
}
