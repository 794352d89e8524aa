// SPDX-License-Identifier: MIT
/*
 * Datagrams that are sent to addresses: which of those sent one that was received is. Size, hash and ports must agree,
 * as far as these are known; the first that was sent is the first that is received.
 */
#include "reader/talk_parts.h"

#include <errno.h>
#include <stdlib.h>

#include "reader/map.h"

/* Of one bucket that are looked at: equal ones of which none is received must not cost more and more. */
#define LOOK_MAX 64u

static uint32_t bucket_of(uint32_t size, uint32_t hash)
{
	return (uint32_t)map_mix((uint64_t)size << 32 | hash) % DATAGRAMS_MAX;
}

/* `previous` is the row before it in its bucket, + 1. */
static void unlink_row(struct talks *talks, uint32_t bucket, uint32_t previous, uint32_t row)
{
	struct talk_datagrams *all = &talks->datagrams;
	struct talk_datagram *datagram = &all->rows[row];

	*(previous ? &all->rows[previous - 1].next : &all->first[bucket]) = datagram->next;
	if (!datagram->next)
		all->last[bucket] = previous;
	datagram->is_used = false;
	talk_drop(talks, datagram->talk);
}

static int datagram_add(struct talks *talks, const struct talk_word *word, bool is_told)
{
	struct talk_datagrams *all = &talks->datagrams;
	uint32_t row = all->place++ % DATAGRAMS_MAX, bucket = bucket_of((uint32_t)word->size, word->hash);

	if (!all->rows && !(all->rows = calloc(DATAGRAMS_MAX, sizeof(*all->rows))))
		return -ENOMEM;
	/* the oldest of all is the first of its bucket */
	if (all->rows[row].is_used)
		unlink_row(talks, bucket_of(all->rows[row].size, all->rows[row].hash), 0, row);
	all->rows[row] = (struct talk_datagram){.is_used = true,
						.is_told = is_told,
						.size = (uint32_t)word->size,
						.hash = word->hash,
						.from = word->from.port,
						.to = word->to.port,
						.talk = word->talk,
						.by = word->by};
	word->talk->references++;
	*(all->last[bucket] ? &all->rows[all->last[bucket] - 1].next : &all->first[bucket]) = row + 1;
	all->last[bucket] = row + 1;
	return 0;
}

static bool may_be(uint16_t port, uint16_t other)
{
	return !port || !other || port == other;
}

static int datagram_find(struct talks *talks, struct talk_word *word, bool *is_told)
{
	struct talk_datagrams *all = &talks->datagrams;
	uint32_t bucket = bucket_of((uint32_t)word->size, word->hash), previous = 0, looked = 0;
	int rc = 0;

	*is_told = true;
	for (uint32_t at = all->first[bucket]; at && looked++ < LOOK_MAX; previous = at, at = all->rows[at - 1].next) {
		struct talk_datagram *sent = &all->rows[at - 1];
		if (sent->size != word->size || sent->hash != word->hash || !may_be(sent->from, word->from.port) ||
		    !may_be(sent->to, word->to.port) || sent->by.enter > word->time)
			continue;
		*is_told = !sent->is_told;
		/* who receives it knows where it came from */
		if (!sent->talk->ends[0].port && word->from.port)
			sent->talk->ends[0] = word->from;
		if (talks->sink->received)
			rc = talks->sink->received(talks->sink->context, word, &sent->by);
		unlink_row(talks, bucket, previous, at - 1);
		return rc;
	}
	return 0;
}

int talk_datagram(struct talks *talks, struct talk_word *word, bool *is_told)
{
	struct talk *talk = word->talk;
	const struct object *peer = talk->objects[0] ? talk->objects[0]->peer : NULL;

	if (!word->is_heard) {
		word->from = talk->ends[0];
		/* A socket without a port of its own: the receiver will tell where it came from, if it is here. */
		*is_told = talk->carrier != TALK_UDP || word->from.port || !peer;
		return datagram_add(talks, word, *is_told);
	}
	word->to = talk->ends[0];
	return datagram_find(talks, word, is_told);
}
