// Command conformance is a black-box suite for FHIR R4 servers. It speaks HTTP
// to a base URL and knows nothing of the server behind it: one case per clause
// of the standard, named after it, and a table of what passed per area.
//
//	conformance --base http://127.0.0.1:8080/fhir --user name:secret
//	conformance --jamii bin/jamii        starts that binary on an empty database
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

func main() { os.Exit(start()) }

// start runs the suite as the flags say and returns the exit code: 0 when all
// passed, 1 when a case failed, 2 when there is no server to ask.
func start() int {
	base := flag.String("base", "", "base URL of the server, such as http://127.0.0.1:8080/fhir")
	user := flag.String("user", "", "name:secret for Basic")
	token := flag.String("token", "", "bearer token")
	jamii := flag.String("jamii", "bin/jamii", "without --base: start this jamii binary")
	database := flag.String("database", "", "database for --jamii; default a new SQLite file")
	area := flag.String("area", "", "run only this area")
	verbose := flag.Bool("v", false, "print every case")
	flag.Parse()
	c := &client{base: strings.TrimSuffix(*base, "/"), user: *user, token: *token}
	if *base == "" {
		stop, err := launch(c, *jamii, *database)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		defer stop()
	}
	if run(c, *area, *verbose) > 0 {
		return 1
	}
	return 0
}

// suite is every case, area by area.
func suite() []Case {
	return slices.Concat(
		readCases(), writeCases(), conditionalCases(), historyCases(), searchCases(), resultCases(), bundleCases(), validationCases(), patchCases(),
		xmlCases(), terminologyCases(), operationCases(), metadataCases(), robustCases())
}

// run runs the cases and prints the table; it returns how many failed.
func run(c *client, area string, verbose bool) int {
	type score struct{ passed, failed int }
	scores := map[string]*score{}
	var order, faults []string
	start := time.Now()
	for _, k := range suite() {
		if area != "" && k.Area != area {
			continue
		}
		s := scores[k.Area]
		if s == nil {
			s = &score{}
			scores[k.Area] = s
			order = append(order, k.Area)
		}
		err := k.try(c)
		if err == nil {
			s.passed++
		} else {
			s.failed++
			faults = append(faults, fmt.Sprintf("FAIL %s: %s (%s)\n     %v", k.Area, k.Name, k.Clause, err))
		}
		if verbose {
			fmt.Printf("%-5v %-12s %s\n", err == nil, k.Area, k.Name)
		}
	}
	for _, f := range faults {
		fmt.Println(f)
	}
	passed, failed := 0, 0
	fmt.Printf("\n%-16s %7s %7s\n", "area", "passed", "failed")
	for _, a := range order {
		fmt.Printf("%-16s %7d %7d\n", a, scores[a].passed, scores[a].failed)
		passed += scores[a].passed
		failed += scores[a].failed
	}
	fmt.Printf("in %s\n%d passed, %d failed\n", time.Since(start).Round(time.Millisecond), passed, failed)
	return failed
}
