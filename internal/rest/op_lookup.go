package rest

import (
	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/terminology"
	"github.com/jamii-health/jamii/internal/registry"
)

// lookup serves CodeSystem/$lookup: all that is known of a code.
//
// https://hl7.org/fhir/R4/codesystem-operation-lookup.html
func (s *server) lookup(c echo.Context, call registry.Call) error {
	in, err := s.inputs(c)
	if err != nil {
		return err
	}
	system, code, _, err := in.coding()
	if err != nil {
		return err
	}
	cs, err := s.system(c, call, in, system)
	if err != nil {
		return err
	}
	concept, ok := cs.Lookup(code)
	if !ok {
		return &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Path: "code", Text: "The code is not in the code system."}
	}
	out := []fhir.Node{parameter("name", fhir.Str(cs.Name).As("valueString"))}
	if cs.Version != "" {
		out = append(out, parameter("version", fhir.Str(cs.Version).As("valueString")))
	}
	out = append(out, parameter("display", fhir.Str(concept.Display).As("valueString")))
	if concept.Definition != "" {
		out = append(out, parameter("definition", fhir.Str(concept.Definition).As("valueString")))
	}
	for _, d := range concept.Designations() {
		parts := fhir.Arr()
		for _, name := range []string{"language", "use", "value"} {
			if v := d.Get(name); v != nil {
				as := map[string]string{"language": "valueCode", "use": "valueCoding", "value": "valueString"}[name]
				parts.Nodes = append(parts.Nodes, parameter(name, v.Clone().As(as)))
			}
		}
		out = append(out, parameter("designation", parts.As("part")))
	}
	for _, p := range cs.Properties(concept) {
		value := p.Value.Clone()
		out = append(out, parameter("property", fhir.Arr(
			parameter("code", fhir.Str(p.Code).As("valueCode")), parameter("value", value.As(p.Value.Name))).As("part")))
	}
	return s.parameters(c, out...)
}

// subsumes serves CodeSystem/$subsumes.
//
// https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
func (s *server) subsumes(c echo.Context, call registry.Call) error {
	in, err := s.inputs(c)
	if err != nil {
		return err
	}
	system, a, b := in.text("system"), in.text("codeA"), in.text("codeB")
	if n := in.node("codingA"); n != nil {
		system, a = n.Get("system").String(), n.Get("code").String()
	}
	if n := in.node("codingB"); n != nil {
		b = n.Get("code").String()
	}
	if a == "" || b == "" {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: "codeA", Text: "Give both codes, codeA and codeB, and their system."}
	}
	cs, err := s.system(c, call, in, system)
	if err != nil {
		return err
	}
	outcome, ok := cs.Subsumes(a, b)
	if !ok {
		return &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Path: "codeA", Text: "One of the codes is not in the code system."}
	}
	return s.parameters(c, parameter("outcome", fhir.Str(outcome).As("valueCode")))
}

// translate serves ConceptMap/$translate.
//
// https://hl7.org/fhir/R4/conceptmap-operation-translate.html
func (s *server) translate(c echo.Context, call registry.Call) error {
	in, err := s.inputs(c)
	if err != nil {
		return err
	}
	system, code, _, err := in.coding()
	if err != nil {
		return err
	}
	id := c.Param("id")
	if c.Param("operation") == "" {
		id = ""
	}
	m, err := s.registry.Named(c.Request().Context(), call, "ConceptMap", id, in.text("url"), in.text("conceptMapVersion"))
	if err != nil {
		return err
	}
	matches := terminology.Translate(m, system, code, in.text("targetsystem"))
	result := false
	var out []fhir.Node
	for _, k := range matches {
		result = result || k.Equivalence != "unmatched" && k.Equivalence != "disjoint"
		target := fhir.Obj()
		for _, m := range []fhir.Node{fhir.Str(k.Target.System).As("system"), fhir.Str(k.Target.Code).As("code"), fhir.Str(k.Target.Display).As("display")} {
			if m.Text != "" {
				target.Nodes = append(target.Nodes, m)
			}
		}
		parts := fhir.Arr(parameter("equivalence", fhir.Str(k.Equivalence).As("valueCode")), parameter("concept", target.As("valueCoding")))
		if k.Source != "" {
			parts.Nodes = append(parts.Nodes, parameter("source", fhir.Str(k.Source).As("valueUri")))
		}
		out = append(out, parameter("match", parts.As("part")))
	}
	list := []fhir.Node{parameter("result", fhir.Bool(result).As("valueBoolean"))}
	if !result {
		list = append(list, parameter("message", fhir.Str("The map has no translation of the code.").As("valueString")))
	}
	return s.parameters(c, append(list, out...)...)
}
