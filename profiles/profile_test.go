package profiles_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/scheme"
	"github.com/jamii-health/jamii/profiles"
	"github.com/jamii-health/jamii/profiles/schemes"
)

// ownProfiles is what the validator takes.
func ownProfiles() *validate.Profiles {
	return validate.NewProfiles(func(canonical string) (*fhir.Node, bool) {
		n := profiles.Definition(canonical)
		return n, n != nil
	})
}

func profileURL(name string) string { return fhir.Base + "/StructureDefinition/jamii-" + name }

// names are our profiles of resources, without the prefix.
func names() (out []string) {
	for _, n := range profiles.Resources() {
		if n.ResourceType() == "StructureDefinition" && n.Get("kind").String() == "resource" {
			out = append(out, strings.TrimPrefix(n.Get("id").String(), "jamii-"))
		}
	}
	return out
}

// faults lists the errors of a resource against a profile, as "rule path".
func faults(set *validate.Profiles, n *fhir.Node, name string) (out []string) {
	for _, is := range validate.Resource(n, validate.Options{ErrorsOnly: true, Registry: set, Profiles: []string{profileURL(name)}}) {
		out = append(out, is.Rule+" "+is.Path)
	}
	return out
}

func TestProfilesCompile(t *testing.T) {
	set, count := ownProfiles(), 0
	for _, n := range profiles.Resources() {
		if n.ResourceType() != "StructureDefinition" {
			continue
		}
		count++
		if err := set.Compile(n); err != nil {
			t.Errorf("%s: %v", n.Get("id").String(), err)
		}
		// Every profile that it names is known.
		n.Walk(func(m *fhir.Node) bool {
			for _, member := range []string{"profile", "targetProfile"} {
				for _, p := range m.Get(member).Each() {
					if strings.HasPrefix(p.String(), fhir.Base) && profiles.Definition(p.String()) == nil {
						t.Errorf("%s names %s, which is not published", n.Get("id").String(), p.String())
					}
				}
			}
			return true
		})
	}
	if len(names()) < 21 || count <= len(names()) {
		t.Errorf("%d definitions, of them %d profiles", count, len(names()))
	}
}

func TestDefinition(t *testing.T) {
	url := profileURL("claim")
	for canonical, want := range map[string]bool{
		"": false, url + "x": false, url + "|9": false, fhir.Base + "/CodeSystem/task": false, url: true,
		fhir.Base + "/StructureDefinition/household-role": true,
	} {
		if got := profiles.Definition(canonical); (got != nil) != want {
			t.Errorf("Definition(%q) = %v", canonical, got != nil)
		}
	}
}

// publishedAs names the profile for what a scheme publishes, "" for none.
func publishedAs(n *fhir.Node) string {
	if n.ResourceType() == "Location" && n.Get("managingOrganization") != nil {
		return "facility-location"
	}
	return map[string]string{
		"InsurancePlan": "insurance-plan", "Organization": "organization", "Practitioner": "practitioner", "PractitionerRole": "practitioner-role",
		"ActivityDefinition": "activity-definition", "Medication": "medication", "ChargeItemDefinition": "charge-item-definition",
	}[n.ResourceType()]
}

// What a scheme publishes conforms to the profile of its type.
func TestSchemesConform(t *testing.T) {
	pack, problems := scheme.Load(schemes.NepalHIB())
	if pack == nil {
		t.Fatal(problems)
	}
	set, seen := ownProfiles(), map[string]int{}
	for _, n := range pack.Resources() {
		name := publishedAs(n)
		if name == "" {
			continue
		}
		seen[name]++
		if diff := cmp.Diff([]string(nil), faults(set, n, name)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", n.Get("id").String(), diff)
		}
	}
	if len(seen) != 8 {
		t.Errorf("published: %v", seen)
	}
}
