package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jamii-health/jamii/fhir"
)

// SQLSTATE codes that mean something to us.
//
// https://www.postgresql.org/docs/15/errcodes-appendix.html
const (
	stateUnique        = "23505"
	stateSerialisation = "40001"
	stateDeadlock      = "40P01"
	stateLockTimeout   = "55P03"
	stateCanceled      = "57014" // statement_timeout
	stateTaken         = "JM001" // raised by absentSQL
	stateStale         = "0A000" // "cached plan must not change result type"
	stateTooDeep       = "54001" // statement too complex
)

func state(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

func isNotFound(err error) bool {
	var e *fhir.Error
	return errors.As(err, &e) && e.Kind == fhir.NotFound
}

// failed says what was being done. The caller's own end of patience comes back
// as it is; the server's becomes an answer that tells the client what to do.
func failed(doing string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch state(err) {
	case stateCanceled, stateTooDeep:
		return tooCostly(err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func tooCostly(cause error) error {
	return &fhir.Error{
		Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Cause: cause,
		Text: "This search takes too long. Add a condition that fewer resources meet, such as a patient, an identifier or a shorter time.",
	}
}
