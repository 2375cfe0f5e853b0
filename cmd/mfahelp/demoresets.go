package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mfahelp/config"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"
)

// demoResets is a policy as a small company would have it: not every admin who
// works on cases may approve.
func demoResets(writer sandbox.App, approvers string) config.Resets {
	r := config.DefaultResets()
	r.On = true
	r.Writer = config.Writer{ClientID: writer.ID, Credential: config.Credential{Secret: secret.New(writer.Secret)}}
	r.Approvers = []config.Approvers{
		{For: []string{"method", "pass"}, Groups: []string{approvers}, Count: 1},
		{For: []string{"all-methods"}, Groups: []string{approvers}, Count: 2},
	}
	r.Proofs = config.Proofs{Subject: []string{"manager"}, Colleague: []string{"manager"}, Admin: []string{"callback"}}
	r.Mailbox = sandbox.Mailbox
	return r
}

// auditKeyFile has the key of the audit trail, in a folder of pretence.
const auditKeyFile = "audit.key"

// demoKey is the key of the audit trail, made once for a folder: what is kept
// in it can be read again with the same one only.
func demoKey(dir string) (secret.Text, error) {
	path := filepath.Join(dir, auditKeyFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(rand.Text() + rand.Text())
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		return secret.Text{}, fmt.Errorf("keeping the demo's key: %w", err)
	}
	return secret.New(string(b)), nil
}
