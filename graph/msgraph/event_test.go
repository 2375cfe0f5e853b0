package msgraph

import (
	"testing"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// TestAnEntryAboutTwo is about who was asked for: else a new manager, whom Graph
// may name first, would be thought to be whose account was changed.
func TestAnEntryAboutTwo(t *testing.T) {
	const manager, employee = "0d5a8c52-0000-4000-8000-000000000001", "0d5a8c52-0000-4000-8000-000000000002"
	entry := models.NewDirectoryAudit()
	var targets []models.TargetResourceable
	for _, id := range []string{manager, employee} {
		r := models.NewTargetResource()
		r.SetId(new(id))
		r.SetTypeEscaped(new("User"))
		targets = append(targets, r)
	}
	entry.SetTargetResources(targets)
	for asked, want := range map[string]string{employee: employee, manager: manager, "0D5A8C52-0000-4000-8000-000000000002": employee, "": manager} {
		if got := directoryEvent(entry, asked).Target; got != want {
			t.Errorf("asked for %q, it is about %q, want %q", asked, got, want)
		}
	}
}
