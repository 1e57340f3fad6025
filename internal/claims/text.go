package claims

import (
	"maps"
	"strings"
)

// english holds a sentence for every message key, {name} standing for an
// argument. Packs translate them; the keys and names are the contract.
var english = map[string]string{
	// Why a claim is refused.
	"no-date":           "The claim has no date of service. Give the date of the visit, or the first and last day of the stay.",
	"dated-before":      "The claim is dated {claimed}, before the service began on {from}. Check both dates.",
	"person-ended":      "The person's record has ended. Check the insurance number.",
	"person-died":       "The service began after the date of death on record. Check the insurance number and the date.",
	"insurer-unknown":   "The insurer named in the claim is not known here. Check the insurer.",
	"no-cover":          "No policy covers the person on {date}.",
	"cover-not-paid":    "The person has a policy, but it was not in force on {date}: its contribution is not fully paid.",
	"cover-not-started": "The person has a policy, but is not covered by it yet on {date}.",
	"cover-starts":      "The cover starts on {from}, after the service on {date}.",
	"cover-ended":       "The cover ended on {to}, before the service on {date}.",
	"cover-suspended":   "The policy was suspended on {date}.",
	"amounts":           "An amount or quantity is negative, zero where it may not be, or too large. Correct it and send the claim again.",

	// Why a line is refused.
	"not-in-register":   "{code} is not in the register on {date}.",
	"not-in-price-list": "{code} is not in the facility's price list on {date}.",
	"care-stay":         "The facility gives out-patient care only, and the claim is for a stay.",
	"care-facility-out": "{code} is for in-patients, and the facility gives out-patient care only.",
	"care-facility-in":  "{code} is for out-patients, and the facility gives in-patient care only.",
	"care-needs-stay":   "{code} is for in-patients, and the claim has no stay.",
	"care-in-stay":      "{code} is for out-patients, and the claim is for a stay.",
	"patient-sex":       "{code} is not for a person of this sex.",
	"patient-age":       "{code} is not for a person of this age.",
	"frequency":         "{code} was used on {date} and may be used once in {days} days: again from {next}.",
	"not-covered":       "No product of the person covers {code}.",
	"no-product":        "No product of the person covers {code}.",
	"waiting-period":    "{code} is covered from {date}, when the waiting period ends.",
	"quantity-used-up":  "The limit of {limit} for {code} from {from} to {to} is used up: {used} used before.",
	"category-maximum":  "The cover allows {limit} claims for {category} from {from} to {to}, and {used} were made.",
	"review-refused":    "A reviewer refused this line.",

	// Why a line is paid less, or more, than asked.
	"quantity-cut":         "Counted {quantity} only: {used} of {limit} were used before, from {from} to {to}.",
	"review-quantity":      "A reviewer lowered the quantity from {before} to {quantity}.",
	"list-price":           "The list price {price} is used; {asked} was asked.",
	"list-price-above":     "The list price {price} is used, as the scheme pays list prices; {asked} was asked.",
	"no-price":             "No price was given for {code}, and the scheme has none of its own: nothing is paid.",
	"package-capped":       "The price of the package is {price} at most.",
	"package-mismatch":     "The parts given do not match the package {code}: nothing is paid for it. List every part in its quantity.",
	"review-price":         "A reviewer set the price to {price}; it was {before}.",
	"fixed-limit":          "The scheme pays {limit} each at most: {amount} is not covered.",
	"deductible-treatment": "The person pays the first {limit} of a treatment: {amount} of it here, {left} left.",
	"deductible-insuree":   "The person pays the first {limit} under the policy: {amount} of it here, {left} left.",
	"deductible-policy":    "The household pays the first {limit} under the policy: {amount} of it here, {left} left.",
	"copay":                "The scheme pays {percent} percent; the person pays {amount}.",
	"category-ceiling":     "A claim for {category} had {left} left of its ceiling: {amount} is above it.",
	"ceiling-treatment":    "The treatment had {left} left of its ceiling: {amount} is above it.",
	"ceiling-insuree":      "The person had {left} left of the ceiling: {amount} is above it.",
	"ceiling-policy":       "The household had {left} left of the ceiling: {amount} is above it.",
	"awaits-batch":         "The price is relative: the line counts {amount}, and what is paid follows from the period's total.",

	// About the claim as a whole.
	"predetermination": "This is an estimate: nothing was reserved or counted.",
	"review-preauth":   "A pre-authorisation is looked at by a person.",
	"review-service":   "{code} is looked at by a person.",
	"review-above":     "Claims of {limit} or more are looked at by a person; this one claims {amount}.",
	"review-ceiling":   "Claims above a ceiling are looked at by a person.",
	"review-sample":    "Chosen for a look by a person, as {percent} of 100 claims are.",
	"in-full":          "Covered by {plan} and paid in full: {amount}.",
	"reprocessed":      "Decided again: {before} was paid before, {amount} is paid now.",
	"no-identifier":    "The claim has no identifier, so a retry cannot be told from a second claim.",
	"net-differs":      "The net of line {line} is not its quantity times its price; it was reckoned anew.",
	"total-differs":    "The total is not the sum of the lines; it was reckoned anew.",
	"category-nothing": "The cover pays nothing for {category}.",

	// Words for the argument {category}.
	"category-S": "surgery",
	"category-D": "delivery",
	"category-A": "antenatal care",
	"category-H": "hospital admission",
	"category-C": "consultation",
	"category-O": "other care",
	"category-V": "visits",
}

// Texts is the English sentence of every message key, for packs to translate
// and the edge to fall back on. The caller owns the copy.
func Texts() map[string]string { return maps.Clone(english) }

// Text is the sentence in the language of texts, in English where they lack
// the key. Argument category is put in words by its own key.
func (m Message) Text(texts map[string]string) string {
	sentence := lookUp(texts, m.Key)
	for name, value := range m.Args {
		if name == "category" {
			value = lookUp(texts, "category-"+value)
		}
		sentence = strings.ReplaceAll(sentence, "{"+name+"}", value)
	}
	return sentence
}

func lookUp(texts map[string]string, key string) string {
	if s, ok := texts[key]; ok {
		return s
	}
	if s, ok := english[key]; ok {
		return s
	}
	return key
}
