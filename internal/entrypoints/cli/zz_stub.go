package cli

import "github.com/spf13/cobra"

func (r *run) serve() *cobra.Command { return &cobra.Command{Use: "serve"} }
func (r *run) demo() *cobra.Command { return &cobra.Command{Use: "demo"} }
