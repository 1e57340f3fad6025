package scheme

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jamii-health/jamii/internal/claims"
)

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// enrolmentTexts are the English sentences about enrolment and contribution: of
// an enrolment.Note by "note-", of an enrolment.Exclusion by "excluded-", of a
// kind of line of an invoice by "bill-".
var enrolmentTexts = map[string]string{
	"note-unchanged":  "The payment is booked. It does not change the cover.",
	"note-photo-fee":  "The payment is booked. Photo fees do not count for the contribution.",
	"note-over-paid":  "More than the contribution is paid.",
	"note-late":       "The payment came after the last day to pay.",
	"note-expired":    "The policy has expired: the payment covers nothing. Enrol again.",
	"note-enforced":   "The cover is active although less than the contribution is paid.",
	"note-awaits":     "The contribution is paid. The cover begins when the payment is matched or approved.",
	"note-member-due": "A late member is covered only when the rest of the contribution is paid.",

	"excluded-over-limit": "The plan insures no more members in one household.",
	"excluded-has-left":   "The person died or became inactive before the cover starts.",

	"bill-lump-sum":     "Contribution of the household",
	"bill-extra-adult":  "Contribution per further adult",
	"bill-extra-child":  "Contribution per further child",
	"bill-adult":        "Contribution per adult",
	"bill-child":        "Contribution per child",
	"bill-other-adult":  "Contribution per adult outside the family",
	"bill-other-child":  "Contribution per child outside the family",
	"bill-late-member":  "Contribution for late members",
	"bill-formula":      "Contribution",
	"bill-assembly":     "Assembly fee",
	"bill-registration": "Registration",
	"bill-discount":     "Discount",
}

// messages reads messages/<language>.yaml: a text per key. English starts with
// the built-in sentences, which messages/en.yaml may replace and add to; what
// another language lacks is noted and shown in English.
func (l *loader) messages() {
	english := claims.Texts()
	maps.Copy(english, enrolmentTexts)
	l.pack.Messages = map[string]map[string]string{"en": english}
	for _, lang := range slices.Compact(append([]string{"en"}, l.pack.Languages...)) {
		name := "messages/" + lang + ".yaml"
		data, ok := l.file(name, true)
		if !ok {
			if lang != "en" {
				l.ps.note(name, 0, "the file is missing: texts in %s are shown in English", lang)
			}
			continue
		}
		root := parseYAML(&l.ps, name, data)
		if root == nil {
			continue
		}
		own := l.messageFile(name, lang, root)
		if lang == "en" {
			maps.Copy(english, own)
			continue
		}
		l.pack.Messages[lang] = own
		l.compareMessages(name, root, own)
	}
	l.strangeMessages()
}

// messageFile reads one file. A text may only hold the places that the English
// one has: others would be shown as they stand.
func (l *loader) messageFile(name, lang string, root *yaml.Node) map[string]string {
	own := map[string]string{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if value.Kind != yaml.ScalarNode || value.Tag != "!!str" || value.Value == "" {
			l.ps.add(name, value.Line, "%s: write a text, in quotes when it holds a colon or starts with a brace", key.Value)
			continue
		}
		if _, twice := own[key.Value]; twice {
			l.ps.add(name, key.Line, "the key %s stands twice: keep one", key.Value)
			continue
		}
		own[key.Value] = value.Value
		english, known := l.pack.Messages["en"][key.Value]
		for _, place := range places(value.Value) {
			if known && !slices.Contains(places(english), place) {
				l.ps.add(name, value.Line, "%s: nothing is put in the place %s: the English text has %s", key.Value, place, orElse(strings.Join(places(english), " "), "none"))
			}
		}
	}
	return own
}

// compareMessages holds a language against English: keys that English lacks
// are mistakes, missing keys are notes.
func (l *loader) compareMessages(name string, root *yaml.Node, own map[string]string) {
	english := l.pack.Messages["en"]
	for _, key := range sortedKeys(own) {
		if english[key] != "" {
			continue
		}
		text := "add it there, or remove it here"
		if near := Nearest(key, sortedKeys(english)); near != "" {
			text = "write " + near
		}
		l.ps.add(name, keyNode(root, key).Line, "the key %s has no English text in messages/en.yaml: %s", key, text)
	}
	var missing []string
	for _, key := range sortedKeys(english) {
		if own[key] == "" {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		l.ps.note(name, 0, "these texts are missing and are shown in English: %s", strings.Join(missing, ", "))
	}
}

func (l *loader) strangeMessages() {
	entries, err := fs.ReadDir(l.fsys, "messages")
	if err != nil {
		return // no folder: every language is noted already
	}
	for _, e := range entries {
		lang := strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
		if !slices.Contains(l.pack.Languages, lang) {
			l.ps.note("messages/"+e.Name(), 0, "nothing reads this file: add %s to languages in scheme.yaml", lang)
		}
	}
}

// places lists the placeholders of a text, sorted, each once.
func places(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// Text returns the sentence in the language, in English where the language
// lacks it.
func (p *Pack) Text(lang string, m claims.Message) string {
	if texts := p.Messages[lang]; texts[m.Key] != "" {
		return m.Text(texts)
	}
	return m.Text(p.Messages["en"])
}
