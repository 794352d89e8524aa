// SPDX-License-Identifier: MIT
/*
 * What threads want to be woken by: whether they say so depends on whether they have to wait.
 */
#include "reader/diff_noise_pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a thread that serves connections does about readiness of other things than its connection depends on how many
 * connections it got: no difference as long as both sides do it at all.
 */
static bool is_registration(const struct settling *settling, unsigned side, uint32_t index, uint32_t strand)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct canon_token *token = &canon->tokens[index];
	const struct strand *row = &settling->strands[side].rows[strand];

	if (strcmp(canon->catalogue->calls[token->sort->call].family, "poll") || token->flags & TOKEN_MAKES)
		return false;
	for (unsigned i = 0; i < 2; i++)
		if (token->sort->objects[i] != CANON_NONE && canon->objects[token->sort->objects[i]].is_accepted)
			return false;
	return row->kind == STRAND_SESSION || canon->threads[token->sort->thread].accepted > 1;
}

static int settle_others(struct settling *settling)
{
	struct map done[SIDES] = {{0}};
	int rc = 0;

	for (unsigned side = 0; side < SIDES; side++) {
		const struct canon *canon = settling->pairing->canons[side];
		for (uint32_t i = 0; !rc && i < canon->tokens_count; i++)
			if (canon->threads[canon->tokens[i].sort->thread].accepted > 1)
				rc = map_put(&done[side], canon->tokens[i].sort->key, settling);
	}
	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		unsigned side = edit_side(edit);
		uint32_t token = edit_token(edit);
		if (!edit_is_alone(edit))
			continue;
		bool is_prelude = token_of(settling, side, token)->flags & (TOKEN_PRELUDE | TOKEN_WAKES);
		if (is_prelude || (is_registration(settling, side, token, edit->strands[side]) &&
				   map_get(&done[!side], token_of(settling, side, token)->sort->key)))
			settle_mark(settling, edit, NOISE_SCHEDULE);
	}
	map_clear(&done[SIDE_OLD]);
	map_clear(&done[SIDE_NEW]);
	return rc;
}

/* The accepted connection that the token says something about which it waits for, or CANON_NONE. */
static uint32_t registered(const struct canon *canon, const struct canon_token *token)
{
	if (strcmp(canon->catalogue->calls[token->sort->call].family, "poll") || token->flags & TOKEN_MAKES)
		return CANON_NONE;
	for (unsigned i = 0; i < 2; i++)
		if (token->sort->objects[i] != CANON_NONE && canon->objects[token->sort->objects[i]].is_accepted)
			return token->sort->objects[i];
	return CANON_NONE;
}

/* How often something is said about how many connections. */
struct said {
	struct map seen;   /* by what is said and the connection */
	struct map counts; /* by what is said: of how many connections + 1 */
	uint32_t connections;
};

/* Instead of what is said: anything. */
#define ANYTHING 1ull

static int note_said(struct said *said, uint64_t key, uint32_t connection)
{
	if (map_get(&said->seen, mix(key, connection)))
		return 0;
	uintptr_t count = (uintptr_t)map_get(&said->counts, key) + 1;
	int rc = map_put(&said->seen, mix(key, connection), said);
	return rc ? rc : map_put(&said->counts, key, (void *)count);
}

static int count_said(const struct canon *canon, struct said *said)
{
	int rc = 0;

	for (uint32_t i = 0; i < canon->objects_count; i++)
		said->connections += canon->objects[i].is_accepted;
	for (uint32_t i = 0; !rc && i < canon->tokens_count; i++) {
		uint32_t connection = registered(canon, &canon->tokens[i]);
		if (connection == CANON_NONE)
			continue;
		rc = note_said(said, canon->tokens[i].sort->key, connection);
		if (!rc)
			rc = note_said(said, ANYTHING, connection);
	}
	return rc;
}

/* Whether that is said about some connections and not about all. */
static bool is_said_of_some(const struct said *said, uint64_t key)
{
	uintptr_t count = (uintptr_t)map_get(&said->counts, key);

	return count && count < said->connections;
}

/* Whether one run waited for the connection because nothing had come yet, and the other one never had to. */
static bool is_other_luck(const struct settling *settling, const struct said said[SIDES], unsigned side,
			  uint32_t connection)
{
	uint32_t partner = settling->pairing->objects[side][connection];
	const struct canon_object *there =
		partner == CANON_NONE ? NULL : &settling->pairing->canons[!side]->objects[partner];

	return there && settling->pairing->canons[side]->objects[connection].is_missed && !there->is_vain &&
	       !map_get(&said[!side].seen, mix(ANYTHING, partner));
}

/*
 * Some programs only say that they wait for a connection when there was nothing to be had at once: in both runs that is
 * said about some and not about all; or something is, and nothing about this one in the other run.
 */
static bool is_own_registration(const struct settling *settling, const struct said said[SIDES], unsigned side,
				uint32_t index)
{
	const struct canon_token *token = token_of(settling, side, index);
	uint32_t connection = registered(settling->pairing->canons[side], token);

	if (connection == CANON_NONE)
		return false;
	if (is_other_luck(settling, said, side, connection))
		return true;
	if (is_said_of_some(&said[SIDE_OLD], token->sort->key) && is_said_of_some(&said[SIDE_NEW], token->sort->key))
		return true;
	uint32_t partner = settling->pairing->objects[side][connection];
	return is_said_of_some(&said[SIDE_OLD], ANYTHING) && is_said_of_some(&said[SIDE_NEW], ANYTHING) &&
	       partner != CANON_NONE && !map_get(&said[!side].seen, mix(ANYTHING, partner));
}

static int settle_own(struct settling *settling)
{
	struct said said[SIDES] = {{.connections = 0}, {.connections = 0}};
	int rc = 0;

	for (unsigned side = 0; !rc && side < SIDES; side++)
		rc = count_said(settling->pairing->canons[side], &said[side]);
	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		bool is_noise = edit_is_alone(edit) || edit->kind == EDIT_MOVED;
		for (unsigned side = 0; is_noise && side < SIDES; side++) {
			uint32_t token = side == SIDE_OLD ? edit->old : edit->new;
			is_noise = token == CANON_NONE || is_own_registration(settling, said, side, token);
		}
		if (is_noise)
			settle_mark(settling, edit, NOISE_SCHEDULE);
	}
	for (unsigned side = 0; side < SIDES; side++) {
		map_clear(&said[side].seen);
		map_clear(&said[side].counts);
	}
	return rc;
}

/* The old number of the accepted connection which the edit registers on one side only, or CANON_NONE. */
static uint32_t lone_registration(const struct settling *settling, const struct edit *edit)
{
	unsigned side = edit_side(edit);

	if (edit->noise || !edit_is_alone(edit))
		return CANON_NONE;
	uint32_t connection = registered(settling->pairing->canons[side], token_of(settling, side, edit_token(edit)));
	return connection == CANON_NONE || side == SIDE_OLD ? connection
							    : settling->pairing->objects[SIDE_NEW][connection];
}

/* Who says later that he waits, because there was something to be had, says it once all the same. */
static int settle_later(struct settling *settling)
{
	uint32_t count = settling->pairing->canons[SIDE_OLD]->objects_count;
	int32_t *sums = calloc(count + 1ull, sizeof(*sums));

	for (uint32_t i = 0; sums && i < settling->edits->count; i++) {
		uint32_t connection = lone_registration(settling, &settling->edits->rows[i]);
		if (connection != CANON_NONE)
			sums[connection] += settling->edits->rows[i].kind == EDIT_ADDED ? 1 : -1;
	}
	for (uint32_t i = 0; sums && i < settling->edits->count; i++) {
		uint32_t connection = lone_registration(settling, &settling->edits->rows[i]);
		if (connection != CANON_NONE && !sums[connection])
			settle_mark(settling, &settling->edits->rows[i], NOISE_SCHEDULE);
	}
	int rc = sums ? 0 : -ENOMEM;
	free(sums);
	return rc;
}

int settle_registrations(struct settling *settling)
{
	int rc = settle_others(settling);

	if (!rc)
		rc = settle_own(settling);
	return rc ? rc : settle_later(settling);
}
