// Package schemes carries the demonstration scheme pack and the JSON Schemas
// of the files in a pack, so that the binary needs no other file to start.
package schemes

import (
	"embed"
	"io/fs"
)

// SchemeSchema is the JSON Schema of scheme.yaml.
//
//go:embed scheme.schema.json
var SchemeSchema []byte

// CasesSchema is the JSON Schema of the worked cases in tests/*.yaml.
//
//go:embed cases.schema.json
var CasesSchema []byte

//go:embed nepal-hib
var packs embed.FS

// NepalHIB returns the files of the demonstration pack.
func NepalHIB() fs.FS {
	sub, err := fs.Sub(packs, "nepal-hib")
	if err != nil {
		panic("schemes: " + err.Error()) // the directory is embedded above
	}
	return sub
}
