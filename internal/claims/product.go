package claims

import (
	"github.com/jamii-health/jamii/internal/date"
)

// Category of a claim or service.
type Category string

// The categories of openIMIS.
const (
	Surgery         Category = "S"
	Delivery        Category = "D"
	Antenatal       Category = "A"
	Hospitalisation Category = "H"
	Consultation    Category = "C"
	OtherCategory   Category = "O"
	VisitCategory   Category = "V"
)

// Product is one version of an insurance product, compiled from a scheme pack.
// A nil pointer or absent map key means "not set".
type Product struct {
	Code    string
	Version string // digest of the pack that defined it

	// MaxNo is the number of claims per category and cover window; 0 allows none.
	MaxNo map[Category]int
	// MaxAmount is the ceiling per claim and policy by category; 0 pays nothing.
	MaxAmount map[Category]Money

	Deductible Limits
	Ceiling    Limits
	// Threshold is the household size included in the policy ceiling; members
	// above it add ExtraMember each, up to MaxPolicy (openimis-domain 3.5 step 4).
	Threshold   int
	ExtraMember ByStay
	MaxPolicy   ByStay

	// ByFacility is true when the hospital level decides between the
	// in-patient and the out-patient limits (ceiling_interpretation H), false
	// when a stay does (I, the default: R29).
	ByFacility bool

	// Lines are the articles the product covers.
	Lines map[ArticleKey]*Terms
}

// Limits are deductibles or ceilings in their three scopes.
type Limits struct {
	Treatment ByStay
	Insuree   ByStay
	Policy    ByStay
}

// ByStay is an amount for all care, or one for in-patient and one for
// out-patient. All wins over the pair; nil or 0 is not set.
type ByStay struct{ All, In, Out *Money }

// ArticleKey names an item or a service.
type ArticleKey struct {
	Kind Kind
	Code string
}

// Origin says where the price of a line comes from.
type Origin string

// The price origins.
const (
	PriceList     Origin = "P"
	ProviderPrice Origin = "O"
	RelativePrice Origin = "R"
)

// Limitation tells co-insurance from a fixed limit.
type Limitation string

// The limitation types.
const (
	CoInsurance Limitation = "C" // Limit is the percentage the scheme pays
	Fixed       Limitation = "F" // Limit is the most paid per unit; 0 or not set is no limit
)

// Terms are what a product says of one article.
type Terms struct {
	Origin     Origin
	Limitation map[Visit]Limitation // E, R, O; missing is CoInsurance
	LimitAdult map[Visit]*Money     // missing: 100 % or no fixed limit
	LimitChild map[Visit]*Money
	// Waiting are months after the member's effective date.
	WaitingAdult, WaitingChild int
	// MaxQty is the most a person may use in the cover's window; nil is
	// unlimited, 0 is none.
	MaxQtyAdult, MaxQtyChild *Money
	// Exclusion from the ceiling: "" counts, "H" hospital, "N" not hospital,
	// "B" both.
	ExclusionAdult, ExclusionChild string
}

// Register is the articles and price lists of a scheme with their validity.
// Build it with its methods; it is read-only afterwards and shared.
type Register struct {
	Articles map[ArticleKey][]Article // by From, ascending
	Prices   map[PriceKey][]Price     // by From, ascending
}

// Article is one version of an item or service.
type Article struct {
	Kind     Kind
	Code     string
	Name     string
	Category Category // services
	Price    Money
	CareType CareType
	// Frequency is the least number of days between two uses, 0 for any.
	Frequency int
	// Patients is the mask 1 male, 2 female, 4 adult, 8 minor; 0 is everyone.
	Patients int
	// MaxQuantity is the most on one line; nil is any.
	MaxQuantity *Money
	Package     string // "S" single, "P" priced by its parts, "F" fixed
	Parts       []Part
	Level       string
	From, To    date.Date // the last day is still valid (R31)
}

// PriceKey is a place in a price list.
type PriceKey struct {
	List string
	Kind Kind
	Code string
}

// Price is one version of a price-list row. A nil Overrule takes the register
// price; 0 is free of charge (R30).
type Price struct {
	Overrule *Money
	From, To date.Date
}

// Article returns the version valid on the day.
func (r *Register) Article(kind Kind, code string, on date.Date) (*Article, bool) {
	versions := r.Articles[ArticleKey{kind, code}]
	for i := len(versions) - 1; i >= 0; i-- {
		if on.Within(versions[i].From, versions[i].To) {
			return &versions[i], true
		}
	}
	return nil, false
}

// Price returns the list's row valid on the day.
func (r *Register) Price(list string, kind Kind, code string, on date.Date) (*Price, bool) {
	rows := r.Prices[PriceKey{list, kind, code}]
	for i := len(rows) - 1; i >= 0; i-- {
		if on.Within(rows[i].From, rows[i].To) {
			return &rows[i], true
		}
	}
	return nil, false
}
