package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

// An employee is a line of the company's list. All of them are made up, their
// numbers are fictional, and guests work elsewhere.
type employee struct {
	login, name, title, department string
	city, country, language        string
	manager                        string
	methods                        []method
}

// company is who works at Contoso. Most are there for a scenario each.
var company = []employee{
	{"adaeze.okafor", "Adaeze Okafor", "Chief Executive", "Management", "Dublin", "IE", "en-IE", "", methods(push("iPhone 17 Pro"), mobile(0), passkey("YubiKey 5C"))},
	{"jonas.lindqvist", "Jonas Lindqvist", "Head of IT", "IT", "Stockholm", "SE", "sv-SE", "adaeze.okafor", methods(push("iPhone 16"), mobile(1), passkey("YubiKey 5 NFC"))},
	{"priya.raman", "Priya Raman", "Helpdesk Lead", "IT", "Dublin", "IE", "en-IE", "jonas.lindqvist", methods(push("Pixel 9"), mobile(2), passkey("YubiKey 5C"))},
	{"tomasz.wojcik", "Tomasz Wójcik", "Helpdesk Engineer", "IT", "Kraków", "PL", "pl-PL", "priya.raman", methods(push("Galaxy S25"), passkey("YubiKey 5C"))},
	{"mei.tanaka", "Mei Tanaka", "Helpdesk Engineer", "IT", "Osaka", "JP", "ja-JP", "priya.raman", methods(push("Xperia 1 VI"), mobile(4), passkey("YubiKey 5C"))},
	{"lars.brandt", "Lars Brandt", "Identity Engineer", "IT", "Hamburg", "DE", "de-DE", "jonas.lindqvist", methods(push("Pixel 8a"), mobile(5))},
	{"nia.mensah", "Nia Mensah", "Security Engineer", "IT", "Accra", "GH", "en-GH", "jonas.lindqvist", methods(push("Galaxy A56"), hello("CT-LAP-0117"))},
	{"sofia.almeida", "Sofia Almeida", "Sales Manager", "Sales", "Lisbon", "PT", "pt-PT", "adaeze.okafor", methods(push("Pixel 9"), mobile(7))},
	{"hugo.moreau", "Hugo Moreau", "Accountant", "Finance", "Lyon", "FR", "fr-FR", "olga.kowalska", methods(push("iPhone 15"), mobile(8))},
	{"ingrid.haugen", "Ingrid Haugen", "Payroll Specialist", "Finance", "Bergen", "NO", "nb-NO", "olga.kowalska", methods(push("iPhone 14"), mobile(9))},
	{"karim.haddad", "Karim Haddad", "Project Manager", "Engineering", "Beirut", "LB", "ar-LB", "grace.nguyen", methods(push("Pixel 9 Pro"), mobile(10), totp())},
	{"aiko.sato", "Aiko Sato", "Product Designer", "Engineering", "Tokyo", "JP", "ja-JP", "grace.nguyen", methods(push("iPhone 16e"))},
	{"ben.novak", "Ben Novák", "Software Engineer", "Engineering", "Brno", "CZ", "cs-CZ", "grace.nguyen", methods(totp(), mobile(12))},
	{"carmen.ruiz", "Carmen Ruiz", "Office Manager", "Operations", "Seville", "ES", "es-ES", "femi.adeyemi", methods(office(13), mobile(14))},
	{"dmitri.volkov", "Dmitri Volkov", "Logistics Planner", "Operations", "Riga", "LV", "lv-LV", "femi.adeyemi", methods(push("Redmi Note 14"), mobile(15))},
	{"elif.yilmaz", "Elif Yılmaz", "Trainee", "Sales", "Izmir", "TR", "tr-TR", "sofia.almeida", methods()},
	{"femi.adeyemi", "Femi Adeyemi", "Head of Operations", "Operations", "Lagos", "NG", "en-NG", "adaeze.okafor", methods(push("Galaxy S24"), hello("CT-LAP-0144"), mobile(17))},
	{"grace.nguyen", "Grace Nguyễn", "Head of Engineering", "Engineering", "Toronto", "CA", "en-CA", "adaeze.okafor", methods(push("iPhone 16 Pro"), mobile(18))},
	{"henrik.nielsen", "Henrik Nielsen", "Facilities Technician", "Operations", "Aarhus", "DK", "da-DK", "femi.adeyemi", methods(push("Nokia XR21"), mobile(19))},
	{"ivan.petrov", "Ivan Petrov", "Contractor", "Engineering", "Sofia", "BG", "bg-BG", "grace.nguyen", methods(push("Moto G85"))},
	{"julia.schneider", "Julia Schneider", "Recruiter", "People", "Zürich", "CH", "de-CH", "adaeze.okafor", methods(push("Fairphone 5"), mobile(21))},
	{"kenji.watanabe", "Kenji Watanabe", "Account Executive", "Sales", "Nagoya", "JP", "ja-JP", "sofia.almeida", methods(push("AQUOS R9"), mobile(22))},
	{"leila.farouk", "Leila Farouk", "Customer Care Agent", "Sales", "Cairo", "EG", "ar-EG", "sofia.almeida", methods(mobile(23))},
	{"mateo.garcia", "Mateo García", "Field Engineer", "Operations", "Bogotá", "CO", "es-CO", "femi.adeyemi", methods(mobile(24))},
	{"noor.jansen", "Noor Jansen", "Legal Counsel", "Legal", "Utrecht", "NL", "nl-NL", "adaeze.okafor", methods(push("iPhone 13 mini"), hello("CT-LAP-0162"))},
	{"olga.kowalska", "Olga Kowalska", "Head of Finance", "Finance", "Gdańsk", "PL", "pl-PL", "adaeze.okafor", methods(push("Galaxy Z Flip6"), mobile(26))},
	{"pavel.dvorak", "Pavel Dvořák", "Test Engineer", "Engineering", "Prague", "CZ", "cs-CZ", "grace.nguyen", methods(push("Pixel 7"), totp())},
	{"quynh.tran", "Quỳnh Trần", "Data Analyst", "Engineering", "Hanoi", "VN", "vi-VN", "grace.nguyen", methods(push("OPPO Reno13"), mobile(28))},
	{"samuel.otieno", "Samuel Otieno", "Warehouse Lead", "Operations", "Nairobi", "KE", "en-KE", "femi.adeyemi", methods(push("Galaxy A16"), mobile(29))},
	{"uma.patel", "Uma Patel", "Marketing Specialist", "Sales", "Pune", "IN", "en-IN", "sofia.almeida", methods(push("OnePlus 13"), mobile(30))},
	{"victor.costa", "Victor Costa", "Support Engineer", "Engineering", "Recife", "BR", "pt-BR", "grace.nguyen", methods(push("moto edge 50"), mobile(31))},
	{"wanjiru.kamau", "Wanjiru Kamau", "Buyer", "Operations", "Mombasa", "KE", "en-KE", "femi.adeyemi", methods(fob("SafeID 1107"), mobile(32))},
	{"xavier.dubois", "Xavier Dubois", "Translator", "People", "Québec", "CA", "fr-CA", "julia.schneider", methods(push("Pixel 8"), mobile(33))},
	{"yara.santos", "Yara Santos", "Receptionist", "Operations", "Porto", "PT", "pt-PT", "carmen.ruiz", methods(mobile(34))},
	{"zoltan.kiss", "Zoltán Kiss", "Database Administrator", "Engineering", "Szeged", "HU", "hu-HU", "grace.nguyen", methods(push("Galaxy S23"), mobile(35))},
	{"amara.diallo", "Amara Diallo", "Treasurer", "Finance", "Dakar", "SN", "fr-SN", "olga.kowalska", methods(push("TECNO Camon 40"), mobile(36))},
	{"oscar.reyes", "Oscar Reyes", "Helpdesk Trainee", "IT", "Valencia", "ES", "es-ES", "priya.raman", methods(push("Pixel 9a"), mobile(37))},
	{"freya.lund", "Freya Lund", "Event Coordinator", "Operations", "Malmö", "SE", "sv-SE", "femi.adeyemi", methods(push("iPhone SE"), mobile(38))},
	{"thabo.nkosi", "Thabo Nkosi", "Shift Supervisor", "Operations", "Durban", "ZA", "en-ZA", "femi.adeyemi", methods(push("Galaxy A06"))},
}

// guests have an account here and their sign-in at home.
var guests = []employee{
	{"rosa.bianchi@fabrikam.com", "Rosa Bianchi", "Auditor", "", "Turin", "IT", "it-IT", "olga.kowalska", nil},
}

// seed fills an empty tenant.
func (t *Tenant) seed() error {
	for _, e := range company {
		t.users = append(t.users, t.hire(e))
	}
	for _, e := range guests {
		g := t.hire(e)
		g.Guest = true
		t.users = append(t.users, g)
	}
	for _, u := range t.users {
		if err := t.introduce(u); err != nil {
			return err
		}
	}
	t.user("ivan.petrov@" + Domain).Disabled = true
	t.seedGroups()
	t.seedRoles()
	if !t.opts.NoHistory {
		t.seedHistory()
		t.seedChanges()
	}
	return nil
}

// hire makes the account of an employee.
func (t *Tenant) hire(e employee) *user {
	upn, mail := e.login+"@"+Domain, e.login+"@"+Domain
	if strings.Contains(e.login, "@") {
		upn, mail = strings.ReplaceAll(e.login, "@", "_")+"#EXT#@"+initialDomain, e.login
	}
	given, surname, _ := strings.Cut(e.name, " ")
	u := &user{
		Person: Person{
			ID: stableID("user", upn), UPN: upn, Mail: mail, Name: e.name, Given: given, Surname: surname,
			Title: e.title, Department: e.department, City: e.city, Country: e.country, Language: e.language,
		},
		boss:            e.manager,
		created:         t.now().AddDate(-2, 0, 0).Truncate(time.Second),
		passwordChanged: t.now().AddDate(0, -4, 0).Truncate(time.Second),
	}
	for _, m := range e.methods {
		m.id = m.fixedID
		if m.id == "" {
			m.id = stableID("method", upn+" "+string(m.kind)+" "+m.name)
		}
		m.created = t.now().AddDate(0, -8, 0).Truncate(time.Second)
		if m.number != "" && u.Phone == "" {
			u.Phone = masked(m.number)
			u.mobilePhone = m.number
		}
		u.methods = append(u.methods, m)
	}
	return u
}

// introduce tells somebody who their manager is.
func (t *Tenant) introduce(u *user) error {
	if u.boss == "" {
		return nil
	}
	m := t.user(u.boss + "@" + Domain)
	if m == nil {
		return fmt.Errorf("%s works for %s, whom nobody knows", u.UPN, u.boss)
	}
	u.Manager = m.UPN
	return nil
}

// The groups that are worth a name.
const (
	AdminsGroup     = "Helpdesk Admins"    // who get the threads of mfahelp
	ApproversGroup  = "Reset Approvers"    // those of them who approve
	NoPassGroup     = "Shared Devices"     // whom the policy for passes leaves out
	StaffGroup      = "All Staff"          // everybody but guests
	RoleGroup       = "Identity Operators" // may hold roles, and holds one
	departmentGroup = "Department "        // followed by its name
)

func (t *Tenant) seedGroups() {
	staff := t.newGroup(StaffGroup, "Everybody who works at Contoso")
	departments := map[string]*group{}
	for _, u := range t.users {
		if u.Guest {
			continue
		}
		staff.users = append(staff.users, u)
		if departments[u.Department] == nil {
			departments[u.Department] = t.newGroup(departmentGroup+u.Department, "Who works in "+u.Department)
		}
		d := departments[u.Department]
		d.users = append(d.users, u)
	}
	admins := t.newGroup(AdminsGroup, "Help people who cannot sign in")
	admins.users = t.named("priya.raman", "tomasz.wojcik", "mei.tanaka", "oscar.reyes")
	approvers := t.newGroup(ApproversGroup, "Approve resets of multifactor authentication")
	approvers.users = t.named("priya.raman", "tomasz.wojcik", "mei.tanaka")
	noPass := t.newGroup(NoPassGroup, "Sign in on devices of the warehouse, and get no Temporary Access Pass")
	noPass.users = t.named("thabo.nkosi")
	roleGroup := t.newGroup(RoleGroup, "Manage how people sign in")
	roleGroup.roleAssignable = true
	roleGroup.users = t.named("lars.brandt")
	// A group in a group, so that only who asks transitively sees all.
	technical := t.newGroup("Technical", "IT and Engineering")
	technical.groups = []*group{departments["IT"], departments["Engineering"]}
}

func (t *Tenant) newGroup(name, description string) *group {
	g := &group{id: stableID("group", name), name: name, description: description, created: t.now().AddDate(-2, 0, 0).Truncate(time.Second)}
	t.groups = append(t.groups, g)
	return g
}

func (t *Tenant) named(logins ...string) []*user {
	var list []*user
	for _, l := range logins {
		list = append(list, t.user(l+"@"+Domain))
	}
	return list
}

func (t *Tenant) seedRoles() {
	t.assign(globalAdministrator, stableID("user", "jonas.lindqvist@"+Domain), false)
	t.assign(authenticationAdministrator, stableID("group", RoleGroup), false)
	t.assign(authenticationAdministrator, stableID("user", "priya.raman@"+Domain), false)
	t.assign(authenticationAdministrator, stableID("user", "tomasz.wojcik@"+Domain), true)
	t.assign(privilegedAuthenticationAdministrator, stableID("user", "nia.mensah@"+Domain), true)
}

// numberChanged is how long ago freya's number was changed: too long to be a
// sign of an attack, and not long enough to be called.
const numberChanged = 12 * 24 * time.Hour

// seedChanges are what the audit log has of the weeks before.
func (t *Tenant) seedChanges() {
	freya := t.user("freya.lund@" + Domain)
	t.note(Audit{At: t.now().Add(-numberChanged), Activity: "Update user", ByUser: t.someAdmin(), Target: freya.ID, Changes: []change{
		{"Mobile", `["` + fictional(6) + `"]`, `["` + freya.mobilePhone + `"]`}, {name: "Included Updated Properties", after: "Mobile"},
	}})
}

// seedHistory has everybody who can sign in have done so on the days before,
// from where they work.
func (t *Tenant) seedHistory() {
	for i, u := range t.users {
		if u.Disabled || u.Guest {
			continue
		}
		for _, ago := range []time.Duration{75 * time.Hour, 51 * time.Hour, 27 * time.Hour, 3 * time.Hour} {
			at := t.now().Add(-ago - time.Duration(i)*time.Minute)
			v := t.visit(u, at)
			v.getIn()
			v.record(at)
		}
	}
}

// Methods are given in the order in which people registered them; the first
// that is no password is their default.

func methods(list ...method) []method {
	return append(slices.Clone(list), method{kind: graph.Password, fixedID: passwordID})
}

func push(phone string) method {
	return method{kind: graph.Authenticator, name: phone}
}

func mobile(n int) method {
	return method{kind: graph.PhoneMethod, fixedID: mobileID, phoneType: "mobile", number: fictional(n)}
}

func office(n int) method {
	return method{kind: graph.PhoneMethod, fixedID: officeID, phoneType: "office", number: fictional(n)}
}

func totp() method               { return method{kind: graph.SoftwareOATH} }
func fob(serial string) method   { return method{kind: graph.HardwareOATH, name: serial} }
func passkey(name string) method { return method{kind: graph.FIDO2, name: name} }
func hello(pc string) method     { return method{kind: graph.Hello, name: pc} }

// fictional returns one of the hundred numbers that are set aside for stories.
func fictional(n int) string { return fmt.Sprintf("+1 20655501%02d", n) }

// masked is how the sign-in log writes a number.
func masked(number string) string {
	if number == "" {
		return ""
	}
	return "+1 XXXXXXXX" + number[len(number)-2:]
}
