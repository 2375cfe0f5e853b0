package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"mfahelp/bot"
)

// attach uploads what hangs from p and is not there yet, into the thread of the
// message. What was uploaded is kept in mind, so that a replacement brings only
// what is new.
func (s *Slack) attach(ctx context.Context, p bot.Post, d Document, channel, ts string) error {
	files := slices.Clone(p.Message.Attachments)
	if d.Rest != nil {
		files = append(files, *d.Rest)
	}
	if len(files) == 0 {
		return nil
	}
	thread := ts
	if p.To.Thread != "" {
		thread = p.To.Thread // threads have none of their own
	}
	key := "files/" + digest([]byte(p.Key))
	there, err := s.uploaded(ctx, key)
	if err != nil {
		return &bot.BusyError{Err: err}
	}
	for _, f := range files {
		id := digest([]byte(f.Name + "\x00" + string(f.Content)))
		if slices.Contains(there, id) || len(f.Content) == 0 { // Slack takes no empty file
			continue
		}
		if err := s.upload(ctx, channel, thread, f); err != nil {
			return err
		}
		there = append(there, id)
		b, err := json.Marshal(there)
		if err != nil {
			return err
		}
		if err := s.o.Memory.Put(ctx, platform, key, b); err != nil {
			return &bot.BusyError{Err: fmt.Errorf("keeping in mind what was uploaded: %w", err)}
		}
	}
	return nil
}

func (s *Slack) uploaded(ctx context.Context, key string) (there []string, err error) {
	b, err := s.o.Memory.Get(ctx, platform, key)
	if err != nil || b == nil {
		return nil, err
	}
	return there, json.Unmarshal(b, &there)
}

// upload puts one file into a thread. See
// https://docs.slack.dev/messaging/working-with-files#upload.
func (s *Slack) upload(ctx context.Context, channel, thread string, f bot.Attachment) error {
	if memberID.MatchString(channel) {
		direct, err := s.directWith(ctx, channel)
		if err != nil {
			return err
		}
		channel = direct
	}
	name := fileName(f.Name)
	_, err := s.api.UploadFileContext(ctx, slack.UploadFileParameters{
		Content: string(f.Content), FileSize: len(f.Content), Filename: name, Title: name, Channel: channel, ThreadTimestamp: thread,
	})
	return s.failed("uploading a file", err)
}

// fileName is name without what leads to another folder.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(clean(name), "\\", "/"))
	if name = strings.Trim(clip(name, 100), ". \n\t"); name == "" || name == "/" {
		return "file"
	}
	return name
}
