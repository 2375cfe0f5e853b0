package aadsts

// An item is something in the text that may belong to an error.
type item struct {
	kind       itemKind
	label      label // of a labelItem
	flags      flags
	start, end int32  // in the clean text
	hi, lo     uint64 // the value: an id, Unix seconds, a code, a score
}

type itemKind uint8

const (
	labelItem itemKind = iota
	guidItem
	timeItem
	codeItem
	upnItem
)

type flags uint16

const (
	touching  flags = 1 << iota // nothing but separators since the item before
	unread                      // a label with something after it that is no value
	named                       // a code that the text calls one, not a bare number
	coded                       // a code after a label such as "Error Code", so ids may follow it
	spelled                     // a code after AADSTS
	guessed                     // a code of which nothing but the word "error" says so, and that is not in the catalogue
	noZone                      // a time that does not say its zone
	fraction                    // a time with a part of a second
	iso                         // a time with a T, as pages and loggers write it; token errors have a space
	suspended                   // an id whose nearest word says that it is something else's
)

// maxItems bounds the memory for a log file; an error has about ten items.
const maxItems = 1 << 15

// A scanner reads clean text once, from left to right, word by word, and
// keeps the items. It looks back or ahead only over bounded distances.
type scanner struct {
	b     []byte
	items []item // n of them
	n     int

	touch   bool // only separators since the last item
	near    role // of the last word, while nothing but separators has followed
	wordEnd int  // of that word
	lastNum int  // where the last plain number ended, -1 if none yet
	numLen  int  // its digits
	phone   bool // it is part of a phone number, or something like it
	upns    int
}

// run reads the whole text.
func (s *scanner) run() {
	s.lastNum = -1
	for i := 0; i < len(s.b) && s.n < maxItems; {
		c := s.b[i]
		switch class[c] {
		case letterClass:
			i = s.letters(i)
		case digitClass:
			i = s.digits(i)
		case atClass:
			s.address(i)
			i++
		default:
			i++
		}
	}
}

// add keeps an item. Touch tells the next one whether it stands right after.
func (s *scanner) add(it item) {
	if s.touch {
		it.flags |= touching
	}
	if s.n == len(s.items) {
		more := make([]item, 2*s.n) // not append, for which the first room could not be on the stack
		copy(more, s.items)
		s.items = more
	}
	s.items[s.n] = it
	s.n++
	s.touch = true
}

// last is the item right before i, if only separators stand between.
func (s *scanner) last() *item {
	if !s.touch || s.n == 0 {
		return nil
	}
	return &s.items[s.n-1]
}

// other notes that something at i is no item: what follows no longer touches
// the last one, and a label before it has an unreadable value.
func (s *scanner) other(i int) {
	if l := s.last(); l != nil && l.kind == labelItem && announces(s.b[l.end:i]) {
		l.flags |= unread
	}
	s.touch = false
}

// announces reports whether what stands after a label promises a value, as a
// colon does and a space in the middle of a sentence does not.
func announces(gap []byte) bool {
	for _, c := range gap[:min(len(gap), 16)] {
		switch c {
		case ':', '=', '\n', '\t', '|', '[', '{', '<', '*':
			return true
		}
	}
	return false
}

// letters reads what starts with a letter: an id, a phrase or a word.
func (s *scanner) letters(i int) int {
	if hexDigit[s.b[i]] >= 0 {
		if end := s.id(i); end > i {
			return end
		}
	}
	m, end := dictionary.phrase(s.b, i)
	if m.label == foreignLabel && hasLineEnd(s.b[i:end]) {
		m = meaning{} // "client" at the end of a line and "Request Id" on the next are two things
		_, end = word(s.b, i)
	}
	if m.role&linkRole == 0 {
		s.wordEnd = end
	}
	switch {
	case m.role == codeRole && s.near&(errorRole|errorCodeRole) != 0:
		s.other(i)
		s.near = errorCodeRole // "sign-in error" and "code" are one label
	case m.label != noLabel && !(m.label == dateLabel && !announces(s.b[end:min(end+2, len(s.b))])):
		s.add(item{kind: labelItem, label: m.label, start: int32(i), end: int32(end)})
		s.near = m.role
	case m.role&linkRole != 0:
		// what follows still belongs to what stood before
	case m.role&noneRole != 0:
		s.touch, s.near = false, 0
	default:
		s.other(i)
		s.near = m.role
	}
	return end
}

// digits reads what starts with a digit: an id, a time, a code or a number.
func (s *scanner) digits(i int) int {
	if end := s.id(i); end > i {
		return end
	}
	if end := s.instant(i); end > i {
		return end
	}
	end := i + 1
	for end < len(s.b) && isDigit(s.b[end]) {
		end++
	}
	if n, ok := s.code(i, end); ok {
		return n
	}
	s.phone = i > 0 && s.b[i-1] == '+' || s.b[i] == '0' && end-i > 2 || s.near&otherRole != 0 ||
		s.phone && s.lastNum >= 0 && beside(s.b[s.lastNum:i], true)
	s.lastNum, s.numLen = end, end-i
	s.other(i)
	s.near = 0
	return end
}

// skipWord is the end of a run of letters and digits.
func skipWord(b []byte, i int) int {
	for i < len(b) && (class[b[i]] == letterClass || class[b[i]] == digitClass) {
		i++
	}
	return i
}

// id reads a GUID. Right after a label it may be broken by white space;
// elsewhere it must be whole.
func (s *scanner) id(i int) int {
	l := s.last()
	if i > 0 && (isDigit(s.b[i-1]) || isLetter(s.b[i-1])) && (l == nil || int(l.end) != i) {
		return 0 // the middle of something longer
	}
	loose := l != nil && (l.kind == labelItem && l.label.wants() == guidItem || l.kind == guidItem)
	if !loose && (i+8 >= len(s.b) || s.b[i+8] != '-') {
		return 0
	}
	g, end := readGUID(s.b, i, loose)
	if end == 0 {
		return 0
	}
	if g == (guid{}) {
		s.other(i) // nothing but zeros is how some programs leave an id out
		s.near = 0
		return end
	}
	it := item{kind: guidItem, start: int32(i), end: int32(end), hi: g.hi, lo: g.lo}
	if i > 0 && s.b[i-1] == '\'' || s.near&otherRole != 0 {
		it.flags |= suspended
	}
	s.add(it)
	s.near = 0
	return end
}

// instant reads a time.
func (s *scanner) instant(i int) int {
	l := s.last()
	loose := l != nil && (l.kind == labelItem || l.kind == guidItem)
	if !loose && (i+4 >= len(s.b) || s.b[i+4] != '-' || s.b[i] != '2') {
		return 0
	}
	sec, fl, end := readTime(s.b, i, loose)
	if end == 0 {
		return 0
	}
	s.add(item{kind: timeItem, flags: fl, start: int32(i), end: int32(end), hi: uint64(sec)})
	s.near = 0
	return end
}

// Classes of bytes in clean text.
const (
	gapClass = iota
	letterClass
	digitClass
	atClass
)

var class, lower = makeClasses()

// makeClasses also makes lower, which folds the case and takes i for l, since
// that is what happens to "Id" and to "Correlation" on the way through a
// picture.
func makeClasses() (class, lower [256]byte) {
	for c := range 256 {
		switch b := byte(c); {
		case isLetter(b):
			class[c], lower[c] = letterClass, b|0x20
		case isDigit(b):
			class[c] = digitClass
		case b == '@':
			class[c] = atClass
		case b >= 0xc2:
			class[c] = letterClass
		}
	}
	lower['l'], lower['L'] = 'i', 'i'
	return class, lower
}

func startsWord(c byte) bool { return class[c] == letterClass }

// word reads the word at b[i]: letters up to anything else, or a single
// character of a script that does not put spaces between words.
func word(b []byte, i int) (hash uint64, end int) {
	const offset = 14695981039346656037 // FNV-1a, 64 bits
	if b[i] < 0xe0 {
		return moreWord(offset, b, i)
	}
	end = min(i+3, len(b))
	if b[i] >= 0xf0 {
		end = min(i+4, len(b))
	}
	hash = offset
	for _, c := range b[i:end] {
		hash = (hash ^ uint64(c)) * prime
	}
	return hash, end
}

const prime = 1099511628211

// moreWord goes on with a word at b[i].
func moreWord(h uint64, b []byte, i int) (hash uint64, end int) {
	for i < len(b) {
		if c := lower[b[i]]; c != 0 {
			h = (h ^ uint64(c)) * prime
			i++
			continue
		}
		if b[i] < 0xc2 || b[i] >= 0xe0 || i+1 == len(b) {
			break
		}
		h = (h ^ uint64(b[i])<<8 ^ uint64(b[i+1])) * prime
		i += 2
	}
	return h, i
}
