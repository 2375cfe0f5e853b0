package sandbox

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
)

// An App is a program that may sign in to the tenant.
type App struct {
	Name        string   `json:"name"`
	ID          string   `json:"id"`     // the client id
	Secret      string   `json:"secret"` // made up and the same in every sandbox: it protects nothing
	Permissions []string `json:"permissions"`
}

// app is an App with what else it may prove itself by.
type app struct {
	App
	expired   bool // its secret is
	certs     []*x509.Certificate
	federated []Federation
	fence     []string // mailboxes that it may send from; nil for all
	redirects []string // where browsers may be sent back to
	optional  []string // claims that its registration asks for in ID tokens
}

// A Federation lets an app sign in with a token that somebody else signed, as
// a workload identity does.
// See https://learn.microsoft.com/entra/workload-id/workload-identity-federation.
type Federation struct {
	Issuer, Subject, Audience string // Audience "" is for api://AzureADTokenExchange
	Key                       *rsa.PublicKey
}

// ReaderPermissions are what mfahelp needs to look up a sign-in and who is behind it.
var ReaderPermissions = []string{
	"AuditLog.Read.All",
	"GroupMember.Read.All",
	"IdentityRiskyUser.Read.All",
	"Policy.Read.All",
	"Policy.Read.AuthenticationMethod",
	"RoleManagement.Read.Directory",
	"User.Read.All",
	"UserAuthenticationMethod.Read.All",
}

// WriterPermissions are what mfahelp needs to carry out what was approved: one
// for each kind of method, so that an app need not have them all, and none that
// is for all kinds. Only with that, UserAuthenticationMethod.ReadWrite.All, could
// it also change which method is somebody's default.
var WriterPermissions = []string{
	"Mail.Send",
	"User.RevokeSessions.All",
	"UserAuthMethod-External.ReadWrite.All",
	"UserAuthMethod-HardwareOATH.ReadWrite.All",
	"UserAuthMethod-MicrosoftAuthApp.ReadWrite.All",
	"UserAuthMethod-Passkey.ReadWrite.All",
	"UserAuthMethod-Phone.ReadWrite.All",
	"UserAuthMethod-PlatformCred.ReadWrite.All",
	"UserAuthMethod-QR.ReadWrite.All",
	"UserAuthMethod-SoftwareOATH.ReadWrite.All",
	"UserAuthMethod-TAP.ReadWrite.All",
	"UserAuthMethod-WindowsHello.ReadWrite.All",
}

func seededApps() []*app {
	writer := newApp("writer", WriterPermissions...)
	writer.fence = []string{Mailbox}
	return []*app{newApp("reader", ReaderPermissions...), writer}
}

func newApp(name string, permissions ...string) *app {
	return &app{optional: []string{"auth_time", "acrs"}, App: App{
		Name:        name,
		ID:          stableID("app", name),
		Secret:      "sandbox~" + name + "~" + strings.ReplaceAll(stableID("secret", name), "-", ""),
		Permissions: slices.Clone(permissions),
	}}
}

// Apps returns the registered apps, the seeded ones first.
func (t *Tenant) Apps() []App {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []App
	for _, a := range t.apps {
		list = append(list, a.copy())
	}
	return list
}

func (a *app) copy() App {
	c := a.App
	c.Permissions = slices.Clone(c.Permissions)
	return c
}

// Reader returns the seeded app that may read all that mfahelp reads.
func (t *Tenant) Reader() App { return t.Apps()[0] }

// Writer returns the seeded app that may change what mfahelp changes.
func (t *Tenant) Writer() App { return t.Apps()[1] }

// AddApp registers an app, whose id and secret follow from its name. A name
// that is there already gets the permissions instead of its own.
func (t *Tenant) AddApp(name string, permissions ...string) App {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := newApp(name, permissions...)
	if old := t.app(a.ID); old != nil {
		old.Permissions = a.Permissions
		return old.copy()
	}
	t.apps = append(t.apps, a)
	return a.copy()
}

// app returns the app with that client id, or nil.
func (t *Tenant) app(id string) *app {
	i := slices.IndexFunc(t.apps, func(a *app) bool { return strings.EqualFold(a.ID, id) })
	if i < 0 {
		return nil
	}
	return t.apps[i]
}

// Grant gives an app a permission. As in reality it shows in the next token,
// not in one that is already out.
func (t *Tenant) Grant(appID, permission string) {
	t.change(appID, func(a *app) {
		if !slices.Contains(a.Permissions, permission) {
			a.Permissions = append(a.Permissions, permission)
		}
	})
}

// Revoke takes a permission away. Tokens that are out keep it until they expire.
func (t *Tenant) Revoke(appID, permission string) {
	t.change(appID, func(a *app) {
		a.Permissions = slices.DeleteFunc(a.Permissions, func(p string) bool { return p == permission })
	})
}

// givePermission gives a permission to an app that is known by its name, or takes it away.
func (t *Tenant) givePermission(name, permission string, taken bool) error {
	apps := t.Apps()
	i := slices.IndexFunc(apps, func(a App) bool { return a.Name == name })
	switch {
	case i < 0:
		return fmt.Errorf("no app is called %q", name)
	case taken:
		t.Revoke(apps[i].ID, permission)
	default:
		t.Grant(apps[i].ID, permission)
	}
	return nil
}

// ExpireSecret makes the secret of an app too old to sign in with, until it is renewed.
func (t *Tenant) ExpireSecret(appID string, expired bool) {
	t.change(appID, func(a *app) { a.expired = expired })
}

// AddCertificate lets an app sign in with what c's key signs.
func (t *Tenant) AddCertificate(appID string, c *x509.Certificate) {
	t.change(appID, func(a *app) { a.certs = append(a.certs, c) })
}

// AddFederation lets an app sign in with what somebody else signed.
func (t *Tenant) AddFederation(appID string, f Federation) {
	if f.Audience == "" {
		f.Audience = "api://AzureADTokenExchange"
	}
	t.change(appID, func(a *app) { a.federated = append(a.federated, f) })
}

// change does f to an app. An id that no app has is a mistake of who wrote the
// test, and ends it.
func (t *Tenant) change(appID string, f func(*app)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.app(appID)
	if a == nil {
		panic("sandbox: no app has the id " + appID)
	}
	f(a)
}

// certKey returns the key of the certificate that the header of an assertion names.
func (a *app) certKey(x5t, s256 string) crypto.PublicKey {
	for _, c := range a.certs {
		one, two := thumbprints(c)
		if s256 == two || s256 == "" && x5t == one {
			return c.PublicKey
		}
	}
	return nil
}
