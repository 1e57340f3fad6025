package search_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

var now = time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)

func parse(t testing.TB, c *search.Catalogue, typ, query string, lenient bool) (*search.Query, error) {
	t.Helper()
	pairs, err := search.Pairs(query)
	if err != nil {
		return nil, err
	}
	return c.Parse(typ, pairs, search.Options{Lenient: lenient, Now: now, Pass: []string{"_page"}})
}

// refused checks that the error is a 400 which names the parameter and holds
// no value.
func refused(t *testing.T, err error, name string) {
	t.Helper()
	var fe *fhir.Error
	if !errors.As(err, &fe) || fe.Kind != fhir.Invalid {
		t.Fatalf("want an Invalid *fhir.Error, got %v", err)
	}
	if !strings.Contains(fe.Text, name) {
		t.Errorf("%q does not name %s", fe.Text, name)
	}
	for _, is := range fe.All() {
		if strings.Contains(is.Text, "secret") {
			t.Errorf("%q holds the value", is.Text)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	c := catalogue(t)
	tests := []struct{ name, typ, query, param string }{
		{"unknown parameter", "Patient", "colour=secret", "'colour'"},
		{"of another type", "Patient", "use=secret", "'use'"},
		{"case counts", "Patient", "Name=secret", "'Name'"},
		{"a name that is none", "Patient", "a%20b%3Csecret=1", "(not a name)"},
		{"no name", "Patient", "=secret", "(unnamed)"},
		{"unknown modifier", "Patient", "name:like=secret", "'name:like'"},
		{"empty modifier", "Patient", "name:=secret", "'name:'"},
		{"modifier of another kind", "Patient", "birthdate:exact=2020", "'birthdate:exact'"},
		{"string with :text", "Patient", "name:text=secret", "'name:text'"},
		{"token with :exact", "Patient", "gender:exact=male", "'gender:exact'"},
		{"value sets", "Patient", "gender:in=http://secret", "terminology"},
		{"hierarchies", "Observation", "code:below=s|secret", "terminology"},
		{"empty value", "Patient", "name=", "'name'"},
		{"empty alternative", "Patient", "name=a,,b", "'name'"},
		{"nothing but accents", "Patient", "name=%CC%81", "'name'"},
		{"bad :missing", "Patient", "name:missing=secret", "'name:missing'"},
		{"two bars", "Patient", "identifier=a|b|secret", "'identifier'"},
		{"only a bar", "Patient", "identifier=|", "'identifier'"},
		{"of-type without a value", "Patient", "identifier:of-type=s|MR", "'identifier:of-type'"},
		{"identifier of a reference without a value", "Claim", "patient:identifier=secret|", "'patient:identifier'"},
		{"reference with a bad id", "Claim", "patient=Patient/sec ret", "'patient'"},
		{"reference to no type", "Claim", "patient=Secret/1", "'patient'"},
		{"reference that climbs", "Claim", "patient=../secret", "'patient'"},
		{"conditional reference", "Claim", "patient=Patient?name=secret", "'patient'"},
		{"reference of another type than the modifier", "Observation", "subject:Patient=Group/secret", "'subject:Patient'"},
		{"a type that the reference cannot have", "Claim", "patient:Group=1", "cannot point at"},
		{"date", "Patient", "birthdate=secret", "'birthdate'"},
		{"impossible date", "Patient", "birthdate=2023-02-29", "'birthdate'"},
		{"unknown prefix", "Patient", "birthdate=xx2023", "'birthdate'"},
		{"prefix alone", "Patient", "birthdate=ge", "'birthdate'"},
		{"_lastUpdated", "Patient", "_lastUpdated=secret", "'_lastUpdated'"},
		{"_lastUpdated with a modifier", "Patient", "_lastUpdated:exact=2020", "'_lastUpdated:exact'"},
		{"number", "RiskAssessment", "probability=secret", "'probability'"},
		{"huge exponent", "RiskAssessment", "probability=1e999999999", "'probability'"},
		{"quantity of two parts", "Observation", "value-quantity=5|mg", "'value-quantity'"},
		{"quantity without a code", "Observation", "value-quantity=5|http://u|", "'value-quantity'"},
		{"composite of one part", "Observation", "code-value-quantity=secret", "'code-value-quantity'"},
		{"composite of three parts", "Observation", "code-value-quantity=a$1$secret", "'code-value-quantity'"},
		{"composite with an empty part", "Observation", "code-value-quantity=a$", "'code-value-quantity'"},
		{"composite with a bad part", "Observation", "code-value-quantity=a$secret", "'code-value-quantity'"},
		{"uri below no URL", "ValueSet", "url:below=urn:secret", "'url:below'"},
		{"_id", "Patient", "_id=../secret", "'_id'"},
		{"_id chained", "Patient", "_id.name=secret", "'_id.name'"},
		{"NUL", "Patient", "name=a%00b", "'name'"},
		{"not UTF-8", "Patient", "name=%FF", "'name'"},
		{"chain through no reference", "Patient", "name.given=secret", "'name.given'"},
		{"chain to an unknown parameter", "Claim", "patient.colour=secret", "'patient.colour'"},
		{"chain to a parameter of none of many types", "Observation", "subject.colour=secret", "'subject.colour'"},
		{"chain through a type the reference cannot have", "Claim", "patient:Group.code=secret", "'patient:Group.code'"},
		{"chain through no type", "Claim", "patient:Nothing.code=secret", "'patient:Nothing.code'"},
		{"chain that ends", "Claim", "patient.=secret", "'patient.'"},
		{"chain too long", "Patient", "link:Patient.link:Patient.link:Patient.link:Patient.link:Patient.name=secret", "more than 4"},
		{"chain through too much", "Basic", "subject.subject.subject.subject.name=secret", "too many"},
		{"_has too short", "Patient", "_has:Observation:patient=secret", "_has:Type:reference:parameter"},
		{"_has alone", "Patient", "_has=secret", "'_has'"},
		{"_has of no type", "Patient", "_has:Nothing:patient:code=secret", "'_has:Nothing:patient:code'"},
		{"_has by no reference", "Patient", "_has:Observation:code:code=secret", "'_has:Observation:code:code'"},
		{"_has by a reference elsewhere", "Patient", "_has:Claim:provider:use=claim", "'_has:Claim:provider:use'"},
		{"_has of an unknown parameter", "Patient", "_has:Observation:patient:colour=secret", "'_has:Observation:patient:colour'"},
		{"negative _count", "Patient", "_count=-1", "'_count'"},
		{"_count that is no number", "Patient", "_count=secret", "'_count'"},
		{"empty _count", "Patient", "_count=", "'_count'"},
		{"_count twice", "Patient", "_count=1&_count=2", "'_count'"},
		{"_count with a modifier", "Patient", "_count:exact=1", "'_count:exact'"},
		{"_sort by nothing", "Patient", "_sort=name,", "'_sort'"},
		{"_sort by an unknown parameter", "Patient", "_sort=secret", "'_sort'"},
		{"_sort by a composite", "Observation", "_sort=code-value-quantity", "'_sort'"},
		{"_sort by too much", "Patient", "_sort=" + strings.Repeat("name,", 11) + "name", "'_sort'"},
		{"_summary", "Patient", "_summary=secret", "'_summary'"},
		{"_total", "Patient", "_total=secret", "'_total'"},
		{"_elements", "Patient", "_elements=name,secret", "'_elements'"},
		{"_include without a parameter", "Claim", "_include=Claim", "'_include'"},
		{"_include of no reference", "Claim", "_include=Claim:use", "'_include'"},
		{"_include of no type", "Claim", "_include=Nothing:patient", "'_include'"},
		{"_include to a type that cannot be", "Claim", "_include=Claim:patient:Group", "'_include'"},
		{"_include by any type", "Claim", "_include=*:patient", "'_include'"},
		{"_include with a modifier", "Claim", "_include:recurse=Claim:patient", "'_include:recurse'"},
		{"_contained", "Patient", "_contained=true", "'_contained'"},
		{"_type on a type", "Patient", "_type=Claim", "'_type'"},
		{"_type of no type", "", "_type=Secret", "'_type'"},
		{"not for all types", "", "name=secret", "'name'"},
		{"not for the types listed", "", "_type=Patient,Claim&name=secret", "'name'"},
		{"_text of nothing", "Patient", "_text=()", "'_text'"},
		{"_text with a modifier", "Patient", "_text:exact=secret", "'_text:exact'"},
		{"_list of a patient's own", "Patient", "_list=$current-secret", "functional"},
		{"_list that is no id", "Patient", "_list=a/secret", "'_list'"},
		{"_filter", "Patient", "_filter=secret", "'_filter'"},
		{"near", "Location", "near=1|2", "'near'"},
		{"too many values", "Patient", "_id=" + strings.Repeat("a,", 500) + "a", "'_id'"},
		{"too many types times values", "Basic", "subject=" + strings.Repeat("a,", 100) + "a", "too many"},
		{"no type at all", "Secret", "", "type to search"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(t, c, tt.typ, tt.query, false)
			refused(t, err, tt.param)
		})
	}
}

func TestPairsRefuses(t *testing.T) {
	for _, raw := range []string{"a=%", "%zz=1", "a=" + strings.Repeat("x", 64<<10), strings.Repeat("a=1&", 201)} {
		if _, err := search.Pairs(raw); err == nil {
			t.Errorf("%.20q: accepted", raw)
		}
	}
	got, err := search.Pairs("?a=1+2&&b&a=%26%3D")
	want := []search.Pair{{Name: "a", Value: "1 2"}, {Name: "b"}, {Name: "a", Value: "&="}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// All that is wrong is told at once.
func TestParseTellsEverything(t *testing.T) {
	_, err := parse(t, catalogue(t), "Patient", "colour=1&birthdate=x&name=ok&_count=-1", false)
	var fe *fhir.Error
	if !errors.As(err, &fe) || len(fe.All()) != 3 {
		t.Errorf("want three issues, got %+v", err)
	}
}

func TestLenient(t *testing.T) {
	c := catalogue(t)
	for _, query := range []string{"name:like=x", "birthdate=x", "_count=-1", "gender:in=x"} {
		if _, err := parse(t, c, "Patient", query, true); err == nil {
			t.Errorf("%s: accepted", query)
		}
	}
	q, err := parse(t, c, "Patient", "colour=1&name=a&_query=x&name=a&general-practitioner.colour=x&_sort=name,colour", true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"'colour'", "'_query'", "'general-practitioner.colour'", "'_sort'"}, q.Ignored); diff != "" {
		t.Errorf("ignored (-want +got):\n%s", diff)
	}
	if len(q.Sort) != 0 {
		t.Errorf("half of _sort was applied: %v", q.Sort)
	}
	if diff := cmp.Diff([]search.Pair{{Name: "name", Value: "a"}}, q.Applied); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
}

func is(param, code string) search.Is {
	return search.Is{Param: param, Kind: search.Token, AnySystem: true, Code: code}
}

func ref(param, code string) search.Is {
	return search.Is{Param: param, Kind: search.Reference, Code: code}
}

func word(param, text string) search.Word {
	return search.Word{Param: param, Kind: search.String, Mode: search.Prefix, Text: text}
}

func TestParse(t *testing.T) {
	c := catalogue(t)
	c.Base = "https://own.example/fhir"
	day := func(op search.Op, from, to string) search.Between {
		return search.Between{Param: "birthdate", Kind: search.Date, Op: op, Lo: micro(t, from), Hi: micro(t, to) - 1}
	}
	tests := []struct {
		name, typ, query string
		want             search.Expr
	}{
		{"nothing", "Patient", "", nil},
		{"what the caller reads", "Patient", "_page=x", nil},
		{"comma is or", "Patient", "gender=male,female", search.Or{is("gender", "male"), is("gender", "female")}},
		{"repeated is and", "Patient", "name=a&name=b", search.And{word("name", "a"), word("name", "b")}},
		{"the same twice is once", "Patient", "name=a&name=a", word("name", "a")},
		{"escaped", "Patient", `name=a\,b\\\$\|\x`, word("name", `a,b\$|\x`)},
		{"escaped bar", "Patient", `identifier=a\|b|c\|d`, search.Is{Param: "identifier", Kind: search.Token, System: "a|b", Code: "c|d"}},
		{"no system", "Patient", "identifier=|1", search.Is{Param: "identifier", Kind: search.Token, Code: "1"}},
		{"any code", "Patient", "identifier=s|", search.Is{Param: "identifier", Kind: search.Token, System: "s", AnyCode: true}},
		{"not", "Patient", "gender:not=male,female", search.Not{X: search.Or{is("gender", "male"), is("gender", "female")}}},
		{"missing", "Patient", "gender:missing=true", search.Missing{Param: "gender"}},
		{"not missing", "Patient", "gender:missing=false", search.Not{X: search.Missing{Param: "gender"}}},
		{"text of a token", "Observation", "code:text=head", search.Word{Param: "code", Kind: search.Token, Mode: search.Contains, Text: "head"}},
		{"of-type", "Patient", "identifier:of-type=v2|MR|1", search.Is{Param: "identifier", Kind: search.Token, AnySystem: true, OfType: "v2|MR", Code: "1"}},
		{"exact", "Patient", "name:exact=A b", search.Word{Param: "name", Kind: search.String, Mode: search.Exact, Text: "A b"}},
		{"contains", "Patient", "name:contains=b", search.Word{Param: "name", Kind: search.String, Mode: search.Contains, Text: "b"}},
		{"reference", "Claim", "patient=Patient/1", ref("patient", "Patient/1")},
		{"reference by id", "Claim", "patient=1", ref("patient", "Patient/1")},
		{"reference by id to several types", "Claim", "provider=1", search.Or{ref("provider", "Organization/1"), ref("provider", "Practitioner/1"), ref("provider", "PractitionerRole/1")}},
		{"reference by id, where() narrows", "Observation", "patient=1", ref("patient", "Patient/1")},
		{"reference of a type", "Observation", "subject:Patient=1", ref("subject", "Patient/1")},
		{"our own URL", "Claim", "patient=https://own.example/fhir/Patient/1", ref("patient", "Patient/1")},
		{"our own URL of a type", "Observation", "subject:Patient=https://own.example/fhir/Patient/1", ref("subject", "Patient/1")},
		{"another's URL", "Claim", "patient=https://x.org/Patient/1", ref("patient", "https://x.org/Patient/1")},
		{"urn", "Claim", "patient=urn:uuid:1", ref("patient", "urn:uuid:1")},
		{"version", "Claim", "patient=Patient/1/_history/3", ref("patient", "Patient/1")},
		{"canonical", "QuestionnaireResponse", `questionnaire=http://x/Q|1`, ref("questionnaire", "http://x/Q|1")},
		{"identifier of a reference", "Claim", "patient:identifier=s|1", search.Is{Param: "patient", Kind: search.Reference, Ident: true, System: "s", Code: "1"}},
		{"identifier of any system", "Claim", "patient:identifier=1", search.Is{Param: "patient", Kind: search.Reference, Ident: true, AnySystem: true, Code: "1"}},
		{"year", "Patient", "birthdate=2024", day(search.Eq, "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z")},
		{"prefix", "Patient", "birthdate=ge2024-02-29", day(search.Ge, "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z")},
		{"a plus that became a space", "Patient", "birthdate=2024-01-01T05:45:00+05:45", day(search.Eq, "2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z")},
		{"time without an offset", "Patient", "birthdate=2024-01-01T05:45", day(search.Eq, "2024-01-01T05:45:00Z", "2024-01-01T05:46:00Z")},
		{"about", "Patient", "birthdate=ap2025-05-22", day(search.Ap, "2025-05-21T00:00:00Z", "2025-05-24T00:00:00Z")},
		{"ids", "Patient", "_id=a,b,a", search.IDs{"a", "b"}},
		{"id is never missing", "Patient", "_id:missing=true", search.Or{}},
		{"id is always there", "Patient", "_id:missing=false", nil},
		{"last updated", "Patient", "_lastUpdated=gt2024-01", search.Updated{Op: search.Gt, Lo: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Hi: time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)}},
		{"last updated to the microsecond", "Patient", "_lastUpdated=2024-01-01T00:00:00.1234567Z", search.Updated{Op: search.Eq, Lo: time.Date(2024, 1, 1, 0, 0, 0, 123456000, time.UTC), Hi: time.Date(2024, 1, 1, 0, 0, 0, 123457000, time.UTC)}},
		{"quantity", "Observation", "value-quantity=gt5.4|http://u|mg", search.Between{Param: "value-quantity", Kind: search.Quantity, Op: search.Gt, Lo: search.Ordered("5.4", 0), Hi: search.Ordered("5.4", 0), Decimal: "5.4", System: "http://u", Code: "mg"}},
		{"quantity by unit", "Observation", "value-quantity=5.4||mg", search.Between{Param: "value-quantity", Kind: search.Quantity, Op: search.Eq, Lo: search.Ordered("5.35", -1), Hi: search.Ordered("5.45", 1), Decimal: "5.4", Code: "mg"}},
		{"composite", "Observation", `code-value-string=s|a$b\$c`, search.Combo{Param: "code-value-string", Parts: []search.Expr{
			search.Is{Param: "1", Kind: search.Token, System: "s", Code: "a"}, word("2", "b$c"),
		}}},
		{"uri", "ValueSet", "url=http://x/a", search.Is{Param: "url", Kind: search.URI, Code: "http://x/a"}},
		{"uri below", "ValueSet", "url:below=http://x/a", search.Or{
			search.Is{Param: "url", Kind: search.URI, Code: "http://x/a"}, search.Word{Param: "url", Kind: search.URI, Mode: search.Below, Text: "http://x/a/"},
		}},
		{"uri above", "ValueSet", "url:above=http://x/a/b", search.Or{
			search.Is{Param: "url", Kind: search.URI, Code: "http://x/a/b"},
			search.Is{Param: "url", Kind: search.URI, Code: "http://x/a/"},
			search.Is{Param: "url", Kind: search.URI, Code: "http://x/a"},
			search.Is{Param: "url", Kind: search.URI, Code: "http://x/"},
			search.Is{Param: "url", Kind: search.URI, Code: "http://x"},
		}},
		{"chain", "Claim", "patient.name=a", search.Chain{Param: "patient", Types: []string{"Patient"}, X: word("name", "a")}},
		{"chain through one of many types", "Observation", "subject:Patient.name=a", search.Chain{Param: "subject", Types: []string{"Patient"}, X: word("name", "a")}},
		{"chain through all that know it", "Claim", "provider.family=a", search.Chain{Param: "provider", Types: []string{"Practitioner"}, X: word("family", "a")}},
		{"chain where types agree", "Claim", "provider.active=true", search.Chain{Param: "provider", Types: []string{"Organization", "Practitioner", "PractitionerRole"}, X: is("active", "true")}},
		{"two hops", "Observation", "patient.organization.name=a", search.Chain{Param: "patient", Types: []string{"Patient"}, X: search.Chain{Param: "organization", Types: []string{"Organization"}, X: word("name", "a")}}},
		{"chain to an id", "Claim", "patient._id=1", search.Chain{Param: "patient", Types: []string{"Patient"}, X: search.IDs{"1"}}},
		{"has", "Patient", "_has:Observation:patient:code=a", search.Has{Type: "Observation", Param: "patient", X: is("code", "a")}},
		{
			"has, nested", "Patient", "_has:Observation:patient:_has:DiagnosticReport:result:code:not=a",
			search.Has{Type: "Observation", Param: "patient", X: search.Has{Type: "DiagnosticReport", Param: "result", X: search.Not{X: is("code", "a")}}},
		},
		{"has behind a chain", "Claim", "patient._has:Group:member:code=a", search.Chain{Param: "patient", Types: []string{"Patient"}, X: search.Has{Type: "Group", Param: "member", X: is("code", "a")}}},
		{"all types", "", "_tag=a", is("_tag", "a")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := parse(t, c, tt.typ, tt.query, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, q.Expr); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Where what is asked means another thing for each type, each has its Chain.
func TestChainWhereTypesDiffer(t *testing.T) {
	q, err := parse(t, catalogue(t), "Provenance", "target.subject=1", false)
	if err != nil {
		t.Fatal(err)
	}
	chains := map[string]int{}
	for _, x := range q.Expr.(search.Or) {
		c := x.(search.Chain)
		for _, typ := range c.Types {
			if alternatives, ok := c.X.(search.Or); ok {
				chains[typ] = len(alternatives)
			}
		}
	}
	if chains["Observation"] != 4 || chains["Encounter"] != 2 {
		t.Errorf("subject of Observation can be of %d types, want 4, of Encounter of %d, want 2", chains["Observation"], chains["Encounter"])
	}
}

// A parameter that means another thing for each type gives each its own
// expression.
func TestParseSystem(t *testing.T) {
	q, err := parse(t, catalogue(t), "", "_type=Observation,Claim&patient=1&_id=x", false)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Observation", "Claim"}, q.Types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(search.Expr(search.And{ref("patient", "Patient/1"), search.IDs{"x"}}), q.For("Claim")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	q, err = parse(t, catalogue(t), "", "_type=Encounter,Observation&subject=1", false)
	if err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(q.For("Encounter"), q.For("Observation")) {
		t.Error("subject of Encounter and of Observation point at different types")
	}
}
