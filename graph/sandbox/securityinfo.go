package sandbox

import (
	"net/http"

	"mfahelp/graph"
)

// serveSecurityInfo is where people register how they prove who they are, which
// at Microsoft is https://aka.ms/mysecurityinfo. Who has a second factor must
// have signed in with one, or with a pass; who has none gets in with the
// password alone, as an attacker would who has it.
func (t *Tenant) serveSecurityInfo(r *http.Request, entry *Request) reply {
	t.mu.Lock()
	s := t.sessionOf(r)
	enough := s != nil && (s.with.strong() || s.user.couldBeDefault("") == 0)
	t.mu.Unlock()
	if !enough {
		f := signInForm{For: "Security info"}
		if s != nil {
			f.User, f.Error = s.user.UPN, "A stronger sign-in is needed here."
		}
		return t.signInPage(f)
	}
	said := ""
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err == nil {
			said = t.changeSecurityInfo(s, r)
		}
		if said == "" {
			return reply{http.StatusSeeOther, http.Header{"Location": {r.URL.Path}}, nil}
		}
		entry.Why = said
	}
	return t.securityInfo(s, said)
}

// changeSecurityInfo does what the page's forms ask for, and returns what is
// wrong with it.
func (t *Tenant) changeSecurityInfo(s *session, r *http.Request) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch r.PostForm.Get("do") {
	case "add":
		if _, err := t.register(s.user, graph.Method{Kind: graph.Authenticator, Name: r.PostForm.Get("name")}); err != nil {
			return err.Error()
		}
		return ""
	case "delete":
		return t.unregister(s.user, graph.Kind(r.PostForm.Get("kind")), r.PostForm.Get("id"))
	}
	return "Nothing is asked for."
}

// unregister is somebody deleting a method of their own. The page changes the
// default by itself.
func (t *Tenant) unregister(u *user, kind graph.Kind, id string) string {
	for _, m := range u.methods {
		if m.kind == kind && m.id == id && kind != graph.Password && kind != graph.Pass {
			u.drop(m)
			t.note(Audit{Activity: "User deleted security info", Service: methodService, Operation: "Other",
				Reason: "User deleted " + m.inWords(), ByUser: u.ID, Target: u.ID})
			return ""
		}
	}
	return "That is not there, or cannot be deleted."
}

func (t *Tenant) securityInfo(s *session, said string) reply {
	t.mu.Lock()
	defer t.mu.Unlock()
	type row struct{ Label, Kind, ID string }
	var rows []row
	for _, m := range s.user.methods {
		r := row{Label: m.String()}
		if m.kind != graph.Password && m.kind != graph.Pass {
			r.Kind, r.ID = string(m.kind), m.id
		}
		rows = append(rows, r)
	}
	return htmlPage(http.StatusOK, "securityinfo.html", map[string]any{"Name": s.user.Name, "UPN": s.user.UPN, "Methods": rows, "Error": said})
}
