package fhirpath

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// readXML turns a FHIR resource in XML into the tree that its JSON would give.
// It is only as good as the test inputs need.
//
// https://hl7.org/fhir/R4/xml.html
func readXML(t testing.TB, data []byte) *fhir.Node {
	t.Helper()
	r := xmlReader{data: data, dec: xml.NewDecoder(bytes.NewReader(data))}
	for {
		tok, err := r.dec.Token()
		if err != nil {
			t.Fatalf("reading XML: %v", err)
		}
		if start, ok := tok.(xml.StartElement); ok {
			n, err := r.resource(start)
			if err != nil {
				t.Fatalf("reading XML: %v", err)
			}
			return &n
		}
	}
}

type xmlReader struct {
	data []byte
	dec  *xml.Decoder
}

func (r *xmlReader) resource(start xml.StartElement) (fhir.Node, error) {
	n := fhir.Obj(fhir.Str(start.Name.Local).As("resourceType"))
	def, ok := definition.Lookup(start.Name.Local)
	if !ok {
		return n, fmt.Errorf("unknown resource %s", start.Name.Local)
	}
	return n, r.children(&n, def)
}

// children reads up to the end tag into n.
func (r *xmlReader) children(n *fhir.Node, def *definition.Type) error {
	for {
		before := r.dec.InputOffset()
		tok, err := r.dec.Token()
		if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := r.child(n, def, tok, before); err != nil {
				return err
			}
		}
	}
}

func (r *xmlReader) child(n *fhir.Node, def *definition.Type, start xml.StartElement, before int64) error {
	name := start.Name.Local
	e, typ, ok := def.Element(name)
	if !ok {
		return fmt.Errorf("%s has no element %s", def.Name, name)
	}
	switch {
	case typ == "xhtml":
		if err := r.dec.Skip(); err != nil {
			return err
		}
		n.Set(name, fhir.Str(string(r.data[before:r.dec.InputOffset()])))
		return nil
	case typ == "Resource":
		res, err := r.nested()
		if err != nil {
			return err
		}
		put(n, e, name, &res, nil)
		return nil
	}
	t, ok := definition.Lookup(typ)
	if !ok {
		return fmt.Errorf("unknown type %s of %s", typ, e.Path)
	}
	inner := fhir.Obj()
	var value *fhir.Node
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "id", "url":
			inner.Set(a.Name.Local, fhir.Str(a.Value))
		case "value":
			v := primitiveNode(typ, a.Value)
			value = &v
		}
	}
	if err := r.children(&inner, t); err != nil {
		return err
	}
	if t.Kind != definition.Primitive {
		put(n, e, name, &inner, nil)
		return nil
	}
	if len(inner.Nodes) == 0 {
		put(n, e, name, value, nil)
		return nil
	}
	put(n, e, name, value, &inner)
	return nil
}

// nested reads the resource inside contained or Bundle.entry.resource.
func (r *xmlReader) nested() (fhir.Node, error) {
	var res fhir.Node
	for {
		tok, err := r.dec.Token()
		if err != nil {
			return res, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if res, err = r.resource(tok); err != nil {
				return res, err
			}
		case xml.EndElement:
			return res, nil
		}
	}
}

func put(n *fhir.Node, e *definition.Element, name string, value, shadow *fhir.Node) {
	if !e.Repeats() {
		if value != nil {
			n.Set(name, *value)
		}
		if shadow != nil {
			n.Set("_"+name, *shadow)
		}
		return
	}
	null := fhir.Node{Kind: fhir.KindNull}
	list := n.Get(name)
	if list == nil {
		n.Set(name, fhir.Arr())
		list = n.Get(name)
	}
	if value == nil {
		value = &null
	}
	list.Nodes = append(list.Nodes, *value)
	count := len(list.Nodes)
	if shadow == nil {
		return
	}
	shadows := n.Get("_" + name)
	if shadows == nil {
		n.Set("_"+name, fhir.Arr())
		shadows = n.Get("_" + name)
	}
	for len(shadows.Nodes) < count-1 {
		shadows.Nodes = append(shadows.Nodes, null)
	}
	shadows.Nodes = append(shadows.Nodes, *shadow)
}

func primitiveNode(typ, text string) fhir.Node {
	switch typ {
	case "boolean":
		return fhir.Bool(text == "true")
	case "integer", "positiveInt", "unsignedInt", "decimal":
		return fhir.Num(text)
	}
	return fhir.Str(text)
}

func TestReadXML(t *testing.T) {
	n := readXML(t, []byte(`<Patient xmlns="http://hl7.org/fhir"><active value="true"/><name><given><extension url="u"><valueCode value="x"/></extension></given><given value="B"/></name></Patient>`))
	want := `{"resourceType":"Patient","active":true,"name":[{"given":[null,"B"],"_given":[{"extension":[{"url":"u","valueCode":"x"}]}]}]}`
	if got := string(n.JSON()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !strings.HasPrefix(n.ResourceType(), "Patient") {
		t.Error("no resource type")
	}
}
