package enrolment

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// NumberRule says what a member number looks like (openimis-domain 4.1 (1)):
// prefix, body and, when there is a check, one check digit.
type NumberRule struct {
	Length int    // of the whole number, prefix and check digit included
	Prefix string // digits
	Luhn   bool   // the last digit makes the Luhn sum a multiple of 10
	Mod    int    // the last digit is the rest modulo Mod; 0: none. Not with Luhn; 10 means Luhn
	// Ranges of bodies (without prefix and check digit) from which numbers are
	// issued, in order; none: all from 1. Numbers outside them, issued by
	// others, are still right.
	Ranges []Range
}

// Range is a run of bodies, both ends included.
type Range struct{ From, To uint64 }

// maxNumber keeps a number's digits inside a uint64.
const maxNumber = 19

// Validate reports what is wrong with the rule itself.
func (r NumberRule) Validate() error {
	var errs []error
	width := r.width()
	switch {
	case r.Length < 2 || r.Length > maxNumber:
		errs = append(errs, fmt.Errorf("length: must be 2 to %d", maxNumber))
	case width < 1:
		errs = append(errs, errors.New("length: leaves no room after the prefix and the check digit"))
	default:
		for _, g := range r.Ranges {
			if g.From > g.To || g.To >= pow10(width) {
				errs = append(errs, fmt.Errorf("ranges: must go upwards and have at most %d digits", width))
			}
		}
	}
	if !digits(r.Prefix) && r.Prefix != "" {
		errs = append(errs, errors.New("prefix: must be digits"))
	}
	if r.Mod != 0 && (r.Mod < 2 || r.Mod > 97) {
		errs = append(errs, errors.New("mod: must be 2 to 97"))
	}
	if r.Luhn && r.Mod != 0 && r.Mod != 10 {
		errs = append(errs, errors.New("check: luhn or mod, not both"))
	}
	return errors.Join(errs...)
}

// Check says whether a number obeys the rule. The error never holds the
// number.
func (r NumberRule) Check(number string) error {
	var text string
	switch {
	case len(number) != r.Length:
		text = fmt.Sprintf("The member number must have %d digits.", r.Length)
	case !digits(number):
		text = "The member number must be digits only."
	case !strings.HasPrefix(number, r.Prefix):
		text = "The member number must begin with " + r.Prefix + "."
	case r.checked():
		last := len(number) - 1
		if want, ok := r.digit(number[:last]); !ok || number[last] != want {
			text = "The check digit of the member number is wrong. Look for a typing error."
		}
	}
	if text == "" {
		return nil
	}
	return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueValue, Rule: "member-number", Text: text}
}

// Issue returns the seq-th number, counted from 1: the same seq always gives
// the same number, and two give two. The ranges used up is a Conflict.
func (r NumberRule) Issue(seq int64) (string, error) {
	if err := r.Validate(); err != nil {
		return "", fmt.Errorf("issuing a member number: %w", err)
	}
	if seq < 1 {
		return "", errors.New("issuing a member number: the sequence counts from 1")
	}
	width := r.width()
	ranges := r.Ranges
	if len(ranges) == 0 {
		ranges = []Range{{1, pow10(width) - 1}}
	}
	skip := uint64(seq - 1)
	for _, g := range ranges {
		from, to := r.rank(g.From, width), r.rank(g.To+1, width)
		if skip >= to-from {
			skip -= to - from
			continue
		}
		head := fmt.Sprintf("%s%0*d", r.Prefix, width, r.body(from+skip, width))
		if !r.checked() {
			return head, nil
		}
		d, ok := r.digit(head)
		if !ok {
			return "", errors.New("issuing a member number: no check digit") // rank counts only bodies that have one
		}
		return head + string(d), nil
	}
	return "", refuse(fhir.Conflict, "member-number", "The member numbers of this scheme are used up. Add a range to member_number.")
}

func (r NumberRule) luhn() bool    { return r.Luhn || r.Mod == 10 }
func (r NumberRule) checked() bool { return r.luhn() || r.Mod > 0 }

// width is the number of digits of the body.
func (r NumberRule) width() int {
	w := r.Length - len(r.Prefix)
	if r.checked() {
		w--
	}
	return w
}

// digit is the check digit for the number without it; a rest of 10 or more has
// none.
func (r NumberRule) digit(head string) (byte, bool) {
	if r.luhn() {
		sum := 0
		for i := 0; i < len(head); i++ {
			d := int(head[len(head)-1-i] - '0')
			if i%2 == 0 {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum += d
		}
		return byte('0' + (10-sum%10)%10), true
	}
	rest := 0
	for i := 0; i < len(head); i++ {
		rest = (rest*10 + int(head[i]-'0')) % r.Mod
	}
	return byte('0' + rest), rest <= 9
}

// rank is how many bodies below b, prefix and all, have a check digit; body
// is its inverse. Only a modulus above 10 leaves numbers out.
func (r NumberRule) rank(b uint64, width int) uint64 {
	b += r.base(width)
	if r.luhn() || r.Mod <= 10 {
		return b
	}
	m := uint64(r.Mod)
	return b/m*10 + min(b%m, 10)
}

func (r NumberRule) body(rank uint64, width int) uint64 {
	if !r.luhn() && r.Mod > 10 {
		rank = rank/10*uint64(r.Mod) + rank%10
	}
	return rank - r.base(width)
}

// base is the prefix followed by zeros.
func (r NumberRule) base(width int) uint64 {
	var n uint64
	for i := 0; i < len(r.Prefix); i++ {
		n = n*10 + uint64(r.Prefix[i]-'0')
	}
	return n * pow10(width)
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
