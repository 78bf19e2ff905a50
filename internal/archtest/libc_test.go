package archtest

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// modernc.org/sqlite is C code translated against one version of
// modernc.org/libc, and its authors test it with that version alone: another
// one, even a newer one, may corrupt memory. Go would take the newest that any
// module asks for, and says nothing.
func TestLibcIsTheOneThatSQLiteWasMadeWith(t *testing.T) {
	wanted := requirements(t, goOutput(t, "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite"))["modernc.org/libc"]
	used := goOutput(t, "list", "-m", "-f", "{{.Version}}", "modernc.org/libc")
	if used != wanted {
		t.Errorf("modernc.org/libc is %s, but modernc.org/sqlite wants %q: go get modernc.org/libc@%s", used, wanted, wanted)
	}
}

// requirements returns the versions that a go.mod file requires, by module.
func requirements(t *testing.T, file string) map[string]string {
	t.Helper()
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal([]byte(goOutput(t, "mod", "edit", "-json", file)), &mod); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, r := range mod.Require {
		versions[r.Path] = r.Version
	}
	return versions
}

func goOutput(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}
