package importer_test

import (
	"context"
	"iter"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/service"
)

func TestCellsAreNeverFormulas(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+1+1": "'+1+1", "@SUM(A1)": "'@SUM(A1)", "-A1": "'-A1", "\t=1": "'\t=1", "\r=1": "'\r=1", "'=1": "''=1", "-": "'-",
		"": "", "-5": "-5", "+1.5": "+1.5", "A=1": "A=1", "'quoted'": "'quoted'", "'": "'",
	} {
		if got := importer.Harmless(cell); got != want {
			t.Errorf("%q is written as %q, want %q", cell, got, want)
		}
	}
}

// refusing refuses every command.
func refusing(_ context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
	return func(yield func(service.Outcome[any]) bool) {
		for range commands {
			if !yield(service.Outcome[any]{Err: &domain.Error{Kind: domain.Invalid, Message: "no"}}) {
				return
			}
		}
	}
}

// rejectedOf imports a file in which every row is refused, and returns the file
// for refused rows.
func rejectedOf(t *rapid.T, text string) string {
	var rejected file
	if _, err := importer.Import(t.Context(), strings.NewReader(text), importer.Products, refusing, importer.Options{Rejected: rejected.open}); err != nil {
		t.Fatal(err)
	}
	return rejected.String()
}

// What is written is read as what it was, however often it goes there and back.
func TestWhatWasMadeHarmlessIsReadAsItWas(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		description := rapid.StringOf(rapid.SampledFrom([]rune("'=+-@A1\t,\""))).Draw(rt, "description")
		quoted := `"` + strings.ReplaceAll(importer.Harmless(description), `"`, `""`) + `"`
		text := "sku,description\nLAMP," + quoted + "\n"
		for range 3 {
			text = rejectedOf(rt, text)
		}
		var asked []domain.Message
		if _, err := importer.Import(rt.Context(), strings.NewReader(text), importer.Products, granting(&asked), importer.Options{}); err != nil {
			rt.Fatal(err)
		}
		if got := asked[0].(domain.DescribeProduct).Description; got != description {
			rt.Fatalf("%q comes back as %q, by way of\n%s", description, got, text)
		}
	})
}
