package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

func uncoveredLine(code string) claims.Finding {
	return no("covering-product", claims.ReasonNoProduct, "not-covered", "code", code)
}

// uncover takes the drug out of a cover's product.
func uncover(f *claims.Facts, cover int) {
	delete(f.Covers[cover].Product.Lines, claims.ArticleKey{Kind: claims.Item, Code: claimtest.Drug})
}

var coveringProductCases = table{
	{"not in the product", func(f *claims.Facts) { uncover(f, 0) }, want{0, first(uncoveredLine(claimtest.Drug))}},
	{"in the product of a policy not in force", func(f *claims.Facts) {
		uncover(f, 0)
		idle := claimtest.Cover("P-2", claimtest.Product("OTHER"))
		idle.Status = claims.Idle
		f.Covers = append(f.Covers, idle)
	}, want{0, first(uncoveredLine(claimtest.Drug))}},
	{"a policy without a product", func(f *claims.Facts) {
		f.Covers = append(f.Covers, claimtest.Cover("P-2", nil))
		uncover(f, 0)
	}, want{0, first(uncoveredLine(claimtest.Drug))}},
	{"in the product of another policy", func(f *claims.Facts) {
		uncover(f, 0)
		f.Covers = append(f.Covers, claimtest.Cover("P-2", claimtest.Product("OTHER")))
	}, want{}},
}
