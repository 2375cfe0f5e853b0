package sandbox

import (
	"slices"
	"strings"
)

// A Part is what somebody at Contoso is there for, beside the failures that
// [Tenant.Scenarios] make happen to them.
type Part struct {
	Login string `json:"login"` // what is before the @
	Plays string `json:"plays"`
}

// cast is who plays what when somebody's sign-in methods are to be reset.
var cast = []Part{
	{"aiko.sato", "lost the phone that was all she had: a reset brings a pass"},
	{"grace.nguyen", "is her manager, and has to say that she spoke to her"},
	{"adaeze.okafor", "has no manager who could vouch for her"},
	{"priya.raman", "works on cases, and approves; holds a role herself"},
	{"tomasz.wojcik", "works on cases, and approves; may take a role up"},
	{"mei.tanaka", "works on cases, and approves; holds no role"},
	{"oscar.reyes", "works on cases, and is not among those who approve"},
	{"freya.lund", "has had another number for twelve days: a call proves nothing"},
	{"thabo.nkosi", "has only a phone, and is left out of the policy for passes"},
	{"elif.yilmaz", "has nothing registered yet"},
	{"jonas.lindqvist", "is the only Global Administrator"},
	{"lars.brandt", "has a role by a group"},
	{"nia.mensah", "may take a privileged role up, and holds none right now"},
	{"ivan.petrov", "has a disabled account"},
	{"rosa.bianchi", "is a guest, whose methods are another tenant's"},
	{"ingrid.haugen", "reports fraud when the failure “fraud” happens"},
	{"dmitri.volkov", "is on the list of blocked users once “blocked” has happened"},
}

// Parts are who plays what, in the order in which a reset meets them.
func Parts() []Part { return slices.Clone(cast) }

// partOf is what somebody is there for; "" for who only fails to sign in.
func partOf(u *user) string {
	login, _, _ := strings.Cut(u.Mail, "@")
	i := slices.IndexFunc(cast, func(p Part) bool { return p.Login == login })
	if i < 0 {
		return ""
	}
	return cast[i].Plays
}
