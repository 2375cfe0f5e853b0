package mfahelp_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile(`\b([a-z]+)\.(Test[A-Za-z0-9]+)(?:/([a-z][a-z, ]+[a-z]))?`)
	namedPlay = regexp.MustCompile(`\b([a-z-]+)\.txt\b`)
	aTest     = regexp.MustCompile(`(?m)^package (\w+?)(?:_test)?$|^func (Test\w+)\(`)
)

// TestThreatsAreShown holds docs/threats.md to the tests and conversations that it
// names: a claim whose test is gone is none.
func TestThreatsAreShown(t *testing.T) {
	page, err := os.ReadFile("docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	there, text := testsHere(t)
	named := namedTest.FindAllStringSubmatch(string(page), -1)
	if len(named) < 40 {
		t.Fatalf("found %d tests in the page", len(named))
	}
	for _, n := range named {
		if !there[n[1]+"."+n[2]] {
			t.Errorf("there is no %s in package %s", n[2], n[1])
		}
		if sub := n[3]; sub != "" && !strings.Contains(text, `"`+sub+`"`) {
			t.Errorf("%s.%s has no %q", n[1], n[2], sub)
		}
	}
	for _, n := range namedPlay.FindAllStringSubmatch(string(page), -1) {
		if _, err := os.Stat(filepath.Join("bot/bottest/dialogues", n[0])); err != nil {
			t.Errorf("there is no conversation %s", n[0])
		}
	}
}

// testsHere are all tests, each by its package, and the text of their files.
func testsHere(t *testing.T) (there map[string]bool, all string) {
	there = map[string]bool{}
	for _, pattern := range []string{"*/*_test.go", "*/*/*_test.go", "*/*/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all += string(src)
			name := ""
			for _, m := range aTest.FindAllStringSubmatch(string(src), -1) {
				if m[1] != "" && name == "" {
					name = m[1]
				}
				if m[2] != "" {
					there[name+"."+m[2]] = true
					there[filepath.Base(filepath.Dir(file))+"."+m[2]] = true // such as cards, whose package is main
				}
			}
		}
	}
	return there, all
}
