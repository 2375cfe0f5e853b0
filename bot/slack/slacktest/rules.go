package slacktest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"unicode/utf16"
)

// A wrong is why Slack refuses a call: its word for it, and what it says more.
type wrong struct{ code, why string }

func bad(code, format string, args ...any) *wrong { return &wrong{code, fmt.Sprintf(format, args...)} }

// The limits of https://docs.slack.dev/reference/block-kit/blocks and
// https://docs.slack.dev/reference/block-kit/block-elements. Over all blocks of
// a message there is one that nobody documents: see
// https://github.com/slackapi/bolt-js/issues/2509.
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxMessageChars  = 13200
	maxView          = 250 << 10
	maxMessageText   = 40000
	maxUpdateText    = 4000 // see https://docs.slack.dev/reference/methods/chat.update#errors
	maxMeta          = 3000
)

// blocks checks what a message, a page or a dialog is made of.
func (f *Fake) blocks(all []any, most int, in string) *wrong {
	if f.Lax {
		return nil
	}
	if len(all) > most {
		return bad("invalid_blocks", "%d blocks, of %d", len(all), most)
	}
	ids := map[string]bool{}
	chars := 0
	for i, b := range all {
		block, _ := b.(obj)
		c := checker{at: fmt.Sprintf("/blocks/%d", i), in: in, actions: map[string]bool{}}
		c.block(block)
		if id, _ := block["block_id"].(string); id != "" {
			if ids[id] {
				c.say("block_id %q stands twice", id)
			}
			ids[id] = true
		}
		if c.wrong != "" {
			return bad("invalid_blocks", "%s [json-pointer:%s]", c.wrong, c.at)
		}
		chars += c.chars
	}
	if in == "message" && chars > maxMessageChars {
		return bad("msg_blocks_too_long", "%d characters in all blocks, of some %d", chars, maxMessageChars)
	}
	return nil
}

// Unfit says why Slack would not take a message that is made of these blocks, or a
// dialog; "" if it would.
func Unfit(blocks []any, dialog bool) string {
	most, in := maxMessageBlocks, "message"
	if dialog {
		most, in = maxViewBlocks, "modal"
	}
	if w := new(Fake).blocks(blocks, most, in); w != nil {
		return w.why
	}
	return ""
}

// UnfitView says why Slack would not take a dialog, or a page; "" if it would.
func UnfitView(view map[string]any) string {
	if w := new(Fake).view(view); w != nil {
		return w.why
	}
	return ""
}

// A checker goes through one block.
type checker struct {
	at, in  string
	wrong   string
	chars   int
	actions map[string]bool
}

func (c *checker) say(format string, args ...any) {
	if c.wrong == "" {
		c.wrong = fmt.Sprintf(format, args...)
	}
}

// width is the length of s as JavaScript counts it.
func width(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(max(r, 0))
	}
	return n
}

// str checks a string that must be there, and not be longer than most.
func (c *checker) str(o obj, name string, most int) string {
	s, ok := o[name].(string)
	switch {
	case !ok || s == "":
		c.say("%s is missing or empty", name)
	case width(s) > most:
		c.say("%s has %d characters, of %d", name, width(s), most)
	}
	c.chars += width(s)
	for _, r := range s {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE {
			c.say("%s has the control character %U", name, r)
		}
	}
	return s
}

// text checks a text object.
func (c *checker) text(v any, most int, kinds ...string) {
	o, _ := v.(obj)
	t, _ := o["type"].(string)
	switch {
	case t != "plain_text" && t != "mrkdwn":
		c.say("a text is of type %q", t)
	case len(kinds) > 0 && t != kinds[0]:
		c.say("a text is %s, and must be %s", t, kinds[0])
	case t == "mrkdwn" && o["emoji"] != nil:
		c.say("emoji stands in a mrkdwn text")
	case t == "plain_text" && o["verbatim"] != nil:
		c.say("verbatim stands in a plain_text")
	}
	c.str(o, "text", most)
}

func list(v any) []any { l, _ := v.([]any); return l }

func (c *checker) block(b obj) {
	if id, _ := b["block_id"].(string); width(id) > 255 {
		c.say("block_id has %d characters, of 255", width(id))
	}
	t, _ := b["type"].(string)
	switch t {
	case "header":
		c.text(b["text"], 150, "plain_text")
	case "divider":
	case "section":
		c.section(b)
	case "context":
		c.context(b)
	case "actions":
		elements := list(b["elements"])
		if len(elements) == 0 || len(elements) > 25 {
			c.say("an actions block has %d elements, of 1 to 25", len(elements))
		}
		for _, e := range elements {
			c.element(e)
		}
	case "rich_text":
		elements := list(b["elements"])
		if len(elements) == 0 {
			c.say("a rich_text has no elements")
		}
		for _, e := range elements {
			c.rich(e)
		}
	case "input":
		if c.in == "message" {
			c.say("an input stands in a message; it needs a dialog")
		}
		c.text(b["label"], 2000, "plain_text")
		c.element(b["element"])
	default:
		c.say("unsupported block type %q", t)
	}
}

func (c *checker) section(b obj) {
	fields := list(b["fields"])
	if b["text"] == nil && len(fields) == 0 {
		c.say("a section has neither text nor fields")
	}
	if b["text"] != nil {
		c.text(b["text"], 3000)
	}
	if len(fields) > 10 {
		c.say("a section has %d fields, of 10", len(fields))
	}
	for _, x := range fields {
		c.text(x, 2000)
	}
	if b["accessory"] != nil {
		c.element(b["accessory"])
	}
}

func (c *checker) context(b obj) {
	elements := list(b["elements"])
	if len(elements) == 0 || len(elements) > 10 {
		c.say("a context has %d elements, of 1 to 10", len(elements))
	}
	for _, e := range elements {
		c.text(e, 3000)
	}
}

// rich checks a part of a rich_text.
// See https://docs.slack.dev/reference/block-kit/blocks/rich-text-block.
func (c *checker) rich(v any) {
	e, _ := v.(obj)
	t, _ := e["type"].(string)
	inner := list(e["elements"])
	switch t {
	case "rich_text_section", "rich_text_quote", "rich_text_preformatted":
		if len(inner) == 0 {
			c.say("a %s has no elements", t)
		}
		for _, x := range inner {
			c.span(x)
		}
	case "rich_text_list":
		if s := e["style"]; s != "ordered" && s != "bullet" {
			c.say("a list has the style %v", s)
		}
		if len(inner) == 0 {
			c.say("a list has no items")
		}
		for _, x := range inner {
			c.rich(x)
		}
	default:
		c.say("a rich_text has a %q in it", t)
	}
}

func (c *checker) span(v any) {
	e, _ := v.(obj)
	t, _ := e["type"].(string)
	switch t {
	case "text":
		c.str(e, "text", 1<<20)
	case "link":
		c.address(c.str(e, "url", 3000))
		if label, ok := e["text"].(string); ok {
			c.chars += width(label)
		}
	case "user":
		c.str(e, "user_id", 255)
	case "date":
		if _, ok := e["timestamp"].(float64); !ok {
			c.say("a date has no timestamp")
		}
		c.str(e, "format", 255)
	default:
		c.say("a rich_text has a span of type %q", t)
	}
}

func (c *checker) address(s string) {
	if u, err := url.Parse(s); err != nil || u.Scheme == "" {
		c.say("%q is no address", s)
	}
}

// element checks what can be pressed, chosen or filled in.
func (c *checker) element(v any) {
	e, _ := v.(obj)
	t, _ := e["type"].(string)
	id := c.str(e, "action_id", 255)
	if c.actions[id] {
		c.say("action_id %q stands twice in a block", id)
	}
	c.actions[id] = true
	switch t {
	case "button":
		c.text(e["text"], 75, "plain_text")
		if s, ok := e["value"].(string); ok && width(s) > 2000 {
			c.say("the value of a button has %d characters, of 2000", width(s))
		}
		if s, ok := e["url"].(string); ok {
			if width(s) > 3000 {
				c.say("the url of a button has %d characters, of 3000", width(s))
			}
			c.address(s)
		}
		if s := e["style"]; s != nil && s != "primary" && s != "danger" {
			c.say("a button has the style %v", s)
		}
	case "static_select":
		options := list(e["options"])
		if len(options) == 0 || len(options) > 100 {
			c.say("a select has %d options, of 1 to 100", len(options))
		}
		for _, x := range options {
			o, _ := x.(obj)
			c.text(o["text"], 75, "plain_text")
			c.str(o, "value", 150)
		}
	case "plain_text_input":
		if c.in == "message" {
			c.say("a plain_text_input stands in a message")
		}
	default:
		c.say("unsupported element type %q", t)
	}
}

// view checks a dialog or a page.
// See https://docs.slack.dev/reference/views/modal-views.
func (f *Fake) view(v obj) *wrong {
	if f.Lax {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil || len(b) > maxView {
		return bad("view_too_large", "the view has %d bytes, of %d", len(b), maxView)
	}
	t, _ := v["type"].(string)
	if meta, _ := v["private_metadata"].(string); width(meta) > maxMeta {
		return bad("invalid_arguments", "private_metadata has %d characters, of %d", width(meta), maxMeta)
	}
	if t == "modal" {
		c := checker{}
		c.text(v["title"], 24, "plain_text")
		for _, name := range []string{"submit", "close"} {
			if v[name] != nil {
				c.text(v[name], 24, "plain_text")
			}
		}
		inputs := false
		for _, x := range list(v["blocks"]) {
			if b, _ := x.(obj); b["type"] == "input" {
				inputs = true
			}
		}
		if inputs && v["submit"] == nil {
			c.say("a dialog with inputs has no submit")
		}
		if c.wrong != "" {
			return bad("invalid_arguments", "%s", c.wrong)
		}
	} else if t != "home" {
		return bad("invalid_arguments", "a view is of type %q", t)
	}
	return f.blocks(list(v["blocks"]), maxViewBlocks, t)
}
