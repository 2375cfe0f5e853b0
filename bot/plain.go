package bot

import (
	"fmt"
	"strings"
	"time"
)

// PlainText is what spans say where there is nothing but characters: in a text
// file, a notification, a log for people. A secret stays out of it.
func PlainText(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		switch s := s.(type) {
		case Plain:
			b.WriteString(string(s))
		case Strong:
			b.WriteString(string(s))
		case Code:
			b.WriteString(string(s))
		case Link:
			fmt.Fprintf(&b, "%s (%s)", s.Text, s.URL)
		case Time:
			b.WriteString(s.At.UTC().Format(time.RFC3339))
		case Mention:
			b.WriteString(s.Name)
		case Reveal:
			b.WriteString("–")
		default:
			panic(fmt.Sprintf("bot: unknown span %T", s)) // unreachable: the set is closed
		}
	}
	return b.String()
}
