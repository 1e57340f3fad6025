package fhir

import "strings"

// ErrorKind says what a failure means to the client; the edge turns it into an
// HTTP status.
type ErrorKind uint8

// The kinds of failure a client can act on.
const (
	Internal           ErrorKind = iota // not the client's fault
	Invalid                             // 400: cannot be read as FHIR, or breaks a rule of HTTP or search
	Unauthorized                        // 401: who are you
	Forbidden                           // 403: you may not
	NotFound                            // 404
	NotAllowed                          // 405: this interaction is not offered here
	NotAcceptable                       // 406
	Conflict                            // 409: the state of the resource forbids it
	Gone                                // 410: deleted
	PreconditionFailed                  // 412: If-Match, or a condition matched several
	TooLarge                            // 413
	UnsupportedMedia                    // 415
	Unprocessable                       // 422: read and understood, but a rule refuses it
	TooMany                             // 429: slow down
	Unavailable                         // 503: try again later
)

// IssueType is a code of http://hl7.org/fhir/issue-type.
type IssueType string

// The issue types that Jamii answers with.
const (
	IssueInvalid      IssueType = "invalid"
	IssueStructure    IssueType = "structure"
	IssueRequired     IssueType = "required"
	IssueValue        IssueType = "value"
	IssueInvariant    IssueType = "invariant"
	IssueSecurity     IssueType = "security"
	IssueLogin        IssueType = "login"
	IssueUnknown      IssueType = "unknown"
	IssueForbidden    IssueType = "forbidden"
	IssueProcessing   IssueType = "processing"
	IssueNotSupported IssueType = "not-supported"
	IssueDuplicate    IssueType = "duplicate"
	IssueMultiple     IssueType = "multiple-matches"
	IssueNotFound     IssueType = "not-found"
	IssueDeleted      IssueType = "deleted"
	IssueTooLong      IssueType = "too-long"
	IssueCodeInvalid  IssueType = "code-invalid"
	IssueExtension    IssueType = "extension"
	IssueTooCostly    IssueType = "too-costly"
	IssueBusinessRule IssueType = "business-rule"
	IssueConflict     IssueType = "conflict"
	IssueException    IssueType = "exception"
	IssueTimeout      IssueType = "timeout"
	IssueThrottled    IssueType = "throttled"
	IssueIncomplete   IssueType = "incomplete"
	IssueInfo         IssueType = "informational"
)

// Severity is a code of http://hl7.org/fhir/issue-severity.
type Severity string

// The severities of an issue.
const (
	SeverityFatal       Severity = "fatal"
	SeverityError       Severity = "error"
	SeverityWarning     Severity = "warning"
	SeverityInformation Severity = "information"
)

// Issue is one problem found in a document.
type Issue struct {
	Severity Severity
	Code     IssueType
	Rule     string // the rule's id, such as "pat-1" or "R4 required binding"; goes to details
	Path     string // FHIRPath of the element at fault, e.g. "Claim.item[0].quantity"; "" means the resource
	Text     string // what is wrong and what to do; never holds a value from the resource
	Offset   int    // byte offset in the document, 0 when not known
}

// Error is a failure the client can act on.
type Error struct {
	Kind   ErrorKind // decides the status
	Issue  IssueType
	Path   string  // FHIRPath of the element at fault; "" means the resource
	Text   string  // shown to the client; never holds a value from the resource
	Rule   string  // the rule that was broken, if it has a name
	Issues []Issue // every problem found, when there are several; then Issue, Path and Text are the first's
	Cause  error   // for the log only
}

// Error gives the text without the cause, so that it can be logged and shown.
func (e *Error) Error() string {
	if e.Path != "" {
		return e.Path + ": " + e.Text
	}
	return e.Text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// All returns the error as a list of issues, at least one.
func (e *Error) All() []Issue {
	if len(e.Issues) > 0 {
		return e.Issues
	}
	return []Issue{{Severity: SeverityError, Code: e.Issue, Rule: e.Rule, Path: e.Path, Text: e.Text}}
}

// NewError wraps the issues that forbid a request into one Error; nil when
// none of them is an error.
func NewError(kind ErrorKind, issues []Issue) error {
	for _, is := range issues {
		if is.Severity == SeverityError || is.Severity == SeverityFatal {
			return &Error{Kind: kind, Issue: is.Code, Path: is.Path, Text: is.Text, Rule: is.Rule, Issues: issues}
		}
	}
	return nil
}

// Outcome builds an OperationOutcome.
//
// https://hl7.org/fhir/R4/operationoutcome.html
func Outcome(issues ...Issue) Node {
	list := Arr()
	for _, is := range issues {
		o := Obj(Str(string(is.Severity)).As("severity"), Str(string(is.Code)).As("code"))
		if is.Text != "" || is.Rule != "" {
			d := Obj()
			if is.Rule != "" {
				d.Nodes = append(d.Nodes, Arr(Obj(Str(RuleSystem).As("system"), Str(is.Rule).As("code"))).As("coding"))
			}
			if is.Text != "" {
				d.Nodes = append(d.Nodes, Str(is.Text).As("text"))
			}
			o.Nodes = append(o.Nodes, d.As("details"))
		}
		if is.Text != "" {
			o.Nodes = append(o.Nodes, Str(is.Text).As("diagnostics"))
		}
		if is.Path != "" {
			o.Nodes = append(o.Nodes, Arr(Str(is.Path)).As("expression"))
		}
		list.Nodes = append(list.Nodes, o)
	}
	if len(list.Nodes) == 0 {
		list.Nodes = append(list.Nodes, Obj(Str("information").As("severity"), Str("informational").As("code"), Str("All OK").As("diagnostics")))
	}
	return Obj(Str("OperationOutcome").As("resourceType"), list.As("issue"))
}

// Base is the canonical base of everything Jamii publishes: extensions, code
// systems, profiles and search parameters hang on it.
const Base = "https://jamii.health/fhir"

// RuleSystem is the code system of the rule ids in OperationOutcome details.
const RuleSystem = Base + "/CodeSystem/rule"

// JoinPath appends a step to a FHIRPath.
func JoinPath(base, step string) string {
	if base == "" || strings.HasPrefix(step, "[") {
		return base + step
	}
	return base + "." + step
}
