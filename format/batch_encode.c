// SPDX-License-Identifier: MIT
/*
 * The encoder of a batch: shapes as plain MessagePack, everything else as columns (docs/format.md, "events").
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/batch_tuple.h"
#include "format/column.h"
#include "format/log_parts.h"
#include "format/times.h"

/* A number of 1, 2 or 4 bytes behind the first byte of its sort; returns where it ends. */
static uint8_t *number_put_behind(uint8_t *at, uint8_t sort, uint32_t number)
{
	unsigned bytes = number < 0x100 ? 1 : number < 0x10000 ? 2 : 4;

	*at++ = sort + (bytes >> 1);
	while (bytes--)
		*at++ = (uint8_t)(number >> 8 * bytes);
	return at;
}

static uint8_t *number_put(uint8_t *at, uint32_t number)
{
	if (number >= 0x80)
		return number_put_behind(at, 0xcc, number);
	*at = (uint8_t)number;
	return at + 1;
}

/* The longest spelling of what stands before an item's bytes: the array, five numbers, the head of the bytes. */
#define ITEM_HEAD_MAX 32u

/*
 * In one piece and not number by number through the packer's callback: where payloads differ every event has an item of
 * its own. With the shapes' hash in one chain (batch_vary.c) such events took 190 ns to transcode instead of 240.
 */
static void item_pack(msgpack_packer *out, const struct item *item, const uint64_t *bytes)
{
	uint8_t head[ITEM_HEAD_MAX], *at = head;

	*at++ = 0x96;
	at = number_put(at, item->arg);
	at = number_put(at, item->form);
	at = number_put(at, item->index);
	at = number_put(at, item->total);
	at = number_put(at, item->hash);
	at = number_put_behind(at, 0xc4, item->size);
	out->callback(out->data, (const char *)head, (size_t)(at - head));
	msgpack_pack_bin_body(out, bytes, item->size);
}

void items_pack(msgpack_packer *out, const uint64_t *at, uint32_t words)
{
	uint32_t count = 0;
	struct item item;

	for (uint32_t left = words, used = 0; left; left -= item_words(item.size), used += item_words(item.size)) {
		memcpy(&item, at + used, sizeof(item));
		count++;
	}
	msgpack_pack_array(out, count);
	for (; count; count--, at += item_words(item.size)) {
		memcpy(&item, at, sizeof(item));
		item_pack(out, &item, at + sizeof(item) / 8);
	}
}

static void tuple_pack_items(msgpack_packer *out, const struct batch *batch, uint32_t tuple)
{
	uint32_t words;
	const uint64_t *items = tuple_items(batch, &batch->tuples[tuple], &words);

	items_pack(out, items, words);
}

static void arg_pack(msgpack_packer *out, const struct arg_spec *spec, uint64_t value)
{
	if (spec->value.is_signed)
		msgpack_pack_int64(out, (int64_t)value);
	else
		msgpack_pack_uint64(out, value);
}

static void shape_pack(msgpack_packer *out, const struct batch *batch, uint32_t index, uint32_t varying)
{
	const struct batch_tuple *tuple = &batch->tuples[index];
	const struct call_spec *call = &batch->catalogue->calls[tuple->call];
	const uint64_t *args = tuple_args(batch, tuple);

	msgpack_pack_array(out, 6);
	msgpack_pack_uint32(out, tuple->call);
	msgpack_pack_uint8(out, tuple->outcome);
	msgpack_pack_uint16(out, tuple->error);
	msgpack_pack_uint64(out, *tuple_words(batch, tuple));
	msgpack_pack_array(out, tuple->argc);
	for (unsigned arg = 0; arg < tuple->argc; arg++) {
		if (varying >> arg & 1)
			msgpack_pack_nil(out);
		else
			arg_pack(out, &call->args[arg], args[arg]);
	}
	if (varying >> FIELD_ITEMS & 1)
		msgpack_pack_nil(out);
	else
		tuple_pack_items(out, batch, index);
}

static void shapes_pack(msgpack_packer *out, const struct batch *batch)
{
	const struct batch_vary *vary = &batch->vary;

	msgpack_pack_array(out, vary->shapes_count);
	for (uint32_t i = 0; i < vary->shapes_count; i++) {
		uint32_t tuple = vary->is_needed ? vary->kept[i] : i;
		shape_pack(out, batch, tuple, vary->is_needed ? batch->calls[batch->tuples[tuple].call].varying : 0);
	}
}

static void shape_column_pack(struct pack_buffer *out, const struct batch *batch, uint64_t *values)
{
	const uint32_t *shape = batch->vary.is_needed ? batch->vary.shape : NULL;

	for (uint32_t i = 0; i < batch->count; i++)
		values[i] = shape ? shape[batch->tuple[i]] : batch->tuple[i];
	size_t start = out->size;
	column_pack(out, values, batch->count);
	pack_buffer_mark(out, start, out->size - start, PACK_ALIKE);
}

/* From the end of the event before to the beginning of this one; negative for calls made inside a later one. */
static void gap_column_pack(struct pack_buffer *out, const struct batch *batch, const struct times_books *books,
			    uint64_t *values)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < batch->count; i++) {
		values[i] = batch->enter[i] - end;
		end = batch->enter[i] + batch->duration[i];
	}
	times_pack(out, values, batch->count, books);
}

/* Fewer events are not worth a book, nor fewer of a call one of its own. */
#define BOOK_EVENTS_MIN 128u

/* Every call that has more than a sixteenth of the events (of a sample) gets a book of its own. */
static uint32_t books_choose(const struct batch *batch, uint32_t *events, struct times_books *books)
{
	uint32_t step = batch->count / 1024 + 1, sampled = 0, least;

	for (uint32_t i = 0; i < batch->count; i += step, sampled++)
		events[batch->tuples[batch->tuple[i]].call]++;
	least = (BOOK_EVENTS_MIN + step - 1) / step;
	least = sampled / TIMES_BOOKS_MAX > least ? sampled / TIMES_BOOKS_MAX : least;
	for (uint32_t call = 0; call < batch->catalogue->calls_count; call++) {
		bool has_own = events[call] > least;
		events[call] = has_own ? books->count : UINT32_MAX;
		if (has_own)
			books->calls[books->count++] = call;
	}
	books->calls[books->count++] = TIMES_CALL_ANY;
	return books->count - 1;
}

/* Which book each tuple's times are coded by, in `memory`, which is to be freed. 0 or -ENOMEM. */
static int books_make(const struct batch *batch, struct times_books *books, void **memory)
{
	*books = (struct times_books){.kind = batch->tuple};
	*memory = NULL;
	if (batch->count < BOOK_EVENTS_MIN)
		return 0;
	size_t symbols = batch->count * sizeof(uint64_t), calls = batch->catalogue->calls_count * sizeof(uint32_t);
	char *bytes = malloc(symbols + calls + batch->tuples_count);
	if (!bytes)
		return -ENOMEM;
	uint32_t *of_call = (uint32_t *)(bytes + symbols);
	uint8_t *book = (uint8_t *)(bytes + symbols + calls);
	memset(of_call, 0, calls);
	uint32_t any = books_choose(batch, of_call, books);
	for (uint32_t i = 0; i < batch->tuples_count; i++) {
		uint32_t own = of_call[batch->tuples[i].call];
		book[i] = (uint8_t)(own < any ? own : any);
	}
	books->book = book;
	books->symbols = (uint64_t *)bytes;
	*memory = bytes;
	return 0;
}

/* The distinct lists of items of a call, and which of them each of its events has. */
static void varying_items_pack(struct pack_buffer *out, const struct batch *batch, const struct batch_call *call,
			       uint64_t *values)
{
	const struct batch_vary *vary = &batch->vary;

	msgpack_pack_array(&out->packer, 2);
	msgpack_pack_array(&out->packer, call->lists);
	size_t start = out->size;
	for (uint32_t i = 0; i < call->lists; i++)
		tuple_pack_items(&out->packer, batch, vary->lists[call->first_tuple + i]);
	pack_buffer_mark(out, start, out->size - start, PACK_ALIKE);
	for (uint32_t i = 0; i < call->events; i++)
		values[i] = vary->list[batch->tuple[vary->events[call->first_event + i]]];
	column_pack(out, values, call->events);
}

static void varying_arg_pack(struct pack_buffer *out, const struct batch *batch, const struct batch_call *call,
			     unsigned arg, uint64_t *values)
{
	for (uint32_t i = 0; i < call->events; i++) {
		uint32_t event = batch->vary.events[call->first_event + i];
		values[i] = tuple_args(batch, &batch->tuples[batch->tuple[event]])[arg];
	}
	column_pack(out, values, call->events);
}

static void varying_pack(struct pack_buffer *out, const struct batch *batch, uint64_t *values)
{
	uint32_t calls = batch->vary.is_needed ? batch->catalogue->calls_count : 0, columns = 0;

	for (uint32_t i = 0; i < calls; i++)
		columns += (uint32_t)__builtin_popcount(batch->calls[i].varying);
	msgpack_pack_array(&out->packer, columns);
	for (uint32_t i = 0; i < calls; i++) {
		const struct batch_call *call = &batch->calls[i];
		for (unsigned field = 0; field < FIELDS_COUNT; field++) {
			if (!(call->varying >> field & 1))
				continue;
			msgpack_pack_array(&out->packer, 3);
			msgpack_pack_uint32(&out->packer, i);
			if (field == FIELD_ITEMS) {
				msgpack_pack_nil(&out->packer);
				varying_items_pack(out, batch, call, values);
			} else {
				msgpack_pack_uint8(&out->packer, (uint8_t)field);
				varying_arg_pack(out, batch, call, field, values);
			}
		}
	}
}

static void batch_reset(struct batch *batch)
{
	batch->count = batch->tuples_count = batch->guess_after = 0;
	batch->words_count = 0;
	if (batch->slots)
		memset(batch->slots, 0, (batch->slots_mask + 1ul) * sizeof(*batch->slots));
}

int batch_encode(struct batch *batch, uint32_t pid, uint32_t tid, uint64_t first, uint64_t lost, msgpack_packer *out)
{
	struct pack_buffer *packed = &batch->packed;

	if (!batch->count && !lost)
		return 0;
	struct times_books books;
	void *memory;
	int error = batch_vary_plan(batch);
	error = error ? error : books_make(batch, &books, &memory);
	if (error)
		return error;
	msgpack_pack_array(&packed->packer, 12);
	pack_text(&packed->packer, "events");
	msgpack_pack_uint32(&packed->packer, pid);
	msgpack_pack_uint32(&packed->packer, tid);
	msgpack_pack_uint64(&packed->packer, first);
	msgpack_pack_uint64(&packed->packer, lost);
	msgpack_pack_uint32(&packed->packer, batch->count);
	shapes_pack(&packed->packer, batch);
	shape_column_pack(packed, batch, batch->values);
	gap_column_pack(packed, batch, &books, batch->values);
	times_pack(packed, batch->duration, batch->count, &books);
	free(memory);
	column_pack(packed, batch->result, batch->count);
	varying_pack(packed, batch, batch->values);
	error = pack_buffer_move(packed, out);
	if (!error)
		batch_reset(batch);
	return error;
}
