package teams

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image/png"
	"strings"
	"testing"
)

// TestPackage opens the package and holds it to what Teams' page says of it.
func TestPackage(t *testing.T) {
	for schema, slash := range schemas {
		var b bytes.Buffer
		m := Manifest{App: "7c1e0d4a-5b92-4f3e-8d67-2a9c6e1f0b85", Schema: schema, Site: "https://mfahelp.contoso.com", Words: printer(t)}
		if err := m.Package(&b); err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil || len(z.File) != 3 {
			t.Fatalf("%s: %v, %d files", schema, err, len(z.File))
		}
		for _, f := range z.File {
			if f.Modified.UTC().Year() < 1980 { // a zip has no dates before that
				t.Errorf("%s: %s is of %v", schema, f.Name, f.Modified)
			}
		}
		for name, size := range map[string]int{"color.png": 192, "outline.png": 32} {
			f, err := z.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(f)
			if err != nil || img.Bounds().Dx() != size || img.Bounds().Dy() != size {
				t.Errorf("%s: %s is %v, %v", schema, name, img.Bounds(), err)
			}
		}
		f, err := z.Open("manifest.json")
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			ManifestVersion   string
			Name, Description struct{ Short, Full string }
			Bots              []struct {
				BotID                    string
				SupportsTargetedMessages bool
				CommandLists             []struct {
					Triggers []string
					Commands []struct{ Title, Description string }
				}
			}
		}
		if err := json.NewDecoder(f).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if len(got.Bots) != 1 || got.ManifestVersion != schema || got.Bots[0].BotID != m.App || got.Bots[0].SupportsTargetedMessages != slash ||
			(len(got.Bots[0].CommandLists[0].Triggers) > 0) != slash {
			t.Errorf("%s: got %+v", schema, got)
		}
		if len(got.Name.Short) > 30 || len(got.Name.Full) > 100 || len(got.Description.Short) > 80 || len(got.Description.Full) > 4000 {
			t.Errorf("%s: a text is longer than may be: %+v", schema, got)
		}
		for _, c := range got.Bots[0].CommandLists[0].Commands {
			if c.Title == "" || len(c.Title) > 32 || c.Description == "" || len(c.Description) > 128 {
				t.Errorf("%s: a command is longer than may be: %+v", schema, c)
			}
		}
	}
	for _, bad := range []Manifest{
		{App: "x", Schema: "1.30", Site: "https://a"}, {App: "7c1e0d4a-5b92-4f3e-8d67-2a9c6e1f0b85", Schema: "1.1", Site: "https://a"},
		{App: "7c1e0d4a-5b92-4f3e-8d67-2a9c6e1f0b85", Schema: "1.30", Site: "http://a"},
	} {
		if err := bad.Package(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "app package") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
