// SPDX-License-Identifier: MIT
/*
 * Judges by the others of a group, which were judged by their looks.
 */
#include "reader/difference_alike.h"
#include "reader/chance.h"

#include <stdlib.h>
#include <string.h>

/* So many others are enough to tell by. */
#define ALIKE_MIN 2u
/* Of those that are not looked at themselves. */
#define REST_MIN 32u

static bool is_text_of(const struct difference *difference, enum difference_class class)
{
	return difference->class == class && difference->is_single && difference->field && difference->old &&
	       difference->new && * difference->old == '"';
}

static bool is_alike(const struct difference *one, const struct difference *other)
{
	return other->group == one->group && is_text_of(other, CLASS_RANDOM) && !strcmp(other->field, one->field);
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
			bool is_random = is_alike(one, other);
			random += is_random;
			others += other->group == one->group && other->class == CLASS_ARGUMENTS;
			like = is_random ? other : like;
		}
		if (random < ALIKE_MIN || random <= others)
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
