package teams_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"mfahelp/bot/teams"
	"mfahelp/bot/teams/teamstest"
	"mfahelp/words"
)

// microsoftCode is where scripts/setup puts Microsoft's own code for Teams.
var microsoftCode = cmp.Or(os.Getenv("MFAHELP_TEAMS_JS"), "../../.cache/teams/node_modules")

// TestMicrosoftOnFake has Microsoft's own client and its own check of tokens
// judge our fake: what they can do with Teams they can do with it, it refuses
// what they expect to be refused, and its tokens are good to them, and its bad
// ones bad. Were a rule of the fake forgotten, just this test would notice.
func TestMicrosoftOnFake(t *testing.T) {
	for _, test := range []struct {
		name  string
		lax   teamstest.Lax
		wrong []string
	}{
		{"as it is", teamstest.Lax{}, nil},
		{"without bearers", teamstest.Lax{Bearer: true}, []string{"a token that nobody gave out", "no token"}},
		{"without endorsements", teamstest.Lax{Endorsements: true}, []string{"token: by a key for another channel"}},
		{"without sizes", teamstest.Lax{Sizes: true}, []string{"a card that is too large", "a message that is too large"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := microsoftOn(t, test.lax)
			maps.DeleteFunc(got, func(_, said string) bool { return said == "" })
			if !slices.Equal(slices.Sorted(maps.Keys(got)), test.wrong) {
				t.Errorf("Microsoft's code finds wrong %q; want %q", got, test.wrong)
			}
		})
	}
}

// microsoftOn returns what Microsoft's code says of each thing that it tries on
// a fake; "" is as it must be.
func microsoftOn(t *testing.T, lax teamstest.Lax) (said map[string]string) {
	t.Helper()
	node := microsoft(t)
	fake, err := teamstest.New(teamstest.Options{Lax: lax})
	if err != nil {
		t.Fatal(err)
	}
	defer fake.Close()
	ada, bob := fake.Add(teamstest.Person{Name: "Ada", Installed: true}), fake.Add(teamstest.Person{Name: "Bob", Installed: true})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, fake.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	tries, err := json.Marshal(map[string]any{
		"app": fake.App, "secret": fake.Secret, "tenant": fake.Tenant, "scope": teamstest.Issuer + "/.default",
		"login": fake.URL + "/" + fake.Tenant + "/oauth2/v2.0/token", "service": fake.Service, "metadata": fake.Metadata(),
		"person": ada.ID, "chat": fake.Chat(ada).ID, "channel": fake.AddRoom("channel", "Helpdesk", ada, bob).ID,
		"group":   fake.AddRoom("groupChat", "Lunch", ada, bob).ID,
		"members": []string{ada.ID, bob.ID}, "tokens": tokensFor(t, fake),
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "testdata/microsoft.js")
	cmd.Env = append(os.Environ(), "NODE_PATH="+microsoftCode, "NODE_EXTRA_CA_CERTS="+ca)
	cmd.Stdin = bytes.NewReader(tries)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if len(said) < 25 {
		t.Fatalf("Microsoft's code tried only %d things: %q", len(said), said)
	}
	return said
}

// A judged is a token, and what it is.
type judged struct {
	Token string `json:"token"`
	Good  bool   `json:"good"`
}

// tokensFor are a good token and those that are not, each in one way.
func tokensFor(t *testing.T, fake *teamstest.Fake) map[string]judged {
	t.Helper()
	claim := func(name string, v any) judged {
		return judged{Token: fake.Token(teamstest.Forgery{Claims: func(c jwt.MapClaims) { c[name] = v }})}
	}
	now := time.Now()
	all := map[string]judged{
		"good": {fake.Token(teamstest.Forgery{}), true}, "none": {}, "expired": claim("exp", now.Add(-time.Hour).Unix()),
		"of the future": claim("nbf", now.Add(time.Hour).Unix()), "for another bot": claim("aud", fake.Tenant),
		"of another issuer": claim("iss", "https://sts.windows.net/"+fake.Tenant+"/"), "from elsewhere": claim("serviceurl", "https://example.com/"),
		"unsigned":      {Token: fake.Token(teamstest.Forgery{Method: jwt.SigningMethodNone, Key: jwt.UnsafeAllowNoneSignatureType})},
		"key confusion": {Token: fake.Token(teamstest.Forgery{Method: jwt.SigningMethodHS256, Key: fake.PublicKey().N.Bytes()})},
		"by no key of theirs": {Token: fake.Token(teamstest.Forgery{
			Header: func(h map[string]any) { h["kid"] = "nobody's" },
		})},
	}
	if err := fake.AddKey("webchat"); err != nil {
		t.Fatal(err)
	}
	all["by a key for another channel"] = judged{Token: fake.Token(teamstest.Forgery{})}
	if err := fake.AddKey("msteams"); err != nil {
		t.Fatal(err)
	}
	all["by a new key"] = judged{fake.Token(teamstest.Forgery{}), true}
	return all
}

// microsoft returns the program that runs Microsoft's code. Without it the test
// is skipped, and with CI=true it fails.
func microsoft(t *testing.T) (node string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(microsoftCode, "@microsoft/app-manifest"))
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Microsoft's code for Teams cannot be run: %v", err)
		}
		t.Skip("Microsoft's code for Teams is not here; scripts/setup fetches it")
	}
	return node
}

// TestManifestBySchema holds the manifests, of every version that a package can
// be made for, to the schemas that Microsoft publishes; and shows these some that
// are wrong, so that their silence means something.
func TestManifestBySchema(t *testing.T) {
	node := microsoft(t)
	const app = "7c1e0d4a-5b92-4f3e-8d67-2a9c6e1f0b85"
	manifests := map[string]map[string]any{}
	for _, schema := range []string{"1.17", "1.19", "1.25", "1.29", "1.30"} {
		for name, change := range map[string]func(m map[string]any){
			"as it is":            func(map[string]any) {},
			"without its bot":     func(m map[string]any) { m["bots"] = []any{map[string]any{"botId": app}} },
			"with a long name":    func(m map[string]any) { m["name"] = map[string]any{"short": strings.Repeat("x", 31), "full": "x"} },
			"with an unknown key": func(m map[string]any) { m["bot"] = "x" },
		} {
			var b bytes.Buffer
			if err := (teams.Manifest{App: app, Schema: schema, Site: "https://mfahelp.contoso.com", Words: &words.Printer{}}).Package(&b); err != nil {
				t.Fatal(err)
			}
			z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
			if err != nil {
				t.Fatal(err)
			}
			f, err := z.Open("manifest.json")
			if err != nil {
				t.Fatal(err)
			}
			var m map[string]any
			if err := json.NewDecoder(f).Decode(&m); err != nil {
				t.Fatal(err)
			}
			change(m)
			manifests[schema+" "+name] = m
		}
	}
	in, err := json.Marshal(manifests)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "testdata/manifest.js")
	cmd.Env = append(os.Environ(), "NODE_PATH="+microsoftCode)
	cmd.Stdin = bytes.NewReader(in)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	var wrong map[string][]string
	if err := json.Unmarshal(out.Bytes(), &wrong); err != nil || len(wrong) != len(manifests) {
		t.Fatalf("%d manifests are judged, %v: %s", len(wrong), err, out.String())
	}
	for name, said := range wrong {
		if good := strings.HasSuffix(name, "as it is"); good != (len(said) == 0) {
			t.Errorf("%s: Microsoft's schema says %q", name, said)
		}
	}
}
