package aadsts

// A guid is an id in two halves.
type guid struct{ hi, lo uint64 }

// String is the usual form, in lower case.
func (g guid) String() string {
	const digits = "0123456789abcdef"
	var out [36]byte
	w := 0
	for n := range 32 {
		if n == 8 || n == 12 || n == 16 || n == 20 {
			out[w] = '-'
			w++
		}
		half := g.hi
		if n >= 16 {
			half = g.lo
		}
		out[w] = digits[half>>(60-4*(n%16))&15]
		w++
	}
	return string(out[:])
}

// maxGap is how much white space may break a value: a line end, the marks of
// a quoted mail and the indentation of a console.
const maxGap = 80

// readGUID reads an id at b[i]; end is 0 if there is none. A loose one may
// have white space and line ends anywhere inside, as wrapped and recognised
// text has; nothing else is repaired.
func readGUID(b []byte, i int, loose bool) (hi, lo uint64, end int) {
	dash := false // the dash that this place needs has been read
	for n := 0; n < 32; {
		if i == len(b) {
			return 0, 0, 0
		}
		c := b[i]
		needs := (n == 8 || n == 12 || n == 16 || n == 20) && !dash
		switch {
		case needs && c == '-':
			dash = true
			i++
		case !needs && hex[c] >= 0:
			if n < 16 {
				hi = hi<<4 | uint64(hex[c])
			} else {
				lo = lo<<4 | uint64(hex[c])
			}
			n++
			dash = false
			i++
		default:
			next := i
			if loose {
				next = gap(b, i)
			}
			if next == i {
				return 0, 0, 0
			}
			i = next
		}
	}
	if !endsValue(b, i) {
		return 0, 0, 0
	}
	return hi, lo, i
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
		case c == '\n' || c == '\r':
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
