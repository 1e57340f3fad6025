package patch_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/patch"
)

// ops writes a Parameters of operations, each given as its parts in short:
// "type add; path Patient; valueCode x".
func ops(operations ...string) string {
	var list []string
	for _, op := range operations {
		var parts []string
		for _, part := range strings.Split(op, "; ") {
			name, value, _ := strings.Cut(part, " ")
			switch name {
			case "type":
				value = fmt.Sprintf(`"valueCode":%q`, value)
			case "path", "name":
				value = fmt.Sprintf(`"valueString":%q`, value)
			case "index", "source", "destination":
				value = `"valueInteger":` + value
			case "value":
			default:
				name, value = "value", `"`+name+`":`+value
			}
			parts = append(parts, fmt.Sprintf(`{"name":%q,%s}`, name, value))
		}
		list = append(list, `{"name":"operation","part":[`+strings.Join(parts, ",")+`]}`)
	}
	if len(list) == 0 {
		return `{"resourceType":"Parameters"}`
	}
	return `{"resourceType":"Parameters","parameter":[` + strings.Join(list, ",") + `]}`
}

const patient = `{"resourceType":"Patient","name":[{"family":"secret","given":["a","b"],"_given":[{"id":"x"},null]},{"given":["c"]}],` +
	`"telecom":[{"system":"phone","value":"1"},{"system":"email","value":"2"}],"birthDate":"2000-01-01","deceasedBoolean":false,"contact":[{"gender":"male"}]}`

func TestFHIRPathRefuses(t *testing.T) {
	tests := []struct {
		name, patch string
		kind        fhir.ErrorKind
		text        string
	}{
		{"no Parameters", `{"resourceType":"Bundle"}`, fhir.Invalid, "is a Parameters"},
		{"other parameter", `{"resourceType":"Parameters","parameter":[{"name":"x"}]}`, fhir.Invalid, "not operation"},
		{"no type", ops("path Patient"), fhir.Invalid, "its type is not"},
		{"unknown type", ops("type remove; path Patient"), fhir.Invalid, "its type is not"},
		{"no path", ops("type delete"), fhir.Invalid, "its path is missing"},
		{"part twice", ops("type delete; path Patient.name; path Patient.birthDate"), fhir.Invalid, "same part twice"},
		{"part of another type", ops("type delete; path Patient.name[0]; index 0"), fhir.Invalid, "does not know"},
		{"no name", ops(`type add; path Patient; valueCode "male"`), fhir.Invalid, "its name is missing"},
		{"no value", ops(`type add; path Patient; name gender`), fhir.Invalid, "its value is missing"},
		{"no index", ops(`type insert; path Patient.name; valueHumanName {}`), fhir.Invalid, "its index is missing"},
		{"negative index", ops(`type insert; path Patient.name; index -1; valueHumanName {}`), fhir.Invalid, "its index is missing"},
		{"no destination", ops(`type move; path Patient.name; source 0`), fhir.Invalid, "its destination is missing"},
		{"value in two ways", ops(`type add; path Patient; name gender; value "valueCode":"male","valueString":"male"`), fhir.Invalid, "must be one of"},
		{"value in no way", ops(`type add; path Patient; name gender; value "id":"x"`), fhir.Invalid, "must be one of"},
		{"value with an extension beside", ops(`type add; path Patient; name gender; value "valueCode":"male","extension":[{"url":"u"}]`), fhir.Invalid, "neither value[x]"},
		{"syntax of the path", ops("type delete; path Patient.name["), fhir.Invalid, "not FHIRPath: line 1"},
		{"path that fails", ops("type delete; path Patient.name.single()"), fhir.Unprocessable, "cannot be evaluated"},
		{"path without end", ops("type delete; path (1).repeat($this + 1)"), fhir.Unprocessable, "cannot be evaluated"},
		{"add where nothing is", ops(`type add; path Patient.maritalStatus; name text; valueString "x"`), fhir.Unprocessable, "selects no element"},
		{"replace of nothing", ops(`type replace; path Patient.gender; valueCode "male"`), fhir.Unprocessable, "selects no element"},
		{"other resource type", ops(`type replace; path Observation.status; valueCode "final"`), fhir.Unprocessable, "selects no element"},
		{"add to several", ops(`type add; path Patient.name; name text; valueString "x"`), fhir.Unprocessable, "several"},
		{"delete several", ops(`type delete; path Patient.telecom`), fhir.Unprocessable, "several"},
		{"replace several", ops(`type replace; path Patient.telecom; valueContactPoint {"value":"1"}`), fhir.Unprocessable, "several"},
		{"computed value", ops(`type delete; path Patient.name.count()`), fhir.Unprocessable, "no element of the resource"},
		{"delete the resource", ops(`type delete; path Patient`), fhir.Unprocessable, "resource itself"},
		{"replace the resource", ops(`type replace; path Patient; value "resource":{"resourceType":"Patient"}`), fhir.Unprocessable, "resource itself"},
		{"add an unknown element", ops(`type add; path Patient; name sex; valueCode "male"`), fhir.Unprocessable, "no child of the name"},
		{"add the resource type", ops(`type add; path Patient; name resourceType; valueCode "x"`), fhir.Unprocessable, "no child of the name"},
		{"add what is there", ops(`type add; path Patient; name birthDate; valueDate "2001"`), fhir.Unprocessable, "there already"},
		{"add another choice", ops(`type add; path Patient; name deceased; valueDateTime "2001"`), fhir.Unprocessable, "there already"},
		{"add another choice by its name", ops(`type add; path Patient; name deceasedDateTime; valueDateTime "2001"`), fhir.Unprocessable, "there already"},
		{"wrong type", ops(`type add; path Patient; name gender; valueBoolean true`), fhir.Unprocessable, "not of the type"},
		{"string for a date", ops(`type replace; path Patient.birthDate; valueString "2001-01-01"`), fhir.Unprocessable, "not of the type"},
		{"string for a uri", ops(`type add; path Patient; name implicitRules; valueString "urn:x"`), fhir.Unprocessable, "not of the type"},
		{"wrong choice", ops(`type replace; path Patient.deceased; valueString "x"`), fhir.Unprocessable, "not of the type"},
		{"typed choice with another", ops(`type delete; path Patient.deceased`, `type add; path Patient; name deceasedBoolean; valueDateTime "2001"`), fhir.Unprocessable, "Operation 1 (add): its value is not of the type"},
		{"wrong complex type", ops(`type add; path Patient; name name; valueAddress {"city":"x"}`), fhir.Unprocessable, "not of the type"},
		{"resource where none may be", ops(`type add; path Patient; name name; value "resource":{"resourceType":"Basic"}`), fhir.Unprocessable, "not of the type"},
		{"parts of a primitive", ops(`type add; path Patient; name gender; value "part":[{"name":"id","valueString":"x"}]`), fhir.Unprocessable, "not of the type"},
		{"parts of a choice", ops(`type delete; path Patient.deceased`, `type add; path Patient; name deceased; value "part":[{"name":"id","valueString":"x"}]`), fhir.Unprocessable, "must say the type"},
		{"unknown part", ops(`type add; path Patient; name contact; value "part":[{"name":"sex","valueCode":"x"}]`), fhir.Unprocessable, "no child"},
		{"part of the wrong type", ops(`type add; path Patient; name contact; value "part":[{"name":"gender","valueBoolean":true}]`), fhir.Unprocessable, "not of the type"},
		{"part twice in what stands once", ops(`type add; path Patient; name contact; value "part":[{"name":"gender","valueCode":"male"},{"name":"gender","valueCode":"male"}]`), fhir.Unprocessable, "there already"},
		{"no parts", ops(`type add; path Patient; name contact; value "part":[]`), fhir.Invalid, "empty"},
		{"insert beyond", ops(`type insert; path Patient.name; index 3; valueHumanName {"text":"x"}`), fhir.Unprocessable, "beyond the end"},
		{"insert into no list", ops(`type insert; path Patient.birthDate; index 0; valueDate "2001"`), fhir.Unprocessable, "not in a list"},
		{"insert into nothing", ops(`type insert; path Patient.address; index 0; valueAddress {"city":"x"}`), fhir.Unprocessable, "use add"},
		{"insert into part of a list", ops(`type insert; path Patient.telecom.where(system = 'email'); index 0; valueContactPoint {"value":"1"}`), fhir.Unprocessable, "one whole list"},
		{"insert into two lists", ops(`type insert; path Patient.name.given; index 0; valueString "x"`), fhir.Unprocessable, "one whole list"},
		{"move from beyond", ops(`type move; path Patient.name; source 2; destination 0`), fhir.Unprocessable, "beyond the end"},
		{"move to beyond", ops(`type move; path Patient.name; source 0; destination 2`), fhir.Unprocessable, "beyond the end"},
		{"all or nothing", ops(`type delete; path Patient.birthDate`, `type move; path Patient.telecom; source 0; destination 1`, `type delete; path Patient.name`), fhir.Unprocessable, "Operation 2 (delete)"},
		{"too many", `{"resourceType":"Parameters","parameter":[` + strings.Repeat(`{"name":"operation"},`, 1000) + `{"name":"operation"}]}`, fhir.Unprocessable, "more than 1000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := parse(t, patient)
			_, err := patch.FHIRPath(n, parse(t, tt.patch))
			wantFailure(t, err, tt.kind, tt.text, patient, n)
		})
	}
}

func TestFHIRPath(t *testing.T) {
	const given = `{"resourceType":"Patient","name":[{"given":["a","b","c"],"_given":[null,{"id":"x"},null]}]}`
	tests := []struct{ name, doc, patch, want string }{
		{"nothing to do", patient, ops(), patient},
		{"delete nothing", patient, ops("type delete; path Patient.gender"), patient},
		{"replace keeps the place", `{"birthDate":"2000","resourceType":"Patient","active":true}`, ops(`type replace; path Patient.birthDate; valueDate "2001"`), `{"birthDate":"2001","resourceType":"Patient","active":true}`},
		{"replace a choice by another type", `{"resourceType":"Patient","deceasedBoolean":true,"active":true}`, ops(`type replace; path Patient.deceased; valueDateTime "2001"`), `{"resourceType":"Patient","deceasedDateTime":"2001","active":true}`},
		{"date for a dateTime", `{"resourceType":"Patient"}`, ops(`type add; path Patient; name deceased; valueDate "2001-01-01"`), `{"resourceType":"Patient","deceasedDateTime":"2001-01-01"}`},
		{"choice by its name in JSON", `{"resourceType":"Patient"}`, ops(`type add; path Patient; name deceasedBoolean; valueBoolean true`), `{"resourceType":"Patient","deceasedBoolean":true}`},
		{"choice with [x]", `{"resourceType":"Patient"}`, ops(`type add; path Patient; name multipleBirth[x]; valueInteger 2`), `{"resourceType":"Patient","multipleBirthInteger":2}`},
		{"string for a code", `{"resourceType":"Patient"}`, ops(`type add; path Patient; name gender; valueString "male"`), `{"resourceType":"Patient","gender":"male"}`},
		{"decimals keep their text", `{"resourceType":"Observation","valueQuantity":{"value":1.10}}`, ops(`type replace; path Observation.value.value; valueDecimal 2.50`, `type add; path Observation.value; name unit; valueString "g"`), `{"resourceType":"Observation","valueQuantity":{"value":2.50,"unit":"g"}}`},
		{"first of a list", `{"resourceType":"Patient"}`, ops(`type add; path Patient; name name; valueHumanName {"text":"x"}`), `{"resourceType":"Patient","name":[{"text":"x"}]}`},
		{
			"extension of the value", `{"resourceType":"Patient"}`, ops(`type add; path Patient; name birthDate; value "valueDate":"2000","_valueDate":{"id":"x"}`),
			`{"resourceType":"Patient","birthDate":"2000","_birthDate":{"id":"x"}}`,
		},
		{"only an extension", `{"resourceType":"Patient"}`, ops(`type add; path Patient; name birthDate; value "_valueDate":{"id":"x"}`), `{"resourceType":"Patient","_birthDate":{"id":"x"}}`},
		{"replace what has only an extension", `{"resourceType":"Patient","_birthDate":{"id":"x"},"active":true}`, ops(`type replace; path Patient.birthDate; valueDate "2000"`), `{"resourceType":"Patient","birthDate":"2000","active":true}`},
		{"add to primitives", given, ops(`type add; path Patient.name[0]; name given; valueString "d"`), `{"resourceType":"Patient","name":[{"given":["a","b","c","d"],"_given":[null,{"id":"x"},null,null]}]}`},
		{"insert primitives", given, ops(`type insert; path Patient.name[0].given; index 1; value "valueString":"n","_valueString":{"id":"y"}`), `{"resourceType":"Patient","name":[{"given":["a","n","b","c"],"_given":[null,{"id":"y"},{"id":"x"},null]}]}`},
		{"insert at the end", given, ops(`type insert; path Patient.name[0].given; index 3; valueString "n"`), `{"resourceType":"Patient","name":[{"given":["a","b","c","n"],"_given":[null,{"id":"x"},null,null]}]}`},
		{"move primitives", given, ops(`type move; path Patient.name[0].given; source 1; destination 2`), `{"resourceType":"Patient","name":[{"given":["a","c","b"],"_given":[null,null,{"id":"x"}]}]}`},
		{"delete a primitive of a list", given, ops(`type delete; path Patient.name[0].given[1]`), `{"resourceType":"Patient","name":[{"given":["a","c"]}]}`},
		{"replace a primitive of a list", given, ops(`type replace; path Patient.name[0].given[1]; valueString "n"`), `{"resourceType":"Patient","name":[{"given":["a","n","c"]}]}`},
		{
			"extension of a primitive", `{"resourceType":"Patient","birthDate":"2000"}`, ops(`type add; path Patient.birthDate; name extension; value "part":[{"name":"url","valueUri":"u"},{"name":"value","valueCode":"c"}]`),
			`{"resourceType":"Patient","birthDate":"2000","_birthDate":{"extension":[{"url":"u","valueCode":"c"}]}}`,
		},
		{"id of a primitive in a list", given, ops(`type add; path Patient.name[0].given[2]; name id; valueString "z"`), `{"resourceType":"Patient","name":[{"given":["a","b","c"],"_given":[null,{"id":"x"},{"id":"z"}]}]}`},
		{
			"delete the extension of a primitive", `{"resourceType":"Patient","birthDate":"2000","_birthDate":{"extension":[{"url":"u","valueCode":"c"}]}}`, ops(`type delete; path Patient.birthDate.extension('u')`),
			`{"resourceType":"Patient","birthDate":"2000"}`,
		},
		{
			"delete a value in a list, leaving nothing", `{"resourceType":"Patient","name":[{"_given":[{"id":"x"},{"id":"y"}]}]}`, ops(`type delete; path Patient.name[0].given[0].id`),
			`{"resourceType":"Patient","name":[{"_given":[{"id":"y"}]}]}`,
		},
		{"delete the last child", `{"resourceType":"Patient","contact":[{"name":{"text":"x"}},{"gender":"male"}]}`, ops(`type delete; path Patient.contact[0].name.text`), `{"resourceType":"Patient","contact":[{"gender":"male"}]}`},
		{"delete the last child and add another", `{"resourceType":"Patient","maritalStatus":{"text":"x"}}`, ops(`type delete; path Patient.maritalStatus.text`, `type add; path Patient.maritalStatus; name text; valueString "y"`), `{"resourceType":"Patient","maritalStatus":{"text":"y"}}`},
		{"delete by a condition", patient, ops(`type delete; path Patient.telecom.where(system = 'phone')`), strings.Replace(patient, `{"system":"phone","value":"1"},`, "", 1)},
		{
			"parts within parts", `{"resourceType":"Patient"}`,
			ops(`type add; path Patient; name contact; value "part":[{"name":"relationship","valueCodeableConcept":{"text":"1"}},{"name":"name","part":[{"name":"given","valueString":"a"},{"name":"given","_valueString":{"id":"x"}}]},{"name":"relationship","valueCodeableConcept":{"text":"2"}}]`),
			`{"resourceType":"Patient","contact":[{"relationship":[{"text":"1"},{"text":"2"}],"name":{"given":["a",null],"_given":[null,{"id":"x"}]}}]}`,
		},
		{"replace by parts", `{"resourceType":"Patient","contact":[{"gender":"male"},{"gender":"female"}]}`, ops(`type replace; path Patient.contact[1]; value "part":[{"name":"gender","valueCode":"other"}]`), `{"resourceType":"Patient","contact":[{"gender":"male"},{"gender":"other"}]}`},
		{"contained resource", `{"resourceType":"Patient"}`, ops(`type add; path Patient; name contained; value "resource":{"resourceType":"Basic","id":"b"}`, `type add; path Patient.contained[0]; name language; valueCode "en"`), `{"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"b","language":"en"}]}`},
		{"in an entry", `{"resourceType":"Bundle","entry":[{"fullUrl":"u","resource":{"resourceType":"Patient","name":[{"text":"x"}]}}]}`, ops(`type replace; path Bundle.entry[0].resource.name.text; valueString "y"`), `{"resourceType":"Bundle","entry":[{"fullUrl":"u","resource":{"resourceType":"Patient","name":[{"text":"y"}]}}]}`},
		{"content reference", `{"resourceType":"Questionnaire","item":[{"item":[{"linkId":"1"}]}]}`, ops(`type replace; path Questionnaire.item.item.linkId; valueString "2"`), `{"resourceType":"Questionnaire","item":[{"item":[{"linkId":"2"}]}]}`},
		{"unknown members stay", `{"resourceType":"Patient","x":{"y":[]},"active":true}`, ops(`type replace; path Patient.active; valueBoolean false`), `{"resourceType":"Patient","x":{"y":[]},"active":false}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := parse(t, tt.doc)
			got, err := patch.FHIRPath(doc, parse(t, tt.patch))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got.JSON())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if after := string(doc.JSON()); after != tt.doc {
				t.Errorf("the input became %s", after)
			}
		})
	}
}

func TestFHIRPathErrorNamesTheOperation(t *testing.T) {
	_, err := patch.FHIRPath(parse(t, patient), parse(t, ops(`type delete; path Patient.gender`, `type delete; path Patient.telecom`)))
	var fe *fhir.Error
	if !errors.As(err, &fe) {
		t.Fatal(err)
	}
	want := &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueProcessing, Path: "Parameters.parameter[1]", Text: "Operation 1 (delete): its path selects several elements; it must select one."}
	if diff := cmp.Diff(want, fe); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzFHIRPath(f *testing.F) {
	f.Add([]byte(patient), []byte(ops(`type delete; path Patient.name[0].given[0]`, `type add; path Patient; name gender; valueCode "x"`, `type move; path Patient.telecom; source 0; destination 1`, `type replace; path Patient.deceased; valueDateTime "2000"`)))
	f.Add([]byte(`{"resourceType":"Basic","_language":{"id":"x"}}`), []byte(ops(`type add; path Basic.language; name extension; value "part":[{"name":"url","valueUri":"u"}]`, `type insert; path Basic.language.extension; index 0; value "part":[{"name":"url","valueUri":"u"}]`)))
	f.Fuzz(func(t *testing.T, doc, params []byte) {
		d, err := fhir.Parse(doc)
		if err != nil {
			return
		}
		p, err := fhir.Parse(params)
		if err != nil {
			return
		}
		before := string(d.JSON())
		got, err := patch.FHIRPath(d, p)
		if string(d.JSON()) != before {
			t.Fatal("the input was changed")
		}
		if err != nil {
			return
		}
		if _, err := fhir.Parse(got.JSON()); err != nil {
			t.Fatalf("the result does not parse: %v", err)
		}
	})
}
