package rest

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// metadata serves GET [base]/metadata: what is served, computed from the same
// tables that serve it.
//
// https://hl7.org/fhir/R4/http.html#capabilities
func (s *server) metadata(c echo.Context) error {
	if _, err := s.settle(c, c.QueryParam(formatName)); err != nil {
		return err
	}
	if mode := c.QueryParam("mode"); mode != "" && mode != "full" && mode != "normative" && mode != "terminology" {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: "mode", Text: "mode is full, normative or terminology."}
	}
	n := s.capability(s.base(c.Request()))
	return s.write(c, http.StatusOK, n.JSON())
}

var started = time.Now().UTC().Truncate(time.Second)

func (s *server) capability(base string) fhir.Node {
	types := s.types()
	rest := fhir.Obj(fhir.Str("server").As("mode"))
	if systems := s.registry.Systems(); len(systems) > 0 {
		list := fhir.Arr()
		for _, sys := range systems {
			list.Nodes = append(list.Nodes, fhir.Obj(fhir.Arr(
				extension("scheme", "valueString", sys.Scheme), extension("use", "valueCode", sys.Use), extension("system", "valueUri", sys.URI)).As("extension"),
				fhir.Str(fhir.Base+"/StructureDefinition/scheme-system").As("url")))
		}
		rest.Nodes = append([]fhir.Node{list.As("extension")}, rest.Nodes...)
	}
	rest.Nodes = append(rest.Nodes, security(), types.As("resource"),
		codes("interaction", "transaction", "batch", "history-system", "search-system"),
		fhir.Arr(systemParam("_id", "token"), systemParam("_lastUpdated", "date")).As("searchParam"),
		offered(func(op *operation) bool { return op.system }).As("operation"),
		texts("http://hl7.org/fhir/CompartmentDefinition/patient", "http://hl7.org/fhir/CompartmentDefinition/encounter").As("compartment"))
	return fhir.Obj(
		fhir.Str("CapabilityStatement").As("resourceType"), fhir.Str("active").As("status"),
		fhir.Str(started.Format(time.RFC3339)).As("date"), fhir.Str("instance").As("kind"),
		fhir.Obj(fhir.Str("Jamii").As("name"), fhir.Str(s.options.Version).As("version")).As("software"),
		fhir.Obj(fhir.Str("Jamii health-financing gateway").As("description"), fhir.Str(base).As("url")).As("implementation"),
		fhir.Str("4.0.1").As("fhirVersion"), texts(known...).As("format"), texts(mimeFHIR, mimeFHIRXML, mimePatch).As("patchFormat"),
		fhir.Arr(rest).As("rest"))
}

func extension(url, kind, value string) fhir.Node {
	return fhir.Obj(fhir.Str(url).As("url"), fhir.Str(value).As(kind))
}

func security() fhir.Node {
	service := func(system, code string) fhir.Node {
		return fhir.Obj(fhir.Arr(fhir.Obj(fhir.Str(system).As("system"), fhir.Str(code).As("code"))).As("coding"))
	}
	const hl7 = "http://terminology.hl7.org/CodeSystem/restful-security-service"
	services := fhir.Arr()
	for _, code := range strings.Fields("Basic OAuth") {
		services.Nodes = append(services.Nodes, service(hl7, code))
	}
	services.Nodes = append(services.Nodes, service("http://profiles.ihe.net/fhir/ihe.securityTypes/CodeSystem/securityTypes", "IUA"))
	return fhir.Obj(
		services.As("service"),
		fhir.Str("Basic with a client made by `jamii client add`, or a bearer token of the configured OpenID provider with SMART v2 scopes.").As("description"),
	).As("security")
}

func codes(name string, list ...string) fhir.Node {
	out := fhir.Arr()
	for _, c := range list {
		out.Nodes = append(out.Nodes, fhir.Obj(fhir.Str(c).As("code")))
	}
	return out.As(name)
}

func texts(list ...string) fhir.Node {
	out := fhir.Arr()
	for _, t := range list {
		out.Nodes = append(out.Nodes, fhir.Str(t))
	}
	return out
}

func systemParam(name, typ string) fhir.Node {
	return fhir.Obj(fhir.Str(name).As("name"), fhir.Str(typ).As("type"))
}

// perEdition keeps what is made from the search parameters until they change.
func perEdition(edition func() uint64, make func() fhir.Node) func() fhir.Node {
	var mu sync.Mutex
	var of uint64
	var kept fhir.Node
	return func() fhir.Node {
		mu.Lock()
		defer mu.Unlock()
		if now := edition(); now != of {
			of, kept = now, make()
		}
		return kept
	}
}

// typeCapabilities are made anew when the search parameters change.
func (s *server) typeCapabilities() fhir.Node {
	types := fhir.Arr()
	for _, typ := range definition.Resources() {
		types.Nodes = append(types.Nodes, s.typeCapability(typ))
	}
	return types
}

// offered lists operations, each once: at a type and at its instances it has
// one name.
func offered(on func(*operation) bool) fhir.Node {
	ops := fhir.Arr()
	seen := map[string]bool{}
	for i := range operations {
		if op := &operations[i]; on(op) && !seen[op.name] {
			seen[op.name] = true
			ops.Nodes = append(ops.Nodes, fhir.Obj(fhir.Str(op.name[1:]).As("name"), fhir.Str(op.doc).As("definition")))
		}
	}
	return ops
}

// typeCapability is the same for every type but for its parameters and
// operations.
func (s *server) typeCapability(typ string) fhir.Node {
	params, includes := fhir.Arr(), fhir.Arr(fhir.Str("*"))
	for _, p := range s.registry.Catalogue().Params(typ) {
		params.Nodes = append(params.Nodes, fhir.Obj(fhir.Str(p.Code).As("name"), fhir.Str(p.URL).As("definition"), fhir.Str(p.Type).As("type")))
		if p.Type == "reference" {
			includes.Nodes = append(includes.Nodes, fhir.Str(typ+":"+p.Code))
		}
	}
	ops := offered(func(op *operation) bool { return !op.system && (op.typ == typ || op.typ == "") })
	n := fhir.Obj(
		fhir.Str(typ).As("type"),
		codes("interaction", "read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"),
		fhir.Str("versioned-update").As("versioning"), fhir.Bool(true).As("readHistory"), fhir.Bool(true).As("updateCreate"),
		fhir.Bool(true).As("conditionalCreate"), fhir.Str("full-support").As("conditionalRead"), fhir.Bool(true).As("conditionalUpdate"),
		fhir.Str("single").As("conditionalDelete"), fhir.Arr(fhir.Str("literal"), fhir.Str("logical"), fhir.Str("local")).As("referencePolicy"),
		includes.As("searchInclude"))
	if len(params.Nodes) > 0 {
		n.Nodes = append(n.Nodes, params.As("searchParam"))
	}
	if len(ops.Nodes) > 0 {
		n.Nodes = append(n.Nodes, ops.As("operation"))
	}
	return n
}
