package slacktest

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// uploadURL begins an upload. See
// https://docs.slack.dev/reference/methods/files.getUploadURLExternal.
func (f *Fake) uploadURL(a args) (obj, *wrong) {
	n, err := strconv.Atoi(a.str("length"))
	switch {
	case err != nil || n <= 0:
		return nil, bad("invalid_arguments", "length is %q", a.str("length"))
	case a.str("filename") == "" || strings.ContainsAny(a.str("filename"), "/\\"):
		return nil, bad("invalid_arguments", "filename is %q", a.str("filename"))
	}
	id := "F" + strings.ReplaceAll(f.next(), ".", "")
	f.files[id] = &File{ID: id, Name: a.str("filename"), length: n}
	return obj{"upload_url": f.srv.URL + "/upload/" + id, "file_id": id}, nil
}

// upload takes the content.
func (f *Fake) upload(w http.ResponseWriter, r *http.Request) {
	part, _, err := r.FormFile("file")
	if err != nil {
		http.Error(w, "no file", http.StatusBadRequest)
		return
	}
	b, err := io.ReadAll(part)
	f.mu.Lock()
	defer f.mu.Unlock()
	file := f.files[r.PathValue("id")]
	switch {
	case err != nil || file == nil:
		http.Error(w, "no such upload", http.StatusNotFound)
		return
	case len(b) != file.length:
		f.complain("an upload of %d bytes was said to have %d", len(b), file.length)
		http.Error(w, "wrong length", http.StatusBadRequest)
		return
	}
	file.Content = b
	_, _ = w.Write([]byte("OK"))
}

// uploaded ends an upload, and shows the file in a channel. See
// https://docs.slack.dev/reference/methods/files.completeUploadExternal.
func (f *Fake) uploaded(a args) (obj, *wrong) {
	all, why := a.list("files")
	if why != nil {
		return nil, why
	}
	id := a.str("channel_id")
	if id == "" {
		id = a.str("channels")
	}
	c := f.channels[id]
	if c == nil {
		return nil, bad("channel_not_found", "files go to the id of a channel, not %q", id)
	}
	if t := a.str("thread_ts"); t != "" {
		if root := f.message(c, t); root == nil || root.Thread != "" {
			return nil, bad("invalid_arguments", "thread_ts %q is no message that a thread hangs from", t)
		}
	}
	m := &Message{TS: f.next(), Channel: c, Thread: a.str("thread_ts")}
	var files []obj
	for _, x := range all {
		o, _ := x.(obj)
		file := f.files[args(o).str("id")]
		if file == nil || file.Content == nil || file.done {
			return nil, bad("file_not_found", "%v was not uploaded, or is done", o["id"])
		}
		file.done = true
		m.Files = append(m.Files, file)
		files = append(files, obj{"id": file.ID, "title": o["title"]})
	}
	f.messages = append(f.messages, m)
	return obj{"files": files}, nil
}
