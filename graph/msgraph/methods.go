package msgraph

import (
	"context"
	"errors"
	"strings"
	"time"

	"mfahelp/graph"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// methodsRead is the least permission for all that is read of somebody's methods.
const methodsRead = "UserAuthenticationMethod.Read.All"

// Methods returns the ways in which somebody can prove who they are, the default
// marked if it can be read. A phone number leaves this function masked.
//
// Hardware tokens and the default are told by beta only. Where that is not
// served they are missing; if it is down, so is the answer, because a list that
// is one token short would be taken for whole.
// See https://learn.microsoft.com/graph/api/authentication-list-methods.
func (c *Client) Methods(ctx context.Context, id string) ([]graph.Method, error) {
	const op = "list authentication methods"
	if id = who(id); id == "" {
		return nil, invalid(op, errNoID)
	}
	got, err := all[models.AuthenticationMethodCollectionResponseable](ctx, c, request{
		op: op, needs: methodsRead, api: graph.V1,
		path: "/users/{id}/authentication/methods", vars: map[string]string{"id": id},
		into: models.CreateAuthenticationMethodCollectionResponseFromDiscriminatorValue,
	})
	if err != nil {
		return nil, err
	}
	tokens, err := c.hardware(ctx, id)
	if err != nil {
		return nil, err
	}
	var methods []graph.Method
	for _, m := range append(got, tokens...) {
		methods = append(methods, method(m))
	}
	if len(methods) > 0 {
		markDefault(methods, c.preferred(ctx, id))
	}
	return methods, nil
}

// hardware returns somebody's hardware tokens; none where beta does not list them.
// See https://learn.microsoft.com/graph/api/authentication-list-hardwareoathmethods.
func (c *Client) hardware(ctx context.Context, id string) ([]models.AuthenticationMethodable, error) {
	got, err := all[models.AuthenticationMethodCollectionResponseable](ctx, c, request{
		op: "list hardware tokens", needs: methodsRead, api: graph.Beta,
		path: "/users/{id}/authentication/hardwareOathMethods", vars: map[string]string{"id": id},
		into: models.CreateAuthenticationMethodCollectionResponseFromDiscriminatorValue,
	})
	for _, unserved := range []error{graph.ErrNotFound, graph.ErrRejected, graph.ErrForbidden} {
		if errors.Is(err, unserved) {
			return nil, nil
		}
	}
	typed := "#microsoft.graph.hardwareOathAuthenticationMethod"
	for _, m := range got {
		m.SetOdataType(&typed) // a list of one type does not say it
	}
	return got, err
}

// kinds are those that [graph.Kind] names; Graph's type of one is between
// "#microsoft.graph." and "AuthenticationMethod".
var kinds = []graph.Kind{
	graph.Authenticator, graph.PhoneMethod, graph.SoftwareOATH, graph.HardwareOATH, graph.FIDO2, graph.Hello, graph.PlatformCred,
	graph.Email, graph.External, graph.QRCodePIN, graph.Pass, graph.Password,
}

func kind(odataType string) graph.Kind {
	k := strings.TrimSuffix(strings.TrimPrefix(odataType, "#microsoft.graph."), "AuthenticationMethod")
	for _, known := range kinds {
		if strings.EqualFold(k, string(known)) {
			return known
		}
	}
	return graph.OtherMethod
}

// method reads one method. What the kinds have in common has no type in the
// SDK, so it is found by what they can do.
func method(m models.AuthenticationMethodable) graph.Method {
	more := object(m.GetAdditionalData())
	out := graph.Method{ID: val(m.GetId()), Kind: kind(val(m.GetOdataType())), Name: more.text("displayName"), Created: more.time("createdDateTime")}
	if n, ok := m.(interface{ GetDisplayName() *string }); ok {
		out.Name = val(n.GetDisplayName())
	}
	if t, ok := m.(interface{ GetCreatedDateTime() *time.Time }); ok {
		out.Created = val(t.GetCreatedDateTime()).UTC()
	}
	if out.Kind == graph.HardwareOATH {
		out.Name = more.object("device").text("serialNumber")
		return out
	}
	out.Name = maskNumbers(out.Name) // people name their phones as they like
	switch m := m.(type) {
	case models.PhoneAuthenticationMethodable:
		out.Name, out.Phone = mask(val(m.GetPhoneNumber())), name(m.GetPhoneType())
	case models.EmailAuthenticationMethodable:
		out.Name = maskAddress(val(m.GetEmailAddress()))
	case models.MicrosoftAuthenticatorAuthenticationMethodable:
		out.AppVer = val(m.GetPhoneAppVersion())
	}
	return out
}

// preferred returns what is asked for first as a second factor: push, oath, sms,
// voiceMobile, voiceAlternateMobile or voiceOffice. It is "" if it is not known:
// whoever must not guess knows that from the methods.
// See https://learn.microsoft.com/graph/api/authentication-get.
func (c *Client) preferred(ctx context.Context, id string) string {
	got, err := get[models.Entityable](ctx, c, request{
		op: "get sign-in preferences", needs: methodsRead, api: graph.Beta,
		path: "/users/{id}/authentication/signInPreferences", vars: map[string]string{"id": id},
		into: models.CreateEntityFromDiscriminatorValue,
	})
	if err != nil {
		return ""
	}
	return object(got.GetAdditionalData()).text("userPreferredMethodForSecondaryAuthentication")
}

// markDefault marks the methods that preference means. Of several apps it does
// not say which, so all are.
func markDefault(methods []graph.Method, preference string) {
	means := func(k graph.Kind, phone string) bool {
		found := false
		for i, m := range methods {
			if m.Kind == k && (phone == "" || m.Phone == phone) {
				methods[i].Default, found = true, true
			}
		}
		return found
	}
	switch preference {
	case "push":
		means(graph.Authenticator, "")
	case "oath": // the app shows codes too
		_ = means(graph.SoftwareOATH, "") || means(graph.HardwareOATH, "") || means(graph.Authenticator, "")
	case "sms", "voiceMobile":
		means(graph.PhoneMethod, "mobile")
	case "voiceAlternateMobile":
		means(graph.PhoneMethod, "alternateMobile")
	case "voiceOffice":
		means(graph.PhoneMethod, "office")
	}
}
