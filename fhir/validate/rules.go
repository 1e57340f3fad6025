package validate

// The ids of the rules that are no invariants of HL7; an invariant's id is its
// key, such as "pat-1".
const (
	ruleObject       = "json-object"        // https://hl7.org/fhir/R4/json.html#resources
	ruleResourceType = "resource-type"      // https://hl7.org/fhir/R4/json.html#resources
	ruleEmpty        = "json-empty"         // https://hl7.org/fhir/R4/json.html: no empty object, array or string
	ruleNull         = "json-null"          // https://hl7.org/fhir/R4/json.html#primitive
	ruleArray        = "json-array"         // https://hl7.org/fhir/R4/json.html#repeating
	ruleType         = "json-type"          // https://hl7.org/fhir/R4/json.html#primitive
	ruleAlign        = "json-align"         // https://hl7.org/fhir/R4/json.html#primitive: both arrays are filled out with null
	ruleUnknown      = "unknown-element"    // https://hl7.org/fhir/R4/validation.html: structure
	ruleCardinality  = "cardinality"        // https://hl7.org/fhir/R4/conformance-rules.html#cardinality
	ruleChoice       = "choice"             // https://hl7.org/fhir/R4/formats.html#choice
	ruleFormat       = "format"             // https://hl7.org/fhir/R4/datatypes.html#primitive
	ruleRequired     = "binding-required"   // https://hl7.org/fhir/R4/terminologies.html#required
	ruleExtensible   = "binding-extensible" // https://hl7.org/fhir/R4/terminologies.html#extensible
	ruleReference    = "ref-format"         // https://hl7.org/fhir/R4/references.html#literal
	ruleTarget       = "ref-target"         // https://hl7.org/fhir/R4/references.html#Reference
	ruleContainedID  = "contained-id"       // https://hl7.org/fhir/R4/references.html#contained
)
