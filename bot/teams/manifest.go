package teams

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
	"time"

	"mfahelp/words"
)

// A Manifest is what the app package says of the bot.
type Manifest struct {
	App    string // the bot's app id
	Schema string // "1.30", or one from "1.17" to "1.25" for tenants without slash commands
	Site   string // where who runs the bot can be read about: https
	Words  *words.Printer
}

// schemas are those that a package can be made for. From 1.29 on a command may
// be called with a slash.
// See https://learn.microsoft.com/microsoft-365/extensibility/schema/.
var schemas = map[string]bool{"1.17": false, "1.19": false, "1.25": false, "1.29": true, "1.30": true}

// Package writes the app package: the manifest and its two icons, in a zip.
func (m Manifest) Package(to io.Writer) error {
	slash, known := schemas[m.Schema]
	switch {
	case !guid.MatchString(m.App):
		return fmt.Errorf("making the app package: the app id is no GUID: %q", m.App)
	case !known:
		return fmt.Errorf("making the app package: there is no schema %q here; take 1.30, or 1.25 for a tenant without slash commands", m.Schema)
	case !strings.HasPrefix(m.Site, "https://"):
		return fmt.Errorf("making the app package: the site must begin with https://, and is %q", m.Site)
	}
	text, err := json.MarshalIndent(m.content(slash), "", "  ")
	if err != nil {
		return err
	}
	outline, err := icon(32, color.NRGBA{}, color.NRGBA{255, 255, 255, 255})
	if err != nil {
		return err
	}
	full, err := icon(192, color.NRGBA{31, 78, 121, 255}, color.NRGBA{255, 255, 255, 255})
	if err != nil {
		return err
	}
	z := zip.NewWriter(to)
	for _, f := range []struct {
		name string
		b    []byte
	}{{"manifest.json", text}, {"color.png", full}, {"outline.png", outline}} {
		// With a date, since a zip without one says the 0th of month 0, which
		// some who read zips do not take; the same each time.
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			_, err = w.Write(f.b)
		}
		if err != nil {
			return fmt.Errorf("making the app package: %w", err)
		}
	}
	return z.Close()
}

// content is the manifest. It asks for no permission in a team but to be there.
func (m Manifest) content(slash bool) obj {
	p := m.Words
	commands := obj{
		"scopes":   []string{"personal", "team", "groupChat"},
		"commands": []obj{{"title": Command, "description": p.Say("teams.manifest.help")}, {"title": Command + " status", "description": p.Say("teams.manifest.status")}},
	}
	bot := obj{
		"botId": m.App, "scopes": []string{"personal", "team", "groupChat"}, "supportsFiles": true, "isNotificationOnly": false, "commandLists": []obj{commands},
	}
	if slash {
		commands["triggers"], bot["supportsTargetedMessages"] = []string{"mention", "slash"}, true
	}
	return obj{
		"$schema":         "https://developer.microsoft.com/json-schemas/teams/v" + m.Schema + "/MicrosoftTeams.schema.json",
		"manifestVersion": m.Schema, "version": "1.0.0", "id": m.App,
		"developer":   obj{"name": "mfahelp", "websiteUrl": m.Site, "privacyUrl": m.Site, "termsOfUseUrl": m.Site},
		"name":        obj{"short": p.Say("teams.manifest.name"), "full": p.Say("teams.manifest.full-name")},
		"description": obj{"short": p.Say("teams.manifest.short"), "full": p.Say("teams.manifest.long")},
		"icons":       obj{"color": "color.png", "outline": "outline.png"}, "accentColor": "#1F4E79",
		"bots": []obj{bot},
		"composeExtensions": []obj{{"botId": m.App, "commands": []obj{{
			"id": "explain", "type": "action", "context": []string{"message"}, "fetchTask": false,
			"title": p.Say("teams.manifest.explain"), "description": p.Say("teams.manifest.help"),
			"parameters": []obj{{"name": "words", "title": p.Say("teams.manifest.words"), "inputType": "textarea"}},
		}}}},
	}
}

// icon is a key in a square: a ring, a shaft, and two teeth.
func icon(size int, back, front color.NRGBA) ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			img.SetNRGBA(x, y, back)
			fx, fy := float64(x)/float64(size), float64(y)/float64(size)
			r := (fx-0.34)*(fx-0.34) + (fy-0.5)*(fy-0.5)
			ring := r < 0.19*0.19 && r > 0.1*0.1
			shaft := fx > 0.5 && fx < 0.86 && fy > 0.46 && fy < 0.54
			teeth := (fx > 0.68 && fx < 0.74 || fx > 0.8 && fx < 0.86) && fy >= 0.5 && fy < 0.66
			if ring || shaft || teeth {
				img.SetNRGBA(x, y, front)
			}
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}
