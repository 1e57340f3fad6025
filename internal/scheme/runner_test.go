package scheme

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// Every worked case of the demonstration pack and of the vectors holds.
func TestWorkedCases(t *testing.T) {
	vectors, list := Load(os.DirFS("testdata/vectors"))
	if vectors == nil {
		t.Fatal(list)
	}
	for _, p := range []*Pack{demo(t), vectors} {
		var out strings.Builder
		failed, err := Report(&out, RunCases(p, p.Cases))
		if err != nil || failed > 0 || len(p.Cases) < 20 {
			t.Errorf("%s: %d of %d cases failed (%v):\n%s", p.Name, failed, len(p.Cases), err, out.String())
		}
	}
}

// A wrong expectation of each kind must fail, and say what was expected, what
// came out, and why.
func TestWrongExpectationsFail(t *testing.T) {
	const claim = "- claim: {person: a, facility: F1, from: 2025-02-01, "
	const line = claim + "lines: [{service: A, price: 100, "
	tests := []struct{ name, steps, want string }{
		{"value", "- enrol: {plan: V17, on: 2025-01-10, expect: {value: 99}}", "value: expected 99, got 100"},
		{"start", "- enrol: {plan: V17, on: 2025-01-10, expect: {start: 2025-01-11}}", "start: expected 2025-01-11, got 2025-01-10"},
		{"insured", "- enrol: {plan: V17, on: 2025-01-10, expect: {insured: 2}}", "insured: expected 2, got 1"},
		{"excluded", "- enrol: {plan: V17, on: 2025-01-10, expect: {excluded: [a]}}", "excluded: expected [a], got []"},
		{"bill", "- enrol: {plan: V17, on: 2025-01-10, expect: {bill: {lump-sum: 90}}}", "bill: expected map[lump-sum:90.00], got map[lump-sum:100.00]"},
		{"plan not sold", "- enrol: {plan: V17, on: 2023-01-10}", "got V17 is not"},
		{"twice", "- enrol: {plan: V17, on: 2025-01-10}\n  - enrol: {plan: V17, on: 2025-01-11}", "enrol: expected no policy that already gives this cover, got P1"},
		{"no policy", "- pay: {amount: 100, on: 2025-01-10}", "there is none: enrol first"},
		{"wrong policy", "- enrol: {plan: V17, on: 2025-01-10}\n  - pay: {policy: P2, amount: 100, on: 2025-01-10}", "policy: expected P2"},
		{"status", "- enrol: {plan: V17, on: 2025-01-10}\n  - pay: {amount: 100, on: 2025-01-10, expect: {status: idle}}", "status: expected idle, got active"},
		{"effective", "- enrol: {plan: V17, on: 2025-01-10}\n  - pay: {amount: 100, on: 2025-01-10, expect: {effective: none}}", "effective: expected none, got 2025-01-10"},
		{"notes", "- enrol: {plan: V17, on: 2025-01-10}\n  - pay: {amount: 100, on: 2025-01-10, expect: {notes: [late]}}", "notes: expected [late], got []"},
		{"not refused", "- enrol: {plan: V17, on: 2025-01-10}\n  - pay: {amount: 100, on: 2025-01-10, expect: {refused: true}}", "step: expected refused, got done"},
		{"refused", "- enrol: {plan: V17, on: 2025-01-10}\n  - resume: {on: 2025-01-10}", "step: expected done, got refused"},
		{"cover", "- cover: {person: a, on: 2025-01-10, expect: true}", "covered: expected true, got false"},
		{"state", "- enrol: {plan: C75, on: 2025-01-10}\n  " + claim + "lines: [{service: A}], expect: {state: rejected}}", "state: expected rejected, got valuated"},
		{"category", "- enrol: {plan: C75, on: 2025-01-10}\n  " + claim + "lines: [{service: A}], expect: {category: S}}", "category: expected S, got C"},
		{"paid", "- enrol: {plan: C75, on: 2025-01-10}\n  " + line + "paid: 75.01}]}", "line 1: paid: expected 75.01, got 75.00"},
		{"trace", "- enrol: {plan: C75, on: 2025-01-10}\n  " + line + "paid: 75.01}]}", "copay 25.00"},
		{"reason", "- enrol: {plan: C75, on: 2025-01-10}\n  " + line + "reason: 1}]}", "line 1: reason: expected 1, got 0"},
		{"step", "- enrol: {plan: C75, on: 2025-01-10}\n  " + line + "steps: {deductible: 1}}]}", "line 1: deductible: expected 1, got 0"},
		{"says", "- enrol: {plan: C75, on: 2025-01-10}\n  " + line + "says: []}]}", "line 1: says: expected [], got [copay]"},
		{"policy", "- enrol: {plan: C75, on: 2025-01-10}\n  " + line + "policy: P2}]}", "line 1: policy: expected P2, got P1"},
		{"stranger", "- claim: {person: z, facility: F1, from: 2025-02-01, lines: [{service: A}]}", "expected a member of the household, got z"},
		{"facility", "- claim: {person: a, facility: F9, from: 2025-02-01, lines: [{service: A}]}", "expected a facility of facilities.csv, got F9"},
		{"diagnosis", "- claim: {person: a, facility: F1, from: 2025-02-01, diagnoses: [Q9], lines: [{service: A}]}", "Q9 is not there"},
		{"cancel", "- cancel: {claim: c9}", "claim: expected c9, got there is no such claim before this step"},
		{"review line", "- enrol: {plan: C75, on: 2025-01-10}\n  - claim: {id: c1, person: a, facility: F1, from: 2025-02-01, lines: [{service: A}]}\n  - review: {claim: c1, lines: [{line: 2}]}", "review: expected a line of the claim, got line 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := withFile(t, "tests/x.yaml", "cases:\n- name: x\n  members: [{id: a, born: 1980-01-01}]\n  steps:\n  "+tt.steps+"\n")
			var out strings.Builder
			failed, err := Report(&out, RunCases(p, p.Cases))
			if err != nil || failed != 1 || !strings.HasSuffix(out.String(), "\n0 passed, 1 failed\n") {
				t.Errorf("failed %d (%v), want 1:\n%s", failed, err, out.String())
			}
			if !strings.Contains(out.String(), tt.want) || !strings.Contains(out.String(), "tests/x.yaml:") {
				t.Errorf("report lacks %q:\n%s", tt.want, out.String())
			}
		})
	}
}

// withFile loads the vectors pack with one file replaced and no other cases.
func withFile(t *testing.T, name, text string) *Pack {
	t.Helper()
	files := vectorFiles(t)
	delete(files, "tests/vectors.yaml")
	files[name] = &fstest.MapFile{Data: []byte(text)}
	p, list := Load(files)
	if p == nil {
		t.Fatal(list)
	}
	return p
}

func vectorFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for _, name := range []string{"scheme.yaml", "services.csv", "items.csv", "prices.csv", "locations.csv", "facilities.csv", "diagnoses.csv", "tests/vectors.yaml"} {
		data, err := os.ReadFile("testdata/vectors/" + name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = &fstest.MapFile{Data: data}
	}
	return out
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestReportTellsWhenItCannotWrite(t *testing.T) {
	if _, err := Report(brokenWriter{}, nil); err == nil {
		t.Error("the error of the writer was swallowed")
	}
}
