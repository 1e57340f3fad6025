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

	ruleProfile      = "profile"           // https://hl7.org/fhir/R4/elementdefinition.html: type.profile
	ruleProfileKnown = "profile-known"     // https://hl7.org/fhir/R4/resource.html#profile
	ruleProfileType  = "profile-type"      // https://hl7.org/fhir/R4/profiling.html
	ruleTypes        = "type"              // https://hl7.org/fhir/R4/elementdefinition.html: type
	ruleFixed        = "fixed"             // https://hl7.org/fhir/R4/elementdefinition.html: fixed[x]
	rulePattern      = "pattern"           // https://hl7.org/fhir/R4/elementdefinition.html: pattern[x]
	ruleMinValue     = "min-value"         // https://hl7.org/fhir/R4/elementdefinition.html: minValue[x]
	ruleMaxValue     = "max-value"         // https://hl7.org/fhir/R4/elementdefinition.html: maxValue[x]
	ruleMaxLength    = "max-length"        // https://hl7.org/fhir/R4/elementdefinition.html: maxLength
	ruleSlicing      = "slicing"           // https://hl7.org/fhir/R4/profiling.html#slicing
	ruleTargetMeets  = "ref-profile"       // https://hl7.org/fhir/R4/elementdefinition.html: type.targetProfile
	ruleContext      = "ext-context"       // https://hl7.org/fhir/R4/defining-extensions.html#context
	ruleModifier     = "ext-modifier"      // https://hl7.org/fhir/R4/extensibility.html#modifierExtension
	ruleExtCount     = "ext-cardinality"   // https://hl7.org/fhir/R4/defining-extensions.html#cardinality
	rulePreferred    = "binding-preferred" // https://hl7.org/fhir/R4/terminologies.html#preferred
	ruleUnchecked    = "binding-unchecked" // https://hl7.org/fhir/R4/terminologies.html#required
	ruleFullURL      = "bundle-fullurl"    // https://hl7.org/fhir/R4/bundle.html#bundle-unique
	ruleBundleTarget = "bundle-reference"  // https://hl7.org/fhir/R4/bundle.html#references
	ruleURN          = "uri-urn"           // https://hl7.org/fhir/R4/datatypes.html#uri
	ruleMode         = "validate-mode"     // https://hl7.org/fhir/R4/resource-operation-validate.html
	ruleBudget       = "profile-budget"    // our own: no profile may hang the server
)
