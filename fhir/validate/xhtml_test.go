package validate

import (
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
)

func TestXHTML(t *testing.T) {
	const open = `<div xmlns="http://www.w3.org/1999/xhtml">`
	tests := []struct{ name, text, rule string }{
		{"nothing", "", "txt-1"},
		{"text alone", "hello", "txt-1"},
		{"no namespace", "<div>x</div>", "txt-1"},
		{"another namespace", `<div xmlns="http://example.org">x</div>`, "txt-1"},
		{"another root", `<p xmlns="http://www.w3.org/1999/xhtml">x</p>`, "txt-1"},
		{"not closed", open + "x", "txt-1"},
		{"closed in the wrong order", open + "<b><i>x</b></i></div>", "txt-1"},
		{"two roots", open + "x</div><div>y</div>", "txt-1"},
		{"text after the root", open + "x</div>y", "txt-1"},
		{"end tag alone", open + "x</div></div>", "txt-1"},
		{"script", open + "<script>x</script></div>", "txt-1"},
		{"upper case", open + "<B>x</B></div>", "txt-1"},
		{"form", open + `<form><input/></form></div>`, "txt-1"},
		{"frame", open + `<iframe src="http://example.org"></iframe></div>`, "txt-1"},
		{"object", open + `<object data="x"/></div>`, "txt-1"},
		{"head", open + `<head></head></div>`, "txt-1"},
		{"event", open + `<p onclick="x()">x</p></div>`, "txt-1"},
		{"script in a link", open + `<a href="javascript:x()">x</a></div>`, "txt-1"},
		{"script in a link, hidden", open + `<a href=" java&#115;cript&#x3a;x()">x</a></div>`, "txt-1"},
		{"page in a link", open + `<a href="data:text/html,x">x</a></div>`, "txt-1"},
		{"picture that holds scripts", open + `<img src="data:image/svg+xml;base64,PHN2Zz4="/></div>`, "txt-1"},
		{"data in a link", open + `<a href="data:image/png;base64,AAAA">x</a></div>`, "txt-1"},
		{"script in a style", open + `<p style="width: expression(x())">x</p></div>`, "txt-1"},
		{"script in a style, hidden", open + `<p style="width: ex/**/pression(x())">x</p></div>`, "txt-1"},
		{"style sheet", open + `<p style="@import 'x.css'">x</p></div>`, "txt-1"},
		{"namespace inside", open + `<p xmlns="http://www.w3.org/2000/svg">x</p></div>`, "txt-1"},
		{"unknown entity", open + `a &nosuch; b</div>`, "txt-1"},
		{"entity of no character", open + `a &#0; b</div>`, "txt-1"},
		{"attribute twice", open + `<p class="a" class="b">x</p></div>`, "txt-1"},
		{"attribute without value", open + `<p class>x</p></div>`, "txt-1"},
		{"attribute without quotes", open + `<p class=a>x</p></div>`, "txt-1"},
		{"attribute not closed", open + `<p class="a>x</p></div>`, "txt-1"},
		{"attributes run together", open + `<p class="a"id="b">x</p></div>`, "txt-1"},
		{"less-than in an attribute", open + `<p title="a<b">x</p></div>`, "txt-1"},
		{"tag not closed", open + `<p class="a"`, "txt-1"},
		{"end tag not closed", open + `x</div`, "txt-1"},
		{"comment not closed", open + `x<!-- y</div>`, "txt-1"},
		{"bare ampersand", open + `a & b</div>`, "txt-1"},
		{"bare ampersand in an attribute", open + `<a href="?a=1&b=2">x</a></div>`, "txt-1"},
		{"DTD", `<!DOCTYPE x>` + open + `x</div>`, "txt-1"},
		{"processing instruction", open + `<?x y?></div>`, "txt-1"},
		{"CDATA", open + `<![CDATA[x]]></div>`, "txt-1"},
		{"empty", open + `</div>`, "txt-2"},
		{"empty at once", `<div xmlns="http://www.w3.org/1999/xhtml"/>`, "txt-2"},
		{"space", open + "<p> \n</p></div>", "txt-2"},
		{"comment alone", open + "<!-- x --></div>", "txt-2"},
		{"text", open + "x</div>", ""},
		{"space around", "\n " + open + "x</div> \n", ""},
		{"image alone", open + `<img src="#pic" alt="x"/></div>`, ""},
		{"image in the text", open + `<img src="data:image/png;base64,AAAA" alt="x"/></div>`, ""},
		{"picture behind a table, as HL7's publisher writes", open + `<td style="vertical-align: top; background-image: url(tbl_bck104.png)">x</td></div>`, ""},
		{"entities", open + `a &amp; b &nbsp; &#233; &lt;</div>`, ""},
		{"table", open + `<table border="1" class='x'><thead><tr><th colspan = "2">a</th></tr></thead><tbody><tr><td>1<br/>2</td></tr></tbody></table></div >`, ""},
		{"comment", open + "<!-- x -->y</div>", ""},
		{"link", open + `<a href="Patient/1" name="n">x</a></div>`, ""},
		{"namespace after another attribute", `<div class="x" xmlns='http://www.w3.org/1999/xhtml'>x</div>`, ""},
	}
	for _, tt := range tests {
		n := fhir.Str(tt.text)
		w := walker{limit: 1}
		w.xhtml(&n)
		got := ""
		if len(w.issues) > 0 {
			got = w.issues[0].Rule
		}
		if got != tt.rule {
			t.Errorf("%s: rule %q, want %q (%+v)", tt.name, got, tt.rule, w.issues)
		}
	}
}

func FuzzXHTML(f *testing.F) {
	f.Add(`<div xmlns="http://www.w3.org/1999/xhtml"><p class="a">x &amp; y</p></div>`)
	f.Fuzz(func(t *testing.T, text string) {
		s := scanner{rest: text}
		if s.document() == "" && strings.Contains(strings.ToLower(text), "<script") && !strings.Contains(text, "<!--") {
			t.Errorf("a script passed: %q", text)
		}
	})
}
