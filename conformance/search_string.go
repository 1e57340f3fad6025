package main

import "fmt"

const stringClause = "search.html#string"

func family(name, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"}],"name":[{"family":%q%s}]}`, name, more)
}

// families are names that differ in case, accent and place of the match.
var families = fixture{"families", []datum{
	{"a", family("Eve", "")},
	{"b", family("Evelyn", "")},
	{"c", family("Severine", "")},
	{"d", family("Éve", "")},
	{"e", family("eve", "")},
	{"f", family("E\u0301ve", "")}, // the accent as a combining mark
	{"g", family("Other", `"given":["Eve","Ann"]`)},
	{"h", family("A,B", "")},
	{"i", family("O$C", "")},
	{"j", family(`back\slash`, "")},
	{"k", family("pipe|d", "")},
	{"l", family("van der Berg", "")},
	{"x", `{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"}],"address":[{"line":["12 High Street"],"city":"New York","postalCode":"10001","country":"US"}],"telecom":[{"system":"phone","value":"+255 1"},{"system":"email","value":"a@b.example"}]}`},
}}

var stringRows = []row{
	{"string starts with, without case and accent", stringClause, "family=eve", "a b d e f"},
	{"string in capitals", stringClause, "family=EVE", "a b d e f"},
	{"string with an accent asked for", stringClause, "family=%C3%89ve", "a b d e f"},
	{"string :contains matches inside", stringClause, "family:contains=eve", "a b c d e f"},
	{"string :exact takes case", stringClause, "family:exact=Eve", "a"},
	{"string :exact takes accents", stringClause, "family:exact=eve", "e"},
	{"string :exact takes the whole", stringClause, "family:exact=Ev", ""},
	{"string name looks at every part", "patient.html#search", "name=eve", "a b d e f g"},
	{"string given looks at every given name", "patient.html#search", "given=ann", "g"},
	{"string with a space", stringClause, "family=van%20der", "l"},
	{"string with a plus for the space", stringClause, "family=van+der", "l"},
	{"string with an escaped comma", "search.html#escaping", `family=A\,B`, "h"},
	{"string with an escaped dollar", "search.html#escaping", `family=O\$C`, "i"},
	{"string with an escaped backslash", "search.html#escaping", `family=back\\slash`, "j"},
	{"string with an escaped pipe", "search.html#escaping", `family=pipe\|d`, "k"},
	{"string :exact with an escaped comma", "search.html#escaping", `family:exact=A\,B`, "h"},
	{"string :contains with an escaped backslash", "search.html#escaping", `family:contains=k\\s`, "j"},
	{"string with a comma is either", "search.html#combining", "family=evel,sever", "b c"},
	{"string repeated is both", "search.html#combining", "name=eve&name=ann", "g"},
	{"string :missing=true", "search.html#missing", "family:missing=true", "x"},
	{"string address by line", "patient.html#search", "address=12 high", "x"},
	{"string address by city", "patient.html#search", "address-city=new york", "x"},
	{"string address by postal code", "patient.html#search", "address-postalcode=10001", "x"},
	{"string address by country", "patient.html#search", "address-country=us", "x"},
	{"string per cent sign is no wildcard", stringClause, "family=%25ve", ""},
	{"string underscore is no wildcard", stringClause, "family=_ve", ""},
	{"string star is no wildcard", stringClause, "family=E*", ""},
	{"string with an unknown modifier is refused", "search.html#modifiers", "family:starts=eve", "refused"},
	{"string with :above is refused", "search.html#modifiers", "family:above=eve", "refused"},
	{"email is a token of the telecom", "patient.html#search", "email=a@b.example", "x"},
	{"phone does not match the email", "patient.html#search", "phone=a@b.example", ""},
}

// sets are ValueSets with urls.
var sets = fixture{"sets", []datum{
	{"a", `{"resourceType":"ValueSet","url":"http://conformance.example/{tag}/ValueSet/one","version":"1","status":"active","name":"One"}`},
	{"b", `{"resourceType":"ValueSet","url":"http://conformance.example/{tag}/ValueSet/one/two","version":"1","status":"active","name":"Two"}`},
	{"c", `{"resourceType":"ValueSet","url":"urn:oid:1.2.3.{tag}","version":"2","status":"active","name":"Three"}`},
	{"q", `{"resourceType":"QuestionnaireResponse","questionnaire":"http://conformance.example/{tag}/Questionnaire/q|1.0","status":"completed"}`},
}}

const uriClause = "search.html#uri"

var uriRows = []row{
	{"uri is exact", uriClause, "url=http://conformance.example/{tag}/ValueSet/one", "a"},
	{"uri does not match a part", uriClause, "url=http://conformance.example/{tag}/ValueSet", ""},
	{"uri takes case", uriClause, "url=http://conformance.example/{tag}/ValueSet/ONE", ""},
	{"uri :below matches what begins with it", uriClause, "url:below=http://conformance.example/{tag}/ValueSet/one", "a b"},
	{"uri :below of the root", uriClause, "url:below=http://conformance.example/{tag}", "a b"},
	{"uri :above matches what it begins with", uriClause, "url:above=http://conformance.example/{tag}/ValueSet/one/two/three", "a b"},
	{"uri that is no url is matched whole", uriClause, "url=urn:oid:1.2.3.{tag}", "c"},
	{"uri with a comma is either", uriClause, "url=http://conformance.example/{tag}/ValueSet/one,urn:oid:1.2.3.{tag}", "a c"},
	{"uri with :exact is refused", "search.html#modifiers", "url:exact=http://conformance.example/{tag}", "refused"},
	{"uri and version together", uriClause, "url=http://conformance.example/{tag}/ValueSet/one&version=2", ""},
}

var canonicalRows = []row{
	{"canonical without version finds any version", "search.html#versions", "questionnaire=http://conformance.example/{tag}/Questionnaire/q", "q"},
	{"canonical with its version", "search.html#versions", "questionnaire=http://conformance.example/{tag}/Questionnaire/q|1.0", "q"},
	{"canonical with another version", "search.html#versions", "questionnaire=http://conformance.example/{tag}/Questionnaire/q|2.0", ""},
}
