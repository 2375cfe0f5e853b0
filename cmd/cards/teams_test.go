package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	tabpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// microsoftRenderer is where scripts/setup puts what draws Adaptive Cards.
var microsoftRenderer = filepath.Join(cmp.Or(os.Getenv("MFAHELP_TEAMS_JS"), "../../.cache/teams/node_modules"), "adaptivecards/dist/adaptivecards.js")

// A verdict is what Microsoft's renderer says of one card.
type verdict struct {
	Events []string // of parsing, validating and drawing
	Text   string   // what can be read
}

// TestTeamsCards has Microsoft's own renderer draw every card, in both
// themes, and takes no complaint.
func TestTeamsCards(t *testing.T) {
	tab := openRenderer(t)
	cards, titles := map[string]json.RawMessage{}, map[string]string{}
	for _, st := range stories {
		m := keyed(play(st, t))
		cards[st.name], titles[st.name] = json.RawMessage(inTeams(m)), m.Title
	}
	for _, theme := range []string{"light", "dark"} {
		for name, v := range tab.draw(theme, cards) {
			text := strings.Join(strings.Fields(strings.ReplaceAll(v.Text, "\u200b", "")), " ")
			if len(v.Events) > 0 || !strings.Contains(text, titles[name]) {
				t.Errorf("%s, %s: %+v", name, theme, v)
			}
		}
	}
}

// TestTeamsCardsCanFail shows that renderer what is wrong, so that its silence
// means something.
func TestTeamsCardsCanFail(t *testing.T) {
	tab := openRenderer(t)
	bad := map[string]json.RawMessage{}
	for name, body := range map[string]string{
		"an element that is none": `{"type":"Magic"}`, "a size that is none": `{"type":"TextBlock","text":"x","size":"Enormous"}`,
		"a list without choices": `{"type":"Input.ChoiceSet","id":"x"}`, "an input without id": `{"type":"Input.Text"}`,
		"a newer element": `{"type":"Table","columns":[]},{"type":"Icon"}`,
	} {
		bad[name] = json.RawMessage(`{"type":"AdaptiveCard","version":"1.5","body":[` + body + `]}`)
	}
	bad["a newer card"] = json.RawMessage(`{"type":"AdaptiveCard","version":"99.0","body":[]}`)
	got := tab.draw("light", bad)
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		if len(got[name].Events) == 0 {
			t.Errorf("nothing is said of %s", name)
		}
	}
}

// pictured are the cards that docs/teams.md shows, by the story that each is of.
var pictured = map[string]string{
	"answer": "help-no-answer", "case": "admins-open", "reset": "reset-card-proven", "pass": "reset-pass-showing",
}

// TestTeamsPictures has each of them drawn in both themes, as narrow as a chat
// beside something else, and takes its picture where MFAHELP_SCREENSHOTS says.
func TestTeamsPictures(t *testing.T) {
	dir := os.Getenv("MFAHELP_SCREENSHOTS")
	if dir == "" {
		t.Skip("takes pictures, which scripts/pictures asks for")
	}
	tab := openRenderer(t)
	for name, of := range pictured {
		i := slices.IndexFunc(stories, func(st story) bool { return st.name == of })
		if i < 0 {
			t.Fatalf("there is no story %q", of)
		}
		card := map[string]json.RawMessage{of: json.RawMessage(inTeams(keyed(play(stories[i], t))))}
		for _, theme := range []string{"light", "dark"} {
			tab.draw(theme, card)
		}
		if err := os.WriteFile(filepath.Join(dir, "teams-"+name+".png"), tab.picture(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// picture is what is drawn, in both themes. It is clipped from the whole page:
// what the window does not show, it has none the less.
func (r renderer) picture() []byte {
	r.Helper()
	size, err := chromedp.Run(r.ctx, chromedp.Evaluate[[]float64](`(({width, height}) => [width, Math.ceil(height)])(document.getElementById("pair").getBoundingClientRect())`))
	if err != nil {
		r.Fatal(err)
	}
	png, err := chromedp.Run(r.ctx, func(ctx context.Context, tab *chromedp.Target) ([]byte, error) {
		shot, err := cdp.Call(ctx, tab, tabpage.CaptureScreenshot, tabpage.CaptureScreenshotParams{
			Clip: &tabpage.Viewport{Width: size[0], Height: size[1], Scale: 1}, CaptureBeyondViewport: new(true), FromSurface: new(true),
		})
		if err != nil {
			return nil, err
		}
		return shot.Data, nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return png
}

// A renderer is a page of a real Chromium with Microsoft's renderer in it.
type renderer struct {
	*testing.T
	ctx context.Context
}

// openRenderer opens one. Without Chromium or the renderer the test is skipped,
// and with CI=true it fails.
func openRenderer(t *testing.T) renderer {
	t.Helper()
	code, err := filepath.Abs(microsoftRenderer)
	if err == nil {
		_, err = os.Stat(code)
	}
	if err != nil {
		absent(t, "Microsoft's renderer is not here; scripts/setup fetches it")
	}
	program := ""
	for _, name := range []string{"google-chrome", "chromium-browser", "chromium"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
		}
	}
	if program == "" {
		absent(t, "Chromium is not installed")
	}
	file := filepath.Join(t.TempDir(), "cards.html")
	tmpl, err := template.New("page").Parse(rendererPage)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := tmpl.Execute(f, template.URL("file://"+code)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.WindowSize(900, 1200))
	tab, closeAll := chromedp.NewExecAllocator(context.Background(), options...)
	tab, closeTab := chromedp.NewContext(tab)
	tab, stop := context.WithTimeout(tab, 5*time.Minute)
	t.Cleanup(func() {
		stop()
		closeTab()
		closeAll()
	})
	if _, err := chromedp.Run(tab, chromedp.Navigate("file://"+file)); err != nil {
		t.Fatal(err)
	}
	return renderer{t, tab}
}

func absent(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// draw draws cards one after the other, and leaves the last.
func (r renderer) draw(theme string, cards map[string]json.RawMessage) map[string]verdict {
	r.Helper()
	all, err := json.Marshal(cards)
	if err != nil {
		r.Fatal(err)
	}
	got, err := chromedp.Run(r.ctx, chromedp.Evaluate[map[string]verdict](fmt.Sprintf("draw(%q, %s)", theme, all)))
	if err != nil {
		r.Fatal(err)
	}
	if len(got) != len(cards) {
		r.Fatalf("of %d cards %d were drawn", len(cards), len(got))
	}
	return got
}

// rendererPage draws cards as a Teams in that theme would, by colours and sizes
// like its own, in a chat that is 370 pixels wide. The renderer leaves Markdown to
// whoever embeds it: here, to a few lines that know what our cards use; and so
// buttons, which here go on in another row where there is no room.
const rendererPage = `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; font: 14px "Segoe UI", "DejaVu Sans", sans-serif; background: #fff }
#pair { display: flex; width: 820px; align-items: stretch }
#pair > div { width: 370px; padding: 20px }
#light { background: #f5f5f5 } #dark { background: #1f1f1f }
.ac-adaptiveCard { border-radius: 6px }
.ac-actionSet { flex-wrap: wrap; row-gap: 8px }
button { font: 600 14px "Segoe UI", "DejaVu Sans", sans-serif; padding: 5px 12px; border-radius: 4px; border: 1px solid #d1d1d1; background: #fff; color: #242424 }
button.style-positive { background: #5b5fc7; border-color: #5b5fc7; color: #fff }
button.style-destructive { color: #c4314b; border-color: #c4314b }
#dark button { background: #292929; border-color: #666; color: #fff } #dark button.style-positive { background: #5b5fc7; border-color: #5b5fc7 }
#dark button.style-destructive { color: #ff8a9b; border-color: #ff8a9b }
p { margin: 0 } a { color: inherit }
</style><div id="pair"><div id="light"></div><div id="dark"></div></div><script src="{{.}}"></script><script>
const AC = AdaptiveCards;
AC.AdaptiveCard.onProcessMarkdown = (text, out) => {
  const kept = [];
  const keep = (s) => "\u0001" + (kept.push(s) - 1) + "\u0002";
  const plain = (s) => s.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  let s = text.replace(/\\([!-\/:-@\[-` + "`" + `{-~])/g, (_, c) => keep(plain(c)));
  s = plain(s).replace(/\[([^\]]*)\]\(([^)]*)\)/g, '<a href="$2">$1</a>').replace(/\*\*(.+?)\*\*/g, "<b>$1</b>");
  s = s.split(/\n\n/).map((p) => "<p>" + p + "</p>").join("");
  out.outputHtml = s.replace(/\u0001(\d+)\u0002/g, (_, n) => kept[n]);
  out.didProcess = true;
};
const both = (color, subtle) => ({ default: color, subtle });
const container = (backgroundColor, text, subtle, accent, good, warning, attention) => ({
  backgroundColor, borderColor: backgroundColor,
  foregroundColors: {
    default: both(text, subtle), dark: both(text, subtle), light: both(text, subtle), accent: both(accent, accent),
    good: both(good, good), warning: both(warning, warning), attention: both(attention, attention),
  },
});
const themes = {
  light: {
    default: container("#ffffff", "#242424", "#616161", "#4f52b2", "#237b4b", "#835c00", "#c4314b"),
    emphasis: container("#f0f0f0", "#242424", "#616161", "#4f52b2", "#237b4b", "#835c00", "#c4314b"),
    good: container("#e7f2da", "#13301c", "#13301c", "#4f52b2", "#13301c", "#835c00", "#c4314b"),
    warning: container("#fbf6d9", "#3d2c00", "#3d2c00", "#4f52b2", "#237b4b", "#3d2c00", "#c4314b"),
    attention: container("#fcf4f6", "#7c1228", "#7c1228", "#4f52b2", "#237b4b", "#835c00", "#7c1228"),
  },
  dark: {
    default: container("#292929", "#ffffff", "#adadad", "#9ea2ff", "#92c353", "#f8d22a", "#f9526b"),
    emphasis: container("#3d3d3d", "#ffffff", "#d6d6d6", "#9ea2ff", "#92c353", "#f8d22a", "#f9526b"),
    good: container("#0d2e0d", "#d6f0c2", "#d6f0c2", "#9ea2ff", "#d6f0c2", "#f8d22a", "#f9526b"),
    warning: container("#463100", "#fde79b", "#fde79b", "#9ea2ff", "#92c353", "#fde79b", "#f9526b"),
    attention: container("#3e1119", "#ffccd4", "#ffccd4", "#9ea2ff", "#92c353", "#f8d22a", "#ffccd4"),
  },
};
function config(theme) {
  return new AC.HostConfig({
    fontFamily: '"Segoe UI", "DejaVu Sans", sans-serif',
    fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 }, fontWeights: { lighter: 400, default: 400, bolder: 600 },
    spacing: { small: 4, default: 8, medium: 12, large: 16, extraLarge: 24, padding: 16 },
    separator: { lineThickness: 1, lineColor: theme === "dark" ? "#4d4d4d" : "#e0e0e0" },
    containerStyles: themes[theme], supportsInteractivity: true,
    actions: { maxActions: 6, spacing: "default", buttonSpacing: 8, showCard: { actionMode: "inline", inlineTopMargin: 8 }, actionsOrientation: "horizontal", actionAlignment: "left" },
    adaptiveCard: { allowCustomStyle: false },
    factSet: { title: { weight: "bolder", wrap: true, maxWidth: 150 }, value: { wrap: true }, spacing: 12 },
  });
}
// outside says what of a card cannot be seen where it is as narrow as here.
function outside(card) {
  const edge = card.getBoundingClientRect().right;
  const out = [...card.querySelectorAll("*")].filter((e) => e.getClientRects().length && e.getBoundingClientRect().right > edge + 0.5);
  return out.length ? ["drawing: sticks out by " + Math.round(out[0].getBoundingClientRect().right - edge) + " px: " + out[0].innerText.slice(0, 60)] : [];
}
function draw(theme, cards) {
  const verdicts = {};
  const place = document.getElementById(theme);
  for (const [name, json] of Object.entries(cards)) {
    const events = [];
    const card = new AC.AdaptiveCard();
    card.hostConfig = config(theme);
    const context = new AC.SerializationContext(AC.Versions.v1_5);
    card.parse(json, context);
    for (let i = 0; i < context.eventCount; i++) events.push("parsing: " + context.getEventAt(i).message);
    for (const e of card.validateProperties().validationEvents) events.push("validating: " + e.message);
    const element = card.render();
    place.replaceChildren(...(element ? [element] : []));
    if (!element) events.push("drawing: there is nothing");
    else events.push(...outside(element));
    verdicts[name] = { Events: events, Text: place.innerText };
  }
  return verdicts;
}
</script>`
