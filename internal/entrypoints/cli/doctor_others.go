package cli

import (
	"context"
	"errors"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/config"
)

// otherPatience is how long Redis or a mail server may take to answer.
const otherPatience = 5 * time.Second

// checkOthers asks the servers of others that events go to, those that are set.
// Nothing is lost while they can't be reached, so that it is no failure.
func (r *run) checkOthers(ctx context.Context) (out []finding) {
	ctx, cancel := context.WithTimeout(ctx, 2*otherPatience)
	defer cancel()
	if r.config.RedisURL != "" {
		out = append(out, r.checkRedis(ctx))
	}
	if r.config.SMTPURL != "" {
		out = append(out, r.checkMail(ctx))
	}
	return out
}

func (r *run) checkRedis(ctx context.Context) finding {
	const check = "redis"
	ctx, cancel := context.WithTimeout(ctx, otherPatience)
	defer cancel()
	position, err := bootstrap.CheckRedis(ctx, r.config.RedisURL)
	if err != nil {
		return warn(check, "look whether it runs, and whether --redis-url names it; events follow when it is back", "%v", err)
	}
	if position == 0 {
		return ok(check, "it answers, and has no events yet")
	}
	return ok(check, "it answers, and has events up to position %d", position)
}

func (r *run) checkMail(ctx context.Context) finding {
	const check = "mail"
	err := bootstrap.CheckMail(ctx, r.config, r.Now)
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		return fail(check, wrong.Hint, "%v", wrong)
	}
	if err != nil {
		return warn(check, "look whether it runs, and at --smtp-url and --smtp-tls; mails wait until it can be reached", "%v", err)
	}
	return ok(check, "the mail server lets us in")
}
