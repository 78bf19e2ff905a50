package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"allot/internal/entrypoints/wire"
	"allot/internal/foldersync"
)

// syncing is what was asked of a sync.
type syncing struct {
	source, dest string
	foldersync.Options
	watch bool
	every time.Duration
}

func (r *run) sync() *cobra.Command {
	s := syncing{}
	cmd := &cobra.Command{
		Use:   "sync SOURCE DEST",
		Short: "Make a folder equal to another one",
		Long: "Compares two folders by content. What DEST lacks is copied, what it has under another\n" +
			"name is moved, and with --delete, what SOURCE doesn't have is deleted; else nothing is\n" +
			"deleted, and a thing that is in the way of one of another kind is renamed to NAME.kept-1.\n" +
			"It prints the steps. Links, pipes and devices of SOURCE are left out, and never followed.\n\n" +
			"Files are copied beside, synced to disk and renamed: whenever it is stopped, each file in\n" +
			"DEST is an old one or a new one, and doing the same again goes on from there.\n\n" +
			"Hashes are remembered in a state file outside of both folders, so that a file whose size\n" +
			"and times are as they were is not read again; --checksum reads every file.",
		Example: examples(
			"allot sync ./photos /backup/photos --dry-run", "see what would be done",
			"allot sync ./photos /backup/photos --delete", "afterwards they are equal",
			"allot sync ./photos /backup/photos --watch", "and stay so, until Ctrl-C",
		),
		Args: needs("SOURCE", "DEST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.source, s.dest = args[0], args[1]
			if !cmd.Flags().Changed("state") {
				s.State = r.stateFile(s.source, s.dest)
			} else if err := foldersync.CheckState(s.State, s.source, s.dest); err != nil {
				f := syncFailure(cmd.Context(), err)
				return &f
			}
			if err := checkEvery(s.every); err != nil {
				return err
			}
			if s.watch && s.DryRun {
				return usage("leave one of them out", "--watch goes on and on, and --dry-run does nothing")
			}
			if s.watch {
				return r.watchFolder(cmd.Context(), s)
			}
			return r.syncFolder(cmd.Context(), s)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&s.DryRun, "dry-run", "n", false, "say what would happen, and write nothing")
	f.BoolVar(&s.Delete, "delete", false, "delete what SOURCE doesn't have")
	f.BoolVar(&s.Distrust, "checksum", false, "read every file, also one whose size and times are unchanged")
	f.StringVar(&s.State, "state", "", "`FILE` that remembers hashes, \"\" for none; by default one in the user's cache")
	f.BoolVar(&s.watch, "watch", false, "go on until Ctrl-C")
	f.DurationVar(&s.every, "every", 2*time.Second, "with --watch, how long to wait `BETWEEN` two looks")
	return cmd
}

// stateFile is where hashes are remembered if nothing is said: in the cache of
// the user, if there is one that isn't synced itself.
func (r *run) stateFile(source, dest string) string {
	cache := r.Getenv("XDG_CACHE_HOME")
	for _, home := range []string{"HOME", "LOCALAPPDATA"} {
		if dir := r.Getenv(home); cache == "" && dir != "" {
			cache = filepath.Join(dir, ".cache")
		}
	}
	name, err := foldersync.StateName(source, dest)
	state := filepath.Join(cache, "allot", "sync", name)
	if cache == "" || err != nil || foldersync.CheckState(state, source, dest) != nil {
		return ""
	}
	return state
}

// syncFolder syncs once, and prints what was done.
func (r *run) syncFolder(ctx context.Context, s syncing) error {
	result, err := r.syncOnce(ctx, s)
	if len(result.Steps) > 0 || err == nil {
		err = errors.Join(err, list(r, stepColumns, these(stepsOf(result.Steps)...)))
	}
	for _, name := range result.Skipped {
		r.say("left out: %s is neither a file nor a folder", shownName(name))
	}
	if err != nil {
		f := syncFailure(ctx, err)
		return &f
	}
	r.say("%s", tally(result.Steps))
	if s.DryRun {
		r.say("dry run: nothing was written")
	}
	return nil
}

// syncOnce syncs, with bars that show how far it is.
func (r *run) syncOnce(ctx context.Context, s syncing) (foldersync.Result, error) {
	var b *bar
	doing := ""
	s.Progress = func(p foldersync.Progress) {
		if p.Doing != doing {
			b.end()
			doing, b = p.Doing, r.progress(p.Doing, p.Total, "files")
		}
		b.set(p.Bytes, p.Files)
	}
	defer func() { b.end() }()
	return foldersync.Sync(ctx, s.source, s.dest, s.Options)
}

// watchFolder syncs until ctx ends. Once it has worked, what goes wrong is said
// and tried again.
func (r *run) watchFolder(ctx context.Context, s syncing) error {
	for worked := false; ; {
		result, err := foldersync.Sync(ctx, s.source, s.dest, s.Options)
		if ctx.Err() != nil {
			return nil // it was told to stop
		}
		if len(result.Steps) > 0 {
			err = errors.Join(err, list(r, stepColumns, these(stepsOf(result.Steps)...)))
			r.say("%s %s", r.Now().Format(time.TimeOnly), tally(result.Steps))
		}
		f := syncFailure(ctx, err)
		if err != nil && !worked && f.exit != wire.ExitUnavailable {
			return &f
		}
		if err != nil {
			fmt.Fprintf(r.Err, "%s; trying again\n", f.what)
		}
		worked = worked || err == nil
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.every):
		}
	}
}

func syncFailure(ctx context.Context, err error) failure {
	refused, ok := errors.AsType[*foldersync.Error](err)
	switch {
	case err == nil:
		return failure{}
	case ok && refused.Again:
		return failure{wire.ExitUnavailable, err.Error(), refused.Hint}
	case ok:
		return failure{wire.ExitUsage, err.Error(), refused.Hint}
	}
	return failureOf(ctx, err)
}

// tally sums steps up.
func tally(steps []foldersync.Step) string {
	n := map[foldersync.Action]int{}
	for _, s := range steps {
		n[s.Action]++
	}
	return fmt.Sprintf("%d copied, %d moved, %d deleted, %s made", n[foldersync.Copy], n[foldersync.Move], n[foldersync.Delete],
		count(n[foldersync.MakeFolder], "folder", "folders"))
}

// step is a step as it is printed. Names that are not UTF-8, which JSON can't
// hold, are there in bytes as well.
type step struct {
	Action    foldersync.Action `json:"action"`
	Path      string            `json:"path"`
	From      string            `json:"from,omitempty"`
	Size      int64             `json:"size"`
	Replaces  bool              `json:"replaces,omitempty"`
	PathBytes []byte            `json:"path_bytes,omitempty"`
	FromBytes []byte            `json:"from_bytes,omitempty"`
}

func stepsOf(steps []foldersync.Step) []step {
	out := make([]step, 0, len(steps))
	for _, s := range steps {
		out = append(out, step{s.Action, s.Path, s.From, s.Size, s.Replaces, bytesIfNeeded(s.Path), bytesIfNeeded(s.From)})
	}
	return out
}

func bytesIfNeeded(name string) []byte {
	if utf8.ValidString(name) {
		return nil
	}
	return []byte(name)
}

// shownName is a name as people can read it: in quotes if it has anything that
// a terminal would not show as it is.
func shownName(name string) string {
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}

var stepColumns = []column[step]{
	{name: "path", text: func(s step) string { return s.Path }, tell: func(s step) string { return shownName(s.Path) }},
	{name: "action", text: func(s step) string { return string(s.Action) }},
	{name: "from", text: func(s step) string { return s.From }, tell: func(s step) string { return shownName(dash(s.From)) }},
	{name: "size", text: func(s step) string { return strconv.FormatInt(s.Size, 10) }},
	{name: "replaces", text: func(s step) string { return strconv.FormatBool(s.Replaces) }},
}
