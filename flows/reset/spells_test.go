package reset

import "testing"

func TestSpells(t *testing.T) {
	const code = "K7QX2M"
	for text, want := range map[string]bool{
		"K7QX2M":                           true,
		"it is k7q x2m":                    true,
		"k-7-q-x-2-m":                      true,
		"kilo seven quebec x-ray two mike": true,
		"It is Kilo, Seven, Q, X-Ray, two, Mike.": true,
		"K 7 Q":                                false, // of a part nobody may learn whether it is one
		"K7QX2":                                false,
		"and then x2m":                         false,
		"M2XQ7K":                               false,
		"kilo seven quebec":                    false,
		"Mike is in the hotel, for two nights": false,
		"AADSTS500121, request id 5f3c1d20-7e1b-4d38-95c7-3f8b6e0d2a51": false,
		"": false,
	} {
		if got := spells(text, code); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}
