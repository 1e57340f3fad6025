package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/internal/store/pgtest"
)

// The black-box suite passes on PostgreSQL as on SQLite, where its own test
// runs it.
func TestConformanceOnPostgreSQL(t *testing.T) {
	h := newHouse(t)
	suite := filepath.Join(t.TempDir(), "conformance")
	if out, err := exec.Command("go", "build", "-o", suite, "../../conformance").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	out, err := exec.Command(suite, "--jamii", h.program, "--database", pgtest.DSN(t)).CombinedOutput()
	if err != nil || !strings.Contains(string(out), " passed, 0 failed") {
		t.Errorf("%v\n%s", err, out)
	}
}
