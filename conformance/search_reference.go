package main

import "fmt"

const (
	referenceClause = "search.html#reference"
	chainClause     = "search.html#chaining"
	hasClause       = "search.html#has"
)

func about(code, more string) string {
	return observation(fmt.Sprintf(`{"coding":[{"system":"urn:x","code":%q}]}`, code), more)
}

// pointing is a small net: two organizations, three patients, observations.
var pointing = fixture{"pointing", []datum{
	{"o1", `{"resourceType":"Organization","identifier":[{"system":"urn:conformance","value":"{tag}"}],"name":"Head {tag}"}`},
	{"o2", `{"resourceType":"Organization","identifier":[{"system":"urn:conformance","value":"{tag}"}],"name":"Branch {tag}","partOf":{"reference":"Organization/{o1}"}}`},
	{"p1", `{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"},{"value":"p1-{tag}"}],"name":[{"family":"Adams"}],"birthDate":"1990-01-01","managingOrganization":{"reference":"Organization/{o1}"}}`},
	{"p2", `{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"}],"name":[{"family":"Brown"}],"gender":"female","managingOrganization":{"reference":"Organization/{o2}"}}`},
	{"p3", `{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"}],"name":[{"family":"Clark"}]}`},
	{"g", `{"resourceType":"Group","identifier":[{"system":"urn:conformance","value":"{tag}"}],"type":"person","actual":true,"member":[{"entity":{"reference":"Patient/{p1}"}},{"entity":{"reference":"Patient/{p3}"}}]}`},
	{"e", `{"resourceType":"Encounter","identifier":[{"system":"urn:conformance","value":"{tag}"}],"status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{p2}"}}`},
	{"a", about("a", `"subject":{"reference":"Patient/{p1}"}`)},
	{"b", about("b", `"subject":{"reference":"Patient/{p2}"},"encounter":{"reference":"Encounter/{e}"}`)},
	{"c", about("c", `"subject":{"reference":"Group/{g}"}`)},
	{"d", about("a", `"subject":{"reference":"{base}/Patient/{p1}"}`)},
	{"f", about("f", `"subject":{"reference":"http://other.example/fhir/Patient/{tag}"}`)},
	{"i", about("i", `"subject":{"identifier":{"system":"urn:id","value":"{tag}"}}`)},
	{"v", about("v", `"subject":{"reference":"Patient/{p3}/_history/1"}`)},
	{"n", about("n", "")},
}}

const (
	obs = "Observation?" + own
	pat = "Patient?" + own
)

var referenceRows = []row{
	{"reference by type and id", referenceClause, obs + "subject=Patient/{p1}", "a d"},
	{"reference by id alone", referenceClause, obs + "subject={p1}", "a d"},
	{"reference by this server's absolute url", referenceClause, obs + "subject={base}/Patient/{p1}", "a d"},
	{"reference by type as modifier", referenceClause, obs + "subject:Patient={p1}", "a d"},
	{"reference by another type as modifier", referenceClause, obs + "subject:Group={p1}", ""},
	{"reference to another type", referenceClause, obs + "subject=Group/{g}", "c"},
	{"reference parameter for one type only", "observation.html#search", obs + "patient={p1}", "a d"},
	{"reference to another server", referenceClause, obs + "subject=http://other.example/fhir/Patient/{tag}", "f"},
	{"reference to another server is not one to this", referenceClause, obs + "subject=Patient/{tag}", ""},
	{"reference :identifier", referenceClause, obs + "subject:identifier=urn:id|{tag}", "i"},
	{"reference :identifier does not follow the reference", referenceClause, obs + "subject:identifier=urn:conformance|{tag}", ""},
	{"reference with a version is found by its id", referenceClause, obs + "subject=Patient/{p3}", "v"},
	{"reference to nothing", referenceClause, obs + "subject=Patient/none-{tag}", ""},
	{"reference with comma is either", "search.html#combining", obs + "subject=Patient/{p2},Group/{g}", "b c"},
	{"reference :missing=true", "search.html#missing", obs + "subject:missing=true", "n"},
	{"reference member of a group", "group.html#search", "Group?" + own + "member=Patient/{p3}", "g"},
	{"reference to a type that is none is refused", referenceClause, obs + "subject:Pazient={p1}", "refused"},
	{"reference with :exact is refused", "search.html#modifiers", obs + "subject:exact=Patient/{p1}", "refused"},
}

var chainRows = []row{
	{"chain to a string", chainClause, obs + "subject:Patient.family=adams", "a d"},
	{"chain where one type is possible", chainClause, obs + "patient.family=brown", "b"},
	{"chain with a modifier at its end", chainClause, obs + "patient.family:exact=Brown", "b"},
	{"chain with :exact is exact", chainClause, obs + "patient.family:exact=brown", ""},
	{"chain to a date with a prefix", chainClause, obs + "patient.birthdate=lt1995", "a d"},
	{"chain to an identifier", chainClause, obs + "patient.identifier=p1-{tag}", "a d"},
	{"chain to _id", chainClause, obs + "patient._id={p2}", "b"},
	{"chain of two", chainClause, obs + "patient.organization.name=branch", "b"},
	{"chain of two with types", chainClause, obs + "subject:Patient.organization:Organization.name=head", "a d"},
	{"chain of three", chainClause, obs + "patient.organization.partof.name=head", "b"},
	{"chain through another resource", chainClause, obs + "encounter.patient.family=brown", "b"},
	{"chain with comma is either", chainClause, obs + "patient.family=adams,brown", "a b d"},
	{"chains repeated are both", chainClause, obs + "patient.family=brown&patient.gender=female", "b"},
	{"chain that finds nobody", chainClause, obs + "patient.family=nobody", ""},
	{"chain to :missing", chainClause, obs + "patient.gender:missing=true", "+a +d -b"},
	{"chain to an unknown parameter is refused", chainClause, obs + "patient.colour=red", "refused"},
	{"chain on what is no reference is refused", chainClause, obs + "code.family=x", "refused"},
	{"chain :not at its end", chainClause, obs + "patient.gender:not=female", "+a +d -b"},
	{"_has finds who is pointed at", hasClause, pat + "_has:Observation:patient:code=urn:x|a", "p1"},
	{"_has with comma is either", hasClause, pat + "_has:Observation:patient:code=urn:x|a,urn:x|b", "p1 p2"},
	{"_has that nobody meets", hasClause, pat + "_has:Observation:patient:code=urn:x|zzz", ""},
	{"_has repeated is both", hasClause, pat + "_has:Observation:patient:code=urn:x|a&_has:Group:member:type=person", "p1"},
	{"_has with another parameter", hasClause, pat + "_has:Group:member:type=person&family=clark", "p3"},
	{"_has within _has", hasClause, "Organization?" + own + "_has:Patient:organization:_has:Observation:patient:code=urn:x|b", "o2"},
	{"_has at the end of a chain", hasClause, obs + "patient._has:Group:member:type=person", "+a +d -b"},
	{"a chain at the end of _has", hasClause, pat + "_has:Observation:patient:encounter.status=finished", "p2"},
	{"_has with _id", hasClause, pat + "_has:Observation:patient:_id={b}", "p2"},
	{"_has of an unknown type is refused", hasClause, pat + "_has:Observatory:patient:code=a", "refused"},
	{"_has of an unknown reference is refused", hasClause, pat + "_has:Observation:colour:code=a", "refused"},
	{"_has with too few parts is refused", hasClause, pat + "_has:Observation=a", "refused"},
}
