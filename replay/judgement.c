// SPDX-License-Identifier: MIT
/*
 * See judgement.h. A player notes how many calls it made for each act, so the calls of a thread follow its acts. A call
 * that does not is compared: then something is different indeed.
 */
#include "replay/judgement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/catalogue.h"
#include "format/trouble.h"
#include "reader/diff.h"
#include "reader/flow.h"
#include "reader/trace.h"
#include "replay/replay.h"

struct judgement {
	struct canon_scope scopes[SIDES]; /* of the record, then of the recording */
	uint8_t *record;		  /* its left_out */
	struct text recording;		  /* its left_out */
};

/* ---- the record ----------------------------------------------------------------------------------------------- */

struct sieve {
	const struct score *score;
	uint8_t *left_out; /* by order */
	uint8_t *mappings; /* those that an act made that is left out */
};

/* Whether what an act does with `object` is not what was done: it is played, or its payload is not known. */
static bool is_object_played(const struct sieve *sieve, const struct score_act *act, uint32_t object)
{
	const struct score_object *row = SCORE_AT(sieve->score, objects, const struct score_object) + object;

	if (object >= sieve->score->objects_count)
		return false;
	return row->is_standin ||
	       (row->is_cut && flow_of_call(&catalogue_builtin.calls[act->call]).direction != FLOW_NONE);
}

static bool is_slot_played(const struct sieve *sieve, const struct score_act *act, uint32_t slot)
{
	return slot < sieve->score->slots_count &&
	       is_object_played(sieve, act, SCORE_AT(sieve->score, slots, const uint32_t)[slot]);
}

static bool is_reloc_played(const struct sieve *sieve, const struct score_act *act, const struct score_reloc *reloc)
{
	switch (reloc->kind) {
	case RELOC_FD:
		return is_slot_played(sieve, act, reloc->what);
	case RELOC_ID:
		return is_object_played(sieve, act, reloc->what);
	case RELOC_ADDRESS:
		return sieve->mappings[reloc->what];
	default:
		return false;
	}
}

static bool is_act_left_out(const struct sieve *sieve, const struct score_act *act)
{
	const struct score_template *template = score_template(sieve->score, act->template);

	if (act->how == ACT_FILL || act->how == ACT_EXEC || act->how == ACT_STANDIN || act->how == ACT_SWEEP ||
	    act->how == ACT_PARK)
		return true;
	if (act->how != ACT_MAKE || act->template == SCORE_NONE)
		return false;
	/* its process was ended in it: what it would have come to is not known */
	if (act->end == UINT64_MAX)
		return true;
	if (act->flags & ACT_CLOSES && is_slot_played(sieve, act, act->what))
		return true;
	for (uint32_t i = 0; i < template->relocs; i++)
		if (is_reloc_played(sieve, act, &template_relocs(template)[i]))
			return true;
	return false;
}

/* What was mapped by an act that is left out is not there to be compared either. */
static void mappings_note(struct sieve *sieve, const struct score_act *act)
{
	const struct score_template *template = score_template(sieve->score, act->template);

	for (uint32_t i = 0; act->how == ACT_MAKE && act->template != SCORE_NONE && i < template->stores; i++)
		if (template_stores(template)[i].kind == STORE_ADDRESS)
			sieve->mappings[template_stores(template)[i].what] = 1;
}

/* Goes through the acts in the order of the record. */
static int record_sift(struct judgement *judgement, const struct score *score)
{
	struct sieve sieve = {.score = score, .left_out = calloc(score->acts_count + 1ull, 1)};
	uint32_t *acts = malloc((score->acts_count + 1ull) * sizeof(*acts));
	int rc = 0;

	judgement->record = sieve.left_out;
	sieve.mappings = calloc(score->mappings_count + 1ull, 1);
	if (!sieve.left_out || !acts || !sieve.mappings)
		rc = -ENOMEM;
	for (uint32_t i = 0; !rc && i < score->acts_count; i++)
		acts[score_act(score, i)->order] = i;
	for (uint32_t i = 0; !rc && i < score->acts_count; i++) {
		const struct score_act *act = score_act(score, acts[i]);
		sieve.left_out[i] = is_act_left_out(&sieve, act);
		if (sieve.left_out[i])
			mappings_note(&sieve, act);
	}
	free(acts);
	free(sieve.mappings);
	return rc;
}

/* ---- the recording -------------------------------------------------------------------------------------------- */

/* How far the calls of a part have been gone through. */
struct cursor {
	uint32_t act, calls; /* in the part; of its calls */
};

struct walk {
	struct score *score;
	uint8_t *record;
	struct map parts; /* by thread id: part + 1 */
	struct cursor *cursors;
};

/* The act that the next call of `part` was made for, or SCORE_NONE. */
static uint32_t act_next(struct walk *walk, uint32_t part)
{
	const struct score_part *row = score_part(walk->score, part);
	struct cursor *cursor = &walk->cursors[part];

	while (cursor->act < row->acts_count) {
		uint32_t act = row->acts + cursor->act;
		if (cursor->calls < score_mark(walk->score, act)->calls)
			return act;
		cursor->act++;
		cursor->calls = 0;
	}
	return SCORE_NONE;
}

/* Whether nothing in the record stands for this call. */
static bool is_call_left_out(struct walk *walk, const struct event *event)
{
	uintptr_t part = (uintptr_t)map_get(&walk->parts, event->tid);
	uint32_t number = part ? act_next(walk, (uint32_t)(part - 1)) : SCORE_NONE;
	const struct score_act *act;

	if (number == SCORE_NONE)
		return false;
	act = score_act(walk->score, number);
	bool is_same = !strcmp(event->call->name, catalogue_builtin.calls[act->call].name);
	if (act->how == ACT_MAKE && !is_same)
		return false;
	/* Whatever begins a process or a thread, a replay has one way of doing it. */
	walk->record[act->order] |= !is_same;
	walk->cursors[part - 1].calls++;
	return walk->record[act->order];
}

static int recording_sift(struct judgement *judgement, struct score *score, struct trace *trace)
{
	struct walk walk = {.score = score,
			    .record = judgement->record,
			    .cursors = calloc(score->parts_count + 1ull, sizeof(struct cursor))};
	struct trace_entry entry;
	int rc = walk.cursors ? 0 : -ENOMEM;

	for (uint32_t i = 0; !rc && i < score->parts_count; i++) {
		uint32_t tid = (uint32_t)atomic_load(&score_progress(score, i)->tid);
		if (tid)
			rc = map_put(&walk.parts, tid, (void *)((uintptr_t)i + 1));
	}
	while (!rc && !(rc = trace_next(trace, &entry)))
		if (entry.kind == TRACE_EVENT)
			text_char(&judgement->recording, (char)is_call_left_out(&walk, entry.event));
	map_clear(&walk.parts);
	free(walk.cursors);
	return rc != TRACE_E_END ? rc : judgement->recording.failed ? -ENOMEM : 0;
}

static int scopes_make(struct judgement *judgement, struct score *score, const struct stage *stage, struct trace *trace)
{
	int rc = record_sift(judgement, score);

	if (!rc)
		rc = recording_sift(judgement, score, trace);
	judgement->scopes[SIDE_OLD] =
		(struct canon_scope){.left_out = judgement->record, .events = score->acts_count, .renamed = ""};
	judgement->scopes[SIDE_NEW] = (struct canon_scope){.left_out = (uint8_t *)judgement->recording.bytes,
							   .events = judgement->recording.size,
							   .renamed = text_string(&stage->paths->pairs),
							   .renamed_size = stage->paths->pairs.size};
	return rc;
}

int judgement_make(struct score *score, const struct stage *stage, const char *record, const char *recording)
{
	const char *const paths[SIDES] = {record, recording};
	struct judgement judgement = {0};
	struct log_trouble trouble;
	struct trace *trace;
	int rc, status = REPLAY_TROUBLE;

	if (trace_open(&trace, recording, NULL, &trouble)) {
		trouble_say("ipctrace replay: %s", trouble.text);
		return REPLAY_TROUBLE;
	}
	rc = scopes_make(&judgement, score, stage, trace);
	trace_close(trace);
	if (rc)
		trouble_say("ipctrace replay: %s", strerror(-rc));
	else
		status = diff_again(paths, judgement.scopes);
	free(judgement.record);
	text_free(&judgement.recording);
	return status;
}
