package sandbox_test

import (
	"fmt"
	"log"
	"math/rand/v2"
	"time"

	"mfahelp/graph/sandbox"
)

// Somebody fails to sign in, and pastes what the page shows. The log takes two
// minutes to have it.
func Example() {
	t, err := sandbox.New(sandbox.Options{
		Now:  func() time.Time { return time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC) },
		Rand: rand.NewChaCha8([32]byte{}), // for the same ids each time
		Lag:  2 * time.Minute,
	})
	if err != nil {
		log.Fatal(err)
	}
	f, err := t.Fail("no-response")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.Text)
	t.Advance(2 * time.Minute)
	fmt.Println("In the log:", !f.Visible.After(t.Now()))
	// Output:
	// Error Code: 500121
	// Request Id: 6ce2c143-cfa2-47d5-8883-3fdbbd8e2a00
	// Correlation Id: 0827e462-f0b9-49eb-a66a-36679ff8ceaa
	// Timestamp: 2026-11-20T08:15:00Z
	// In the log: true
}
