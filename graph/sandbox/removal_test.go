package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"mfahelp/graph"

	"github.com/google/go-cmp/cmp"
)

// remove deletes a method as the writer.
func (w world) remove(login, path string) answer {
	w.t.Helper()
	return w.do("DELETE", "/beta/users/"+stableID("user", login+"@"+Domain)+"/authentication/"+path, w.token(w.Writer()), "")
}

func (w world) kinds(login string) (kinds []graph.Kind) {
	for _, m := range w.mustUser(login + "@" + Domain).methods {
		kinds = append(kinds, m.kind)
	}
	return kinds
}

func TestADefaultMethodGoesLast(t *testing.T) {
	w := newWorld(t)
	app := w.mustUser("karim.haddad@contoso.com").first(graph.Authenticator).id
	otp := w.mustUser("karim.haddad@contoso.com").first(graph.SoftwareOATH).id
	for _, step := range []struct {
		path    string
		status  int
		message string
	}{
		{"microsoftAuthenticatorMethods/" + app, 400, "Cannot delete default method with other methods configured. Please change default method before deletion."},
		{"softwareOathMethods/" + otp, 204, ""},
		{"microsoftAuthenticatorMethods/" + app, 400, "Cannot delete default method with other methods configured. Please change default method before deletion."},
		{"phoneMethods/" + mobileID, 204, ""},
		{"microsoftAuthenticatorMethods/" + app, 204, ""},
		{"microsoftAuthenticatorMethods/" + app, 404, "The requested authentication method ID of [" + app + "] was not found for the user."},
	} {
		got := w.remove("karim.haddad", step.path)
		if message, _ := got.at("error/message").(string); got.status != step.status || message != step.message {
			t.Errorf("%s: got %d %s", step.path, got.status, got.text)
		}
	}
	if diff := cmp.Diff([]graph.Kind{graph.Password}, w.kinds("karim.haddad")); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

func TestAPhoneThatIsTheDefault(t *testing.T) {
	w := newWorld(t)
	got := w.remove("carmen.ruiz", "phoneMethods/"+officeID)
	want := "The requested authentication method id of [" + officeID + "] matches the user's current default authentication method, and cannot be deleted until the default authentication method is changed"
	if got.status != 400 || got.at("error/code") != "badRequest" || got.at("error/message") != want {
		t.Errorf("got %d %s", got.status, got.text)
	}
}

func TestAnAlternateNumberGoesFirst(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Register("sofia.almeida@contoso.com", graph.Method{Kind: graph.PhoneMethod, Phone: "alternateMobile"}); err != nil {
		t.Fatal(err)
	}
	if got := w.remove("sofia.almeida", "phoneMethods/"+mobileID); got.status != 400 {
		t.Errorf("mobile first: got %d %s", got.status, got.text)
	}
	for _, id := range []string{altID, mobileID} {
		if got := w.remove("sofia.almeida", "phoneMethods/"+id); got.status != 204 {
			t.Errorf("%s: got %d %s", id, got.status, got.text)
		}
	}
}

// TestADefaultCanBeChanged: then the old one can go before others.
func TestADefaultCanBeChanged(t *testing.T) {
	w := newWorld(t)
	token := w.token(w.AddApp("all", "UserAuthenticationMethod.ReadWrite.All"))
	path := "/beta/users/sofia.almeida@contoso.com/authentication/signInPreferences"
	body := func(p graph.Preference) string {
		return `{"userPreferredMethodForSecondaryAuthentication":"` + string(p) + `"}`
	}
	if got := w.do("PATCH", path, token, body(graph.PreferOffice)); got.status != 400 {
		t.Errorf("a method that is not there: got %d", got.status)
	}
	if got := w.do("PATCH", strings.Replace(path, "beta", "v1.0", 1), token, body(graph.PreferMobile)); got.status != 400 {
		t.Errorf("v1.0: got %d", got.status)
	}
	if got := w.do("PATCH", path, token, body(graph.PreferMobile)); got.status != 204 || got.text != "" {
		t.Errorf("got %d %s", got.status, got.text)
	}
	if got := w.get(path).at("userPreferredMethodForSecondaryAuthentication"); got != "voiceMobile" {
		t.Errorf("then: got %v", got)
	}
	app := w.mustUser("sofia.almeida@contoso.com").first(graph.Authenticator).id
	if got := w.remove("sofia.almeida", "microsoftAuthenticatorMethods/"+app); got.status != 204 {
		t.Errorf("the old default: got %d %s", got.status, got.text)
	}
}

func TestWhatIsNotDeleted(t *testing.T) {
	w := newWorld(t)
	all := w.token(w.AddApp("all", "UserAuthenticationMethod.ReadWrite.All"))
	app := w.mustUser("sofia.almeida@contoso.com").first(graph.Authenticator).id
	fob := w.mustUser("wanjiru.kamau@contoso.com").first(graph.HardwareOATH).id
	for claim, test := range map[string]struct {
		path   string
		status int
	}{
		"untyped":                      {"/v1.0/users/sofia.almeida@contoso.com/authentication/methods/" + app, 405},
		"a password":                   {"/v1.0/users/sofia.almeida@contoso.com/authentication/passwordMethods/" + passwordID, 405},
		"by the path of another kind":  {"/v1.0/users/sofia.almeida@contoso.com/authentication/softwareOathMethods/" + app, 404},
		"a hardware token in v1.0":     {"/v1.0/users/wanjiru.kamau@contoso.com/authentication/hardwareOathMethods/" + fob, 400},
		"a QR code in v1.0":            {"/v1.0/users/sofia.almeida@contoso.com/authentication/qrCodePinMethod", 400},
		"a QR code that is not there":  {"/beta/users/sofia.almeida@contoso.com/authentication/qrCodePinMethod", 404},
		"of who is not there":          {"/v1.0/users/00000000-0000-0000-0000-000000000000/authentication/phoneMethods/" + mobileID, 404},
		"of another, with the same id": {"/v1.0/users/aiko.sato@contoso.com/authentication/phoneMethods/" + mobileID, 404},
	} {
		got := w.do("DELETE", test.path, all, "")
		entry := w.Log()[len(w.Log())-1]
		if got.status != test.status || entry.Done || entry.Why == "" {
			t.Errorf("%s: got %d %s, %+v", claim, got.status, got.text, entry)
		}
	}
}

// TestWritesAreCounted: what was carried out is told from what was refused, also
// if who asked never heard.
func TestWritesAreCounted(t *testing.T) {
	w := newWorld(t)
	u := stableID("user", "aiko.sato@"+Domain)
	app := w.mustUser("aiko.sato@contoso.com").first(graph.Authenticator).id
	w.Fault(Fault{Kind: Reset, Method: http.MethodDelete, Times: 1})
	w.Fault(Fault{Kind: Lost, Method: http.MethodDelete, Times: 1})
	for range 2 {
		func() {
			defer func() { _ = recover() }() // httptest has no connection to break
			w.remove("aiko.sato", "microsoftAuthenticatorMethods/"+app)
		}()
	}
	w.remove("aiko.sato", "microsoftAuthenticatorMethods/"+app)
	type write struct {
		kind         graph.ChangeKind
		user, object string
		status       int
		done         bool
	}
	var got []write
	for _, r := range w.Writes() {
		got = append(got, write{r.Write, r.User, r.Object, r.Status, r.Done})
	}
	want := []write{{graph.DeleteMethod, u, app, 204, true}, {graph.DeleteMethod, u, app, 404, false}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestSessionsAreRevoked(t *testing.T) {
	w := newWorld(t)
	id := stableID("user", "aiko.sato@"+Domain)
	got := w.do("POST", "/v1.0/users/"+id+"/revokeSignInSessions", w.token(w.Writer()), "")
	if got.status != 200 || got.at("value") != true {
		t.Errorf("got %d %s", got.status, got.text)
	}
	if got := w.get("/v1.0/users/"+id, "$select", "signInSessionsValidFromDateTime").at("signInSessionsValidFromDateTime"); got != "2026-11-20T12:00:00Z" {
		t.Errorf("valid from %v", got)
	}
}
