// Package archtest holds the rules of who may import whom. There is nothing
// else in it.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "allot"

// rule says what a package may import: of ours, of the standard library and of
// other modules. Only what is built into the program counts, not its tests.
type rule struct {
	pkg  string
	may  packages // of ours
	std  []string // if not nil, the only standard packages; else all are free
	deps []string // other modules, or single packages of them
}

// packages are paths below the module.
type packages []string

func (p packages) and(more ...string) packages { return slices.Concat(p, more) }

// inside is what everything outside may know.
var inside = packages{"internal/domain", "internal/service", "internal/views"}

// rules has a rule for every package.
//
// It is policy. Don't change it to make a build pass.
var rules = []rule{
	// The inside: no I/O, no drivers, nothing of the outside.
	{
		pkg:  "internal/domain",
		std:  []string{"cmp", "errors", "fmt", "iter", "maps", "math", "slices", "strings", "time", "unicode", "unicode/utf8"},
		deps: []string{"golang.org/x/text/unicode/norm"},
	},
	{
		pkg: "internal/views",
		std: []string{"context", "errors", "iter", "time"},
	},
	{
		pkg: "internal/service",
		may: packages{"internal/domain", "internal/views"},
		std: []string{
			"bytes", "cmp", "context", "crypto/rand", "crypto/sha256", "encoding/hex", "errors", "fmt", "iter", "log/slog", "maps", "math", "math/rand/v2", "reflect",
			"runtime/debug", "slices", "strconv", "strings", "sync", "sync/atomic", "time",
		},
	},

	// Adapters know the inside, and never one another but for shared encodings.
	{pkg: "internal/adapters/cloudevents", may: inside},
	{pkg: "internal/adapters/eventjson", may: inside},
	{pkg: "internal/adapters/memory", may: inside.and("internal/access", "internal/adapters/eventjson")},
	{pkg: "internal/adapters/csvfiles", may: inside.and("internal/access", "internal/csvrows"), deps: []string{"github.com/gofrs/flock"}},
	{pkg: "internal/adapters/notify", may: inside},
	{
		pkg:  "internal/adapters/postgres",
		may:  inside.and("internal/access", "internal/adapters/eventjson"),
		deps: []string{"github.com/jackc/pgx/v5", "github.com/pressly/goose/v3", "github.com/google/uuid"},
	},
	{
		pkg:  "internal/adapters/sqlite",
		may:  inside.and("internal/access", "internal/adapters/eventjson"),
		deps: []string{"modernc.org/sqlite", "github.com/pressly/goose/v3", "github.com/gofrs/flock"},
	},
	{pkg: "internal/adapters/webhook", may: inside.and("internal/adapters/cloudevents", "internal/adapters/eventjson")},
	{pkg: "internal/adapters/smtp", may: inside, deps: []string{"github.com/wneessen/go-mail"}},
	{
		pkg:  "internal/adapters/redis",
		may:  inside.and("internal/adapters/cloudevents", "internal/pyjson"),
		deps: []string{"github.com/redis/go-redis/v9"},
	},
	{pkg: "internal/adapters/readmodeltest", may: inside, deps: []string{"github.com/google/go-cmp"}},
	{pkg: "internal/adapters/journaltest", may: inside, deps: []string{"github.com/google/go-cmp"}},
	{ // a suite of tests, for the tests of stores to import
		pkg:  "internal/adapters/storetest",
		may:  inside.and("internal/access"),
		deps: []string{"github.com/anishathalye/porcupine", "github.com/google/go-cmp", "pgregory.net/rapid"},
	},

	// Entry points know the inside, and never adapters. They share encodings.
	{pkg: "internal/entrypoints/wire", may: inside.and("internal/access", "internal/nearest", "internal/pyjson")},
	{pkg: "internal/entrypoints/inbox", may: inside.and("internal/entrypoints/importer"), deps: []string{"github.com/gofrs/flock"}},
	{pkg: "internal/entrypoints/redisin", may: inside.and("internal/entrypoints/wire"), deps: []string{"github.com/redis/go-redis/v9", "github.com/google/uuid"}},
	{pkg: "internal/entrypoints/importer", may: inside.and("internal/entrypoints/wire", "internal/csvrows")},
	{
		pkg:  "internal/entrypoints/httpapi",
		may:  inside.and("internal/access", "internal/nearest", "internal/entrypoints/wire", "internal/entrypoints/importer"),
		deps: []string{"github.com/google/uuid", "golang.org/x/time/rate", "github.com/danielgtaylor/huma/v2"},
	},
	{
		pkg:  "internal/entrypoints/web",
		may:  inside.and("internal/access", "internal/entrypoints/wire", "internal/entrypoints/importer"),
		deps: []string{"github.com/yuin/goldmark", "golang.org/x/time/rate"},
	},
	{ // the command line starts servers, and opens the database if none runs
		pkg: "internal/entrypoints/cli",
		may: inside.and(
			"docs", "internal/entrypoints/wire", "internal/entrypoints/importer", "internal/entrypoints/httpapi", "internal/entrypoints/web",
			"internal/access", "internal/bootstrap", "internal/config", "internal/bench", "internal/sample", "internal/nearest", "internal/foldersync",
			"internal/yardstick",
			"internal/entrypoints/inbox", "internal/entrypoints/redisin",
			"internal/metrics", "internal/tracing"), // they watch a server, and nothing goes through them
		deps: []string{
			"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/vbauerster/mpb/v8", "github.com/mattn/go-isatty",
		},
	},

	// What the program is set up with, tried with and measured by.
	{
		pkg:  "internal/config",
		may:  packages{"internal/nearest"},
		deps: []string{"github.com/BurntSushi/toml", "github.com/spf13/pflag"},
	},
	{pkg: "internal/sample", may: packages{"internal/domain"}},
	{
		pkg: "internal/bench",
		may: inside.and(
			"internal/entrypoints/wire", "internal/entrypoints/importer", "internal/entrypoints/httpapi",
			"internal/bootstrap", "internal/config", "internal/sample", "internal/pgserver"),
		deps: []string{"github.com/jackc/pgx/v5", "github.com/emersion/go-smtp"}, // to measure against
	},
	{pkg: "internal/yardstick", may: packages{"internal/domain", "internal/service", "internal/mincost", "internal/entrypoints/importer"}},
	{pkg: "internal/mincost", std: []string{"container/heap", "math"}},
	{pkg: "internal/access", may: packages{"internal/domain"}},
	{pkg: "internal/foldersync"},
	{pkg: "internal/metrics", may: inside, deps: []string{"github.com/prometheus/client_golang"}},
	{pkg: "internal/tracing", may: packages{"internal/domain", "internal/service"}, deps: []string{"go.opentelemetry.io/otel"}},
	{pkg: "client"}, // for others to import
	{pkg: "internal/csvrows", may: packages{"internal/domain", "internal/nearest"}},
	{pkg: "internal/nearest"},
	{pkg: "docs"},
	{pkg: "internal/pgserver"},
	{pkg: "internal/pyjson"},
	{pkg: "internal/redistest"},
	{pkg: "internal/archtest"},

	// The only places that know both sides.
	{
		pkg: "internal/bootstrap",
		may: inside.and(
			"internal/access", "internal/adapters/csvfiles", "internal/adapters/eventjson", "internal/adapters/memory", "internal/adapters/notify",
			"internal/adapters/postgres", "internal/adapters/redis", "internal/adapters/smtp", "internal/adapters/sqlite", "internal/adapters/webhook",
			"internal/config", "internal/csvrows", "internal/sample"),
	},
	{
		pkg: "cmd/allot",
		may: packages{"internal/bootstrap", "internal/config", "internal/entrypoints/cli"},
	},
}

func TestPackagesImportOnlyWhatTheirRuleLists(t *testing.T) {
	imports := readImports(t)
	for _, pkg := range slices.Sorted(maps.Keys(imports)) {
		r, ok := ruleFor(pkg)
		if !ok {
			t.Errorf("package %s has no rule: say in rules what it may import", pkg)
			continue
		}
		for imported, file := range imports[pkg] {
			if !r.allows(imported) {
				t.Errorf("%s imports %q, which the rule for %s doesn't list", file, imported, pkg)
			}
		}
	}
}

func TestEveryRuleIsAboutAPackage(t *testing.T) {
	imports := readImports(t)
	for _, r := range rules {
		if _, ok := imports[r.pkg]; !ok {
			t.Errorf("there is a rule for %s, but no such package", r.pkg)
		}
		for _, pkg := range r.may {
			if _, ok := ruleFor(pkg); !ok {
				t.Errorf("the rule for %s lists %s, for which there is no rule", r.pkg, pkg)
			}
		}
	}
}

func TestARuleAllowsNothingThatItDoesNotList(t *testing.T) {
	strict := rule{pkg: "strict", may: packages{"internal/a"}, std: []string{"fmt"}, deps: []string{"example.com/m"}}
	free := rule{pkg: "free"}
	for _, tt := range []struct {
		rule     rule
		imported string
		want     bool
	}{
		{strict, "allot/internal/a", true},
		{strict, "allot/internal/a/b", false},
		{strict, "allot/internal/ab", false},
		{free, "allot/internal/a", false},
		{strict, "fmt", true},
		{strict, "os", false},
		{free, "os", true},
		{strict, "example.com/m", true},
		{strict, "example.com/m/sub", true},
		{strict, "example.com/mm", false},
		{free, "example.com/m", false},
	} {
		if got := tt.rule.allows(tt.imported); got != tt.want {
			t.Errorf("rule %s allows %s: %v, want %v", tt.rule.pkg, tt.imported, got, tt.want)
		}
	}
}

func ruleFor(pkg string) (rule, bool) {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.pkg == pkg })
	if i < 0 {
		return rule{}, false
	}
	return rules[i], true
}

func (r rule) allows(imported string) bool {
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		return slices.Contains(r.may, ours)
	}
	if host, _, _ := strings.Cut(imported, "/"); !strings.Contains(host, ".") {
		return r.std == nil || slices.Contains(r.std, imported)
	}
	return slices.ContainsFunc(r.deps, func(dep string) bool {
		return imported == dep || strings.HasPrefix(imported, dep+"/")
	})
}

// readImports returns the imports of every package, each with a file that has
// it. It reads the files rather than ask `go list`, so that files for other
// systems count, and the go command knows when a cached result is out of date.
func readImports(t *testing.T) map[string]map[string]string {
	t.Helper()
	root := os.DirFS("../..")
	imports := map[string]map[string]string{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && isForeign(root, name):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		pkg := path.Dir(name)
		if imports[pkg] == nil {
			imports[pkg] = map[string]string{}
		}
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		return addImports(imports[pkg], root, name)
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}

// isForeign tells whether a directory is none of this module's packages: the go
// command doesn't look into such either.
func isForeign(root fs.FS, dir string) bool {
	if dir == "." {
		return false
	}
	_, err := fs.Stat(root, path.Join(dir, "go.mod"))
	base := path.Base(dir)
	return err == nil || base == "testdata" || base[0] == '.' || base[0] == '_'
}

func addImports(imports map[string]string, root fs.FS, name string) error {
	src, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		return err
	}
	for _, spec := range f.Imports {
		imports[strings.Trim(spec.Path.Value, "\"`")] = name
	}
	return nil
}
