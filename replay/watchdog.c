// SPDX-License-Identifier: MIT
/*
 * See watchdog.h.
 */
#include "replay/watchdog.h"

#include "format/catalogue.h"
#include "reader/amount.h"
#include "replay/pace.h"

/* The act that a part is at, or NULL behind its last. */
static const struct score_act *act_now(struct score *score, uint32_t part)
{
	const struct score_part *row = score_part(score, part);
	uint32_t done = atomic_load(&score_progress(score, part)->done);

	return done < row->acts_count ? score_act(score, row->acts + done) : NULL;
}

/* Whether a part is where it may be for a while: before its time, or in a call that took long. */
static bool is_due_later(struct score *score, uint32_t part, uint64_t now, uint64_t patience)
{
	const struct score_progress *progress = score_progress(score, part);
	const struct score_act *act = act_now(score, part);
	uint64_t since = atomic_load(&progress->since);

	if (atomic_load(&progress->state) == PLAYER_PACED)
		return atomic_load(&progress->due) + patience > now;
	if (atomic_load(&progress->state) == PLAYER_CALLS && act && act->end != UINT64_MAX)
		return since + (act->end - act->enter) + patience > now;
	return false;
}

bool watchdog_barks(struct watchdog *watchdog, struct score *score)
{
	uint64_t done = 0, now = pace_now();
	bool may_wait = false;

	for (uint32_t i = 0; i < score->parts_count; i++) {
		done += atomic_load(&score_progress(score, i)->done);
		may_wait |= is_due_later(score, i, now, watchdog->patience);
	}
	if (done != watchdog->done || !watchdog->since || may_wait) {
		watchdog->done = done;
		watchdog->since = now;
	}
	return now - watchdog->since > watchdog->patience;
}

static void print_part(const struct score *score, uint32_t part, struct text *out)
{
	const struct score_part *row = score_part(score, part);
	uint32_t pid = score_process(score, row->process)->pid;

	text_format(out, "pid %u", pid);
	if (row->tid && row->tid != pid)
		text_format(out, " thread %u", row->tid);
}

static void print_act(const struct score_act *act, struct text *out)
{
	text_format(out, "%s, call %u of the trace", catalogue_builtin.calls[act->call].name, act->order + 1);
}

static void print_edge(struct score *score, uint32_t index, struct text *out)
{
	const struct score_edge *edge = SCORE_AT(score, edges, const struct score_edge) + index;
	const struct score_part *part = score_part(score, edge->part);

	text_put(out, ", waits for ");
	print_part(score, edge->part, out);
	text_put(out, " to be done with ");
	print_act(score_act(score, part->acts + edge->count - 1), out);
}

void watchdog_print(struct score *score, struct text *out)
{
	for (uint32_t i = 0; i < score->parts_count; i++) {
		const struct score_progress *progress = score_progress(score, i);
		const struct score_act *act = act_now(score, i);
		uint32_t state = atomic_load(&progress->state), edge = atomic_load(&progress->edge);
		if (state == PLAYER_OVER || state == PLAYER_PARKED || !score_part(score, i)->acts_count)
			continue;
		text_put(out, "  ");
		print_part(score, i, out);
		if (state == PLAYER_NOT_BEGUN)
			text_put(out, " has not begun");
		else if (!act)
			text_put(out, " waits for its other threads to end");
		else
			text_put(out, state == PLAYER_CALLS ? " is in " : " is before ");
		if (act && state != PLAYER_NOT_BEGUN)
			print_act(act, out);
		if (state == PLAYER_WAITS && act && edge < score->edges_count)
			print_edge(score, edge, out);
		text_char(out, '\n');
	}
}
