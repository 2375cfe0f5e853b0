package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// pass makes a pass for somebody as the writer.
func (w world) pass(login, body string) answer {
	w.t.Helper()
	return w.do("POST", "/v1.0/users/"+w.mustUser(login+"@"+Domain).ID+"/authentication/temporaryAccessPassMethods", w.token(w.Writer()), body)
}

func TestAPassIsShownOnce(t *testing.T) {
	w := newWorld(t)
	got := w.pass("aiko.sato", `{"lifetimeInMinutes":120,"isUsableOnce":true}`)
	code, _ := got.at("temporaryAccessPass").(string)
	if got.status != 201 || len(code) != 8 || got.at("lifetimeInMinutes") != 120.0 || got.at("isUsableOnce") != true ||
		got.at("isUsable") != true || got.at("methodUsabilityReason") != "EnabledByPolicy" || got.at("startDateTime") != "2026-11-20T12:00:00Z" {
		t.Fatalf("got %d %s", got.status, got.text)
	}
	base := "/v1.0/users/aiko.sato@contoso.com/authentication/"
	for _, path := range []string{"temporaryAccessPassMethods", "temporaryAccessPassMethods/" + got.at("id").(string), "methods"} {
		if again := w.get(base + path); again.status != 200 || strings.Contains(again.text, code) || !strings.Contains(again.text, got.at("id").(string)) {
			t.Errorf("%s: got %d %s", path, again.status, again.text)
		}
	}
	for _, r := range w.Log() {
		if strings.Contains(fmt.Sprint(r), code) {
			t.Errorf("the log has the pass: %+v", r)
		}
	}
}

// TestOnePassIsValid: a new one takes the place of the one that there was.
func TestOnePassIsValid(t *testing.T) {
	w := newWorld(t)
	first, second := w.pass("aiko.sato", `{}`).at("id").(string), w.pass("aiko.sato", `{}`).at("id").(string)
	path := "/v1.0/users/aiko.sato@contoso.com/authentication/temporaryAccessPassMethods"
	if got := w.get(path); len(got.values()) != 1 || got.at("value/0/id") != second {
		t.Errorf("got %s", got.text)
	}
	for id, want := range map[string]int{first: 404, second: 204} {
		if got := w.do("DELETE", path+"/"+id, w.token(w.Writer()), ""); got.status != want {
			t.Errorf("%s: got %d %s", id, got.status, got.text)
		}
	}
	if got := w.get(path); len(got.values()) != 0 {
		t.Errorf("then: got %s", got.text)
	}
}

func TestPassesAreRefused(t *testing.T) {
	usual := usualPassPolicy
	disabled, once, few := usual, usual, usual
	disabled.Disabled, once.OnlyOnce, few.Group = true, true, AdminsGroup
	const policy = "Unable to add Temporary Access Pass. - Converged UserCredentialPolicy does not allow creating or updating this authentication method. AuthMethodType [TemporaryAccessPass]."
	for _, test := range []struct {
		claim, login, body string
		policy             PassPolicy
		status             int
		message            string // its beginning
	}{
		{"as the tenant gives it", "aiko.sato", `{}`, usual, 201, ""},
		{"too short", "aiko.sato", `{"lifetimeInMinutes":59}`, usual, 400, "Invalid LifetimeInMinutes specified. The valid range between 60 and 480."},
		{"too long", "aiko.sato", `{"lifetimeInMinutes":481}`, usual, 400, "Invalid LifetimeInMinutes specified. The valid range between 60 and 480."},
		{"the longest", "aiko.sato", `{"lifetimeInMinutes":480}`, usual, 201, ""},
		{"passes are off", "aiko.sato", `{}`, disabled, 400, policy},
		{"not for this one", "aiko.sato", `{}`, few, 400, policy},
		{"for this one", "mei.tanaka", `{}`, few, 201, ""},
		{"for all but this one", "thabo.nkosi", `{}`, usual, 400, policy},
		{"several times where once is the rule", "aiko.sato", `{"isUsableOnce":false}`, once, 400, "Invalid IsUsableOnce"},
		{"once where that is the rule", "aiko.sato", `{}`, once, 201, ""},
		{"in the past", "aiko.sato", `{"startDateTime":"2026-11-20T11:00:00Z"}`, usual, 400, "Invalid StartDateTime"},
		{"what is not documented", "aiko.sato", `{"lifetime":60}`, usual, 400, "Unable to read JSON"},
		{"no JSON", "aiko.sato", `lifetimeInMinutes=60`, usual, 400, "Write requests"},
	} {
		w := newWorld(t)
		w.SetPassPolicy(test.policy)
		got := w.pass(test.login, test.body)
		if message, _ := got.at("error/message").(string); got.status != test.status || !strings.HasPrefix(message, test.message) {
			t.Errorf("%s: got %d %s", test.claim, got.status, got.text)
		}
	}
	w := newWorld(t)
	guest := strings.ReplaceAll("rosa.bianchi_fabrikam.com%23EXT%23@"+initialDomain, "@", "%40")
	if got := w.do("POST", "/v1.0/users/"+guest+"/authentication/temporaryAccessPassMethods", w.token(w.Writer()), "{}"); got.status != 400 {
		t.Errorf("a guest: got %d %s", got.status, got.text)
	}
}

func TestAPassEnds(t *testing.T) {
	w := newWorld(t)
	later := w.pass("aiko.sato", `{"startDateTime":"2026-11-20T13:00:00Z"}`)
	if later.at("methodUsabilityReason") != "NotYetValid" {
		t.Errorf("before it begins: got %s", later.text)
	}
	path := "/v1.0/users/aiko.sato@contoso.com/authentication/temporaryAccessPassMethods/" + later.at("id").(string)
	for after, want := range map[time.Duration]string{time.Hour: "EnabledByPolicy", 2 * time.Hour: "Expired"} {
		w.SetClock(noon.Add(after))
		if got := w.get(path); got.at("methodUsabilityReason") != want || got.at("isUsable") != (want == "EnabledByPolicy") {
			t.Errorf("after %v: got %s", after, got.text)
		}
	}
}

func TestThePolicyForPasses(t *testing.T) {
	w := newWorld(t)
	w.SetPassPolicy(PassPolicy{Min: 10 * time.Minute, Max: 4 * time.Hour, Default: 30 * time.Minute, OnlyOnce: true, Length: 12, Group: AdminsGroup, Except: NoPassGroup})
	got := w.get("/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass")
	for path, want := range map[string]any{
		"state": "enabled", "minimumLifetimeInMinutes": 10.0, "maximumLifetimeInMinutes": 240.0, "defaultLifetimeInMinutes": 30.0,
		"isUsableOnce": true, "defaultLength": 12.0, "includeTargets/0/id": w.GroupID(AdminsGroup), "excludeTargets/0/id": w.GroupID(NoPassGroup),
	} {
		if got.at(path) != want {
			t.Errorf("%s: got %v, want %v", path, got.at(path), want)
		}
	}
}
