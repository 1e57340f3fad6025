package rules

import "github.com/jamii-health/jamii/internal/claims"

// quantityLimit lets a person use no more of an article than the product
// allows in the cover's window, whatever policy earlier uses were under (R09)
// and earlier lines of the same claim included (R08). What is above is cut
// off; with nothing left the line is refused. A limit of 0 allows nothing
// (R10).
var quantityLimit = claims.Rule{
	ID:     "quantity-limit",
	Cite:   "openIMIS 3.2 #11; R08, R09, R10; settled 3; V18",
	Reason: claims.ReasonMaxQuantity,
	Scope:  claims.ScopeCover,
	Check: func(v *claims.View) claims.Finding {
		limit := v.Terms.MaxQty(v.Adult)
		if limit == nil {
			return claims.Pass
		}
		used := v.Used()
		left := v.Left(*limit, used)
		window := v.Cover.Window()
		args := []string{
			"code", v.Line.Code, "limit", claims.Number(*limit), "used", claims.Number(used),
			"from", window.From.String(), "to", window.To.String(),
		}
		switch {
		case !left.IsPos():
			return v.Refuse("quantity-used-up", args...)
		case v.Line.Quantity.Cmp(left) > 0:
			return v.Cut(left, "quantity-cut", append(args, "quantity", claims.Number(left))...)
		}
		return claims.Pass
	},
}
