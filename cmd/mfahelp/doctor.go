package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mfahelp/config"
	"mfahelp/store"
)

// doctorCmd tries all that a configuration needs.
type doctorCmd struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"The configuration."`
	JSON   bool   `name:"json" help:"Print it for a program."`

	SlackManifest string `type:"path" placeholder:"FILE" help:"What stands under App Manifest on the app's page in Slack, to hold each setting to it."`
}

// Help says what is tried, and what the exit code means.
func (doctorCmd) Help() string {
	return `Each permission, licence, policy and setting that the configuration needs is tried, on an account that does not exist, so that nothing is changed and nobody is told. For the mailbox, a mail to nobody is tried, which is refused: from the one that is configured, and from that of an admin, which must not be allowed. In Slack and Teams nothing is said. What is missing is named, with what to do about it.

Each line begins with what it came to:

  ok       it was tried, and works
  unwise   it works, and could be better
  missing  it does not work
  unknown  no answer came that would tell
  look     no program can tell: it says where to look

It ends with 0 if all is there, with 1 if something is missing or unknown, and with 2 if the command line makes no sense.

Examples:

  mfahelp doctor --config mfahelp.yaml
  mfahelp doctor --config mfahelp.yaml --json
  mfahelp doctor --config mfahelp.yaml --slack-manifest app.json`
}

// A finding is one thing that the configuration needs, and whether it is there.
type finding struct {
	Area    string `json:"area"`            // such as "reader"
	Check   string `json:"check,omitempty"` // which of what is tried, such as "sign-in-log"
	Of      string `json:"of,omitempty"`    // of what, such as a group; "" if there is one of the kind
	What    string `json:"what"`            // both, in words
	Needs   string `json:"needs,omitempty"` // the permission, licence or setting
	Verdict string `json:"verdict"`
	Said    string `json:"said,omitempty"` // what was answered
	Do      string `json:"do,omitempty"`
	See     string `json:"see,omitempty"` // a section of our own documents
}

// What a finding comes to. What could not be told is no good news.
const (
	verdictOK      = "ok"
	verdictUnwise  = "unwise" // it works, and could be better
	verdictMissing = "missing"
	verdictUnknown = "unknown"
	verdictLook    = "look" // only a person can see it
)

// bad reports whether a configuration is not to be run with it.
func (f finding) bad() bool { return f.Verdict == verdictMissing || f.Verdict == verdictUnknown }

// say is a sentence of the doctor's.
func say(key string, args ...any) string { return printer("").Say("doctor."+key, args...) }

// A checkup is what can be tried of one room. Its name is also a key of words.
type checkup interface {
	Name() string
	Check(ctx context.Context) []finding
}

// patienceOfDoctor is how long all of it may take.
const patienceOfDoctor = 3 * time.Minute

// Run tries everything, and fails if anything is not as it must be.
func (c *doctorCmd) Run(ctx context.Context, std streams) error {
	ctx, cancel := context.WithTimeout(ctx, patienceOfDoctor)
	defer cancel()
	cfg, err := config.Load(c.Config, nil)
	all := []checkup{mistakes{err}}
	if err == nil {
		all = c.checkups(cfg, time.Now)
	}
	found := examine(ctx, all)
	if c.JSON {
		e := json.NewEncoder(std.out)
		e.SetIndent("", "  ")
		err = e.Encode(found)
	} else {
		err = printFindings(std.out, found)
	}
	if err != nil {
		return err
	}
	bad := 0
	for _, f := range found {
		if f.bad() {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d things are not as they must be", bad, len(found))
	}
	return nil
}

// checkups are those that a configuration calls for.
func (c *doctorCmd) checkups(cfg config.Config, now func() time.Time) []checkup {
	all := []checkup{configCheck{cfg}, storeCheck{cfg}, readerCheck{cfg}}
	if cfg.Resets.On {
		all = append(all, writerCheck{cfg}, signInCheck{cfg, now})
	}
	if cfg.Slack.On {
		all = append(all, slackCheck{cfg, c.SlackManifest})
	}
	if cfg.Teams.On {
		all = append(all, teamsCheck{cfg})
	}
	return all
}

func examine(ctx context.Context, all []checkup) (found []finding) {
	for _, c := range all {
		for _, f := range c.Check(ctx) {
			f.Area = c.Name()
			if f.What == "" {
				f.What = say("check."+f.Check, f.Of)
			}
			found = append(found, f)
		}
	}
	return found
}

// printFindings writes them for people, and how many came to what.
func printFindings(w io.Writer, found []finding) error {
	var out sheet
	area := ""
	count := map[string]int{}
	for _, f := range found {
		if f.Area != area {
			area = f.Area
			out.heading(say("area." + area))
		}
		count[f.Verdict]++
		out.line(fmt.Sprintf("  %-8s ", f.Verdict), f.What)
		if f.Verdict == verdictOK {
			continue
		}
		const under = "           "
		for _, text := range []string{needing(f.Needs), f.Said, f.Do, seeing(f.See)} {
			if text != "" {
				out.line(under, text)
			}
		}
	}
	out.b.WriteString("\n" + say("summary", count[verdictOK], count[verdictUnwise], count[verdictLook], count[verdictMissing], count[verdictUnknown]) + "\n")
	_, err := io.WriteString(w, out.b.String())
	return err
}

func needing(what string) string {
	if what == "" {
		return ""
	}
	return say("needs", what)
}

func seeing(section string) string {
	if section == "" {
		return ""
	}
	return say("see", section)
}

// tried makes a finding of a try.
func tried(check, needs string, err error) finding {
	if err != nil {
		return finding{Check: check, Needs: needs, Verdict: verdictMissing, Said: err.Error()}
	}
	return finding{Check: check, Needs: needs, Verdict: verdictOK}
}

// mistakes are what is wrong in a file that cannot be used, so that nothing else
// is tried.
type mistakes struct{ err error }

func (mistakes) Name() string { return "configuration" }

func (m mistakes) Check(context.Context) (found []finding) {
	all := []error{m.err}
	if joined, ok := m.err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, err := range all {
		found = append(found, finding{Check: "file", Verdict: verdictMissing, Said: err.Error(), See: "config/example.yaml"})
	}
	return found
}

// configCheck says what config allows and does not like.
type configCheck struct{ cfg config.Config }

func (configCheck) Name() string { return "configuration" }

func (c configCheck) Check(context.Context) []finding {
	found := []finding{{Check: "file", Verdict: verdictOK}}
	for _, w := range c.cfg.Warnings {
		found = append(found, finding{Check: "setting", Verdict: verdictUnwise, Said: w})
	}
	if !c.cfg.Resets.On {
		found = append(found, finding{Check: "no-resets", Verdict: verdictOK})
	}
	if cloud := c.cfg.Tenant.Cloud; cloud != config.Global && cloud != config.Custom {
		found = append(found, finding{Check: "cloud", Of: string(cloud), Verdict: verdictUnwise, Do: say("do.cloud"), See: sectionClouds})
	}
	if c.cfg.Resets.On && c.cfg.Tenant.Cloud == config.China {
		found = append(found, finding{Check: "china", Verdict: verdictMissing, Do: say("do.china"), See: sectionClouds})
	}
	return found
}

// storeCheck opens the store, if there is one: it makes none.
type storeCheck struct{ cfg config.Config }

func (storeCheck) Name() string { return "store" }

func (c storeCheck) Check(ctx context.Context) []finding {
	if file, ok := strings.CutPrefix(c.cfg.Store.URL, "sqlite:"); ok {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return []finding{roomFor(file)}
		}
	}
	s, err := openExisting(ctx, c.cfg)
	if err == nil {
		err = errors.Join(s.Ping(ctx), s.Close())
	}
	return []finding{tried("store", "store.url", err)}
}

// openExisting opens the store of a configuration, and makes none.
func openExisting(ctx context.Context, cfg config.Config) (*store.Store, error) {
	return store.Open(ctx, store.Options{URL: cfg.Store.URL, AuditKey: cfg.Audit.Key, FormerAuditKeys: cfg.Audit.Former, Existing: true})
}

// roomFor tells whether the first start can make a store: it does not make the
// folder.
func roomFor(file string) finding {
	f, err := os.CreateTemp(filepath.Dir(file), ".mfahelp-*")
	if err != nil {
		return tried("store-folder", "store.url", err)
	}
	return tried("store-new", "store.url", errors.Join(f.Close(), os.Remove(f.Name())))
}
