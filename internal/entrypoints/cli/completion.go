package cli

import "github.com/spf13/cobra"

var shells = []string{"bash", "zsh", "fish", "powershell"}

func completion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print what makes a shell complete commands and flags",
		Long:  "Prints a script for bash, zsh, fish or powershell, to be read when the shell starts.",
		Example: examples(
			"source <(allot completion bash)", "in ~/.bashrc",
			"allot completion fish > ~/.config/fish/completions/allot.fish", "once",
		),
		ValidArgs: shells,
		Args:      needs("SHELL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return usage("write one of bash, zsh, fish, powershell", "there is no completion for %q", args[0])
		},
	}
}
