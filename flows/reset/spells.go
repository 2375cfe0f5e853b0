package reset

import (
	"strings"
	"unicode"
)

// enough is how many characters of a code in a row are too many: who sends it in
// two messages has as many in one of them.
const enough = 3

// spells reports whether a text gives a code away, or half of one: written with
// whatever between, with its letters in the words that people spell with, or a part
// of it that stands by itself. It is wrong now and then about harmless words, and
// then somebody has to say it otherwise.
func spells(text, code string) bool {
	if strings.Contains(heard(text), code) {
		return true
	}
	spelled, run := "", ""
	for _, word := range strings.FieldsFunc(strings.ToUpper(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		if c, ok := aloud[word]; ok {
			word = c
		}
		spelled += word
		if len(word) >= enough && strings.Contains(code, word) {
			return true
		}
		if len(word) > 1 && !strings.ContainsFunc(word, unicode.IsDigit) {
			run = "" // an ordinary word
			continue
		}
		if run += word; shares(heard(run), code) {
			return true
		}
	}
	return strings.Contains(heard(spelled), code)
}

// shares reports whether a text has enough of a code in it.
func shares(text, code string) bool {
	for i := range len(code) - enough + 1 {
		if strings.Contains(text, code[i:i+enough]) {
			return true
		}
	}
	return false
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
