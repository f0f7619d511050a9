package notice

import (
	"html/template"
	"strings"
)

// Page is a message's words, wherever they stand.
type Page struct {
	Language, Subject string
	Reason            string // why this was sent
	About             string // whom and which account it is about
	Facts             [][2]string
	Rest              []string
	Quoted            string // what was agreed to or written, word for word
}

// text is the page as plain text.
func (p Page) text() string {
	var s strings.Builder
	s.WriteString(p.Reason + "\n")
	if p.About != "" {
		s.WriteString("\n" + p.About + "\n")
	}
	for i, f := range p.Facts {
		if i == 0 {
			s.WriteString("\n")
		}
		s.WriteString(f[0] + ": " + f[1] + "\n")
	}
	for _, r := range p.Rest {
		s.WriteString("\n" + r + "\n")
	}
	if p.Quoted != "" {
		s.WriteString("\n" + p.Quoted + "\n")
	}
	return s.String()
}

// mailHTML is laid out in tables with its style in each cell, as mail programs of
// twenty years ago want it; what a newer one does in the dark stands in the head.
// Nothing is fetched from anywhere. The hidden line at the top is what a list of
// messages shows beside the subject: the reason.
var mailHTML = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="{{.Language}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>{{.Subject}}</title>
<style>
@media (prefers-color-scheme: dark) {
.back { background: #16191c !important; }
.ink { color: #f1f3f4 !important; }
.soft { color: #c2c8cd !important; }
.line { border-color: #4b5258 !important; }
}
</style></head>
<body class="back" style="margin:0;padding:0;background:#ffffff">
<div aria-hidden="true" style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px">{{.Reason}}</div>
<table role="presentation" class="back" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#ffffff"><tr><td align="center" style="padding:24px 16px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:560px;text-align:left">
<tr><td class="soft" style="border-top:4px solid {{with .Accent}}{{.}}{{else}}#444444{{end}};padding:16px 0 0;font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:20px;font-weight:bold;color:#44494e">{{.Lender}}</td></tr>
<tr><td class="ink" style="padding:12px 0 0;font-family:Arial,Helvetica,sans-serif;font-size:20px;line-height:28px;font-weight:bold;color:#111111">{{.Reason}}</td></tr>
{{with .About}}<tr><td class="soft" style="padding:8px 0 0;font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:22px;color:#44494e">{{.}}</td></tr>
{{end}}{{if .Facts}}<tr><td style="padding:16px 0 0"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
{{range .Facts}}<tr><td class="soft line" valign="top" style="border-top:1px solid #c9ced2;padding:8px 12px 8px 0;font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:22px;color:#44494e">{{index . 0}}</td><td class="ink line" valign="top" align="right" style="border-top:1px solid #c9ced2;padding:8px 0;font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:22px;font-weight:bold;color:#111111">{{index . 1}}</td></tr>
{{end}}</table></td></tr>
{{end}}{{range .Rest}}<tr><td class="ink" style="padding:16px 0 0;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:24px;color:#111111;word-break:break-word">{{.}}</td></tr>
{{end}}{{with .Quoted}}<tr><td class="ink line" style="padding:16px 0 0;font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:22px;color:#111111;white-space:pre-line;word-break:break-word">{{.}}</td></tr>
{{end}}<tr><td style="padding:24px 0 0"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td class="line" style="border-top:1px solid #c9ced2;font-size:1px;line-height:1px;padding:0 0 4px">&nbsp;</td></tr></table></td></tr>
{{range .Foot}}<tr><td class="soft" style="padding:0 0 8px;font-family:Arial,Helvetica,sans-serif;font-size:13px;line-height:19px;color:#44494e">{{.}}</td></tr>
{{end}}</table>
</td></tr></table>
</body>
</html>
`))
