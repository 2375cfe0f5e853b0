package slack

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"go.uber.org/zap"
)

// maxBody is more than Slack ever sends: a message has 40,000 characters, and
// they may come three times over.
const maxBody = 512 << 10

// Handler takes what Slack sends over HTTP: events, commands and interactions,
// all at one address.
func (s *Slack) Handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Slack) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only Slack posts here", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if errors.As(err, new(*http.MaxBytesError)) {
			status = http.StatusRequestEntityTooLarge
		}
		s.log.Warn("a request from who knows where is not read", zap.Int("status", status))
		http.Error(w, http.StatusText(status), status)
		return
	}
	if err := s.signed(r.Header, body); err != nil {
		s.log.Warn("a request is refused", zap.Error(err))
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	k, payload, err := open(r.Header.Get("Content-Type"), body)
	if err == nil {
		var answer any
		if answer, err = s.take(r.Context(), k, payload); err == nil {
			acknowledge(w, answer)
			return
		}
	}
	s.notTaken(w, r, err)
}

// notTaken has Slack send it again, unless that would not help.
func (s *Slack) notTaken(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusServiceUnavailable
	if errors.As(err, new(malformed)) {
		status = http.StatusBadRequest
	}
	s.log.Error("a request is not taken", zap.Int("status", status), zap.String("retry", clip(r.Header.Get("X-Slack-Retry-Num"), 3)), zap.Error(err))
	http.Error(w, http.StatusText(status), status)
}

// open finds out what a request is.
func open(contentType string, body []byte) (kind, []byte, error) {
	what, _, err := mime.ParseMediaType(contentType)
	switch {
	case err == nil && what == "application/json":
		return events, body, nil
	case err == nil && what == "application/x-www-form-urlencoded":
		k, payload, err := fromForm(string(body))
		if err != nil {
			return "", nil, malformed{err}
		}
		return k, payload, nil
	}
	return "", nil, malformed{errors.New("neither JSON nor a form")}
}

// acknowledge says that it is safe. Nothing else is said where there is nothing
// to say: Slack would show it.
func acknowledge(w http.ResponseWriter, answer any) {
	if answer == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(answer) // whoever does not want the answer has gone
}
