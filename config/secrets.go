package config

import (
	"errors"
	"os"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"mfahelp/secret"
)

// maxSecret is more than any secret has.
const maxSecret = 64 << 10

// secret fetches a secret from where the file points. One that stands in the
// file itself is refused: it would be in backups, tickets, and repositories.
func (r *reader) secret(to *secret.Text) func(value) {
	return func(v value) {
		n, _ := v.node.(*ast.StringNode) // anything else is a literal as well, or nothing
		var from string
		if n != nil {
			from = n.Value
		}
		if name, ok := strings.CutPrefix(from, "env:"); ok {
			r.fromEnv(v, name, to)
		} else if path, ok := strings.CutPrefix(from, "file:"); ok {
			r.fromFile(v, path, to)
		} else if n == nil && v.node.Type() == ast.NullType || n != nil && from == "" {
			r.wrong(v, "is empty; write env:NAME or file:/path, where the secret is")
		} else {
			r.wrong(v, "is written out here, where it does not belong; put it in the environment and write env:NAME, "+
				"or in a file and write file:/path, and change the secret if others have seen this file")
		}
	}
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

func (r *reader) fromEnv(v value, name string, to *secret.Text) {
	if !envName.MatchString(name) {
		r.wrong(v, "names no variable of the environment; write env: and its name, such as env:MFAHELP_CLIENT_SECRET")
		return
	}
	s, ok := r.env(name)
	if name != strings.ToUpper(name) {
		name = "such variable" // it may be the secret itself
	}
	switch {
	case !ok:
		r.wrong(v, "the environment has no %s; set it, or write file:/path", name)
	case s == "":
		r.wrong(v, "the environment has nothing in it; set it, or write file:/path")
	default:
		*to = secret.New(s)
	}
}

func (r *reader) fromFile(v value, path string, to *secret.Text) {
	if path == "" {
		r.wrong(v, "names no file; write file: and its path, such as file:/run/secrets/client_secret")
		return
	}
	b, ok := r.contents(v, path, maxSecret)
	if !ok {
		return
	}
	s := strings.TrimRight(string(b), "\r\n")
	switch {
	case s == "":
		r.wrong(v, "the file it names is empty; write the secret into it")
	case strings.ContainsAny(s, "\r\n\x00"):
		r.wrong(v, "the file it names has more than one line; write the secret into it and nothing else")
	default:
		r.private(v, path)
		*to = secret.New(s)
	}
}

// contents returns what is in the file that v names.
func (r *reader) contents(v value, path string, most int64) ([]byte, bool) {
	b, err := readAtMost(r.path(path), most)
	if err != nil {
		r.wrong(v, "the file it names cannot be read (%v); check the path, and that this user may read it", reason(err))
	}
	return b, err == nil
}

// reason is err without the path in it, which is a secret if somebody wrote
// file: before one.
func reason(err error) error {
	if e := (*os.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// private warns of a secret file that others on the machine can read or change.
func (r *reader) private(v value, path string) {
	info, err := os.Stat(r.path(path))
	if err == nil && info.Mode().Perm()&0o026 != 0 {
		r.warnings = append(r.warnings, v.key+": others can read or change the file it names; chmod 600 it")
	}
}
