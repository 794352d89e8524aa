// SPDX-License-Identifier: MIT
/*
 * Which calls sent what is received now: those whose bytes nobody has received yet are kept in order, side by side.
 */
#include "reader/talk_parts.h"

#include <errno.h>
#include <stdlib.h>

/* Calls whose bytes were not yet seen received, for talk_sink.received(): of one side, and of all. The oldest of the
 * side make way. */
#define SOURCES_MAX	1024u
#define SOURCES_ALL_MAX 524288u

struct talk_source {
	uint64_t end; /* of its bytes, in all that the side says */
	struct talk_call by;
};

static struct talk_source *source_at(const struct talk_sources *sources, uint32_t index)
{
	return &sources->rows[(sources->first + index) & (sources->room - 1)];
}

static void source_drop(struct talks *talks, struct talk_sources *sources)
{
	sources->first++;
	sources->count--;
	talks->sources_count--;
}

static int sources_grow(struct talk_sources *sources)
{
	struct talk_sources wider = {.room = sources->room ? 2 * sources->room : 4, .count = sources->count};

	wider.rows = malloc(wider.room * sizeof(*wider.rows));
	if (!wider.rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < sources->count; i++)
		wider.rows[i] = *source_at(sources, i);
	free(sources->rows);
	*sources = wider;
	return 0;
}

int talk_source_add(struct talks *talks, struct talk *talk, const struct talk_word *word)
{
	struct talk_sources *sources = &talk->sources[word->side];

	if (!talks->sink->received)
		return 0;
	if (sources->count && (sources->count == SOURCES_MAX || talks->sources_count >= SOURCES_ALL_MAX))
		source_drop(talks, sources);
	if (sources->count == sources->room && sources_grow(sources))
		return -ENOMEM;
	*source_at(sources, sources->count++) = (struct talk_source){talk->said[word->side], word->by};
	talks->sources_count++;
	return 0;
}

int talk_sources_take(struct talks *talks, struct talk *talk, const struct talk_word *word)
{
	struct talk_sources *sources = &talk->sources[word->side];
	uint64_t until = talk->heard[word->side];
	int rc = 0;

	while (!rc && sources->count) {
		const struct talk_source *source = source_at(sources, 0);
		uint64_t end = source->end;
		rc = talks->sink->received(talks->sink->context, word, &source->by);
		if (end <= until)
			source_drop(talks, sources);
		if (end >= until)
			break;
	}
	return rc;
}

void talk_sources_free(struct talks *talks, struct talk *talk)
{
	for (unsigned side = 0; side < 2; side++) {
		talks->sources_count -= talk->sources[side].count;
		free(talk->sources[side].rows);
	}
}
