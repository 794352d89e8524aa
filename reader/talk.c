// SPDX-License-Identifier: MIT
/*
 * Conversations: who is in them, and telling their words in order of time. What words there are is in talk_read.c.
 */
#include "reader/talk_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "reader/room.h"

/* Payload that waits for its time; beyond it, the earliest is told before its time. */
#define WAITING_MAX (32u << 20)
/* ---- who is in it ----------------------------------------------------------------------------------------------- */

void talk_drop(struct talks *talks, struct talk *talk)
{
	struct talk *into;

	while (talk && !--talk->references) {
		into = talk->into;
		if (talks->sink->gone)
			talks->sink->gone(talks->sink->context, talk);
		talk_sources_free(talks, talk);
		free(talk);
		talk = into;
	}
}

static struct talk *resolve(struct talk *talk, uint8_t *side)
{
	for (; talk && talk->into; talk = talk->into)
		*side ^= talk->is_turned;
	return talk;
}

struct talk *talk_of(const struct object *object, uint8_t *side)
{
	*side = object ? object->tag & 1 : 0;
	return object && object->tag ? resolve((struct talk *)(uintptr_t)(object->tag & ~1ull), side) : NULL;
}

/* What an object is in: false when it is nothing that talks. */
static bool carrier_of(const struct object *object, enum talk_carrier *carrier)
{
	bool is_datagram = object->socket_type == SOCK_DGRAM;

	if (object->type == OBJECT_PIPE) {
		*carrier = TALK_PIPE;
		return true;
	}
	if (object->type != OBJECT_SOCKET || object->listening || object->socket_type == SOCK_RAW)
		return false;
	if (object->family == AF_INET || object->family == AF_INET6)
		*carrier = is_datagram ? TALK_UDP : TALK_TCP;
	else if (object->family == AF_UNIX || !object->family)
		*carrier = is_datagram ? TALK_UNIX_DATAGRAM : TALK_UNIX;
	else
		return false;
	return true;
}

static bool is_mutual(const struct object *object)
{
	return object->peer && object->peer->peer == object;
}

/* A pair's letters and a pipe's ends have their sides; who was accepted is the second. */
static uint8_t side_of(const struct object *object, bool is_reading)
{
	if (object->type == OBJECT_PIPE && !object->side)
		return is_reading;
	return object->side == 'b' || object->side == 'r' || object->origin;
}

static void enter(struct talk *talk, uint8_t side, struct object *object)
{
	object->tag = (uint64_t)(uintptr_t)talk | side;
	talk->objects[side] = object;
	talk->references++;
}

static struct talk *begin(struct talks *talks, struct object *object, enum talk_carrier carrier, bool is_reading)
{
	struct talk *talk = calloc(1, sizeof(*talk));

	if (!talk) {
		talks->error = -ENOMEM;
		return NULL;
	}
	talk->carrier = carrier;
	talk->is_pair = object->side == 'a' || object->side == 'b';
	talk->is_addressed = carrier == TALK_UDP || (carrier == TALK_UNIX_DATAGRAM && !talk->is_pair);
	talk->number = talks->numbers++;
	enter(talk, talk->is_addressed ? 0 : side_of(object, is_reading), object);
	return talk;
}

/* `talk`, of which nothing was told, turns out to be `other`; `side` of it is `other_side` there. */
static void merge(struct talk *talk, uint8_t side, struct talk *other, uint8_t other_side)
{
	talk->into = other;
	talk->is_turned = side != other_side;
	other->references++;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t there = (uint8_t)(i ^ talk->is_turned);
		if (!other->objects[there])
			other->objects[there] = talk->objects[i];
		if (!other->pids[there])
			other->pids[there] = talk->pids[i];
		if (!other->ends[there].family)
			other->ends[there] = talk->ends[i];
	}
}

/* Both ends are of one talk as soon as it is known that they belong together; unless both were told of already. */
static struct talk *join(struct talk *talk, uint8_t *side)
{
	struct object *object = talk->objects[*side];
	uint8_t peer_side;
	struct talk *other = object && is_mutual(object) ? talk_of(object->peer, &peer_side) : NULL;

	if (talk->is_addressed || !other || other == talk || other->is_addressed)
		return talk;
	if (!talk->is_begun) {
		merge(talk, *side, other, !peer_side);
		*side = !peer_side;
		return other;
	}
	if (!other->is_begun)
		merge(other, peer_side, talk, !*side);
	return talk;
}

struct talk *talk_make(struct talks *talks, struct object *object, bool is_reading, uint8_t *side)
{
	struct talk *talk = talk_of(object, side), *other;
	enum talk_carrier carrier;
	uint8_t peer_side;

	if (talk)
		return join(talk, side);
	if (!carrier_of(object, &carrier))
		return NULL;
	other = is_mutual(object) ? talk_of(object->peer, &peer_side) : NULL;
	if (other && !other->is_addressed) {
		*side = !peer_side;
		enter(other, *side, object);
		return other;
	}
	talk = begin(talks, object, carrier, is_reading);
	*side = object->tag & 1;
	return talk;
}

void talk_leave(struct talks *talks, struct object *object)
{
	struct talk *talk = (struct talk *)(uintptr_t)(object->tag & ~1ull);

	for (struct talk *at = talk; at; at = at->into)
		for (unsigned i = 0; i < 2; i++)
			if (at->objects[i] == object)
				at->objects[i] = NULL;
	object->tag = 0;
	talk_drop(talks, talk);
}

/* ---- in order of time ------------------------------------------------------------------------------------------- */

static bool is_before(const struct talk_word *a, const struct talk_word *b)
{
	return a->time < b->time || (a->time == b->time && a->order < b->order);
}

static void heap_push(struct talks *talks, struct talk_word *word)
{
	size_t at = talks->heap_count++;

	for (; at && is_before(word, talks->heap[(at - 1) / 2]); at = (at - 1) / 2)
		talks->heap[at] = talks->heap[(at - 1) / 2];
	talks->heap[at] = word;
	talks->heap_bytes += word->kept;
}

static struct talk_word *heap_pop(struct talks *talks)
{
	struct talk_word *first = talks->heap[0], *last = talks->heap[--talks->heap_count];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < talks->heap_count) {
		child += child + 1 < talks->heap_count && is_before(talks->heap[child + 1], talks->heap[child]);
		if (!is_before(talks->heap[child], last))
			break;
		talks->heap[at] = talks->heap[child];
		at = child;
	}
	talks->heap[at] = last;
	talks->heap_bytes -= first->kept;
	return first;
}

static void word_free(struct talks *talks, struct talk_word *word)
{
	talk_drop(talks, word->talk);
	text_free(&word->text);
	if (word->is_copied)
		free((void *)word->bytes);
	free(word);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

/* Keeps of a word what was not told before. */
static void word_trim(struct talk *talk, struct talk_word *word, uint64_t begin, uint64_t end)
{
	uint64_t told = talk->told[word->side], from = begin > told ? begin : told, skip;

	word->offset = told;
	word->gap = begin > told ? begin - told : 0;
	skip = end > from ? word->size - (end - from) : word->size;
	word->size -= skip;
	word->bytes = skip < word->kept ? word->bytes + skip : NULL;
	word->kept = skip < word->kept ? word->kept - (uint32_t)skip : 0;
	if (end > told)
		talk->told[word->side] = end;
}

static int tell_stream(struct talks *talks, struct talk_word *word)
{
	struct talk *talk = word->talk;
	uint64_t *count = word->is_heard ? &talk->heard[word->side] : &talk->said[word->side];
	uint64_t begin = *count;
	struct talk_word trimmed = *word;
	bool is_told;
	int rc;

	*count += word->size;
	rc = word->is_heard ? talk_sources_take(talks, talk, word) : talk_source_add(talks, talk, word);
	/* Who receives what was moved unseen will have its bytes. */
	if (rc || (word->is_moved && !word->is_heard && talk->objects[!word->side]))
		return rc;
	word_trim(talk, &trimmed, begin, begin + word->size);
	/* A datagram may be empty, and is known by who sent it. */
	is_told = trimmed.size || trimmed.gap || (talk->carrier == TALK_UNIX_DATAGRAM && !word->is_heard);
	return is_told ? talks->sink->word(talks->sink->context, &trimmed) : 0;
}

static int tell_datagram(struct talks *talks, struct talk_word *word)
{
	bool is_told;
	int rc = talk_datagram(talks, word, &is_told);

	return rc || !is_told ? rc : talks->sink->word(talks->sink->context, word);
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

/* What is known already is not told again. */
static bool is_news(struct talk *talk, const struct talk_word *word)
{
	bool *done = word->sort == TALK_ASKED				     ? &talk->is_asked
		     : word->sort == TALK_MADE				     ? &talk->is_made
		     : word->sort == TALK_ENDED || word->sort == TALK_BROKEN ? &talk->is_ended[word->side]
									     : NULL;
	bool is_news = !done || !*done;

	if (done)
		*done = true;
	return is_news;
}

static int tell(struct talks *talks, struct talk_word *word)
{
	uint8_t teller = word->teller;
	struct talk *talk = resolve(word->talk, &teller);

	talk = join(talk, &teller);
	if (talk != word->talk) {
		talk->references++;
		talk_drop(talks, word->talk);
		word->talk = talk;
	}
	word->side ^= teller != word->teller;
	word->teller = teller;
	talk->is_begun = true;
	if (!talk->pids[teller])
		talk->pids[teller] = word->by.pid;
	if (word->sort == TALK_BYTES)
		return talk->is_addressed ? tell_datagram(talks, word) : tell_stream(talks, word);
	return is_news(talk, word) ? talks->sink->word(talks->sink->context, word) : 0;
}

int talk_tell(struct talks *talks, struct talk_word *word)
{
	struct talk_word *waiting = malloc(sizeof(*waiting));
	uint8_t *bytes = waiting && word->kept ? malloc(word->kept) : NULL;

	if (!waiting || (word->kept && !bytes) || MAKE_ROOM(talks->heap, talks->heap_room, talks->heap_count)) {
		free(waiting);
		free(bytes);
		text_free(&word->text);
		return -ENOMEM;
	}
	*waiting = *word;
	waiting->order = talks->order++;
	if (bytes) {
		waiting->bytes = memcpy(bytes, word->bytes, word->kept);
		waiting->is_copied = true;
	}
	waiting->talk->references++;
	heap_push(talks, waiting);
	return 0;
}

int talk_deliver(struct talks *talks, uint64_t until)
{
	int rc = talks->error;

	while (!rc && talks->heap_count && (talks->heap[0]->time <= until || talks->heap_bytes > WAITING_MAX)) {
		struct talk_word *word = heap_pop(talks);
		rc = tell(talks, word);
		word_free(talks, word);
	}
	return rc;
}

void talks_free(struct talks *talks)
{
	if (!talks)
		return;
	while (talks->heap_count)
		word_free(talks, heap_pop(talks));
	for (uint32_t i = 0; talks->datagrams.rows && i < DATAGRAMS_MAX; i++)
		if (talks->datagrams.rows[i].is_used)
			talk_drop(talks, talks->datagrams.rows[i].talk);
	free(talks->datagrams.rows);
	text_free(&talks->closer_text);
	free(talks->heap);
	free(talks->uses);
	free(talks);
}
