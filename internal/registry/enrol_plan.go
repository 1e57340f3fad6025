package registry

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

// choose reads the wished coverage and picks the plan, and makes the key that
// tells a repeated request.
func (e *enrolling) choose(ctx context.Context) error {
	const path = "EnrollmentRequest.coverage"
	ref := e.node.Get("coverage")
	if e.coverage = e.bag.find(ref.Get("reference").String()); e.coverage.ResourceType() != "Coverage" {
		res, err := e.r.locate(ctx, e.c, e.bag, ref, path, "Coverage")
		if err != nil {
			return err
		}
		if e.coverage, err = res.Tree(); err != nil {
			return fmt.Errorf("stored %s: %w", res.Type, err)
		}
	}
	if err := e.beneficiary(ctx, path); err != nil {
		return err
	}
	code, err := e.planCode(path)
	if err != nil {
		return err
	}
	plan, ok := e.pack.Enrolment(code, e.enrolled)
	if !ok {
		return &fhir.Error{
			Kind: fhir.Unprocessable, Issue: fhir.IssueCodeInvalid, Path: path + ".class", Rule: "enrolment-plan",
			Text: "The insurer has no such plan on the day of the enrolment. Its plans are: " + e.plans() + ".",
		}
	}
	e.plan = plan
	e.key(code)
	return nil
}

func (e *enrolling) plans() string { return strings.Join(e.pack.PlansOn(e.enrolled), ", ") }

// planCode is the class "plan" of the coverage; without one the insurer's only
// plan is meant.
func (e *enrolling) planCode(path string) (string, error) {
	for _, class := range e.coverage.Get("class").Each() {
		for _, c := range class.Path("type", "coding").Each() {
			if c.Get("code").String() == "plan" {
				return class.Get("value").String(), nil
			}
		}
	}
	if sold := e.pack.PlansOn(e.enrolled); len(sold) == 1 {
		return sold[0], nil
	}
	return "", &fhir.Error{
		Kind: fhir.Unprocessable, Issue: fhir.IssueRequired, Path: path + ".class", Rule: "enrolment-plan",
		Text: "The coverage names no plan. Add a class of type \"plan\" with one of: " + e.plans() + ".",
	}
}

// beneficiary holds the wished coverage against the request: it is for the
// candidate, and paid by the insurer.
func (e *enrolling) beneficiary(ctx context.Context, path string) error {
	if b := e.coverage.Get("beneficiary"); b != nil && (e.came == nil || e.bag.find(b.Get("reference").String()) != e.came) {
		res, err := e.r.locate(ctx, e.c, e.bag, b, path+".beneficiary", patientTypes...)
		if err != nil {
			return err
		}
		if res.Ref() != e.head.Ref() {
			return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: path + ".beneficiary", Rule: "enrolment-coverage", Text: "The coverage is for another person than the candidate. Name the head of the household in both."}
		}
	}
	for i, p := range e.coverage.Get("payor").Each() {
		where := fmt.Sprintf("%s.payor[%d]", path, i)
		res, err := e.r.locate(ctx, e.c, e.bag, p, where, "Organization", patient)
		if err == nil && res.Type == "Organization" && res.Ref() != e.pack.insurer {
			return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: where, Rule: "enrolment-coverage", Text: "The coverage has another payor than the insurer of the request. Name the insurer in both."}
		}
		var fe *fhir.Error
		if err != nil && (!errors.As(err, &fe) || fe.Issue != fhir.IssueNotFound) {
			return err
		}
	}
	return nil
}

// key makes the uniqueness key of the request's identifier.
func (e *enrolling) key(plan string) {
	for _, id := range e.node.Get("identifier").Each() {
		value := id.Get("value").String()
		if value == "" {
			continue
		}
		who := e.head.Ref()
		if e.came != nil {
			var b strings.Builder
			canonical(&b, e.came)
			who = b.String()
		}
		content := strings.Join([]string{who, e.pack.insurer, plan, e.provider, e.node.Get("created").String()}, "\n")
		e.unique = &store.Unique{
			Space:   "enrolment/" + e.pack.insurer + "/" + e.provider,
			Digest:  sha256.Sum256([]byte(id.Get("system").String() + "|" + value)),
			Content: sha256.Sum256([]byte(content)),
		}
		return
	}
}
