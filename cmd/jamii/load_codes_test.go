package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/terminology"
)

// deepCodes is a chain of codes, each below the one before.
func deepCodes(levels int) string {
	var b strings.Builder
	b.WriteString("code,display,parent,display_fr,inactive\nC1,x,,y,true\n")
	for i := 2; i <= levels; i++ {
		fmt.Fprintf(&b, "C%d,x,C%d,y,true\n", i, i-1)
	}
	return b.String()
}

// Each fault of a file is named with line, column and what to write.
func TestReadCodesRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		want []string
	}{
		"empty":             {"", []string{"1:1: the file is empty: write a header, code,display"}},
		"no codes":          {"code,display\n", []string{"2:1: there are no codes: write a row for each"}},
		"semicolons":        {"code;display\nA;B\n", []string{"1:1: the columns are not separated by commas: save the file as CSV with commas"}},
		"no display":        {"code,parent\nA,\n", []string{"1:1: column display is missing: write it in the header, as code,display"}},
		"a misspelt column": {"code,dispaly\nA,\n", []string{`1:6: unknown column "dispaly": write display. The columns are code, display, parent, definition, inactive and display_LANGUAGE, as display_fr`}},
		"no language":       {"code,display,display_French\n", []string{`1:14: unknown column "display_French". The columns are code, display, parent, definition, inactive and display_LANGUAGE, as display_fr`}},
		"a column twice":    {"code,display,code\n", []string{"1:14: column code stands twice: keep one"}},
		"short rows":        {"code,display\nA\nB,b,c\n", []string{"2:1: the row has 1 cells and the header 2: put text with commas in quotes", "3:1: the row has 3 cells and the header 2: put text with commas in quotes"}},
		"open quotes":       {"code,display\nA,\"x\nB,y\n", []string{`3:5: the quotes of this row do not match: write "" for a quote inside quotes`}},
		"empty code":        {"display,code\nx, \n", []string{"2:3: the code is empty: write one, or remove the row"}},
		"two spaces":        {"code,display\nA  B,x\n", []string{"2:1: the code has two spaces in a row, or a line break: write one space"}},
		"a code twice":      {"code,display\nA,x\nB,x\nA,y\n", []string{"4:1: code A stands in line 2 too: keep one"}},
		"not UTF-8":         {"code,display\nA,fi\xe8vre\n", []string{"2:3: the display is not UTF-8: save the file as CSV UTF-8"}},
		"inactive":          {"code,display,inactive\nA,x,yes\n", []string{"2:5: inactive must be true or false, or empty for false"}},
		"unknown parent":    {"code,display,parent\nA,x,\nB,y,C\n", []string{"3:5: parent C is no code of this file: write a code, or leave the cell empty"}},
		"its own parent":    {"code,display,parent\nA,x,A\n", []string{"2:5: code A is below itself: write another parent"}},
		"a circle":          {"code,display,parent\nD,x,A\nA,x,B\nB,y,C\nC,y,A\n", []string{"3:5: code A is below itself: write another parent"}},
		"too deep":          {deepCodes(maxLevels + 2), []string{"32:7: code C31 has more than 29 codes above it: write a parent nearer to the top"}},
	} {
		_, faults := readCodes(strings.NewReader(test.file))
		if diff := cmp.Diff(test.want, faults); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// The hierarchy does not depend on the order of the rows.
func TestCodeResources(t *testing.T) {
	list, faults := readCodes(strings.NewReader("\ufeffcode,display,parent,definition,inactive,display_fr,display_pt-BR\n" +
		"A00.1,\"Cholera, El Tor\",A00,d,,Choléra,\nA00,Cholera,,,false,,\nB99,Other,,,true,,\n"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	cs, vs := codesLoad{System: "http://example.org/sid/icd-10", Version: "2019"}.resources(list)
	head := `"version":"2019","name":"Icd10","title":"icd-10","status":"active","experimental":false,`
	id := codesLoad{System: "http://example.org/sid/icd-10"}.id()
	want := `{"resourceType":"CodeSystem","id":"` + id + `","url":"http://example.org/sid/icd-10",` + head +
		`"caseSensitive":true,"valueSet":"http://example.org/sid/icd-10/vs","hierarchyMeaning":"is-a","content":"complete","count":3,` +
		`"property":[{"code":"inactive","uri":"http://hl7.org/fhir/concept-properties#inactive","type":"boolean"}],` +
		`"concept":[{"code":"A00","display":"Cholera","concept":[{"code":"A00.1","display":"Cholera, El Tor","definition":"d","designation":[{"language":"fr","value":"Choléra"}]}]},` +
		`{"code":"B99","display":"Other","property":[{"code":"inactive","valueBoolean":true}]}]}`
	if diff := cmp.Diff(want, string(cs.JSON())); diff != "" {
		t.Errorf("CodeSystem (-want +got)\n%s", diff)
	}
	want = `{"resourceType":"ValueSet","id":"` + id + `","url":"http://example.org/sid/icd-10/vs",` + head +
		`"immutable":true,"compose":{"include":[{"system":"http://example.org/sid/icd-10","version":"2019"}]}}`
	if diff := cmp.Diff(want, string(vs.JSON())); diff != "" {
		t.Errorf("ValueSet (-want +got)\n%s", diff)
	}
}

func TestCodeNames(t *testing.T) {
	for _, test := range []struct{ name, system, want, title string }{
		{"", "http://hl7.org/fhir/sid/icd-10", "Icd10", "icd-10"},
		{"", "urn:oid:1.2.3", "Codes123", "1.2.3"},
		{"ICD-10 of the WHO", "urn:x:y", "ICD10OfTheWHO", "ICD-10 of the WHO"},
		{"कोड", "urn:x:y", "Codes", "कोड"},
	} {
		if name, title := (codesLoad{Name: test.name, System: test.system}).names(); name != test.want || title != test.title {
			t.Errorf("%+v: %s, %s", test, name, title)
		}
	}
}

// What readCodes takes can be stored: it is nested as deep as can be, and read
// back.
func TestDeepCodes(t *testing.T) {
	list, faults := readCodes(strings.NewReader(deepCodes(maxLevels)))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	r := demoRegistry(t)
	if _, err := (codesLoad{System: "urn:x:deep"}).store(t.Context(), r, list); err != nil {
		t.Fatal(err)
	}
	cs, err := r.Terminology(t.Context()).Source.CodeSystem("urn:x:deep", "")
	if err != nil || cs.Len() != maxLevels {
		t.Fatal(cs, err)
	}
}

// A scheme publishes those codes of a system that it decides by. All of them,
// once loaded, are not hidden by that, whichever is stored last.
func TestCodesBesideAFragment(t *testing.T) {
	r := demoRegistry(t)
	list, faults := readCodes(strings.NewReader("code,display\nA00,Cholera\nB99,Other\n"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if _, err := (codesLoad{System: "urn:x:part"}).store(t.Context(), r, list); err != nil {
		t.Fatal(err)
	}
	part, err := fhir.Parse([]byte(`{"resourceType":"CodeSystem","id":"part","url":"urn:x:part","status":"active","content":"fragment","concept":[{"code":"A00"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.PublishResources(t.Context(), []*fhir.Node{part}); err != nil {
		t.Fatal(err)
	}
	cs, err := r.Terminology(t.Context()).Source.CodeSystem("urn:x:part", "")
	if err != nil || cs == nil || cs.Len() != 2 {
		t.Errorf("%+v, %v", cs, err)
	}
}

func FuzzReadCodes(f *testing.F) {
	f.Add("code,display,parent,display_fr,inactive\nA,b,,x,true\nC,d,A,,\n")
	f.Add("code,display,parent\nA,b,B\nB,c,A\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, faults := readCodes(strings.NewReader(text))
		if len(faults) > 0 {
			return
		}
		cs, _ := codesLoad{System: "urn:x:y"}.resources(list)
		n, err := fhir.Parse(cs.JSON())
		if err != nil {
			t.Fatal(err)
		}
		if got := terminology.ReadCodeSystem(n).Len(); got != len(list.codes) {
			t.Errorf("%d codes of %d", got, len(list.codes))
		}
	})
}

// The command works beside a running server; loading the same again makes no
// version.
func TestCodesLoad(t *testing.T) {
	h := newHouse(t)
	h.write("codes.csv", "code,display,parent\nA00,Cholera,\nA00.1,El Tor,A00\n")
	h.write("bad.csv", "code,display,parent\n"+strings.Repeat("A,x,\n", 60))
	s := h.serve("--demo")
	defer s.stop()
	h.want(2, "codes", "load", "codes.csv")
	h.want(1, "codes", "load", "nothing.csv", "--system", "urn:x:y")
	h.want(1, "codes", "load", "codes.csv", "--system", "icd-10")
	if _, errs := h.want(1, "codes", "load", "bad.csv", "--system", "urn:x:y"); !strings.Contains(errs, "bad.csv:3:1: code A stands in line 2 too") || !strings.Contains(errs, "and 9 more") {
		t.Error(errs)
	}
	h.want(0, "client", "add", "reader", "--scope", "system/*.rs", "--any-facility", "--secret-file", "secret")
	load := []string{"codes", "load", "codes.csv", "--system", "http://example.org/c", "--name", "Our codes"}
	if out, _ := h.want(0, load...); !strings.Contains(out, "2 codes loaded, 0 inactive.") {
		t.Error(out)
	}
	if out, _ := h.want(0, load...); !strings.Contains(out, "The 2 codes were loaded before: nothing changed.") {
		t.Error(out)
	}
	code, text := h.call("reader", h.file("secret"), http.MethodGet, "/fhir/CodeSystem/$lookup?system=http://example.org/c&code=A00.1", "")
	if code != http.StatusOK || !strings.Contains(text, "El Tor") || !strings.Contains(text, `"valueCode":"A00"`) {
		t.Errorf("%d %s", code, text)
	}
	h.write("codes.csv", "code,display,parent\nA00,Cholera,\nA00.1,El Tor,A00\nA00.9,Other,A00\n")
	if out, _ := h.want(0, append(load, "--version", "2")...); !strings.Contains(out, "3 codes loaded, 0 inactive.") {
		t.Error(out)
	}
}

// generatedCodes is a file like ICD-10: chapters, blocks, categories, codes.
func generatedCodes(n int) io.Reader {
	var b strings.Builder
	b.WriteString("code,display,parent,inactive,display_ne\n")
	for i := range n {
		parent := ""
		if i >= 20 {
			parent = fmt.Sprintf("Q%05d", (i-20)/10)
		}
		fmt.Fprintf(&b, "Q%05d,\"Disease of kind %d, unspecified\",%s,%t,रोग %d\n", i, i, parent, i%100 == 0, i)
	}
	return strings.NewReader(b.String())
}

// A list as large as ICD-10 loads in seconds and answers in less than a
// millisecond.
func TestManyCodes(t *testing.T) {
	const count, system = 70_000, "http://example.org/sid/many"
	r := demoRegistry(t)
	file := generatedCodes(count)
	start := time.Now()
	list, faults := readCodes(file)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	load := codesLoad{System: system}
	if _, err := load.store(t.Context(), r, list); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	start = time.Now()
	if _, err := load.store(t.Context(), r, list); err != nil {
		t.Fatal(err)
	}
	again := time.Since(start)
	times := make([]time.Duration, 1000)
	for i := range times {
		code := fmt.Sprintf("Q%05d", i*69)
		start := time.Now()
		cs, err := r.Terminology(t.Context()).Source.CodeSystem(system, "")
		if err != nil || cs == nil {
			t.Fatal(cs, err)
		}
		if c, ok := cs.Lookup(code); !ok || len(c.Designations()) != 1 {
			t.Fatalf("%s is not there", code)
		}
		times[i] = time.Since(start)
	}
	first := times[0]
	slices.Sort(times)
	res, err := r.Store().Read(t.Context(), "CodeSystem", load.id())
	if err != nil || res.Version != 1 {
		t.Errorf("version %d, %v", res.Version, err)
	}
	t.Logf("loaded in %v, again in %v; look-up: first %v, median %v", took, again, first, times[len(times)/2])
	if took > 30*time.Second || times[len(times)/2] > time.Millisecond {
		t.Error("that is too slow")
	}
}
