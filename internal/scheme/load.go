package scheme

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a scheme's time zone must be known on every machine

	"go.yaml.in/yaml/v3"
)

// maxFile bounds the size of one file of a pack.
const maxFile = 64 << 20

// maxProblems is where reading stops to help: a file of the wrong kind has a
// fault in every row.
const maxProblems = 500

// loader reads one pack.
type loader struct {
	fsys fs.FS
	ps   problems
	pack *Pack
	tree *yaml.Node // of scheme.yaml, as far as it can be read
	root *yaml.Node // the same, once it is found well formed

	faulty map[string]bool // files that cannot be relied on
}

// csvFiles are the tables of a pack in the order of reading.
var csvFiles = []struct {
	name     string
	optional bool
	read     func(*loader, []byte)
}{
	{"services.csv", false, (*loader).services},
	{"items.csv", false, (*loader).items},
	{"prices.csv", false, (*loader).prices},
	{"locations.csv", false, (*loader).locations},
	{"facilities.csv", false, (*loader).facilities},
	{"diagnoses.csv", false, (*loader).diagnoses},
	{"practitioners.csv", true, (*loader).practitioners},
}

// Load reads the pack at the root of fsys, checks it and compiles it. The
// problems are sorted by file and line; the pack is nil when one of them is
// more than a note. All files are looked at, whatever is wrong with others:
// only what would follow from another fault is left out.
func Load(fsys fs.FS) (*Pack, []Problem) {
	l := &loader{fsys: fsys, pack: &Pack{}}
	l.manifest()
	if l.root == nil {
		l.outline(l.tree)
	}
	for _, f := range csvFiles {
		if data, ok := l.file(f.name, f.optional); ok {
			f.read(l, data)
		}
	}
	l.messages()
	l.cases()
	l.strangers()
	l.judge()
	l.index()
	l.check()
	if l.root != nil && l.reliable("services.csv", "items.csv") {
		l.compile()
	}
	if !l.ps.failed() {
		sum, err := digest(fsys)
		if err != nil {
			l.ps.add("scheme.yaml", 0, "the files cannot be read: %v", err)
		}
		l.pack.Digest = sum
		l.seal()
	}
	list := l.ps.sorted()
	if len(list) > maxProblems {
		rest := len(list) - maxProblems
		list = append(list[:maxProblems:maxProblems], Problem{File: "scheme.yaml", Text: fmt.Sprintf("%d more problems are not shown: mend these first", rest)})
	}
	if l.ps.failed() {
		return nil, list
	}
	return l.pack, list
}

// judge notes which files have faults: what the others say about their rows
// cannot be checked.
func (l *loader) judge() {
	l.faulty = map[string]bool{"locations.csv": len(l.pack.AreaLevels) == 0}
	for _, p := range l.ps.list {
		l.faulty[p.File] = l.faulty[p.File] || !p.Note
	}
}

func (l *loader) reliable(files ...string) bool {
	return !slices.ContainsFunc(files, func(f string) bool { return l.faulty[f] })
}

// file reads a file of the pack; ok is false when it is not there, which is
// reported unless it is optional.
func (l *loader) file(name string, optional bool) (data []byte, ok bool) {
	data, err := readFile(l.fsys, name)
	switch {
	case err == nil:
		return data, true
	case !errors.Is(err, fs.ErrNotExist):
		l.ps.add(name, 0, "the file cannot be read: %v", err)
	case !optional:
		l.ps.add(name, 0, "the file is missing: a pack needs it, if only with its header row")
	}
	return nil, false
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("larger than %d MB", maxFile>>20)
	}
	return data, nil
}

// manifest reads scheme.yaml.
func (l *loader) manifest() {
	const name = "scheme.yaml"
	data, ok := l.file(name, false)
	if !ok {
		return
	}
	root := parseYAML(&l.ps, name, data)
	l.tree = root
	if root == nil || !schemeGrammar().check(&l.ps, name, root) {
		return
	}
	p := l.pack
	if !decode(&l.ps, name, root, &p.Manifest) {
		return
	}
	l.root = root
	p.plans = map[string][]*version{}
	for i, n := range child(root, "plans").Content {
		code := p.Plans[i].Code
		if _, twice := p.plans[code]; twice {
			l.ps.add(name, at(n, "code").Line, "the plan %s stands twice: make the second a version of the first", code)
			continue
		}
		p.plans[code] = decodeVersions(&l.ps, name, n)
	}
	l.defaults()
}

// defaults fills in what scheme.yaml leaves out.
func (l *loader) defaults() {
	p := l.pack
	p.Calendar = orElse(p.Calendar, "gregorian")
	p.PriceCap = orElse(p.PriceCap, "lesser")
	p.Terms.Prices = orElse(p.Terms.Prices, ServiceDate)
	p.Terms.Benefits = orElse(p.Terms.Benefits, PolicyStart)
	if p.AgeOfMajority == 0 {
		p.AgeOfMajority = 18
	}
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil || p.TimeZone == "Local" {
		l.ps.add("scheme.yaml", at(l.root, "time_zone").Line, "unknown time zone: write a name such as Asia/Kathmandu")
		zone = time.UTC
	}
	p.zone = zone
	if !slices.Contains(p.Languages, "en") {
		l.ps.add("scheme.yaml", at(l.root, "languages").Line, "add en: texts that a language lacks are shown in English")
	}
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func (p *Pack) decimals() int {
	if p.Decimals == nil {
		return 2
	}
	return *p.Decimals
}

// strangers notes files that nothing reads: mostly a misspelt name.
func (l *loader) strangers() {
	known := []string{"scheme.yaml", "messages", "tests"}
	for _, f := range csvFiles {
		known = append(known, f.name)
	}
	entries, err := fs.ReadDir(l.fsys, ".")
	if err != nil {
		l.ps.add("scheme.yaml", 0, "the folder cannot be read: %v", err)
		return
	}
	for _, e := range entries {
		ext := path.Ext(e.Name())
		if slices.Contains(known, e.Name()) || !slices.Contains([]string{".csv", ".yaml", ".yml", ".xlsx"}, ext) {
			continue
		}
		text := "nothing reads this file"
		if near := Nearest(e.Name(), known); near != "" {
			text += ": name it " + near
		}
		l.ps.note(e.Name(), 0, "%s", text)
	}
}

// digest is the SHA-256 of what decides and is published: all files but the
// worked cases, sorted by name, with line ends as on Unix and without byte
// order marks, so that a checkout on another system has the same digest.
func digest(fsys fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name == "tests" {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".csv", ".yaml"}, path.Ext(name)) {
			return nil
		}
		data, err := readFile(fsys, name)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
		_, err = fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("digest: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
