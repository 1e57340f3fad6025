package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A package must not be able to write outside its folder.
func TestUnpack(t *testing.T) {
	var buf bytes.Buffer
	zipped := gzip.NewWriter(&buf)
	files := tar.NewWriter(zipped)
	for _, name := range []string{"package/dist/fhir/r4/../../../../../evil.json", "/package/dist/fhir/r4/x.json", "package/dist/fhir/r4/a.json", "package/dist/fhir/r4/a.txt", "package/other/b.json"} {
		if err := files.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: 2}); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write([]byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := unpack(&buf, dir); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			got = append(got, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"package/dist/fhir/r4/a.json"}, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if unpack(bytes.NewReader([]byte("x")), dir) == nil {
		t.Error("unpacked what is no package")
	}
}
