package bot_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
)

// TestEverythingIsKept stores a message with all there is and reads it again. A
// block that the codec forgets does not survive.
func TestEverythingIsKept(t *testing.T) {
	want := bottest.Everything()
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got bot.Message
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stored and read again (-want +got):\n%s", diff)
	}
}

func TestEventsAreKept(t *testing.T) {
	for _, did := range []bot.Act{
		bot.Said{Text: "500121", Files: []bot.File{{Ref: "F1", Name: "screen.png", MediaType: "image/png", Size: 9}}},
		bot.Pressed{Key: "k", Fields: map[string]string{"a": "b"}},
		bot.Commanded{Name: "mfa-help", Text: "status", Quote: "q"},
		bot.Marked{As: bot.Done},
		bot.OpenedHome{},
		bot.Ended{Link: "l"},
		bot.SignedIn{Link: "l", At: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), Methods: []string{"mfa"}, Digest: "d"},
	} {
		want := bot.Event{
			ID: "e", At: time.Date(2026, 11, 20, 8, 14, 58, 0, time.UTC), Did: did,
			From:  bot.Person{Platform: "web", ID: "ava", Name: "Ava", Identity: bot.Identity{Tenant: "t", ObjectID: "o", Email: "ava@contoso.com"}},
			In:    bot.Place{Platform: "web", ID: "dm", Thread: "1", Private: true, Audience: bot.Direct, Reader: "ava"},
			Reply: bot.Reply{Platform: "web", Token: "t", Until: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)},
		}
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got bot.Event
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T stored and read again (-want +got):\n%s", did, diff)
		}
	}
}

func TestUnknownMembersAreRefused(t *testing.T) {
	var m bot.Message
	if err := json.Unmarshal([]byte(`{"title":"t","body":[{"is":"divider","v":{}}]}`), &m); err == nil {
		t.Error("read a block that does not exist")
	}
	var e bot.Event
	if err := json.Unmarshal([]byte(`{"Did":{"is":"danced","v":{}}}`), &e); err == nil {
		t.Error("read an act that does not exist")
	}
}
