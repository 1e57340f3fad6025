// Package audit shows rows of the audit trail as AuditEvents of IHE BALP, and
// gathers the rows of reads so that they are written in batches.
package audit

import (
	"encoding/base64"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

// Code systems of an AuditEvent.
const (
	systemType        = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	systemInteraction = "http://hl7.org/fhir/restful-interaction"
	systemOperation   = fhir.Base + "/CodeSystem/operation"
	systemDCM         = "http://dicom.nema.org/resources/ontology/DCM"
	systemEntityType  = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	systemObjectRole  = "http://terminology.hl7.org/CodeSystem/object-role"
	profileBase       = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/"
)

// Event returns a row as an AuditEvent. source names this server.
//
// https://profiles.ihe.net/ITI/BALP/
func Event(a store.Audit, source string) *fhir.Node {
	ev := fhir.Obj(
		fhir.Str("AuditEvent").As("resourceType"),
		fhir.Str(a.ID).As("id"),
		fhir.Obj(fhir.Str("1").As("versionId"), fhir.Str(fhir.Instant(a.At)).As("lastUpdated"),
			fhir.Arr(fhir.Str(profileBase+profileOf(a))).As("profile")).As("meta"),
		coding(systemType, "rest", "RESTful Operation").As("type"),
		fhir.Arr(subtype(a.Interaction)).As("subtype"),
		fhir.Str(a.Action).As("action"),
		fhir.Str(fhir.Instant(a.At)).As("recorded"),
		fhir.Str(a.Outcome).As("outcome"),
		fhir.Arr(agents(a, source)...).As("agent"),
		fhir.Obj(fhir.Obj(fhir.Str(source).As("display")).As("observer")).As("source"),
	)
	if entities := entitiesOf(a); len(entities) > 0 {
		ev.Nodes = append(ev.Nodes, fhir.Arr(entities...).As("entity"))
	}
	return &ev
}

func coding(system, code, display string) fhir.Node {
	n := fhir.Obj(fhir.Str(system).As("system"), fhir.Str(code).As("code"))
	if display != "" {
		n.Nodes = append(n.Nodes, fhir.Str(display).As("display"))
	}
	return n
}

func subtype(interaction string) fhir.Node {
	if strings.HasPrefix(interaction, "$") {
		return coding(systemOperation, strings.TrimPrefix(interaction, "$"), "")
	}
	return coding(systemInteraction, interaction, "")
}

// profileOf names the BALP profile: of the patient's kind when the subject is
// known.
func profileOf(a store.Audit) string {
	name := map[string]string{"C": "Create", "R": "Read", "U": "Update", "D": "Delete"}[a.Action]
	if name == "" {
		name = "Query"
	}
	if a.Patient != "" {
		return "IHE.BasicAudit.Patient" + name
	}
	return "IHE.BasicAudit." + name
}

// agents are the client and this server in the roles BALP gives them: who
// sends the data is the source.
func agents(a store.Audit, source string) []fhir.Node {
	client, server := coding(systemDCM, "110153", "Source Role ID"), coding(systemDCM, "110152", "Destination Role ID")
	if a.Action == "R" {
		client, server = server, client
	}
	if a.Action == "D" {
		client, server = coding(systemDCM, "110150", "Application"), coding("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "custodian", "Custodian")
	}
	out := []fhir.Node{
		agent(client, a.Agent, a.Network, true),
		agent(server, source, "", false),
	}
	if a.User != "" {
		out = append(out, agent(coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP", "information recipient"), a.User, "", true))
	}
	return out
}

func agent(typ fhir.Node, who, network string, requestor bool) fhir.Node {
	if who == "" {
		who = "anonymous"
	}
	n := fhir.Obj(
		fhir.Obj(fhir.Arr(typ).As("coding")).As("type"),
		fhir.Obj(fhir.Str(who).As("display")).As("who"),
		fhir.Str(who).As("name"), // what the search parameter agent-name looks at
		fhir.Bool(requestor).As("requestor"),
	)
	if network != "" {
		n.Nodes = append(n.Nodes, fhir.Obj(fhir.Str(network).As("address"), fhir.Str("2").As("type")).As("network"))
	}
	return n
}

func entitiesOf(a store.Audit) []fhir.Node {
	var out []fhir.Node
	entity := func(typeCode, role, display string, rest ...fhir.Node) {
		e := fhir.Obj(coding(systemEntityType, typeCode, "").As("type"), coding(systemObjectRole, role, display).As("role"))
		e.Nodes = append(e.Nodes, rest...)
		out = append(out, e)
	}
	what := func(ref string) fhir.Node {
		return fhir.Obj(fhir.Str(ref).As("reference")).As("what")
	}
	if a.Ref != "" && a.Ref != a.Patient {
		entity("2", "4", "Domain Resource", what(a.Ref))
	}
	if a.Patient != "" {
		entity("1", "1", "Patient", what(a.Patient))
	}
	if a.Query != "" {
		entity("2", "24", "Query", fhir.Str(base64.StdEncoding.EncodeToString([]byte(a.Query))).As("query"))
	}
	if a.Request != "" {
		entity("4", "21", "Job Stream", fhir.Obj(fhir.Obj(fhir.Str(a.Request).As("value")).As("identifier")).As("what"))
	}
	return out
}
