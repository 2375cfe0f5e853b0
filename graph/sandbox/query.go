package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A query is what stands behind the question mark.
// See https://learn.microsoft.com/graph/query-parameters.
type query struct {
	values url.Values
}

// parseQuery reads the query of r, in which no parameter may stand twice.
func parseQuery(r *http.Request) (query, error) {
	v, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query{}, badRequest("Invalid query string.", "%v", err)
	}
	for name, list := range v {
		if len(list) > 1 {
			return query{}, badRequest(fmt.Sprintf("Query option '%s' was specified more than once, but it must be specified at most once.", name), "")
		}
	}
	return query{v}, nil
}

func (q query) get(name string) string { return q.values.Get(name) }

// only refuses parameters that the page of the route does not document.
func (q query) only(names ...string) error {
	for name := range q.values {
		if !slices.Contains(names, name) {
			return badRequest(fmt.Sprintf("The query parameter '%s' is not supported.", name),
				"the page of this call documents no %s, only %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// top returns how many entities a page is to have.
func (q query) top(def, most int) (int, error) {
	s := q.get("$top")
	if s == "" {
		return def, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return 0, badRequest(fmt.Sprintf("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.", s, most), "$top says how many")
	}
	return n, nil
}

// A list is an answer with several entities.
type list struct {
	Context string `json:"@odata.context"`
	Next    string `json:"@odata.nextLink,omitempty"`
	Value   any    `json:"value"`
}

// page cuts the page out of all that c asks for, and returns its entities as
// show has them. An id tells where one page ends and the next begins.
func page[T any](c *call, what string, all []T, def, most int, id func(T) string, show func(T) any) (list, error) {
	n, err := c.query.top(def, most)
	if err != nil {
		return list{}, err
	}
	if token := c.query.get("$skiptoken"); token != "" {
		last, err := c.readSkip(token)
		if err != nil {
			return list{}, err
		}
		i := slices.IndexFunc(all, func(v T) bool { return id(v) == last })
		if i < 0 {
			return list{}, badRequest("Skip token is not valid.", "where the page before ended is no longer there")
		}
		all = all[i+1:]
	}
	out := list{Context: c.context(what)}
	if len(all) > n {
		all = all[:n]
		out.Next = c.nextLink(id(all[n-1]))
	}
	shown := make([]any, 0, len(all))
	for _, v := range all {
		shown = append(shown, show(v))
	}
	out.Value = shown
	return out, nil
}

// A skip is what a skiptoken says: where the page before ended, and of which
// query, for it may not be used with another.
type skip struct {
	Last  string `json:"l"`
	Query string `json:"q"`
}

// nextLink is the address of the page after the one that ends with last.
func (c *call) nextLink(last string) string {
	token, _ := json.Marshal(skip{last, c.fingerprint()}) // strings always encode
	v := url.Values{}
	maps.Copy(v, c.query.values)
	v.Set("$skiptoken", base64.RawURLEncoding.EncodeToString(token))
	return fmt.Sprintf("https://%s%s?%s", c.r.Host, c.r.URL.EscapedPath(), v.Encode())
}

func (c *call) readSkip(token string) (last string, err error) {
	var s skip
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	switch {
	case err != nil:
		return "", badRequest("Skip token is not valid.", "a skiptoken comes from @odata.nextLink, as it is: %v", err)
	case s.Query != c.fingerprint():
		return "", badRequest("Skip token is not valid.", "this skiptoken came with another query: follow @odata.nextLink without changing it")
	}
	return s.Last, nil
}

// fingerprint tells queries apart but for the page they ask for.
func (c *call) fingerprint() string {
	v := url.Values{}
	for name, list := range c.query.values {
		if name != "$skiptoken" {
			v[name] = list
		}
	}
	sum := sha256.Sum256([]byte(c.r.URL.Path + "?" + v.Encode()))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// A property is something that Graph tells of a T.
type property[T any] struct {
	name      string
	byDefault bool // told without $select
	value     func(T) any
}

// shape turns a T into what is asked for by $select, or into its default set.
func shape[T any](c *call, properties []property[T], v T) (map[string]any, error) {
	out := map[string]any{}
	chosen := c.query.get("$select")
	if chosen == "" {
		for _, p := range properties {
			if p.byDefault {
				out[p.name] = p.value(v)
			}
		}
		return out, nil
	}
	for name := range strings.SplitSeq(chosen, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(properties, func(p property[T]) bool { return p.name == name })
		if i < 0 {
			return nil, noProperty(name, propertyNames(properties))
		}
		out[name] = properties[i].value(v)
	}
	return out, nil
}

// keep takes from an entity all but what $select names.
func (c *call) keep(entity map[string]any) error {
	chosen := c.query.get("$select")
	if chosen == "" {
		return nil
	}
	names := strings.Split(chosen, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if _, ok := entity[names[i]]; !ok {
			return noProperty(names[i], slices.Sorted(maps.Keys(entity)))
		}
	}
	maps.DeleteFunc(entity, func(name string, _ any) bool { return !slices.Contains(names, name) })
	return nil
}

func noProperty(name string, known []string) *problem {
	return badRequest(fmt.Sprintf("Parsing OData Select and Expand failed: Could not find a property named '%s' on the type of this resource.", name),
		"$select knows %s", strings.Join(known, ", "))
}

func propertyNames[T any](properties []property[T]) []string {
	var names []string
	for _, p := range properties {
		names = append(names, p.name)
	}
	return names
}
