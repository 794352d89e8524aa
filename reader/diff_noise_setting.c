// SPDX-License-Identifier: MIT
/*
 * What is done with connections directly before they are closed, which depends on who closes first: whether one has to
 * be reset, and whether there was time to hear that the other end was closed.
 */
#include "reader/diff_noise_pass.h"

#include <string.h>

/* Connections are of one sort that a program makes, and of another one that it accepts. */
enum { SORTS = 2 };

enum farewell { FAREWELL_SETTING, FAREWELL_END_HEARD, FAREWELLS };

/* Of how many connections of a sort that were closed it was done directly before that. */
struct farewells {
	uint32_t closed[SORTS], said[SORTS][FAREWELLS];
};

static const struct canon_object *connection_at(const struct canon *canon, uint32_t object)
{
	const struct canon_object *found = object == CANON_NONE ? NULL : &canon->objects[object];

	return found && found->is_stream && (found->is_client || found->is_accepted) ? found : NULL;
}

/* FAREWELLS: it is none. */
static enum farewell farewell_of(const struct canon_token *token)
{
	if (token->flags & TOKEN_ABSORBED || token->sort->error)
		return FAREWELLS;
	if (token->flags & TOKEN_SETTING)
		return FAREWELL_SETTING;
	return token->flags & TOKEN_RECEIVES && !token->bytes ? FAREWELL_END_HEARD : FAREWELLS;
}

/* Whether it leaves the connection as it is for who reads from it, or only is about what is waited for. */
static bool is_parting(const struct canon *canon, const struct canon_token *token, uint32_t connection)
{
	bool is_own = token->sort->objects[0] == connection;

	return !(token->flags & (TOKEN_RECEIVES | TOKEN_SENDS | TOKEN_ENDS)) &&
	       (is_own || !strcmp(canon->catalogue->calls[token->sort->call].family, "poll"));
}

/* The connection that is ended directly after what the token does with it; NULL: none is. */
static const struct canon_object *closed_after(const struct settling *settling, unsigned side, uint32_t token)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct canon_token *own = &canon->tokens[token];
	const struct strands *strands = &settling->strands[side];
	const struct strand *strand = &strands->rows[strands->of_token[token]];
	const struct canon_token *next = NULL;

	if (farewell_of(own) == FAREWELLS)
		return NULL;
	for (uint32_t place = place_of(settling, side, token) + 1; place < strand->from + strand->count; place++) {
		next = &canon->tokens[strands->list[place]];
		if (!is_parting(canon, next, own->sort->objects[0]))
			break;
	}
	bool is_closed = next && next->flags & TOKEN_ENDS && next->sort->objects[0] == own->sort->objects[0];
	return is_closed ? connection_at(canon, own->sort->objects[0]) : NULL;
}

static struct farewells count_farewells(const struct settling *settling, unsigned side)
{
	const struct canon *canon = settling->pairing->canons[side];
	struct farewells farewells = {{0}, {{0}}};

	for (uint32_t i = 0; i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		const struct canon_object *said = closed_after(settling, side, i);
		const struct canon_object *closed =
			token->flags & TOKEN_ENDS ? connection_at(canon, token->sort->objects[0]) : NULL;
		if (said)
			farewells.said[said->is_client][farewell_of(token)]++;
		if (closed)
			farewells.closed[closed->is_client]++;
	}
	return farewells;
}

/* Whether no run does it with all of several connections, and one of them with some. */
static bool is_of_some(const struct farewells farewells[SIDES], const struct canon_object *closed, enum farewell which)
{
	uint32_t any = 0;

	for (unsigned side = 0; side < SIDES; side++) {
		if (farewells[side].said[closed->is_client][which] >= farewells[side].closed[closed->is_client])
			return false;
		any += farewells[side].said[closed->is_client][which];
	}
	return any;
}

void settle_farewells(struct settling *settling)
{
	struct farewells farewells[SIDES];

	if (!settling->edits->count)
		return;
	for (unsigned side = 0; side < SIDES; side++)
		farewells[side] = count_farewells(settling, side);
	for (uint32_t i = 0; i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		bool is_noise = true;
		for (unsigned side = 0; is_noise && side < SIDES; side++) {
			uint32_t token = side == SIDE_OLD ? edit->old : edit->new;
			const struct canon_object *closed =
				token == CANON_NONE ? NULL : closed_after(settling, side, token);
			is_noise =
				token == CANON_NONE ||
				(closed && is_of_some(farewells, closed, farewell_of(token_of(settling, side, token))));
		}
		if (is_noise)
			settle_mark(settling, edit, NOISE_SCHEDULE);
	}
}
