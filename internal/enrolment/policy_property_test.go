package enrolment

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// One more payment never uncovers a day; taking it back gives exactly the
// state before; and a day under an open suspension is never covered.
func TestPaymentProperties(t *testing.T) {
	but := cmp.Options{same, cmpopts.IgnoreFields(Policy{}, "Events")}
	rapid.Check(t, func(rt *rapid.T) {
		plan := nepalWith(func(p *Plan) { p.Activation = Activation(rapid.IntRange(1, 3).Draw(rt, "activation")) })
		p, _, err := Open(plan, claims.New, day("2026-01-01"), date.None, family(2, 3))
		if err != nil {
			rt.Fatal(err)
		}
		at := day("2026-01-01")
		for i := range rapid.IntRange(1, 8).Draw(rt, "steps") {
			at = at.AddDays(rapid.IntRange(0, 40).Draw(rt, "wait"))
			switch rapid.IntRange(0, 6).Draw(rt, "step") {
			case 0:
				p, _, _ = p.Suspend(at)
			case 1:
				p, _, _ = p.Resume(at)
			case 2:
				p, _ = p.Expire(at)
			case 3:
				p, _, _ = p.Activate(at)
			default:
				pay := Payment{
					Receipt: fmt.Sprint("r", i), Date: at,
					Amount: decimal.MustNew(rapid.Int64Range(1, 3600).Draw(rt, "amount"), 0),
				}
				if rapid.IntRange(0, 9).Draw(rt, "enforce") == 0 {
					pay.Action = ActionEnforce
				}
				after, _, err := p.Pay(pay)
				if err != nil {
					rt.Fatal(err)
				}
				undone, _, err := after.TakeBack(pay.Receipt, at)
				if err != nil {
					rt.Fatal(err)
				}
				if diff := cmp.Diff(p, undone, but); diff != "" {
					rt.Fatalf("taking back (-before +after):\n%s", diff)
				}
				for d := day("2026-01-01"); d.Before(day("2027-01-02")); d = d.AddDays(7) {
					if p.Covers("m00", d) && !after.Covers("m00", d) {
						rt.Fatalf("paying uncovered %s", d)
					}
				}
				p = after
			}
			if n := len(p.Gaps); n > 0 && p.Gaps[n-1].To.IsZero() && p.Covers("m00", p.Gaps[n-1].From.AddDays(3)) {
				rt.Fatal("covered while suspended")
			}
		}
	})
}
