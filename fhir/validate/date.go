package validate

// digits reads two digits, -1 when they are none.
func digits(s string) int {
	if len(s) < 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return -1
	}
	return int(s[0]-'0')*10 + int(s[1]-'0')
}

// dateTime reports whether s is a real year, month, day or moment. A moment
// has seconds and an offset.
//
// https://hl7.org/fhir/R4/datatypes.html#dateTime
func dateTime(s string) bool {
	if len(s) < 4 {
		return false
	}
	century, rest := digits(s), digits(s[2:])
	if century < 0 || rest < 0 || century+rest == 0 {
		return false
	}
	year := century*100 + rest
	if len(s) == 4 {
		return true
	}
	if len(s) < 7 || s[4] != '-' {
		return false
	}
	month := digits(s[5:])
	if month < 1 || month > 12 {
		return false
	}
	if len(s) == 7 {
		return true
	}
	if len(s) < 10 || s[7] != '-' {
		return false
	}
	day := digits(s[8:])
	if day < 1 || day > daysIn(year, month) {
		return false
	}
	if len(s) == 10 {
		return true
	}
	if s[10] != 'T' {
		return false
	}
	rest2, ok := clock(s[11:])
	return ok && offset(rest2)
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// clock reads hh:mm:ss with any fraction and returns what follows. Second 60
// is a leap second, which R4 allows.
func clock(s string) (rest string, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return "", false
	}
	h, m, sec := digits(s), digits(s[3:]), digits(s[6:])
	if h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60 {
		return "", false
	}
	s = s[8:]
	if s == "" || s[0] != '.' {
		return s, true
	}
	i := 1
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[i:], i > 1
}

// offset reports whether s is Z or an offset of at most 14 hours.
func offset(s string) bool {
	if s == "Z" {
		return true
	}
	if len(s) != 6 || (s[0] != '+' && s[0] != '-') || s[3] != ':' {
		return false
	}
	h, m := digits(s[1:]), digits(s[4:])
	return h >= 0 && m >= 0 && m <= 59 && (h < 14 || h == 14 && m == 0)
}

func timeOfDay(s string) bool {
	rest, ok := clock(s)
	return ok && rest == ""
}
