package search

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestDecimalForm(t *testing.T) {
	for _, bad := range []string{"", "-", "+-1", "--1", "1.", ".5", "1e", "1e+", "e5", "1 ", "0x1", "Inf", "NaN", "1_0", "1.2.3", "1,5", "١"} {
		if decimalForm(bad) {
			t.Errorf("%q is taken for a decimal", bad)
		}
	}
	for _, good := range []string{"0", "-0", "+5", "100.00", "1e2", "5.40E-3", "00012", "12345678901234567890.1"} {
		if _, ok := decimal(good); !ok {
			t.Errorf("%q is not taken for a decimal", good)
		}
	}
	for _, huge := range []string{"1e401", "1e-401", "1e99999999999999999999"} {
		if _, ok := decimal(huge); ok {
			t.Errorf("%s is accepted", huge)
		}
	}
}

func TestNumberAsked(t *testing.T) {
	tests := []struct {
		text   string
		op     Op
		lo, hi string
	}{
		{"100", Eq, "99.5", "100.5"},
		{"100.00", Eq, "99.995", "100.005"},
		{"1e2", Eq, "95", "105"},
		{"5.4", Eq, "5.35", "5.45"},
		{"5.40e-3", Eq, "0.005395", "0.005405"},
		{"0", Eq, "-0.5", "0.5"},
		{"-7", Eq, "-7.5", "-6.5"},
		{"100", Ap, "90", "110"},
		{"-100", Ap, "-110", "-90"},
	}
	for _, tt := range tests {
		a, ok := numberAsked(tt.text, tt.op)
		if !ok {
			t.Errorf("%s: refused", tt.text)
			continue
		}
		lo, _ := decimal(tt.lo)
		hi, _ := decimal(tt.hi)
		if a.lo.Cmp(lo) != 0 || a.hi.Cmp(hi) != 0 {
			t.Errorf("%s: [%s, %s), want [%s, %s)", tt.text, a.lo, a.hi, tt.lo, tt.hi)
		}
	}
}

func TestOrdered(t *testing.T) {
	rising := []string{"-1e400", "-1e308", "-12345678901234567890", "-2", "-1.5", "-1e-300", "0", "1e-300", "0.1", "0.2", "1", "1.0000000001", "1e15", "1e308", "1e400"}
	for i := 1; i < len(rising); i++ {
		if Ordered(rising[i-1], 1) > Ordered(rising[i], -1) {
			t.Errorf("%s is not before %s", rising[i-1], rising[i])
		}
	}
	if Ordered("-0", 0) != Ordered("0.00", 0) || Ordered("1.10", 0) != Ordered("1.1", 0) {
		t.Error("equal decimals differ")
	}
	if Ordered("1e400", 2) == math.MaxInt64 || Ordered("-1e400", -2) == math.MinInt64 {
		t.Error("an infinity meets the open ends")
	}
}

var number = rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?(e-?[0-9]{1,2})?`)

// What Match accepts, a store must find by Lo and Hi: for every prefix, also
// for numbers that no float64 tells apart.
func TestStoresFindASuperset(t *testing.T) {
	c, err := NewCatalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := number.Draw(t, "asked")
		near := rapid.SampledFrom([]string{"", "0", "1", "00000000000000000001"}).Draw(t, "more digits")
		value := rapid.OneOf(number, rapid.Just(text)).Draw(t, "value")
		if d, ok := decimal(value); ok && d.Exponent < 0 && near != "" {
			value = d.Text('f') + near // a neighbour
		}
		op := rapid.SampledFrom([]string{"eq", "gt", "lt", "ge", "le", "sa", "eb", "ap"}).Draw(t, "prefix")
		x := indexer{c: c, kind: Number, param: "p"}
		x.point("", "", "", value)
		p := parser{c: c, q: &Query{}}
		expr, err := p.number("p", op+text)
		if err != nil {
			t.Fatal(err)
		}
		b := expr.(Between)
		if Match(b, x.out, Context{}) && !b.Op.holds(b.Lo, b.Hi, x.out[0].Lo, x.out[0].Hi) {
			t.Fatalf("%s%s matches %s but is not found by its bounds", op, text, value)
		}
	})
}
