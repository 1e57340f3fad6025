package claims

import "strconv"

// Remarks for the answer that are no part of the decision: on what was sent
// that is odd but no error, and on lines about which nothing else is to be
// said (wire.md 5).

// InFull says that a line is paid as it stands.
func InFull(l *LineDecision, amount string) Message {
	return message("in-full", "plan", l.Product, "amount", amount)
}

// NoIdentifier says that a repeat cannot be told from a second claim.
func NoIdentifier() Message { return Message{Key: "no-identifier"} }

// NetDiffers says that a line's net is not quantity x price x factor.
func NetDiffers(sequence int) Message {
	return message("net-differs", "line", strconv.Itoa(sequence))
}

// TotalDiffers says that the claim's total is not the sum of its lines.
func TotalDiffers() Message { return Message{Key: "total-differs"} }

// Reprocessed says what a claim was paid before it was decided again.
func Reprocessed(before, paid string) Message {
	return message("reprocessed", "before", before, "amount", paid)
}
