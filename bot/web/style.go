package web

import "fmt"

// Style returns the page's style sheet, for who shows cards elsewhere.
func Style() (string, error) {
	b, err := assets.ReadFile("static/style.css")
	if err != nil {
		return "", fmt.Errorf("reading the style: %w", err)
	}
	return string(b), nil
}
