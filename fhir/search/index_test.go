package search_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
)

func catalogue(t testing.TB, extra ...*definition.SearchParam) *search.Catalogue {
	t.Helper()
	c, err := search.NewCatalogue(extra)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func node(t testing.TB, json string) *fhir.Node {
	t.Helper()
	n, err := fhir.ParseObject([]byte(json))
	if err != nil {
		t.Fatalf("%s: %v", json, err)
	}
	return n
}

func micro(t testing.TB, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

// values indexes one parameter and leaves out what all its values share.
func values(t testing.TB, c *search.Catalogue, json, param string) search.Index {
	t.Helper()
	got, err := c.Values(node(t, json), param)
	if err != nil {
		t.Fatalf("%s: %v", param, err)
	}
	for i := range got {
		if got[i].Param != param {
			t.Errorf("value of %s is filed under %s", param, got[i].Param)
		}
		got[i].Param = ""
	}
	return got
}

func check(t *testing.T, want, got search.Index) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestIndexTokens(t *testing.T) {
	c := catalogue(t)
	tok := func(system, code, text string) search.Value {
		return search.Value{Kind: search.Token, System: system, Code: code, Text: text}
	}
	tests := []struct {
		name, json, param string
		want              search.Index
	}{
		{"nothing", `{"resourceType":"Observation"}`, "code", nil},
		{"null in place of a coding", `{"resourceType":"Observation","code":{"coding":[null]}}`, "code", nil},
		{"an object in place of a code", `{"resourceType":"Observation","status":{"x":1}}`, "status", nil},
		{"only an extension", `{"resourceType":"Observation","_status":{"extension":[]}}`, "status", nil},
		{"empty coding", `{"resourceType":"Observation","code":{"coding":[{"userSelected":true}]}}`, "code", nil},
		{"identifier without value or system", `{"resourceType":"Patient","identifier":[{"use":"usual"}]}`, "identifier", nil},
		{"telephone without value", `{"resourceType":"Patient","telecom":[{"system":"phone"}]}`, "telecom", nil},
		{
			"codings and text", `{"resourceType":"Observation","code":{"coding":[{"system":"s","code":"a","display":"A"},{"code":"b"}],"text":"T"}}`, "code",
			search.Index{tok("s", "a", "A"), tok("", "b", ""), tok("", "", "T")},
		},
		{
			"the same coding twice", `{"resourceType":"Observation","category":[{"coding":[{"system":"s","code":"a"}]},{"coding":[{"system":"s","code":"a"}]}]}`, "category",
			search.Index{tok("s", "a", "")},
		},
		{
			"a code has the system of its value set", `{"resourceType":"Patient","gender":"male"}`, "gender",
			search.Index{tok("", "male", ""), tok("http://hl7.org/fhir/administrative-gender", "male", "")},
		},
		{"a code outside its value set", `{"resourceType":"Patient","gender":"x"}`, "gender", search.Index{tok("", "x", "")}},
		{"boolean", `{"resourceType":"Patient","active":true}`, "active", search.Index{tok("", "true", "")}},
		{"string as token", `{"resourceType":"ActivityDefinition","version":"1.0"}`, "version", search.Index{tok("", "1.0", "")}},
		{
			"telephone", `{"resourceType":"Patient","telecom":[{"system":"phone","value":"1"},{"system":"email","value":"a@b"}]}`, "phone",
			search.Index{tok("", "1", ""), tok("phone", "1", "")},
		},
		{"where takes only what it names", `{"resourceType":"Patient","telecom":[{"system":"phone","value":"1"}]}`, "email", nil},
		{
			"identifier with types", `{"resourceType":"Patient","identifier":[{"system":"s","value":"1","type":{"text":"T","coding":[{"system":"v2","code":"MR"},{"code":"X"}]}}]}`, "identifier",
			search.Index{
				{Kind: search.Token, System: "s", Code: "1", Text: "T", Ident: "v2|MR"},
				{Kind: search.Token, System: "s", Code: "1", Text: "T", Ident: "|X"},
			},
		},
		{
			"a choice by its type", `{"resourceType":"Observation","valueCodeableConcept":{"coding":[{"code":"a"}]},"valueQuantity":{"code":"b"}}`, "value-concept",
			search.Index{tok("", "a", "")},
		},
		{"meta", `{"resourceType":"Patient","meta":{"tag":[{"system":"s","code":"a"}]}}`, "_tag", search.Index{tok("s", "a", "")}},
		{"computed by FHIRPath", `{"resourceType":"Patient","deceasedDateTime":"2020"}`, "deceased", search.Index{tok("", "true", "")}},
		{"computed, and false", `{"resourceType":"Patient"}`, "deceased", search.Index{tok("", "false", "")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, tt.want, values(t, c, tt.json, tt.param)) })
	}
}

func TestIndexReferences(t *testing.T) {
	c := catalogue(t)
	c.Base = "https://own.example/fhir"
	ref := func(code, typ string) search.Value {
		return search.Value{Kind: search.Reference, Code: code, Type: typ}
	}
	tests := []struct {
		name, json, param string
		want              search.Index
	}{
		{"nothing in it", `{"resourceType":"Claim","patient":{}}`, "patient", nil},
		{"not of the type", `{"resourceType":"Observation","subject":{"reference":"Group/1"}}`, "patient", nil},
		{"of a type that cannot be told", `{"resourceType":"Observation","subject":{"reference":"urn:uuid:1"}}`, "patient", nil},
		{"no form of a reference is kept", `{"resourceType":"Claim","patient":{"reference":"a b"}}`, "patient", search.Index{ref("a b", "")}},
		{"relative", `{"resourceType":"Claim","patient":{"reference":"Patient/1"}}`, "patient", search.Index{ref("Patient/1", "Patient")}},
		{"with a version", `{"resourceType":"Claim","patient":{"reference":"Patient/1/_history/2"}}`, "patient", search.Index{ref("Patient/1", "Patient")}},
		{"absolute, our own", `{"resourceType":"Claim","patient":{"reference":"https://own.example/fhir/Patient/1"}}`, "patient", search.Index{ref("Patient/1", "Patient")}},
		{"absolute, another's", `{"resourceType":"Claim","patient":{"reference":"https://x.org/fhir/Patient/1/_history/2"}}`, "patient", search.Index{ref("https://x.org/fhir/Patient/1", "Patient")}},
		{"urn with a type", `{"resourceType":"Observation","subject":{"reference":"urn:uuid:1","type":"Patient"}}`, "patient", search.Index{ref("urn:uuid:1", "Patient")}},
		{"contained", `{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"}}`, "patient", search.Index{ref("#p", "Patient")}},
		{
			"identifier only", `{"resourceType":"Claim","patient":{"identifier":{"system":"s","value":"1"},"display":"D"}}`, "patient",
			search.Index{{Kind: search.Reference, Ident: "s|1", Text: "D"}},
		},
		{
			"canonical with a version", `{"resourceType":"QuestionnaireResponse","questionnaire":"http://x/Questionnaire/1|2"}`, "questionnaire",
			search.Index{ref("http://x/Questionnaire/1|2", "Questionnaire"), ref("http://x/Questionnaire/1", "Questionnaire")},
		},
		{
			"canonical on this server", `{"resourceType":"QuestionnaireResponse","questionnaire":"https://own.example/fhir/Questionnaire/1"}`, "questionnaire",
			search.Index{ref("https://own.example/fhir/Questionnaire/1", "Questionnaire"), ref("Questionnaire/1", "Questionnaire")},
		},
		{
			"the first resource of a document", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Composition","id":"c"}},{"resource":{"resourceType":"Patient","id":"p"}}]}`, "composition",
			search.Index{ref("Composition/c", "Composition")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check(t, tt.want, values(t, c, tt.json, tt.param))
		})
	}
}

func TestIndexDates(t *testing.T) {
	c := catalogue(t)
	between := func(lo, hi string) search.Index {
		v := search.Value{Kind: search.Date, Lo: math.MinInt64, Hi: math.MaxInt64}
		if lo != "" {
			v.Lo = micro(t, lo)
		}
		if hi != "" {
			v.Hi = micro(t, hi)
		}
		return search.Index{v}
	}
	tests := []struct {
		name, json, param string
		want              search.Index
	}{
		{"no date", `{"resourceType":"Patient","birthDate":"yesterday"}`, "birthdate", nil},
		{"empty period", `{"resourceType":"Encounter","period":{}}`, "date", nil},
		{"bad ends", `{"resourceType":"Encounter","period":{"start":"x","end":"y"}}`, "date", nil},
		{"a choice of another type", `{"resourceType":"Procedure","performedString":"once"}`, "date", nil},
		{"timing without limits", `{"resourceType":"Observation","effectiveTiming":{"code":{"text":"BID"}}}`, "date", nil},
		{"year", `{"resourceType":"Patient","birthDate":"2024"}`, "birthdate", between("2024-01-01T00:00:00Z", "2024-12-31T23:59:59.999999Z")},
		{"day", `{"resourceType":"Patient","birthDate":"2024-02-29"}`, "birthdate", between("2024-02-29T00:00:00Z", "2024-02-29T23:59:59.999999Z")},
		{"with an offset", `{"resourceType":"Observation","effectiveDateTime":"2024-01-01T05:45:00+05:45"}`, "date", between("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.999999Z")},
		{"nanoseconds", `{"resourceType":"Observation","effectiveInstant":"2024-01-01T00:00:00.123456789Z"}`, "date", between("2024-01-01T00:00:00.123456Z", "2024-01-01T00:00:00.123456Z")},
		{"period", `{"resourceType":"Encounter","period":{"start":"2024-01","end":"2024-02-03"}}`, "date", between("2024-01-01T00:00:00Z", "2024-02-03T23:59:59.999999Z")},
		{"open start", `{"resourceType":"Encounter","period":{"end":"2024-02-03"}}`, "date", between("", "2024-02-03T23:59:59.999999Z")},
		{"open end", `{"resourceType":"Encounter","period":{"start":"2024-01"}}`, "date", between("2024-01-01T00:00:00Z", "")},
		{"timing by events", `{"resourceType":"Observation","effectiveTiming":{"event":["2024-03-01","2024-01-01"]}}`, "date", between("2024-01-01T00:00:00Z", "2024-03-01T23:59:59.999999Z")},
		{"timing by bounds", `{"resourceType":"Observation","effectiveTiming":{"repeat":{"boundsPeriod":{"start":"2024-01-01","end":"2024-01-02"}}}}`, "date", between("2024-01-01T00:00:00Z", "2024-01-02T23:59:59.999999Z")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, tt.want, values(t, c, tt.json, tt.param)) })
	}
	c.Zone = time.FixedZone("NPT", 5*3600+45*60)
	check(t, between("2024-01-01T18:15:00Z", "2024-01-02T18:14:59.999999Z"), values(t, c, `{"resourceType":"Patient","birthDate":"2024-01-02"}`, "birthdate"))
}

func TestIndexNumbersAndQuantities(t *testing.T) {
	c := catalogue(t)
	const obs = `{"resourceType":"Observation",`
	q := func(system, code, unit, decimal string, lo, hi int64) search.Index {
		return search.Index{{Kind: search.Quantity, System: system, Code: code, Text: unit, Decimal: decimal, Lo: lo, Hi: hi}}
	}
	point := func(s string) (int64, int64) { return search.Ordered(s, -1), search.Ordered(s, 1) }
	lo, hi := point("1.10")
	tests := []struct {
		name, json, param string
		want              search.Index
	}{
		{"no value", obs + `"valueQuantity":{"unit":"mg"}}`, "value-quantity", nil},
		{"text in place of a number", obs + `"valueQuantity":{"value":"1"}}`, "value-quantity", nil},
		{"samples that were not taken", obs + `"valueSampledData":{"origin":{"value":0},"data":"E E"}}`, "value-quantity", nil},
		{"an empty range", `{"resourceType":"Condition","onsetRange":{}}`, "onset-age", nil},
		{"code", obs + `"valueQuantity":{"value":1.10,"unit":"mg","system":"u","code":"mg"}}`, "value-quantity", q("u", "mg", "mg", "1.10", lo, hi)},
		{"unit in place of a code", obs + `"valueQuantity":{"value":1.10,"unit":"mg"}}`, "value-quantity", q("", "mg", "mg", "1.10", lo, hi)},
		{"less than", obs + `"valueQuantity":{"value":1.10,"comparator":"<"}}`, "value-quantity", q("", "", "", "..1.10", math.MinInt64, hi)},
		{"more than", obs + `"valueQuantity":{"value":1.10,"comparator":">="}}`, "value-quantity", q("", "", "", "1.10..", lo, math.MaxInt64)},
		{
			"samples", obs + `"valueSampledData":{"origin":{"value":10,"unit":"V"},"factor":0.5,"upperLimit":8,"data":"2 -4 E U"}}`, "value-quantity",
			q("", "V", "V", "8.0..14.0", search.Ordered("8", -1), search.Ordered("14", 1)),
		},
		{"money", `{"resourceType":"ChargeItem","priceOverride":{"value":1.10,"currency":"NPR"}}`, "price-override", q("urn:iso:std:iso:4217", "NPR", "NPR", "1.10", lo, hi)},
		{"range", `{"resourceType":"Condition","onsetRange":{"low":{"value":1.10,"code":"a"},"high":{"value":4}}}`, "onset-age", q("", "a", "", "1.10..4", lo, search.Ordered("4", 1))},
		{"age", `{"resourceType":"Condition","onsetAge":{"value":1.10,"code":"a"}}`, "onset-age", q("", "a", "", "1.10", lo, hi)},
		{"number", `{"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":1.10}]}`, "probability", search.Index{{Kind: search.Number, Decimal: "1.10", Lo: lo, Hi: hi}}},
		{"integer", `{"resourceType":"MolecularSequence","variant":[{"start":3}]}`, "variant-start", search.Index{{Kind: search.Number, Decimal: "3", Lo: search.Ordered("3", -1), Hi: search.Ordered("3", 1)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, tt.want, values(t, c, tt.json, tt.param)) })
	}
}

func TestIndexTexts(t *testing.T) {
	c := catalogue(t)
	tests := []struct {
		name, json, param string
		want              []string
	}{
		{"nothing", `{"resourceType":"Patient","name":[{"use":"official"}]}`, "name", nil},
		{"null among the given names", `{"resourceType":"Patient","name":[{"given":["B",null]}]}`, "given", []string{"B"}},
		{"all parts of a name", `{"resourceType":"Patient","name":[{"text":"T","family":"F","given":["G","H"],"prefix":["P"],"suffix":["S"]}]}`, "name", []string{"T", "F", "G", "H", "P", "S"}},
		{"all parts of an address", `{"resourceType":"Patient","address":[{"text":"T","line":["L"],"city":"C","district":"D","state":"S","postalCode":"1","country":"NP"}]}`, "address", []string{"T", "L", "C", "D", "S", "1", "NP"}},
		{"markdown", `{"resourceType":"ActivityDefinition","description":"x *y*"}`, "description", []string{"x *y*"}},
		{"text of a concept", `{"resourceType":"Observation","valueCodeableConcept":{"text":"T"}}`, "value-string", []string{"T"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var want search.Index
			for _, s := range tt.want {
				want = append(want, search.Value{Kind: search.String, Text: s})
			}
			check(t, want, values(t, c, tt.json, tt.param))
		})
	}
	check(t, search.Index{{Kind: search.URI, Code: "http://x/1|2"}, {Kind: search.URI, Code: "http://x/1"}},
		values(t, c, `{"resourceType":"Patient","meta":{"profile":["http://x/1|2"]}}`, "_profile"))
	check(t, search.Index{{Kind: search.URI, Code: "http://x/1|2"}}, values(t, c, `{"resourceType":"Patient","meta":{"source":"http://x/1|2"}}`, "_source"))
}

func TestIndexComposites(t *testing.T) {
	c := catalogue(t)
	json := `{"resourceType":"Observation","code":{"coding":[{"code":"bp"}]},"component":[
		{"code":{"coding":[{"code":"sys"}]},"valueQuantity":{"value":120}},
		{"code":{"coding":[{"code":"dia"}]},"dataAbsentReason":{"text":"?"}}]}`
	want := search.Index{{Kind: search.Composite, Parts: []search.Value{
		{Param: "1", Kind: search.Token, Code: "sys"},
		{Param: "2", Kind: search.Quantity, Decimal: "120", Lo: search.Ordered("120", -1), Hi: search.Ordered("120", 1)},
	}}}
	check(t, want, values(t, c, json, "component-code-value-quantity"))
	check(t, want, values(t, c, json, "combo-code-value-quantity"))
	check(t, nil, values(t, c, json, "code-value-quantity"))
}

// Ten thousand lines must not take seconds, and are indexed once each.
func TestIndexOfMany(t *testing.T) {
	item := fhir.Arr()
	for i := range 10000 {
		code := string(rune('A'+i%26)) + string(rune('A'+i/26%26)) + string(rune('A'+i/676))
		item.Nodes = append(item.Nodes, fhir.Obj(fhir.Arr(fhir.Obj(fhir.Str("Encounter/"+code).As("reference"))).As("encounter")))
	}
	n := fhir.Obj(fhir.Str("Claim").As("resourceType"), item.As("item"))
	start := time.Now()
	got, err := catalogue(t).Values(&n, "encounter")
	if err != nil || len(got) != 10000 {
		t.Errorf("%d values, %v", len(got), err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
}

func TestIndexRefuses(t *testing.T) {
	for _, json := range []string{`{}`, `{"resourceType":"Nothing"}`, `{"resourceType":"DomainResource"}`, `{"resourceType":1}`} {
		if _, err := catalogue(t).Index(node(t, json)); err == nil {
			t.Errorf("%s: indexed", json)
		}
	}
}
