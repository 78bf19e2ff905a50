package memory_test

import (
	"testing"

	"go.uber.org/goleak"

	"allot/internal/adapters/memory"
	"allot/internal/adapters/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(*testing.T) storetest.Store { return memory.New() }

func TestStore(t *testing.T) { storetest.Run(t, open) }

func TestSoakStore(t *testing.T) { storetest.Soak(t, open) }

func TestViews(t *testing.T) { storetest.Views(t, open) }
