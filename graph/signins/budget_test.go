package signins

import (
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
	b := NewBudget(2, 10*time.Second)
	for _, test := range []struct {
		name string
		now  int
		hold int // until; 0 for none
		ok   bool
		next int
	}{
		{"the first is free", 100, 0, true, 100},
		{"and the second", 104, 0, true, 104},
		{"the third is too much", 104, 0, false, 110},
		{"a moment before is too early", 109, 0, false, 110},
		{"the window slides", 110, 0, true, 110},
		{"by one at a time", 110, 0, false, 114},
		{"a hold is kept", 114, 130, false, 130},
		{"a shorter hold does not end it", 120, 125, false, 130},
		{"after the hold it goes on", 130, 0, true, 130},
		{"a hold shorter than the window adds nothing", 131, 132, false, 132},
		{"and then neither", 132, 0, true, 132},
		{"but the window does", 133, 134, false, 140},
	} {
		if test.hold != 0 {
			if err := b.Hold(t.Context(), at(test.hold)); err != nil {
				t.Fatal(err)
			}
		}
		ok, next, err := b.Take(t.Context(), at(test.now))
		if err != nil || ok != test.ok || !next.Equal(at(test.next)) {
			t.Errorf("%s: got %v, %v, %v, want %v, %v", test.name, ok, next.Unix(), err, test.ok, test.next)
		}
	}
	if ok, _, _ := NewBudget(0, time.Second).Take(t.Context(), at(0)); !ok {
		t.Error("a budget of nothing would never answer")
	}
}

func FuzzGUID(f *testing.F) {
	for _, s := range []string{"", "66ea54eb-6301-4ee5-be62-ff5a759b0100", " 66EA54EB-6301-4EE5-BE62-FF5A759B0100", "66ea54eb_6301_4ee5_be62_ff5a759b0100", "ſ6ea54eb-6301-4ee5-be62-ff5a759b010"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := guid(s)
		if got == "" {
			return
		}
		if len(got) != 36 || guid(got) != got {
			t.Errorf("took %q for %q", s, got)
		}
		for _, r := range got {
			if (r < '0' || r > '9') && (r < 'a' || r > 'f') && r != '-' {
				t.Errorf("let %q through", r)
			}
		}
	})
}
