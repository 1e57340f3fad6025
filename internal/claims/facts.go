// Package claims decides claims: facts in, decision out. It has no clock, no
// database and no HTTP, and it never parses FHIR: the same facts and the same
// engine give the same bytes.
//
// The rules stand in internal/claims/rules, one file each; the reference is
// openimis-domain section 3 as settled by claim-readings (R01 to R34).
package claims

import (
	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/date"
)

// Money is an amount in the scheme's currency.
type Money = decimal.Decimal

// Facts are all that a decision depends on.
type Facts struct {
	Claim    Claim
	Person   Person
	Facility Facility
	// Covers are all policies the person is a member of with the claim's
	// insurer, in order of enrolment, whatever their status.
	Covers []Cover
	// Register holds services, items and price lists with their validity.
	Register *Register
	// History are the lines of the person's other claims, decided or
	// reserved, under any policy. Cancelled and merely entered claims are not
	// among them.
	History []PastLine
	// Ledger are the entries of other claims on the policies in Covers, of all
	// members. A reversed claim's entries sum to zero.
	Ledger   []Entry
	Settings Settings
}

// Settings are the scheme's parameters that are not a product's.
type Settings struct {
	Currency      string
	Decimals      int    // of the currency
	AgeOfMajority int    // years; 18 when the scheme says nothing
	PriceCap      string // "lesser" (default) or "list": R01
	LineCareType  bool   // also compare a line's care type with the stay (3.2 LEGACY d)
	NoInsurer     bool   // the claim's insurer is not known: every line is refused
	Review        ReviewPolicy
	PreauthHolds  bool // a pre-authorisation reserves the ledger
}

// ReviewPolicy says which claims a person must see. Zero values are off.
type ReviewPolicy struct {
	Above       Money    // claimed total of passed lines at or above
	Services    []string // any passed line with such a code
	Percent     int      // of claims, chosen by a hash of provider and claim identifier, so that the choice can be repeated
	Preauth     bool     // every preauthorization
	OverCeiling bool     // a ceiling cut the claim
}

// Use is Claim.use.
type Use string

// The uses of a claim.
const (
	UseClaim            Use = "claim"
	UsePreauthorization Use = "preauthorization"
	UsePredetermination Use = "predetermination"
)

// Claim is what was asked.
type Claim struct {
	ID       string // stable text that names the claim: "system|value" of its identifier, else the resource id
	Use      Use
	From, To date.Date // the visit or stay; at least one
	Created  date.Date // date claimed
	Visit    Visit     // "" means Other
	// Diagnoses are codes, the main one first.
	Diagnoses []string
	Lines     []Line // items before services is the engine's business; here in the claim's order
	Guarantee string
	Referral  bool
	// Reviewed says that a person has seen the claim, verdicts or none: it is
	// not queued again.
	Reviewed bool
}

// Visit is the visit type.
type Visit string

// The visit types of openIMIS.
const (
	Emergency Visit = "E"
	Referral  Visit = "R"
	Other     Visit = "O"
)

// Kind tells an item from a service.
type Kind string

// The kinds of article.
const (
	Item    Kind = "item"
	Service Kind = "service"
)

// Line is one line of the claim.
type Line struct {
	Sequence int
	Kind     Kind   // "" when the register has the code as neither: reason 1
	Code     string // of the scheme's own system
	Quantity Money
	Asked    *Money // unit price; nil: the list price is meant
	Parts    []Part // what a package was made of
	Review   *Verdict
}

// Part is a sub-line of a package.
type Part struct {
	Kind     Kind
	Code     string
	Quantity Money
}

// Verdict is a reviewer's word on a line.
type Verdict struct {
	Reject   bool
	Quantity *Money // approved, not above what was claimed
	Price    *Money // approved unit price, not above what was asked
}

// Sex of a person; other and unknown count as male (3.2 check 7).
type Sex string

// Person is the patient.
type Person struct {
	ID    string // logical id of the Patient
	Born  date.Date
	Sex   Sex // "M", "F", "O"
	Valid bool
	Died  date.Date // zero while alive
}

// CareType of facilities, items and services.
type CareType string

// The care types.
const (
	OutPatient CareType = "O"
	InPatient  CareType = "I"
	Both       CareType = "B"
)

// Facility is the provider.
type Facility struct {
	Code     string
	Level    string // D, C, H
	SubLevel string
	CareType CareType
	// Lists name the facility's price lists in the register; "" is none, and
	// then nothing of that kind is in its list.
	ItemList, ServiceList string
}

// Status of a policy.
type Status int

// The openIMIS statuses of a policy.
const (
	Idle      Status = 1
	Active    Status = 2
	Suspended Status = 4
	Expired   Status = 8
	Ready     Status = 16
)

// Stage of a policy: new or renewed.
type Stage string

// The stages.
const (
	New     Stage = "N"
	Renewed Stage = "R"
)

// Cover is one policy that insures the person.
type Cover struct {
	Policy    string // policy number
	Product   *Product
	Stage     Stage
	Status    Status
	Enrolled  date.Date
	Start     date.Date
	Effective date.Date // zero while not active
	Expiry    date.Date
	// Gaps are the suspended spans; a zero To is still suspended. These days
	// stay uncovered for ever.
	Gaps []Span
	// Member is the person's own span on the policy: Effective (zero: not
	// covered yet) to Expiry.
	Member Span
	// Members are the spans of all members, the person's included: they count
	// for ceilings that grow with the household.
	Members []Span
}

// Span is a run of days, both ends included; a zero To is open.
type Span struct{ From, To date.Date }

// LineStatus of a past line.
type LineStatus int

// The statuses of a line.
const (
	Passed   LineStatus = 1
	Rejected LineStatus = 2
)

// PastLine is a line of another claim of the person.
type PastLine struct {
	Claim    string
	Kind     Kind
	Code     string
	Target   date.Date // the claim's target date
	Quantity Money     // approved else provided
	Status   LineStatus
	Category Category // of the claim
	Policy   string
	Product  string
}

// Entry is one row of the ledger: what a claim of a person took from a policy.
// A cancelled claim has a second row with the opposite signs.
type Entry struct {
	Claim    string
	Policy   string
	Person   string
	Hospital bool
	Deducted Money
	// Counted is what was paid and counts against ceilings; Paid is all.
	Counted Money
	Paid    Money
	// ByCategory is what was paid under the claim's category.
	Category Category
}
