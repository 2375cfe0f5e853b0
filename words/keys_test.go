package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestKeys holds the code and the sentences to each other: what the code names
// is there, and what is there is named. A literal that ends in a dot is the
// beginning of keys that the code puts together.
func TestKeys(t *testing.T) {
	subjects := map[string]bool{} // such as "help", so that other dotted words are left alone
	for key := range sentences["en"] {
		subject, _, _ := strings.Cut(key, ".")
		subjects[subject] = true
	}
	named, beginnings := map[string]string{}, []string{"web."} // its script names some of its own
	for _, l := range literals(t, os.DirFS("..")) {
		subject, rest, dotted := strings.Cut(l.text, ".")
		switch {
		case !dotted || !subjects[subject] || strings.ContainsAny(l.text, " /{}"):
		case strings.HasSuffix(l.text, "."):
			beginnings = append(beginnings, l.text)
		case rest != "":
			named[l.text] = l.file
		}
	}
	for key := range sentences["en"] {
		begun := slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(key, b) })
		if named[key] == "" && named[stem(key)] == "" && !begun {
			t.Errorf("nothing says %s", key)
		}
	}
	for key, file := range named {
		if said(key) && !Has(key) && !Has(key+".title") {
			t.Errorf("%s names %s, for which there is no sentence", file, key)
		}
	}
}

// stem is key without the part that the code adds to what it was given.
func stem(key string) string {
	for _, part := range []string{".title", ".body", ".bare", ".admin", ".begun"} {
		if s, ok := strings.CutSuffix(key, part); ok {
			return s
		}
	}
	return key
}

// said tells keys of sentences from verbs, which look alike: a verb is two
// words, and a key of two words is a label that a verb may share.
func said(key string) bool { return strings.Count(key, ".") > 1 }

type literal struct{ file, text string }

// literals are the strings in the code that is not for tests.
func literals(t *testing.T, tree fs.FS) (all []literal) {
	err := fs.WalkDir(tree, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (strings.HasPrefix(d.Name(), ".") && file != "." || d.Name() == "testdata" || d.Name() == "node_modules") {
			if d != nil && d.IsDir() && err == nil {
				return fs.SkipDir
			}
			return err
		}
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, src, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if b, ok := n.(*ast.BasicLit); ok && b.Kind == token.STRING {
				text, _ := strconv.Unquote(b.Value) // the parser has checked it
				all = append(all, literal{file, text})
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
