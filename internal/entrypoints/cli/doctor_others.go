package cli

import (
	"context"
	"errors"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/entrypoints/redisin"
	"allot/internal/service"
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
		out = append(out, r.checkReadModel(ctx)...)
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
	position, err := bootstrap.CheckRedis(ctx, r.config.RedisURL, redisin.CommandStream)
	if err != nil {
		return r.redisTrouble(check, err)
	}
	if position == 0 {
		return r.lastingRedis(ctx, ok(check, "it answers, and has no events yet"))
	}
	err = r.lookHere(ctx, func(log bootstrap.Store) error { return bootstrap.CheckStream(ctx, r.config.RedisURL, log) })
	if errors.Is(err, service.ErrForeign) {
		return fail(check, "give each shop a Redis database of its own; after a backup was restored, stop the readers and DEL allot:events",
			"its stream ends with event %d of another log: no events go to it, and no commands are taken from it", position)
	}
	if err != nil {
		return warn(check, "set right what keeps the log from being read", "it answers, and whether its events are of this log can't be told: %v", err)
	}
	return r.lastingRedis(ctx, ok(check, "it answers, and has events up to position %d", position))
}

// lastingRedis is what was found of a Redis, unless it takes away what was written.
func (r *run) lastingRedis(ctx context.Context, found finding) finding {
	policy, err := bootstrap.RedisEvicts(ctx, r.config.RedisURL)
	if err != nil || policy == "" {
		return found
	}
	return warn(found.Check, "set maxmemory-policy noeviction in its configuration",
		"%s; it takes keys away when its memory is full (%s): commands could be lost", found.Detail, policy)
}

// redisTrouble is what there is to say of a Redis that can't be used. What passes by
// itself is no failure: events follow then.
func (r *run) redisTrouble(check string, err error) finding {
	trouble, ok := bootstrap.RedisTroubleOf(r.config.RedisURL, err)
	switch {
	case !ok:
		return warn(check, "look whether --redis-url names the right one; events follow when it can be used", "%v", err)
	case trouble.Stays:
		return fail(check, trouble.Next+"; until then no events go there, and no commands are taken from there", "%s", trouble.What)
	}
	return warn(check, trouble.Next+"; events follow then", "%s", trouble.What)
}

// checkReadModel looks how what is kept in Redis stands to the log, if anything
// is or should be.
func (r *run) checkReadModel(ctx context.Context) (out []finding) {
	const check = "read model"
	ctx, cancel := context.WithTimeout(ctx, otherPatience)
	defer cancel()
	err := r.withReadModel(ctx, func(m *bootstrap.ReadModel) error {
		s, err := m.Standing(ctx)
		if err == nil && (s.Build != "" || r.config.RedisAvailability) {
			out = append(out, readModelAt(s))
		}
		return err
	})
	if err != nil && r.config.RedisAvailability {
		f := warn(check, "set right what keeps it from being read; it follows by itself when Redis is back", "%v", err)
		out = append(out, f)
	}
	return out
}

// readModelAt is what there is to say of a read model that stands so.
func readModelAt(s service.ModelStanding) finding {
	const check = "read model"
	switch {
	case s.Build == "":
		return warn(check, "a server with --redis-availability fills it, and allot views rebuild", "it was never filled, or Redis has lost it")
	case s.Foreign:
		return fail(check, adviceOnForeign, "it reflects event %d of another log", s.Position)
	case !s.Complete:
		return warn(check, "wait; if nothing comes, look whether a server runs with --redis-availability", "it is being filled, with %s so far", count(s.Filled, "product", "products"))
	case s.Behind > 0:
		return warn(check, "it follows within a second if a server runs with --redis-availability", "it is %s behind, at position %d", count(int(s.Behind), "event", "events"), s.Position)
	}
	return ok(check, "it reflects the log up to its end, position %d", s.Position)
}

func (r *run) checkMail(ctx context.Context) finding {
	const check = "mail"
	err := bootstrap.CheckMail(ctx, r.config, r.Now)
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		return fail(check, wrong.Hint, "%s", withoutHint(wrong.Error(), wrong.Hint))
	}
	if err != nil {
		return warn(check, bootstrap.AdviceOnMail(err)+"; mails wait until then", "%v", err)
	}
	return ok(check, "the mail server lets us in")
}
