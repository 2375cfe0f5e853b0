package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

// Mailbox is a shared mailbox, and the only one that the seeded writer may send from.
const Mailbox = "signin-help@" + Domain

// Mail is one that was sent.
type Mail struct {
	At      time.Time `json:"at"`
	From    string    `json:"from"`
	To      []string  `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Saved   bool      `json:"saved"` // among the sent items
}

// Mails returns what was sent, the oldest first.
func (t *Tenant) Mails() []Mail {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.mails)
}

// Fence says from which mailboxes an app may send, as Exchange's roles for
// applications do; none for all of the company's.
// See https://learn.microsoft.com/exchange/permissions-exo/application-rbac.
func (t *Tenant) Fence(appID string, mailboxes ...string) {
	t.change(appID, func(a *app) { a.fence = mailboxes })
}

var mailRoutes = []route{
	{method: "POST", path: "/users/{}/sendMail", access: mailAccess, serve: sendMail},
}

// sendMail sends a mail from somebody's mailbox, or a shared one.
// See https://learn.microsoft.com/graph/api/user-sendmail.
func sendMail(c *call) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	from, err := c.mailbox()
	if err != nil {
		return nil, err
	}
	if a := c.t.app(c.token.AppID); a.fence != nil && !slices.ContainsFunc(a.fence, func(m string) bool { return strings.EqualFold(m, from) }) {
		// See https://learn.microsoft.com/graph/auth-limit-mailbox-access#handling-api-errors.
		return nil, &problem{status: http.StatusForbidden, code: "ErrorAccessDenied", message: "Access to OData is disabled.",
			why: "the app may send from " + strings.Join(a.fence, ", ") + " and from nowhere else"}
	}
	var body mailBody
	if err := c.body(&body); err != nil {
		return nil, err
	}
	m := Mail{At: c.now, From: from, Subject: body.Message.Subject, Text: body.Message.Body.Content, Saved: body.Save == nil || *body.Save}
	for _, to := range body.Message.To {
		m.To = append(m.To, to.Email.Address)
	}
	if len(m.To) == 0 || slices.Contains(m.To, "") {
		return nil, badMail("ErrorInvalidRecipients", "At least one recipient is not valid., A message can't be sent because it contains no recipients.")
	}
	if kind := body.Message.Body.Type; !strings.EqualFold(kind, "Text") && !strings.EqualFold(kind, "HTML") {
		return nil, badMail("ErrorInvalidArgument", "The content type "+kind+" is neither Text nor HTML.")
	}
	if u := c.t.user(m.To[0]); u != nil {
		c.writes(graph.SendMail, u, m.Subject)
	} else {
		c.entry.Write, c.entry.Object = graph.SendMail, m.Subject
	}
	c.t.mails = append(c.t.mails, m)
	return accepted, nil
}

func badMail(code, message string) *problem {
	return &problem{status: http.StatusBadRequest, code: code, message: message, why: message}
}

// mailBody is as much of a message as a plain notice needs.
type mailBody struct {
	Message struct {
		Subject string `json:"subject"`
		Body    struct {
			Type    string `json:"contentType"`
			Content string `json:"content"`
		} `json:"body"`
		To []struct {
			Email struct {
				Name    string `json:"name"`
				Address string `json:"address"`
			} `json:"emailAddress"`
		} `json:"toRecipients"`
	} `json:"message"`
	Save *bool `json:"saveToSentItems"`
}

// mailbox returns the address that the path names.
func (c *call) mailbox() (string, error) {
	if name := c.ids[0]; strings.EqualFold(name, Mailbox) || strings.EqualFold(name, stableID("user", Mailbox)) {
		return Mailbox, nil
	}
	u, err := c.user()
	if err != nil {
		return "", &problem{status: http.StatusNotFound, code: "ErrorInvalidUser", message: "The requested user '" + c.ids[0] + "' is invalid."}
	}
	if u.Guest {
		return "", &problem{status: http.StatusNotFound, code: "MailboxNotEnabledForRESTAPI", message: "The mailbox is either inactive, soft-deleted, or is hosted on-premise."}
	}
	return u.Mail, nil
}
