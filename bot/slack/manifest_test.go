package slack

import (
	"encoding/json"
	"slices"
	"testing"

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
	}
	for _, s := range Scopes {
		w.Say(s.For) // fails the test if there is no such sentence
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
