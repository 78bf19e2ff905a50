package domain

// Change is a new value for something, or none: the zero Change leaves it as
// it is.
type Change[T comparable] struct {
	To    T
	Given bool
}

// To is the change to v.
func To[T comparable](v T) Change[T] { return Change[T]{To: v, Given: true} }

// of is what becomes of was.
func (c Change[T]) of(was T) T {
	if c.Given {
		return c.To
	}
	return was
}
