// SPDX-License-Identifier: MIT
/*
 * By when it is done: when a wait for readiness has timed out, or when it would have, had nothing been ready just then;
 * and at no other time.
 */
#include "reader/diff_timer.h"

#include <errno.h>
#include <stdlib.h>

/* When an action, which is all that a call is and is about, was seen. */
struct timer_sight {
	uint32_t turns[SIDES]; /* of how many, in which a timer was due */
	uint32_t last[SIDES];  /* such turns, by number */
	bool is_after_timeout;
	bool is_undue; /* it is also done when none is due */
};

/* One after another of what a thread does between two waits. */
struct turns {
	uint32_t count, due;
	uint32_t now, last_due; /* numbers; 0: none */
	bool is_serving;
};

static uint64_t action_of(const struct pairing *pairing, unsigned side, const struct canon_token *token)
{
	uint64_t action = mix(mix(pairing->classes[side][token->sort->thread], token->sort->key), token->sort->content);

	for (unsigned i = 0; i < 2; i++)
		if (token->sort->objects[i] != CANON_NONE)
			action = mix(action, pairing->canons[side]->objects[token->sort->objects[i]].class_id);
	return mix(mix(action, token->bytes), token->payload);
}

/* What is ready is worked on because it is, not because of the time. */
static bool is_about_peers(const struct canon *canon, const struct canon_token *token)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct canon_object *object =
			token->sort->objects[i] == CANON_NONE ? NULL : &canon->objects[token->sort->objects[i]];
		if (object && (object->type == OBJECT_SOCKET || object->type == OBJECT_PIPE || object->is_registered ||
			       object->is_counter))
			return true;
	}
	return false;
}

static struct timer_sight *find_sight(struct timer_actions *actions, uint64_t action)
{
	uintptr_t place = (uintptr_t)map_get(&actions->index, action);

	if (place)
		return &actions->sights[place - 1];
	if (actions->count == actions->room) {
		uint32_t room = actions->room ? 2 * actions->room : 64;
		struct timer_sight *sights = reallocarray(actions->sights, room, sizeof(*sights));
		if (!sights)
			return NULL;
		actions->sights = sights;
		actions->room = room;
	}
	if (map_put(&actions->index, action, (void *)(uintptr_t)(actions->count + 1)))
		return NULL;
	actions->sights[actions->count] = (struct timer_sight){.is_undue = false};
	return &actions->sights[actions->count++];
}

static bool is_timed(const struct canon *canon, const struct canon_token *token)
{
	return token->flags & (TOKEN_TIMER | TOKEN_DUE) && !is_about_peers(canon, token);
}

static struct turns *make_turns(const struct pairing *pairing, unsigned side, const struct map *serving)
{
	const struct canon *canon = pairing->canons[side];
	struct turns *turns = calloc(canon->threads_count + 1ull, sizeof(*turns));

	for (uint32_t i = 0; turns && i < canon->threads_count; i++)
		turns[i].is_serving =
			canon->threads[i].dispatches && map_get(serving, pairing->classes[side][i]) != NULL;
	return turns;
}

/* What was done when a timer was due, and in how many turns. */
static int see_due(struct timer_actions *actions, const struct pairing *pairing, unsigned side, struct turns *turns)
{
	const struct canon *canon = pairing->canons[side];
	uint32_t number = 0;

	for (uint32_t i = 0; i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		struct turns *thread = &turns[token->sort->thread];
		if (token->flags & TOKEN_WOKEN) {
			thread->now = ++number;
			thread->count++;
		}
		if (!thread->is_serving || !(token->flags & (TOKEN_TIMER | TOKEN_DUE)))
			continue;
		thread->due += thread->last_due != thread->now;
		thread->last_due = thread->now;
		if (!is_timed(canon, token))
			continue;
		struct timer_sight *sight = find_sight(actions, action_of(pairing, side, token));
		if (!sight)
			return -ENOMEM;
		sight->is_after_timeout |= (token->flags & TOKEN_TIMER) != 0;
		sight->turns[side] += !sight->turns[side] || sight->last[side] != thread->now;
		sight->last[side] = thread->now;
	}
	return 0;
}

/*
 * Which of it was done at other times as well. That a timer was due says nothing where one is due in most turns, as it
 * is with who does not wait at all but only asks.
 */
static void see_undue(struct timer_actions *actions, const struct pairing *pairing, unsigned side,
		      const struct turns *turns)
{
	const struct canon *canon = pairing->canons[side];

	for (uint32_t i = 0; i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		const struct turns *thread = &turns[token->sort->thread];
		bool is_due = token->flags & TOKEN_TIMER ||
			      (token->flags & TOKEN_DUE && thread->due <= thread->count - thread->due);
		if (!thread->is_serving || is_due)
			continue;
		uintptr_t place = (uintptr_t)map_get(&actions->index, action_of(pairing, side, token));
		if (place)
			actions->sights[place - 1].is_undue = true;
	}
}

int timer_actions_find(struct timer_actions *actions, const struct pairing *pairing, const struct map *serving)
{
	struct turns *turns[SIDES] = {NULL, NULL};
	int rc = 0;

	*actions = (struct timer_actions){.count = 0};
	for (unsigned side = 0; !rc && side < SIDES; side++) {
		turns[side] = make_turns(pairing, side, serving);
		rc = turns[side] ? 0 : -ENOMEM;
		if (!rc && pairing->canons[side]->flags & (TOKEN_TIMER | TOKEN_DUE))
			rc = see_due(actions, pairing, side, turns[side]);
	}
	for (unsigned side = 0; !rc && actions->count && side < SIDES; side++)
		see_undue(actions, pairing, side, turns[side]);
	free(turns[SIDE_OLD]);
	free(turns[SIDE_NEW]);
	if (rc)
		timer_actions_free(actions);
	return rc;
}

void timer_actions_free(struct timer_actions *actions)
{
	map_clear(&actions->index);
	free(actions->sights);
	*actions = (struct timer_actions){.count = 0};
}

bool timer_actions_have(const struct timer_actions *actions, const struct pairing *pairing, unsigned side,
			const struct canon_token *token)
{
	if (!actions->count || !is_timed(pairing->canons[side], token))
		return false;
	uintptr_t place = (uintptr_t)map_get(&actions->index, action_of(pairing, side, token));
	const struct timer_sight *sight = place ? &actions->sights[place - 1] : NULL;
	if (!sight || sight->is_undue)
		return false;
	/* Of what was never done after a timeout, once in each run may be chance. */
	bool is_repeated = sight->turns[SIDE_OLD] > 1 || sight->turns[SIDE_NEW] > 1;
	return sight->is_after_timeout || (is_repeated && sight->turns[SIDE_OLD] && sight->turns[SIDE_NEW]);
}
