package fhirpath

import (
	"strings"
	"testing"
)

func TestCompileErrors(t *testing.T) {
	for _, x := range []example{
		{"", "line 1, column 1: a name is expected, not end of expression"},
		{"name.", "line 1, column 6: a name is expected, not end of expression"},
		{"name..given", `line 1, column 6: a name is expected, not "."`},
		{"(name", `line 1, column 6: ")" is expected, not end of expression`},
		{"name given", `line 1, column 6: "given" is not expected here`},
		{"name[0", `line 1, column 7: "]" is expected, not end of expression`},
		{"{1}", `line 1, column 2: "}" is expected, not "1"`},
		{"a and", "line 1, column 6: a name is expected, not end of expression"},
		{"a and\n  and b", `line 2, column 3: "and" is an operator; as a name write it between backticks`},
		{"'ä' =\n'", "line 2, column 1: the quote is not closed; end it with '"},
		{"'ä' # 2", "line 1, column 5: '#' is not part of FHIRPath"},
		{`'\d'`, `line 1, column 2: unknown escape in a string; write \\ for a backslash`},
		{`'\u00g0'`, `line 1, column 2: four hexadecimal digits must follow \u`},
		{"1 /* open", "line 1, column 3: the comment is not closed; end it with */"},
		{"$that", "line 1, column 1: after $ only this, index and total are known"},
		{"%", "line 1, column 1: a name must follow %"},
		{"@2015-13", "line 1, column 1: this is not a valid date or time; write @YYYY-MM-DD, @YYYY-MM-DDThh:mm:ss+zz:zz or @Thh:mm:ss"},
		{"@2015-02-29", "line 1, column 1: this is not a valid date or time; write @YYYY-MM-DD, @YYYY-MM-DDThh:mm:ss+zz:zz or @Thh:mm:ss"},
		{"@T25", "line 1, column 1: this is not a valid date or time; write @YYYY-MM-DD, @YYYY-MM-DDThh:mm:ss+zz:zz or @Thh:mm:ss"},
		{"3000000000", "line 1, column 1: the integer is larger than 2147483647; write it with a decimal point"},
		{strings.Repeat("9", 201) + ".0", "line 1, column 1: the number has more than 200 digits"},
		{"name.nosuch()", "line 1, column 6: there is no function nosuch()"},
		{"name.first(1)", "line 1, column 6: first() takes no argument, not 1"},
		{"name.where()", "line 1, column 6: where() takes 1 argument(s), not 0"},
		{"iif(true)", "line 1, column 1: iif() takes 2 to 3 arguments, not 1"},
		{"ofType(1)", "line 1, column 8: ofType() takes the name of a type"},
		{"'a'.matches('(')", "line 1, column 13: the regular expression is not valid, too large, or uses what is not supported here (look-around, back-references)"},
		{"'a'.matches('(?=a)')", "line 1, column 13: the regular expression is not valid, too large, or uses what is not supported here (look-around, back-references)"},
		{"'a'.matches('((a{1000}){1000})')", "line 1, column 13: the regular expression is not valid, too large, or uses what is not supported here (look-around, back-references)"},
		{strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500), "line 1, column 401: the expression is nested more than 400 deep"},
		{strings.Repeat("-", 500) + "1", "line 1, column 400: the expression is nested more than 400 deep"},
		{"1" + strings.Repeat(" + 1", 500), "line 1, column 1597: the expression is nested more than 400 deep"},
		{"a" + strings.Repeat(".a", 500), "line 1, column 802: the expression is nested more than 400 deep"},
		{strings.Repeat(" ", maxSource+1), "line 1, column 1: the expression is longer than 65536 characters"},
	} {
		_, err := Compile(x.source)
		source := x.source[:min(len(x.source), 60)]
		if err == nil {
			t.Errorf("%q compiles", source)
			continue
		}
		if err.Error() != x.want {
			t.Errorf("%q\ngot  %s\nwant %s", source, err, x.want)
		}
	}
}

func TestSyntax(t *testing.T) {
	runExamples(t, nil, []example{
		{"1 + 2 * 3 - 4 / 2", "5"},
		{"(1 + 2) * 3", "9"},
		{"-1 + 2", "1"},
		{"- 1.5 - -1", "-0.5"},
		{"2 - 1 - 1", "0"},
		{"1 | 2 | 1", "1, 2"},
		{"true or false and false", "true"},
		{"false implies false and false", "true"},
		{"1 = 1 in (true | false)", "true"},
		{"1 < 2 = true", "true"},
		{"1 + 1 is Integer", "true"},
		{"// a comment\n'x' /* and\nanother */ & 'y'", "xy"},
		{`'\'\"\` + "`" + `\r\n\t\f\\\/\u00e9\ud83d\ude00'.length()`, "11"},
		{"`name`.`given`", "Sita, Maya, <string>, Mimi"},
		{"name.where(use = 'official').given[1]", "Maya"},
		{"{}", ""},
		{"%ucum", "http://unitsofmeasure.org"},
		{"%`vs-x` & %'ext-y'", "http://hl7.org/fhir/ValueSet/xhttp://hl7.org/fhir/StructureDefinition/y"},
		{"%nope", "fails: line 1, column 1: the variable %nope is not set"},
		{"@2015T10", "does not compile: line 1, column 1: this is not a valid date or time; write @YYYY-MM-DD, @YYYY-MM-DDThh:mm:ss+zz:zz or @Thh:mm:ss"},
		{"@2015-02-04T14:34:28.123+05:45", "2015-02-04T14:34:28.123+05:45"},
		{"@2015-02T", "2015-02"},
		{"@T14", "14"},
		{"5 days", "5 days"},
		{"1 'mg'", "1 'mg'"},
		{"2147483647", "2147483647"},
		{"-2147483648", "-2147483648"},
	})
	// a union may be as long as it likes
	runExamples(t, nil, []example{{"1" + strings.Repeat(" | 1", 600), "1"}})
}

func TestCached(t *testing.T) {
	a, err := Cached("name.given")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Cached("name.given")
	if err != nil || a != b {
		t.Errorf("the second time gives another: %v", err)
	}
	if _, err := Cached("name."); err == nil {
		t.Error("a fault is not reported")
	}
	if a.String() != "name.given" {
		t.Errorf("source is %q", a)
	}
	defer func() {
		if recover() == nil {
			t.Error("Must does not panic")
		}
	}()
	Must("(")
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"name.given", "1 + @2015-02-04T14:34:28Z", "'a\\u0041' & `b`", "iif($this is System.String, {}, %x[0])", "5 'mg' > 4 days", "-a.b(c, d) | e"} {
		f.Add(s)
	}
	root := Resource(parsed(f, patient))
	f.Fuzz(func(t *testing.T, source string) {
		e, err := Compile(source)
		if err != nil {
			return
		}
		if err := e.Check("Patient"); err != nil && err.Error() == "" {
			t.Error("an error without text")
		}
		items, err := e.Eval(&Options{Now: noon, MaxSteps: 20_000}, root)
		if err != nil {
			return
		}
		for _, x := range items {
			_, _, _ = x.Text(), x.Type(), x.Path(root.Node())
		}
	})
}
