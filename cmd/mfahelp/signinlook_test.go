package main

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestSignInPageIsOneColumn has our own page laid out in windows of all sizes:
// what stands on it is one below the other and can be scrolled to, for it is
// where somebody says yes. Its style is the chat's, whose columns are not meant.
func TestSignInPageIsOneColumn(t *testing.T) {
	c := openClicked(t)
	for _, size := range [][2]int64{{1400, 900}, {1000, 300}, {900, 560}, {390, 844}} {
		c.do(chromedp.EmulateViewport(size[0], size[1]))
		c.do(chromedp.Navigate(c.s.url + "/signin/of-nobody"))
		c.heading("no-link.title")
		// Much to read, as if the account had many methods.
		js[any](c.browser, `{const p = document.querySelector("main p"); for (let i = 0; i < 40; i++) p.after(p.cloneNode(true))}`)
		if js[bool](c.browser, `[...document.querySelector("main").children].some((x, i, all) => i > 0 && x.getBoundingClientRect().top < all[i-1].getBoundingClientRect().bottom)`) {
			t.Errorf("%dx%d: something stands beside or over what is before it", size[0], size[1])
		}
		if width := js[float64](c.browser, `document.querySelector("h1").getBoundingClientRect().width`); width < min(500, float64(size[0])-40) {
			t.Errorf("%dx%d: a column of %v points", size[0], size[1], width)
		}
		last := `[...document.querySelector("main").children].at(-1).getBoundingClientRect().bottom`
		js[any](c.browser, `document.querySelector("main").scrollIntoView({block: "end", behavior: "instant"})`)
		js[any](c.browser, `window.scrollTo(0, 1e6)`)
		if js[float64](c.browser, last) > float64(size[1]) || js[string](c.browser, `getComputedStyle(document.body).overflowY`) == "hidden" {
			t.Errorf("%dx%d: nobody can scroll to its end", size[0], size[1])
		}
	}
}
