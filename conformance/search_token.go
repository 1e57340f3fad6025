package main

const tokenClause = "search.html#token"

// coded are Observations that differ in code and category.
var coded = fixture{"coded", []datum{
	{"a", observation(`{"coding":[{"system":"urn:y2","code":"1234-5"},{"system":"urn:x","code":"abc"}]}`, `"category":[{"coding":[{"system":"urn:cat","code":"one"}]}]`)},
	{"b", observation(`{"coding":[{"system":"urn:x","code":"xyz","display":"Body weight"}]}`, `"category":[{"coding":[{"system":"urn:cat","code":"two"}]}]`)},
	{"c", observation(`{"coding":[{"code":"abc"}]}`, `"category":[{"coding":[{"system":"urn:cat","code":"one"}]},{"coding":[{"system":"urn:cat","code":"two"}]}]`)},
	{"d", observation(`{"coding":[{"system":"urn:y","code":"abc"}]}`, "")},
	{"e", observation(`{"text":"abc in words"}`, "")},
	{"f", observation(`{"coding":[{"system":"urn:x","code":"p|q"}]}`, "")},
	{"g", observation(`{"coding":[{"system":"urn:x","code":"p,q"}]}`, "")},
	{"h", observation(`{"coding":[{"system":"urn:x","code":"p$q"}]}`, "")},
	{"i", observation(`{"coding":[{"system":"urn:x","code":"p\\q"}]}`, "")},
}}

var tokenRows = []row{
	{"token code alone takes any system", tokenClause, "code=abc", "a c d"},
	{"token system and code", tokenClause, "code=urn:x|abc", "a"},
	{"token with empty system takes what has none", tokenClause, "code=|abc", "c"},
	{"token system alone takes any code of it", tokenClause, "code=urn:x|", "a b f g h i"},
	{"token matches any coding", tokenClause, "code=urn:y2|1234-5", "a"},
	{"token code and system of two codings do not mix", tokenClause, "code=urn:y2|abc", ""},
	{"token matches the whole code", tokenClause, "code=urn:x|ab", ""},
	{"token does not match the text", tokenClause, "code=abc in words", ""},
	{"token with comma is either", "search.html#combining", "code=urn:x|abc,urn:y|abc", "a d"},
	{"token repeated is both", "search.html#combining", "category=urn:cat|one&category=urn:cat|two", "c"},
	{"token :text searches text", "search.html#modifiers", "code:text=abc", "e"},
	{"token :text searches display", "search.html#modifiers", "code:text=body", "b"},
	{"token :not leaves out", "search.html#modifiers", "code:not=urn:x|abc", "b c d e f g h i"},
	{"token :not takes in what has no value", "search.html#modifiers", "category:not=urn:cat|one", "b d e f g h i"},
	{"token :not looks at every value", "search.html#modifiers", "category:not=urn:cat|two", "a d e f g h i"},
	{"token :missing=true", "search.html#missing", "category:missing=true", "d e f g h i"},
	{"token :missing=false", "search.html#missing", "category:missing=false", "a b c"},
	{"token of a code element", tokenClause, "status=final", "a b c d e f g h i"},
	{"token of a code element with its system", tokenClause, "status=http://hl7.org/fhir/observation-status|final", "a b c d e f g h i"},
	{"token of a code element with another system", tokenClause, "status=urn:other|final", ""},
	{"token with an escaped pipe", "search.html#escaping", `code=urn:x|p\|q`, "f"},
	{"token with an escaped comma", "search.html#escaping", `code=urn:x|p\,q`, "g"},
	{"token with an escaped dollar", "search.html#escaping", `code=urn:x|p\$q`, "h"},
	{"token with an escaped backslash", "search.html#escaping", `code=urn:x|p\\q`, "i"},
	{"token escaped pipe without system", "search.html#escaping", `code=p\|q`, "f"},
	{"token with :exact is refused", "search.html#modifiers", "code:exact=abc", "refused"},
	{"token with :contains is refused", "search.html#modifiers", "code:contains=abc", "refused"},
	{"token with an unknown modifier is refused", "search.html#modifiers", "code:colour=abc", "refused"},
}

// persons have identifiers of several kinds; their queries name the tag
// themselves.
var persons = fixture{"persons", []datum{
	{"a", `{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}-1","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}],"text":"Record {tag}"}}],"active":true,"gender":"female"}`},
	{"b", `{"resourceType":"Patient","identifier":[{"value":"{tag}-1"}],"active":false,"gender":"male"}`},
	{"c", `{"resourceType":"Patient","identifier":[{"system":"urn:other","value":"{tag}-1","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"SS"}]}}],"gender":"unknown"}`},
}}

var identifierRows = []row{
	{"identifier by value", tokenClause, "identifier={tag}-1", "a b c"},
	{"identifier by system and value", tokenClause, "identifier=urn:conformance|{tag}-1", "a"},
	{"identifier without system", tokenClause, "identifier=|{tag}-1", "b"},
	{"identifier :of-type", "search.html#modifiers", "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|{tag}-1", "a"},
	{"identifier :of-type of another type", "search.html#modifiers", "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|other", ""},
	{"identifier :of-type needs three parts", "search.html#modifiers", "identifier:of-type=MR", "refused"},
	{"identifier :text searches the type's text", "search.html#modifiers", "identifier:text=Record {tag}", "a"},
	{"boolean true", tokenClause, "identifier={tag}-1&active=true", "a"},
	{"boolean false does not find the missing", tokenClause, "identifier={tag}-1&active=false", "b"},
	{"boolean :not=true finds the missing", "search.html#modifiers", "identifier={tag}-1&active:not=true", "b c"},
	{"two codes are either", "search.html#combining", "identifier={tag}-1&gender=male,unknown", "b c"},
	{"the order of parameters does not matter", "search.html#combining", "gender=male&identifier={tag}-1", "b"},
}

// hierarchy is a code system with a tree, value sets on it, and Observations.
var hierarchy = fixture{"hierarchy", []datum{
	{"cs", `{"resourceType":"CodeSystem","url":"http://conformance.example/{tag}/cs","status":"active","content":"complete","hierarchyMeaning":"is-a","concept":[{"code":"animal","concept":[{"code":"dog","concept":[{"code":"poodle"}]},{"code":"cat"}]},{"code":"plant"}]}`},
	{"vs", `{"resourceType":"ValueSet","url":"http://conformance.example/{tag}/vs","status":"active","compose":{"include":[{"system":"http://conformance.example/{tag}/cs","concept":[{"code":"dog"},{"code":"plant"}]}]}}`},
	{"tree", `{"resourceType":"ValueSet","url":"http://conformance.example/{tag}/tree","status":"active","compose":{"include":[{"system":"http://conformance.example/{tag}/cs","filter":[{"property":"concept","op":"is-a","value":"dog"}]}]}}`},
	{"animal", observation(`{"coding":[{"system":"http://conformance.example/{tag}/cs","code":"animal"}]}`, "")},
	{"dog", observation(`{"coding":[{"system":"http://conformance.example/{tag}/cs","code":"dog"}]}`, "")},
	{"poodle", observation(`{"coding":[{"system":"http://conformance.example/{tag}/cs","code":"poodle"}]}`, "")},
	{"cat", observation(`{"coding":[{"system":"http://conformance.example/{tag}/cs","code":"cat"}]}`, "")},
	{"plant", observation(`{"coding":[{"system":"http://conformance.example/{tag}/cs","code":"plant"}]}`, "")},
	{"other", observation(`{"coding":[{"system":"urn:other","code":"dog"}]}`, "")},
}}

var subsumptionRows = []row{
	{"token :below takes in narrower codes", "search.html#modifiers", "code:below=http://conformance.example/{tag}/cs|dog", "dog poodle"},
	{"token :below of the top", "search.html#modifiers", "code:below=http://conformance.example/{tag}/cs|animal", "animal dog poodle cat"},
	{"token :above takes in broader codes", "search.html#modifiers", "code:above=http://conformance.example/{tag}/cs|poodle", "animal dog poodle"},
	{"token :in a value set by url", "search.html#modifiers", "code:in=http://conformance.example/{tag}/vs", "dog plant"},
	{"token :in a value set by reference", "search.html#modifiers", "code:in=ValueSet/{vs}", "dog plant"},
	{"token :in a value set with a filter", "search.html#modifiers", "code:in=http://conformance.example/{tag}/tree", "dog poodle"},
	{"token :not-in a value set", "search.html#modifiers", "code:not-in=http://conformance.example/{tag}/vs", "animal poodle cat other"},
	{"an unknown value set after :in is refused", "search.html#modifiers", "code:in=http://conformance.example/{tag}/none", "refused"},
}
