package main

import (
	"slices"
	"testing"

	"mfahelp/bot/web"
	"mfahelp/graph/sandbox"
	"mfahelp/words"
)

// TestSamplesHaveTheirShelves finds a failure that is listed under no heading, and
// a heading of failures that are gone.
func TestSamplesHaveTheirShelves(t *testing.T) {
	tenant, err := sandbox.New(sandbox.Options{Dir: keyedDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	all := tenant.Scenarios()
	for _, s := range all {
		if !words.Has("demo.group." + shelves[s.Name]) {
			t.Errorf("%s is listed nowhere", s.Name)
		}
	}
	for name := range shelves {
		if !slices.ContainsFunc(all, func(s sandbox.Scenario) bool { return s.Name == name }) {
			t.Errorf("there is no %s any more", name)
		}
	}
}

// TestSamplesHaveTheirPeople looks whether whoever a failure happens to can be
// chosen on the page, a guest as well, and is one person.
func TestSamplesHaveTheirPeople(t *testing.T) {
	tenant, err := sandbox.New(sandbox.Options{Dir: keyedDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	page := demoPage(tenant)
	for _, s := range page.Samples {
		if !slices.ContainsFunc(page.People, func(p web.Person) bool { return p.ID == s.Person }) {
			t.Errorf("%s happens to %q, who cannot be chosen", s.Name, s.Person)
		}
	}
	seen := map[string]string{}
	for _, p := range page.People {
		if p.ID == "" || seen[p.ID] != "" {
			t.Errorf("%s and %s are both %q", seen[p.ID], p.Name, p.ID)
		}
		seen[p.ID] = p.Name
	}
}
