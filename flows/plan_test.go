package flows

import (
	"reflect"
	"slices"
	"testing"

	"mfahelp/bot"
	"mfahelp/graph"
)

// plan makes one in which no two values are the same.
func plan() Plan {
	return Plan{
		Subject:   bot.Identity{Tenant: "contoso", ObjectID: "megan", Email: "megan@contoso.example"},
		Requester: bot.Identity{Tenant: "fabrikam", ObjectID: "adele", Email: "adele@fabrikam.example"},
		Effects: []Effect{
			{Key: "1/phone", Change: graph.Change{Kind: graph.DeleteMethod, User: "m", Object: "phone", Method: graph.PhoneMethod}, Approval: "1"},
			{Key: "2/out", Change: graph.Change{Kind: graph.RevokeSessions, User: "n", Object: "all"}, Approval: "2"},
		},
		Class:         "method",
		Needs:         []string{"callback", "video"},
		Approvers:     2,
		Reason:        "lost both",
		PolicyVersion: "v1",
	}
}

// TestDigestSeesAll changes every value of a plan, one at a time. It fails too
// if a plan is given anything but words, such as a time or a message.
func TestDigestSeesAll(t *testing.T) {
	p := plan()
	want := p.Digest()
	var visit func(name string, v reflect.Value)
	visit = func(name string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				visit(name+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				visit(name, v.Index(i))
			}
		case reflect.String:
			old := v.String()
			v.SetString(old + "!")
			if mail := v.Addr().Interface() == &p.Subject.Email || v.Addr().Interface() == &p.Requester.Email; (p.Digest() == want) != mail {
				t.Errorf("%s changed: same digest %v, want %v", name, !mail, mail)
			}
			v.SetString(old)
		case reflect.Int, reflect.Int64:
			v.SetInt(v.Int() + 1)
			if p.Digest() == want {
				t.Errorf("%s changed: same digest", name)
			}
			v.SetInt(v.Int() - 1)
		case reflect.Bool:
			v.SetBool(!v.Bool())
			if p.Digest() == want {
				t.Errorf("%s changed: same digest", name)
			}
			v.SetBool(!v.Bool())
		default:
			t.Errorf("%s is a %s, of which a digest knows nothing", name, v.Kind())
		}
	}
	visit("Plan", reflect.ValueOf(&p).Elem())
	if p.Digest() != want {
		t.Error("the same has two digests")
	}
}

func TestDigest(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Plan)
		same   bool
	}{
		{"effects in another order", func(p *Plan) { slices.Reverse(p.Effects) }, true},
		{"needs in another order", func(p *Plan) { slices.Reverse(p.Needs) }, true},
		{"an id in capitals", func(p *Plan) { p.Subject.ObjectID = "MEGAN" }, true},
		{"one effect more", func(p *Plan) { p.Effects = append(p.Effects, Effect{}) }, false},
		{"an effect twice", func(p *Plan) { p.Effects = append(p.Effects, p.Effects[0]) }, false},
		{"one effect less", func(p *Plan) { p.Effects = p.Effects[1:] }, false},
		{"one need less", func(p *Plan) { p.Needs = p.Needs[1:] }, false},
		{"who asks and for whom, exchanged", func(p *Plan) { p.Subject, p.Requester = p.Requester, p.Subject }, false},
		{"kind and object, exchanged", func(p *Plan) { e := &p.Effects[0]; e.Kind, e.Object = graph.ChangeKind(e.Object), string(e.Kind) }, false},
		{"an object of one effect in the other", func(p *Plan) {
			p.Effects[0].Object, p.Effects[1].Object = p.Effects[1].Object, p.Effects[0].Object
		}, false},
		{"a need that looks like the policy", func(p *Plan) { p.Needs, p.PolicyVersion = append(p.Needs, "v1"), "" }, false},
		{"a need that brings its own quotes", func(p *Plan) { p.Needs = []string{"callback\"]\nneed [\"video"} }, false},
		{"a need that brings its own line", func(p *Plan) { p.Needs = []string{"callback]\nneed [video"} }, false},
	} {
		p := plan()
		test.change(&p)
		if got := p.Digest() == plan().Digest(); got != test.same {
			t.Errorf("%s: same digest %v, want %v", test.name, got, test.same)
		}
	}
}

func TestDigestOfNothing(t *testing.T) {
	none, empty := plan(), plan()
	none.Effects, none.Needs = nil, nil
	empty.Effects, empty.Needs = []Effect{}, []string{}
	if none.Digest() != empty.Digest() || none.Digest() == "" {
		t.Error("an empty list and none have two digests")
	}
	stranger := plan()
	stranger.Subject = bot.Identity{Email: "megan@contoso.example"}
	if got := stranger.Digest(); got != "" {
		t.Errorf("got %s for somebody unknown, want none", got)
	}
}
