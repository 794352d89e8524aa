// SPDX-License-Identifier: MIT
/*
 * The order of those who come to listeners: who is accepted first, and who came before anybody listened.
 */
#include "replay/ordering_parts.h"

#include <stdlib.h>
#include <string.h>

/* A connection: the acts of who accepted it and who asked for it (SCORE_NONE: not recorded). */
struct meeting {
	uint32_t listener, accept, connect;
};

static int compare_meetings(const void *a, const void *b, void *context)
{
	const struct composition *composition = context;
	const struct meeting *x = a, *y = b;
	uint64_t end_x = COMPOSED_ACT(composition, x->accept)->end, end_y = COMPOSED_ACT(composition, y->accept)->end;

	if (x->listener != y->listener)
		return x->listener < y->listener ? -1 : 1;
	if (end_x != end_y)
		return end_x < end_y ? -1 : 1;
	return x->accept < y->accept ? -1 : x->accept > y->accept;
}

static bool is_before(const struct composition *composition, uint32_t first, uint32_t second)
{
	return COMPOSED_ACT(composition, first)->end <= COMPOSED_ACT(composition, second)->enter;
}

/* Several accepted at once: then who asked first was served first. */
static bool is_swapped(const struct composition *composition, const struct meeting *first, const struct meeting *second)
{
	return first->listener == second->listener && first->connect != SCORE_NONE && second->connect != SCORE_NONE &&
	       !is_before(composition, first->accept, second->accept) &&
	       is_before(composition, second->connect, first->connect);
}

static void meetings_sort(const struct composition *composition, struct meeting *meetings, uint32_t count)
{
	if (count)
		qsort_r(meetings, count, sizeof(*meetings), compare_meetings, (void *)composition);
	for (uint32_t i = 1; i < count; i++)
		for (uint32_t j = i; j && is_swapped(composition, &meetings[j - 1], &meetings[j]); j--) {
			struct meeting meeting = meetings[j];
			meetings[j] = meetings[j - 1];
			meetings[j - 1] = meeting;
		}
}

/*
 * A listener is a queue: connections are accepted in the order in which they were asked for. So both are kept in one
 * order; where clients came at once, in that of the accepts.
 */
void meetings_order(struct ordering *ordering)
{
	struct composition *composition = ordering->composition;
	const struct access *rows = ROWS(composition->accesses, struct access);
	uint32_t all = composition->accesses.count, objects = composition->objects.count, count = 0;
	struct meeting *meetings = malloc((all + 1ull) * sizeof(*meetings));
	uint32_t *connects = malloc((objects + 1ull) * sizeof(*connects));

	if (!meetings || !connects) {
		composition->failed = true;
		all = 0;
	} else {
		memset(connects, 0xff, (objects + 1ull) * sizeof(*connects));
	}
	for (uint32_t i = 0; i < all; i++)
		if (rows[i].classes & ACCESS_CONNECTS)
			connects[rows[i].object] = rows[i].act;
	for (uint32_t i = 0; i < all; i++) {
		uint32_t peer =
			rows[i].made == SCORE_NONE ? SCORE_NONE : COMPOSED_OBJECT(composition, rows[i].made)->peer;
		if (rows[i].classes & ACCESS_ACCEPTS && rows[i].made != SCORE_NONE)
			meetings[count++] = (struct meeting){rows[i].object, rows[i].act,
							     peer == SCORE_NONE ? SCORE_NONE : connects[peer]};
	}
	meetings_sort(composition, meetings, count);
	for (uint32_t i = 1; i < count; i++) {
		const struct meeting *before = &meetings[i - 1], *after = &meetings[i];
		if (before->listener != after->listener)
			continue;
		pair_add(ordering, before->accept, after->accept);
		if (before->connect != SCORE_NONE && after->connect != SCORE_NONE)
			pair_add(ordering, before->connect, after->connect);
	}
	free(meetings);
	free(connects);
}

/* Those who connect to one that was not recorded do so one after the other. */
void stubs_order(struct ordering *ordering)
{
	struct composition *composition = ordering->composition;
	uint32_t objects = composition->objects.count;
	uint32_t *last = malloc((objects + 1ull) * sizeof(*last));

	if (!last) {
		composition->failed = true;
		return;
	}
	memset(last, 0xff, (objects + 1ull) * sizeof(*last));
	for (uint32_t i = 0; i < composition->accesses.count; i++) {
		const struct access *access = &ROWS(composition->accesses, struct access)[i];
		const struct composed_object *object = COMPOSED_OBJECT(composition, access->object);
		uint32_t first = object->listener == SCORE_NONE ? access->object : object->listener;
		if (!(access->classes & ACCESS_CONNECTS) || !object->is_stub || object->peer != SCORE_NONE)
			continue;
		if (last[first] != SCORE_NONE)
			pair_add(ordering, last[first], access->act);
		last[first] = access->act;
	}
	free(last);
}

/* Acts by which a socket went to an address where nobody ever answered it; by number of act. NULL without memory. */
static bool *refusals_find(const struct composition *composition)
{
	bool *refused = calloc(composition->acts.count + 1ull, sizeof(*refused));

	for (uint32_t i = 0; refused && i < composition->accesses.count; i++) {
		const struct access *access = &ROWS(composition->accesses, struct access)[i];
		const struct composed_object *object = COMPOSED_OBJECT(composition, access->object);
		if (access->classes & ACCESS_SENDS_TO && COMPOSED_ACT(composition, access->act)->error &&
		    !object->is_connected)
			refused[access->act] = true;
	}
	return refused;
}

/*
 * Who was refused while a listener was being made came before it: the call may have taken its time to return. What is
 * done to the name at that time, first of all bind(), is done after it.
 */
void refusals_order(struct ordering *ordering)
{
	struct composition *composition = ordering->composition;
	const struct access *rows = ROWS(composition->accesses, struct access);
	bool *refused = refusals_find(composition);

	if (!refused)
		composition->failed = true;
	for (uint32_t i = 0; refused && i < composition->accesses.count; i++) {
		if (!refused[rows[i].act] || COMPOSED_OBJECT(composition, rows[i].object)->type != OBJECT_UNKNOWN)
			continue;
		for (uint32_t k = i + 1; k < composition->accesses.count; k++) {
			if (act_of(ordering, k)->enter >= act_of(ordering, i)->end)
				break;
			if (rows[k].object != rows[i].object || refused[rows[k].act])
				continue;
			pair_add(ordering, rows[i].act, rows[k].act);
			break;
		}
	}
	free(refused);
}
