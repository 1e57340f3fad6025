package main

import "fmt"

const quantityClause = "search.html#quantity"

func weight(quantity string) string { return observation(plainCode, `"valueQuantity":`+quantity) }

func ucum(value, code string) string {
	return fmt.Sprintf(`{"value":%s,"unit":%q,"system":"http://unitsofmeasure.org","code":%q}`, value, code, code)
}

// weights are quantities that differ in value, unit, system and code.
var weights = fixture{"weights", []datum{
	{"a", weight(ucum("5.4", "mg"))},
	{"b", weight(ucum("5.40", "mg"))},
	{"c", weight(ucum("5.45", "mg"))},
	{"d", weight(ucum("5.38", "mg"))},
	{"f", weight(`{"value":5.4,"unit":"mg"}`)},
	{"g", weight(ucum("5.4", "kg"))},
	{"h", weight(`{"value":5.4,"system":"urn:units","code":"mg"}`)},
	{"k", weight(ucum("-1", "Cel"))},
	{"n", observation(plainCode, `"valueString":"5.4"`)},
}}

const mg = "|http://unitsofmeasure.org|mg"

var quantityRows = []row{
	{"quantity 5.4 of a unit means 5.35 to below 5.45", quantityClause, "value-quantity=5.4" + mg, "a b d"},
	{"quantity 5.40 of a unit means 5.395 to below 5.405", quantityClause, "value-quantity=5.40" + mg, "a b"},
	{"quantity 5.40e0 counts its digits", quantityClause, "value-quantity=5.40e0" + mg, "a b"},
	{"quantity without system takes code or unit", quantityClause, "value-quantity=5.4||mg", "a b d f h"},
	{"quantity without unit takes any", quantityClause, "value-quantity=5.4", "a b d f g h"},
	{"quantity of another system", quantityClause, "value-quantity=5.4|urn:units|mg", "h"},
	{"quantity of another unit", quantityClause, "value-quantity=5.4|http://unitsofmeasure.org|kg", "g"},
	{"quantity gt is exact", prefixClause, "value-quantity=gt5.4" + mg, "c"},
	{"quantity ge is exact", prefixClause, "value-quantity=ge5.4" + mg, "a b c"},
	{"quantity lt is exact", prefixClause, "value-quantity=lt5.4" + mg, "d"},
	{"quantity le is exact", prefixClause, "value-quantity=le5.4" + mg, "a b d"},
	{"quantity ne is outside the range", prefixClause, "value-quantity=ne5.4" + mg, "+c -a -b -d"},
	{"quantity sa is gt", prefixClause, "value-quantity=sa5.4" + mg, "c"},
	{"quantity eb is lt", prefixClause, "value-quantity=eb5.4" + mg, "d"},
	{"quantity ap takes in about a tenth", prefixClause, "value-quantity=ap5.4" + mg, "+a +b +c +d -k"},
	{"quantity below zero", quantityClause, "value-quantity=lt0", "k"},
	{"quantity with comma is either", "search.html#combining", "value-quantity=5.40" + mg + ",5.4|urn:units|mg", "a b h"},
	{"quantity repeated is both", "search.html#combining", "value-quantity=gt5.38" + mg + "&value-quantity=lt5.45" + mg, "a b"},
	{"quantity :missing=true", "search.html#missing", "value-quantity:missing=true", "n"},
	{"quantity without a number is refused", quantityClause, "value-quantity=abc" + mg, "refused"},
	{"quantity with a system and no number is refused", quantityClause, "value-quantity=" + mg, "refused"},
	{"quantity with an unknown prefix is refused", prefixClause, "value-quantity=zz5.4" + mg, "refused"},
	{"quantity with :exact is refused", "search.html#modifiers", "value-quantity:exact=5.4", "refused"},
}

func pair(code, value string) string {
	return fmt.Sprintf(`{"code":{"coding":[{"system":"urn:x","code":%q}]},%s}`, code, value)
}

// pairs are values and components for composite parameters.
var pairs = fixture{"pairs", []datum{
	{"a", observation(`{"coding":[{"system":"urn:x","code":"sys"}]}`, `"valueQuantity":`+ucum("140", "mm[Hg]")+`,"effectiveDateTime":"2015-06-01"`)},
	{"b", observation(`{"coding":[{"system":"urn:x","code":"dia"}]}`, `"valueQuantity":`+ucum("80", "mm[Hg]"))},
	{"p", observation(`{"coding":[{"system":"urn:x","code":"bp"}]}`, `"component":[`+pair("sys", `"valueQuantity":`+ucum("141", "mm[Hg]"))+`,`+pair("dia", `"valueQuantity":`+ucum("81", "mm[Hg]"))+`]`)},
	{"q", observation(`{"coding":[{"system":"urn:x","code":"bp"}]}`, `"component":[`+pair("sys", `"valueQuantity":`+ucum("95", "mm[Hg]"))+`,`+pair("dia", `"valueQuantity":`+ucum("150", "mm[Hg]"))+`]`)},
	{"c", observation(`{"coding":[{"system":"urn:x","code":"group"}]}`, `"valueCodeableConcept":{"coding":[{"system":"urn:y","code":"A"}]}`)},
	{"v", observation(`{"coding":[{"system":"urn:x","code":"groups"}]}`, `"component":[`+pair("g1", `"valueCodeableConcept":{"coding":[{"system":"urn:y","code":"A"}]}`)+`,`+pair("g2", `"valueCodeableConcept":{"coding":[{"system":"urn:y","code":"B"}]}`)+`]`)},
	{"w", observation(`{"coding":[{"system":"urn:x","code":"when"}]}`, `"valueDateTime":"2015-06-01"`)},
	{"s", observation(`{"coding":[{"system":"urn:x","code":"a$b"}]}`, `"valueString":"one, two"`)},
}}

const compositeClause = "search.html#composite"

var compositeRows = []row{
	{"composite code and quantity", compositeClause, "code-value-quantity=urn:x|sys$140", "a"},
	{"composite code and quantity with a prefix", compositeClause, "code-value-quantity=urn:x|sys$gt100", "a"},
	{"composite code and quantity with a unit", compositeClause, "code-value-quantity=urn:x|sys$140|http://unitsofmeasure.org|mm[Hg]", "a"},
	{"composite needs both parts", compositeClause, "code-value-quantity=urn:x|dia$140", ""},
	{"composite takes both values from one component", compositeClause, "component-code-value-quantity=urn:x|sys$gt100", "p"},
	{"composite of the other component", compositeClause, "component-code-value-quantity=urn:x|dia$gt100", "q"},
	{"composite of components repeated is both", compositeClause, "component-code-value-quantity=urn:x|sys$gt100&component-code-value-quantity=urn:x|dia$lt100", "p"},
	{"composite with comma is either", compositeClause, "component-code-value-quantity=urn:x|sys$gt100,urn:x|dia$gt100", "p q"},
	{"composite combo looks at value and components", compositeClause, "combo-code-value-quantity=urn:x|sys$ge140", "a p"},
	{"composite code and concept", compositeClause, "code-value-concept=urn:x|group$urn:y|A", "c"},
	{"composite component code and concept", compositeClause, "component-code-value-concept=urn:x|g2$urn:y|B", "v"},
	{"composite concept of another component is not taken", compositeClause, "component-code-value-concept=urn:x|g2$urn:y|A", ""},
	{"composite code and date", compositeClause, "code-value-date=urn:x|when$2015-06", "w"},
	{"composite code and string", compositeClause, `code-value-string=urn:x|a\$b$one`, "s"},
	{"composite string with an escaped comma", compositeClause, `code-value-string=urn:x|a\$b$one\, two`, "s"},
	{"composite with one part is refused", compositeClause, "code-value-quantity=urn:x|sys", "refused"},
	{"composite with three parts is refused", compositeClause, "code-value-quantity=urn:x|sys$1$2", "refused"},
	{"composite with a bad part is refused", compositeClause, "code-value-quantity=urn:x|sys$abc", "refused"},
}
