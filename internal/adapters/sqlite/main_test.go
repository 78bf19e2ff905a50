package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"allot/internal/adapters/sqlite"
)

// holdVariable, if it is set for a test binary, makes it a process that opens
// the database of that name, adds a batch and keeps the database open.
const holdVariable = "ALLOT_TEST_HOLD"

func TestMain(m *testing.M) {
	if file := os.Getenv(holdVariable); file != "" {
		hold(file)
	}
	goleak.VerifyTestMain(m)
}

func hold(file string) {
	s, err := sqlite.Open(context.Background(), file, "allot serve")
	if err == nil {
		err = s.Announce("http://127.0.0.1:5005", "the key")
	}
	if err == nil {
		err = addBatch(context.Background(), s, "theirs")
	}
	fmt.Println("held:", err)
	select {} // until somebody kills us
}

// holder starts a process that keeps a database open, and returns when it does.
func holder(t *testing.T, file string) *exec.Cmd {
	t.Helper()
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), holdVariable+"="+file)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		other.Process.Kill()
		other.Wait()
	})
	var said string
	if _, err := fmt.Fscanf(out, "held: %s\n", &said); err != nil || said != "<nil>" {
		t.Fatalf("the other process said %q, %v", said, err)
	}
	return other
}
