package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mfahelp/config"
)

// TestDoctorsStore has the doctor tell before the first start whether that can
// make a store, and leave nothing behind.
func TestDoctorsStore(t *testing.T) {
	dir := t.TempDir()
	for folder, want := range map[string]string{dir: verdictOK, filepath.Join(dir, "none"): verdictMissing} {
		found := storeCheck{config.Config{Store: config.Store{URL: "sqlite:" + filepath.Join(folder, "mfahelp.db")}}}.Check(t.Context())
		if len(found) != 1 || found[0].Verdict != want || strings.HasPrefix(found[0].What, "doctor.") || want == verdictMissing && !strings.Contains(found[0].Said, "no such file") {
			t.Errorf("%s: found %+v", folder, found)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}
