package xml_test

import (
	"bytes"
	stdxml "encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// events reads XML with Go's own decoder into one line per tag or text, with
// what has no meaning taken out: comments, white space between elements,
// prefixes, the order of attributes. It is a second opinion on our reader.
func events(t testing.TB, data []byte) []string {
	t.Helper()
	dec := stdxml.NewDecoder(bytes.NewReader(data))
	var out []string
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case stdxml.StartElement:
			line := "<" + tok.Name.Local
			var attrs []string
			for _, a := range tok.Attr {
				if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" || a.Name.Local == "schemaLocation" {
					continue
				}
				attrs = append(attrs, a.Name.Local+"="+strings.NewReplacer("\n", " ", "\t", " ").Replace(a.Value))
			}
			slices.Sort(attrs)
			out = append(out, line+" "+strings.Join(attrs, " "))
		case stdxml.EndElement:
			out = append(out, "</"+tok.Name.Local)
		case stdxml.CharData:
			if text := strings.TrimSpace(string(tok)); text != "" {
				out = append(out, text)
			}
		}
	}
}
