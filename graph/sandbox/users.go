package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

// A Person is somebody in the directory, as far as a demo shows them.
type Person struct {
	ID         string   `json:"id"` // object id
	UPN        string   `json:"upn"`
	Mail       string   `json:"mail"`
	Name       string   `json:"name"`
	Given      string   `json:"given"`
	Surname    string   `json:"surname"`
	Title      string   `json:"title"`
	Department string   `json:"department"`
	City       string   `json:"city"`
	Country    string   `json:"country"` // two letters
	Language   string   `json:"language"`
	Phone      string   `json:"phone,omitempty"`   // masked
	Manager    string   `json:"manager,omitempty"` // UPN
	Groups     []string `json:"groups,omitempty"`  // by name, those in others too
	Roles      []string `json:"roles,omitempty"`   // by name: active, eligible, or through a group
	Methods    []string `json:"methods,omitempty"` // such as "Authenticator on Pixel 9"
	Guest      bool     `json:"guest,omitempty"`
	Disabled   bool     `json:"disabled,omitempty"`
	Part       string   `json:"part,omitempty"` // what they are there for; see [Parts]
}

// user is a Person with what only the directory knows.
type user struct {
	Person
	boss            string // the manager's login
	mobilePhone     string
	businessPhone   string
	created         time.Time
	passwordChanged time.Time
	signedOut       time.Time        // when all sessions were revoked
	blocked         bool             // on the block list of the older fraud alert
	preference      graph.Preference // if it is another than the default method's first
	methods         []method
	riskLevel       string // "" for none
	riskChanged     time.Time
}

// logName is what the sign-in log calls u: in lower case, and a guest by the
// address at home.
// See https://learn.microsoft.com/graph/api/resources/signin.
func (u *user) logName() string {
	if u.Guest {
		return strings.ToLower(u.Mail)
	}
	return strings.ToLower(u.UPN)
}

// People returns everybody, in the order of the company's list.
func (t *Tenant) People() []Person {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []Person
	for _, u := range t.users {
		list = append(list, t.person(u))
	}
	return list
}

// Person returns somebody by user principal name, mail address or object id.
func (t *Tenant) Person(name string) (Person, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	if u == nil {
		return Person{}, false
	}
	return t.person(u), true
}

func (t *Tenant) person(u *user) Person {
	p := u.Person
	p.Groups, p.Roles, p.Methods, p.Part = nil, nil, nil, partOf(u)
	in := t.memberOf(u)
	for _, g := range in {
		p.Groups = append(p.Groups, g.name)
	}
	for _, r := range t.roles {
		if r.principal == u.ID || slices.ContainsFunc(in, func(g *group) bool { return g.id == r.principal }) {
			p.Roles = append(p.Roles, roleNames[r.role])
		}
	}
	for _, m := range u.methods {
		p.Methods = append(p.Methods, m.String())
	}
	return p
}

// SetEnabled lets somebody sign in, or not any more.
func (t *Tenant) SetEnabled(name string, enabled bool) {
	if err := t.enable(name, enabled); err != nil {
		panic("sandbox: " + err.Error())
	}
}

func (t *Tenant) enable(name string, enabled bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	if u == nil {
		return fmt.Errorf("nobody is called %q", name)
	}
	u.Disabled = !enabled
	return nil
}

// user returns who has that user principal name, mail address or object id, or nil.
func (t *Tenant) user(name string) *user {
	i := slices.IndexFunc(t.users, func(u *user) bool {
		return name != "" && (strings.EqualFold(u.ID, name) || strings.EqualFold(u.UPN, name) || strings.EqualFold(u.Mail, name))
	})
	if i < 0 {
		return nil
	}
	return t.users[i]
}

// mustUser is for names in tests, where a wrong one is a mistake in the test.
func (t *Tenant) mustUser(name string) *user {
	u := t.user(name)
	if u == nil {
		panic("sandbox: nobody is called " + name)
	}
	return u
}

var userRoutes = []route{
	{method: "GET", path: "/users", access: userAccess, serve: listUsers},
	{method: "GET", path: "/users/{}", access: userAccess, serve: getUser},
	{method: "GET", path: "/users/{}/manager", access: managerAccess, serve: getManager},
	{method: "GET", path: "/organization", access: organizationAccess, serve: listOrganizations},
}

// userProperties are what $select may name. Those by default are the eleven
// that the page lists.
// See https://learn.microsoft.com/graph/api/resources/user.
var userProperties = []property[*user]{
	{"businessPhones", true, func(u *user) any {
		return slices.DeleteFunc([]string{u.businessPhone}, func(n string) bool { return n == "" })
	}},
	{"displayName", true, func(u *user) any { return u.Name }},
	{"givenName", true, func(u *user) any { return u.Given }},
	{"jobTitle", true, func(u *user) any { return u.Title }},
	{"mail", true, func(u *user) any { return u.Mail }},
	{"mobilePhone", true, func(u *user) any { return orNull(u.mobilePhone) }},
	{"officeLocation", true, func(u *user) any { return u.City }},
	{"preferredLanguage", true, func(u *user) any { return u.Language }},
	{"surname", true, func(u *user) any { return u.Surname }},
	{"userPrincipalName", true, func(u *user) any { return u.UPN }},
	{"id", true, func(u *user) any { return u.ID }},
	{"accountEnabled", false, func(u *user) any { return !u.Disabled }},
	{"city", false, func(u *user) any { return u.City }},
	{"companyName", false, func(u *user) any { return "Contoso" }},
	{"country", false, func(u *user) any { return u.Country }},
	{"createdDateTime", false, func(u *user) any { return graphTime(u.created) }},
	{"creationType", false, func(u *user) any { return u.ifGuest("Invitation") }},
	{"department", false, func(u *user) any { return u.Department }},
	{"employeeId", false, func(u *user) any { return nil }},
	{"externalUserState", false, func(u *user) any { return u.ifGuest("Accepted") }},
	{"identities", false, func(u *user) any { return []any{} }},
	{"lastPasswordChangeDateTime", false, func(u *user) any { return graphTime(u.passwordChanged) }},
	{"onPremisesSyncEnabled", false, func(u *user) any { return nil }},
	{"otherMails", false, func(u *user) any { return []string{} }},
	{"proxyAddresses", false, func(u *user) any { return []string{"SMTP:" + u.Mail} }},
	{"securityIdentifier", false, func(u *user) any { return "S-1-12-1-" + u.ID[:8] }},
	{"signInSessionsValidFromDateTime", false, func(u *user) any { return graphTime(u.validFrom()) }},
	{"usageLocation", false, func(u *user) any { return u.Country }},
	{"userType", false, func(u *user) any { return u.kind() }},
}

// basicProperties are all that User.ReadBasic.All shows; the others are null.
// See https://learn.microsoft.com/graph/permissions-reference#userreadbasicall.
var basicProperties = []string{"id", "displayName", "givenName", "surname", "mail", "userPrincipalName", "otherMails", "proxyAddresses"}

func (u *user) kind() string {
	if u.Guest {
		return "Guest"
	}
	return "Member"
}

func (u *user) ifGuest(s string) any {
	if u.Guest {
		return s
	}
	return nil
}

var userFields = []field[*user]{
	{name: "id", operators: "eq", fold: true, value: func(u *user) any { return u.ID }},
	{name: "userPrincipalName", operators: "eq startsWith", fold: true, value: func(u *user) any { return u.UPN }},
	{name: "mail", operators: "eq startsWith", fold: true, value: func(u *user) any { return u.Mail }},
	{name: "displayName", operators: "eq startsWith", fold: true, value: func(u *user) any { return u.Name }},
	{name: "accountEnabled", operators: "eq", kind: truth, value: func(u *user) any { return !u.Disabled }},
	{name: "userType", operators: "eq", fold: true, value: func(u *user) any { return u.kind() }},
}

// listUsers returns people in pages of 100, or of up to 999.
// See https://learn.microsoft.com/graph/api/user-list.
func listUsers(c *call) (any, error) {
	if err := c.query.only("$filter", "$select", "$top", "$skiptoken"); err != nil {
		return nil, err
	}
	f, err := filterOf(c, userFields)
	if err != nil {
		return nil, err
	}
	if _, err := c.shapeUser(c.t.users[0]); err != nil {
		return nil, err
	}
	var found []*user
	for _, u := range c.t.users {
		if f.fits(u) {
			found = append(found, u)
		}
	}
	id := func(u *user) string { return u.ID }
	return page(c, "users", found, 100, 999, id, func(u *user) any {
		shown, _ := c.shapeUser(u) // $select is good: see above
		return shown
	})
}

// getUser returns somebody by object id or user principal name.
// See https://learn.microsoft.com/graph/api/user-get.
func getUser(c *call) (any, error) {
	if err := c.query.only("$select"); err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	return c.entity(u, "users/$entity")
}

// getManager returns somebody's manager, and 404 for whoever has none.
// See https://learn.microsoft.com/graph/api/user-list-manager.
func getManager(c *call) (any, error) {
	if err := c.query.only("$select"); err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	m := c.t.user(u.Manager)
	if m == nil {
		return nil, notFound("manager")
	}
	out, err := c.entity(m, "directoryObjects/$entity")
	if err == nil {
		out["@odata.type"] = "#microsoft.graph.user"
	}
	return out, err
}

// user returns whom the path names. A mail address does not do there, as a
// guest's user principal name is another.
func (c *call) user() (*user, error) {
	name := c.ids[0]
	i := slices.IndexFunc(c.t.users, func(u *user) bool { return strings.EqualFold(u.ID, name) || strings.EqualFold(u.UPN, name) })
	if i < 0 {
		p := notFound(name)
		if c.t.user(name) != nil {
			p.why = "this is a mail address: ask for the object id or the user principal name"
		}
		return nil, p
	}
	return c.t.users[i], nil
}

// userByID returns whom the path names, by object id and nothing else.
func (c *call) userByID() (*user, error) {
	u, err := c.user()
	if err == nil && !strings.EqualFold(u.ID, c.ids[0]) {
		err = notFound(c.ids[0]).explained("only the object id does here")
	}
	return u, err
}

func (c *call) entity(u *user, what string) (map[string]any, error) {
	out, err := c.shapeUser(u)
	if err == nil {
		out["@odata.context"] = c.context(what)
	}
	return out, err
}

func (c *call) shapeUser(u *user) (map[string]any, error) {
	out, err := shape(c, userProperties, u)
	if err != nil {
		return nil, err
	}
	if c.holds(userAccess.permissions[1:]) == "" && c.holds(userAccess.permissions) != "" {
		for name := range out {
			if !slices.Contains(basicProperties, name) {
				out[name] = nil
			}
		}
	}
	return out, nil
}

// listOrganizations returns the tenant itself.
// See https://learn.microsoft.com/graph/api/organization-list.
func listOrganizations(c *call) (any, error) {
	if err := c.query.only("$select"); err != nil {
		return nil, err
	}
	plans := []map[string]any{{"service": "exchange", "capabilityStatus": "Enabled", "servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0"}}
	if !c.t.free {
		plans = append(plans,
			map[string]any{"service": "AADPremiumService", "capabilityStatus": "Enabled", "servicePlanId": "41781fb2-bc02-4b7c-bd55-b576c07bb09d"},
			map[string]any{"service": "AADPremiumService", "capabilityStatus": "Enabled", "servicePlanId": "eec0eb4f-6444-4f95-aba0-50c24d67f998"})
	}
	properties := []property[*Tenant]{
		{"id", true, func(t *Tenant) any { return t.ID() }},
		{"displayName", true, func(*Tenant) any { return "Contoso" }},
		{"countryLetterCode", true, func(*Tenant) any { return "IE" }},
		{"tenantType", true, func(*Tenant) any { return "AAD" }},
		{"verifiedDomains", true, func(*Tenant) any {
			return []map[string]any{
				{"name": Domain, "isDefault": true, "isInitial": false, "type": "Managed"},
				{"name": initialDomain, "isDefault": false, "isInitial": true, "type": "Managed"},
			}
		}},
		{"assignedPlans", true, func(*Tenant) any { return plans }},
	}
	o, err := shape(c, properties, c.t)
	if err != nil {
		return nil, err
	}
	return list{Context: c.context("organization"), Value: []any{o}}, nil
}
