package claims

// book adds one ledger row per policy charged. A predetermination touches
// nothing; a preauthorization only when the scheme lets it hold.
func (r *run) book(d *Decision, accounts []account) {
	c := &r.facts.Claim
	if c.Use == UsePredetermination || (c.Use == UsePreauthorization && !r.facts.Settings.PreauthHolds) {
		return
	}
	for i := range accounts {
		a := &accounts[i]
		if !a.open {
			continue
		}
		d.Entries = append(d.Entries, Entry{
			Claim: c.ID, Policy: r.inForce[i].Policy, Person: r.facts.Person.ID, Hospital: a.hospital,
			Deducted: a.deducted, Counted: a.counted, Paid: a.paid, Category: d.Category,
		})
	}
}

// Reverse gives the rows that take entries back: the same with opposite signs,
// so that each claim and policy sums to zero.
func Reverse(entries []Entry) []Entry {
	out := make([]Entry, len(entries))
	for i, e := range entries {
		e.Deducted, e.Counted, e.Paid = e.Deducted.Neg(), e.Counted.Neg(), e.Paid.Neg()
		out[i] = e
	}
	return out
}
