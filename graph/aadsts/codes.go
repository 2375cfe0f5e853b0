package aadsts

import (
	"bytes"
	"slices"
	"strings"
)

// code reads the digits at b[i:end], the longest run there, as an error code
// if they are one. It returns where to go on.
func (s *scanner) code(i, end int) (next int, ok bool) {
	prefixed, digits := s.prefixed(i), end-i
	if prefixed {
		end, digits = s.wrapped(i, end)
	}
	if prefixed || s.near&errorCodeRole != 0 {
		if c, next := s.mended(i, end); next > 0 {
			s.keep(c, i, next, named|coded)
			return next, true
		}
	}
	if digits < 5 || digits > 7 || s.b[i] == '0' || prefixed && s.misread(end) {
		return 0, false
	}
	c := number(s.b[i:end])
	fl := named
	switch {
	case prefixed:
	case !endsValue(s.b, end) || !s.free(i, end):
		return 0, false
	case s.called(c, digits, end):
		if s.near&errorCodeRole != 0 {
			fl |= coded
		} else if _, _, known := lookup(c); !known {
			fl |= guessed
		}
	case s.bare(c, i, end):
		fl = 0
	default:
		return 0, false
	}
	if prefixed {
		fl |= spelled
	}
	s.keep(c, i, end, fl)
	return end, true
}

// keep adds a code that stands at b[i:end].
func (s *scanner) keep(c uint32, i, end int, fl flags) {
	s.add(item{kind: codeItem, flags: fl, start: int32(i), end: int32(end), hi: uint64(c)})
	s.near = s.goesOn(end)
}

// mended reads the code at b[i] whose digits somebody, or a phone, has put into
// groups: 500 121, 500.121, 500,121. Only a code of the catalogue comes of it, for
// anything else may be any number. It returns 0 and 0 for none.
func (s *scanner) mended(i, end int) (code uint32, next int) {
	if end-i > 4 {
		return 0, 0
	}
	code = number(s.b[i:end])
	for digits := end - i; ; {
		if end == len(s.b) || strings.IndexByte(" .,+", s.b[end]) < 0 { // plus is a space in a form
			return 0, 0
		}
		group := end + 1
		for end = group; end < len(s.b) && isDigit(s.b[end]); end++ {
			code = code*10 + uint32(s.b[end]-'0')
			if digits++; digits > 7 {
				return 0, 0
			}
		}
		if end == group || !endsValue(s.b, end) {
			return 0, 0
		}
		if _, exact := index(code); exact {
			if s.following(end)&unitRole != 0 {
				return 0, 0
			}
			return code, end
		}
	}
}

// misread reports whether a letter that is taken for a digit follows the digits
// of a code, as in 50012l. Without it the code would be another, and letters are
// not read as digits.
func (s *scanner) misread(end int) bool {
	n := end
	for n < len(s.b) && (isDigit(s.b[n]) || strings.IndexByte("OolI|", s.b[n]) >= 0) {
		n++
	}
	return n > end && (n == len(s.b) || class[s.b[n]] == gapClass)
}

// goesOn is what still holds of the word before a code for the number after
// it, as in a list: [70002,70008], errors 50126 and 53003.
func (s *scanner) goesOn(end int) role {
	i := end
	for i < len(s.b) && i-end < 3 && isSpace(s.b[i]) {
		i++
	}
	if i == len(s.b) || !startsWord(s.b[i]) && s.b[i] != ',' && s.b[i] != '/' && s.b[i] != '&' && s.b[i] != ';' {
		return 0
	}
	if s.near&prefixRole != 0 {
		return errorRole
	}
	return s.near
}

// number is the value of digits, which may stand on two lines.
func number(b []byte) (n uint32) {
	for _, c := range b {
		if isDigit(c) {
			n = n*10 + uint32(c-'0')
		}
	}
	return n
}

// prefixed reports whether AADSTS stands before b[i], with a colon or a space
// between, or glued, whatever else is glued to it.
func (s *scanner) prefixed(i int) bool {
	if s.near&prefixRole != 0 {
		return true
	}
	if i < 6 || s.b[i-1]|0x20 != 's' {
		return false
	}
	for k, c := range [...]byte{'a', 'a', 'd', 's', 't', 's'} {
		if s.b[i-6+k]|0x20 != c {
			return false
		}
	}
	return true
}

// wrapped is the end of a code that a console broke over two lines, and how
// many digits it has. It shows by the colon that follows every code in a
// message: here it follows the second half, and not the first.
func (s *scanner) wrapped(i, end int) (int, int) {
	digits := end - i
	next := gap(s.b, end)
	if next == end || next == len(s.b) || !hasLineEnd(s.b[end:next]) {
		return end, digits
	}
	n := next
	for n < len(s.b) && isDigit(s.b[n]) {
		n++
	}
	if n == next || n == len(s.b) || s.b[n] != ':' || digits+n-next > 7 || n+1 < len(s.b) && isDigit(s.b[n+1]) {
		return end, digits
	}
	return n, digits + n - next
}

func hasLineEnd(b []byte) bool { return slices.Contains(b, '\n') }

// free reports whether the signs around b[i:end] allow a number of its own:
// no sign, decimals, thousands, line and column, file name or percentage.
func (s *scanner) free(i, end int) bool {
	if i > 0 {
		switch c := s.b[i-1]; c {
		case '.', '@', '$', '\\', '&', '%':
			return false
		case '+':
			return i > 1 && isLetter(s.b[i-2]) // a space in a form
		case '-':
			if i < 2 || !isLetter(s.b[i-2]) || s.near&(errorCodeRole|errorRole|codeRole) == 0 {
				return false
			}
		default:
			if isLetter(c) && s.near&(errorCodeRole|errorRole|codeRole) == 0 {
				return false
			}
		}
	}
	if end == len(s.b) {
		return true
	}
	var after byte
	if end+1 < len(s.b) {
		after = s.b[end+1]
	}
	switch s.b[end] {
	case '%', '@', '$', '=':
		return false
	case ':':
		return !isDigit(after)
	case '-', '/':
		return !isLetter(after) && (!isDigit(after) || s.listed(end+1))
	case '.':
		return !isDigit(after) && !(after >= 'a' && after <= 'z')
	case ',':
		return !isDigit(after) || s.listed(end+1)
	}
	return true
}

// listed reports whether the digits at b[i] are as many as a code has.
func (s *scanner) listed(i int) bool {
	n := 0
	for i+n < len(s.b) && n < 9 && isDigit(s.b[i+n]) {
		n++
	}
	return n >= 5 && n <= 7
}

// called reports whether a word before or after says that the number is an
// error code. Such a number need not be in the catalogue, but must be of a
// range that Entra uses; six digits that only the word "code" stands beside
// may have come in a text message.
func (s *scanner) called(c uint32, digits, end int) bool {
	near := s.near | s.following(end)
	_, _, known := lookup(c)
	if !known && s.apart(end-digits) {
		near = s.following(end)
	}
	switch {
	case near&(errorCodeRole|errorRole) != 0:
		return known || plausible(c)
	case near&otherRole != 0:
		return false
	case near&codeRole != 0:
		return known || digits != 6 && plausible(c)
	}
	return false
}

// apart reports whether a sentence or a paragraph ends between the last word
// and the number at b[i], or they are far from each other.
func (s *scanner) apart(i int) bool {
	gap := s.b[min(s.wordEnd, i):i]
	return len(gap) > maxGap || bytes.Contains(gap, []byte(". ")) || bytes.Contains(gap, []byte(".\n")) || bytes.Contains(gap, []byte("\n\n"))
}

// following is what the word after b[end] says: "a 500121 error".
func (s *scanner) following(end int) role {
	i := end
	if i < len(s.b) && (s.b[i] == ' ' || s.b[i] == '-') {
		i++
	}
	if i == end || i == len(s.b) || !startsWord(s.b[i]) {
		return 0
	}
	m, _ := dictionary.phrase(s.b, i)
	return m.role & (errorCodeRole | errorRole | unitRole)
}

// bare reports whether a number that nothing calls a code is one all the
// same: it is in the catalogue, stands by itself, and is no line, phone number
// or amount.
func (s *scanner) bare(c uint32, i, end int) bool {
	if k, exact := index(c); !exact || catalogue[k].OnlyNamed || s.near&otherRole != 0 || s.following(end)&unitRole != 0 {
		return false
	}
	return s.alone(i) && !s.dialled(i, end)
}

// alone looks at the sign before b[i].
func (s *scanner) alone(i int) bool {
	if i == 0 {
		return true
	}
	switch c := s.b[i-1]; c {
	case '#', '=', '?':
		return false
	case '/':
		return i > 1 && (isDigit(s.b[i-2]) || s.b[i-2] == ' ')
	case ':':
		return i > 1 && s.b[i-2] >= 0x80
	case '[', '(':
		return i < 2 || class[s.b[i-2]] != letterClass // sshd[50058]
	default:
		return !isDigit(c)
	}
}

// dialled reports whether other groups of digits stand right beside the
// number, as in a phone number or an account number.
func (s *scanner) dialled(i, end int) bool {
	if s.lastNum >= 0 && beside(s.b[s.lastNum:i], s.phone) && !s.numbering() {
		return true
	}
	n := end
	for n < len(s.b) && n-end < 2 && (s.b[n] == ' ' || s.b[n] == '-' || s.b[n] == '/' || s.b[n] == '.') {
		n++
	}
	if n == end || n == len(s.b) || !isDigit(s.b[n]) || s.listed(n) {
		return false
	}
	if k := skipWord(s.b, n); k-n > 4 && hasLetter(s.b[n:k]) {
		return false // an id follows
	}
	return n+4 >= len(s.b) || s.b[n+4] != '-' // a date may follow
}

// beside reports whether b, between two numbers, is only what people put into
// one number. A line end is that only in a phone number.
func beside(b []byte, phone bool) bool {
	if len(b) > 8 {
		return false
	}
	for _, c := range b {
		switch c {
		case ' ', '\t', '-', '.', '/', '(', ')':
		case '\n', '>', '|':
			if !phone {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func hasLetter(b []byte) bool { return slices.ContainsFunc(b, isLetter) }

// numbering reports whether the number before is that of a list, "1. " or
// "1) ", or the end of a time or a date.
func (s *scanner) numbering() bool {
	start := s.lastNum - s.numLen
	if start > 0 && s.b[start-1] == ':' {
		return true
	}
	if s.numLen > 2 {
		return false
	}
	if start > 3 && (s.b[start-1] == '-' || s.b[start-1] == '/') && s.b[start-4] == s.b[start-1] {
		return true // 2026-06-13
	}
	return s.lastNum < len(s.b) && s.b[s.lastNum] != ' ' && startsLine(s.b, start)
}

// startsLine reports whether nothing but the marks of quoting stands before
// b[i] on its line.
func startsLine(b []byte, i int) bool {
	for n := 0; n < 16 && i > 0; n++ {
		i--
		switch b[i] {
		case '\n', '"':
			return true
		case ' ', '\t', '>', '|', '*', '`':
		default:
			return false
		}
	}
	return i == 0
}

// plausible reports whether Entra numbers its errors in c's range. The ranges
// are those of the catalogue and of Microsoft's list of codes
// (learn.microsoft.com/entra/identity-platform/reference-error-codes).
func plausible(c uint32) bool {
	switch {
	case c < 100000:
		switch c / 1000 {
		case 16, 17, 20, 28, 29, 40, 50, 51, 52, 53, 54, 60, 65, 66, 67, 68, 70, 75, 76, 80, 81, 90:
			return true
		}
	case c < 1000000:
		switch c / 10000 {
		case 10, 12, 13, 14, 16, 22, 23, 24, 39, 50, 53, 54, 65, 70, 90:
			return true
		}
	default:
		switch c / 100000 {
		case 10, 50, 53, 70, 75, 90:
			return true
		}
	}
	return false
}
