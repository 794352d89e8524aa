// SPDX-License-Identifier: MIT
/*
 * Decides, call by call, which fields of a batch's tuples differ so much that they belong into columns of their own,
 * and makes the shapes of what remains.
 *
 * A tuple costs about 13 bytes of a log, a number in a column half a byte, so tuples stand as they are while there are
 * no more than a 24th of the events: 6.0 bytes an event of redis-benchmark, where an eighth gave 6.5 and a 64th 6.4.
 * Where there are more, the field with the most values goes first. The choice is made on a call's first tuples: a poor
 * one costs bytes, not correctness.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/batch_tuple.h"

/* So many tuples of a call are looked at before choosing. */
#define SAMPLE_MAX 1024u

/* How many shapes are cheap enough for so many events. */
static uint32_t shapes_bearable(uint32_t events)
{
	return events / 24 + 16;
}

static int vary_reserve(struct batch_vary *vary, uint32_t tuples, uint32_t events)
{
	if (tuples > vary->capacity_tuples) {
		uint32_t slots = 64;
		while (slots < 2 * tuples)
			slots *= 2;
		struct batch_vary grown = {
			.shape = malloc(tuples * sizeof(uint32_t)),
			.list = malloc(tuples * sizeof(uint32_t)),
			.kept = malloc(tuples * sizeof(uint32_t)),
			.lists = malloc(tuples * sizeof(uint32_t)),
			.by_call = malloc(tuples * sizeof(uint32_t)),
			.slots = malloc(slots * sizeof(uint32_t)),
			.hashes = malloc(sizeof(uint64_t) * SAMPLE_MAX * (FIELDS_COUNT + 1)),
			.events = vary->events,
			.slots_mask = slots - 1,
			.capacity_tuples = tuples,
			.capacity_events = vary->capacity_events,
		};
		vary->events = NULL;
		batch_vary_free(vary);
		*vary = grown;
	}
	if (events > vary->capacity_events) {
		free(vary->events);
		vary->events = malloc(events * sizeof(uint32_t));
		vary->capacity_events = events;
	}
	if (vary->shape && vary->list && vary->kept && vary->lists && vary->by_call && vary->slots && vary->hashes &&
	    vary->events)
		return 0;
	batch_vary_free(vary);
	return -ENOMEM;
}

void batch_vary_free(struct batch_vary *vary)
{
	free(vary->shape);
	free(vary->list);
	free(vary->kept);
	free(vary->lists);
	free(vary->by_call);
	free(vary->events);
	free(vary->slots);
	free(vary->hashes);
	*vary = (struct batch_vary){0};
}

static void calls_count(struct batch *batch)
{
	memset(batch->calls, 0, batch->catalogue->calls_count * sizeof(*batch->calls));
	for (uint32_t i = 0; i < batch->tuples_count; i++)
		batch->calls[batch->tuples[i].call].tuples++;
	for (uint32_t i = 0; i < batch->count; i++)
		batch->calls[batch->tuples[batch->tuple[i]].call].events++;
}

/* Sort tuples and events by call, keeping their order within one. */
static void calls_group(struct batch *batch)
{
	uint32_t tuple = 0, event = 0;

	for (uint32_t i = 0; i < batch->catalogue->calls_count; i++) {
		struct batch_call *call = &batch->calls[i];
		call->first_tuple = tuple;
		call->first_event = event;
		tuple += call->tuples;
		event += call->events;
		call->tuples = call->events = 0;
	}
	for (uint32_t i = 0; i < batch->tuples_count; i++) {
		struct batch_call *call = &batch->calls[batch->tuples[i].call];
		batch->vary.by_call[call->first_tuple + call->tuples++] = i;
	}
	for (uint32_t i = 0; i < batch->count; i++) {
		struct batch_call *call = &batch->calls[batch->tuples[batch->tuple[i]].call];
		batch->vary.events[call->first_event + call->events++] = i;
	}
}

static uint64_t tuple_hash_field(const struct batch *batch, const struct batch_tuple *tuple, unsigned field)
{
	uint32_t words;

	if (field == FIELD_ITEMS) {
		const uint64_t *items = tuple_items(batch, tuple, &words);
		return hash_words(items, words, FIELDS_COUNT);
	}
	return hash_words(tuple_args(batch, tuple) + field, 1, field + 1);
}

/* The hash of what always stays in the shape. */
static uint64_t tuple_hash_fixed(const struct batch *batch, const struct batch_tuple *tuple)
{
	return hash_words(tuple_words(batch, tuple), 1, (uint64_t)tuple->error << 8 | tuple->outcome);
}

static bool tuple_has_field(const struct batch_tuple *tuple, unsigned field)
{
	return field < tuple->argc || field == FIELD_ITEMS;
}

/* The hash of a tuple without the fields of `varying`. One chain: only samples are hashed field by field. */
static uint64_t tuple_hash_shape(const struct batch *batch, const struct batch_tuple *tuple, uint32_t varying)
{
	const uint64_t *args = tuple_args(batch, tuple);
	uint64_t hash = tuple_hash_fixed(batch, tuple);
	uint32_t words;

	for (unsigned arg = 0; arg < tuple->argc; arg++)
		if (!(varying >> arg & 1))
			hash = hash_fold(hash ^ args[arg], 0x9e3779b97f4a7c15ull);
	if (varying >> FIELD_ITEMS & 1)
		return hash;
	const uint64_t *items = tuple_items(batch, tuple, &words);
	return hash_words(items, words, hash);
}

/* Hash the fields of the tuples in the sample, each by itself; the fixed part comes last. */
static uint32_t sample_make(struct batch *batch, const struct batch_call *call)
{
	uint32_t count = call->tuples < SAMPLE_MAX ? call->tuples : SAMPLE_MAX;
	uint64_t *hashes = batch->vary.hashes;

	for (uint32_t i = 0; i < count; i++, hashes += FIELDS_COUNT + 1) {
		const struct batch_tuple *tuple = &batch->tuples[batch->vary.by_call[call->first_tuple + i]];
		for (unsigned field = 0; field < FIELDS_COUNT; field++)
			hashes[field] = tuple_has_field(tuple, field) ? tuple_hash_field(batch, tuple, field) : 0;
		hashes[FIELDS_COUNT] = tuple_hash_fixed(batch, tuple);
	}
	return count;
}

static void slots_clear(struct batch_vary *vary, uint32_t entries)
{
	uint32_t slots = 64;

	while (slots < 2 * entries)
		slots *= 2;
	vary->slots_mask = slots - 1;
	memset(vary->slots, 0, slots * sizeof(*vary->slots));
}

/* How many distinct tuples the sample has without the fields of `varying`, going by 31 bits of hash alone. */
static uint32_t sample_count_distinct(struct batch_vary *vary, uint32_t count, uint32_t varying)
{
	const uint64_t *hashes = vary->hashes;
	uint32_t distinct = 0;

	slots_clear(vary, count);
	for (uint32_t i = 0; i < count; i++, hashes += FIELDS_COUNT + 1) {
		uint64_t hash = hashes[FIELDS_COUNT];
		for (unsigned field = 0; field < FIELDS_COUNT; field++)
			hash += varying >> field & 1 ? 0 : hashes[field];
		uint32_t tag = (uint32_t)(hash >> 32) | 1, slot = (uint32_t)hash & vary->slots_mask;
		while (vary->slots[slot] && vary->slots[slot] != tag)
			slot = (slot + 1) & vary->slots_mask;
		distinct += !vary->slots[slot];
		vary->slots[slot] = tag;
	}
	return distinct;
}

/* Choose the fields of a call that go into columns. */
static uint32_t call_choose_varying(struct batch *batch, const struct batch_call *call, unsigned argc)
{
	struct batch_vary *vary = &batch->vary;
	uint32_t all = (1u << FIELDS_COUNT) - 1, varying = 0, distinct[FIELDS_COUNT] = {0};
	uint32_t count = sample_make(batch, call);
	uint32_t bearable = shapes_bearable((uint32_t)((uint64_t)call->events * count / call->tuples));

	for (unsigned field = 0; field < FIELDS_COUNT; field++)
		if (field < argc || field == FIELD_ITEMS)
			distinct[field] = sample_count_distinct(vary, count, all & ~(1u << field));
	for (;;) {
		unsigned most = 0;
		for (unsigned field = 1; field < FIELDS_COUNT; field++)
			if (distinct[field] > distinct[most])
				most = field;
		if (distinct[most] < 2)
			return varying;
		varying |= 1u << most;
		distinct[most] = 0;
		if (sample_count_distinct(vary, count, varying) <= bearable)
			return varying;
	}
}

static bool items_are_same(const struct batch *batch, const struct batch_tuple *a, const struct batch_tuple *b)
{
	uint32_t words_a, words_b;
	const uint64_t *items_a = tuple_items(batch, a, &words_a), *items_b = tuple_items(batch, b, &words_b);

	return words_a == words_b && !memcmp(items_a, items_b, words_a * 8ul);
}

static bool shapes_are_same(const struct batch *batch, const struct batch_tuple *a, const struct batch_tuple *b,
			    uint32_t varying)
{
	const uint64_t *args_a = tuple_args(batch, a), *args_b = tuple_args(batch, b);

	if (a->error != b->error || a->outcome != b->outcome || *tuple_words(batch, a) != *tuple_words(batch, b))
		return false;
	for (unsigned arg = 0; arg < a->argc; arg++)
		if (!(varying >> arg & 1) && args_a[arg] != args_b[arg])
			return false;
	return varying >> FIELD_ITEMS & 1 || items_are_same(batch, a, b);
}

/* Make the shapes of one call: the first tuple of each stands for it. */
static void call_make_shapes(struct batch *batch, const struct batch_call *call)
{
	struct batch_vary *vary = &batch->vary;

	slots_clear(vary, call->tuples);
	for (uint32_t i = 0; i < call->tuples; i++) {
		uint32_t tuple = vary->by_call[call->first_tuple + i];
		uint32_t slot =
			(uint32_t)tuple_hash_shape(batch, &batch->tuples[tuple], call->varying) & vary->slots_mask;
		while (vary->slots[slot] && !shapes_are_same(batch, &batch->tuples[vary->kept[vary->slots[slot] - 1]],
							     &batch->tuples[tuple], call->varying))
			slot = (slot + 1) & vary->slots_mask;
		if (!vary->slots[slot]) {
			vary->kept[vary->shapes_count++] = tuple;
			vary->slots[slot] = vary->shapes_count;
		}
		vary->shape[tuple] = vary->slots[slot] - 1;
	}
}

/* Number the distinct lists of items of one call; vary->lists from call->first_tuple on says who has them. */
static uint32_t call_make_lists(struct batch *batch, const struct batch_call *call)
{
	struct batch_vary *vary = &batch->vary;
	uint32_t *lists = vary->lists + call->first_tuple, count = 0;

	slots_clear(vary, call->tuples);
	for (uint32_t i = 0; i < call->tuples; i++) {
		uint32_t tuple = vary->by_call[call->first_tuple + i];
		uint32_t slot =
			(uint32_t)tuple_hash_field(batch, &batch->tuples[tuple], FIELD_ITEMS) & vary->slots_mask;
		while (vary->slots[slot] &&
		       !items_are_same(batch, &batch->tuples[lists[vary->slots[slot] - 1]], &batch->tuples[tuple]))
			slot = (slot + 1) & vary->slots_mask;
		if (!vary->slots[slot]) {
			lists[count++] = tuple;
			vary->slots[slot] = count;
		}
		vary->list[tuple] = vary->slots[slot] - 1;
	}
	return count;
}

static void call_plan(struct batch *batch, uint32_t number)
{
	struct batch_call *call = &batch->calls[number];

	if (call->tuples > shapes_bearable(call->events))
		call->varying = call_choose_varying(batch, call, batch->catalogue->calls[number].argc);
	call_make_shapes(batch, call);
	if (call->varying >> FIELD_ITEMS & 1)
		call->lists = call_make_lists(batch, call);
}

int batch_vary_plan(struct batch *batch)
{
	struct batch_vary *vary = &batch->vary;

	vary->shapes_count = batch->tuples_count;
	vary->is_needed = batch->tuples_count > shapes_bearable(batch->count);
	if (!vary->is_needed)
		return 0;
	int error = vary_reserve(vary, batch->tuples_capacity, batch->capacity);
	if (error)
		return error;
	vary->is_needed = true;
	vary->shapes_count = 0;
	calls_count(batch);
	calls_group(batch);
	for (uint32_t i = 0; i < batch->catalogue->calls_count; i++)
		if (batch->calls[i].tuples)
			call_plan(batch, i);
	return 0;
}
