package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/png"
	"io"
)

const page = `<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<style>
:root{--paper:#fbfaf7;--sheet:#fff;--ink:#1d232b;--muted:#59626d;--rule:#e2ded6;--ai:#1f4e79}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.7 "Hiragino Sans","Noto Sans JP","Yu Gothic UI","Segoe UI",system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1040px;margin:24px auto;padding:48px 56px;background:var(--sheet);border:1px solid var(--rule)}
header{border-bottom:2px solid var(--ink);padding-bottom:16px;margin-bottom:16px}
.kind{color:var(--muted);font-size:12px;margin:0}h1{font-size:24px;margin:0;line-height:1.4}
h2{font-size:18px;margin:40px 0 8px;break-after:avoid}p{margin:8px 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 24px;margin:0}dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere;white-space:pre-line}
.marked{border-left:3px solid var(--ai);padding-left:16px}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px;line-height:1.5}
th{text-align:left;color:var(--muted);font-weight:500;border-bottom:1px solid var(--ink);padding:4px 12px 4px 0;vertical-align:bottom;white-space:nowrap}
td{border-bottom:1px solid var(--rule);padding:4px 12px 4px 0;vertical-align:top;overflow-wrap:anywhere;min-width:5em;white-space:pre-line}
.right{text-align:right}tr{break-inside:avoid}
pre{font:12px/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--paper);border:1px solid var(--rule);padding:8px 12px}
figure{margin:16px 0}figcaption{font-size:12px;color:var(--muted)}img{width:200px;image-rendering:pixelated}
footer{margin-top:40px;border-top:1px solid var(--rule);padding-top:8px;color:var(--muted);font-size:12px}
@media(max-width:600px){main{margin:0;padding:24px 16px;border:0}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
@media print{@page{size:A4;margin:18mm 16mm}body{background:none;font-size:10pt}main{margin:0;padding:0;border:0;max-width:none}table{font-size:8.5pt}thead{display:table-header-group}}
</style></head><body><main>
<header><p class="kind">{{.Kind}}</p><h1>{{.Title}}</h1></header>
<dl>{{range .Cover}}<dt>{{.Name}}</dt><dd>{{.Value}}</dd>{{end}}</dl>
{{range .Blocks}}<section>{{with .Heading}}<h2>{{.}}</h2>{{end}}
{{if .Text}}<div{{if .Marked}} class="marked"{{end}}>{{range .Text}}<p>{{.}}</p>{{end}}</div>{{end}}
{{with .Table}}{{$t := .}}<div class="wide"><table><thead><tr>{{range $i, $h := .Head}}<th{{if right $t $i}} class="right"{{end}}>{{$h}}</th>{{end}}</tr></thead>
<tbody>{{range .Rows}}<tr>{{range $i, $c := .}}<td{{if right $t $i}} class="right"{{end}}>{{$c}}</td>{{end}}</tr>{{end}}</tbody></table></div>{{end}}
{{with .Code}}<pre>{{.}}</pre>{{end}}
{{if .Picture}}<figure><img alt="" src="{{picture .Picture}}"><figcaption>{{.Caption}}</figcaption></figure>{{end}}</section>
{{end}}<footer>{{.Footer}}</footer></main></body></html>
`

// HTML writes the document as one page that loads nothing.
func HTML(w io.Writer, d *Document) error {
	t, err := template.New("page").Funcs(template.FuncMap{"right": isRight, "picture": dataURL}).Parse(page)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := t.Execute(w, d); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func isRight(t *Table, i int) bool { return i < len(t.Right) && t.Right[i] }

func dataURL(p image.Image) (template.URL, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}
