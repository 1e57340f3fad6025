package scheme

import (
	"regexp"
	"slices"

	"github.com/jamii-health/jamii/internal/claims"
)

var coordinate = regexp.MustCompile(`^-?[0-9]{1,3}(\.[0-9]{1,8})?$`)

func (l *loader) locations(data []byte) {
	t := openTable(&l.ps, "locations.csv", data, l.pack.Languages,
		column{name: "code", required: true}, column{name: "name"}, column{name: "level", required: true}, column{name: "parent"},
		column{name: "population", optional: true})
	for t.next() {
		loc := Location{Code: t.code("code"), Names: t.names(l.pack.Languages), Parent: t.code("parent"), Population: t.whole("population"), line: t.line()}
		loc.Level = slices.Index(l.pack.AreaLevels, t.text("level"))
		if len(l.pack.AreaLevels) == 0 {
			continue // scheme.yaml must be mended first
		}
		if loc.Level < 0 {
			t.fault("level", "write one of the area_levels of scheme.yaml: "+oneOf(l.pack.AreaLevels))
		}
		if !t.spoilt {
			l.pack.Locations = append(l.pack.Locations, loc)
		}
	}
}

func (l *loader) facilities(data []byte) {
	t := openTable(&l.ps, "facilities.csv", data, l.pack.Languages,
		column{name: "code", required: true}, column{name: "name"}, column{name: "level", required: true}, column{name: "sub_level", optional: true},
		column{name: "care_type", required: true}, column{name: "legal_form", optional: true}, column{name: "location", required: true},
		column{name: "item_list"}, column{name: "service_list"}, column{name: "phone", optional: true},
		column{name: "latitude", optional: true}, column{name: "longitude", optional: true}, column{name: "status", optional: true})
	for t.next() {
		f := Facility{
			Names: t.names(l.pack.Languages), LegalForm: t.choice("legal_form", "G", "C", "D", "P"), Location: t.code("location"),
			Phone: t.text("phone"), Latitude: l.degree(t, "latitude"), Longitude: l.degree(t, "longitude"),
			Active: t.choice("status", "active", "inactive") == "active", line: t.line(),
		}
		f.Facility = claims.Facility{
			Code: t.code("code"), Level: t.choice("level", "D", "C", "H"), SubLevel: t.choice("sub_level", "N", "I", "R"),
			CareType: t.careType(), ItemList: t.code("item_list"), ServiceList: t.code("service_list"),
		}
		if (f.Latitude == "") != (f.Longitude == "") {
			t.fault("longitude", "write latitude and longitude, or neither")
		}
		if !t.spoilt {
			l.pack.Facilities = append(l.pack.Facilities, f)
		}
	}
}

func (l *loader) degree(t *table, column string) string {
	s := t.text(column)
	if s != "" && !coordinate.MatchString(s) {
		t.fault(column, "write degrees with a point, such as 27.7172")
	}
	return s
}

func (l *loader) diagnoses(data []byte) {
	t := openTable(&l.ps, "diagnoses.csv", data, l.pack.Languages, column{name: "code", required: true}, column{name: "name"})
	for t.next() {
		d := Diagnosis{Code: t.code("code"), Names: t.names(l.pack.Languages), line: t.line()}
		if !t.spoilt {
			l.pack.Diagnoses = append(l.pack.Diagnoses, d)
		}
	}
}

func (l *loader) practitioners(data []byte) {
	t := openTable(&l.ps, "practitioners.csv", data, nil,
		column{name: "code", required: true}, column{name: "given", required: true}, column{name: "family", required: true}, column{name: "sex", optional: true},
		column{name: "role", required: true}, column{name: "facility", required: true}, column{name: "phone", optional: true})
	for t.next() {
		p := Practitioner{
			Code: t.code("code"), Given: t.text("given"), Family: t.text("family"), Sex: t.choice("sex", "unknown", "male", "female", "other"),
			Role: t.choice("role", "doctor", "nurse", "pharmacist", "claim-administrator"), Facility: t.code("facility"), Phone: t.text("phone"), line: t.line(),
		}
		if !t.spoilt {
			l.pack.Practitioners = append(l.pack.Practitioners, p)
		}
	}
}
