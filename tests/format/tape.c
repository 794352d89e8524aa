// SPDX-License-Identifier: MIT
/*
 * Makes raw records.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/format/tape.h"

#define RECORD_WORDS_MAX 4096u

void tape_free(struct tape *tape)
{
	free(tape->words);
	tape->words = NULL;
	tape->used = tape->capacity = 0;
}

uint64_t tape_random(struct tape *tape)
{
	tape->random ^= tape->random << 13;
	tape->random ^= tape->random >> 7;
	tape->random ^= tape->random << 17;
	return tape->random;
}

uint64_t tape_random_any(struct tape *tape)
{
	uint64_t number = tape_random(tape) >> (tape_random(tape) % 64);

	return tape_random(tape) % 4 ? number : -number;
}

static struct record_call *tape_last;

struct record_call *tape_call(struct tape *tape, uint32_t call)
{
	uint32_t argc = catalogue_builtin.calls[call].argc;

	if (tape->capacity - tape->used < RECORD_WORDS_MAX) {
		tape->capacity = tape->capacity ? 2 * tape->capacity : 1 << 16;
		tape->words = realloc(tape->words, tape->capacity * 8);
		if (!tape->words)
			abort();
	}
	struct record_call *record = (struct record_call *)(tape->words + tape->used);
	memset(record, 0, sizeof(*record) + argc * 8ul);
	record->head.type = (RECORD_CALL + call) & 0xfff;
	record->head.words = (uint32_t)(sizeof(*record) / 8 + argc) & 0xfffff;
	tape->used += record->head.words;
	tape_last = record;
	return record;
}

void tape_item(struct tape *tape, struct item item, const void *bytes)
{
	uint64_t *at = tape->words + tape->used;
	uint32_t words = item_words(item.size);

	at[words - 1] = 0;
	memcpy(at, &item, sizeof(item));
	memcpy((char *)at + sizeof(item), bytes, item.size);
	tape->used += words;
	tape_last->head.words = (tape_last->head.words + words) & 0xfffff;
}

static void tape_random_item(struct tape *tape, uint32_t argc)
{
	uint8_t bytes[300];
	struct item item = {
		.arg = argc && tape_random(tape) % 4 ? (uint8_t)(tape_random(tape) % argc) : ITEM_NO_ARG,
		.form = (uint8_t)(tape_random(tape) % ITEM_FORM_COUNT),
		.index = (uint16_t)(tape_random(tape) >> (tape_random(tape) % 32)),
		.size = (uint32_t)(tape_random(tape) % sizeof(bytes)),
		.total = (uint32_t)tape_random_any(tape),
		.hash = (uint32_t)tape_random_any(tape),
	};

	for (uint32_t i = 0; i < item.size; i++)
		bytes[i] = (uint8_t)tape_random(tape);
	tape_item(tape, item, bytes);
}

void tape_random_call(struct tape *tape, uint32_t call)
{
	struct record_call *record = tape_call(tape, call);
	uint32_t argc = catalogue_builtin.calls[call].argc, items = (uint32_t)(tape_random(tape) % 4);

	record->enter = tape->ticks += tape_random_any(tape);
	record->duration = tape_random_any(tape) & ((1ull << 44) - 1);
	record->outcome = tape_random(tape) & 3;
	record->borrowed = tape_random(tape) & 1;
	record->error = (uint16_t)tape_random(tape);
	record->result = (int64_t)tape_random_any(tape);
	record->site = tape_random(tape);
	for (uint32_t i = 0; i < argc; i++)
		record->args[i] = tape_random_any(tape);
	while (items--)
		tape_random_item(tape, argc);
}

const struct record_call *tape_next(const struct tape *tape, size_t *at)
{
	const struct record_call *record = (const struct record_call *)(tape->words + *at);

	if (*at == tape->used)
		return NULL;
	*at += record->head.words;
	return record;
}

static int items_same(const uint64_t *at, const uint64_t *end, const struct event *event)
{
	uint32_t i = 0;
	struct item item;

	for (; at < end; at += item_words(item.size), i++) {
		if (i == event->items_count)
			return 0;
		const struct event_item *got = &event->items[i];
		memcpy(&item, at, sizeof(item));
		if (got->arg != item.arg || got->form != item.form || got->index != item.index ||
		    got->size != item.size || got->total != item.total || got->hash != item.hash ||
		    memcmp(got->bytes, (const char *)at + sizeof(item), item.size))
			return 0;
	}
	return i == event->items_count;
}

int tape_same(const struct record_call *record, const struct event *event)
{
	uint32_t call = record->head.type - (uint32_t)RECORD_CALL;
	const uint64_t *words = (const uint64_t *)record;

	if (strcmp(event->call->name, catalogue_builtin.calls[call].name) || event->enter != record->enter ||
	    event->duration != record->duration || event->outcome != record->outcome ||
	    event->borrowed != record->borrowed || event->error != record->error || event->result != record->result ||
	    event->site != record->site)
		return 0;
	for (uint32_t i = 0; i < event->call->argc; i++)
		if (event->args[i] != record->args[i])
			return 0;
	return items_same(record->args + event->call->argc, words + record->head.words, event);
}
