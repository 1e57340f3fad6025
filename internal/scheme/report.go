package scheme

import (
	"fmt"
	"io"
	"strings"
)

// Report prints the results, failing cases with what was expected, what came
// out and the trace, and as its last line "N passed, M failed". It returns the
// number that failed.
func Report(w io.Writer, results []Result) (failed int, err error) {
	var b strings.Builder
	for _, r := range results {
		if len(r.Faults) == 0 {
			fmt.Fprintf(&b, "ok    %s\n", r.Name)
			continue
		}
		failed++
		fmt.Fprintf(&b, "FAIL  %s (%s:%d)\n", r.Name, r.File, r.Line)
		for _, f := range r.Faults {
			fmt.Fprintf(&b, "      %s:%d: %s: expected %s, got %s\n", r.File, f.Line, f.What, f.Want, f.Got)
			for _, line := range f.Trace {
				fmt.Fprintf(&b, "        %s\n", line)
			}
		}
	}
	fmt.Fprintf(&b, "%d passed, %d failed\n", len(results)-failed, failed)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return failed, fmt.Errorf("writing the report: %w", err)
	}
	return failed, nil
}
