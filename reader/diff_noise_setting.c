// SPDX-License-Identifier: MIT
/*
 * How connections are to be closed, said directly before that: whether one has to be reset depends on who closes first.
 */
#include "reader/diff_noise_pass.h"

/* Connections are of one sort that a program makes, and of another one that it accepts. */
enum { SORTS = 2 };

/* Of how many connections of a sort that were closed something was said directly before that. */
struct farewells {
	uint32_t closed[SORTS], said[SORTS];
};

static const struct canon_object *connection_at(const struct canon *canon, uint32_t object)
{
	const struct canon_object *found = object == CANON_NONE ? NULL : &canon->objects[object];

	return found && found->is_stream && (found->is_client || found->is_accepted) ? found : NULL;
}

/* The connection that is ended directly after what the token says about it; NULL: none is. */
static const struct canon_object *closed_after(const struct settling *settling, unsigned side, uint32_t token)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct canon_token *own = &canon->tokens[token];
	const struct strands *strands = &settling->strands[side];
	const struct strand *strand = &strands->rows[strands->of_token[token]];

	if (!(own->flags & TOKEN_SETTING) || own->flags & TOKEN_ABSORBED)
		return NULL;
	uint32_t next = place_of(settling, side, token) + 1;
	if (next >= strand->from + strand->count)
		return NULL;
	const struct canon_token *end = &canon->tokens[strands->list[next]];
	bool is_closed = end->flags & TOKEN_ENDS && end->sort->objects[0] == own->sort->objects[0];
	return is_closed ? connection_at(canon, own->sort->objects[0]) : NULL;
}

static struct farewells count_farewells(const struct settling *settling, unsigned side)
{
	const struct canon *canon = settling->pairing->canons[side];
	struct farewells farewells = {{0}, {0}};

	for (uint32_t i = 0; canon->flags & TOKEN_SETTING && i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		const struct canon_object *said = closed_after(settling, side, i);
		const struct canon_object *closed =
			token->flags & TOKEN_ENDS ? connection_at(canon, token->sort->objects[0]) : NULL;
		if (said)
			farewells.said[said->is_client]++;
		if (closed)
			farewells.closed[closed->is_client]++;
	}
	return farewells;
}

/* Whether the edit is only about something that is said so. */
static bool is_farewell(const struct settling *settling, const struct edit *edit, const bool is_some[SORTS])
{
	const struct canon_object *old = edit->old == CANON_NONE ? NULL : closed_after(settling, SIDE_OLD, edit->old);
	const struct canon_object *new = edit->new == CANON_NONE ? NULL : closed_after(settling, SIDE_NEW, edit->new);

	if ((edit->old != CANON_NONE && !old) || (edit->new != CANON_NONE && !new))
		return false;
	return (!old || is_some[old->is_client]) && (!new || is_some[new->is_client]);
}

/* No run says it of all of several connections, and one of them of some. */
void settle_farewells(struct settling *settling)
{
	struct farewells old = count_farewells(settling, SIDE_OLD), new = count_farewells(settling, SIDE_NEW);
	bool is_some[SORTS];

	for (unsigned i = 0; i < SORTS; i++)
		is_some[i] = old.said[i] < old.closed[i] && new.said[i] < new.closed[i] && old.said[i] + new.said[i];
	for (uint32_t i = 0; (is_some[0] || is_some[1]) && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		if (is_farewell(settling, edit, is_some))
			settle_mark(settling, edit, NOISE_SCHEDULE);
	}
}
