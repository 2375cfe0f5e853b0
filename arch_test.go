package mfahelp_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// mayImport is the architecture: each package, written or still to be, and
// which of ours it may import. There are no others but those under cmd, which
// may import all that is not under cmd.
var mayImport = map[string][]string{
	".":                   {},
	"bot":                 {},
	"bot/slack":           {"bot", "words", "secret"},
	"bot/teams":           {"bot", "words", "secret"},
	"bot/web":             {"bot", "words", "secret"},
	"bot/page":            {"bot", "bot/web", "words", "secret"}, // our own page: a fresh strong sign-in with Entra, and one yes; its cards look like the web's
	"bot/web/webtest":     {"bot", "bot/bottest"},                // drives the page's HTTP API as a script would
	"bot/bottest":         {"bot", "words"},
	"bot/slack/slacktest": {"bot", "bot/bottest"}, // the fake of Slack, and its people in the dialogues
	"bot/teams/teamstest": {"bot", "bot/bottest"}, // the fake of Teams, and its people in the dialogues
	"graph":               {"secret"},             // a pass prints as [redacted] wherever it goes
	"graph/aadsts":        {},
	"graph/signins":       {"graph"}, // owns the report budget
	"graph/msgraph":       {"graph", "secret"},
	"graph/sandbox":       {"graph", "graph/aadsts"},
	"flows":               {"bot", "graph", "graph/aadsts", "flows/diagnose", "words"}, // a case holds a report, and the facts of its diagnosis
	"flows/diagnose":      {"graph", "graph/aadsts"},
	"flows/lookup":        {"bot", "flows", "graph", "graph/aadsts", "flows/diagnose", "words"}, // what help and escalate both ask Graph, and how both show it
	"flows/help":          {"bot", "flows", "graph", "graph/aadsts", "flows/diagnose", "flows/lookup", "words"},
	"flows/escalate":      {"bot", "flows", "graph", "graph/aadsts", "flows/diagnose", "flows/lookup", "words"},
	"flows/reset":         {"bot", "flows", "graph", "graph/aadsts", "flows/diagnose", "flows/lookup", "words"},
	"flows/flowstest":     {"bot", "flows", "graph", "secret"}, // a world in memory to try flows in, with a tenant that makes passes
	"flows/home":          {"bot", "flows", "words"},
	"store":               {"bot", "flows", "graph", "secret"},
	"config":              {"secret"},
	"secret":              {},
	"words":               {},
}

// inTests is what the tests of a package may import besides what it may itself.
var inTests = map[string][]string{
	"bot/slack":       {"bot/bottest", "bot/slack/slacktest"},
	"bot/teams":       {"bot/bottest", "bot/teams/teamstest"},
	"bot/web":         {"bot/bottest", "bot/web/webtest"},
	"bot/page":        {"bot/bottest"},
	"bot":             {"bot/bottest"},
	"graph/msgraph":   {"graph/sandbox"},
	"flows/flowstest": {"flows/help", "flows/escalate", "flows/reset", "flows/home", "flows/lookup", "words"}, // tries the flows together
}

// onlyIn names the modules of others that few packages keep to themselves, even
// from tests and cmd. The longest prefix that fits an import decides.
var onlyIn = map[string][]string{
	"github.com/slack-go/slack":                           {"bot/slack"},
	"github.com/microsoftgraph":                           {"graph/msgraph"},
	"github.com/microsoft/kiota":                          {"graph/msgraph"}, // kiota-abstractions-go and the like
	"github.com/Azure/azure-sdk-for-go":                   {"graph/msgraph"},
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity":    {"graph/msgraph", "bot/teams"},
	"github.com/coreos/go-oidc":                           {"bot/page"},
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy": {"graph/msgraph", "bot/teams"}, // what azidentity is asked with
}

func TestImports(t *testing.T) {
	bad, err := violations(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range bad {
		t.Error(v)
	}
}

// TestViolations breaks the rules, so that we know TestImports would tell.
func TestViolations(t *testing.T) {
	for _, test := range []struct{ file, imp, want string }{
		{"bot/slack/a.go", "github.com/slack-go/slack/socketmode", ""},
		{"bot/slack/a_test.go", "mfahelp/bot/bottest", ""},
		{"bot/slack/a_test.go", "mfahelp/bot/slack", ""},
		{"bot/slack/a_test.go", "mfahelp/words", ""},
		{"bot/teams/a.go", "github.com/Azure/azure-sdk-for-go/sdk/azidentity", ""},
		{"graph/msgraph/a.go", "github.com/microsoft/kiota-abstractions-go", ""},
		{"graph/msgraph/a.go", "github.com/Azure/azure-sdk-for-go/sdk/azcore", ""},
		{"cmd/mfahelp/a.go", "mfahelp/flows/help", ""},
		{"bot/slack/a.go", "mfahelp/flows/help", "bot/slack/a.go imports mfahelp/flows/help"},
		{"flows/help/a.go", "mfahelp/flows/reset", "flows/help/a.go imports mfahelp/flows/reset"},
		{"flows/help/a.go", "mfahelp/flows/home", "flows/help/a.go imports mfahelp/flows/home"},
		{"bot/slack/a.go", "mfahelp/bot/bottest", "bot/slack/a.go imports mfahelp/bot/bottest"},
		{"bot/slack/a_test.go", "mfahelp/flows", "bot/slack/a_test.go imports mfahelp/flows"},
		{"bot/teams/a_test.go", "mfahelp/bot/slack/slacktest", "bot/teams/a_test.go imports mfahelp/bot/slack/slacktest"},
		{"secret/a.go", "mfahelp/words", "secret/a.go imports mfahelp/words"},
		{"bot/teams/a.go", "github.com/Azure/azure-sdk-for-go/sdk/azcore", "bot/teams/a.go imports github.com/Azure/azure-sdk-for-go/sdk/azcore"},
		{"bot/teams/a_test.go", "github.com/microsoft/kiota-abstractions-go", "bot/teams/a_test.go imports github.com/microsoft/kiota-abstractions-go"},
		{"cmd/mfahelp/a.go", "github.com/Azure/azure-sdk-for-go/sdk/azidentity", "cmd/mfahelp/a.go imports github.com/Azure/azure-sdk-for-go/sdk/azidentity"},
		{"flows/a_test.go", "mfahelp/cmd/mfahelp", "flows/a_test.go imports mfahelp/cmd/mfahelp"},
		{"cmd/mfahelp/a.go", "github.com/slack-go/slack", "cmd/mfahelp/a.go imports github.com/slack-go/slack"},
		{"graph/a.go", "github.com/microsoftgraph/msgraph-sdk-go", "graph/a.go imports github.com/microsoftgraph/msgraph-sdk-go"},
		{"util/a.go", "fmt", "util/a.go is in no listed package"},
	} {
		src := "package p\nimport " + strconv.Quote(test.imp)
		bad, err := violations(fstest.MapFS{test.file: {Data: []byte(src)}})
		if got := strings.Join(bad, "\n"); err != nil || got != test.want {
			t.Errorf("%s importing %s: got %q, %v, want %q", test.file, test.imp, got, err, test.want)
		}
	}
}

// violations lists what in tree breaks the rules. It parses the files itself:
// the result of a test is cached until a file that the test opened changes, and
// what a child process such as go list opens does not count.
func violations(tree fs.FS) (bad []string, err error) {
	err = fs.WalkDir(tree, ".", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".go" || strings.Contains(file, "testdata/") {
			return err
		}
		src, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := path.Dir(file)
		allowed, listed := mayImport[dir]
		free := under(dir, "cmd")
		if !listed && !free {
			bad = append(bad, file+" is in no listed package")
		}
		if strings.HasSuffix(file, "_test.go") {
			allowed = slices.Concat(allowed, inTests[dir], []string{dir})
		}
		for _, spec := range f.Imports {
			imp, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
			to, ours := strings.CutPrefix(imp, "mfahelp/")
			homes, kept := homesOf(imp)
			if ours && (under(to, "cmd") || !free && !slices.Contains(allowed, to)) || kept && !slices.Contains(homes, dir) {
				bad = append(bad, file+" imports "+imp)
			}
		}
		return nil
	})
	return bad, err
}

// homesOf returns where imp may be imported, if that is not everywhere.
func homesOf(imp string) (homes []string, kept bool) {
	longest := ""
	for prefix := range onlyIn {
		if strings.HasPrefix(imp, prefix) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	homes, kept = onlyIn[longest]
	return homes, kept
}

// under reports whether p is dir or something in it.
func under(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }
