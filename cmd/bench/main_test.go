package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun writes down what was measured, met or missed, and takes offence only
// at what was not measured.
func TestRun(t *testing.T) {
	var in, without strings.Builder
	for i, g := range goals {
		value := 1.5 // which meets most goals, and misses those that want a second, 100 MB/s, or 500 events/s
		line := fmt.Sprintf("%s-2 \t 100 \t 12 ns/op \t %v %s\n", g.from.benchmark, value, g.from.unit)
		in.WriteString(line)
		if i > 0 {
			without.WriteString(line)
		}
	}
	file := filepath.Join(t.TempDir(), "bench.json")
	var out strings.Builder
	if err := run(strings.NewReader("goos: linux\n"+in.String()+"PASS\n"), &out, file); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var figures []figure
	if err := json.Unmarshal(b, &figures); err != nil || len(figures) != len(goals) {
		t.Fatalf("%d figures, %v, in %s", len(figures), err, b)
	}
	for i, f := range figures {
		g := goals[i]
		switch {
		case f.Name != g.name || f.Value != 1.5 || f.Unit != g.unit || (f.Goal == nil) != g.none || (f.Met == nil) != g.none:
			t.Errorf("got %+v, want %+v", f, g)
		case f.Met != nil && *f.Met != (g.unit != "s" && !g.least):
			t.Errorf("%s is met: %v", f.Name, *f.Met)
		}
	}
	if strings.Count(out.String(), " missed") != 4 {
		t.Errorf("it says\n%s", out.String())
	}
	if err := run(strings.NewReader(without.String()), &out, file); err == nil || !strings.Contains(err.Error(), goals[0].name) {
		t.Errorf("what is missing: %v", err)
	}
}
