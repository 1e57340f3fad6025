package scheme

import (
	"time"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/claims"
)

// Money is an amount in the scheme's currency.
type Money = decimal.Decimal

// Texts is a text in several languages, by language code.
type Texts map[string]string

// In returns the text in the language, in English, or in whatever language
// there is.
func (t Texts) In(lang string) string {
	for _, l := range []string{lang, "en"} {
		if s := t[l]; s != "" {
			return s
		}
	}
	for _, l := range sortedKeys(t) {
		if t[l] != "" {
			return t[l]
		}
	}
	return ""
}

// Pack is a scheme pack that was read and found without fault. It is
// read-only and shared.
type Pack struct {
	Digest string // SHA-256 of the content in hexadecimal: names the version of the pack
	Manifest
	Articles      []Article
	Prices        []Price
	Facilities    []Facility
	Locations     []Location
	Diagnoses     []Diagnosis
	Practitioners []Practitioner
	Messages      map[string]map[string]string // by language and key
	Cases         []Case

	zone     *time.Location
	plans    map[string][]*version // by plan code, oldest first
	register *claims.Register
	lookup   lookup
}

// Manifest is what scheme.yaml says of the scheme as a whole.
type Manifest struct {
	Name          string            `yaml:"name"`
	Title         Texts             `yaml:"title"`
	Country       string            `yaml:"country"`
	Published     day               `yaml:"published"`
	Currency      string            `yaml:"currency"`
	Decimals      *int              `yaml:"decimals"`
	TimeZone      string            `yaml:"time_zone"`
	Languages     []string          `yaml:"languages"`
	Calendar      string            `yaml:"calendar"`
	AgeOfMajority int               `yaml:"age_of_majority"`
	Systems       map[string]string `yaml:"systems"`
	MemberNumber  MemberNumber      `yaml:"member_number"`
	Insurer       Insurer           `yaml:"insurer"`
	AreaLevels    []string          `yaml:"area_levels"`
	Terms         Terms             `yaml:"terms"`
	PriceCap      string            `yaml:"price_cap"`
	LineCareType  bool              `yaml:"line_care_type"`
	PreauthHolds  bool              `yaml:"preauthorization_reserves"`
	Review        Review            `yaml:"review"`
	Plans         []Plan            `yaml:"plans"`
}

// MemberNumber says how insurance numbers look.
type MemberNumber struct {
	Length int     `yaml:"length"` // digits, the check digit included
	Check  string  `yaml:"check"`  // "luhn", "none" or "mod N"
	Prefix string  `yaml:"prefix"`
	Ranges []Range `yaml:"ranges"` // of the digits between prefix and check digit; none: all
}

// Range is a run of numbers, both ends included.
type Range struct {
	From uint64 `yaml:"from"`
	To   uint64 `yaml:"to"`
}

// Insurer is the organization that insures.
type Insurer struct {
	Code  string `yaml:"code"`
	Name  Texts  `yaml:"name"`
	Phone string `yaml:"phone"`
	Email string `yaml:"email"`
}

// Terms says which version of the scheme decides, block by block. The values
// are ServiceDate and PolicyStart.
type Terms struct {
	Prices   string `yaml:"prices"`
	Benefits string `yaml:"benefits"`
}

// The dates that choose a version.
const (
	ServiceDate = "service_date"
	PolicyStart = "policy_start"
)

// Review says which claims a person must see.
type Review struct {
	Above       amount   `yaml:"above"`
	Services    []string `yaml:"services"`
	Percent     int      `yaml:"percent"`
	Preauth     bool     `yaml:"preauthorizations"`
	OverCeiling bool     `yaml:"over_ceiling"`
}

// Plan is an insurance product of the scheme. Its versions are asked for by
// date with Pack.Product and Pack.Enrolment.
type Plan struct {
	Code      string `yaml:"code"`
	Name      Texts  `yaml:"name"`
	Area      string `yaml:"area"`      // location in which it is sold; "" everywhere
	Successor string `yaml:"successor"` // plan that a renewal takes instead
}

// Article is a row of services.csv or items.csv.
type Article struct {
	claims.Article
	Names Texts
	Type  string // services: P preventive, C curative; items: D drug, M consumable
	Group string // for the rules of a plan
	Unit  string // items: what one is, such as "tablet"
	line  int
}

// Price is a row of prices.csv.
type Price struct {
	List string
	Kind claims.Kind
	Code string
	claims.Price
	line int
}

// Facility is a row of facilities.csv.
type Facility struct {
	claims.Facility
	Names     Texts
	LegalForm string // C charity, D district organisation, G government, P private
	Location  string
	Phone     string
	Latitude  string
	Longitude string
	Active    bool
	line      int
}

// Location is a row of locations.csv: an area.
type Location struct {
	Code       string
	Names      Texts
	Level      int // index in AreaLevels
	Parent     string
	Population int
	line       int
}

// Diagnosis is a row of diagnoses.csv.
type Diagnosis struct {
	Code  string
	Names Texts
	line  int
}

// Practitioner is a row of practitioners.csv.
type Practitioner struct {
	Code     string
	Given    string
	Family   string
	Sex      string // male, female, other, unknown
	Role     string // doctor, nurse, pharmacist, claim-administrator
	Facility string
	Phone    string
	line     int
}

// lookup finds rows by their codes.
type lookup struct {
	facility  map[string]*Facility
	location  map[string]*Location
	diagnosis map[string]*Diagnosis
}
