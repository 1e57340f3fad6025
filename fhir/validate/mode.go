package validate

import "github.com/jamii-health/jamii/fhir"

// Mode is the parameter mode of $validate.
//
// https://hl7.org/fhir/R4/valueset-resource-validation-mode.html
type Mode string

// The modes. Without one the content alone is checked, as with ModeProfile,
// whose profile goes into Options.Profiles. With ModeDelete the content is
// ignored: whether the instance may be deleted is for the caller to say.
const (
	ModeCreate  Mode = "create"
	ModeUpdate  Mode = "update"
	ModeDelete  Mode = "delete"
	ModeProfile Mode = "profile"
)

// mode checks the id against what the resource is meant for.
//
// https://hl7.org/fhir/R4/http.html#create, #update
func (w *walker) mode(n *fhir.Node) {
	id := n.Get("id")
	w.steps = append(w.space[:0], step{n.ResourceType(), -1})
	switch {
	case w.opts.Mode == ModeCreate && id != nil && !w.opts.ErrorsOnly:
		w.report(issue{n: id, severity: fhir.SeverityInformation, code: fhir.IssueInfo, rule: ruleMode, child: "id", text: "A create ignores the id: the server gives its own."})
	case w.opts.Mode != ModeUpdate:
	case id == nil:
		w.report(issue{n: n, code: fhir.IssueRequired, rule: ruleMode, child: "id", text: "An update needs the id of the resource: add it."})
	case w.opts.ID != "" && id.String() != w.opts.ID:
		w.report(issue{n: id, code: fhir.IssueValue, rule: ruleMode, child: "id", text: "The id must be that of the resource that is updated."})
	}
}
