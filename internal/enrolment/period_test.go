package enrolment

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

func TestPeriodFor(t *testing.T) {
	free := Plan{InsuranceMonths: 12, GracePayment: 1, AdministrationMonths: 2}
	cycles := Plan{InsuranceMonths: 6, Cycles: yearly("10-01", "04-01"), GraceEnrolment: 1, GraceRenewal: 2}
	tests := []struct {
		name     string
		plan     Plan
		stage    claims.Stage
		enrolled string
		old      string
		want     string // start, expiry, last payment
	}{
		{"free, new: after the administration", free, claims.New, "2026-01-15", "", "2026-03-15 2027-03-14 2026-02-14"},
		{"free, renewed early: the day after", free, claims.Renewed, "2026-01-15", "2026-02-28", "2026-03-01 2027-02-28 2026-03-31"},
		{"free, renewed late: the enrolment day", free, claims.Renewed, "2026-05-01", "2026-02-28", "2026-05-01 2027-04-30 2026-03-31"},
		{"no grace: payable on the spot", Plan{InsuranceMonths: 1}, claims.New, "2026-01-31", "", "2026-01-31 2026-02-27 2026-01-31"},
		{"a leap day and a year", Plan{InsuranceMonths: 12}, claims.New, "2024-02-29", "", "2024-02-29 2025-02-27 2024-02-29"},
		{"on a cycle", cycles, claims.New, "2026-04-01", "", "2026-04-01 2026-09-30 2026-04-30"},
		{"within the grace", cycles, claims.New, "2026-05-01", "", "2026-04-01 2026-09-30 2026-05-01"},
		{"past the grace", cycles, claims.New, "2026-05-02", "", "2026-10-01 2027-03-31 2026-10-31"},
		{"after the last cycle: next year's first", cycles, claims.New, "2026-11-02", "", "2027-04-01 2027-09-30 2027-04-30"},
		{"renewal has its own grace", cycles, claims.Renewed, "2026-06-01", "2026-03-31", "2026-04-01 2026-09-30 2026-05-31"},
		{"renewal not before the old expiry, with cycles too", cycles, claims.Renewed, "2026-05-15", "2026-06-30", "2026-07-01 2026-12-31 2026-08-31"},
		{"a cycle function with no dates: the enrolment day", Plan{InsuranceMonths: 12, Cycles: yearly()}, claims.New, "2026-05-15", "", "2026-05-15 2027-05-14 2026-05-15"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var old date.Date
			if tt.old != "" {
				old = day(tt.old)
			}
			p := PeriodFor(&tt.plan, tt.stage, day(tt.enrolled), old)
			got := p.Start.String() + " " + p.Expiry.String() + " " + p.LastPayment.String()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
