package scheme

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// What is wrong with one file does not hide what is wrong with another, and
// what only follows from a fault is not told.
func TestFaultsDoNotHideEachOther(t *testing.T) {
	const brokenItem = "code,name_en,type,care_type,price\nI1,Tablet,X,B,1\n"
	edit := func(file, old, new string) func(fstest.MapFS) {
		return func(f fstest.MapFS) {
			text := string(f[file].Data)
			if !strings.Contains(text, old) {
				t.Fatalf("%s has no %q", file, old)
			}
			f[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
		}
	}
	write := func(file, text string) func(fstest.MapFS) {
		return func(f fstest.MapFS) { f[file] = &fstest.MapFile{Data: []byte(text)} }
	}
	tests := []struct {
		name    string
		changes []func(fstest.MapFS)
		want    []string
	}{
		{"a key of scheme.yaml, and a row", []func(fstest.MapFS){edit("scheme.yaml", "currency: XTS", "curency: XTS"), write("items.csv", brokenItem)}, []string{
			"items.csv:2 type", "scheme.yaml:3 ", "scheme.yaml:7 ",
		}},
		{"a day that is none, and a row", []func(fstest.MapFS){edit("scheme.yaml", "2025-01-01", "2025-02-30"), write("items.csv", brokenItem)}, []string{"items.csv:2 type", "scheme.yaml:6 "}},
		{"no YAML, and a row", []func(fstest.MapFS){edit("scheme.yaml", "country: ZZ", "country:\n\t- ZZ"), write("items.csv", brokenItem)}, []string{"items.csv:2 type", "scheme.yaml:6 "}},
		{"no scheme.yaml, a row and a text", []func(fstest.MapFS){
			func(f fstest.MapFS) { delete(f, "scheme.yaml") }, write("items.csv", brokenItem), write("messages/en.yaml", "copay: 5\n"),
		}, []string{"items.csv:2 type", "messages/en.yaml:1 ", "scheme.yaml:0 "}},
		{"levels that are none, and a facility nowhere", []func(fstest.MapFS){
			edit("scheme.yaml", "area_levels: [region, district]", "area_levels: region"), edit("facilities.csv", "H,B,D1", "X,B,D9"),
		}, []string{"facilities.csv:3 level", "scheme.yaml:26 "}},
		{"a row of one file, and what refers to a row of another", []func(fstest.MapFS){write("items.csv", brokenItem), edit("facilities.csv", "H,B,D1", "H,B,D9")}, []string{
			"facilities.csv:3 location", "items.csv:2 type",
		}},
		{"a row, and what refers to it", []func(fstest.MapFS){edit("services.csv", "A,Visit,C", "A,Visit,Q")}, []string{"services.csv:2 category"}},
		{"an odd number and a misspelt key", []func(fstest.MapFS){edit("scheme.yaml", "code: V10", "code: 0x10"), edit("scheme.yaml", "calendar: gregorian", "calender: gregorian")}, []string{
			"scheme.yaml:10 ", "scheme.yaml:66 ",
		}},
		{"two faults in plans", []func(fstest.MapFS){edit("scheme.yaml", "{services: [A], fixed_limit: 80}", "{services: [Q], fixed_limit: 80}"), edit("scheme.yaml", "code: V4\n", "code: V4\n    area: Q1\n")}, []string{
			"scheme.yaml:31 ", "scheme.yaml:86 ",
		}},
		{"a period and a row", []func(fstest.MapFS){edit("scheme.yaml", "period: {months: 12, cycles: [\"01-07\"]}", "period: {cycles: [\"01-07\"]}"), edit("prices.csv", "L,service,U,", "L,service,UU,")}, []string{
			"prices.csv:6 code", "scheme.yaml:41 ",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := vectorFiles(t)
			for _, change := range tt.changes {
				change(files)
			}
			p, list := Load(files)
			if p != nil {
				t.Error("the pack was accepted")
			}
			var got []string
			for _, p := range list {
				if !p.Note {
					got = append(got, fmt.Sprintf("%s:%d %s", p.File, p.Line, p.Column))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s\n%s", diff, joined(list))
			}
		})
	}
}

// Without languages in scheme.yaml the tables say which there are.
func TestLanguagesOfTheTables(t *testing.T) {
	files := fstest.MapFS{
		"items.csv":      {Data: []byte("\ufeffcode,name_fr,name_ln,type,care_type,price\nI1,Comprim\u00e9,,D,B,-1\n")},
		"facilities.csv": {Data: []byte("\"")},
	}
	_, list := Load(files)
	got := joined(list)
	for _, want := range []string{"items.csv:2: column price: an amount is not negative", "scheme.yaml: the file is missing", "facilities.csv:1: no header row"} {
		if !strings.Contains(got, want) {
			t.Errorf("no problem says %q", want)
		}
	}
	if strings.Contains(got, "name_fr") && strings.Contains(got, "unknown column") {
		t.Error("the names are strange to it")
	}
	if t.Failed() {
		t.Log(got)
	}
}
