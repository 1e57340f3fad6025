package fhirpath

import "testing"

func TestTemporalParsing(t *testing.T) {
	for _, s := range []string{
		"", "0000", "215", "2015-2", "2015-00", "2015-02-30", "1900-02-29", "2015-02-04T", "2015-02-04T24", "2015-02T10", "2015-02-04T10:60", "2015-02-04T10:00:60",
		"2015-02-04T10:00:00.", "2015-02-04T10:00:00+15:00", "2015-02-04T10:00:00+0500", "2015-02-04T10:00:00z", "2015-02-04 10:00", "٢٠١٥",
	} {
		if _, ok := parseTemporal(s, kindDateTime); ok {
			t.Errorf("%q is taken as a dateTime", s)
		}
	}
	for _, s := range []string{
		"2015", "2015-02", "2016-02-29", "2015-02-04T10", "2015-02-04T10:20", "2015-02-04T10:20:30", "2015-02-04T10:20:30.5", "2015-02-04T10:20:30.123456789Z", "2015-02-04T10:20-03:30",
	} {
		got, ok := parseTemporal(s, kindDateTime)
		if !ok || got.String() != s {
			t.Errorf("%q becomes %q, %v", s, got.String(), ok)
		}
	}
	if _, ok := parseTemporal("2015-02-04T10:00:00Z", kindDate); ok {
		t.Error("a date has no time")
	}
	if _, ok := parseTemporal("10:00:00Z", kindTime); ok {
		t.Error("a time has no offset")
	}
}

func TestTemporalComparison(t *testing.T) {
	runExamples(t, nil, []example{
		{"@2015 < 'a'", "fails: line 1, column 7: these two types cannot be ordered"},
		{"@2015 < @T10", "fails: line 1, column 7: these two types cannot be ordered"},
		{"@2015 = @T10", "false"},
		{"@2015 ~ @2015-01", "false"},
		{"@2015 = @2015-01", ""},
		{"@2015 = @2016-01", "false"},
		{"@2015 < @2016-01", "true"},
		{"@2015-03 <= @2015-03-01", ""},
		{"@2015-02-04T10:00 = @2015-02-04T10:00:00", ""},
		{"@2015-02-04T10:00:00 = @2015-02-04T10:00:00.000", "true"},
		{"@2015-02-04T10:00:00.1 > @2015-02-04T10:00:00", "true"},
		{"@2015-02-04T10:00:00Z = @2015-02-04T15:45:00+05:45", "true"},
		{"@2015-02-04T10:00Z < @2015-02-04T15:46+05:45", "true"},
		{"@2015-02-04T10:00Z = @2015-02-04T15:45:00+05:45", ""},
		{"@2015-02-04T10Z < @2015-02-04T16:45:01+05:45", "true"},
		{"@2015-02-04T10:00:00Z = @2015-02-04T10:00:00", ""},
		{"@2015-02-04T10:00:00Z < @2015-02-06T10:00:00", "true"},
		{"@2015-02-04T10:00:00Z > @2015-02-01", "true"},
		{"@2015-02-04T10:00:00Z > @2015-02-04", ""},
		{"@T10:00 < @T10:01:00", "true"},
		{"@T10:00 = @T10:00:00", ""},
		{"identifier.period.start < identifier.period.end", "true"},
		{"birthDate = @1990-02-28", "true"},
		{"birthDate < @1990-03", "true"},
		{"identifier.period.all(end > start + 1 year)", "true"},
	})
}

func TestDateArithmetic(t *testing.T) {
	runExamples(t, nil, []example{
		{"@2015 + 1", "fails: line 1, column 7: this operator does not work on these two types or units"},
		{"@2015-01-31 + 1 'cm'", "fails: line 1, column 13: this operator does not work on these two types or units"},
		{"@2015-01-31 + 1 'mo'", "fails: line 1, column 13: this operator does not work on these two types or units"},
		{"@2015-01-31 + 1 month", "2015-02-28"},
		{"@2016-02-29 - 1 year", "2015-02-28"},
		{"@2016-02-29 + 1.9 years", "2017-02-28"},
		{"@2015-03-01 - 1 day", "2015-02-28"},
		{"@2015-03-01 + 2 weeks", "2015-03-15"},
		{"@2015-03-01 + 47 hours", "2015-03-02"},
		{"@2015 + 18 months", "2016"},
		{"@2015 - 365 days", "2014"},
		{"@2015-01 + 60 days", "2015-03"},
		{"@2015-01-01T + 25 hours", "2015-01-02"},
		{"@2015-01-01T10 + 90 minutes", "2015-01-01T11"},
		{"@2015-01-01T10:00 + 90 seconds", "2015-01-01T10:01"},
		{"@2015-01-01T10:00:00Z - 0.5 seconds", "2015-01-01T09:59:59.500Z"},
		{"@2015-12-31T23:30:00+05:45 + 1 hour", "2016-01-01T00:30:00+05:45"},
		{"@2015-01-01T00:00:00Z + 1500 milliseconds", "2015-01-01T00:00:01.500Z"},
		{"@T23:30 + 1 hour", "00:30"},
		{"@T00:30:00 - 45 'min'", "23:45:00"},
		{"@T10:00 + 1 day", ""},
		{"@9999-12-31 + 1 day", ""},
		{"@9999 + 1 year", ""},
		{"@0001-01-01 - 1 month", ""},
		{"@2015 + 999999999999 years", ""},
		{"@2020-02-28 + %resource.extension('https://example.org/age').value", "2022-02-28"}, // 'a' of a FHIR Quantity is a calendar year
		{"birthDate + 30 years", "2020-02-28"},
		{"{} + 1 day", ""},
	})
}
