package memory_test

import (
	"testing"

	"allot/internal/adapters/memory"
	"allot/internal/adapters/readmodeltest"
)

func TestReadModel(t *testing.T) {
	readmodeltest.Run(t, func(*testing.T) readmodeltest.Model { return readModel{&memory.ReadModel{}} })
}

type readModel struct{ *memory.ReadModel }

func (m readModel) Save(*testing.T) (restore func()) { return m.ReadModel.Save() }
