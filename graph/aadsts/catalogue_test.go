package aadsts

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// documented are the codes of the catalogue page by page, so that none gets
// lost; a dash joins the ends of a row of codes.
const documented = `500121 50072 50074 50076 50077 50078 50079 50085 50087 50088 50089 50097 50105 50125 50126 50127 50129 50131 50132 50133
50135 50137 50142 50140 50143 50144 50053 50055 50056 50057 50058 50064 50034 51004 50020 90072 50014 50155 50158 50161 50166 50172 50173
50177 50180 81010 50181 50182 50183 50184 50187 50196 50197 50199 50203 53000 53001 53002 53003 53004 53005 53009 53008 530001 530022 53010
53011 530002 530003 530004 530021 530031 530032 530033 530034 530035 54008 54009 65001 90094 90095 65004 70008 700082 70043 70044 70046
700084 80001 80002 80007 80012 80013 80014 90025 130004 130005 130006 130007 130008 130500 130501 130502 130503 130504 130505 130506 130507
135010 135011 135016 500133 50013 500207 500208 500212 500213 1002016
16000 16001 16003 50000 50001 50002 50003 50005 50006 50008 50010 50011 50033 50059 50128 50146 50194 51006
54005 65005 70000 70001 70002 70003 70004 70005 70011 70012 70019 75005 75011 80005 81004 81009 81012 90002
90006 90012 90014 90019 90023 90024 90033 90099 90100 90123 160021 500011 500014 500021 500022 501241 650052 650056
650057 700003 700011 700016 700027 700054 750054 900144 900561 900971 1000031 7000112 7000215 7000218 7000222 9002313 9002341`

func TestCatalogue(t *testing.T) {
	all := Catalogue()
	if !slices.IsSortedFunc(all, func(a, b Entry) int { return int(number([]byte(a.Code))) - int(number([]byte(b.Code))) }) {
		t.Error("not sorted by number")
	}
	seen := map[string]bool{}
	for _, e := range all {
		if seen[e.Code] {
			t.Errorf("%s stands twice", e.Code)
		}
		seen[e.Code] = true
		if e.Description == "" || e.Source == "" || e.Class == "" || len(e.Code) < 5 {
			t.Errorf("%+v says too little", e)
		}
		if e.Incident && e.Interrupt {
			t.Errorf("%s is an incident and no verdict", e.Code)
		}
	}
	for c := range strings.FieldsSeq(documented) {
		if !seen[c] {
			t.Errorf("%s is missing", c)
		}
		delete(seen, c)
	}
	if len(seen) > 0 {
		t.Errorf("not documented: %v", seen)
	}
	all[0].Code = "changed"
	if Catalogue()[0].Code == "changed" {
		t.Error("callers can change the catalogue")
	}
}

func TestInterrupts(t *testing.T) {
	for c := range strings.FieldsSeq("50058 50072 50074 50076 50079 50140 50199") {
		if e, _, _ := Lookup(c); !e.Interrupt {
			t.Errorf("%s alone would be a verdict", c)
		}
	}
	for c := range strings.FieldsSeq("500121 50126 53003") {
		if e, _, _ := Lookup(c); e.Interrupt {
			t.Errorf("%s would be no verdict", c)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, test := range []struct {
		code, want  string
		variant, ok bool
	}{
		{"500121", "500121", false, true},
		{"50053", "50053", false, true},
		{"500532", "50053", true, true},   // issue:Azure/azure-cli#26763
		{"700016", "700016", false, true}, // though 70001 begins it too
		{"500881", "50088", true, true},   // FB
		{"5001211", "500121", true, true}, // the longest prefix, though 50012 begins it too
		{"5300311", "530031", true, true},
		{"50012", "", false, false}, // a prefix of a known one
		{"5005", "", false, false},
		{"90098", "", false, false},
		{"50053211", "", false, false},
		{"", "", false, false},
		{"+50053", "", false, false},
		{"AADSTS50053", "", false, false},
	} {
		e, variant, ok := Lookup(test.code)
		if e.Code != test.want || variant != test.variant || ok != test.ok {
			t.Errorf("Lookup(%q) = %s, %v, %v, want %s, %v, %v", test.code, e.Code, variant, ok, test.want, test.variant, test.ok)
		}
	}
}

// TestWords holds the sentences for people to the catalogue. They are read
// from the file, since this package imports none of ours.
func TestWords(t *testing.T) {
	b, err := os.ReadFile("../../words/en/codes.json")
	if err != nil {
		t.Fatal(err)
	}
	var said map[string]string
	if err := json.Unmarshal(b, &said); err != nil {
		t.Fatal(err)
	}
	incident := ""
	for _, e := range Catalogue() {
		title, user, admin := "code."+e.Code+".title", "code."+e.Code+".user", "code."+e.Code+".admin"
		if n := utf8.RuneCountInString(said[title]); n == 0 || n > 60 {
			t.Errorf("%s has %d letters", title, n)
		}
		for _, key := range []string{title, user, admin} {
			if said[key] == "" || strings.ContainsAny(said[key], "{}") {
				t.Errorf("%s says %q", key, said[key])
			}
		}
		if e.Incident {
			// The asker may be the attacker, so all incidents sound the same, and like nothing special.
			if incident == "" {
				incident = said[title] + said[user]
			}
			if said[title]+said[user] != incident {
				t.Errorf("%s gives itself away as an incident", e.Code)
			}
		}
		delete(said, title)
		delete(said, user)
		delete(said, admin)
	}
	for key := range said {
		t.Errorf("%s is for no code of the catalogue", key)
	}
}
