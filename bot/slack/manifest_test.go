package slack

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	source "go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"mfahelp/bot/bottest"
)

func TestManifest(t *testing.T) {
	w := printer(t)
	for name, o := range map[string]ManifestOptions{
		"manifest-socket.json": {Say: w.Say},
		"manifest-http.json":   {Say: w.Say, Name: "MFA help", URL: "https://help.contoso.com/slack/events", Without: true},
	} {
		b, err := Manifest(o)
		if err != nil {
			t.Fatal(err)
		}
		bottest.Golden(t, name, json.RawMessage(b))
		knownToTheSDK(t, b)
	}
	for _, s := range Scopes {
		w.Say(s.For) // fails the test if there is no such sentence
	}
}

// knownToTheSDK holds each key of a manifest to what the SDK knows of them, which
// nobody here wrote. See https://docs.slack.dev/reference/app-manifest.
func knownToTheSDK(t *testing.T, manifest []byte) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(manifest))
	d.DisallowUnknownFields()
	var m slack.Manifest
	if err := d.Decode(&m); err != nil {
		t.Errorf("the SDK does not know this: %v", err)
	}
	if n := len(m.Display.Name); n == 0 || n > 35 {
		t.Errorf("the name has %d characters, of 35", n)
	}
	if n := len(m.Display.Description); n > 140 {
		t.Errorf("the description has %d characters, of 140", n)
	}
}

// TestLeastScopes names what the app must never ask for: what lets it read what
// people say to each other, or act as somebody.
func TestLeastScopes(t *testing.T) {
	for _, s := range Scopes {
		if slices.Contains([]string{"channels:history", "mpim:history", "chat:write.customize", "chat:write.public", "admin", "users:write", "channels:read"}, s.Name) {
			t.Errorf("the app asks for %s", s.Name)
		}
	}
}

// calls are the methods of the SDK that we call, each with the scopes that it
// takes of a bot. See https://docs.slack.dev/reference/methods.
var calls = map[string][]string{
	"AuthTestContext":               nil,
	"StartSocketModeContext":        nil, // it takes connections:write, of the app's token
	"GetUsersPaginated":             {"users:read"},
	"GetUserInfoContext":            {"users:read"},
	"GetUserByEmailContext":         {"users:read.email"},
	"GetUserProfileContext":         {"users.profile:read"},
	"GetTeamProfileContext":         {"users.profile:read"},
	"GetConversationInfoContext":    {"groups:read"}, // of the admins' channel, which is private
	"GetUsersInConversationContext": {"groups:read"}, // of the same
	"OpenConversationContext":       {"im:write"},
	"GetConversationHistoryContext": {"im:history", "groups:history"},
	"GetConversationRepliesContext": {"im:history", "groups:history"},
	"PostMessageContext":            {"chat:write"},
	"PostEphemeralContext":          {"chat:write"},
	"UpdateMessageContext":          {"chat:write"},
	"SendMessageContext":            nil, // to a response_url
	"OpenViewContext":               nil,
	"PushViewContext":               nil,
	"UpdateViewContext":             nil,
	"PublishViewContext":            nil,
	"UploadFileContext":             {"files:write"},
}

// TestScopesAreUsed: what we call and are told of takes the scopes that the
// manifest asks for, all of them, and no other.
func TestScopesAreUsed(t *testing.T) {
	used := map[string]bool{
		"commands":   true, // the slash command and the shortcut in the manifest
		"files:read": true, // the files of a message; see upload
	}
	called := ofTheSDK(t)
	for method, scopes := range calls {
		if !called[method] {
			t.Errorf("nothing calls %s", method)
		}
		for _, s := range scopes {
			used[s] = true
		}
	}
	for method := range called {
		if _, ok := calls[method]; !ok {
			t.Errorf("which scopes %s takes is not said", method)
		}
	}
	for _, s := range subscriptions {
		if s.scope != "" {
			used[s.scope] = true
		}
	}
	asked := map[string]bool{}
	for _, s := range Scopes {
		asked[s.Name] = true
	}
	if !maps.Equal(used, asked) {
		t.Errorf("used are %q, and asked for %q", slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(asked)))
	}
}

// ofTheSDK are the methods of its client that this package calls.
func ofTheSDK(t *testing.T) map[string]bool {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	called := map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(source.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, _ := n.(*ast.CallExpr)
			if call == nil {
				return true
			}
			if method, ok := call.Fun.(*ast.SelectorExpr); ok {
				if client, ok := method.X.(*ast.SelectorExpr); ok && client.Sel.Name == "api" {
					called[method.Sel.Name] = true
				}
			}
			return true
		})
	}
	return called
}
