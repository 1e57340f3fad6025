package claims

import "github.com/jamii-health/jamii/internal/date"

// Reason is an openIMIS rejection reason; 0 is accepted.
type Reason int

// The rejection reasons (openimis-domain 3.2).
const (
	Accepted             Reason = 0
	ReasonOfficer        Reason = -1
	ReasonNotInRegister  Reason = 1
	ReasonNotInPriceList Reason = 2
	ReasonNoProduct      Reason = 3
	ReasonPatient        Reason = 4
	ReasonFrequency      Reason = 5
	ReasonNotValidPerson Reason = 7
	ReasonTargetDate     Reason = 9
	ReasonCareType       Reason = 10
	ReasonMaxHospital    Reason = 11
	ReasonMaxVisits      Reason = 12
	ReasonMaxConsult     Reason = 13
	ReasonMaxSurgery     Reason = 14
	ReasonMaxDelivery    Reason = 15
	ReasonMaxQuantity    Reason = 16
	ReasonWaiting        Reason = 17
	ReasonMaxAntenatal   Reason = 19
	ReasonInvalidClaim   Reason = 20
	ReasonNoCover        Reason = 21
)

// State of a claim after the decision.
type State int

// The openIMIS claim states, and Queued: passed lines wait for a reviewer.
const (
	StateRejected  State = 1
	StateEntered   State = 2
	StateChecked   State = 4 // queued for review
	StateProcessed State = 8 // awaits the batch run for a relative price
	StateValuated  State = 16
)

// Message is a sentence to be: a key of the pack's messages and its arguments.
// Texts are made when the answer is written, in every language of the pack.
type Message struct {
	Key  string            `json:"key"`
	Args map[string]string `json:"args,omitempty"` // amounts, dates, counts, codes; never a name or identifier of a person
}

// Finding is what a rule says of a line or a claim. The zero Finding passes.
type Finding struct {
	Rule    string // id of the rule: "waiting-period"
	Reason  Reason
	Message Message
	// Quantity, of a finding that passes, is the most the line may count.
	Quantity *Money `json:",omitempty"`
}

// OK reports whether the finding passes.
func (f Finding) OK() bool { return f.Reason == Accepted }

// Decision is the answer to Facts.
type Decision struct {
	Engine   string // version of the rules, for replay
	State    State
	Reason   Reason   // claim-level, 0 unless rejected
	Category Category // derived from the lines (3.4)
	Target   date.Date
	Lines    []LineDecision // in the order of Claim.Lines
	// Entries are the ledger rows to append, one per policy charged. None for
	// a predetermination.
	Entries []Entry
	Asked   Money // sum of quantity x price asked
	Paid    Money
	// Review says why a person must look; empty when none must.
	Review []Message
	Notes  []Message // about the claim as a whole: totals that differ, no identifier ...
	// Considered are the policies whose state the decision read, for guards.
	Considered []string
}

// LineDecision is the answer for one line.
type LineDecision struct {
	Sequence int
	Kind     Kind
	Status   LineStatus
	// Findings are the reasons against the line, the first one stands; the
	// others are for the trace.
	Findings []Finding
	Policy   string
	Product  string
	Origin   Origin
	Limit    Limitation
	LimitVal *Money // of the product's terms: read only
	Quantity Money  // counted: approved, or cut down by a quantity limit
	Price    Money  // unit price used
	Steps    []Step
	Paid     Money
	Awaits   bool      // relative price: Paid is the value the batch run weighs, and already counts in the ledger (R19)
	Notes    []Message // the sentences, in order: why each step changed the amount
}

// StepKind names a money step of a line.
type StepKind string

// The steps, in the order they are taken. Amounts are after the step, but for
// Deductible, Copay, CategoryCeiling and GeneralCeiling, which are what was
// taken off.
const (
	StepSubmitted       StepKind = "submitted"        // quantity asked x price asked
	StepListPrice       StepKind = "list-price"       // quantity x price used
	StepEligible        StepKind = "eligible"         // after quantity cut and fixed limit
	StepFixedLimit      StepKind = "fixed-limit"      // taken off by a fixed limit
	StepDeductible      StepKind = "deductible"       // taken off
	StepCopay           StepKind = "copay"            // co-insurance borne by the person
	StepCategoryCeiling StepKind = "category-ceiling" // taken off
	StepGeneralCeiling  StepKind = "general-ceiling"  // taken off
	StepBenefit         StepKind = "benefit"          // paid
)

// Step is one money step.
type Step struct {
	Kind   StepKind
	Amount Money
}
