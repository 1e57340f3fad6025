package fhirpath

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	fhirxml "github.com/jamii-health/jamii/fhir/xml"
)

// HL7's test suite for R4 (../shared/fhir-test-cases/fhirpath-r4.xml).

type suite struct {
	Groups []struct {
		Name  string      `xml:"name,attr"`
		Tests []suiteTest `xml:"test"`
	} `xml:"group"`
}

type suiteTest struct {
	Name       string `xml:"name,attr"`
	Input      string `xml:"inputfile,attr"`
	Mode       string `xml:"mode,attr"`
	Predicate  bool   `xml:"predicate,attr"`
	Ordered    string `xml:"ordered,attr"`
	Expression struct {
		Invalid string `xml:"invalid,attr"`
		Mode    string `xml:"mode,attr"`
		Text    string `xml:",chardata"`
	} `xml:"expression"`
	Output []struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	} `xml:"output"`
}

// disagreements are the tests that ask for what R4 or FHIRPath 2.0 (N1) do not
// say, with the clause.
var disagreements = map[string]string{
	"testPlusDate19": "N1 6.6.7: only for precisions above seconds is the decimal portion of the quantity ignored, so 0.1 's' adds 100 milliseconds",
}

// sharedDir finds the data that lies beside the project, "" when it does not.
func sharedDir(t testing.TB, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(append([]string{dir, "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Logf("../shared is not here: %v", err)
		return ""
	}
	return path
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func readResource(t testing.TB, path string) *fhir.Node {
	t.Helper()
	data := readFile(t, path)
	if strings.HasSuffix(path, ".xml") {
		n, err := fhirxml.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n, err := fhir.Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return n
}

func TestSuite(t *testing.T) {
	dir := sharedDir(t, "fhir-test-cases")
	if dir == "" {
		return
	}
	var all suite
	if err := xml.Unmarshal(readFile(t, filepath.Join(dir, "fhirpath-r4.xml")), &all); err != nil {
		t.Fatal(err)
	}
	inputs := map[string]*fhir.Node{}
	passed, count := 0, 0
	for _, g := range all.Groups {
		for _, test := range g.Tests {
			if test.Input != "" && inputs[test.Input] == nil {
				inputs[test.Input] = readResource(t, filepath.Join(dir, "inputs", test.Input))
			}
			count++
			failure := test.run(inputs[test.Input])
			reason, listed := disagreements[test.Name]
			switch {
			case failure == "" && listed:
				t.Errorf("%s/%s passes, but is listed: %s", g.Name, test.Name, reason)
			case failure == "":
				passed++
			case !listed:
				t.Errorf("%s/%s: %s\n  %s", g.Name, test.Name, failure, strings.TrimSpace(test.Expression.Text))
			}
		}
	}
	t.Logf("%d of %d tests pass, %d are listed as disagreements", passed, count, len(disagreements))
	if len(disagreements) > 15 {
		t.Error("more than 15 disagreements")
	}
}

// run returns what went wrong, "" when nothing did.
func (s suiteTest) run(input *fhir.Node) string {
	root := Resource(input)
	e, err := Compile(s.Expression.Text)
	if invalid := s.Expression.Invalid; invalid != "" {
		switch {
		case err != nil:
			return ""
		case invalid == "syntax":
			return "compiles, but must not"
		}
		if err := e.Check(root.Type()); err != nil {
			return ""
		}
		if _, err := e.Eval(suiteOptions(), root); err == nil {
			return "must fail (" + invalid + "), but does not"
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	if err := e.Check(root.Type()); err != nil {
		return "check: " + err.Error()
	}
	got, err := e.Eval(suiteOptions(), root)
	if err != nil {
		return err.Error()
	}
	if s.Predicate {
		got = []Element{Boolean(len(got) > 0)}
	}
	return s.compare(got)
}

func suiteOptions() *Options {
	return &Options{Now: time.Date(2024, 5, 6, 7, 8, 9, 0, time.FixedZone("", 3600))}
}

func (s suiteTest) compare(got []Element) string {
	var texts []string
	for _, e := range got {
		texts = append(texts, e.Type()+":"+e.Text())
	}
	if len(got) != len(s.Output) {
		return "got " + strings.Join(texts, ", ")
	}
	used := make([]bool, len(got))
	for i, want := range s.Output {
		found := false
		for j := range got {
			if !used[j] && (s.Ordered == "false" || i == j) && sameOutput(got[j], want.Type, want.Text) {
				used[j], found = true, true
				break
			}
		}
		if !found {
			return "want " + want.Type + ":" + want.Text + ", got " + strings.Join(texts, ", ")
		}
	}
	return ""
}

// sameOutput compares type and value. The types of the suite are loose: string
// is used for FHIR.string and System.String, and no type means any.
func sameOutput(got Element, typ, text string) bool {
	name := strings.TrimPrefix(got.Type(), "System.")
	if typ != "" && !strings.EqualFold(name, typ) {
		return false
	}
	text = strings.TrimPrefix(text, "@")
	if got.Value() != nil && got.value().kind == kindTime {
		text = strings.TrimPrefix(text, "T")
	}
	switch v := got.value(); v.kind {
	case kindDecimal:
		d, ok := parseDecimal(text)
		return ok && d.Cmp(v.d) == 0 && (typ != "" || scale(d) == scale(v.d))
	default:
		return v.text() == text
	}
}
