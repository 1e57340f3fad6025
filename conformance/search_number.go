package main

import "fmt"

const (
	numberClause = "search.html#number"
	prefixClause = "search.html#prefix"
	dateClause   = "search.html#date"
)

func charge(factor string) string {
	if factor != "" {
		factor = `,"factorOverride":` + factor
	}
	return fmt.Sprintf(`{"resourceType":"ChargeItem","identifier":[{"system":"urn:conformance","value":"{tag}"}],"status":"billable","code":{"text":"x"},"subject":{"display":"x"}%s}`, factor)
}

// charges have a decimal, ChargeItem.factorOverride.
var charges = fixture{"charges", []datum{
	{"a", charge("0.5")},
	{"b", charge("0.54")},
	{"c", charge("0.55")},
	{"d", charge("100")},
	{"e", charge("99.5")},
	{"f", charge("100.4")},
	{"g", charge("100.5")},
	{"h", charge("-3")},
	{"n", charge("")},
}}

var numberRows = []row{
	{"number 0.5 means 0.45 to below 0.55", numberClause, "factor-override=0.5", "a b"},
	{"number 0.50 means 0.495 to below 0.505", numberClause, "factor-override=0.50", "a"},
	{"number 100 means 99.5 to below 100.5", numberClause, "factor-override=100", "d e f"},
	{"number 100.0 means 99.95 to below 100.05", numberClause, "factor-override=100.0", "d"},
	{"number 1e2 means 95 to below 105", numberClause, "factor-override=1e2", "d e f g"},
	{"number 1.00e2 means 99.5 to below 100.5", numberClause, "factor-override=1.00e2", "d e f"},
	{"number with eq is as without", prefixClause, "factor-override=eq100", "d e f"},
	{"number with a negative value", numberClause, "factor-override=-3", "h"},
	{"number ne is outside the range", prefixClause, "factor-override=ne100", "a b c g h"},
	{"number gt is exact", prefixClause, "factor-override=gt100", "f g"},
	{"number ge is exact", prefixClause, "factor-override=ge100", "d f g"},
	{"number lt is exact", prefixClause, "factor-override=lt100", "a b c e h"},
	{"number le is exact", prefixClause, "factor-override=le100", "a b c d e h"},
	{"number sa is gt", prefixClause, "factor-override=sa100", "f g"},
	{"number eb is lt", prefixClause, "factor-override=eb100", "a b c e h"},
	{"number lt 0 finds the negative", prefixClause, "factor-override=lt0", "h"},
	{"number ap takes in about a tenth", prefixClause, "factor-override=ap99", "+d +e +f -a -h"},
	{"number with comma is either", "search.html#combining", "factor-override=0.50,-3", "a h"},
	{"number repeated is both", "search.html#combining", "factor-override=gt0&factor-override=lt1", "a b c"},
	{"number with prefixes and comma", "search.html#combining", "factor-override=lt0,gt100.4", "g h"},
	{"number :missing=true", "search.html#missing", "factor-override:missing=true", "n"},
	{"number :missing=false", "search.html#missing", "factor-override:missing=false", "a b c d e f g h"},
	{"number that is none is refused", numberClause, "factor-override=abc", "refused"},
	{"number with a prefix alone is refused", prefixClause, "factor-override=gt", "refused"},
	{"number with an unknown prefix is refused", prefixClause, "factor-override=zz5", "refused"},
	{"number with :exact is refused", "search.html#modifiers", "factor-override:exact=5", "refused"},
	{"number with :contains is refused", "search.html#modifiers", "factor-override:contains=5", "refused"},
}

// moments have every precision a dateTime can have, and Periods.
var moments = fixture{"moments", []datum{
	{"y", observation(plainCode, `"effectiveDateTime":"2013"`)},
	{"m", observation(plainCode, `"effectiveDateTime":"2013-01"`)},
	{"d", observation(plainCode, `"effectiveDateTime":"2013-01-14"`)},
	{"t", observation(plainCode, `"effectiveDateTime":"2013-01-14T10:00:00Z"`)},
	{"z", observation(plainCode, `"effectiveDateTime":"2013-01-14T14:00:00+03:00"`)}, // 11:00Z
	{"p", observation(plainCode, `"effectivePeriod":{"start":"2013-01-10","end":"2013-01-20"}`)},
	{"o", observation(plainCode, `"effectivePeriod":{"start":"2013-01-22"}`)},
	{"u", observation(plainCode, `"effectivePeriod":{"end":"2013-01-08"}`)},
	{"n", observation(plainCode, "")},
}}

var dateRows = []row{
	{"date eq of a year holds all that lies in it", dateClause, "date=2013", "y m d t z p"},
	{"date eq of a month", dateClause, "date=2013-01", "m d t z p"},
	{"date eq of a day", dateClause, "date=2013-01-14", "d t z"},
	{"date eq of a minute", dateClause, "date=2013-01-14T10:00Z", "t"},
	{"date eq of a second", dateClause, "date=2013-01-14T10:00:00Z", "t"},
	{"date eq in another zone", dateClause, "date=2013-01-14T13:00:00%2B02:00", "z"},
	{"date eq with the prefix", prefixClause, "date=eq2013-01-14", "d t z"},
	{"date ne is what eq does not hold", prefixClause, "date=ne2013-01-14", "y m p o u"},
	{"date gt overlaps what is after", prefixClause, "date=gt2013-01-14", "y m p o"},
	{"date lt overlaps what is before", prefixClause, "date=lt2013-01-14", "y m p u"},
	{"date ge is gt or eq", prefixClause, "date=ge2013-01-14", "y m p o d t z"},
	{"date le is lt or eq", prefixClause, "date=le2013-01-14", "y m p u d t z"},
	{"date sa starts after", prefixClause, "date=sa2013-01-14", "o"},
	{"date eb ends before", prefixClause, "date=eb2013-01-14", "u"},
	{"date sa of an instant", prefixClause, "date=sa2013-01-14T10:00:00Z", "z o"},
	{"date eb of an instant", prefixClause, "date=eb2013-01-14T11:00:00Z", "t u"},
	{"date gt of an instant", prefixClause, "date=gt2013-01-14T10:30:00Z", "y m d z p o"},
	{"date lt of an instant", prefixClause, "date=lt2013-01-14T10:30:00Z", "y m d t p u"},
	{"date gt of a year takes in open Periods", dateClause, "date=gt2013", "o"},
	{"date lt of a year takes in open Periods", dateClause, "date=lt2013", "u"},
	{"date ap takes in the day itself", prefixClause, "date=ap2013-01-14", "+d +t +z"},
	{"date with ge and le is a range", "search.html#combining", "date=ge2013-01-14&date=le2013-01-14", "y m d t z p"},
	{"date with sa and eb lies within", "search.html#combining", "date=sa2012-12-31&date=eb2013-02-15", "m d t z p"},
	{"date with comma is either", "search.html#combining", "date=2013-01-14T10:00:00Z,eb2013-01-10", "t u"},
	{"date :missing=true", "search.html#missing", "date:missing=true", "n"},
	{"date :missing=false", "search.html#missing", "date:missing=false", "y m d t z p o u"},
	{"date of month 13 is refused", dateClause, "date=2013-13", "refused"},
	{"date of 30 February is refused", dateClause, "date=2013-02-30", "refused"},
	{"date in words is refused", dateClause, "date=yesterday", "refused"},
	{"date with one digit for the month is refused", dateClause, "date=2013-1-1", "refused"},
	{"date with hours and no minutes is refused", dateClause, "date=2013-01-14T10Z", "refused"},
	{"date with :exact is refused", "search.html#modifiers", "date:exact=2013", "refused"},
	{"date with :missing of another word is refused", "search.html#missing", "date:missing=perhaps", "refused"},
}

// timings are the other types that the date parameter of Observation takes.
var timings = fixture{"timings", []datum{
	{"i", observation(plainCode, `"effectiveInstant":"2013-03-02T12:00:00.500Z"`)},
	{"g", observation(plainCode, `"effectiveTiming":{"event":["2013-03-01T12:00:00Z","2013-03-05T12:00:00Z"]}`)},
	{"b", observation(plainCode, `"effectiveTiming":{"repeat":{"boundsPeriod":{"start":"2013-04-02","end":"2013-04-20"}}}`)},
}}

var timingRows = []row{
	{"date finds an instant by its second", dateClause, "date=2013-03-02T12:00:00Z", "i"},
	{"date finds an instant by its day", dateClause, "date=2013-03-02", "i"},
	{"date of a Timing is its outer limits", dateClause, "date=2013-03", "i g"},
	{"date ge of a Timing looks at its last event", dateClause, "date=ge2013-03-04", "g b"},
	{"date sa of a Timing looks at its first event", dateClause, "date=sa2013-03-04", "b"},
	{"date of a Timing's bounds", dateClause, "date=2013-04", "b"},
}

// births are plain dates.
var births = fixture{"births", []datum{
	{"a", `{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"}],"birthDate":"1974-12-25","deceasedDateTime":"2020-05-05"}`},
	{"b", `{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"}],"birthDate":"1974-12-26","deceasedBoolean":true}`},
	{"c", `{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"}],"birthDate":"1974"}`},
	{"d", `{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"}],"birthDate":"1980-02-29","deceasedBoolean":false}`},
}}

var birthRows = []row{
	{"birthdate by day", dateClause, "birthdate=1974-12-25", "a"},
	{"birthdate by year", dateClause, "birthdate=1974", "a b c"},
	{"birthdate gt of a day", dateClause, "birthdate=gt1974-12-25", "b c d"},
	{"birthdate eb of a day", dateClause, "birthdate=eb1974-12-26", "a"},
	{"birthdate of a leap day", dateClause, "birthdate=1980-02-29", "d"},
	{"birthdate between", dateClause, "birthdate=ge1975&birthdate=lt1981", "d"},
	{"death-date finds the date alternative only", dateClause, "death-date=2020-05-05", "a"},
	{"deceased counts a date of death as true", "patient.html#search", "deceased=true", "a b"},
}
