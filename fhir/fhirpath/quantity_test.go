package fhirpath

import "testing"

func TestUCUM(t *testing.T) {
	for _, s := range []string{"nosuch", "kkg", "m/", "/", ".", "(m", "m)", "m+", "{open", "m{open", "mmin", "m99", "(((((((m)))))))", "0m", "", "10*999", "99999999999999999999"} {
		if _, ok := ucum(s); ok {
			t.Errorf("%q is taken as a unit", s)
		}
	}
	for _, x := range []struct{ source, unit, want string }{
		{"1 '[lb_av]'", "g", "453.59237"},
		{"1 '[in_i]'", "cm", "2.54"},
		{"1 'kg.m2/s2'", "J", "1"},
		{"1 'mmol/L'", "mol/m3", "1"},
		{"5 '10*3/uL'", "10*9/L", "5"},
		{"1 '/min'", "/h", "60"},
		{"1 'mm[Hg]'", "Pa", "133.322"},
		{"37 'Cel'", "[degF]", "98.6"},
		{"32 '[degF]'", "Cel", "0"},
		{"1 '{tablet}'", "1", "1"},
		{"2 'mg{total}/d'", "g/d", "0.002"},
		{"50 '%'", "1", "0.5"},
		{"1 'wk'", "d", "7"},
		{"1 'a'", "mo", "12"},
		{"1 '[gal_us]'", "L", "3.785411784"},
		{"1 'k[iU]/L'", "[iU]/mL", "1"},
		{"3 'kcal_th'", "J", "12552"},
		{"1 'MiBy'", "By", "1048576"},
		{"1 'm2'", "cm2", "10000"},
		{"1 'm-1'", "/m", "1"},
		{"1 '(kg/m)/s'", "g/(m.s)", "1000"},
		{"1 'dag'", "g", "10"},
		{"180 'deg'", "rad", "3.141592653589793238462643383279503"},
		{"1 'U/L'", "nkat/L", "16.66666666666666666666666666666667"},
	} {
		runExamples(t, nil, []example{{x.source + ".toQuantity('" + x.unit + "')", x.want + " '" + x.unit + "'"}})
	}
}

func TestAtoms(t *testing.T) {
	for name := range atoms {
		if _, ok := ucum(name); !ok {
			t.Errorf("%s does not resolve", name)
		}
		if a := atoms[name]; a.factor != "" && ratio(a.factor).Sign() <= 0 {
			t.Errorf("%s has the factor %s", name, a.factor)
		}
	}
}

func TestQuantities(t *testing.T) {
	runExamples(t, nil, []example{
		{"1 'mg' < 'a'", "fails: line 1, column 8: these two types cannot be ordered"},
		{"1 'mg' + 1 'cm'", "fails: line 1, column 8: this operator does not work on these two types or units"},
		{"1 'mg' div 2", "fails: line 1, column 8: this operator does not work on these two types or units"},
		{"1 'mg' = 1 'cm'", "false"},
		{"1 'mg' < 1 'cm'", ""},
		{"1 'tabs' = 1 'tabs'", "true"}, // units that are not known are compared by their text
		{"1 'tabs' < 1 'pcs'", ""},
		{"1 'g' = 1000 'mg' and 1.0 'g' > 999 'mg'", "true"},
		{"1 year = 12 months", "true"},
		{"1 year > 1 month", "true"},
		{"1 year = 1 'a'", ""},
		{"1 month != 30 days", ""},
		{"1 month = 30 'cm'", "false"},
		{"1 day = 24 hours and 1 'h' = 60 minutes", "true"},
		{"1 year ~ 1 'a'", "false"},
		{"1 'g' ~ 1.0004 'g' and 1 'g' ~ 1000.4 'mg'", "true"},
		{"1 'g' ~ 1 'm'", "false"},
		{"1 'g' + 500 'mg'", "1.5 'g'"},
		{"1 'g' - 500 'mg'", "0.5 'g'"},
		{"3 'm' * 2 'm'", "6 'm.m'"},
		{"3 'm' * 2", "6 'm'"},
		{"6 'm' / 2 's'", "3 'm/s'"},
		{"6 'm' / 2 'm.s'", "3 'm/(m.s)'"},
		{"6 / 2 's'", "3 '/s'"},
		{"6 'm' / 0 's'", ""},
		{"6 hours * 2", "12 'h'"},
		{"2 'mg' * 'a'", "fails: line 1, column 8: this operator does not work on these two types or units"},
		{"-5 'mg'", "-5 'mg'"},
		{"1 'cm'.comparable(1 'm') and 1 'cm'.comparable(1 's').not()", "true"},
		{"'a'.comparable(1)", "fails: line 1, column 5: comparable() compares quantities"},
		{"extension('https://example.org/weight').value = 70500 'g'", "true"},
		{"extension('https://example.org/weight').value > 70 'kg'", "true"},
		{"extension('https://example.org/weight').value + 1 'kg'", "71.5 'kg'"},
		{"extension('https://example.org/least').value = 3 'kg'", "false"}, // more than 3, not 3
		{"extension('https://example.org/least').value > 2 'kg'", ""},
		{"extension('https://example.org/least').value = extension('https://example.org/least').value", "true"},
		{"1.587 'cm'.lowBoundary()", "1.58650000 'cm'"},
		{"(1.5 'cm').abs().round()", "2 'cm'"},
	})
}

func FuzzUCUM(f *testing.F) {
	for _, s := range []string{"mg/dL", "10*3/uL", "kg.m2{x}", "m-2", "(a.b)/c", "[in_i'Hg]", "/min"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if u := parseUnit(s); u.num != nil && u.num.Sign() <= 0 {
			t.Errorf("%q is worth %s", s, u.num)
		}
	})
}
