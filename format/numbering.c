// SPDX-License-Identifier: MIT
/*
 * Streams by pid and tid in an open hash table; those of the same numbers are chained, the latest first.
 */
#include "format/numbering.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Images of one process that are looked at. */
#define CHAIN_MAX 64

struct numbering_stream {
	uint32_t pid, tid;
	uint32_t before; /* place plus one of the stream of the same numbers that began before, or 0 */
	uint64_t next;
};

static uint32_t *find_place(const struct numbering *numbering, uint32_t pid, uint32_t tid)
{
	uint64_t hash = ((uint64_t)pid << 32 | tid) * 0x9e3779b97f4a7c15ull;

	for (size_t place = hash >> 32;; place++) {
		uint32_t *entry = &numbering->table[place & (numbering->table_size - 1)];
		const struct numbering_stream *stream = *entry ? &numbering->streams[*entry - 1] : NULL;
		if (!stream || (stream->pid == pid && stream->tid == tid))
			return entry;
	}
}

static int grow(struct numbering *numbering)
{
	size_t room = numbering->room ? 2 * numbering->room : 64;
	struct numbering_stream *streams = reallocarray(numbering->streams, room, sizeof(*streams));
	uint32_t *table;

	if (!streams)
		return -ENOMEM;
	numbering->streams = streams;
	table = calloc(2 * room, sizeof(*table));
	if (!table)
		return -ENOMEM;
	free(numbering->table);
	numbering->table = table;
	numbering->table_size = 2 * room;
	numbering->room = room;
	for (size_t i = 0; i < numbering->count; i++)
		*find_place(numbering, streams[i].pid, streams[i].tid) = (uint32_t)i + 1;
	return 0;
}

/* A new stream of these numbers whose next event is `next`. */
static int add_stream(struct numbering *numbering, uint32_t pid, uint32_t tid, uint64_t next)
{
	uint32_t *place;

	if (numbering->count == numbering->room && grow(numbering))
		return -ENOMEM;
	place = find_place(numbering, pid, tid);
	numbering->streams[numbering->count] = (struct numbering_stream){pid, tid, *place, next};
	*place = (uint32_t)++numbering->count;
	return 0;
}

int numbering_begin(struct numbering *numbering, uint32_t pid, uint32_t tid)
{
	return add_stream(numbering, pid, tid, 0);
}

int numbering_continue(struct numbering *numbering, uint32_t pid, uint32_t tid, uint64_t first, uint64_t lost,
		       uint64_t count, struct numbering_verdict *verdict)
{
	uint64_t begin = first > lost ? first - lost : 0;
	uint32_t at = numbering->table_size ? *find_place(numbering, pid, tid) : 0;
	struct numbering_stream *best = NULL;

	*verdict = (struct numbering_verdict){0};
	if (!at)
		return add_stream(numbering, pid, tid, first + count);
	verdict->expected = numbering->streams[at - 1].next + lost;
	for (unsigned i = 0; at && i < CHAIN_MAX; i++) {
		struct numbering_stream *stream = &numbering->streams[at - 1];
		if (stream->next <= begin && (!best || stream->next > best->next))
			best = stream;
		at = stream->before;
	}
	if (!best) {
		verdict->goes_back = begin != 0;
		return add_stream(numbering, pid, tid, first + count);
	}
	verdict->expected = best->next + lost;
	verdict->missing = begin - best->next;
	best->next = first + count;
	return 0;
}

void numbering_free(struct numbering *numbering)
{
	free(numbering->streams);
	free(numbering->table);
	*numbering = (struct numbering){0};
}
