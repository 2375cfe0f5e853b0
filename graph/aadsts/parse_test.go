package aadsts

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A row is one line of a paste file.
type row struct {
	Name          string
	Layout        string
	Lang          string
	Text          string
	Code          string
	Codes         []string
	RequestID     string `json:"request_id"`
	CorrelationID string `json:"correlation_id"`
	Timestamp     time.Time
	UPN           string
	Note          string
}

// TestPastes reads our own pastes, and those of the file that MFAHELP_PASTES
// names, which is not part of the project and may not be there.
func TestPastes(t *testing.T) {
	testRows(t, readRows(t, ownPastes))
	file := os.Getenv("MFAHELP_PASTES")
	if file == "" {
		t.Log("MFAHELP_PASTES names no further pastes")
		return
	}
	testRows(t, readRows(t, file))
}

const ownPastes = "testdata/pastes.jsonl"

func testRows(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.Name, func(t *testing.T) {
			got, _ := Parse(r.Text)
			got.Damaged = nil
			want := Report{Code: r.Code, Codes: r.Codes, RequestID: r.RequestID, CorrelationID: r.CorrelationID,
				Timestamp: r.Timestamp, UPN: strings.ToLower(r.UPN)}
			if want.Codes == nil && want.Code != "" {
				want.Codes = []string{want.Code}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s\nof: %s", diff, r.Text)
			}
		})
	}
}

func readRows(t testing.TB, file string) []row {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []row
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%s, line %d: %v", file, len(rows)+1, err)
		}
		rows = append(rows, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}
