package msgraph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"mfahelp/graph"
	"mfahelp/secret"

	kiota "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// WriterOptions say which tenant to change, and as what. The app is another than
// the one that reads, with permissions to change and no others.
type WriterOptions struct {
	Options

	// Mailbox is where mails are sent from; none are if it is "".
	Mailbox string
	// People returns whom a mail is for: the writer itself may read nobody.
	People func(ctx context.Context, id string) (graph.User, error)
	// Defaults says that somebody's default method is to be changed as well:
	// then [Writer.Probe] tries that too.
	Defaults bool
}

// A Writer changes one tenant. It is safe for concurrent use, and does nothing
// twice: not one of its requests is repeated.
type Writer struct {
	c        *Client
	mailbox  string
	people   func(ctx context.Context, id string) (graph.User, error)
	defaults bool
}

// NewWriter returns a Writer of the tenant in o. It makes no request.
func NewWriter(o WriterOptions) (*Writer, error) {
	if o.Mailbox != "" && (who(o.Mailbox) == "" || o.People == nil) {
		return nil, errors.New("msgraph: the mailbox is no address, or nobody says whose address is whose")
	}
	c, err := New(o.Options)
	if err != nil {
		return nil, err
	}
	return &Writer{c: c, mailbox: o.Mailbox, people: o.People, defaults: o.Defaults}, nil
}

// Change carries out ch, with exactly one request that changes something. A
// method that is gone already is no error. If the error is a
// [graph.ErrUnknownFate] too, the change may have been made, and if it is not,
// it was not.
func (w *Writer) Change(ctx context.Context, ch graph.Change) (graph.Changed, error) {
	if guid(ch.User) == "" {
		return graph.Changed{}, invalid(string(ch.Kind), errors.New("the account's id is no object id"))
	}
	switch ch.Kind {
	case graph.DeleteMethod:
		return w.deleteMethod(ctx, ch)
	case graph.DeletePass:
		ch.Method = graph.Pass
		return w.deleteMethod(ctx, ch)
	case graph.CreatePass:
		return w.createPass(ctx, ch)
	case graph.RevokeSessions:
		return graph.Changed{}, w.revokeSessions(ctx, ch)
	case graph.ChangeDefault:
		return graph.Changed{}, w.changeDefault(ctx, ch)
	case graph.SendMail:
		return graph.Changed{}, w.sendMail(ctx, ch)
	}
	return graph.Changed{}, invalid(string(ch.Kind), errors.New("no such change"))
}

// A methodPath is where methods of a kind are, and the least permission to
// change them. With all, they can be changed with one permission for every kind.
type methodPath struct {
	path  string
	needs string
	api   graph.API
}

const (
	methodsOf  = "/users/{id}/authentication/"
	methodsAll = "UserAuthenticationMethod.ReadWrite.All"
)

// methodPaths are the kinds that can be deleted. That of passwords cannot, and
// Graph deletes nothing without being told what it is.
// See https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview.
var methodPaths = map[graph.Kind]methodPath{
	graph.Authenticator: {"microsoftAuthenticatorMethods/{method}", "UserAuthMethod-MicrosoftAuthApp.ReadWrite.All", graph.V1},
	graph.PhoneMethod:   {"phoneMethods/{method}", "UserAuthMethod-Phone.ReadWrite.All", graph.V1},
	graph.SoftwareOATH:  {"softwareOathMethods/{method}", "UserAuthMethod-SoftwareOATH.ReadWrite.All", graph.V1},
	graph.HardwareOATH:  {"hardwareOathMethods/{method}", "UserAuthMethod-HardwareOATH.ReadWrite.All", graph.Beta},
	graph.FIDO2:         {"fido2Methods/{method}", "UserAuthMethod-Passkey.ReadWrite.All", graph.V1},
	graph.Hello:         {"windowsHelloForBusinessMethods/{method}", "UserAuthMethod-WindowsHello.ReadWrite.All", graph.V1},
	graph.PlatformCred:  {"platformCredentialMethods/{method}", "UserAuthMethod-PlatformCred.ReadWrite.All", graph.V1},
	graph.Email:         {"emailMethods/{method}", "UserAuthMethod-Email.ReadWrite.All", graph.V1},
	graph.External:      {"externalAuthenticationMethods/{method}", "UserAuthMethod-External.ReadWrite.All", graph.V1},
	graph.QRCodePIN:     {"qrCodePinMethod", "UserAuthMethod-QR.ReadWrite.All", graph.Beta},
	graph.Pass:          {"temporaryAccessPassMethods/{method}", "UserAuthMethod-TAP.ReadWrite.All", graph.V1},
}

// methodIDs are what ids of methods look like: GUIDs, or letters that an address
// can hold.
var methodIDs = regexp.MustCompile(`^[A-Za-z0-9_=-]{1,300}$`)

// deleteMethod deletes a method or a pass.
// See https://learn.microsoft.com/graph/api/phoneauthenticationmethod-delete and
// the pages of the other kinds.
func (w *Writer) deleteMethod(ctx context.Context, ch graph.Change) (graph.Changed, error) {
	op := "delete " + string(ch.Method) + " method"
	p, ok := methodPaths[ch.Method]
	if !ok {
		return graph.Changed{}, invalid("delete method", fmt.Errorf("methods of the kind %q cannot be deleted", ch.Method))
	}
	vars := map[string]string{"id": ch.User}
	if ch.Method != graph.QRCodePIN {
		if !methodIDs.MatchString(ch.Object) {
			return graph.Changed{}, invalid(op, errors.New("the method's id is none"))
		}
		vars["method"] = ch.Object
	}
	_, err := w.c.send(ctx, request{
		op: op, needs: p.needs, api: p.api, path: methodsOf + p.path, vars: vars,
		verb: kiota.DELETE, bare: http.StatusNoContent, write: true,
	})
	if errors.Is(err, graph.ErrNotFound) {
		return graph.Changed{Gone: true}, nil
	}
	return graph.Changed{}, err
}

// createPass makes a Temporary Access Pass, in place of one that there was.
// See https://learn.microsoft.com/graph/api/authentication-post-temporaryaccesspassmethods.
func (w *Writer) createPass(ctx context.Context, ch graph.Change) (graph.Changed, error) {
	const op = "create pass"
	body := map[string]any{}
	switch {
	case ch.Life < 0 || ch.Life%time.Minute != 0:
		return graph.Changed{}, invalid(op, errors.New("a pass lives for whole minutes"))
	case ch.Life > 0:
		body["lifetimeInMinutes"] = ch.Life / time.Minute
	}
	if ch.Once {
		body["isUsableOnce"] = true
	}
	got, err := get[models.TemporaryAccessPassAuthenticationMethodable](ctx, w.c, request{
		op: op, needs: methodPaths[graph.Pass].needs, api: graph.V1, path: methodsOf + "temporaryAccessPassMethods",
		vars: map[string]string{"id": ch.User}, post: encode(body), write: true,
		into: models.CreateTemporaryAccessPassAuthenticationMethodFromDiscriminatorValue,
	})
	if err != nil {
		return graph.Changed{}, err
	}
	made := graph.Changed{ID: val(got.GetId()), Until: passEnd(got), Pass: secret.New(val(got.GetTemporaryAccessPass()))}
	if made.ID == "" || made.Until.IsZero() || made.Pass.Reveal() == "" {
		return graph.Changed{}, &graph.Error{Op: op, Reason: graph.ErrUnavailable, Status: http.StatusCreated, Perhaps: true, Err: errUnreadable}
	}
	return made, nil
}

// passEnd is when a pass ends; zero if Graph does not say.
func passEnd(p models.TemporaryAccessPassAuthenticationMethodable) time.Time {
	begin := val(p.GetStartDateTime())
	if begin.IsZero() {
		begin = val(p.GetCreatedDateTime())
	}
	if begin.IsZero() || val(p.GetLifetimeInMinutes()) <= 0 {
		return time.Time{}
	}
	return begin.UTC().Add(time.Duration(val(p.GetLifetimeInMinutes())) * time.Minute)
}

// revokeSessions ends what somebody is signed in to.
// See https://learn.microsoft.com/graph/api/user-revokesigninsessions.
func (w *Writer) revokeSessions(ctx context.Context, ch graph.Change) error {
	const op = "revoke sessions"
	got, err := get[models.Entityable](ctx, w.c, request{
		op: op, needs: "User.RevokeSessions.All", api: graph.V1,
		path: "/users/{id}/revokeSignInSessions", vars: map[string]string{"id": ch.User},
		verb: kiota.POST, write: true, into: models.CreateEntityFromDiscriminatorValue,
	})
	if err == nil && !object(got.GetAdditionalData()).truth("value") {
		err = &graph.Error{Op: op, Reason: graph.ErrUnavailable, Status: http.StatusOK, Perhaps: true, Err: errUnreadable}
	}
	return err
}

// changeDefault changes what somebody is asked for first. Only beta does it, and
// only with the permission for methods of every kind.
// See https://learn.microsoft.com/graph/api/authentication-update?view=graph-rest-beta.
func (w *Writer) changeDefault(ctx context.Context, ch graph.Change) error {
	_, err := w.c.send(ctx, request{
		op: "change default method", needs: methodsAll, api: graph.Beta,
		path: methodsOf + "signInPreferences", vars: map[string]string{"id": ch.User},
		verb: kiota.PATCH, post: encode(map[string]any{"userPreferredMethodForSecondaryAuthentication": ch.Object}),
		bare: http.StatusNoContent, write: true,
	})
	return err
}

// sendMail sends a mail from the one mailbox to whom the change is for.
// See https://learn.microsoft.com/graph/api/user-sendmail.
func (w *Writer) sendMail(ctx context.Context, ch graph.Change) error {
	const op = "send mail"
	if w.mailbox == "" {
		return invalid(op, errors.New("no mailbox is configured"))
	}
	u, err := w.people(ctx, ch.User)
	if err != nil {
		return err
	}
	if u.Mail == "" {
		return invalid(op, errors.New("the directory has no address"))
	}
	_, err = w.c.send(ctx, mail(w.mailbox, ch.Mail, u.Mail))
	return err
}

// mail is the request that sends m; to nobody, none is sent.
func mail(from string, m graph.Mail, to ...string) request {
	recipients := []any{}
	for _, address := range to {
		recipients = append(recipients, map[string]any{"emailAddress": map[string]string{"address": address}})
	}
	return request{
		op: "send mail", needs: "Mail.Send", api: graph.V1,
		path: "/users/{id}/sendMail", vars: map[string]string{"id": from},
		post: encode(map[string]any{
			"message": map[string]any{
				"subject": m.Subject, "body": map[string]string{"contentType": "Text", "content": m.Text}, "toRecipients": recipients,
			},
			"saveToSentItems": false,
		}),
		bare: http.StatusAccepted, write: true,
	}
}

// encode writes a body.
func encode(body map[string]any) []byte {
	b, err := json.Marshal(body)
	if err != nil {
		panic("msgraph: a body does not encode: " + err.Error()) // unreachable: all of them are plain data
	}
	return b
}
