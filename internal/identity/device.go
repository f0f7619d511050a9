package identity

import "strings"

// In both tables the first piece that a browser's name for itself holds decides:
// Edge calls itself Chrome too, and Chrome calls itself Safari.
var browsers = []struct{ piece, name string }{
	{"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"Edg/", "Edge"}, {"OPR/", "Opera"}, {"OPT/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"}, {"DuckDuckGo/", "DuckDuckGo"}, {"Ddg/", "DuckDuckGo"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Chromium/", "Chrome"},
	{"Safari/", "Safari"},
}

var machines = []struct{ piece, name string }{
	{"iPad", "an iPad"}, {"iPhone", "an iPhone"}, {"iPod", "an iPhone"},
	{"Tablet", "a tablet"}, {"SM-T", "a tablet"}, {"SM-X", "a tablet"},
	{"Mobile", "a phone"}, {"Android", "a tablet"}, // an Android without "Mobile" is a tablet
	{"CrOS", "a Chromebook"}, {"Macintosh", "a Mac"},
	{"Windows", "a computer"}, {"X11", "a computer"}, {"Linux", "a computer"},
}

// DeviceName is what a person recognizes a device by, from what its browser calls
// itself: "Chrome on a phone". It is for reading in a list only, because anyone
// can send any name.
func DeviceName(userAgent string) string {
	find := func(table []struct{ piece, name string }) string {
		for _, row := range table {
			if strings.Contains(userAgent, row.piece) {
				return row.name
			}
		}
		return ""
	}
	browser, machine := find(browsers), find(machines)
	switch {
	case browser == "" && machine == "":
		return "Unknown browser"
	case browser == "":
		return "Unknown browser on " + machine
	case machine == "":
		return browser
	}
	return browser + " on " + machine
}
