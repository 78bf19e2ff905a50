package bench

import "context"

func echo(context.Context, Options) ([]Figure, error) { return nil, nil }
func many(context.Context, Options) ([]Figure, error) { return nil, nil }
func hot(context.Context, Options) ([]Figure, error)  { return nil, nil }
