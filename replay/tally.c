// SPDX-License-Identifier: MIT
/*
 * See tally.h.
 */
#include "replay/tally.h"

#include <inttypes.h>

#include "format/catalogue.h"
#include "reader/amount.h"
#include "reader/value.h"

const char *const fill_reasons[FILL_COUNT] = {
	[FILL_NOT] = "",
	[FILL_NEVER] = "not of the kind that is run again",
	[FILL_BAD_ADDRESS] = "given a bad address",
	[FILL_INTERRUPTED] = "ended by a signal",
	[FILL_CANCELLED] = "never returned",
	[FILL_UNKNOWN] = "on something that was not recorded",
	[FILL_FOREIGN] = "asking a file or terminal that is only played",
	[FILL_NO_SENDER] = "receiving what nobody was recorded to send",
	[FILL_VERSION] = "unknown to this version",
	[FILL_NETWORK] = "failing as only a real network can",
	[FILL_LARGE] = "with more than 256 MiB at once",
	[FILL_NO_CHILD] = "finding that no child had ended yet",
};

static void act_count(struct tally *tally, struct score *score, uint32_t number)
{
	const struct score_act *act = score_act(score, number);
	const struct score_mark *mark = score_mark(score, number);

	tally->calls++;
	tally->standins += act->how == ACT_STANDIN;
	if (act->how == ACT_PARK)
		return;
	if (act->how == ACT_FILL)
		tally->reasons[act->reason]++;
	if (mark->state == MARK_NONE)
		tally->missing++;
	else if (mark->state == MARK_FILLED)
		tally->filled++;
	else
		tally->replayed++;
	tally->states[mark->state]++;
	if (mark->end > tally->makespan)
		tally->makespan = mark->end;
	if (mark->state != MARK_NONE)
		histogram_add(&tally->late, mark->late);
	for (uint16_t i = 0; i < act->edges_count && mark->state != MARK_NONE; i++) {
		const struct score_edge *edge = SCORE_AT(score, edges, const struct score_edge) + act->edges + i;
		const struct score_part *before = score_part(score, edge->part);
		const struct score_mark *last = score_mark(score, before->acts + edge->count - 1);
		tally->edges++;
		tally->broken += last->state == MARK_NONE || last->end > mark->begin;
	}
}

void tally_make(struct tally *tally, struct score *score)
{
	*tally = (struct tally){.standins = score->standins_count};
	for (uint32_t i = 0; i < score->acts_count; i++) {
		const struct score_act *act = score_act(score, i);
		act_count(tally, score, i);
		if (act->how != ACT_MAKE || act->template == SCORE_NONE)
			continue;
		const struct score_template *template = score_template(score, act->template);
		for (uint32_t c = 0; c < template->checks; c++)
			tally->unhashed +=
				SCORE_AT(score, objects, const struct score_object)[template_checks(template)[c].object]
					.is_cut;
	}
}

bool tally_is_same(const struct tally *tally)
{
	return tally->states[MARK_SAME] == tally->replayed;
}

static void print_filled(const struct tally *tally, struct text *out)
{
	bool first = !tally->standins;

	if (tally->standins)
		text_format(out, "%" PRIu64 " file%s or terminal%s played", tally->standins,
			    tally->standins == 1 ? "" : "s", tally->standins == 1 ? "" : "s");
	if (tally->unhashed) {
		text_format(out, "%s%" PRIu64 " receipt%s of payload that is not known: only sizes compared",
			    first ? "" : "; ", tally->unhashed, tally->unhashed == 1 ? "" : "s");
		first = false;
	}
	for (unsigned i = 1; i < FILL_COUNT; i++) {
		if (!tally->reasons[i])
			continue;
		text_format(out, "%s%" PRIu64 " %s", first ? "" : "; ", tally->reasons[i], fill_reasons[i]);
		first = false;
	}
}

static bool has_filled(const struct tally *tally)
{
	return tally->standins || tally->filled || tally->unhashed;
}

void tally_print(const struct tally *tally, const struct score *score, struct text *out)
{
	text_format(out,
		    "replayed %" PRIu64 " of %" PRIu64 " calls, %" PRIu64 " with the same result; %" PRIu64
		    " of %" PRIu64 " edges kept; ",
		    tally->replayed, tally->calls, tally->states[MARK_SAME], tally->edges - tally->broken,
		    tally->edges);
	amount_time(out, tally->makespan);
	text_put(out, " against ");
	amount_time(out, score->span);
	if (score->speed > 0) {
		text_put(out, "; late by ");
		amount_time(out, histogram_quantile(&tally->late, 0.5) * 1000);
		text_put(out, " (median), ");
		amount_time(out, histogram_quantile(&tally->late, 0.99) * 1000);
		text_put(out, " (99 %), ");
		amount_time(out, tally->late.max * 1000);
		text_put(out, " (most)");
	}
	text_char(out, '\n');
	if (tally->missing)
		text_format(out, "%" PRIu64 " call%s not come to\n", tally->missing,
			    tally->missing == 1 ? " was" : "s were");
	if (!has_filled(tally))
		return;
	text_put(out, "not as it was: ");
	print_filled(tally, out);
	text_char(out, '\n');
}

void tally_print_json(const struct tally *tally, const struct score *score, struct text *out)
{
	text_format(out,
		    "{\"replay\":{\"calls\":%" PRIu64 ",\"replayed\":%" PRIu64 ",\"same\":%" PRIu64
		    ",\"outcome\":%" PRIu64 ",\"size\":%" PRIu64 ",\"payload\":%" PRIu64 ",\"filled\":%" PRIu64
		    ",\"missing\":%" PRIu64 ",\"edges\":%" PRIu64 ",\"broken_edges\":%" PRIu64 ",\"makespan\":%" PRIu64
		    ",\"recorded\":%" PRIu64,
		    tally->calls, tally->replayed, tally->states[MARK_SAME], tally->states[MARK_OUTCOME],
		    tally->states[MARK_SIZE], tally->states[MARK_PAYLOAD], tally->filled, tally->missing, tally->edges,
		    tally->broken, tally->makespan, score->span);
	text_format(out, ",\"late\":{\"median\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"max\":%" PRIu64 "}",
		    histogram_quantile(&tally->late, 0.5) * 1000, histogram_quantile(&tally->late, 0.99) * 1000,
		    tally->late.max * 1000);
	text_format(out, ",\"standins\":%" PRIu64 ",\"sizes_only\":%" PRIu64 ",\"not_made\":{", tally->standins,
		    tally->unhashed);
	for (unsigned i = 1, shown = 0; i < FILL_COUNT; i++) {
		if (!tally->reasons[i])
			continue;
		text_format(out, "%s", shown++ ? "," : "");
		text_json_string(out, fill_reasons[i]);
		text_format(out, ":%" PRIu64, tally->reasons[i]);
	}
	text_put(out, "}}}\n");
}

void mark_print(const struct score_act *act, const struct score_mark *mark, struct text *out)
{
	const struct call_spec *call = &catalogue_builtin.calls[act->call];
	const char *name = error_name(mark->error);

	if (mark->state == MARK_PAYLOAD) {
		text_put(out, "received other bytes");
	} else if (call_failed(call, mark->result)) {
		text_put(out, "failed with ");
		if (name)
			text_put(out, name);
		else
			text_format(out, "error %u", mark->error);
	} else {
		text_format(out, "returned %" PRId64, mark->result);
	}
}

void tally_print_plan(const struct tally *tally, const struct score *score, const struct stage *stage, struct text *out)
{
	uint64_t counts[ACT_PARK + 1] = {0};
	uint32_t orphans = 0;

	for (uint32_t i = 0; i < score->acts_count; i++)
		counts[score_act(score, i)->how]++;
	for (uint32_t i = 1; i < score->processes_count; i++)
		orphans += score_process(score, i)->is_orphan;
	text_format(out,
		    "would start %u process%s with %u thread%s and make %" PRIu64 " of %" PRIu64
		    " calls, in an order of %u edges\n",
		    score->processes_count, score->processes_count == 1 ? "" : "es", score->parts_count,
		    score->parts_count == 1 ? "" : "s",
		    tally->calls - counts[ACT_FILL] - counts[ACT_PARK] - counts[ACT_STANDIN], tally->calls,
		    score->edges_count);
	text_format(out, "network: %s\n",
		    stage->has_network ? "of its own, nothing outside is reached"
				       : "the loopback of this host, at ports that are free");
	text_format(out, "System V objects and POSIX queues: %s\n",
		    stage->has_ipc ? "of its own" : "of this host, with private keys and names");
	text_format(out, "shared memory and semaphores by name: %s\n",
		    stage->has_memory ? "of its own" : "of this host, with private names");
	text_format(out, "files: only the folder %s, for sockets with paths\n", stage->folder);
	if (orphans)
		text_format(out, "%u process%s whose creation was not recorded\n", orphans, orphans == 1 ? "" : "es");
	if (!has_filled(tally))
		return;
	text_put(out, "not as it was: ");
	print_filled(tally, out);
	text_char(out, '\n');
}
