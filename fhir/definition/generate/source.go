package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// source is what we use of HL7's files.
type source struct {
	structures  []structure
	params      []param
	compartment []member
	sets        map[string]set
	systems     map[string]system
}

type structure struct {
	Kind, Name, BaseDefinition, FHIRVersion, Derivation string
	Abstract                                            bool
	Snapshot                                            struct{ Element []element }
}

type element struct {
	Path, Max, ContentReference string
	Min                         int
	Type                        []elementType
	Binding                     *struct{ Strength, ValueSet string }
	Constraint                  []struct{ Key, Severity, Human, Expression string }
	IsSummary, IsModifier       bool
}

type elementType struct {
	Code                   string
	Profile, TargetProfile []string
	Extension              []struct{ URL, ValueURL, ValueString string }
}

// extension returns the value of the extension whose URL ends in name.
func (t elementType) extension(name string) string {
	for _, x := range t.Extension {
		if lastSegment(x.URL) == name {
			return x.ValueURL + x.ValueString
		}
	}
	return ""
}

type param struct {
	Code, URL, Type, Expression string
	Base, Target                []string
	Component                   []struct{ Definition, Expression string }
}

type member struct {
	Code  string
	Param []string
}

type set struct {
	URL     string
	Compose struct{ Include, Exclude []include }
}

type include struct {
	System   string
	ValueSet []string
	Concept  []concept
	Filter   []struct{ Property, Op, Value string }
}

type system struct {
	URL, Content string
	Concept      []concept
}

type concept struct {
	Code     string
	Property []struct{ Code, ValueCode string }
	Concept  []concept
}

// read reads the files of dir.
func read(dir string) (*source, error) {
	src := &source{sets: map[string]set{}, systems: map[string]system{}}
	for _, name := range []string{"profiles-types", "profiles-resources", "search-parameters", "valuesets", "v2-tables", "v3-codesystems"} {
		var bundle struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if err := readJSON(filepath.Join(dir, name+".json"), &bundle); err != nil {
			return nil, err
		}
		for i, e := range bundle.Entry {
			if err := src.add(e.Resource); err != nil {
				return nil, fmt.Errorf("%s, entry %d: %w", name, i, err)
			}
		}
	}
	var def struct{ Resource []member }
	if err := readJSON(filepath.Join(dir, "compartmentdefinition-patient.json"), &def); err != nil {
		return nil, err
	}
	src.compartment = def.Resource
	return src, nil
}

func readJSON(path string, to any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the definitions: %w", err)
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("reading %s: %w", filepath.Base(path), err)
	}
	return nil
}

// add keeps a resource if it is one that we use.
func (src *source) add(raw json.RawMessage) error {
	var head struct{ ResourceType string }
	if err := json.Unmarshal(raw, &head); err != nil {
		return err
	}
	var err error
	switch head.ResourceType {
	case "StructureDefinition":
		var s structure
		// The package adds R4B's SubscriptionStatus; MetadataResource is a
		// pattern, not a type.
		if err = json.Unmarshal(raw, &s); err == nil && s.FHIRVersion == "4.0.1" && s.Kind != "logical" {
			src.structures = append(src.structures, s)
		}
	case "SearchParameter":
		var p param
		if err = json.Unmarshal(raw, &p); err == nil {
			src.params = append(src.params, p)
		}
	case "ValueSet":
		var s set
		if err = json.Unmarshal(raw, &s); err == nil {
			src.sets[s.URL] = s
		}
	case "CodeSystem":
		var s system
		if err = json.Unmarshal(raw, &s); err == nil {
			src.systems[s.URL] = s
		}
	}
	return err
}

// lastSegment is what follows the last slash of a canonical, without version.
func lastSegment(url string) string {
	url, _, _ = strings.Cut(url, "|")
	return url[strings.LastIndexByte(url, '/')+1:]
}
