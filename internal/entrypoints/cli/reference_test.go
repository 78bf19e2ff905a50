package cli_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/entrypoints/cli"
)

// The reference is written by the program; with -update it is written anew.
func TestReferenceIsTrue(t *testing.T) {
	for file, write := range map[string]func(io.Writer){
		"cli.md": cli.Reference, "configuration.md": cli.ConfigurationReference, "errors.md": cli.ErrorReference,
	} {
		t.Run(file, func(t *testing.T) {
			var want bytes.Buffer
			write(&want)
			path := filepath.Join(source, "../../../docs/reference", file)
			if *update {
				if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), string(got)); diff != "" {
				t.Errorf("docs/reference/%s is not what the program says; write it anew with go test ./internal/entrypoints/cli -run Reference -update\n%s", file, diff)
			}
		})
	}
}
