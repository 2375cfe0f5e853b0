package aadsts

import "bytes"

// How sure an address is to be the account that signs in.
const (
	unsaid = iota // nothing says so
	likely        // "for dana@…", "[dana@…]", or a line of its own above the error
	stated        // "User account 'dana@…'"
)

// maxUPNs bounds the addresses looked at; a list of people is not an error.
const maxUPNs = 256

// address looks at the address around the @ at b[at], and keeps it if the text
// makes it the account that signs in.
func (s *scanner) address(at int) {
	start, end, ok := addressBounds(s.b, at)
	if !ok || s.upns == maxUPNs {
		return
	}
	s.upns++
	score := s.standing(start, end)
	if score == unsaid || score < stated && isRole(s.b[start:at]) {
		return
	}
	// The name was read as words before the @ was met: they are no item, and
	// neither is the address to the ids around it.
	s.touch = false
	s.add(item{kind: upnItem, start: int32(start), end: int32(end), hi: uint64(score)})
	s.touch = false
}

// addressBounds finds the address around the @ at b[at]. It refuses what is
// masked or cut off.
func addressBounds(b []byte, at int) (start, end int, ok bool) {
	if end, ok = domainEnd(b, at+1); !ok {
		return 0, 0, false
	}
	start = at
	for start > 0 && at-start < 64 && isLocal(b[start-1]) {
		start--
	}
	for start < at && !isLetter(b[start]) && !isDigit(b[start]) {
		start++
	}
	if bytes.HasPrefix(b[start:at], []byte("live.com#")) {
		start += len("live.com#")
	}
	if start == at || b[at-1] == '.' || isMask(b[start:at]) || start > 1 && b[start-1] == '*' && b[start-2] > ' ' {
		return 0, 0, false
	}
	return start, end, whole(b, start, end)
}

// domainEnd is where the domain that begins at b[i] ends.
func domainEnd(b []byte, i int) (end int, ok bool) {
	end = i
	dot := i
	for end < len(b) && end-i < 253 && (isLetter(b[end]) || isDigit(b[end]) || b[end] == '-' || b[end] == '.') {
		if b[end] == '.' && end+1 < len(b) && isLetter(b[end+1]) {
			dot = end
		}
		end++
	}
	for end > i && b[end-1] == '.' {
		end--
	}
	if dot == i || end-dot < 3 || isMask(b[i:dot]) {
		return 0, false
	}
	for _, c := range b[dot+1 : end] {
		if !isLetter(c) && c != '-' {
			return 0, false
		}
	}
	return end, true
}

// whole refuses an address that may be cut off: a quote opens before it and
// the text ends without closing it, or dots follow.
func whole(b []byte, start, end int) bool {
	rest := b[end:]
	if start > 0 && (b[start-1] == '\'' || b[start-1] == '"') && (len(rest) == 0 || rest[0] != b[start-1]) &&
		len(rest) < 16 && blank(rest) {
		return false
	}
	return !bytes.HasPrefix(rest, []byte("..")) && (len(rest) == 0 || rest[0] != '*')
}

func isLocal(c byte) bool {
	switch c {
	case '.', '_', '-', '+', '\'', '#', '~', '^', '!':
		return true
	}
	return isLetter(c) || isDigit(c)
}

// isMask reports whether b hides a name: xxxx, or a word that says so.
func isMask(b []byte) bool {
	var room [12]byte
	switch string(lowerCase(room[:], b)) {
	case "redacted", "removed", "masked", "hidden", "anonymized", "anonymous", "emailhidden":
		return true
	}
	x := 0
	for _, c := range b {
		if c|0x20 == 'x' {
			x++
		}
	}
	return len(b) >= 3 && x == len(b)
}

// lowerCase is the beginning of b in lower case, as far as room has place.
func lowerCase(room, b []byte) []byte {
	n := copy(room, b)
	for i, c := range room[:n] {
		if c >= 'A' && c <= 'Z' {
			room[i] = c | 0x20
		}
	}
	return room[:n]
}

// isRole reports whether a mailbox belongs to an office, not to a person.
func isRole(b []byte) bool {
	var room [16]byte
	switch string(lowerCase(room[:], b)) {
	case "helpdesk", "help", "support", "servicedesk", "service-desk", "service.desk", "it", "it-support", "itsupport", "it.support",
		"ithelp", "it-help", "it-helpdesk", "ithelpdesk", "it-servicedesk", "admin", "admins", "administrator", "noreply", "no-reply",
		"donotreply", "do-not-reply", "postmaster", "security", "info", "hilfe", "git", "abuse", "hr", "office", "soporte", "suporte", "supporto":
		return true
	}
	return false
}

// window is how far before an address a word can say whose it is, and
// windowWords how many words.
const (
	window      = 96
	windowWords = 4
)

// standing is how sure the address at b[start:end] is the account.
func (s *scanner) standing(start, end int) int {
	line := s.lineStart(start)
	said, header := s.before(s.above(line, start), start)
	switch {
	case header || said&contactRole != 0:
		return unsaid
	case said&accountRole != 0:
		return stated
	case said&forRole != 0,
		start > 0 && s.b[start-1] == '[' && end < len(s.b) && s.b[end] == ']',
		s.does(end), s.ownLine(line, start, end):
		return likely
	}
	return unsaid
}

// above is where the line above starts, or line if there is none that can say
// anything: a table puts its label there, and a mail wraps anywhere. Across an
// empty line only a label does.
func (s *scanner) above(line, start int) int {
	if line == 0 || line <= start-window {
		return line
	}
	above := s.lineStart(line - 1)
	if !blank(s.b[above:line]) {
		return above
	}
	if above > 0 {
		label := s.lineStart(above - 1)
		if text := bytes.TrimSpace(s.b[label:above]); bytes.HasSuffix(text, []byte(":")) {
			return label
		}
	}
	return line
}

// lineStart is where the line that b[i] is on starts, at most a window away.
func (s *scanner) lineStart(i int) int {
	from := max(0, i-window)
	if k := bytes.LastIndexByte(s.b[from:i], '\n'); k >= 0 {
		return from + k + 1
	}
	return from
}

// before is what the last words of b[from:to] say about what follows: the
// nearer of an account and somebody to turn to, or else a weaker word. header
// reports that they are of a mail's header.
func (s *scanner) before(from, to int) (said role, header bool) {
	words, direct := 0, false
	first := from == 0 || s.b[from-1] == '\n' // the next word is the first of its line
	if !first {
		from = skipWord(s.b, from) // the window may begin inside a word
	}
	for i := from; i < to; {
		switch c := s.b[i]; {
		case startsWord(c):
			m, end := dictionary.phrase(s.b[:to], i)
			if first {
				header = m.role&headerRole != 0 && end < to && s.b[end] == ':'
			}
			first, direct = false, m.role&toRole != 0
			words++
			switch {
			case m.role&(accountRole|contactRole) != 0:
				said, words = m.role&(accountRole|contactRole), 0
			case words > windowWords:
				said = 0
			case m.role&forRole != 0 && said == 0:
				said, words = forRole, 0
			}
			i = end
			continue
		case c == '\n':
			first = true
		case (c == '.' || c == '!' || c == '?' || c == ';') && i+1 < to && isSpace(s.b[i+1]):
			said = 0
		}
		i++
	}
	if direct {
		said = contactRole
	}
	return said, header
}

// does reports whether the next word says what the account does, or is the
// error that it gets.
func (s *scanner) does(end int) bool {
	i := end
	for i < len(s.b) && i-end < 4 && class[s.b[i]] == gapClass {
		i++
	}
	if i == end || i == len(s.b) || !startsWord(s.b[i]) {
		return false
	}
	m, _ := dictionary.phrase(s.b, i)
	return m.role&(subjectRole|prefixRole|errorRole) != 0
}

// ownLine reports whether the address is alone on its line before any item: a
// sign-in page shows the account above what it says.
func (s *scanner) ownLine(from, start, end int) bool {
	for _, it := range s.items[:s.n] {
		if it.kind == codeItem || it.kind == guidItem {
			return false
		}
	}
	if from > 0 && s.b[from-1] != '\n' || !blank(s.b[from:start]) {
		return false
	}
	for ; end < len(s.b) && s.b[end] != '\n'; end++ {
		if !isSpace(s.b[end]) {
			return false
		}
	}
	return end < len(s.b)
}

// blank reports whether b has neither letters nor digits.
func blank(b []byte) bool {
	for _, c := range b {
		if class[c] != gapClass {
			return false
		}
	}
	return true
}
