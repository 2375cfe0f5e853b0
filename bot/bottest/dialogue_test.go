package bottest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDialoguesParse(t *testing.T) {
	all, err := Dialogues()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.Title == "" || len(d.lines) == 0 {
			t.Errorf("%s has title %q and %d lines", d.Name, d.Title, len(d.lines))
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"make", "d.txt:1: the name of a failure is expected"},
		{"wait long", "d.txt:1: a duration such as 90s is expected"},
		{"wait -1s", "d.txt:1: a duration such as 90s is expected"},
		{"\n# x\nava shouts \"hi\"", "d.txt:3: after ava, one of says, runs, replies, presses, fills, reads, sees, registers, signs in, and cannot sign in is expected"},
		{"ava signs at \"Confirm\"", "d.txt:1: signs in at, or cannot sign in at, is expected"},
		{"ava signs in at \"Confirm\"", "d.txt:1: with what do they sign in?"},
		{"ava cannot sign in at \"Confirm\" with password", "d.txt:1: what does the page say?"},
		{"ava says hello", "d.txt:1: after says, something in quotes is expected"},
		{"ava says \"hello", "d.txt:1: a quote that does not end"},
		{`ava says "\xff"`, `d.txt:1: "\xff" is not text`},
		{"ava says \"hello\" in kitchen", "d.txt:1: in admins is expected, for there is no other place"},
		{"ava says \"hello\" on \"card\"", "d.txt:1: on is for replies and buttons"},
		{"ava says \"hello\" twice", "d.txt:1: \"twice\" is more than was expected"},
		{"ava runs \"status\"", "d.txt:1: a command begins with a slash"},
		{"ava fills \"Ask\" tried=restarted", "d.txt:1: after tried=, something in quotes is expected"},
		{"bot says \"x\"", "d.txt:1: bot to somebody is expected"},
		{"bot to ava \"x\"", "d.txt:1: a colon is expected, and then what is seen"},
		{"bot to ava:", "d.txt:1: either nothing or something to be seen is expected"},
		{"bot to ava: nothing; says \"x\"", "d.txt:1: either nothing or something to be seen is expected"},
		{"bot to ava: not nothing", `d.txt:1: "nothing" is not one of title, says, status, offers, attaches, and nothing`},
		{"bot to ava: says \"x\" says \"y\"", `d.txt:1: a semicolon is expected before "says"`},
		{"bot to ava: status red", "d.txt:1: a status is info, waiting, good, or problem"},
		{"admins see in kitchen: nothing", "d.txt:1: in thread is expected"},
		{"only priya sees: nothing", "d.txt:1: only, who it is, and is told, are expected"},
		{"only priya is told: nothing", "d.txt:1: what is only one is told?"},
		{"only priya is told: not says \"x\"", "d.txt:1: what is only one is told?"},
		{"happens", "d.txt:1: what happens?"},
		{"ava presses \"Ask\" of", "d.txt:1: of whom is what they press?"},
		{"happens fire to", "d.txt:1: happens to whom?"},
		{"ava signs in at \"Confirm\" with key after noon", "d.txt:1: a duration such as 90s is expected"},
		{"  says \"x\"", "d.txt:1: goes on with nothing"},
		{"bot to ava: says \"x\"\n  sings \"y\"", `d.txt:1: "sings" is not one of title, says, status, offers, attaches, and nothing`},
	} {
		if _, err := Parse("d.txt", test.text); err == nil || err.Error() != test.want {
			t.Errorf("%q: got %v, want %s", test.text, err, test.want)
		}
	}
}

func TestParseKeepsWhatIsSaid(t *testing.T) {
	d, err := Parse("x/one.txt", "# One\n# more\nava fills \"Ask: now\" tried=\"a;b\" \"Which phone?\"=\"new\" in admins on \"Case\" # no comment here")
	if err == nil {
		t.Errorf("got %+v, want an error: a comment has a line of its own", d)
	}
	d, err = Parse("x/one.txt", "# One\n# more\n\nava fills \"Ask: now\" tried=\"a;b\"\n")
	if err == nil && (d.Name != "one" || d.Title != "One" || len(d.lines) != 1 || d.lines[0].number != 4) {
		t.Errorf("got %+v", d)
	}
	d, err = Parse("x/one.txt", "ava fills \"Ask: now\" tried=\"a;b\" \"Which phone?\"=\"new\\none\" in admins on \"Case\"\r\n")
	want := pushed{who: "ava", label: "Ask: now", on: "Case", admins: true, form: true, fields: []filledField{{"tried", "a;b"}, {"Which phone?", "new\none"}}}
	if err != nil || fmt.Sprint(d.lines[0].deed) != fmt.Sprint(want) {
		t.Errorf("got %+v, %v, want %+v", d, err, want)
	}
}

// village is a driver with a bot that answers every message in kind, and asks
// the admins when it is pressed.
type village struct {
	direct map[string][]Seen
	admins []Seen
	only   map[string][]Seen // in the admins' channel, for one of them
	waited time.Duration
	n      int

	signedIn map[string]bool // by address
}

func newVillage() *village {
	return &village{direct: map[string][]Seen{}, only: map[string][]Seen{}, signedIn: map[string]bool{}}
}

func (v *village) People() []Someone {
	return []Someone{{"ava.chen", "Ava Chen", false}, {"ben.o", "Ben Okafor", false}, {"ben.b", "Ben Berg", false}, {"priya", "Priya Raman", true}, {"sam", "Sam Ode", true}}
}

func (v *village) Make(_ context.Context, sample string) (string, error) {
	if sample != "no-response" {
		return "", errors.New("no such failure")
	}
	return "Error Code: 500121", nil
}

func (v *village) ref() string { v.n++; return fmt.Sprint("m", v.n) }

func (v *village) Say(_ context.Context, who Someone, in Room, thread, text string) error {
	if in == Admins {
		v.admins = append(v.admins, Seen{Ref: v.ref(), Thread: thread, From: who.ID, Lines: []string{text}},
			Seen{Ref: v.ref(), Thread: thread, Title: "Passed on", Status: "info"})
		v.tell("ava.chen", Seen{Title: "Your admins write", Lines: []string{text}})
		return nil
	}
	v.direct[who.ID] = append(v.direct[who.ID], Seen{Ref: v.ref(), From: who.ID, Lines: []string{text}})
	v.tell(who.ID, Seen{Title: "You said", Status: "problem", Lines: strings.Split(text, "\n"), Attached: []string{"report.txt"}, Buttons: []Button{
		{Label: "That helped"},
		{Label: "Ask", Fields: []Input{{Name: "tried", Label: "What did you try?"}, {Name: "phone", Label: "Phone", Options: []InputOption{{"Lost", "1"}}}}},
	}})
	return nil
}

func (v *village) tell(who string, m Seen) {
	m.Ref = v.ref()
	v.direct[who] = append(v.direct[who], m)
}

func (v *village) Command(ctx context.Context, who Someone, in Room, command, text string) error {
	if in == Admins {
		v.only[who.ID] = append(v.only[who.ID], Seen{Ref: v.ref(), Title: "Only you", Lines: []string{text}})
		return nil
	}
	v.tell(who.ID, Seen{Title: command, Lines: []string{text}})
	return nil
}

func (v *village) Press(_ context.Context, who Someone, in Room, on Seen, b Button, fields map[string]string) error {
	v.admins = append(v.admins, Seen{Ref: v.ref(), Title: who.Name + " pressed " + b.Label, Lines: []string{fields["tried"], fields["phone"]}})
	return nil
}

func (v *village) Read(_ context.Context, who Someone, in Room) ([]Seen, error) {
	if in == Admins {
		return slices.Concat(v.admins, v.only[who.ID]), nil
	}
	return v.direct[who.ID], nil
}

func (v *village) Advance(_ context.Context, d time.Duration) error { v.waited += d; return nil }

func (v *village) SignIn(_ context.Context, who Someone, address, method string, after time.Duration) error {
	v.waited += after
	if v.signedIn[address] || method == "password" {
		return errors.New("403: not so")
	}
	v.signedIn[address] = true
	return nil
}

func (v *village) Register(context.Context, Someone, string) error { return errors.New("nobody can") }

func (v *village) Happen(_ context.Context, what string, who Someone) error {
	v.admins = append(v.admins, Seen{Ref: v.ref(), Title: what, Lines: []string{who.Name}, Buttons: []Button{{Label: "Agree", Address: "https://contoso.com/" + what}}})
	return nil
}

func play(text string) error {
	d, err := Parse("d.txt", text)
	if err != nil {
		return err
	}
	return d.Run(context.Background(), newVillage())
}

func TestRun(t *testing.T) {
	err := play(`# A day in the village
make no-response
ava says "look:\n<paste>"
bot to ava: title "You"; says "500121"; status problem
  offers "Ask"; attaches "report"
  not says "password"; not offers "Reset"; not attaches "pass"; not title "Sorry"; not status good
bot to ava: says <paste>
bot to AVA.CHEN: not says "fraud"; not title "Alarm"
bot to ben.o: nothing
ava fills "Ask" tried="restarted it; twice" "Phone"="Lost"
admins see: title "Ava Chen pressed Ask"; says "restarted it; twice"
admins see: says "1"
ava presses "That helped"
ben.o presses "That helped" again
admins see: title "Ben Okafor pressed That helped"
ava says "again"
bot to ava earlier: says "500121"
ava presses "That helped" on "You said"
priya replies "which phone?" on "pressed Ask"
admins see in thread: title "Passed on"
bot to ava: says "which phone?"
ava runs "/mfa-help status now"
bot to ava: title "/mfa-help"; says "status now"
wait 1h30m
priya runs "/mfa-help queue" in admins
only priya is told: title "Only you"; says "queue"; not says "stack"
sam sees: not title "Only you"
ava presses "That helped" of ava
priya presses "That helped" of ava
admins see earlier: title "Priya Raman pressed That helped"
happens storm
sam sees: title "storm"
happens fire to ben.o
priya sees earlier: title "fire"; says "Okafor"
priya cannot sign in at "Agree" with password in admins says "not so"
priya signs in at "Agree" again with key after 5m
priya cannot sign in at "Agree" again with key says "403"
priya signs in at "Agree" with key in admins on "storm"
`)
	if err != nil {
		t.Error(err)
	}
}

func TestRunFails(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"make other", "no such failure"},
		{"carol says \"hi\"", "there is nobody called carol"},
		{"ben says \"hi\"", "there are two called ben"},
		{"ava presses \"Ask\"", "there is no such card for Ava Chen"},
		{"ava says \"hi\"\nava presses \"That helped\" of ben.o", "there is no such card for Ben Okafor"},
		{"bot to ava: says \"hi\"", "(nothing)"},
		{"ava says \"hi\"\nbot to ava: nothing", "You said"},
		{"ava says \"hi\"\nbot to ava: says \"ho\"", "| hi"},
		{"ava says \"hi\"\nbot to ava: not says \"hi\"", "| hi"},
		{"ava says \"hi\"\nava says \"ho\"\nbot to ava: says \"hi\"", "d.txt:3"},
		{"ava says \"hi\"\nava says \"ho\"\nbot to ava: not says \"hi\"", "d.txt:3"},
		{"ava says \"hi\"\nbot to ava: says \"hi\"; status good", "[problem]"},
		{"ava says \"hi\"\nava presses \"Ask\"", "who fills needs a form"},
		{"ava says \"hi\"\nava fills \"That helped\" a=\"b\"", "who fills needs a form"},
		{"ava says \"hi\"\nava fills \"Ask\" other=\"b\"", `the form does not ask for "other"`},
		{"ava says \"hi\"\nava fills \"Ask\" phone=\"Broken\"", `Phone is not answered by "Broken"`},
		{"priya replies \"hi\"", "there is no such card for Priya Raman"},
		{"ava says \"hi\"\nava presses \"That helped\" again", `nobody has pressed "That helped" yet`},
		{"priya runs \"/x hi\" in admins\nonly sam is told: says \"hi\"", "Sam Ode sees"},
		{"priya runs \"/x hi\" in admins\nonly priya is told: says \"ho\"", "| hi"},
		{"priya runs \"/x hi\" in admins\nsam runs \"/x hi\" in admins\nonly priya is told: says \"hi\"", "Sam Ode sees"},
		{"happens storm\nonly priya is told: title \"storm\"", "Sam Ode sees"},
		{"happens storm\nsam sees: title \"calm\"", "storm"},
		{"happens storm\npriya signs in at \"Agree\" with password in admins", "not so"},
		{"happens storm\npriya cannot sign in at \"Agree\" with key in admins says \"not so\"", "the page took it"},
		{"happens storm\npriya signs in at \"Agree\" with key in admins\nsam signs in at \"Agree\" again with key", `Sam Ode has not been at "Agree" yet`},
	} {
		if err := play(test.text); err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "d.txt:") {
			t.Errorf("%q: got %v, want %s", test.text, err, test.want)
		}
	}
}

func TestRunStopsAtTheFirst(t *testing.T) {
	v := newVillage()
	d, err := Parse("d.txt", "bot to ava: says \"hi\"\nwait 1h")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(context.Background(), v); err == nil || v.waited > 0 {
		t.Errorf("got %v, and it went on for %v", err, v.waited)
	}
}

func FuzzParse(f *testing.F) {
	all, err := dialogues.ReadDir("dialogues")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range all {
		b, _ := dialogues.ReadFile("dialogues/" + e.Name())
		f.Add(string(b))
	}
	f.Add("a presses \"b\" in admins on \"c\"\n\tbot")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse("f.txt", text)
		if err != nil && !strings.HasPrefix(err.Error(), "f.txt:") {
			t.Errorf("an error without its place: %v", err)
		}
		if slices.ContainsFunc(d.lines, func(l line) bool { return (l.deed == nil) == (l.sight == nil) }) {
			t.Errorf("a line that says nothing: %+v", d.lines)
		}
	})
}
