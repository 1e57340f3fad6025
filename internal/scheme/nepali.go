package scheme

import "github.com/jamii-health/jamii/internal/date"

// The years of the Nepali calendar (Bikram Sambat) that can be converted.
const (
	firstNepaliYear = 2000
	lastNepaliYear  = firstNepaliYear + len(nepaliYears) - 1
)

// nepaliEpoch is 1 Baisakh 2000 BS.
var nepaliEpoch = date.Must("1943-04-14")

// nepaliYears gives the lengths of the twelve months of each year, as days
// above 29. The lengths follow the sun and no formula: the calendar committee
// publishes them year by year, so the years after 2083 are the usual
// projection and may move by a day.
var nepaliYears = [...]string{
	"132321110102", "223222101011", "223321101011", "232321110012", "132321110102", // 2000
	"223222101011", "223321101011", "232321110012", "222322011002", "223222101011", // 2005
	"223321101011", "232321110012", "222322011011", "223222101011", "223321101011", // 2010
	"232321110012", "222322011011", "223222101011", "232321101011", "232321110102", // 2015
	"222322101011", "223222101011", "232321110011", "232321110102", "222322101011", // 2020
	"223222101011", "232321110012", "132321110102", "223222101011", "223231101011", // 2025
	"232321110012", "132321110102", "223222101011", "223321101011", "232321110012", // 2030
	"132322011002", "223222101011", "223321101011", "232321110012", "222322011011", // 2035
	"223222101011", "223321101011", "232321110012", "222322011011", "223222101011", // 2040
	"232321101011", "232321110012", "222322101011", "223222101011", "232321110011", // 2045
	"232321110102", "222322101011", "223222101011", "232321110011", "232321110102", // 2050
	"223222101011", "223231101011", "232321110012", "132321110102", "223222101011", // 2055
	"223321101011", "232321110012", "132322010102", "223222101011", "223321101011", // 2060
	"232321110012", "222322011002", "223222101011", "223321101011", "232321110012", // 2065
	"222322011011", "223222101011", "232321101011", "232321110012", "222322101011", // 2070
	"223222101011", "232321110011", "232321110102", "222322101011", "223222101011", // 2075
	"232321110011", "232321110102", "223222101011", "223222101011", "223221110111", // 2080
	"232312110111", "132321110111", "223222110111", "123312110111", "132321110111", // 2085
	"132321110111", // 2090
}

// fromNepali turns a day of the Nepali calendar into a date. ok is false when
// the calendar has no such day, or the year is outside the table.
func fromNepali(year, month, day int) (d date.Date, ok bool) {
	if year < firstNepaliYear || year > lastNepaliYear || month < 1 || month > 12 {
		return date.None, false
	}
	if day < 1 || day > nepaliMonth(year, month) {
		return date.None, false
	}
	days := day - 1
	for y := firstNepaliYear; y < year; y++ {
		days += nepaliYear(y)
	}
	for m := 1; m < month; m++ {
		days += nepaliMonth(year, m)
	}
	return nepaliEpoch.AddDays(days), true
}

func nepaliMonth(year, month int) int {
	return 29 + int(nepaliYears[year-firstNepaliYear][month-1]-'0')
}

func nepaliYear(year int) int {
	days := 0
	for m := 1; m <= 12; m++ {
		days += nepaliMonth(year, m)
	}
	return days
}
