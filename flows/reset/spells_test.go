package reset

import "testing"

func TestSpells(t *testing.T) {
	const code = "K7QX2M"
	for text, want := range map[string]bool{
		"K7QX2M":                               true,
		"it is k7q x2m":                        true,
		"k-7-q-x-2-m":                          true,
		"K 7 Q":                                true, // the first of two messages
		"and then x2m":                         true, // the second
		"kilo seven quebec x-ray two mike":     true,
		"Kilo, Seven, Quebec":                  true,
		"first: K, then seven, then Q":         false, // two in a row are not enough
		"k then 7 then q":                      false,
		"K7":                                   false,
		"call me at 7, room 2":                 false,
		"Mike is in the hotel, for two nights": false,
		"AADSTS500121, request id 5f3c1d20-7e1b-4d38-95c7-3f8b6e0d2a51": false,
		"": false,
	} {
		if got := spells(text, code); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if !spells("you", "AYOU23") || spells("you are", "AYUO23") {
		t.Error("three letters of a code that are a word count, and others do not")
	}
}
