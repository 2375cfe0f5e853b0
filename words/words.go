// Package words holds every sentence that people read: a folder per language,
// in it a file per subject. Code names a sentence by its key; what is for
// operators, such as an error or a line in a log, stays in the code.
package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

//go:embed */*.json
var files embed.FS

// sentences are all we have, by language and key. Their gaps are numbered, as
// in "{1} asked {0}", because languages differ in the order.
var sentences = read(files)

var gap = regexp.MustCompile(`\{\d\}`)

// A Printer says things in somebody's language, or in English where we have no
// sentence in theirs.
type Printer struct {
	Locale  string           // such as "de-DE"; "" for English
	Missing func(key string) // told of what cannot be said in full: it fails a test, and is logged in cmd; may be nil
}

// Say returns the sentence for key with args in its gaps. If there is none it
// returns the key, so that a slip of ours never stops an answer.
func (p *Printer) Say(key string, args ...any) string {
	printed := make([]string, len(args))
	for i, a := range args {
		printed[i] = fmt.Sprint(a)
	}
	return strings.Join(Fill(p, key, func(s string) string { return s }, printed...), "")
}

// Fill is [Printer.Say] for sentences made of more than text: plain makes a
// piece of the words between the gaps, and args are the pieces in them.
func Fill[T any](p *Printer, key string, plain func(string) T, args ...T) (out []T) {
	s, at := p.sentence(key), 0
	for _, g := range gap.FindAllStringIndex(s, -1) {
		if at < g[0] {
			out = append(out, plain(s[at:g[0]]))
		}
		at = g[1]
		if i := int(s[g[0]+1] - '0'); i < len(args) {
			out = append(out, args[i])
		} else {
			p.miss(key)
		}
	}
	if at < len(s) {
		out = append(out, plain(s[at:]))
	}
	return out
}

// sentence looks for "de-DE", then "de", then English.
func (p *Printer) sentence(key string) string {
	language, _, _ := strings.Cut(p.Locale, "-")
	for _, l := range []string{p.Locale, language, "en"} {
		if s, ok := sentences[l][key]; ok {
			return s
		}
	}
	p.miss(key)
	return key
}

func (p *Printer) miss(key string) {
	if p.Missing != nil {
		p.Missing(key)
	}
}

// read puts the files of each language together. A key that stands twice would
// make the order of files matter, so it is refused.
func read(files fs.FS) map[string]map[string]string {
	all := map[string]map[string]string{}
	names, _ := fs.Glob(files, "*/*.json") // the pattern is right
	for _, n := range names {
		b, _ := fs.ReadFile(files, n) // cannot fail: it is embedded
		var s map[string]string
		if err := json.Unmarshal(b, &s); err != nil {
			panic(n + ": " + err.Error()) // unreachable: the tests have read it
		}
		language := path.Dir(n)
		if all[language] == nil {
			all[language] = map[string]string{}
		}
		for key, sentence := range s {
			if _, twice := all[language][key]; twice {
				panic(n + ": " + key + " stands in two files") // unreachable: the tests have read them
			}
			all[language][key] = sentence
		}
	}
	return all
}

// Has reports whether there is a sentence for key, in English at least.
func Has(key string) bool { _, ok := sentences["en"][key]; return ok }
