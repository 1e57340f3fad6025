package scheme

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
)

// A mistake in a pack: the file, what to replace, and the problem it makes.
type mistake struct{ name, file, old, new, want string }

func TestMistakesInSchemeYAML(t *testing.T) {
	const f = "scheme.yaml"
	run(t, []mistake{
		{"misspelt key", f, "currency: XTS", "curency: XTS", `scheme.yaml:7: unknown key curency: write currency; known here: age_of_majority,`},
		{"key of a plan", f, "covers: [{services: all, price: provider, fixed_limit: 60}]", "cover: [{services: all}]", `scheme.yaml:65: unknown key cover: write covers; known here: activation, ceiling,`},
		{"missing key", f, "currency: XTS\n", "", `scheme.yaml:3: add currency`},
		{"wrong code", f, "country: ZZ", "country: Zed", `scheme.yaml:5: country: write the country as two capital letters (ISO 3166), such as NP`},
		{"text for a number", f, "months: 12, cycles", "months: twelve, cycles", `scheme.yaml:42: plans[1].versions[0].period.months: write the length of a policy in months`},
		{"number for a text", f, "code: V10", "code: 10", `scheme.yaml:66: plans[5].code: write a code of letters, digits, points and hyphens, at most 16, in quotes when it is all digits`},
		{"octal", f, "code: V10", "code: 0x10", `scheme.yaml:66: "0x10" is no plain number: write it as 1200 or 1200.50, or in quotes when it is a code`},
		{"negative", f, "ceiling: {policy: 1000}", "ceiling: {policy: -1}", `scheme.yaml:71: plans[5].versions[0].ceiling.policy: write an amount, or {in_patient: ..., out_patient: ...}`},
		{"wrong key in a form", f, "ceiling: {policy: 1000}", "ceiling: {policy: {inpatient: 5}}", `unknown key inpatient: write in_patient; known here: in_patient, out_patient`},
		{"a word that is none of the list", f, "price: provider, fixed", "price: providers, fixed", `plans[4].versions[0].covers[0].price: write list (the facility's price list), provider (the price asked) or relative (valued at the batch run)`},
		{"no such day", f, "published: 2025-01-01", "published: 2025-02-30", `scheme.yaml:6: there is no such day: write it as YYYY-MM-DD`},
		{"key twice", f, "country: ZZ", "country: ZZ\ncountry: ZY", `scheme.yaml:6: the key country stands here twice: keep one`},
		{"tab", f, "country: ZZ", "country:\n\t- ZZ", `not valid YAML (found character that cannot start any token): check the indentation`},
		{"alias", f, "title: {en: Worked vectors}", "title: &t {en: Worked vectors}", `scheme.yaml:4: anchors (&t) are not used in packs: write the value out`},
		{"plan twice", f, "code: V6", "code: V4", `scheme.yaml:38: the plan V4 stands twice: make the second a version of the first`},
		{"too many digits", f, "ceiling: {policy: 1000}", "ceiling: {policy: 12345678901234567890}", `scheme.yaml:71: the number has too many digits: write at most 19`},
		{"unknown zone", f, "Africa/Nairobi", "Africa/Nairoby", `scheme.yaml:8: unknown time zone: write a name such as Asia/Kathmandu`},
		{"no English", f, "languages: [en]", "languages: [fr]", `scheme.yaml:9: add en: texts that a language lacks are shown in English`},
		{"language of a text", f, "{en: Insurer}", "{en: Insurer, fr: Assureur}", `scheme.yaml:25: a text in fr, which is not among languages: en`},
		{"no main language", f, "name: {en: Insurer}", "name: {fr: Assureur}", `scheme.yaml:25: add the text in en, the main language`},
		{"impossible number", f, "{length: 9, check: mod 7}", "{length: 2, prefix: '123', check: luhn}", `scheme.yaml:24: member_number: length: leaves no room`},
		{"one URI for two systems", f, "https://example.org/id/receipt", "https://example.org/id/claim", `scheme.yaml:18: systems.receipt: the same URI as claim: give each system its own`},
		{"unknown reviewed service", f, "{percent: 0, over_ceiling: false}", "{services: [A, Q]}", `scheme.yaml:28: review.services: Q is not in services.csv: write A, or add it there`},
		{"versions in the wrong order", f, "from: 2026-01-01", "from: 2023-01-01", `the versions must stand in order of their first day, oldest first`},
		{"versions that overlap", f, "      - from: 2026-01-01", "        to: 2026-01-05\n      - from: 2026-01-01", `the version overlaps the next one: end it on 2025-12-31 or before, or leave to: out`},
		{"version backwards", f, "        covers: [{services: all, price: relative}]", "        to: 2020-01-01\n        covers: [{services: all}]", `the version ends before it starts: write a later day after to:`},
		{"no period", f, "period: {months: 12, cycles: [\"01-07\"]}", "period: {cycles: [\"01-07\"]}", `scheme.yaml:41: period.months: say how many months a policy lasts`},
		{"no such cycle", f, `["01-07"]`, `["31-06"]`, `scheme.yaml:42: period.cycles: there is no 31-06 in every year of the gregorian calendar: write "DD-MM"`},
		{"two scopes", f, "ceiling: {policy: 1000}", "ceiling: {policy: 1000, insuree: 5}", `scheme.yaml:71: ceiling: write one of treatment, insuree and policy: only the first of them would count`},
		{"extra members of nothing", f, "deductible: {insuree: 50}", "ceiling: {extra_member: 5}", `ceiling: extra_member and max_policy go with a policy ceiling: add policy`},
		{"extra members above nothing", f, "ceiling: {policy: 1000}", "ceiling: {policy: 1000, extra_member: 5}", `ceiling.extra_member: say with members.threshold how many members the ceiling includes`},
		{"covers nothing", f, "covers: [{services: all, price: relative}]", "covers: []", `covers: the plan covers nothing: add a rule such as {services: all, items: all}`},
		{"rule for nothing", f, "covers: [{services: all, price: relative}]", "covers: [{price: relative}]", `covers[0]: write a rule: which services and items, and on which terms`},
		{"unknown service", f, "covers: [{services: [A], fixed_limit: 80}]", "covers: [{services: [I1], fixed_limit: 80}]", `services: I1 is not in services.csv: it is a code of items.csv`},
		{"unknown group", f, "covers: [{services: [A], fixed_limit: 80}]", "covers: [{services: ['group:dental'], fixed_limit: 80}]", `services: group:dental is not in services.csv: no row has this group`},
		{"percentage", f, "{adult: 60, child: 80}", "{adult: 60, child: 180}", `co_insurance: the scheme pays at most 100 percent`},
		{"both limits", f, "price: provider, fixed_limit: 60", "co_insurance: 80, fixed_limit: 60", `fixed_limit: a visit has a co_insurance or a fixed_limit, not both`},
		{"half a month", f, "waiting_months: {adult: 3, child: 0}", "waiting_months: 1.5", `waiting_months: write a whole number of months`},
		{"ages beside visits", f, "{adult: 60, child: 80}", "{adult: 60, other: 80}", `write adult and child under other, emergency and referral, not beside them`},
		{"unknown successor", f, "code: V4\n", "code: V4\n    successor: V5\n", `successor: write the code of another plan of this scheme`},
		{"unknown area", f, "code: V4\n", "code: V4\n    area: Q1\n", `area: Q1 is not in locations.csv`},
		{"bad formula", f, "contribution: {formula: \"iif", "contribution: {formula: \"(iif", `scheme.yaml:146: contribution.formula: line 1, column 126: ")" is expected, not end of expression: mend the expression`},
		{"discount above all", f, "enrolment: {percent: 10, months: 3}", "enrolment: {percent: 110, months: 3}", `write a percentage from 0 to 100`},
	})
}

func TestMistakesInTables(t *testing.T) {
	run(t, []mistake{
		{"misspelt column", "services.csv", "frequency_days", "frequency", `services.csv:1: column frequency: unknown column; known here: code, name_en, category`},
		{"missing column", "items.csv", ",price", ",cost", `items.csv:1: column price: the column is missing: the header is code,name_en,type,unit,care_type,price`},
		{"empty file", "items.csv", "*", "", `items.csv:1: no header row: write code,name_en`},
		{"empty cell", "items.csv", "I1,Tablet", ",Tablet", `items.csv:2: column code: the cell is empty: write a value`},
		{"no price", "items.csv", "B,1", "B,", `items.csv:2: column price: the cell is empty: write a value`},
		{"comma in an amount", "items.csv", "B,1", `B,"1,200"`, `items.csv:2: column price: "1,200" is no amount: write digits with a point and no spaces or commas, such as 1200 or 1200.50`},
		{"negative", "items.csv", "B,1", "B,-1", `column price: an amount is not negative: write 0 when it is free of charge`},
		{"too fine", "items.csv", "B,1", "B,1.005", `column price: the currency has 2 digits after the point: round the amount`},
		{"cells", "items.csv", "I1,Tablet", "I1,Tablet, white", `items.csv:2: the row has 6 cells and the header 5: put text with commas in quotes`},
		{"quotes", "items.csv", "Tablet", `"Tab"let`, `items.csv:2: the quotes of this row do not match`},
		{"bad code", "items.csv", "I1,", "I/1,", `items.csv:2: column code: a code has letters, digits, points and hyphens`},
		{"choice", "items.csv", "D,B", "X,B", `items.csv:2: column type: write D or M instead of "X"`},
		{"whole number", "services.csv", "200,30", "200,thirty", `services.csv:7: column frequency_days: "thirty" is no whole number: write digits only, such as 30`},
		{"date", "services.csv", "2025-05-31", "31.5.2025", `services.csv:7: column to: "31.5.2025" is no date: write it as YYYY-MM-DD, such as 2025-07-17`},
		{"overlap", "services.csv", "2025-06-01", "2025-05-31", `services.csv:8: column from: the row and that of line 7 are valid on the same days: write a day after to: of the earlier row`},
		{"patients", "services.csv", "A,Visit,C,B,100,,", "A,Visit,C,B,100,,women", `services.csv:2: column patients: write one or more of male, female, adult, minor with spaces between`},
		{"package without parts", "services.csv", "B,Small test,O,B,40,,,", "B,Small test,O,B,40,,,P", `services.csv:3: column contains: a package of kind P lists what it contains`},
		{"package of unknown parts", "services.csv", "B,Small test,O,B,40,,,,", "B,Small test,O,B,40,,,P,A item:I2", `services.csv:3: column contains: I2 is not in items.csv: write I1, or add it there`},
		{"package of a wrong form", "services.csv", "B,Small test,O,B,40,,,,", "B,Small test,O,B,40,,,P,A x 2*y", `column contains: write codes with spaces between, such as S101 item:I203*2`},
		{"group", "services.csv", "B,Small test,O,B,40,,,,,,,", "B,Small test,O,B,40,,,,,My group,,", `column group: a group has small letters, digits and hyphens`},
		{"price of nothing", "prices.csv", "L,service,U,", "L,service,UU,", `prices.csv:6: column code: UU is not in services.csv: write U, or add it there`},
		{"price of the wrong kind", "prices.csv", "L,service,U,", "L,item,U,", `prices.csv:6: column code: U is not in items.csv: it is a code of services.csv`},
		{"price twice", "prices.csv", "L,service,U,", "L,service,T,", `prices.csv:6: column from: the row and that of line 5 are valid on the same days`},
		{"level", "locations.csv", "Hill,district", "Hill,districts", `locations.csv:3: column level: write one of the area_levels of scheme.yaml: region or district`},
		{"parent of the top", "locations.csv", "region,", "region,D1", `locations.csv:2: column parent: a region has no parent: leave the cell empty`},
		{"no parent", "locations.csv", "district,R1", "district,R9", `locations.csv:3: column parent: write the code of the region that this district lies in`},
		{"parent of the wrong level", "locations.csv", "district,R1", "district,D1", `locations.csv:3: column parent: D1 is a district: a district lies in a region`},
		{"place twice", "locations.csv", "D1,Hill", "R1,Hill", `locations.csv:3: column code: R1 stands twice: keep one row`},
		{"facility nowhere", "facilities.csv", "H,B,D1", "H,B,D2", `facilities.csv:3: column location: D2 is not in locations.csv: add it there, or write another code`},
		{"unknown list", "facilities.csv", "H,B,D1,L,L", "H,B,D1,L,M", `facilities.csv:3: column service_list: prices.csv has no service in a list M: write the name of a list there`},
		{"care type", "facilities.csv", "H,B,D1", "H,X,D1", `facilities.csv:3: column care_type: write B, O or I instead of "X"`},
		{"missing file", "diagnoses.csv", "", "", `diagnoses.csv: the file is missing: a pack needs it, if only with its header row`},
		{"practitioner nowhere", "practitioners.csv", "*", "code,given,family,role,facility\nP1,A,B,doctor,F9\n", `practitioners.csv:2: column facility: F9 is not in facilities.csv`},
		{"half a coordinate", "facilities.csv", "*", "code,name_en,level,care_type,location,item_list,service_list,latitude,longitude\nF1,Hill,C,B,D1,L,L,1.5,\n", `column longitude: write latitude and longitude, or neither`},
		{"coordinate", "facilities.csv", "*", "code,name_en,level,care_type,location,item_list,service_list,latitude,longitude\nF1,Hill,C,B,D1,L,L,1.5N,3\n", `column latitude: write degrees with a point, such as 27.7172`},
	})
}

func TestMistakesInTextsAndCases(t *testing.T) {
	run(t, []mistake{
		{"unknown place", "messages/en.yaml", "*", "copay: Pay {amounts}.\n", `messages/en.yaml:1: copay: nothing is put in the place {amounts}: the English text has {amount} {percent}`},
		{"no text", "messages/en.yaml", "*", "copay: 5\n", `messages/en.yaml:1: copay: write a text`},
		{"key twice", "messages/en.yaml", "*", "copay: a\ncopay: b\n", `messages/en.yaml:2: the key copay stands twice: keep one`},
		{"empty", "messages/en.yaml", "*", "# nothing\n", `messages/en.yaml: the file is empty: write its keys, or delete it`},
		{"list", "messages/en.yaml", "*", "- a\n", `messages/en.yaml:1: the file must hold keys with values`},
		{"unknown household", "tests/vectors.yaml", "household: pair", "household: pairs", `tests/vectors.yaml:`},
		{"nobody", "tests/x.yaml", "*", "cases: [{name: x, steps: [{cover: {person: a, on: 2025-01-01, expect: true}}]}]\n", `tests/x.yaml:1: say whose case it is: members, or household with a name from households`},
		{"misspelt step", "tests/x.yaml", "*", "cases:\n- name: x\n  household: one\n  steps:\n  - enroll: {plan: V4}\n", `tests/x.yaml:5: unknown key enroll: write enrol; known here: cancel, claim,`},
		{"two steps in one", "tests/x.yaml", "*", "cases:\n- name: x\n  household: one\n  steps:\n  - {suspend: {on: 2025-01-01}, resume: {on: 2025-01-02}}\n", `tests/x.yaml:5: cases[0].steps[0]: write one step, such as enrol, pay or claim`},
		{"misspelt expectation", "tests/vectors.yaml", "value: 900}}", "valu: 900}}", `unknown key valu: write value; known here: bill, excluded`},
	})
}

// run makes each mistake in the vectors pack, and wants the problem that names
// it and no pack.
func run(t *testing.T, tests []mistake) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := vectorFiles(t)
			switch {
			case tt.old == "*":
				files[tt.file] = &fstest.MapFile{Data: []byte(tt.new)}
			case tt.old == "":
				delete(files, tt.file)
			default:
				text := string(files[tt.file].Data)
				if !strings.Contains(text, tt.old) {
					t.Fatalf("%s has no %q", tt.file, tt.old)
				}
				files[tt.file] = &fstest.MapFile{Data: []byte(strings.Replace(text, tt.old, tt.new, 1))}
			}
			p, list := Load(files)
			if p != nil {
				t.Error("the pack was accepted")
			}
			if !slices.ContainsFunc(list, func(q Problem) bool { return strings.Contains(q.String(), tt.want) }) {
				t.Errorf("no problem says %q:\n%s", tt.want, joined(list))
			}
		})
	}
}

func joined(list []Problem) string {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintln(&b, p)
	}
	return b.String()
}

func TestNotesDoNotForbid(t *testing.T) {
	files := vectorFiles(t)
	delete(files, "tests/vectors.yaml")
	files["scheme.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(files["scheme.yaml"].Data), "languages: [en]", "languages: [en, sw, fr]", 1))}
	files["messages/sw.yaml"] = &fstest.MapFile{Data: []byte("copay: Mpango hulipa asilimia {percent}; wewe {amount}.\n")}
	files["messages/de.yaml"] = &fstest.MapFile{Data: []byte("a: b\n")}
	files["service.csv"] = &fstest.MapFile{Data: []byte("x\n")}
	files["tests/old.yml"] = &fstest.MapFile{Data: []byte("x\n")}
	files["README.md"] = &fstest.MapFile{Data: []byte("x\n")}
	p, list := Load(files)
	if p == nil {
		t.Fatal(joined(list))
	}
	got := joined(list)
	for _, want := range []string{
		"messages/fr.yaml: note: the file is missing: texts in fr are shown in English",
		"messages/sw.yaml: note: these texts are missing and are shown in English: amounts, awaits-batch,",
		"messages/de.yaml: note: nothing reads this file: add de to languages in scheme.yaml",
		"service.csv: note: nothing reads this file: name it services.csv",
		"tests/old.yml: note: nothing reads this file: name it .yaml",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no note %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "README") {
		t.Error("a README is welcome")
	}
	m := claims.Message{Key: "copay", Args: map[string]string{"percent": "90", "amount": "5.00"}}
	if diff := cmp.Diff("Mpango hulipa asilimia 90; wewe 5.00.", p.Text("sw", m)); diff != "" {
		t.Errorf("Text (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("The scheme pays 90 percent; the person pays 5.00.", p.Text("fr", m)); diff != "" {
		t.Errorf("Text falls back to English (-want +got):\n%s", diff)
	}
}

func TestAllProblemsAreTold(t *testing.T) {
	files := vectorFiles(t)
	files["items.csv"] = &fstest.MapFile{Data: []byte("code,name_en,type,care_type,price\nI1,Tablet,X,Q,-1\nI2,Tablet,D,B,1,1\n")}
	files["facilities.csv"] = &fstest.MapFile{Data: []byte("code,name_en,level,care_type,location,item_list,service_list\nF1,Hill,Z,B,D1,L,L\n")}
	_, list := Load(files)
	var got []string
	for _, p := range list {
		got = append(got, fmt.Sprintf("%s:%d %s", p.File, p.Line, p.Column))
	}
	want := []string{"facilities.csv:2 level", "items.csv:2 care_type", "items.csv:2 price", "items.csv:2 type", "items.csv:3 "}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestDigest(t *testing.T) {
	load := func(change func(fstest.MapFS)) string {
		files := vectorFiles(t)
		change(files)
		p, list := Load(files)
		if p == nil {
			t.Fatal(joined(list))
		}
		return p.Digest
	}
	same := load(func(fstest.MapFS) {})
	if len(same) != 64 {
		t.Errorf("digest %q", same)
	}
	edit := func(name, old, new string) func(fstest.MapFS) {
		return func(f fstest.MapFS) {
			f[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(f[name].Data), old, new))}
		}
	}
	if load(edit("items.csv", "\n", "\r\n")) != same {
		t.Error("line ends of another system changed the digest")
	}
	if load(edit("tests/vectors.yaml", "V13:", "V13 again:")) != same {
		t.Error("a worked case changed the digest")
	}
	if load(func(f fstest.MapFS) { f["README.md"] = &fstest.MapFile{} }) != same {
		t.Error("a remark changed the digest")
	}
	if load(edit("items.csv", "B,1", "B,2")) == same {
		t.Error("another price has the same digest")
	}
}

// Start to first answer is to stay under 300 ms, so loading must be quick.
func TestLoadingIsQuick(t *testing.T) {
	demo(t)
	start := time.Now()
	demo(t)
	if took := time.Since(start); took > time.Second {
		t.Errorf("loading the demonstration pack took %v", took)
	}
}
