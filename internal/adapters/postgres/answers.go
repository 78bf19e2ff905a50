package postgres

import (
	"cmp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"allot/internal/service"
)

const (
	selectAnswers = `SELECT a.scope, a.key, a.request, a.at, a.answer FROM ` + wantedAnswers
	wantedAnswers = `unnest($1::text[], $2::text[]) AS w (scope, key)
		CROSS JOIN LATERAL (SELECT * FROM answers WHERE scope = w.scope AND key = w.key LIMIT 1) AS a` // as of lines

	// An answer that need not be kept any more is replaced. One that has to be
	// was not there when we looked: somebody else was faster.
	upsertAnswers = `WITH kept AS (INSERT INTO answers AS a (scope, key, request, at, answer)
			SELECT scope, key, request, at, coalesce(answer, '')
			FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bytea[]) AS w (scope, key, request, at, answer)
			ON CONFLICT (scope, key) DO UPDATE SET request = excluded.request, at = excluded.at, answer = excluded.answer WHERE a.at <= $6
			RETURNING 1)
		SELECT all_written((SELECT count(*) FROM kept), cardinality($1))`

	// Those that somebody else forgets, or replaces, are left to them.
	forgetAnswers = `DELETE FROM answers a USING (SELECT scope, key FROM answers WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED) AS old
		WHERE a.scope = old.scope AND a.key = old.key`
)

// queueAnswers has a batch find answers that were kept.
func queueAnswers(b *pgx.Batch, want []service.AnswerID, found *[]service.KeptAnswer) {
	if len(want) == 0 {
		return
	}
	var scopes, keys []string
	for _, id := range want {
		scopes, keys = append(scopes, id.Scope), append(keys, id.Key)
	}
	b.Queue(selectAnswers, scopes, keys).Query(each(scanAnswer, found))
}

func scanAnswer(scan func(...any) error) (a service.KeptAnswer, err error) {
	err = scan(&a.Scope, &a.Key, &a.Request, &a.At, &a.Answer)
	a.At = a.At.UTC()
	return a, err
}

// writeAnswers keeps answers, in an order that all go by. For each it forgets
// two old ones, if there are any, so that they don't pile up: at the very end,
// because whoever holds them must not wait for anybody.
func writeAnswers(out *pgx.Batch, c service.Changes) {
	if len(c.Answers) == 0 {
		return
	}
	var (
		scopes, keys, requests []string
		ats                    []time.Time
		answers                [][]byte
	)
	for _, a := range slices.SortedFunc(slices.Values(c.Answers), byAnswerID) {
		scopes, keys = append(scopes, a.Scope), append(keys, a.Key)
		requests = append(requests, a.Request)
		ats = append(ats, a.At)
		answers = append(answers, a.Answer)
	}
	out.Queue(upsertAnswers, scopes, keys, requests, ats, answers, c.Forget)
	out.Queue(forgetAnswers, c.Forget, 2*len(c.Answers))
}

func byAnswerID(a, b service.KeptAnswer) int {
	return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Key, b.Key))
}
