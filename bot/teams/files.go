package teams

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"go.uber.org/zap"

	"mfahelp/bot"
)

// files keep what is attached to messages, for whoever wants it as a file. A
// bot cannot put a file into a channel, and in a chat Teams asks its owner
// first, so what is attached is shown in the card, folded, and a button below
// it asks for the file in one's own chat.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bots-filesv4.
type files struct {
	memory    bot.Memory
	now       func() time.Time
	client    *http.Client
	cloud     Cloud
	connector *connector

	mu     sync.Mutex
	kept   map[string]bool // the tokens that are in the memory for sure
	tidied time.Time
}

// A kept file is one that can be asked for where its message is.
type keptFile struct {
	Name    string `json:"name"`
	Content []byte `json:"content"`
	Room    string `json:"room"`             // the conversation in which it is offered
	Reader  string `json:"reader,omitempty"` // the only one to whom; "" for all in the room
}

const (
	filesLast  = 30 * 24 * time.Hour
	maxFile    = 4 << 20
	uploadWait = 6 * time.Second // of the ten that its owner waits
	maxFiles   = 10              // of those that come with one message

	consentCard  = "application/vnd.microsoft.teams.card.file.consent"
	infoCard     = "application/vnd.microsoft.teams.card.file.info"
	downloadInfo = "application/vnd.microsoft.teams.file.download.info"
)

// fileToken names an attachment of p. It is the digest of what it is and where,
// so that a message sent again offers the same, and nobody guesses one who does
// not know the file.
func fileToken(p bot.Post, i int) string {
	h := sha256.New()
	a := p.Message.Attachments[i]
	fmt.Fprintf(h, "%q %q %q %q %d\n", p.To.ID, p.To.Reader, p.Key, a.Name, i)
	h.Write(a.Content)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

// keep remembers the files of a card before anybody can ask for them.
func (f *files) keep(ctx context.Context, p bot.Post, c Card) error {
	for i, token := range c.Files {
		a := p.Message.Attachments[i]
		if len(a.Content) > maxFile {
			a.Content = a.Content[:maxFile]
		}
		if f.has(token) {
			continue
		}
		b, err := json.Marshal(keptFile{a.Name, a.Content, p.To.ID, p.To.Reader})
		if err != nil {
			return err
		}
		if err := f.put(ctx, "file/"+token, b); err != nil {
			return &bot.BusyError{Err: fmt.Errorf("keeping a file: %w", err)}
		}
		f.remember(token)
	}
	return f.tidy(ctx)
}

func (f *files) has(token string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kept[token]
}

func (f *files) remember(token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept == nil || len(f.kept) >= maxKnown {
		f.kept = map[string]bool{}
	}
	f.kept[token] = true
}

// put writes something that is forgotten after a while.
func (f *files) put(ctx context.Context, key string, value []byte) error {
	day := f.now().UTC().Format(time.DateOnly)
	if err := f.memory.Put(ctx, platform, "day/"+day+"/"+key, []byte("1")); err != nil {
		return err
	}
	return f.memory.Put(ctx, platform, key, value)
}

// tidy forgets what is old, once an hour.
func (f *files) tidy(ctx context.Context) error {
	now := f.now()
	f.mu.Lock()
	due := now.Sub(f.tidied) >= time.Hour
	if due {
		f.tidied = now
	}
	f.mu.Unlock()
	if !due {
		return nil
	}
	days, err := f.memory.List(ctx, platform, "day/")
	if err != nil {
		return &bot.BusyError{Err: fmt.Errorf("tidying files: %w", err)}
	}
	for _, k := range days {
		day, key, _ := strings.Cut(strings.TrimPrefix(k.Key, "day/"), "/")
		at, err := time.Parse(time.DateOnly, day)
		if err == nil && now.Sub(at) < filesLast {
			continue
		}
		if err := errors.Join(f.memory.Put(ctx, platform, key, nil), f.memory.Put(ctx, platform, k.Key, nil)); err != nil {
			return &bot.BusyError{Err: fmt.Errorf("tidying files: %w", err)}
		}
		f.mu.Lock()
		delete(f.kept, strings.TrimPrefix(key, "file/"))
		f.mu.Unlock()
	}
	return nil
}

// offer asks somebody, in their own chat, where to put a file that they pressed
// for. They get it if they pressed where it was offered, and to them.
func (t *Teams) offer(ctx context.Context, c contact, in bot.Place, token string) error {
	k, err := t.files.get(ctx, token)
	if err != nil {
		return unsafe(err)
	}
	if k.Name == "" || k.Reader == "" && k.Room != in.ID || k.Reader != "" && k.Reader != c.ID {
		return refuse(http.StatusForbidden, "a file that was not offered there")
	}
	at, err := t.people.chat(ctx, c)
	if err != nil {
		return unsafe(err)
	}
	if err := t.files.put(ctx, consentKey(token, c.ID), []byte("1")); err != nil {
		return unsafe(err)
	}
	w := t.o.Words(c.Locale)
	_, err = t.connector.post(ctx, at, obj{"type": "message", "summary": defuse(k.Name), "attachments": []obj{{
		"contentType": consentCard, "name": saveName(k.Name),
		"content": obj{
			"description": w.Say("teams.file.description"), "sizeInBytes": len(k.Content),
			"acceptContext": obj{"file": token}, "declineContext": obj{"file": token},
		},
	}}}, false)
	return unsafe(err)
}

func consentKey(token, person string) string { return "consent/" + token + "/" + person }

func (f *files) get(ctx context.Context, token string) (k keptFile, err error) {
	if !tokenForm(token) {
		return k, nil
	}
	b, err := f.memory.Get(ctx, platform, "file/"+token)
	if err != nil || b == nil {
		return k, err
	}
	return k, json.Unmarshal(b, &k)
}

func tokenForm(s string) bool {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && len(b) == 18
}

// consented takes what somebody answered when they were asked where to put a
// file, and puts it there.
func (t *Teams) consented(ctx context.Context, a activity, c contact) (answer, error) {
	var v struct {
		Action     string
		Context    struct{ File string }
		UploadInfo struct{ Name, UploadURL, ContentURL, UniqueID, FileType string }
	}
	if json.Unmarshal(a.Value, &v) != nil || !tokenForm(v.Context.File) {
		return nil, refuse(http.StatusBadRequest, "a consent to nothing")
	}
	ctx, cancel := context.WithTimeout(ctx, uploadWait)
	defer cancel()
	at := where{c.Service, c.Tenant, a.Conversation.ID}
	asked, err := t.o.Memory.Get(ctx, platform, consentKey(v.Context.File, c.ID))
	switch {
	case err != nil:
		return nil, unsafe(err)
	case asked == nil || a.Conversation.kind() != personal:
		return nil, refuse(http.StatusForbidden, "a consent by somebody who was not asked")
	case v.Action != "accept":
		return taken, ungone(t.connector.remove(ctx, at, a.ReplyToID, false))
	}
	k, err := t.files.get(ctx, v.Context.File)
	if err != nil {
		return nil, unsafe(err)
	}
	if err := t.files.upload(ctx, v.UploadInfo.UploadURL, k.Content); err != nil {
		return nil, unsafe(err)
	}
	info := obj{"type": "message", "attachments": []obj{{
		"contentType": infoCard, "name": v.UploadInfo.Name, "contentUrl": v.UploadInfo.ContentURL,
		"content": obj{"uniqueId": v.UploadInfo.UniqueID, "fileType": v.UploadInfo.FileType},
	}}}
	return taken, ungone(t.connector.replace(ctx, at, a.ReplyToID, info))
}

// ungone is err, unless that is only that a message has gone.
func ungone(err error) error {
	if gone(err) {
		return nil
	}
	return unsafe(err)
}

// upload puts content where Teams says that somebody wants it. The address
// opens that place by itself, so no token goes with it.
func (f *files) upload(ctx context.Context, address string, content []byte) error {
	if !f.cloud.download(address) {
		return refuse(http.StatusForbidden, "a place for a file that is not on the list")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(content))
	if err != nil {
		return refuse(http.StatusForbidden, "a place for a file that makes no sense")
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	if n := len(content); n > 0 {
		r.Header.Set("Content-Range", "bytes 0-"+strconv.Itoa(n-1)+"/"+strconv.Itoa(n))
	}
	res, err := f.client.Do(r)
	if err != nil {
		return fmt.Errorf("putting a file where its owner wants it: %w", bare(err))
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode >= 300 {
		return fmt.Errorf("putting a file where its owner wants it: the answer is %d", res.StatusCode)
	}
	return nil
}

// attached are the files that came with a. A picture that was pasted is at the
// connector; anything else is in its sender's own storage, at an address that
// opens it by itself. What is elsewhere is left out: nobody would fetch it.
func (t *Teams) attached(a activity) (all []bot.File) {
	for _, x := range a.Attachments {
		f := bot.File{Name: x.Name}
		kind, _, _ := mime.ParseMediaType(x.ContentType)
		switch {
		case x.ContentType == downloadInfo:
			var info struct{ DownloadURL, FileType string }
			if json.Unmarshal(x.Content, &info) != nil {
				continue
			}
			f.Ref, f.MediaType = info.DownloadURL, mime.TypeByExtension("."+info.FileType)
		case strings.HasPrefix(x.ContentType, "image/"):
			f.Ref, f.MediaType = x.ContentURL, kind
			if kind == "image/*" {
				f.MediaType = "" // Teams does not say which
			}
		default: // the HTML of what was written, or a card
			continue
		}
		_, bearer := t.o.Cloud.connector(f.Ref)
		if !bearer && !t.o.Cloud.download(f.Ref) {
			t.o.Log.Warn("a file that is on no host of the list is left out", zap.String("host", brief(hostOf(f.Ref))))
			continue
		}
		if all = append(all, f); len(all) == maxFiles {
			return all
		}
	}
	return all
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// Fetch reads a file that somebody sent, up to max bytes. Our token goes along
// to the connector alone.
func (t *Teams) Fetch(ctx context.Context, f bot.File, max int64) ([]byte, error) {
	_, ours := t.o.Cloud.connector(f.Ref)
	if !ours && !t.o.Cloud.download(f.Ref) {
		return nil, errors.New("fetching a file: its host is not on the list")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.Ref, nil)
	if err != nil {
		return nil, errors.New("fetching a file: its address makes no sense")
	}
	if ours {
		bearer, err := t.connector.token.get(ctx)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := t.files.client.Do(r)
	if err != nil {
		return nil, &bot.BusyError{Err: fmt.Errorf("fetching a file: %w", bare(err))}
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching a file: the answer is %d", res.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, max+1))
	if err != nil {
		return nil, &bot.BusyError{Err: fmt.Errorf("fetching a file: %w", bare(err))}
	}
	if int64(len(b)) > max {
		return nil, fmt.Errorf("fetching a file: it has more than %d bytes", max)
	}
	return b, nil
}

// saveName is name as it may safely be saved.
func saveName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" ._-()+,=", r) {
			return r
		}
		return '_'
	}, path.Base(strings.ReplaceAll(name, `\`, "/")))
	if runes := []rune(safe); len(runes) > 100 { // keeps its ending
		safe = string(runes[len(runes)-100:])
	}
	return cmp.Or(strings.Trim(safe, ". "), "file")
}
