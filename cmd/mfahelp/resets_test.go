package main

import (
	"testing"

	"mfahelp/config"
)

// TestResetPolicy: what the file says of the default method reaches the flow, and
// another answer is another policy.
func TestResetPolicy(t *testing.T) {
	cfg := config.Config{Resets: config.DefaultResets()}
	was := resetPolicy(cfg)
	cfg.Resets.ChangeDefault = true
	if is := resetPolicy(cfg); was.ChangeDefault || !is.ChangeDefault || was.Version() == is.Version() {
		t.Errorf("got %v and %v, versions %s and %s", was.ChangeDefault, is.ChangeDefault, was.Version(), is.Version())
	}
}
