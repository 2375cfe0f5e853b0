package aadsts

import (
	"encoding/binary"
	"encoding/hex"
)

// A guid is an id in two halves.
type guid struct{ hi, lo uint64 }

// String is the usual form, in lower case.
func (g guid) String() string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], g.hi)
	binary.BigEndian.PutUint64(raw[8:], g.lo)
	out := [36]byte{8: '-', 13: '-', 18: '-', 23: '-'}
	hex.Encode(out[0:], raw[0:4])
	hex.Encode(out[9:], raw[4:6])
	hex.Encode(out[14:], raw[6:8])
	hex.Encode(out[19:], raw[8:10])
	hex.Encode(out[24:], raw[10:])
	return string(out[:])
}

// maxGap is how much white space may break a value: a line end, the marks of
// a quoted mail and the indentation of a console.
const maxGap = 80

// readGUID reads an id at b[i]; end is 0 if there is none. A loose one may
// have white space and line ends anywhere inside, as wrapped and recognised
// text has; nothing else is repaired.
func readGUID(b []byte, i int, loose bool) (g guid, end int) {
	if i+36 <= len(b) {
		if g, ok := wholeGUID(b[i : i+36]); ok {
			return g, valueEnd(b, i+36)
		}
	}
	if !loose {
		return guid{}, 0
	}
	dash := false // the dash that this place needs has been read
	for n := 0; n < 32; {
		if i == len(b) {
			return guid{}, 0
		}
		c := b[i]
		needs := (n == 8 || n == 12 || n == 16 || n == 20) && !dash
		switch {
		case needs && c == '-':
			dash = true
			i++
		case !needs && hexDigit[c] >= 0:
			g = g.push(hexDigit[c])
			n++
			dash = false
			i++
		default:
			next := gap(b, i)
			if next == i {
				return guid{}, 0
			}
			i = next
		}
	}
	return g, valueEnd(b, i)
}

// wholeGUID reads the 36 bytes of an id that nothing has broken.
func wholeGUID(b []byte) (g guid, ok bool) {
	if b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return guid{}, false
	}
	bad := int8(0)
	for i, c := range b {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			continue
		}
		d := hexDigit[c]
		bad |= d // negative if any is
		g = g.push(d & 15)
	}
	return g, bad >= 0
}

// push appends a digit.
func (g guid) push(d int8) guid { return guid{g.hi<<4 | g.lo>>60, g.lo<<4 | uint64(d)} }

// valueEnd is i if a value may end there, or else 0.
func valueEnd(b []byte, i int) int {
	if !endsValue(b, i) {
		return 0
	}
	return i
}

// gap skips white space and, where it includes a line end, the marks that
// mail quoting, boxes and soft line breaks put there.
func gap(b []byte, i int) int {
	start, line := i, false
	if i+1 < len(b) && b[i] == '=' && b[i+1] <= ' ' {
		i++ // quoted-printable
	}
	for i < len(b) && i-start < maxGap {
		switch c := b[i]; {
		case c == '\n':
			line = true
		case c <= ' ':
		case line && (c == '>' || c == '|'):
		default:
			return i
		}
		i++
	}
	return i
}

// endsValue reports whether a value may end at i: no letter or digit follows,
// unless it is the next label, since copying a page can lose what stood
// between.
func endsValue(b []byte, i int) bool {
	if i == len(b) || class[b[i]] == gapClass {
		return true
	}
	if !startsWord(b[i]) {
		return false
	}
	if b[i] >= 0xc2 {
		return true
	}
	m, _ := dictionary.phrase(b, i)
	return m.label != noLabel || m.role&(errorCodeRole|errorRole|prefixRole) != 0 || isMessage(b[i:])
}

func isMessage(b []byte) bool { return len(b) > 7 && string(b[:7]) == "Message" && !isLetter(b[7]) }
