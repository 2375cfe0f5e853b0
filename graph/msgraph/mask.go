package msgraph

import (
	"regexp"
	"strings"
	"unicode"
)

// numbers finds what may be a phone number in other text, already masked or not.
var numbers = regexp.MustCompile(`\+?\(?[\pNXx*][\pNXx* ()./-]{4,}[\pNXx*]`)

// maskNumbers masks the phone numbers in s, and rather too much than too
// little: a long version number suffers too.
func maskNumbers(s string) string {
	return numbers.ReplaceAllStringFunc(s, func(n string) string {
		if countDigits(n) < 6 {
			return n
		}
		return mask(n)
	})
}

// mask leaves the last two digits of a phone number, and of a short one none:
// "+X XXXXXXXX12".
func mask(number string) string {
	left := countDigits(number)
	shown := 2
	if left < 6 {
		shown = 0
	}
	return strings.Map(func(r rune) rune {
		if !isDigit(r) {
			return r
		}
		if left--; left < shown {
			return r
		}
		return 'X'
	}, number)
}

func countDigits(s string) (n int) {
	for _, r := range s {
		if isDigit(r) {
			n++
		}
	}
	return n
}

// isDigit reports whether r is a digit of any script, or stands for one that
// was masked before.
func isDigit(r rune) bool { return unicode.IsNumber(r) || r == 'X' || r == 'x' || r == '*' }

// maskAddress leaves the first letter of an e-mail address and its domain.
func maskAddress(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return ""
	}
	for _, first := range local {
		return string(first) + "…@" + domain
	}
	return "…@" + domain
}
