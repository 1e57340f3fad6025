package rest

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/terminology"
	"github.com/jamii-health/jamii/internal/registry"
)

// terminologyOperations answer questions about codes.
//
// https://hl7.org/fhir/R4/terminology-service.html
func terminologyOperations() (list []operation) {
	const doc = "http://hl7.org/fhir/OperationDefinition/"
	for _, o := range []operation{
		{name: "$expand", typ: "ValueSet", doc: doc + "ValueSet-expand", serve: (*server).expand},
		{name: "$validate-code", typ: "ValueSet", doc: doc + "ValueSet-validate-code", serve: (*server).validateInSet},
		{name: "$validate-code", typ: "CodeSystem", doc: doc + "CodeSystem-validate-code", serve: (*server).validateInSystem},
		{name: "$lookup", typ: "CodeSystem", doc: doc + "CodeSystem-lookup", serve: (*server).lookup},
		{name: "$subsumes", typ: "CodeSystem", doc: doc + "CodeSystem-subsumes", serve: (*server).subsumes},
		{name: "$translate", typ: "ConceptMap", doc: doc + "ConceptMap-translate", serve: (*server).translate},
	} {
		o.get = true
		on := o
		on.instance = true
		list = append(list, o, on)
	}
	return list
}

// inputs are the parameters of an operation, from the query or from a
// Parameters body.
type inputs struct {
	c    echo.Context
	body *fhir.Node
}

func (s *server) inputs(c echo.Context) (inputs, error) {
	in := inputs{c: c}
	if c.Request().Method != http.MethodPost {
		return in, nil
	}
	n, err := s.optional(c)
	if err != nil {
		return in, err
	}
	if n != nil && n.ResourceType() != "Parameters" {
		return in, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "The operation takes Parameters."}
	}
	in.body = n
	return in, nil
}

// node returns a parameter's value or resource from the body; nil when absent.
func (in inputs) node(name string) *fhir.Node {
	for _, p := range in.body.Get("parameter").Each() {
		if p.Get("name").String() != name {
			continue
		}
		for i := range p.Nodes {
			if m := &p.Nodes[i]; m.Name == "resource" || len(m.Name) > 5 && m.Name[:5] == "value" {
				return m
			}
		}
	}
	return nil
}

// text returns a parameter as text.
func (in inputs) text(name string) string {
	if n := in.node(name); n != nil {
		return n.Text
	}
	return in.c.QueryParam(name)
}

func (in inputs) number(name string, otherwise int) (int, error) {
	t := in.text(name)
	if t == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(t)
	if err != nil || n < 0 {
		return 0, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: name, Text: name + " is a whole number, 0 or more."}
	}
	return n, nil
}

// coding is the code that is asked about: code and system, a Coding, or the
// first coding of a CodeableConcept.
func (in inputs) coding() (system, code, display string, err error) {
	n := in.node("coding")
	if n == nil {
		n = in.node("codeableConcept").Get("coding").At(0)
	}
	system, code, display = in.text("system"), in.text("code"), in.text("display")
	if n != nil {
		system, code, display = n.Get("system").String(), n.Get("code").String(), n.Get("display").String()
	}
	if code == "" {
		err = &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: "code", Text: "Say which code is meant: code and system, or coding."}
	}
	return system, code, display, err
}

// set returns the value set that is asked about.
func (s *server) set(c echo.Context, call registry.Call, in inputs) (*fhir.Node, error) {
	if n := in.node("valueSet"); n.Is(fhir.KindObject) {
		return n, nil
	}
	id := c.Param("id")
	if c.Param("operation") == "" {
		id = ""
	}
	return s.registry.Named(c.Request().Context(), call, "ValueSet", id, in.text("url"), in.text("valueSetVersion"))
}

// system returns the code system that is asked about.
func (s *server) system(c echo.Context, call registry.Call, in inputs, url string) (*terminology.CodeSystem, error) {
	if c.Param("operation") != "" {
		n, err := s.registry.Named(c.Request().Context(), call, "CodeSystem", c.Param("id"), "", "")
		if err != nil {
			return nil, err
		}
		return terminology.ReadCodeSystem(n), nil
	}
	if url == "" {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: "system", Text: "Say which code system is meant."}
	}
	cs, err := s.registry.Terminology(c.Request().Context()).Source.CodeSystem(url, in.text("version"))
	if err == nil && cs == nil {
		err = &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Path: "system", Text: "The code system is not known here. Check its url and version."}
	}
	return cs, err
}

func (s *server) expand(c echo.Context, call registry.Call) error {
	in, err := s.inputs(c)
	if err != nil {
		return err
	}
	n, err := s.set(c, call, in)
	if err != nil {
		return err
	}
	o := terminology.ExpandOptions{Filter: in.text("filter"), ActiveOnly: in.text("activeOnly") == "true"}
	if o.Offset, err = in.number("offset", 0); err != nil {
		return err
	}
	if o.Count, err = in.number("count", -1); err != nil {
		return err
	}
	e, err := s.registry.Terminology(c.Request().Context()).Expand(n, o)
	if err != nil {
		return err
	}
	out := n.Clone()
	out.Remove("compose")
	out.Set("expansion", expansion(e, o))
	return s.write(c, http.StatusOK, out.JSON())
}

func expansion(e terminology.Expansion, o terminology.ExpandOptions) fhir.Node {
	list := fhir.Arr()
	for _, k := range e.Codes {
		one := fhir.Obj(fhir.Str(k.System).As("system"))
		for _, m := range []fhir.Node{fhir.Str(k.Version).As("version"), fhir.Str(k.Code).As("code"), fhir.Str(k.Display).As("display")} {
			if m.Text != "" {
				one.Nodes = append(one.Nodes, m)
			}
		}
		if k.Inactive {
			one.Set("inactive", fhir.Bool(true))
		}
		if k.Abstract {
			one.Set("abstract", fhir.Bool(true))
		}
		list.Nodes = append(list.Nodes, one)
	}
	n := fhir.Obj(fhir.Str(fhir.Instant(started)).As("timestamp"), fhir.Num(strconv.Itoa(e.Total)).As("total"))
	if o.Count >= 0 || o.Offset > 0 {
		n.Set("offset", fhir.Num(strconv.Itoa(o.Offset)))
	}
	if len(list.Nodes) > 0 {
		n.Set("contains", list)
	}
	return n
}

func (s *server) validateInSet(c echo.Context, call registry.Call) error {
	in, err := s.inputs(c)
	if err != nil {
		return err
	}
	n, err := s.set(c, call, in)
	if err != nil {
		return err
	}
	concept := in.node("codeableConcept").Get("coding").Each()
	if len(concept) > 1 {
		return s.anyOf(c, n, concept)
	}
	system, code, display, err := in.coding()
	if err != nil {
		return err
	}
	checked, err := s.registry.Terminology(c.Request().Context()).ValidateInSet(n, system, code, display)
	if err != nil {
		return err
	}
	return s.checked(c, checked)
}

// anyOf validates a CodeableConcept: one of its codings must be in the set.
func (s *server) anyOf(c echo.Context, n *fhir.Node, codings []*fhir.Node) error {
	var last terminology.Checked
	for _, k := range codings {
		checked, err := s.registry.Terminology(c.Request().Context()).ValidateInSet(n, k.Get("system").String(), k.Get("code").String(), k.Get("display").String())
		if err != nil {
			return err
		}
		if last = checked; checked.OK {
			break
		}
	}
	return s.checked(c, last)
}

func (s *server) checked(c echo.Context, k terminology.Checked) error {
	out := []fhir.Node{parameter("result", fhir.Bool(k.OK).As("valueBoolean"))}
	if k.Message != "" {
		out = append(out, parameter("message", fhir.Str(k.Message).As("valueString")))
	}
	if k.Display != "" {
		out = append(out, parameter("display", fhir.Str(k.Display).As("valueString")))
	}
	return s.parameters(c, out...)
}

func parameter(name string, rest ...fhir.Node) fhir.Node {
	n := fhir.Obj(fhir.Str(name).As("name"))
	n.Nodes = append(n.Nodes, rest...)
	return n
}

func (s *server) parameters(c echo.Context, list ...fhir.Node) error {
	n := fhir.Obj(fhir.Str("Parameters").As("resourceType"))
	if len(list) > 0 {
		n.Nodes = append(n.Nodes, fhir.Arr(list...).As("parameter"))
	}
	return s.write(c, http.StatusOK, n.JSON())
}

func (s *server) validateInSystem(c echo.Context, call registry.Call) error {
	in, err := s.inputs(c)
	if err != nil {
		return err
	}
	system, code, display, err := in.coding()
	if err != nil {
		return err
	}
	if url := in.text("url"); url != "" {
		system = url
	}
	cs, err := s.system(c, call, in, system)
	if err != nil {
		return err
	}
	return s.checked(c, s.registry.Terminology(c.Request().Context()).ValidateInSystem(cs, code, display))
}
