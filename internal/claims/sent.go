package claims

import "strconv"

// Remarks on what was sent that is odd but no error (wire.md 5). Who reads the
// claim adds them to Decision.Notes.

// NoIdentifier says that a repeat cannot be told from a second claim.
func NoIdentifier() Message { return Message{Key: "no-identifier"} }

// NetDiffers says that a line's net is not quantity x price x factor.
func NetDiffers(sequence int) Message {
	return message("net-differs", "line", strconv.Itoa(sequence))
}

// TotalDiffers says that the claim's total is not the sum of its lines.
func TotalDiffers() Message { return Message{Key: "total-differs"} }
