// SPDX-License-Identifier: MIT
/*
 * Judges by the others of a group, which were judged by their looks, and joins those that say the same.
 */
#include "reader/difference_alike.h"
#include "reader/chance.h"
#include "reader/map.h"

#include <stdlib.h>
#include <string.h>

/* So many others are enough to tell by, and so many of those that cannot be told for each. */
#define ALIKE_MIN 2u
#define ALIKE_FOR 2u
/* Of those that are not looked at themselves. */
#define REST_MIN 32u

static bool is_text_of(const struct difference *difference, enum difference_class class)
{
	return difference->class == class && difference->is_single && difference->field && difference->old &&
	       difference->new && * difference->old == '"';
}

/* The same call about things whose names are alike, whichever they are. */
static bool has_like_name(const struct difference *one, const struct difference *other)
{
	return one->call && other->call && !strcmp(other->call, one->call) &&
	       texts_differ_in_word(other->old, one->old);
}

static bool is_alike(const struct difference *one, const struct difference *other, enum difference_class class)
{
	return is_text_of(other, class) && !strcmp(other->field, one->field) &&
	       (other->group == one->group || has_like_name(one, other));
}

void differences_judge_alike(struct differences *differences, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct difference *one = &differences->rows[i];
		const struct difference *like = NULL;
		uint32_t random = 0, others = 0;
		if (!is_text_of(one, CLASS_ARGUMENTS) || !texts_differ_in_word(one->old, one->new))
			continue;
		for (uint32_t k = 0; k < count; k++) {
			const struct difference *other = &differences->rows[k];
			bool is_random = is_alike(one, other, CLASS_RANDOM);
			random += is_random;
			others += other->group == one->group ? other->class == CLASS_ARGUMENTS
							     : is_alike(one, other, CLASS_ARGUMENTS);
			like = is_random ? other : like;
		}
		if (random < ALIKE_MIN || random * ALIKE_FOR < others)
			continue;
		one->class = CLASS_RANDOM;
		one->is_guess = true;
		free(one->explanation);
		one->explanation = strdup(like->explanation ? like->explanation : "names drawn by lot");
	}
}

/* One of the group of `rest` that was looked at and is random, when there are enough, and none is anything else. */
static const struct difference *find_sample(const struct differences *differences, uint32_t count,
					    const struct difference *rest)
{
	const struct difference *sample = NULL;
	uint64_t random = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct difference *row = &differences->rows[i];
		if (row->group != rest->group || !row->has_details)
			continue;
		if (row->class != CLASS_RANDOM)
			return NULL;
		random += row->count;
		sample = row;
	}
	return random < REST_MIN ? NULL : sample;
}

void differences_judge_rest(struct differences *differences, uint32_t count)
{
	for (uint32_t i = count; i < differences->count; i++) {
		struct difference *rest = &differences->rows[i];
		const struct difference *sample =
			rest->class == CLASS_PAYLOAD ? find_sample(differences, count, rest) : NULL;
		if (!sample)
			continue;
		rest->class = CLASS_RANDOM;
		rest->is_guess = sample->is_guess;
		free(rest->explanation);
		rest->explanation = strdup(sample->explanation ? sample->explanation : "like others of its sort");
	}
}

/* ---- joining -------------------------------------------------------------------------------------------------- */

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Whether they say the same of the same call on the same thing, of whatever threads. */
static bool are_alike(const struct difference *a, const struct difference *b)
{
	return a->class == b->class && a->is_single && b->is_single &&
	       (a->group == b->group || (a->old && a->new &&is_same_text(a->old, b->old) &&
					 is_same_text(a->new, b->new) && is_same_text(a->field, b->field) &&
					 is_same_text(a->call, b->call) && is_same_text(a->object, b->object)));
}

/* Joining, in progress. */
struct joining {
	struct differences *differences;
	const struct edits *edits;
	const struct canon *old;
	struct map threads; /* those that were counted, by place and number */
};

/* In whose thread it was in the old run. */
static uint32_t thread_of(const struct joining *joining, const struct difference *difference)
{
	uint32_t token = joining->edits->rows[difference->edit].old;

	return joining->old->tokens[token].sort->thread;
}

/* One more of the changes that `same` stands for, perhaps by a thread that was not counted yet. */
static int join_one(struct joining *joining, struct difference *same, struct difference *row)
{
	uint64_t place = (uint64_t)(same - joining->differences->rows) << 32;
	int rc = map_put(&joining->threads, place | thread_of(joining, same), same);

	same->count += row->count;
	if (!rc && !map_get(&joining->threads, place | thread_of(joining, row))) {
		rc = map_put(&joining->threads, place | thread_of(joining, row), same);
		same->threads++;
	}
	difference_free(row);
	return rc;
}

int differences_join_alike(struct differences *differences, const struct edits *edits, const struct pairing *pairing)
{
	struct joining joining = {.differences = differences, .edits = edits, .old = pairing->canons[SIDE_OLD]};
	uint32_t kept = 0;
	int rc = 0;

	for (uint32_t i = 0; i < differences->count; i++) {
		struct difference *row = &differences->rows[i], *same = NULL;
		for (uint32_t k = kept; !rc && row->is_single && k-- && !same;)
			if (are_alike(&differences->rows[k], row))
				same = &differences->rows[k];
		if (same)
			rc = join_one(&joining, same, row);
		else
			differences->rows[kept++] = *row;
	}
	differences->count = kept;
	map_clear(&joining.threads);
	return rc;
}
