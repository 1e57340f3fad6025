package main

import (
	"fmt"
	"io"
	"os"

	"github.com/jamii-health/jamii/internal/scheme"
)

// schemeCommand checks packs; it needs no database.
type schemeCommand struct {
	Check schemeCheck `cmd:"" help:"Read a scheme pack and print everything that is wrong with it."`
	Test  schemeTest  `cmd:"" help:"Run the worked cases of a scheme pack."`
}

type schemeCheck struct {
	Dir string `arg:"" help:"Folder of the pack."`
}

// Run checks the pack.
func (c schemeCheck) Run(s streams) error {
	p, err := loadPack(c.Dir, s.out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s is in order: %d plans, %d services and items, %d prices, %d facilities, %d cases.\n",
		p.Name, len(p.Plans), len(p.Articles), len(p.Prices), len(p.Facilities), len(p.Cases))
	return err
}

type schemeTest struct {
	Dir string `arg:"" help:"Folder of the pack."`
}

// Run runs the cases.
func (t schemeTest) Run(s streams) error {
	p, err := loadPack(t.Dir, s.out)
	if err != nil {
		return err
	}
	failed, err := scheme.Report(s.out, scheme.RunCases(p, p.Cases))
	if err == nil && failed > 0 {
		err = errReported
	}
	return err
}

// loadPack loads a pack and prints its problems with their places.
func loadPack(dir string, w io.Writer) (*scheme.Pack, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder; name the folder that holds scheme.yaml", dir)
	}
	p, problems := scheme.Load(os.DirFS(dir))
	for _, problem := range problems {
		if _, err := fmt.Fprintf(w, "%s/%s\n", dir, problem); err != nil {
			return nil, err
		}
	}
	if p == nil {
		return nil, errReported
	}
	return p, nil
}
