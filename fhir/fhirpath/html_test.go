package fhirpath

import "testing"

func TestNarrative(t *testing.T) {
	div := func(inner string) string { return `<div xmlns="http://www.w3.org/1999/xhtml">` + inner + `</div>` }
	for _, s := range []string{
		"", "text", "<div>no namespace</div>", "<p xmlns=\"http://www.w3.org/1999/xhtml\">no div</p>", div(""), div("  &#160;\n "), div("<!-- only a comment -->"),
		div("<script>x</script>"), div("<form/>x"), div("<object/>x"), div("<iframe src='x'/>x"), div("<input/>x"),
		div("<p onclick='x'>x</p>"), div("<a href='javascript:x'>x</a>"), div("<a href=' java&#10;script:x'>x</a>"), div("<a href='data:text/html,x'>x</a>"),
		div("<p>x"), div("x</p>"), div("<p>x</b>"), div("<p class=x>x</p>"), div("<p class>x</p>"), div("<p class='a'id='b'>x</p>"), div("a & b"), div("&nosuch;"), div("a < b"),
		div("x") + "x", div("x") + div("y"), `<div xmlns="http://www.w3.org/1999/xhtml">x`, `<div xmlns="http://www.w3.org/1999/xhtml"`, `<div xmlns="http://www.w3.org/1999/xhtml"/>`,
		div("<![CDATA[x]]>"), div("<?php x ?>"), div("<!-- open"), div(`<p xmlns="http://example.org">x</p>`), div("<p title='<'>x</p>"),
	} {
		if validNarrative(s) {
			t.Errorf("%q is taken", s)
		}
	}
	for _, s := range []string{
		div("x"), " " + div("x") + "\n", div("<p class='a' style=\"color: red\">x<br/></p >"), div("<img src='#i' alt=''/>"), div("<a href='https://example.org/?a=1&amp;b=2'>x</a>"),
		div("<table border='1'><tr><td colspan='2'>x</td></tr></table>"), div("&nbsp;&lt;x&#x41;"), div("<!-- c -->x"), div("<a name='here'/>x"), div("<img src='data:image/png;base64,AA'/>"),
	} {
		if !validNarrative(s) {
			t.Errorf("%q is refused", s)
		}
	}
	runExamples(t, nil, []example{
		{"'x'.htmlChecks()", "false"},
		{"name.htmlChecks()", "false"},
		{"{}.htmlChecks()", "true"},
		{`'<div xmlns="http://www.w3.org/1999/xhtml">x</div>'.htmlChecks()`, "true"},
	})
}

func FuzzNarrative(f *testing.F) {
	f.Add(`<div xmlns="http://www.w3.org/1999/xhtml"><p a="b">x &amp; y</p><!-- c --></div>`)
	f.Fuzz(func(_ *testing.T, s string) { validNarrative(s) })
}
