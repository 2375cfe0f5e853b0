package aadsts

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// clean returns the text as a person sees it: URL encoding, JSON and HTML
// escapes, tags and typographic letters undone, so that the scanner meets
// one spelling of everything. Each decoder works in place, because none ever
// writes more than it reads, and runs only if its sign occurs at all.
//
// The order is that in which text is wrapped on its way to us: the innermost
// JSON was put into HTML, and that into an address.
func clean(text string, room []byte) []byte {
	b := append(room, text...)
	if bytes.IndexByte(b, '%') >= 0 {
		b = percents(b)
	}
	if bytes.IndexByte(b, '\\') >= 0 {
		b = backslashes(b)
	}
	if bytes.IndexByte(b, '&') >= 0 {
		b = entities(b)
	}
	if bytes.IndexByte(b, '<') >= 0 {
		b = tags(b)
	}
	if bytes.IndexByte(b, '\r') >= 0 {
		b = lineEnds(b)
	}
	if i := firstHigh(b); i >= 0 {
		b = fold(b, i)
	}
	return b
}

// lineEnds makes every line end a single newline.
func lineEnds(b []byte) []byte {
	w := 0
	for r, c := range b {
		if c == '\r' {
			if r+1 < len(b) && b[r+1] == '\n' {
				continue
			}
			c = '\n'
		}
		b[w] = c
		w++
	}
	return b[:w]
}

// percents undoes URL encoding, however often it was applied (%253a). In a
// word that has any, a plus is a space; where it was applied twice, so is an
// encoded plus.
func percents(b []byte) []byte {
	twice := bytes.Contains(b, []byte("%25"))
	w, word, form := 0, 0, false // word: where the current word starts in what is written
	for r := 0; r < len(b); {
		c := b[r]
		if c == '%' {
			if v, n := percent(b[r:]); n > 0 {
				if !form {
					form = true
					plusToSpace(b[word:w])
				}
				if v == '+' && twice && n == 3 {
					v = ' '
				}
				b[w] = v
				w++
				r += n
				continue
			}
		}
		switch {
		case c == '+' && form:
			c = ' '
		case c <= ' ':
			word, form = w+1, false
		}
		b[w] = c
		w++
		r++
	}
	return b[:w]
}

// percent decodes the %XX at the start of b, and how many bytes it takes.
func percent(b []byte) (v byte, n int) {
	n = 1
	for n+3 < len(b) && b[n] == '2' && b[n+1] == '5' && hexDigit[b[n+2]] >= 0 && hexDigit[b[n+3]] >= 0 {
		n += 2
	}
	if n+1 >= len(b) || hexDigit[b[n]] < 0 || hexDigit[b[n+1]] < 0 {
		return 0, 0
	}
	return byte(hexDigit[b[n]]<<4 | hexDigit[b[n+1]]), n + 2
}

func plusToSpace(b []byte) {
	for i, c := range b {
		if c == '+' {
			b[i] = ' '
		}
	}
}

// backslashes undoes the escapes of JSON and its like at any depth: however
// many backslashes stand before it, an n is a line end.
func backslashes(b []byte) []byte {
	w := 0
	for r := 0; r < len(b); {
		if b[r] != '\\' {
			b[w] = b[r]
			w++
			r++
			continue
		}
		for r < len(b) && b[r] == '\\' {
			r++
		}
		if r == len(b) {
			break
		}
		switch c := b[r]; c {
		case 'n':
			b[w] = '\n'
			w++
			r++
		case 'r':
			b[w] = '\r'
			w++
			r++
		case 'u', 'x':
			v, n := escapedRune(b[r:])
			w += utf8.EncodeRune(b[w:], v)
			r += n
		case 't':
			b[w] = '\t'
			w++
			r++
		case '"', '\'', '/':
			b[w] = c
			w++
			r++
		default:
			b[w] = ' '
			w++
		}
	}
	return b[:w]
}

// escapedRune decodes u0027 or x27 at the start of b; anything else, and half
// of a surrogate pair, is a space.
func escapedRune(b []byte) (v rune, n int) {
	digits := 4
	if b[0] == 'x' {
		digits = 2
	}
	if len(b) <= digits {
		return ' ', 0
	}
	for _, c := range b[1 : 1+digits] {
		if hexDigit[c] < 0 {
			return ' ', 0
		}
		v = v<<4 | rune(hexDigit[c])
	}
	if !utf8.ValidRune(v) {
		v = ' '
	}
	return v, 1 + digits
}

// entities undoes HTML entities, also those escaped again (&amp;quot;).
func entities(b []byte) []byte {
	w := 0
	for r := 0; r < len(b); {
		if b[r] == '&' {
			if v, n := entity(b[r:]); n > 0 {
				w += utf8.EncodeRune(b[w:], v)
				r += n
				continue
			}
		}
		b[w] = b[r]
		w++
		r++
	}
	return b[:w]
}

// entity decodes the entity at the start of b, and how many bytes it takes.
func entity(b []byte) (v rune, n int) {
	n = 1
	for bytes.HasPrefix(b[n:], []byte("amp;")) {
		n += len("amp;")
	}
	if n < len(b) && b[n] == '#' {
		if v, m := numericEntity(b[n+1:]); m > 0 {
			return v, n + 1 + m
		}
	}
	end := min(len(b), n+8)
	if i := bytes.IndexByte(b[n:end], ';'); i > 0 {
		if v, ok := entityNames[string(b[n:n+i])]; ok {
			return v, n + i + 1
		}
	}
	if n > 1 {
		return '&', n
	}
	return 0, 0
}

func numericEntity(b []byte) (v rune, n int) {
	base := rune(10)
	if len(b) > 0 && b[0]|0x20 == 'x' {
		base, n = 16, 1
	}
	start := n
	for n < len(b) && n-start < 6 {
		d := rune(hexDigit[b[n]])
		if d < 0 || d >= base {
			break
		}
		v = v*base + d
		n++
	}
	if n == start || n == len(b) || b[n] != ';' {
		return 0, 0
	}
	if !utf8.ValidRune(v) {
		v = ' '
	}
	return v, n + 1
}

// entityNames has what pages, mails and chats write in and around the labels.
var entityNames = map[string]rune{
	"lt": '<', "gt": '>', "quot": '"', "apos": '\'', "nbsp": ' ', "shy": '\u00ad', "colon": ':',
	"lsquo": '\'', "rsquo": '\'', "ldquo": '"', "rdquo": '"', "ndash": '-', "mdash": '-', "commat": '@',
	"auml": 'ä', "ouml": 'ö', "uuml": 'ü', "aring": 'å', "szlig": 'ß', "aacute": 'á', "eacute": 'é',
	"iacute": 'í', "oacute": 'ó', "uacute": 'ú', "egrave": 'è', "agrave": 'à', "ecirc": 'ê', "acirc": 'â',
	"atilde": 'ã', "otilde": 'õ', "ccedil": 'ç', "ntilde": 'ñ', "Eacute": 'É',
}

// tags takes HTML tags out: a block or a cell ends a line, the rest is a
// space. Only names that HTML has: <redacted>, <mailto:…> and the elements of
// an XML log are text.
func tags(b []byte) []byte {
	w := 0
	for r := 0; r < len(b); {
		if b[r] == '<' {
			if c, n := tag(b[r:]); n > 0 {
				if c != 0 {
					b[w] = c
					w++
				}
				r += n
				continue
			}
		}
		b[w] = b[r]
		w++
		r++
	}
	return b[:w]
}

// tag says what the tag at the start of b turns into (0 for nothing), and how
// long it is. It looks no further than the next angle bracket, so that no text
// is looked at more than twice.
func tag(b []byte) (c byte, n int) {
	i := 1
	if i < len(b) && b[i] == '/' {
		i++
	}
	start := i
	for i < len(b) && i-start < 12 && (isLetter(b[i]) || isDigit(b[i])) {
		i++
	}
	if i == start || i == len(b) || b[i] != '>' && b[i] != '/' && b[i] > ' ' {
		return 0, 0
	}
	var name [12]byte
	for k, c := range b[start:i] {
		name[k] = c | 0x20
	}
	c, ok := tagNames[string(name[:i-start])]
	if !ok {
		return 0, 0
	}
	for i < len(b) && b[i] != '<' && b[i] != '>' {
		i++
	}
	if i == len(b) || b[i] == '<' {
		return 0, 0
	}
	return c, i + 1
}

var tagNames = makeTagNames()

func makeTagNames() map[string]byte {
	m := map[string]byte{"wbr": 0}
	for n := range strings.FieldsSeq("a abbr at attachment b button center code del em emoji font i img input " +
		"ins label mark meta s small span strike strong style sub summary sup tt u") {
		m[n] = ' '
	}
	for n := range strings.FieldsSeq("blockquote body br codeblock dd details div dl dt footer form h1 h2 h3 h4 h5 h6 " +
		"head header hr html li main ol p pre section table tbody td tfoot th thead title tr ul") {
		m[n] = '\n'
	}
	return m
}

// firstHigh is where the first byte beyond ASCII is, -1 if there is none.
func firstHigh(b []byte) int {
	i := 0
	for ; i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 == 0; i += 8 {
	}
	for ; i < len(b); i++ {
		if b[i] >= utf8.RuneSelf {
			return i
		}
	}
	return -1
}

// fold brings letters to one form, from the first high byte on: accents off,
// full-width and typographic signs to ASCII, Cyrillic to lower case, what
// nobody can see to nothing, and signs that mean nothing here to spaces.
func fold(b []byte, from int) []byte {
	w := from
	for r := from; r < len(b); {
		if b[r] < utf8.RuneSelf {
			b[w] = b[r]
			w++
			r++
			continue
		}
		v, n := utf8.DecodeRune(b[r:])
		w += foldRune(b[w:r+n], v)
		r += n
	}
	return b[:w]
}

// foldRune writes what v becomes and returns its length, at most that of v.
func foldRune(b []byte, v rune) int {
	switch {
	case v == 0xad, v >= 0x300 && v < 0x370, v == 0x180e, v >= 0x200b && v < 0x2010,
		v >= 0x202a && v < 0x202f, v >= 0x2060 && v < 0x2070, v >= 0xfe00 && v < 0xfe10, v == 0xfeff:
		return 0 // unseen: joiners, marks, directions, variants, accents of their own
	case v < 0xc0:
		b[0] = ' '
		if v == 0xb4 {
			b[0] = '\''
		}
		return 1
	case v < 0x180:
		return copy(b, latin[v-0xc0])
	case v >= 0x410 && v < 0x430:
		return utf8.EncodeRune(b, v+0x20)
	case v >= 0x400 && v < 0x410:
		return utf8.EncodeRune(b, v+0x50)
	case v >= 0xff01 && v < 0xff5f:
		b[0] = byte(v - 0xff01 + '!')
		return 1
	case v >= 0x2000 && v < 0x2c00, v >= 0x3000 && v < 0x3040, v >= 0x1f000, v == utf8.RuneError:
		b[0] = sign(v)
		return 1
	}
	return utf8.EncodeRune(b, v)
}

// sign is the ASCII sign for a typographic one.
func sign(v rune) byte {
	switch v {
	case 0x2018, 0x2019, 0x201a, 0x201b, 0x2032, 0x2039, 0x203a:
		return '\''
	case 0x201c, 0x201d, 0x201e, 0x201f, 0x2033, 0x300c, 0x300d, 0x300e, 0x300f:
		return '"'
	case 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212:
		return '-'
	case 0x2236:
		return ':'
	case 0x2028, 0x2029:
		return '\n'
	case 0x3001:
		return ','
	case 0x2026, 0x3002:
		return '.'
	case 0x2022, 0x25cf, 0x25a0, 0x25aa:
		return '*'
	}
	switch {
	case v >= 0x2500 && v < 0x2580: // the box that a terminal draws around an error
		return '|'
	case v >= 0x2580 && v < 0x25a0: // blacked out
		return '*'
	}
	return ' '
}

// latin is the plain spelling of U+00C0 to U+017F.
var latin = strings.Fields("a a a a a a ae c e e e e i i i i d n o o o o o x o u u u u y th ss " +
	"a a a a a a ae c e e e e i i i i d n o o o o o / o u u u u y th y " +
	"a a a a a a c c c c c c c c d d d d e e e e e e e e e e g g g g g g g g h h h h " +
	"i i i i i i i i i i ij ij j j k k k l l l l l l l l l l n n n n n n n n n o o o o o o oe oe " +
	"r r r r r r s s s s s s s s t t t t t t u u u u u u u u u u u u w w y y y z z z z z z s")

// hexDigit is the value of a hexadecimal digit, -1 for any other byte.
var hexDigit = makeHexDigit()

func makeHexDigit() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range int8(10) {
		t['0'+i] = i
	}
	for i := range int8(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isSpace(c byte) bool  { return c <= ' ' }
