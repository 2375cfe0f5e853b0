package main

import "testing"

// TestPart: the page tells which part of a matter was sent, and no date or key.
func TestPart(t *testing.T) {
	for post, want := range map[string]string{
		"case/DGSA-HFVG/card":          "card",
		"case/DGSA-HFVG/news/12":       "news",
		"audit/head/2026-11-29":        "head",
		"whisper/web/aiko/aa11bb22/no": "no",
		"sorry":                        "sorry",
	} {
		if got := part(post); got != want {
			t.Errorf("part(%q) = %q, want %q", post, got, want)
		}
	}
}
