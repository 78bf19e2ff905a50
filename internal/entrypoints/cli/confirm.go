package cli

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"

	"allot/internal/entrypoints/wire"
)

// hintYes is what to do where nobody can be asked.
const hintYes = "pass --yes, or --dry-run to see what would happen"

// confirm asks a question that is answered with y or n. It is an error if the
// answer is no, or if there is nobody to ask; then hint says what to do.
func (r *run) confirm(ctx context.Context, question, hint string) error {
	if r.yes {
		return nil
	}
	if !r.Terminal(r.In) {
		return usage(hint, "%s asks before it changes anything, and there is no terminal to ask on", r.command)
	}
	answer, err := r.ask(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return notAgreed()
	}
	return nil
}

// confirmNumber asks for a number that only somebody knows who has read what is
// going to happen. given is what they said ahead of time; negative: nothing.
func (r *run) confirmNumber(ctx context.Context, question string, number, given int) error {
	if given == number {
		return nil
	}
	if given >= 0 {
		return &failure{wire.ExitConflict, fmt.Sprintf("%s, not %d", count(number, "line changes", "lines change"), given), "look at them with --dry-run"}
	}
	if !r.Terminal(r.In) && r.yes {
		return usage(fmt.Sprintf("pass --confirm %d, or --dry-run to see what would happen", number),
			"--yes is not enough for so much: %s would change %s", r.command, count(number, "line", "lines"))
	}
	if !r.Terminal(r.In) {
		return usage(fmt.Sprintf("pass --confirm %d, or --dry-run to see what would happen", number),
			"%s would change %s, and there is no terminal to ask on", r.command, count(number, "line", "lines"))
	}
	answer, err := r.ask(ctx, fmt.Sprintf("%s Type %d to go on: ", question, number))
	if err != nil {
		return err
	}
	if answer != strconv.Itoa(number) {
		return notAgreed()
	}
	return nil
}

func notAgreed() error { return &failure{wire.ExitFailed, "nothing was changed", ""} }

// ask asks a question and returns the line that answers it. The goroutine that
// reads it ends with the input: reading a terminal can't be interrupted.
func (r *run) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(r.Err, question)
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(r.In).ReadString('\n') // no answer is a no
		answers <- strings.TrimSpace(line)
	}()
	select {
	case answer := <-answers:
		return answer, nil
	case <-ctx.Done():
		fmt.Fprintln(r.Err)
		return "", context.Cause(ctx)
	}
}
