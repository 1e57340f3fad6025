package claims

import (
	"math/big"
	"testing"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"
)

func TestMulRoundsHalfUp(t *testing.T) {
	tests := []struct {
		a, b     string
		decimals int
		want     string // "" does not fit
	}{
		{"9999999999999999999", "2", 2, ""},
		{"92233720368547758.08", "1", 2, ""}, // one above what 63 bits hold
		{"-1", "2", 2, ""},
		{"1", "-0.01", 2, ""},
		{"92233720368547758.07", "1", 2, "92233720368547758.07"},
		{"0.125", "1", 2, "0.13"}, // half to even would give 0.12
		{"0.135", "1", 2, "0.14"},
		{"0.1249999999999999999", "1", 2, "0.12"},
		{"2.5", "1", 0, "3"},
		{"0.3333333333333333333", "0.3333333333333333333", 2, "0.11"},
		{"0.0000000000000000005", "0.0000000000000000001", 2, "0.00"},
		{"3000000000", "3000000000", 0, "9000000000000000000"},
		{"0.7", "0.7", 6, "0.490000"},
		{"7", "1", 2, "7.00"},
		{"0", "5", 2, "0.00"},
	}
	for _, tt := range tests {
		c := calc{decimals: tt.decimals}
		got := c.mul(decimal.MustParse(tt.a), decimal.MustParse(tt.b)).String()
		if c.bad {
			got = ""
		}
		if got != tt.want {
			t.Errorf("%s x %s to %d decimals = %q, want %q", tt.a, tt.b, tt.decimals, got, tt.want)
		}
	}
}

// TestMulAgainstBig compares with exact arithmetic.
func TestMulAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Money {
			return decimal.MustNew(rapid.Int64Min(0).Draw(t, name), rapid.IntRange(0, 19).Draw(t, name+" scale"))
		}
		a, b := draw("a"), draw("b")
		c := calc{decimals: rapid.IntRange(0, 6).Draw(t, "decimals")}
		got := c.mul(a, b)

		exact := new(big.Int).Mul(new(big.Int).SetUint64(a.Coef()), new(big.Int).SetUint64(b.Coef()))
		power := func(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
		exact.Mul(exact, power(c.decimals))
		unit := power(a.Scale() + b.Scale())
		exact.Add(exact.Mul(exact, big.NewInt(2)), unit)
		exact.Div(exact, unit.Mul(unit, big.NewInt(2))) // floor(x + 1/2)
		switch {
		case exact.IsInt64() && (c.bad || got.Coef() != exact.Uint64()):
			t.Fatalf("%v x %v = %v (bad %v), want %v", a, b, got, c.bad, exact)
		case !exact.IsInt64() && !c.bad:
			t.Fatalf("%v x %v = %v, but it does not fit", a, b, got)
		}
	})
}

func TestSumsThatDoNotFit(t *testing.T) {
	most := decimal.MustNew(1<<62, 2)
	for name, do := range map[string]func(*calc){
		"add":   func(c *calc) { c.add(c.add(most, most), most) },
		"sub":   func(c *calc) { c.sub(c.sub(most.Neg(), most), most) },
		"plus":  func(c *calc) { c.plus(decimal.MustNew(1<<62, 0), decimal.MustParse("9999999999999999999")) },
		"minus": func(c *calc) { c.minus(decimal.MustNew(-1<<62, 0), decimal.MustParse("9999999999999999999")) },
		"times": func(c *calc) { c.times(most, most) },
	} {
		c := calc{decimals: 2}
		if do(&c); !c.bad {
			t.Errorf("%s: an amount that does not fit went through", name)
		}
	}
}
