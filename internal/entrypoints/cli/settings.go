package cli

import (
	"runtime"

	"github.com/spf13/cobra"

	"allot/internal/config"
)

func (r *run) configuration() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "config",
		Short: "Look at the settings",
		Long:  "A setting comes from its flag, else its variable, else the file that --config\nnames, else it has its default. See allot help environment.",
		Example: examples(
			"allot config show", "every setting, its value and where that comes from",
			"ALLOT_ADDR=:8080 allot config show", "see that a variable is understood",
		),
	}, r.configShow())
}

var settingColumns = []column[config.Value]{
	{name: "name", text: func(v config.Value) string { return v.Name }},
	{name: "value", text: func(v config.Value) string { return v.Value }, tell: func(v config.Value) string { return dash(v.Value) }},
	{name: "source", text: func(v config.Value) string { return v.Source }},
}

func (r *run) configShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show every setting, its value and where that comes from",
		Example: examples(
			"allot config show", "as other commands would see it",
			"allot config show --config allot.toml", "check a file",
		),
		Args: needs(),
		RunE: func(*cobra.Command, []string) error { return list(r, settingColumns, these(r.config.Origins()...)) },
	}
	return r.takes(cmd, append([]string{"server", "token-file"}, serverSettings...)...)
}

// takes gives a command the flags of more settings.
func (r *run) takes(cmd *cobra.Command, settings ...string) *cobra.Command {
	config.Flags(cmd.Flags(), settings...)
	return cmd
}

// sourceOf says where the value of a setting comes from.
func (r *run) sourceOf(setting string) string {
	return r.config.OriginOf(setting).Source
}

// program is what there is to say about the program itself.
type program struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

var programColumns = []column[program]{
	{name: "version", text: func(p program) string { return p.Version }},
	{name: "go", text: func(p program) string { return p.Go }},
	{name: "os", text: func(p program) string { return p.OS }},
	{name: "arch", text: func(p program) string { return p.Arch }},
}

func (r *run) versions() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Example: examples(
			"allot version", "for people",
			"allot version --output json", "for programs",
		),
		Args: needs(),
		RunE: func(*cobra.Command, []string) error {
			p := program{r.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH}
			return object(r, p, func() error { return list(r, programColumns, these(p)) })
		},
	}
}

// versionFlag has the flag --version do what allot version does.
func (r *run) versionFlag(root *cobra.Command) {
	asked, others := false, root.RunE
	root.Flags().BoolVar(&asked, "version", false, "say which version this is")
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if asked && len(args) == 0 {
			return r.versions().RunE(cmd, nil)
		}
		return others(cmd, args)
	}
}
