package main

import (
	"testing"

	"mfahelp/config"
)

// TestResetPolicy: what the file says of the default method, and of accounts that are
// one person's, reaches the flow, and another answer is another policy.
func TestResetPolicy(t *testing.T) {
	cfg := config.Config{Resets: config.DefaultResets()}
	was := resetPolicy(cfg)
	cfg.Resets.ChangeDefault = true
	is := resetPolicy(cfg)
	if was.ChangeDefault || !is.ChangeDefault || was.Version() == is.Version() {
		t.Errorf("got %v and %v, versions %s and %s", was.ChangeDefault, is.ChangeDefault, was.Version(), is.Version())
	}
	cfg.Resets.SamePerson = [][]string{{"a", "b"}}
	if p := resetPolicy(cfg); len(p.Same) != 1 || p.Version() == is.Version() {
		t.Errorf("got %v, version %s", p.Same, p.Version())
	}
}
