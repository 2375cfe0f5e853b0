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
	f.mu.Lock()
	address := f.bot
	f.mu.Unlock()
	if address == "" {
		return f.overSocket(ctx, kind, payload)
	}
	body, contentType, err := asRequest(kind, payload)
	if err != nil {
		return Delivery{}, err
	}
	return f.Post(ctx, Request{Body: body, ContentType: contentType})
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
}

func (s *socket) send(o obj) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.conn.WriteJSON(o)
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
	f.Disconnect()
}

// Intrude lets somebody else have connections open. The bot is told of them when
// it connects the next time.
func (f *Fake) Intrude(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spare = n
}

func (f *Fake) socket(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s := &socket{conn: conn, acks: map[string]chan []byte{}}
	f.mu.Lock()
	f.sockets = append(f.sockets, s)
	n := len(f.sockets) + f.spare
	f.mu.Unlock()
	_ = s.send(obj{"type": "hello", "num_connections": n, "debug_info": obj{"host": "made-up"}, "connection_info": obj{"app_id": f.App}})
	s.read(f)
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, x := range f.sockets {
		if x == s {
			f.sockets = append(f.sockets[:i:i], f.sockets[i+1:]...)
			break
		}
	}
}

// read takes what the bot acknowledges until the connection ends.
func (s *socket) read(f *Fake) {
	defer s.conn.Close()
	for {
		_, b, err := s.conn.ReadMessage()
		if err != nil {
			return
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
func (f *Fake) Refresh() {
	f.mu.Lock()
	all := append([]*socket(nil), f.sockets...)
	f.mu.Unlock()
	for _, s := range all {
		_ = s.send(obj{"type": "disconnect", "reason": "refresh_requested", "debug_info": obj{"host": "made-up"}})
		_ = s.conn.Close()
	}
}

// Disconnect cuts all connections.
func (f *Fake) Disconnect() {
	f.mu.Lock()
	all := append([]*socket(nil), f.sockets...)
	f.mu.Unlock()
	for _, s := range all {
		_ = s.conn.Close()
	}
}

// Ping pings all connections, as Slack does.
func (f *Fake) Ping() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sockets {
		_ = s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
	}
}

var errNoConnection = errors.New("the bot has no connection open, and is not connected over HTTP")

// overSocket sends something over one of the connections, each in its turn.
func (f *Fake) overSocket(ctx context.Context, kind string, payload any) (Delivery, error) {
	f.mu.Lock()
	if len(f.sockets) == 0 {
		f.mu.Unlock()
		return Delivery{}, errNoConnection
	}
	f.turn++
	s := f.sockets[f.turn%len(f.sockets)]
	id := "E" + strings.ReplaceAll(f.next(), ".", "")
	f.mu.Unlock()
	return s.deliver(ctx, id, kind, payload)
}

// DeliverToAll sends the same envelope over every connection, and returns how
// many acknowledged it. Slack sends it over one.
func (f *Fake) DeliverToAll(ctx context.Context, kind string, payload any) (taken int, err error) {
	f.mu.Lock()
	all := append([]*socket(nil), f.sockets...)
	id := "E" + strings.ReplaceAll(f.next(), ".", "")
	f.mu.Unlock()
	for _, s := range all {
		d, err := s.deliver(ctx, id, kind, payload)
		if err != nil {
			return taken, err
		}
		if d.Taken() {
			taken++
		}
	}
	return taken, nil
}

// Raw sends words over a connection that are no envelope.
func (f *Fake) Raw(words string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sockets {
		s.write.Lock()
		err := s.conn.WriteMessage(websocket.TextMessage, []byte(words))
		s.write.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *socket) deliver(ctx context.Context, id, kind string, payload any) (Delivery, error) {
	acked := make(chan []byte, 1)
	s.mu.Lock()
	s.acks[id] = acked
	s.mu.Unlock()
	if err := s.send(obj{"type": kind, "envelope_id": id, "payload": payload, "accepts_response_payload": kind != "events_api"}); err != nil {
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
