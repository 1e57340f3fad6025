// Package scheme reads a scheme pack: the folder of reviewed text in which a
// country says what its plans ask and pay. It checks the pack, compiles it to
// what the claims and enrolment engines need, builds the FHIR resources that
// publish it, and runs the worked cases that prove it.
//
// A pack holds scheme.yaml, services.csv, items.csv, prices.csv,
// facilities.csv, locations.csv, diagnoses.csv, optionally practitioners.csv,
// messages/<language>.yaml and tests/*.yaml. Every fault is a Problem that
// names file, line and column and says what to write instead; all faults are
// told at once.
//
// The package is pure: it reads the file system it is given and nothing else.
package scheme
