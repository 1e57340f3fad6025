package audit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/audit"
	"github.com/jamii-health/jamii/internal/store"
)

func TestEventIsValidR4(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name    string
		row     store.Audit
		profile string
	}{
		{"read of a patient", store.Audit{ID: "a", At: at, Interaction: "read", Action: "R", Outcome: "0", Type: "Patient", Ref: "Patient/1", Patient: "Patient/1", Agent: "emr", Network: "127.0.0.1"}, "IHE.BasicAudit.PatientRead"},
		{"search", store.Audit{ID: "b", At: at, Interaction: "search-type", Action: "E", Outcome: "0", Type: "Claim", Agent: "emr", Query: "a=<b>&c=1", Request: "r-1"}, "IHE.BasicAudit.Query"},
		{"submit", store.Audit{ID: "c", At: at, Interaction: "$submit", Action: "C", Outcome: "4", Type: "Claim", Agent: "emr", User: "nurse"}, "IHE.BasicAudit.Create"},
		{"delete by nobody", store.Audit{ID: "d", At: at, Interaction: "delete", Action: "D", Outcome: "4", Type: "Basic", Ref: "Basic/1"}, "IHE.BasicAudit.Delete"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := audit.Event(tt.row, "jamii")
			for _, is := range validate.Resource(ev, validate.Options{}) {
				if is.Severity == "error" {
					t.Errorf("%s: %s", is.Path, is.Text)
				}
			}
			if got := ev.Path("meta", "profile").At(0).String(); got != "https://profiles.ihe.net/ITI/BALP/StructureDefinition/"+tt.profile {
				t.Errorf("profile %s", got)
			}
		})
	}
}

type trail struct {
	store.Trail
	mu    sync.Mutex
	rows  int
	calls int
	fails int
}

func (f *trail) Record(_ context.Context, rows []store.Audit) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.fails > 0 {
		f.fails--
		return errors.New("disk full")
	}
	f.rows += len(rows)
	return nil
}

func TestRecorderWritesAllOnClose(t *testing.T) {
	f := &trail{fails: 1}
	r := audit.NewRecorder(f, false, func(err error) { t.Error(err) })
	for range 1234 {
		if err := r.Add(t.Context(), store.Audit{}); err != nil {
			t.Fatal(err)
		}
	}
	r.Close()
	if f.rows != 1234 || f.calls > 50 {
		t.Errorf("%d rows in %d calls, want 1234 in few", f.rows, f.calls)
	}
}

func TestDurableAddTellsOfFailure(t *testing.T) {
	f := &trail{fails: 3}
	var lost error
	r := audit.NewRecorder(f, true, func(err error) { lost = err })
	if err := r.Add(t.Context(), store.Audit{}); err == nil {
		t.Error("a row that could not be written was reported as written")
	}
	if err := r.Add(t.Context(), store.Audit{}); err != nil {
		t.Error(err)
	}
	r.Close()
	if lost == nil {
		t.Error("nobody heard of the lost batch")
	}
}

func TestAddWaitsNoLongerThanItsCaller(t *testing.T) {
	f := &trail{}
	f.mu.Lock() // the database hangs
	r := audit.NewRecorder(f, true, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.Add(ctx, store.Audit{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	f.mu.Unlock()
	r.Close()
}
