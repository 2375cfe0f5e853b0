package slack

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"mfahelp/bot"
)

// Slack's limits, of https://docs.slack.dev/reference/block-kit and of the types
// in its own SDK for JavaScript. What is longer is refused whole.
const (
	maxTitle       = 150
	maxViewTitle   = 24
	maxSection     = 3000
	maxContext     = 10 // elements
	maxButtons     = 25 // elements
	maxLabel       = 75 // of buttons and options
	maxOptions     = 100
	maxOptionValue = 150
	maxURL         = 3000
	maxText        = 4000 // of the text beside blocks, which chat.update refuses if it is longer
	maxFields      = 50   // of a form: a third of this is more than anybody fills in
)

// A room is how much fits in one place.
type room struct{ blocks, chars int }

var (
	// Over all blocks of a message Slack takes some 13,200 characters, which
	// nobody documents: see https://github.com/slackapi/bolt-js/issues/2509.
	inMessage = room{blocks: 50, chars: 12000}

	// A view may have 250 KB. Nobody reads that much in a dialog, but a page has all
	// that waits for an admin.
	inView = room{blocks: 100, chars: 12000}
	inPage = room{blocks: 100, chars: 30000}
)

// fit returns m as far as there is room for it, and whether something had to
// go. What decides stays: the title, what can be done, and of the body first the
// opening words, facts, and steps. The rest follows in its order, and notes last.
func fit(m bot.Message, r room) (short bot.Message, cut bool) {
	short = m
	if most := maxButtons * 4; len(m.Actions) > most {
		short.Actions, cut = m.Actions[:most], true
	}
	// The title, the lines about files and about what is cut, and a button that
	// shows a secret have their place.
	r = r.less(4+(len(short.Actions)+maxButtons-1)/maxButtons, maxTitle+500+width(names(m.Attachments))+maxLabel*len(short.Actions))
	kept := make([]bot.Block, len(m.Body))
	for _, i := range byRank(m.Body) {
		b, whole := trim(m.Body[i], r)
		cut = cut || !whole
		if b != nil {
			kept[i] = b
			r = r.less(cost(b))
		}
	}
	short.Body = slices.DeleteFunc(kept, func(b bot.Block) bool { return b == nil })
	return short, cut
}

func (r room) less(blocks, chars int) room {
	return room{max(0, r.blocks-blocks), max(0, r.chars-chars)}
}

// names are those of files, as far as one line has room for them.
func names(files []bot.Attachment) string {
	var all []string
	for _, f := range files {
		all = append(all, clip(f.Name, 150))
	}
	return clip(strings.Join(all, ", "), 1000)
}

// byRank is the order in which blocks are given room.
func byRank(body []bot.Block) []int {
	rank := func(i int) int {
		switch body[i].(type) {
		case bot.Text:
			if i == 0 {
				return 0
			}
			return 3
		case bot.Facts:
			return 1
		case bot.Steps:
			return 2
		case bot.List, bot.Quote:
			return 3
		case bot.Note:
			return 4
		}
		panic(fmt.Sprintf("slack: unknown block %T", body[i])) // unreachable: the set is closed
	}
	order := make([]int, len(body))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(a) - rank(b) })
	return order
}

// cost is what b takes at most.
func cost(b bot.Block) (blocks, chars int) {
	switch b := b.(type) {
	case bot.Text:
		return 1, spansWidth(b)
	case bot.Facts:
		for _, f := range b {
			chars += factWidth(f)
		}
		return 1, chars
	case bot.Steps:
		for _, s := range b {
			chars += stepWidth(s)
		}
		return 1, chars
	case bot.List:
		if len(b) > 0 {
			blocks = 1 // the bullets after the last that has a button
		}
		for _, i := range b {
			blocks, chars = blocks+itemBlocks(i), chars+itemWidth(i)
		}
		return blocks, chars
	case bot.Quote:
		return 1, width(string(b))
	case bot.Note:
		return 1, spansWidth(b)
	}
	panic(fmt.Sprintf("slack: unknown block %T", b)) // unreachable: the set is closed
}

// Each of these counts one more than it seems where Slack takes no empty text, and
// a dash stands instead.
func factWidth(f bot.Fact) int { return width(f.Name) + 4 + spansWidth(f.Value) }
func stepWidth(s bot.Step) int { return spansWidth(s.Do) + 2 + width(s.Why) }

func itemWidth(i bot.Item) int {
	n := spansWidth(i.Title) + 2 + spansWidth(i.Facts)
	if i.Action != nil {
		n += maxLabel
	}
	return n
}

// itemBlocks is how many blocks i takes at most: see [pen.list].
func itemBlocks(i bot.Item) int {
	if i.Action != nil {
		return 3 // one that ends the bullets before it, and two of its own
	}
	return 0
}

// mostOf is what one row of several, or one quote, may have: whoever wants to
// read more opens the file.
const mostOf = 4000

// trim returns what of b there is room for, nil if nothing, and whether that is
// all of it.
func trim(b bot.Block, r room) (short bot.Block, whole bool) {
	if r.blocks == 0 || r.chars < 40 {
		return nil, false
	}
	switch b := b.(type) {
	case bot.Text:
		s, all := trimSpans(b, min(r.chars, mostOf))
		return bot.Text(s), all
	case bot.Note:
		s, all := trimSpans(b, min(r.chars, maxSection))
		return bot.Note(s), all
	case bot.Quote:
		n := min(r.chars, mostOf)
		return bot.Quote(clip(string(b), n)), width(string(b)) <= n
	case bot.Facts:
		s, all := trimRows(b, r.chars, func(f bot.Fact, n int) (bot.Fact, bool) {
			name := clip(f.Name, 200)
			v, all := trimSpans(f.Value, min(n-width(name)-4, mostOf))
			return bot.Fact{Name: name, Value: v}, all && name == f.Name
		}, factWidth)
		return bot.Facts(s), all
	case bot.Steps:
		s, all := trimRows(b, r.chars, func(s bot.Step, n int) (bot.Step, bool) {
			do, all := trimSpans(s.Do, min(n, mostOf))
			why := clip(s.Why, min(max(0, n-spansWidth(do)-2), mostOf))
			return bot.Step{Do: do, Why: why}, all && why == s.Why
		}, stepWidth)
		return bot.Steps(s), all
	case bot.List:
		n := within(b, r.blocks)
		s, all := trimRows(b[:n], r.chars, func(i bot.Item, n int) (bot.Item, bool) {
			title, all := trimSpans(i.Title, min(n, mostOf))
			facts, rest := trimSpans(i.Facts, min(n-itemWidth(bot.Item{Title: title, Action: i.Action}), mostOf))
			i.Title, i.Facts = title, facts
			return i, all && rest
		}, itemWidth)
		return bot.List(s), all && n == len(b)
	}
	panic(fmt.Sprintf("slack: unknown block %T", b)) // unreachable: the set is closed
}

// within is how many of the items have room in so many blocks.
func within(items bot.List, blocks int) (n int) {
	blocks-- // the bullets after the last that has a button
	for _, i := range items {
		if blocks -= itemBlocks(i); blocks < 0 {
			return n
		}
		n++
	}
	return n
}

// trimRows keeps rows, each trimmed, for as long as there is room.
func trimRows[T any](rows []T, chars int, trim func(T, int) (T, bool), cost func(T) int) (out []T, whole bool) {
	whole = true
	for _, row := range rows {
		short, all := trim(row, chars)
		if cost(short) > chars {
			return out, false
		}
		chars -= cost(short)
		whole = whole && all
		out = append(out, short)
	}
	return out, whole
}

// trimSpans keeps spans until n characters are full. Words may be cut; a link, a
// time, or a name may not.
func trimSpans(spans []bot.Span, n int) (out []bot.Span, whole bool) {
	for _, s := range spans {
		if w := spanWidth(s); w <= n {
			out, n = append(out, s), n-w
			continue
		}
		if n >= 2 {
			switch s := s.(type) {
			case bot.Plain:
				out = append(out, bot.Plain(clip(string(s), n)))
			case bot.Strong:
				out = append(out, bot.Strong(clip(string(s), n)))
			case bot.Code:
				out = append(out, bot.Code(clip(string(s), n)))
			case bot.Link, bot.Time, bot.Mention, bot.Reveal: // whole or not at all
			}
		}
		return out, false
	}
	return out, true
}

func spansWidth(spans []bot.Span) (n int) {
	for _, s := range spans {
		n += spanWidth(s)
	}
	return n
}

// spanWidth is what s takes at most, in whichever way it is written.
func spanWidth(s bot.Span) int {
	switch s := s.(type) {
	case bot.Plain:
		return max(1, width(string(s)))
	case bot.Strong:
		return max(1, width(string(s)))
	case bot.Code:
		return max(1, width(string(s)))
	case bot.Link:
		return width(s.Text) + width(escapeURL(s.URL)) + 3
	case bot.Time:
		return 90
	case bot.Mention:
		return width(s.Name) + width(s.ID) + 3
	case bot.Reveal:
		return 100
	}
	panic(fmt.Sprintf("slack: unknown span %T", s)) // unreachable: the set is closed
}

// width is the length of s in the units in which Slack, like JavaScript, counts.
func width(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(max(r, 0))
	}
	return n
}

// escaped is s where Slack reads markup, cut to what it takes there.
func escaped(s string, n int) string {
	all := escape(s)
	if width(all) <= n {
		return all
	}
	used := 1 // for the dots
	for i, r := range s {
		if used += width(escape(string(r))); used > n {
			return escape(s[:i]) + "…"
		}
	}
	return all // unreachable: it is wider than n
}

// clip shortens s to what Slack takes in a place where too much is an error.
func clip(s string, n int) string {
	if width(s) <= n {
		return s
	}
	used := 1 // for the dots
	for i, r := range s {
		if used += utf16.RuneLen(r); used > n {
			return s[:i] + "…"
		}
	}
	return s // unreachable: it is wider than n
}
