package web

import (
	"fmt"
	"html/template"
)

// icons are drawn on a 20-unit grid in lines of 1.5 units. None stands alone:
// each has its word beside it.
var icons = map[string]string{
	"overview":  `<path d="M3 9.2 10 3.5l7 5.7V16a.8.8 0 0 1-.8.8H12v-4.6H8v4.6H3.8A.8.8 0 0 1 3 16z"/>`,
	"payments":  `<rect x="2.5" y="4.5" width="15" height="11" rx="1.5"/><path d="M2.5 8.2h15M5.5 12.2h3"/>`,
	"documents": `<path d="M5 2.8h6.5L15.5 7v10.2H5z"/><path d="M11.3 2.8V7h4.2M7.6 10.4h5.2M7.6 13.4h5.2"/>`,
	"help":      `<circle cx="10" cy="10" r="7.2"/><path d="M7.8 8a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6M10 13.9v.2"/>`,
	"account":   `<circle cx="10" cy="7" r="3.2"/><path d="M3.6 17c.6-3.4 3.1-5 6.4-5s5.8 1.6 6.4 5"/>`,
	"chevron":   `<path d="m6 8 4 4 4-4"/>`,
	"back":      `<path d="m12 5-5 5 5 5"/>`,
	"next":      `<path d="m8 5 5 5-5 5"/>`,
	"external":  `<path d="M8 4.5H4.5v11h11V12M11 4.5h4.5V9M15.2 4.8 9.5 10.5"/>`,
	"receipt":   `<path d="M4.5 2.8h11v14.4l-2.2-1.6-1.7 1.6-1.6-1.6-1.6 1.6-1.7-1.6-2.2 1.6z"/><path d="M7.5 6.8h5M7.5 10h5"/>`,
	"download":  `<path d="M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13"/>`,
	"bank":      `<path d="M2.8 7.5 10 3.2l7.2 4.3zM4.5 7.8v6.4M8.2 7.8v6.4M11.8 7.8v6.4M15.5 7.8v6.4M2.8 16.5h14.4"/>`,
	"car":       `<path d="M3 13.8V10l2-4.6a1 1 0 0 1 .9-.6h8.2a1 1 0 0 1 .9.6L17 10v3.8M3 10h14M3 13.8h14v2h-2.4v-2M3 13.8v2h2.4v-2"/>`,
	"lock":      `<rect x="4" y="9" width="12" height="8" rx="1.5"/><path d="M6.8 9V6.2a3.2 3.2 0 0 1 6.4 0V9"/>`,
	"key":       `<circle cx="6.8" cy="13.2" r="3.6"/><path d="m9.4 10.6 7-7M13.4 6.6l2.6 2.6M15.4 4.6l1.6 1.6"/>`,
	"print":     `<path d="M5.5 7V2.8h9V7M5.5 14H3V7.2h14V14h-2.5M5.5 11.5h9v5.7h-9z"/>`,
	"phone":     `<path d="M6.2 2.8 8 6.6 6.4 8.2c.9 2.2 3.2 4.5 5.4 5.4l1.6-1.6 3.8 1.8v2.4c0 .6-.5 1-1.1 1C9.3 16.8 3.2 10.7 2.8 3.9c0-.6.4-1.1 1-1.1z"/>`,
	"mail":      `<rect x="2.5" y="4.5" width="15" height="11.5" rx="1.5"/><path d="m3 5.5 7 5.6 7-5.6"/>`,
	"text":      `<path d="M4 3.5h12a1.2 1.2 0 0 1 1.2 1.2v7.6a1.2 1.2 0 0 1-1.2 1.2H9l-4 3.3v-3.3H4a1.2 1.2 0 0 1-1.2-1.2V4.7A1.2 1.2 0 0 1 4 3.5z"/><path d="M6.5 7.3h7M6.5 10h4.5"/>`,

	"find":       `<circle cx="8.8" cy="8.8" r="5.3"/><path d="m12.8 12.8 4.4 4.4"/>`,
	"approvals":  `<path d="M4 3.5h12v13H4z"/><path d="m7 9.8 2.2 2.2L13.2 8"/>`,
	"exceptions": `<path d="M10 3 2.8 16.5h14.4z"/><path d="M10 8v4M10 14.2v.3"/>`,
	"settlement": `<path d="M3 6.5h11m-3-3 3 3-3 3M17 13.5H6m3-3-3 3 3 3"/>`,
	"signals":    `<path d="M2.5 11h3l2-6 3.4 10 2.2-6 1.2 2h3.2"/>`,
	"audit":      `<path d="M4.5 3h8v3M4.5 3v14H9M6.8 6.5H10M6.8 9.5H8"/><circle cx="12.5" cy="12" r="3"/><path d="m14.8 14.3 2.7 2.7"/>`,
	"staff":      `<circle cx="7.2" cy="7.2" r="2.7"/><path d="M2.2 16c.5-3 2.4-4.3 5-4.3s4.5 1.3 5 4.3M13 4.8a2.6 2.6 0 0 1 0 4.9M14.6 12c1.8.6 2.9 1.9 3.2 4"/>`,
	"notices":    `<path d="M3 4h14v9.5H8.5L5 17v-3.5H3zM6.5 7.5h7M6.5 10.2h4.5"/>`,

	"good":  `<circle cx="10" cy="10" r="7.2"/><path d="m6.8 10.3 2.2 2.2 4.2-4.6"/>`,
	"warn":  `<path d="M10 3.2 17.6 16.5H2.4z"/><path d="M10 8.2v3.8M10 14.2v.1"/>`,
	"bad":   `<path d="M6.8 2.8h6.4l4 4v6.4l-4 4H6.8l-4-4V6.8z"/><path d="m7.5 7.5 5 5m0-5-5 5"/>`,
	"wait":  `<circle cx="10" cy="10" r="7.2"/><path d="M10 5.8V10l2.8 1.8"/>`,
	"plain": `<circle cx="10" cy="10" r="7.2"/><path d="M10 9.2V14M10 6.4v.1"/>`,
}

func icon(name string) (template.HTML, error) {
	d, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("no icon %q", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">` + d + `</svg>`), nil
}

// tag is a status: colour, word and shape together.
func tag(kind, word string) (template.HTML, error) {
	switch kind {
	case "good", "warn", "bad", "wait", "plain":
	default:
		return "", fmt.Errorf("no kind of tag %q", kind)
	}
	shape, err := icon(kind)
	if err != nil {
		return "", err
	}
	return template.HTML(`<span class="tag `+kind+`">`) + shape + template.HTML(template.HTMLEscapeString(word)+`</span>`), nil
}
