// SPDX-License-Identifier: MIT
/*
 * The builder of a batch: four columns that grow, and the distinct tuples behind a hash table.
 *
 * The record may change while it is looked at (its ring is mapped by others), so a new tuple is copied first and
 * checked afterwards, on the copy; a tuple that is already there was checked when it came.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/batch_tuple.h"

/* Words of a record before its tuple: head, enter, duration with flags, result. */
#define WORDS_BEFORE_TUPLE 4u
#define EVENTS_AT_FIRST	   256u
#define WORDS_AT_FIRST	   2048u
/*
 * What came after the same call the last time is guessed first, and so many guesses that were wrong are followed by so
 * many events without one: a program that does one thing all day takes 15.2 ns an event instead of 18.5 (bench/format),
 * others up to 3 % longer, where guessing all the time took them 5 % longer.
 */
#define GUESSES_WRONG 4u
#define GUESS_PAUSE   2048u

/* Make the pointer at `array` hold `count` elements of `size` bytes; what is there stays. */
static int array_grow(void *array, size_t count, size_t size)
{
	void *pointer;

	memcpy(&pointer, array, sizeof(pointer));
	pointer = realloc(pointer, count * size);
	if (!pointer)
		return -ENOMEM;
	memcpy(array, &pointer, sizeof(pointer));
	return 0;
}

int batch_new(struct batch **batch, const struct catalogue *catalogue)
{
	struct batch *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->catalogue = catalogue;
	made->calls = calloc(catalogue->calls_count + 1u, sizeof(*made->calls));
	pack_buffer_init(&made->packed, SIZE_MAX / 4);
	if (!made->calls) {
		batch_free(made);
		return -ENOMEM;
	}
	*batch = made;
	return 0;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	free(batch->tuple);
	free(batch->enter);
	free(batch->duration);
	free(batch->result);
	free(batch->values);
	free(batch->tuples);
	free(batch->next);
	free(batch->words);
	free(batch->slots);
	free(batch->calls);
	batch_vary_free(&batch->vary);
	pack_buffer_free(&batch->packed);
	free(batch);
}

uint32_t batch_count(const struct batch *batch)
{
	return batch->count;
}

static int __attribute__((cold)) batch_grow_events(struct batch *batch)
{
	uint32_t capacity = batch->capacity ? 2 * batch->capacity : EVENTS_AT_FIRST;

	if (array_grow(&batch->tuple, capacity, sizeof(*batch->tuple)) ||
	    array_grow(&batch->enter, capacity, sizeof(*batch->enter)) ||
	    array_grow(&batch->duration, capacity, sizeof(*batch->duration)) ||
	    array_grow(&batch->result, capacity, sizeof(*batch->result)) ||
	    array_grow(&batch->values, capacity, sizeof(*batch->values)))
		return -ENOMEM;
	batch->capacity = capacity;
	return 0;
}

static void slots_insert(struct batch *batch, uint32_t index)
{
	uint32_t slot = (uint32_t)batch->tuples[index].hash & batch->slots_mask;

	while (batch->slots[slot])
		slot = (slot + 1) & batch->slots_mask;
	batch->slots[slot] = index + 1;
}

static int __attribute__((cold)) batch_grow_tuples(struct batch *batch)
{
	uint32_t capacity = batch->tuples_capacity ? 2 * batch->tuples_capacity : EVENTS_AT_FIRST;

	if (array_grow(&batch->tuples, capacity, sizeof(*batch->tuples)) ||
	    array_grow(&batch->next, capacity, sizeof(*batch->next)))
		return -ENOMEM;
	uint32_t *slots = calloc(4 * (size_t)capacity, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(batch->slots);
	batch->slots = slots;
	batch->slots_mask = 4 * capacity - 1;
	batch->tuples_capacity = capacity;
	for (uint32_t i = 0; i < batch->tuples_count; i++)
		slots_insert(batch, i);
	return 0;
}

static int batch_grow_words(struct batch *batch, size_t words)
{
	size_t capacity = batch->words_capacity ? batch->words_capacity : WORDS_AT_FIRST;

	while (capacity < batch->words_count + words)
		capacity *= 2;
	if (array_grow(&batch->words, capacity, sizeof(*batch->words)))
		return -ENOMEM;
	batch->words_capacity = capacity;
	return 0;
}

/* Whether arguments and items fill the tuple's words exactly. */
static bool tuple_is_whole(const struct batch *batch, const struct batch_tuple *tuple)
{
	if (tuple->words < 1u + tuple->argc)
		return false;
	uint32_t left;
	const uint64_t *at = tuple_items(batch, tuple, &left);
	while (left) {
		struct item item;
		if (left < sizeof(item) / 8)
			return false;
		memcpy(&item, at, sizeof(item));
		if (item_words(item.size) > left || (item.arg >= tuple->argc && item.arg != ITEM_NO_ARG))
			return false;
		at += item_words(item.size);
		left -= item_words(item.size);
	}
	return true;
}

/* A tuple that is looked for: numbers, and where its words are in the record. */
struct tuple_key {
	uint64_t hash, what;
	const uint64_t *words;
	uint32_t count;
};

static inline bool tuple_is(const struct batch *batch, uint32_t index, const struct tuple_key *key)
{
	const struct batch_tuple *tuple = &batch->tuples[index];

	return tuple->hash == key->hash && tuple->what == key->what && tuple->words == key->count &&
	       !memcmp(tuple_words(batch, tuple), key->words, key->count * 8ul);
}

/* As tuple_is(), for a key whose hash is not known yet. */
static inline bool tuple_is_guessed(const struct batch *batch, uint32_t index, const struct tuple_key *key)
{
	const struct batch_tuple *tuple = &batch->tuples[index];

	return tuple->what == key->what && tuple->words == key->count &&
	       !memcmp(tuple_words(batch, tuple), key->words, key->count * 8ul);
}

/* Keep a copy of a tuple that is not there yet. */
static int tuple_add(struct batch *batch, const struct tuple_key *key)
{
	struct batch_tuple tuple = {
		.hash = key->hash,
		.what = key->what,
		.words = key->count,
		.call = (uint32_t)(key->what >> 32),
		.error = (uint16_t)(key->what >> 8),
		.outcome = (uint8_t)key->what,
		.argc = batch->catalogue->calls[key->what >> 32].argc,
	};

	if (batch->tuples_count == batch->tuples_capacity && batch_grow_tuples(batch))
		return -ENOMEM;
	if (batch->words_count + key->count > BATCH_BYTES_MAX / 8 && batch->count)
		return BATCH_E_FULL;
	if (batch->words_count + key->count > batch->words_capacity && batch_grow_words(batch, key->count))
		return -ENOMEM;
	memcpy(batch->words + batch->words_count, key->words, key->count * 8ul);
	tuple.offset = (uint32_t)batch->words_count;
	if (!tuple_is_whole(batch, &tuple))
		return BATCH_E_INVALID;
	batch->words_count += key->count;
	batch->next[batch->tuples_count] = 0;
	batch->tuples[batch->tuples_count++] = tuple;
	slots_insert(batch, batch->tuples_count - 1);
	return 0;
}

/* Where the tuple is that is not in its first slot; added when it is nowhere. 0, or as tuple_add(). */
static int __attribute__((noinline)) tuple_search(struct batch *batch, const struct tuple_key *key, uint32_t *index)
{
	uint32_t slot = (uint32_t)key->hash & batch->slots_mask;
	int error;

	for (; batch->slots[slot]; slot = (slot + 1) & batch->slots_mask) {
		*index = batch->slots[slot] - 1;
		if (tuple_is(batch, *index, key))
			return 0;
	}
	error = tuple_add(batch, key);
	*index = batch->tuples_count - 1;
	return error;
}

/* Finds what was guessed wrong, so that it is guessed the next time. 0, or as tuple_add(). */
static int __attribute__((noinline)) guess_correct(struct batch *batch, struct tuple_key key, uint32_t *index)
{
	key.hash = hash_words(key.words, key.count, key.what);
	int error = tuple_search(batch, &key, index);

	if (!error)
		batch->next[batch->tuple[batch->count - 1]] = *index;
	if (++batch->guesses_wrong % GUESSES_WRONG == 0)
		batch->guess_after = batch->count + GUESS_PAUSE;
	return error;
}

/* Most are in their first slot: looked at here, the rest of the search does not take up the registers of every event.
 */
static inline int tuple_find(struct batch *batch, uint64_t what, const uint64_t *words, uint32_t count, uint32_t *index)
{
	struct tuple_key key = {0, what, words, count};

	if (batch->count > batch->guess_after) {
		*index = batch->next[batch->tuple[batch->count - 1]];
		return tuple_is_guessed(batch, *index, &key) ? 0 : guess_correct(batch, key, index);
	}
	key.hash = hash_words(words, count, what);
	*index = batch->slots[key.hash & batch->slots_mask] - 1;
	if (*index != UINT32_MAX && tuple_is(batch, *index, &key))
		return 0;
	return tuple_search(batch, &key, index);
}

int batch_add(struct batch *batch, const struct record_call *record, size_t bytes)
{
	struct record_call call;

	if (bytes < sizeof(call))
		return BATCH_E_INVALID;
	memcpy(&call, record, sizeof(call));
	uint32_t words = call.head.words;
	uint32_t number = call.head.type - (uint32_t)RECORD_CALL;
	if (call.head.type < RECORD_CALL || number >= batch->catalogue->calls_count || words * 8ul > bytes ||
	    words <= WORDS_BEFORE_TUPLE)
		return BATCH_E_INVALID;
	if (batch->count == BATCH_EVENTS_MAX)
		return BATCH_E_FULL;
	if (batch->count == batch->capacity && batch_grow_events(batch))
		return -ENOMEM;
	if (!batch->tuples_capacity && batch_grow_tuples(batch))
		return -ENOMEM;

	uint64_t what = (uint64_t)number << 32 | (uint32_t)call.error << 8 | call.outcome |
			(call.borrowed ? OUTCOME_BORROWED : 0);
	uint32_t tuple;
	int error = tuple_find(batch, what, (const uint64_t *)record + WORDS_BEFORE_TUPLE, words - WORDS_BEFORE_TUPLE,
			       &tuple);
	if (error)
		return error;
	uint32_t at = batch->count++;
	batch->tuple[at] = tuple;
	batch->enter[at] = call.enter;
	batch->duration[at] = call.duration;
	batch->result[at] = (uint64_t)call.result;
	return 0;
}
