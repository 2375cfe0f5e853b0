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
	// Request Id: 3ab74a2b-632d-45ab-8823-8e1a53a80a00
	// Correlation Id: 16fb67a7-f012-4a54-afe4-ceda69587e2f
	// Timestamp: 2026-11-20T08:15:00Z
	// In the log: true
}
