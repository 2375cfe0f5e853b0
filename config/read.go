package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxFile is more than any configuration needs.
const maxFile = 1 << 20

// Load reads the file at path. Whatever is wrong in it is in the error, each as
// a [*Problem]. A secret of the form env:NAME is asked of env; nil
// is [os.LookupEnv]. Paths in the file count from where it stands.
func Load(path string, env func(string) (string, bool)) (Config, error) {
	return loadWith(path, env, (*reader).config)
}

// LoadTrail reads of the same file only where everything is kept, and with what
// the audit trail is keyed. It is for who stops all resets or looks at what is on
// record: in a hurry, or on a machine that must not have the other secrets.
// What is wrong in other sections is for [Load] to say.
func LoadTrail(path string, env func(string) (string, bool)) (Config, error) {
	return loadWith(path, env, (*reader).trail)
}

func loadWith(path string, env func(string) (string, bool), read func(*reader, value, *Config)) (Config, error) {
	if env == nil {
		env = os.LookupEnv
	}
	src, err := readAtMost(path, maxFile)
	if err != nil {
		return Config{}, fmt.Errorf("reading the configuration: %s: %w", path, reason(err))
	}
	r := &reader{file: path, env: env}
	c := defaults()
	if root, ok := r.parse(src); ok {
		read(r, root, &c)
	}
	if len(r.problems) > 0 {
		return Config{}, join(r.problems)
	}
	c.Warnings = r.warnings
	return c, nil
}

func readAtMost(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, n+1))
	if err == nil && int64(len(b)) > n {
		err = fmt.Errorf("it has more than %d bytes", n)
	}
	return b, err
}

// A reader walks through the file. It walks the parsed nodes, rather than have
// them decoded into structs, because a decoder stops at the first thing that is
// wrong, quotes the lines around it, secrets and all, and loses the place of
// what only our own checks find.
type reader struct {
	file     string
	env      func(string) (string, bool)
	problems []*Problem
	warnings []string
}

// A value is something in the file, under the key that leads to it.
type value struct {
	key  string
	node ast.Node
	at   *token.Position // what to point at
}

// wrong notes what is wrong with v and what to write instead.
func (r *reader) wrong(v value, format string, args ...any) {
	p := &Problem{File: r.file, Line: 1, Col: 1, Key: v.key, Says: fmt.Sprintf(format, args...)}
	if v.at != nil {
		p.Line, p.Col = v.at.Line, v.at.Column
	}
	r.problems = append(r.problems, p)
}

// parse returns the mapping that the file consists of.
func (r *reader) parse(src []byte) (value, bool) {
	// The parser's own complaint of a key that stands twice quotes the file.
	f, err := parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return value{}, false
	}
	var docs []ast.Node
	for _, d := range f.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType {
			docs = append(docs, d.Body)
		}
	}
	switch len(docs) {
	case 0:
		r.wrong(value{}, "the file says nothing; config/example.yaml shows what may stand in it")
		return value{}, false
	case 1:
		return value{node: docs[0], at: place(docs[0])}, true
	}
	r.wrong(value{at: place(docs[1])}, "a second document begins here; write one, without ---")
	return value{}, false
}

// syntax notes that the file is not YAML. Of the parser's message only the
// first line is kept, since what follows are lines of the file.
func (r *reader) syntax(err error) {
	v, says := value{}, "cannot be read"
	if e := yaml.Error(nil); errors.As(err, &e) {
		says = e.GetMessage()
		if t := e.GetToken(); t != nil {
			v.at = t.Position
		}
	}
	r.wrong(v, "this is not YAML: %s; look at the spaces, colons, and quotes here and a line above", says)
}

// place is where n begins, or nil.
func place(n ast.Node) *token.Position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return place(m.Values[0].Key) // its own token is the first colon
	}
	if t := n.GetToken(); t != nil {
		return t.Position
	}
	return nil
}

// A field is a key that may stand in a section.
type field struct {
	name string
	read func(value) // nil if it is refused by name until a later release
	need string      // what to write if it is missing; "" if it may be
}

// section reads a mapping whose keys are fields, and returns those that it has.
func (r *reader) section(v value, fields []field) map[string]value {
	m, ok := v.node.(*ast.MappingNode)
	if !ok {
		r.wrong(v, "has no keys in it; write them below it, indented: %s", list(fields))
		return nil
	}
	has := map[string]value{}
	for _, pair := range m.Values {
		at := pair.Key.GetToken().Position
		if pair.Key.Type() != ast.StringType {
			r.wrong(value{v.key, nil, at}, "only plain keys may stand here: %s", list(fields))
			continue
		}
		f, known := r.fieldOf(v, m, pair.Key.GetToken().Value, at, fields)
		in := value{key: under(v.key, f.name), node: pair.Value, at: at}
		if _, scalar := pair.Value.(ast.ScalarNode); scalar && kind(pair.Value) != "nothing" {
			in.at = place(pair.Value)
		}
		_, twice := has[f.name]
		switch {
		case !known:
		case twice:
			r.wrong(value{in.key, nil, at}, "stands here a second time; keep one")
		case f.read == nil:
			r.later(in)
		default:
			has[f.name] = in
			f.read(in)
		}
	}
	for _, f := range fields {
		if _, ok := has[f.name]; !ok && f.need != "" {
			r.wrong(value{under(v.key, f.name), nil, v.at}, "is missing; write %s", f.need)
		}
	}
	return has
}

// fieldOf is the field that a key names. A slip is said, and then read as what was
// meant, or that would be said to be missing as well; unless it stands there too.
func (r *reader) fieldOf(in value, m *ast.MappingNode, key string, at *token.Position, fields []field) (field, bool) {
	if f, ok := find(fields, key); ok {
		return f, true
	}
	r.wrong(value{in.key, nil, at}, "%s is no key that may stand here%s", quote(key), instead(key, fields))
	f, ok := find(fields, nearest(key, names(fields)))
	there := slices.ContainsFunc(m.Values, func(p *ast.MappingValueNode) bool { return p.Key.GetToken().Value == f.name })
	return f, ok && !there
}

func find(fields []field, name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

// later refuses by name what this version cannot do yet, so that nobody waits
// for it to happen.
func (r *reader) later(v value) { r.wrong(v, "comes with a later release; remove it") }

// instead says which key was meant, or which there are.
func instead(key string, fields []field) string {
	if m := meant(key, names(fields)); m != "" {
		return m
	}
	return "; there are " + list(fields)
}

// names are the keys that may stand there now.
func names(fields []field) (all []string) {
	for _, f := range fields {
		if f.read != nil {
			all = append(all, f.name)
		}
	}
	return all
}

func list(fields []field) string { return strings.Join(names(fields), ", ") }

func under(section, key string) string {
	if section == "" {
		return key
	}
	return section + "." + key
}

// path makes p count from where the file stands.
func (r *reader) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(r.file), p)
}
