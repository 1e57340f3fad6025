package patch

import "testing"

func TestQuoteDiv(t *testing.T) {
	for in, want := range map[string]string{
		"Patient.text.div":                       "Patient.text.`div`",
		"Patient.text.div.exists()":              "Patient.text.`div`.exists()",
		"Patient.text.`div`":                     "Patient.text.`div`",
		"Patient.text.divider":                   "Patient.text.divider",
		"4 div 2":                                "4 div 2",
		"name.where(text = 'a.div' or text.div)": "name.where(text = 'a.div' or text.`div`)",
		`name.where(text = 'a\'.div').text.div`:  "name.where(text = 'a\\'.div').text.`div`",
		"name.where(`x.div` = \".div\")":         "name.where(`x.div` = \".div\")",
		`name.where(text = '.div\`:               `name.where(text = '.div\`,
	} {
		if got := quoteDiv(in); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}
