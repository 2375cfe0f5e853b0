package reset

import (
	"strings"
	"unicode"
)

// spells reports whether a text gives a whole code away: written with whatever
// between, or with its letters in the words that people spell with. A part of it
// would be guessed at soon: whoever writes hears whether a text was passed on, and
// any three characters in a row are one of some thousands.
func spells(text, code string) bool {
	words := strings.FieldsFunc(strings.ToUpper(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	for i, word := range words {
		if c, ok := aloud[word]; ok {
			words[i] = c
		}
	}
	return strings.Contains(heard(text), code) || strings.Contains(heard(strings.Join(words, "")), code)
}

// aloud are the words in which letters and digits are said so that nobody mishears
// them: those of radio, and the numerals of English.
// See https://www.itu.int/pub/R-REG-RR, Appendix 14.
var aloud = map[string]string{
	"ALFA": "A", "ALPHA": "A", "BRAVO": "B", "CHARLIE": "C", "DELTA": "D", "ECHO": "E", "FOXTROT": "F", "GOLF": "G", "HOTEL": "H",
	"JULIETT": "J", "JULIET": "J", "KILO": "K", "LIMA": "L", "MIKE": "M", "NOVEMBER": "N", "PAPA": "P", "QUEBEC": "Q", "ROMEO": "R",
	"SIERRA": "S", "TANGO": "T", "UNIFORM": "U", "VICTOR": "V", "WHISKEY": "W", "WHISKY": "W", "XRAY": "X", "RAY": "", "YANKEE": "Y", "ZULU": "Z",
	"TWO": "2", "THREE": "3", "FOUR": "4", "FIVE": "5", "SIX": "6", "SEVEN": "7", "EIGHT": "8", "NINE": "9", "NINER": "9",
}
