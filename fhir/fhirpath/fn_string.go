package fhirpath

import (
	"strings"
	"unicode/utf8"
)

// input reads the string that a function is called on.
func (r *run) input(in []Element, c *call) (string, bool, error) {
	s, ok, err := oneString(in, c.at())
	if err != nil {
		return "", false, err
	}
	return s, ok, r.spend(c.at(), len(s)/64)
}

// strings reads the input and the first n arguments; ok is false when one of
// them is empty, and so the result is.
func (r *run) strings(in []Element, c *call, n int) (s [3]string, ok bool, err error) {
	if s[0], ok, err = r.input(in, c); err != nil {
		return s, false, err
	}
	for i := range n {
		items, err := r.arg(c.args[i])
		if err != nil {
			return s, false, err
		}
		text, there, err := oneString(items, c.args[i].at())
		if err != nil {
			return s, false, err
		}
		s[i+1], ok = text, ok && there
	}
	return s, ok, nil
}

// textOf makes a function of one on a string.
func textOf(r *run, in []Element, c *call, change func(string) string) ([]Element, error) {
	s, ok, err := r.input(in, c)
	if err != nil || !ok {
		return nil, err
	}
	return r.text(change(s), c.at())
}

func fnUpper(r *run, in []Element, c *call) ([]Element, error) {
	return textOf(r, in, c, strings.ToUpper)
}

func fnLower(r *run, in []Element, c *call) ([]Element, error) {
	return textOf(r, in, c, strings.ToLower)
}

func fnTrim(r *run, in []Element, c *call) ([]Element, error) {
	return textOf(r, in, c, strings.TrimSpace)
}

func fnLength(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.input(in, c)
	if err != nil || !ok {
		return nil, err
	}
	return r.one(Integer(int64(utf8.RuneCountInString(s)))), nil
}

func fnIndexOf(r *run, in []Element, c *call) ([]Element, error) {
	return find(r, in, c, strings.Index)
}

func fnLastIndexOf(r *run, in []Element, c *call) ([]Element, error) {
	return find(r, in, c, strings.LastIndex)
}

// find counts positions in characters, not bytes.
func find(r *run, in []Element, c *call, search func(s, part string) int) ([]Element, error) {
	s, ok, err := r.strings(in, c, 1)
	if err != nil || !ok {
		return nil, err
	}
	i := search(s[0], s[1])
	if i > 0 {
		i = utf8.RuneCountInString(s[0][:i])
	}
	return r.one(Integer(int64(i))), nil
}

func fnSubstring(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.input(in, c)
	if err != nil || !ok {
		return nil, err
	}
	var at [2]int64
	at[1] = int64(len(s))
	for i := range c.args {
		items, err := r.arg(c.args[i])
		if err != nil {
			return nil, err
		}
		n, there, err := oneInteger(items, c.args[i].at())
		if err != nil {
			return nil, err
		}
		if there {
			at[i] = n
		} else if i == 0 {
			return nil, nil
		}
	}
	if at[0] < 0 {
		return nil, nil
	}
	rest, ok := skipRunes(s, at[0])
	if !ok || rest == "" {
		return nil, nil // the start is behind the end
	}
	after, _ := skipRunes(rest, max(at[1], 0))
	return r.text(rest[:len(rest)-len(after)], c.at())
}

// skipRunes drops the first n characters; ok is false when there are fewer.
func skipRunes(s string, n int64) (rest string, ok bool) {
	for ; n > 0; n-- {
		if s == "" {
			return "", false
		}
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
	return s, true
}

// test makes a function that asks something of a string and an argument.
func test(r *run, in []Element, c *call, holds func(s, part string) bool) ([]Element, error) {
	s, ok, err := r.strings(in, c, 1)
	if err != nil || !ok {
		return nil, err
	}
	return r.boolean(holds(s[0], s[1])), nil
}

func fnStartsWith(r *run, in []Element, c *call) ([]Element, error) {
	return test(r, in, c, strings.HasPrefix)
}

func fnEndsWith(r *run, in []Element, c *call) ([]Element, error) {
	return test(r, in, c, strings.HasSuffix)
}

func fnContains(r *run, in []Element, c *call) ([]Element, error) {
	return test(r, in, c, strings.Contains)
}

func fnReplace(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.strings(in, c, 2)
	if err != nil || !ok {
		return nil, err
	}
	if size := strings.Count(s[0], s[1])*len(s[2]) + len(s[0]); size > maxText {
		return nil, textFault(c.at())
	}
	return r.text(strings.ReplaceAll(s[0], s[1], s[2]), c.at())
}

// fnMatches is matches() and matchesFull(): the first finds the pattern
// anywhere in the text, as R4's suite has it.
func fnMatches(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.strings(in, c, 1)
	if err != nil || !ok {
		return nil, err
	}
	re, err := r.pattern(c, s[1], s[0])
	if err != nil {
		return nil, err
	}
	return r.boolean(re.MatchString(s[0])), nil
}

func fnReplaceMatches(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.strings(in, c, 2)
	if err != nil || !ok {
		return nil, err
	}
	if s[1] == "" { // nothing to look for
		return r.text(s[0], c.at())
	}
	re, err := r.pattern(c, s[1], s[0])
	if err != nil {
		return nil, err
	}
	if err := r.spend(c.at(), (len(s[0])+1)*(len(s[2])+4)/16); err != nil {
		return nil, err
	}
	return r.text(re.ReplaceAllString(s[0], groups.ReplaceAllString(s[2], `$${$1}`)), c.at())
}

func fnToChars(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.input(in, c)
	if err != nil || !ok {
		return nil, err
	}
	return r.split(s, "", c)
}

func fnSplit(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.strings(in, c, 1)
	if err != nil || !ok {
		return nil, err
	}
	return r.split(s[0], s[1], c)
}

func (r *run) split(s, separator string, c *call) ([]Element, error) {
	if err := r.spend(c.at(), 1+strings.Count(s, separator)); err != nil {
		return nil, err
	}
	parts := strings.Split(s, separator)
	out := r.list(len(parts))
	for _, p := range parts {
		out = append(out, String(p))
	}
	return out, nil
}

func fnJoin(r *run, in []Element, c *call) ([]Element, error) {
	separator := ""
	if len(c.args) > 0 {
		items, err := r.arg(c.args[0])
		if err != nil {
			return nil, err
		}
		if separator, _, err = oneString(items, c.args[0].at()); err != nil {
			return nil, err
		}
	}
	if len(in) == 0 {
		return nil, nil
	}
	var b strings.Builder
	for i := range in {
		s, ok, err := oneString(in[i:i+1], c.at())
		if err != nil {
			return nil, err
		}
		if ok && b.Len() > 0 || i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(s)
		if err := r.spend(c.at(), 1+(len(s)+len(separator))/16); err != nil {
			return nil, err
		}
	}
	return r.text(b.String(), c.at())
}
