// SPDX-License-Identifier: MIT
/*
 * Three passes over the edits: streams that were only cut otherwise, calls that are only elsewhere, work of timers.
 */
#include "reader/diff_noise.h"
#include "format/crc32c.h"
#include "reader/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct settling {
	struct edits *edits;
	const struct pairing *pairing;
	const struct strands *strands;
	uint64_t *full[SIDES];	/* by token */
	uint32_t *place[SIDES]; /* in its strand's list */
	uint32_t *reaps[SIDES];
	uint32_t *endgame[SIDES]; /* by thread: the token from which on it only sees its children off */
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return map_mix(hash ^ (value + 0x9e3779b97f4a7c15ull)) | 1;
}

static const struct canon_token *token_of(const struct settling *settling, unsigned side, uint32_t token)
{
	return token == CANON_NONE ? NULL : &settling->pairing->canons[side]->tokens[token];
}

static void mark(struct settling *settling, struct edit *edit, enum edit_noise noise)
{
	if (edit->noise)
		return;
	edit->noise = (uint8_t)noise;
	settling->edits->noise[noise]++;
}

/* ---- streams cut otherwise ------------------------------------------------------------------------------------ */

/* What all edits of one direction of one object amount to. */
struct recut {
	uint64_t pieces[SIDES]; /* a sum of hashes: equal when they are the same pieces */
	uint64_t calls[SIDES];	/* which calls, a bit each */
	uint32_t objects[SIDES];
	int8_t is_early; /* whether it answers before it was asked; -1: not looked at yet */
};

struct recuts {
	struct recut *rows;
	uint32_t count, room;
	struct map index; /* by old object and direction; the place + 1 */
};

static bool has_flow(const struct canon_token *token)
{
	return token && token->objects[0] != CANON_NONE && token->flags & (TOKEN_SENDS | TOKEN_RECEIVES) &&
	       token->bytes;
}

static bool is_same_flow(const struct canon_flow *a, const struct canon_flow *b)
{
	return (a->bytes == b->bytes && a->payload == b->payload) ||
	       (a->raw_bytes == b->raw_bytes && a->raw_payload == b->raw_payload);
}

/* The direction of an object as both sides know it; 0 when it is not of a pair that carried the same. */
static uint64_t flow_key(const struct settling *settling, unsigned side, const struct canon_token *token)
{
	const struct pairing *pairing = settling->pairing;
	unsigned way = token->flags & TOKEN_SENDS ? CANON_SENT : CANON_RECEIVED;
	uint32_t own = token->objects[0], other = pairing->objects[side][own];

	if (other == CANON_NONE)
		return 0;
	const struct canon_object *a = &pairing->canons[side]->objects[own];
	const struct canon_object *b = &pairing->canons[!side]->objects[other];
	bool is_stream = a->is_stream || a->type == OBJECT_FILE;
	if (!is_stream || !is_same_flow(&a->flows[way], &b->flows[way]))
		return 0;
	return 2ull * (side == SIDE_OLD ? own : other) + way + 1;
}

static struct recut *find_recut(struct recuts *recuts, uint64_t key)
{
	uintptr_t found = (uintptr_t)map_get(&recuts->index, key);

	if (found)
		return &recuts->rows[found - 1];
	if (recuts->count == recuts->room) {
		uint32_t room = recuts->room ? 2 * recuts->room : 16;
		struct recut *rows = reallocarray(recuts->rows, room, sizeof(*rows));
		if (!rows)
			return NULL;
		recuts->rows = rows;
		recuts->room = room;
	}
	recuts->rows[recuts->count++] = (struct recut){.objects = {CANON_NONE, CANON_NONE}, .is_early = -1};
	if (map_put(&recuts->index, key, (void *)(uintptr_t)recuts->count))
		return NULL;
	return &recuts->rows[recuts->count - 1];
}

static int add_to_recut(struct settling *settling, struct recuts *recuts, unsigned side, uint32_t index)
{
	const struct canon_token *token = token_of(settling, side, index);
	uint64_t key = has_flow(token) ? flow_key(settling, side, token) : 0;
	struct recut *recut = key ? find_recut(recuts, key) : NULL;

	if (!key)
		return 0;
	if (!recut)
		return -ENOMEM;
	recut->pieces[side] += settling->full[side][index];
	recut->calls[side] |= 1ull << (token->key & 63);
	recut->objects[side] = token->objects[0];
	recut->objects[!side] = settling->pairing->objects[side][token->objects[0]];
	return 0;
}

/* One transfer out of a stream: up to where, and how much had come in before. */
struct sending {
	uint64_t from, to, received;
};

static uint32_t list_sendings(const struct settling *settling, unsigned side, uint32_t object, struct sending *list)
{
	const struct canon *canon = settling->pairing->canons[side];
	uint64_t received = 0, sent = 0;
	uint32_t count = 0;

	for (uint32_t i = canon->objects[object].birth; i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		if (token->objects[0] != object || token->flags & TOKEN_ABSORBED)
			continue;
		if (token->flags & TOKEN_SENDS) {
			list[count++] = (struct sending){sent, sent + token->bytes, received};
			sent += token->bytes;
		} else if (token->flags & TOKEN_RECEIVES) {
			received += token->bytes;
		}
	}
	return count;
}

/*
 * Cut otherwise, or sent too early? Where the new run sends in one go what the old one sent in several, with something
 * received in between, all of that must have come before.
 */
static bool is_early(const struct settling *settling, const struct recut *recut)
{
	struct sending *lists[SIDES];
	uint32_t counts[SIDES] = {0, 0};
	bool found = false;

	for (unsigned side = 0; side < SIDES; side++) {
		uint32_t object = recut->objects[side];
		lists[side] = NULL;
		if (object == CANON_NONE)
			continue;
		lists[side] =
			calloc(settling->pairing->canons[side]->objects[object].tokens + 1ull, sizeof(struct sending));
		if (lists[side])
			counts[side] = list_sendings(settling, side, object, lists[side]);
	}
	for (uint32_t i = 0, k = 0; i < counts[SIDE_NEW] && lists[SIDE_OLD]; i++) {
		const struct sending *new = &lists[SIDE_NEW][i];
		while (k < counts[SIDE_OLD] && lists[SIDE_OLD][k].to <= new->from)
			k++;
		uint32_t first = k;
		while (k + 1 < counts[SIDE_OLD] && lists[SIDE_OLD][k + 1].to <= new->to)
			k++;
		if (k < counts[SIDE_OLD])
			found |= k > first && lists[SIDE_OLD][k].received > lists[SIDE_OLD][first].received &&
				 new->received < lists[SIDE_OLD][k].received;
	}
	free(lists[SIDE_OLD]);
	free(lists[SIDE_NEW]);
	return found;
}

static bool is_recut(const struct settling *settling, struct recut *recut)
{
	if (recut->is_early < 0)
		recut->is_early = is_early(settling, recut);
	return !recut->is_early && recut->calls[SIDE_OLD] == recut->calls[SIDE_NEW] &&
	       recut->pieces[SIDE_OLD] != recut->pieces[SIDE_NEW];
}

static bool edit_is_recut(struct settling *settling, struct recuts *recuts, const struct edit *edit)
{
	const uint32_t tokens[SIDES] = {edit->old, edit->new};

	for (unsigned side = 0; side < SIDES; side++) {
		const struct canon_token *token = token_of(settling, side, tokens[side]);
		if (!token)
			continue;
		uint64_t key = has_flow(token) ? flow_key(settling, side, token) : 0;
		if (!key || !is_recut(settling, find_recut(recuts, key)))
			return false;
	}
	return true;
}

static int settle_streams(struct settling *settling)
{
	struct edits *edits = settling->edits;
	struct recuts recuts = {0};
	int rc = 0;

	for (uint32_t i = 0; !rc && i < edits->count; i++) {
		rc = add_to_recut(settling, &recuts, SIDE_OLD, edits->rows[i].old);
		if (!rc)
			rc = add_to_recut(settling, &recuts, SIDE_NEW, edits->rows[i].new);
	}
	for (uint32_t i = 0; !rc && i < edits->count; i++)
		if (edit_is_recut(settling, &recuts, &edits->rows[i]))
			mark(settling, &edits->rows[i], NOISE_RECUT);
	map_clear(&recuts.index);
	free(recuts.rows);
	return rc;
}

/* ---- calls elsewhere ------------------------------------------------------------------------------------------ */

static const struct canon_thread *thread_of(const struct settling *settling, unsigned side, uint32_t token)
{
	const struct canon *canon = settling->pairing->canons[side];

	return &canon->threads[canon->tokens[token].thread];
}

/* Where among the calls of one readiness the token stands: the number of wake-ups of its strand before it. */
static uint32_t wakes_before(const struct settling *settling, unsigned side, uint32_t strand, uint32_t token)
{
	const struct strands *strands = &settling->strands[side];
	const struct strand *row = &strands->rows[strand];
	uint32_t wakes = 0;

	for (uint32_t i = row->from; i <= settling->place[side][token]; i++)
		wakes += token_of(settling, side, strands->list[i])->flags & TOKEN_WOKEN ? 1 : 0;
	return wakes;
}

/* Whether a thread that waits for readiness did it after another wait: nothing says that the order means something. */
static bool is_other_wake(const struct settling *settling, const struct edit *edit)
{
	if (!thread_of(settling, SIDE_OLD, edit->old)->dispatches)
		return false;
	if (settling->strands[SIDE_OLD].rows[edit->strands[0]].kind != STRAND_SPINE)
		return false;
	return wakes_before(settling, SIDE_OLD, edit->strands[0], edit->old) !=
	       wakes_before(settling, SIDE_NEW, edit->strands[1], edit->new);
}

/* The first object of a token, as both sides know it; 0: none. */
static uint64_t subject_of(const struct settling *settling, unsigned side, uint32_t token)
{
	uint32_t object = token_of(settling, side, token)->objects[0];

	return object == CANON_NONE ? 0 : settling->pairing->identifiers[side][object];
}

/* Whether a neighbour that it may have changed places with is about the same thing. */
static bool jumps_its_like(const struct settling *settling, const struct edit *edit)
{
	const struct strands *strands = &settling->strands[SIDE_OLD];
	const struct strand *row = &strands->rows[edit->strands[SIDE_OLD]];
	uint32_t place = settling->place[SIDE_OLD][edit->old];
	uint64_t subject = subject_of(settling, SIDE_OLD, edit->old);

	for (uint32_t i = place ? place - 1 : 0; subject && i <= place + 1; i++)
		if (i != place && i >= row->from && i < row->from + row->count &&
		    subject_of(settling, SIDE_OLD, strands->list[i]) == subject)
			return true;
	return false;
}

/*
 * A changed order matters when both calls are on one object, or when somebody traced is at the other end or may wait
 * for what they do: the neighbour that was jumped over tells.
 */
static bool is_causal(const struct settling *settling, const struct edit *edit)
{
	const struct strands *strands = &settling->strands[SIDE_OLD];
	const struct strand *row = &strands->rows[edit->strands[SIDE_OLD]];
	const uint16_t acts = TOKEN_SENDS | TOKEN_RECEIVES | TOKEN_FORKS | TOKEN_WAITS;
	uint32_t place = settling->place[SIDE_OLD][edit->old];
	const struct canon_token *own = token_of(settling, SIDE_OLD, edit->old);

	for (uint32_t i = place ? place - 1 : 0; i <= place + 1; i++) {
		if (i == place || i < row->from || i >= row->from + row->count)
			continue;
		uint32_t near = strands->list[i];
		if (subject_of(settling, SIDE_OLD, near) == subject_of(settling, SIDE_OLD, edit->old))
			return true;
		if (own->flags & acts && token_of(settling, SIDE_OLD, near)->flags & acts)
			return true;
	}
	return false;
}

/* Memory and locks of a process with several threads are had and given back by whoever comes first. */
static bool is_private(const struct settling *settling, const struct edit *edit)
{
	const struct canon *canon = settling->pairing->canons[SIDE_OLD];
	const struct canon_token *old = &canon->tokens[edit->old];
	uint32_t object = old->objects[0] != CANON_NONE ? old->objects[0] : old->objects[1];
	bool is_shared = canon->threads[old->thread].is_common;

	return is_shared && object != CANON_NONE && canon->objects[object].is_private &&
	       old->flags & (TOKEN_MAKES | TOKEN_ENDS);
}

/* What a thread wants to be woken by changes when it would have to wait, and that is a matter of time. */
static bool is_readiness(const struct settling *settling, const struct edit *edit)
{
	const struct canon *canon = settling->pairing->canons[SIDE_OLD];
	const struct canon_token *old = &canon->tokens[edit->old];

	return canon->threads[old->thread].dispatches && !(old->flags & TOKEN_MAKES) &&
	       !strcmp(canon->catalogue->calls[old->call].family, "poll");
}

/* Joins `removed` and `added`, which are the same call. */
static void join_edits(struct settling *settling, struct edit *removed, struct edit *added)
{
	removed->new = added->new;
	bool is_same = removed->strands[0] != CANON_NONE && removed->strands[0] == added->strands[0] &&
		       removed->strands[1] == added->strands[1];
	removed->strands[SIDE_NEW] = added->strands[SIDE_NEW];
	added->kind = EDIT_MOVED;
	added->old = added->new = CANON_NONE;
	if (is_same) {
		removed->kind = EDIT_REORDERED;
		removed->is_causal = is_causal(settling, removed);
		if ((is_other_wake(settling, removed) && !jumps_its_like(settling, removed)) ||
		    is_private(settling, removed) || is_readiness(settling, removed))
			mark(settling, removed, NOISE_SCHEDULE);
		return;
	}
	removed->kind = EDIT_MOVED;
	const struct pairing *pairing = settling->pairing;
	uint32_t old = token_of(settling, SIDE_OLD, removed->old)->thread;
	uint32_t new = token_of(settling, SIDE_NEW, removed->new)->thread;
	bool is_class =
		pairing->classes[SIDE_OLD][old] && pairing->classes[SIDE_OLD][old] == pairing->classes[SIDE_NEW][new];
	if (is_class || is_private(settling, removed))
		mark(settling, removed, NOISE_SCHEDULE);
}

struct place {
	uint64_t key;
	uint32_t edit;
};

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->edit < b->edit ? -1 : a->edit > b->edit;
}

/* The removed ones, or the added ones, by what they are; with `own` also by where. */
static uint32_t list_places(struct settling *settling, enum edit_kind kind, bool own, struct place *places)
{
	unsigned side = kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW;
	uint32_t count = 0;

	for (uint32_t i = 0; i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		if (edit->kind != kind || edit->noise)
			continue;
		uint32_t token = side == SIDE_OLD ? edit->old : edit->new;
		uint64_t key = settling->full[side][token];
		places[count++] = (struct place){own ? mix(key, edit->strands[SIDE_OLD]) : key, i};
	}
	qsort(places, count, sizeof(*places), compare_places);
	return count;
}

static void settle_moves(struct settling *settling, bool own, struct place *removed, struct place *added)
{
	uint32_t removed_count = list_places(settling, EDIT_REMOVED, own, removed);
	uint32_t added_count = list_places(settling, EDIT_ADDED, own, added);
	uint32_t i = 0, k = 0;

	while (i < removed_count && k < added_count) {
		if (removed[i].key < added[k].key) {
			i++;
		} else if (removed[i].key > added[k].key) {
			k++;
		} else {
			join_edits(settling, &settling->edits->rows[removed[i].edit],
				   &settling->edits->rows[added[k].edit]);
			i++;
			k++;
		}
	}
}

/* ---- calls on another stream ---------------------------------------------------------------------------------- */

/* Whether `whole` is `part` with something before or behind it. */
static bool has_swallowed(const struct canon_token *whole, const struct canon_token *rest,
			  const struct canon_token *part)
{
	if (whole->key != part->key || whole->bytes != rest->bytes + part->bytes)
		return false;
	return whole->payload == crc32c_combine(rest->payload, part->payload, part->bytes) ||
	       whole->payload == crc32c_combine(part->payload, rest->payload, rest->bytes);
}

/*
 * A transfer that went to another stream was folded there with its neighbour: `alone` has it by itself, in `folded` one
 * side has both. Then `alone` becomes the change, and `folded` disappears.
 */
static bool join_misdirected(struct settling *settling, struct edit *alone, struct edit *folded)
{
	const struct canon_token *old = token_of(settling, SIDE_OLD, folded->old);
	const struct canon_token *new = token_of(settling, SIDE_NEW, folded->new);
	unsigned side = alone->kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW;
	const struct canon_token *part = token_of(settling, side, side == SIDE_OLD ? alone->old : alone->new);

	if (!old || !new || part->objects[0] == (side == SIDE_OLD ? old : new)->objects[0])
		return false;
	if (folded->kind != EDIT_CHANGED || folded->noise || !(old->flags & new->flags & part->flags &TOKEN_STREAM))
		return false;
	if (side == SIDE_OLD ? !has_swallowed(new, old, part) : !has_swallowed(old, new, part))
		return false;
	if (side == SIDE_OLD)
		alone->new = folded->new;
	else
		alone->old = folded->old;
	alone->kind = EDIT_CHANGED;
	alone->is_misdirected = true;
	folded->kind = EDIT_MOVED;
	folded->old = folded->new = CANON_NONE;
	return true;
}

/* Such edits are near each other. */
#define MISDIRECTED_NEAR 16

static void settle_misdirected(struct settling *settling)
{
	struct edits *edits = settling->edits;

	for (uint32_t i = 0; i < edits->count; i++) {
		struct edit *alone = &edits->rows[i];
		uint32_t from = i > MISDIRECTED_NEAR ? i - MISDIRECTED_NEAR : 0;
		if (alone->noise || (alone->kind != EDIT_REMOVED && alone->kind != EDIT_ADDED))
			continue;
		if (!(token_of(settling, alone->kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW,
			       alone->kind == EDIT_REMOVED ? alone->old : alone->new)
			      ->flags &
		      TOKEN_STREAM))
			continue;
		for (uint32_t k = from; k < edits->count && k <= i + MISDIRECTED_NEAR; k++)
			if (k != i && edits->rows[k].strands[0] == alone->strands[0] &&
			    join_misdirected(settling, alone, &edits->rows[k]))
				break;
	}
}

/* ---- timers --------------------------------------------------------------------------------------------------- */

/* What threads did after waits that timed out: by class of the thread and coarse token. */
static int learn_timers(struct settling *settling, struct map *learned)
{
	for (unsigned side = 0; side < SIDES; side++) {
		const struct canon *canon = settling->pairing->canons[side];
		const struct strands *strands = &settling->strands[side];
		for (uint32_t i = 0; i < strands->count; i++) {
			const struct strand *strand = &strands->rows[i];
			for (uint32_t k = strand->from; k < strand->from + strand->count; k++) {
				const struct canon_token *token = &canon->tokens[strands->list[k]];
				uint64_t class = settling->pairing->classes[side][token->thread];
				if (token->flags & TOKEN_TIMER && map_put(learned, mix(class, token->key), settling))
					return -ENOMEM;
			}
		}
	}
	return 0;
}

static int settle_timers(struct settling *settling)
{
	struct map learned = {0};
	int rc = learn_timers(settling, &learned);

	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		const uint32_t tokens[SIDES] = {edit->old, edit->new};
		bool is_timer = edit->kind == EDIT_REMOVED || edit->kind == EDIT_ADDED || edit->kind == EDIT_CHANGED;
		for (unsigned side = 0; is_timer && side < SIDES; side++) {
			const struct canon_token *token = token_of(settling, side, tokens[side]);
			if (!token)
				continue;
			uint64_t class = settling->pairing->classes[side][token->thread];
			is_timer = map_get(&learned, mix(class, token->key)) != NULL;
		}
		if (is_timer)
			mark(settling, edit, NOISE_TIMER);
	}
	map_clear(&learned);
	return rc;
}

/* ---- registrations -------------------------------------------------------------------------------------------- */

/*
 * What a thread that serves connections does about readiness of other things than its connection depends on how many
 * connections it got: no difference as long as both sides do it at all.
 */
static bool is_registration(const struct settling *settling, unsigned side, uint32_t index, uint32_t strand)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct canon_token *token = &canon->tokens[index];
	const struct strand *row = &settling->strands[side].rows[strand];

	if (strcmp(canon->catalogue->calls[token->call].family, "poll") || token->flags & TOKEN_MAKES)
		return false;
	for (unsigned i = 0; i < 2; i++)
		if (token->objects[i] != CANON_NONE && canon->objects[token->objects[i]].is_accepted)
			return false;
	return row->kind == STRAND_SESSION || canon->threads[token->thread].accepted > 1;
}

static int settle_registrations(struct settling *settling)
{
	struct map done[SIDES] = {{0}};
	int rc = 0;

	for (unsigned side = 0; side < SIDES; side++) {
		const struct canon *canon = settling->pairing->canons[side];
		for (uint32_t i = 0; !rc && i < canon->tokens_count; i++)
			if (canon->threads[canon->tokens[i].thread].accepted > 1)
				rc = map_put(&done[side], canon->tokens[i].key, settling);
	}
	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		unsigned side = edit->kind == EDIT_ADDED ? SIDE_NEW : SIDE_OLD;
		uint32_t token = side == SIDE_NEW ? edit->new : edit->old;
		if (edit->kind != EDIT_ADDED && edit->kind != EDIT_REMOVED)
			continue;
		if (is_registration(settling, side, token, edit->strands[side]) &&
		    map_get(&done[!side], token_of(settling, side, token)->key))
			mark(settling, edit, NOISE_SCHEDULE);
	}
	map_clear(&done[SIDE_OLD]);
	map_clear(&done[SIDE_NEW]);
	return rc;
}

/* ---- memory --------------------------------------------------------------------------------------------------- */

/* How often an allocator asks for more depends on which thread of several needs it when; what it gives back is told. */
static void settle_memory(struct settling *settling)
{
	for (uint32_t i = 0; i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		unsigned side = edit->kind == EDIT_ADDED ? SIDE_NEW : SIDE_OLD;
		const struct canon *canon = settling->pairing->canons[side];
		const struct canon_token *token = token_of(settling, side, side == SIDE_NEW ? edit->new : edit->old);
		if ((edit->kind != EDIT_ADDED && edit->kind != EDIT_REMOVED) || !(token->flags & TOKEN_MAKES))
			continue;
		uint32_t object = token->objects[0] != CANON_NONE ? token->objects[0] : token->objects[1];
		if (object != CANON_NONE && canon->objects[object].type == OBJECT_MAPPING &&
		    canon->objects[object].is_private && canon->threads[token->thread].is_common)
			mark(settling, edit, NOISE_SCHEDULE);
	}
}

/* ---- the end of children -------------------------------------------------------------------------------------- */

/*
 * From when on a thread makes no more children but learns of the end of several: what it does then depends on who ended
 * first.
 */
static void find_endgames(struct settling *settling, unsigned side)
{
	const struct canon *canon = settling->pairing->canons[side];
	uint32_t *endgame = settling->endgame[side], *reaps = settling->reaps[side];

	for (uint32_t i = 0; i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		if (token->flags & TOKEN_FORKS) {
			endgame[token->thread] = CANON_NONE;
			reaps[token->thread] = 0;
		} else if (token->flags & TOKEN_REAPS) {
			if (!reaps[token->thread]++)
				endgame[token->thread] = i;
		}
	}
	for (uint32_t i = 0; i < canon->threads_count; i++)
		if (reaps[i] < 2)
			endgame[i] = CANON_NONE;
}

static bool is_in_endgame(const struct settling *settling, unsigned side, uint32_t token)
{
	uint32_t thread = settling->pairing->canons[side]->tokens[token].thread;

	return settling->endgame[side][thread] != CANON_NONE && token > settling->endgame[side][thread];
}

/*
 * Whether a child hears about the end of another one: on a conversation that its parent made, while the parent sees its
 * children off.
 */
static bool hears_endgame(const struct settling *settling, unsigned side, uint32_t token)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct canon_token *own = &canon->tokens[token];
	uint32_t parent = canon->threads[own->thread].parent;
	const struct canon_object *object;

	if (own->objects[0] == CANON_NONE || parent == CANON_NONE || own->error)
		return false;
	object = &canon->objects[own->objects[0]];
	return object->is_stream && object->thread == parent && settling->endgame[side][parent] != CANON_NONE &&
	       token > settling->endgame[side][parent];
}

/* The same where what was heard last was folded with what was heard before. */
static bool hears_more(const struct settling *settling, const struct edit *edit)
{
	const struct canon *canon = settling->pairing->canons[SIDE_OLD];
	const struct canon_token *old = token_of(settling, SIDE_OLD, edit->old);
	const struct canon_token *new = token_of(settling, SIDE_NEW, edit->new);

	if (edit->kind != EDIT_CHANGED || !(old->flags & new->flags &TOKEN_RECEIVES) || old->bytes == new->bytes ||
	    old->error || new->error || old->objects[0] == CANON_NONE)
		return false;
	uint32_t parent = canon->threads[old->thread].parent;
	const struct canon_object *object = &canon->objects[old->objects[0]];
	return parent != CANON_NONE && object->is_stream && object->thread == parent &&
	       settling->endgame[SIDE_OLD][parent] != CANON_NONE;
}

static bool is_endgame_edit(const struct settling *settling, const struct edit *edit)
{
	return (edit->old == CANON_NONE || is_in_endgame(settling, SIDE_OLD, edit->old)) &&
	       (edit->new == CANON_NONE || is_in_endgame(settling, SIDE_NEW, edit->new));
}

/* An end that is missing is a leak whenever it is missing. */
static void settle_endgames(struct settling *settling)
{
	find_endgames(settling, SIDE_OLD);
	find_endgames(settling, SIDE_NEW);
	for (uint32_t i = 0; i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		unsigned side = edit->old == CANON_NONE ? SIDE_NEW : SIDE_OLD;
		uint32_t token = side == SIDE_OLD ? edit->old : edit->new;
		bool is_end = edit->kind != EDIT_REORDERED && token_of(settling, side, token)->flags & TOKEN_ENDS;
		bool is_own = is_endgame_edit(settling, edit) && edit->kind != EDIT_CHANGED && !is_end;
		if (is_own || hears_endgame(settling, side, token) || hears_more(settling, edit))
			mark(settling, edit, NOISE_SCHEDULE);
	}
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

static void drop_joined(struct edits *edits)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < edits->count; i++)
		if (edits->rows[i].old != CANON_NONE || edits->rows[i].new != CANON_NONE)
			edits->rows[kept++] = edits->rows[i];
	edits->count = kept;
}

static int index_threads(struct settling *settling, unsigned side)
{
	const struct canon *canon = settling->pairing->canons[side];
	size_t count = canon->threads_count + 1ull;

	settling->reaps[side] = calloc(count, sizeof(uint32_t));
	settling->endgame[side] = malloc(count * sizeof(uint32_t));
	if (!settling->reaps[side] || !settling->endgame[side])
		return -ENOMEM;
	memset(settling->endgame[side], 0xff, count * sizeof(uint32_t));
	return 0;
}

/* The tokens' own tables: what they are and where they stand. */
static int index_tokens(struct settling *settling)
{
	for (unsigned side = 0; side < SIDES; side++) {
		const struct strands *strands = &settling->strands[side];
		uint32_t count = settling->pairing->canons[side]->tokens_count;
		settling->full[side] = calloc(count + 1ull, sizeof(uint64_t));
		settling->place[side] = calloc(count + 1ull, sizeof(uint32_t));
		if (!settling->full[side] || !settling->place[side] || index_threads(settling, side))
			return -ENOMEM;
		for (uint32_t i = 0; i < strands->count; i++) {
			const struct strand *strand = &strands->rows[i];
			for (uint32_t k = strand->from; k < strand->from + strand->count; k++) {
				settling->full[side][strands->list[k]] = strands->full[k];
				settling->place[side][strands->list[k]] = k;
			}
		}
	}
	return 0;
}

int edits_settle(struct edits *edits, const struct pairing *pairing, const struct strands strands[SIDES])
{
	struct settling settling = {.edits = edits, .pairing = pairing, .strands = strands};
	struct place *removed, *added;
	int rc;

	if (!edits->count)
		return 0;
	rc = index_tokens(&settling);
	removed = malloc(edits->count * sizeof(*removed));
	added = malloc(edits->count * sizeof(*added));
	if (!removed || !added)
		rc = -ENOMEM;
	if (!rc)
		rc = settle_streams(&settling);
	if (!rc) {
		settle_moves(&settling, true, removed, added);
		settle_moves(&settling, false, removed, added);
		drop_joined(edits);
		settle_misdirected(&settling);
		settle_memory(&settling);
		drop_joined(edits);
		settle_endgames(&settling);
		rc = settle_registrations(&settling);
	}
	if (!rc)
		rc = settle_timers(&settling);
	free(removed);
	free(added);
	for (unsigned side = 0; side < SIDES; side++) {
		free(settling.full[side]);
		free(settling.place[side]);
		free(settling.reaps[side]);
		free(settling.endgame[side]);
	}
	return rc;
}
