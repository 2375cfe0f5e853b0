package config

import (
	"fmt"
	"math"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// text returns what is written as text. A number or true is something else in
// YAML, and quotes make it text.
func (r *reader) text(v value) (string, bool) {
	switch n := v.node.(type) {
	case *ast.StringNode:
		if n.Value != "" {
			return n.Value, true
		}
		r.wrong(v, "is empty; write a text or remove the key")
	case *ast.LiteralNode:
		r.wrong(v, "has several lines; write it in one")
	case *ast.NullNode:
		r.wrong(v, "has no value; write one or remove the key")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		r.wrong(v, "is %s, not text; put it in quotes", kind(v.node))
	default:
		r.wrong(v, "is %s; write a text", kind(v.node))
	}
	return "", false
}

// kind says what n is to somebody who does not know YAML by heart.
func kind(n ast.Node) string {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode:
		return "a section with keys"
	case *ast.NullNode:
		return "nothing"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return "a YAML anchor, alias, or tag"
	}
	return "something else"
}

// guid reads an object id of the directory.
func (r *reader) guid(to *string) func(value) {
	return func(v value) {
		s, ok := r.text(v)
		if ok && !guidForm.MatchString(s) {
			r.wrong(v, "is no id of the directory; copy the GUID, such as 3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11, not the name")
		}
		*to = strings.ToLower(s)
	}
}

var guidForm = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// oneOf reads one of a few words.
func (r *reader) oneOf(to *string, words ...string) func(value) {
	return func(v value) {
		s, ok := r.text(v)
		if !ok {
			return
		}
		if slices.Contains(words, s) {
			*to = s
			return
		}
		if len(words) == 1 {
			r.wrong(v, "%s is not %s, which is all there is", quote(s), words[0])
			return
		}
		r.wrong(v, "%s is none of %s%s", quote(s), strings.Join(words, ", "), meant(s, words))
	}
}

// truth reads true or false.
func (r *reader) truth(to *bool) func(value) {
	return func(v value) {
		b, ok := v.node.(*ast.BoolNode)
		if !ok {
			r.wrong(v, "is %s; write true or false, without quotes", kind(v.node))
			return
		}
		*to = b.Value
	}
}

// count reads a whole number, of which there is at least one.
func (r *reader) count(to *int) func(value) {
	return func(v value) {
		n, ok := v.node.(*ast.IntegerNode)
		if !ok {
			r.wrong(v, "is %s; write a whole number, such as 20", kind(v.node))
			return
		}
		u, ok := n.Value.(uint64) // a negative one is an int64
		if !ok || u < 1 || u > math.MaxInt32 {
			r.wrong(v, "is out of range; write a whole number from 1")
			return
		}
		*to = int(u)
	}
}

// duration reads a time span as Go writes it.
func (r *reader) duration(v value, least, most time.Duration) (time.Duration, bool) {
	if _, bare := v.node.(*ast.IntegerNode); bare {
		r.wrong(v, "is a number without a unit; write a duration, such as 90s, 5m, or 1h")
		return 0, false
	}
	s, ok := r.text(v)
	if !ok {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		r.wrong(v, "%s is no duration; write a number and a unit, such as 90s, 5m, or 1h", quote(s))
	case d < least || d > most:
		r.wrong(v, "%s is out of range; write a duration from %v to %v", quote(s), least, most)
	default:
		return d, true
	}
	return 0, false
}

// https reads an endpoint, to which a credential will be sent.
func (r *reader) https(to *string) func(value) {
	return func(v value) {
		s, ok := r.text(v)
		if !ok {
			return
		}
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			r.wrong(v, "is no address for it; write https:// and a host, such as https://login.microsoftonline.com")
			return
		}
		*to = strings.TrimSuffix(s, "/")
	}
}

// address reads where to listen.
func (r *reader) address(to *string) func(value) {
	return func(v value) {
		if n, bare := v.node.(*ast.IntegerNode); bare {
			r.wrong(v, "is a port without an address; write 127.0.0.1:%v", n.Value)
			return
		}
		s, ok := r.text(v)
		if !ok {
			return
		}
		host, port, err := net.SplitHostPort(s)
		if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || strings.ContainsAny(host, "/ ") {
			r.wrong(v, "%s is no address to listen on; write a host and a port, such as 127.0.0.1:8025", quote(s))
			return
		}
		*to = s
	}
}

// list reads what stands in a list, each under its own number.
func (r *reader) list(v value, what string, read func(value)) {
	s, ok := v.node.(*ast.SequenceNode)
	switch {
	case !ok:
		r.wrong(v, "is %s; write a list, such as [%s]", kind(v.node), what)
	case len(s.Values) == 0:
		r.wrong(v, "is an empty list; write at least one, such as [%s]", what)
	default:
		for i, n := range s.Values {
			read(value{fmt.Sprintf("%s[%d]", v.key, i), n, place(n)})
		}
	}
}
