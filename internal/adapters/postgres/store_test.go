package postgres_test

import (
	"testing"

	"allot/internal/adapters/storetest"
)

func TestStore(t *testing.T) { storetest.Run(t, empty) }

func TestViews(t *testing.T) { storetest.Views(t, empty) }

func TestSoakStore(t *testing.T) { storetest.Soak(t, empty) }
