// SPDX-License-Identifier: MIT
/*
 * Decodes one "events" object into a view. Whatever the object claims is checked against the bytes that are there
 * before memory is taken for it; what comes out needs no further checks.
 */
#include <string.h>

#include "format/batch_decode.h"
#include "format/column.h"
#include "format/log_parts.h"
#include "format/times.h"

/* Docs/format.md allows so many events in an object; writers of this build stay below. */
#define EVENTS_MAX	 65536u
#define OUTCOME_BORROWED 8u

/* A view in the making. */
struct decoder {
	struct unpack *in;
	struct arena *arena;
	struct batch_view *view;
	struct batch_varying **varying; /* of each call of the catalogue; NULL when nothing varies */
	uint32_t *events;		/* of each call, when something varies */
};

static void *decoder_new(struct decoder *decoder, uint64_t count, size_t size)
{
	void *piece = decoder->in->failed ? NULL : arena_new(decoder->arena, count, size);

	decoder->in->failed |= !piece;
	return piece;
}

static void *decoder_raw(struct decoder *decoder, uint64_t count, size_t size)
{
	void *piece = decoder->in->failed ? NULL : arena_raw(decoder->arena, count, size);

	decoder->in->failed |= !piece;
	return piece;
}

static void item_read(struct unpack *in, struct event_item *item)
{
	uint32_t elements = unpack_array_of(in, 6);

	item->arg = (uint8_t)unpack_number(in, UINT8_MAX);
	item->form = (uint8_t)unpack_number(in, UINT8_MAX);
	item->index = (uint16_t)unpack_number(in, UINT16_MAX);
	item->total = (uint32_t)unpack_number(in, UINT32_MAX);
	item->hash = (uint32_t)unpack_number(in, UINT32_MAX);
	struct unpack_view bytes = unpack_view(in);
	item->bytes = bytes.bytes;
	item->size = bytes.size;
	if (elements > 6)
		unpack_skip(in, elements - 6);
}

struct batch_items items_unpack(struct unpack *in, struct arena *arena)
{
	struct batch_items items = {.count = unpack_array(in)};

	if (!items.count)
		return items;
	struct event_item *item = in->failed ? NULL : arena_raw(arena, items.count, sizeof(*item));
	in->failed |= !item;
	items.items = item;
	for (uint32_t i = 0; i < items.count && !in->failed; i++)
		item_read(in, &item[i]);
	if (in->failed)
		items.count = 0;
	return items;
}

/* The column holder of a call, made when first needed. */
static struct batch_varying *varying_of(struct decoder *decoder, uint32_t call)
{
	uint32_t calls = decoder->view->catalogue->calls_count;

	if (!decoder->varying) {
		decoder->varying = decoder_new(decoder, calls, sizeof(*decoder->varying));
		decoder->events = decoder_new(decoder, calls, sizeof(*decoder->events));
	}
	if (decoder->in->failed)
		return NULL;
	if (!decoder->varying[call])
		decoder->varying[call] = decoder_new(decoder, 1, sizeof(struct batch_varying));
	return decoder->varying[call];
}

/*
 * Fields marked as varying are noted in the shape's `varying` only: whether their columns are really there is checked
 * at the end. Returns the mask of those fields.
 */
static uint32_t shape_read(struct decoder *decoder, struct batch_shape *shape)
{
	struct unpack *in = decoder->in;
	const struct catalogue *catalogue = decoder->view->catalogue;
	uint32_t elements = unpack_array_of(in, 6), varying = 0;
	uint64_t call = unpack_number(in, UINT16_MAX);

	in->failed |= call >= catalogue->calls_count;
	if (in->failed)
		return 0;
	shape->call_index = (uint16_t)call;
	shape->call = &catalogue->calls[call];
	uint64_t outcome = unpack_number(in, UINT8_MAX);
	shape->outcome = outcome & (OUTCOME_BORROWED - 1);
	shape->borrowed = outcome & OUTCOME_BORROWED;
	shape->error = (uint16_t)unpack_number(in, UINT16_MAX);
	shape->site = unpack_integer(in);
	in->failed |= unpack_array(in) != shape->call->argc;
	for (unsigned arg = 0; arg < shape->call->argc && !in->failed; arg++) {
		if (unpack_nil(in))
			varying |= 1u << arg;
		else
			shape->args[arg] = unpack_integer(in);
	}
	if (unpack_nil(in))
		varying |= 1u << CALL_ARGS_MAX;
	else
		shape->items = items_unpack(decoder->in, decoder->arena);
	if (varying)
		shape->varying = varying_of(decoder, shape->call_index);
	unpack_skip(in, elements - 6);
	return varying;
}

/* The union of the varying fields of each call; NULL when there are none. */
static uint16_t *shapes_read(struct decoder *decoder)
{
	uint32_t count = unpack_array(decoder->in);
	struct batch_shape *shapes = decoder_new(decoder, count, sizeof(*shapes));
	uint16_t *wanted = NULL;

	for (uint32_t i = 0; i < count && !decoder->in->failed; i++) {
		uint32_t varying = shape_read(decoder, &shapes[i]);
		if (!varying || decoder->in->failed)
			continue;
		if (!wanted)
			wanted = decoder_new(decoder, decoder->view->catalogue->calls_count, sizeof(*wanted));
		if (wanted)
			wanted[shapes[i].call_index] |= (uint16_t)varying;
	}
	decoder->view->shapes = shapes;
	decoder->view->shapes_count = count;
	return wanted;
}

/* Which shape each event has. */
static void shape_column_read(struct decoder *decoder, uint64_t *scratch)
{
	struct batch_view *view = decoder->view;
	uint32_t *shape = decoder_raw(decoder, view->count, sizeof(*shape));

	if (!decoder->in->failed)
		column_unpack_index(decoder->in, shape, view->count, view->shapes_count, scratch);
	view->shape = shape;
}

/* Beginnings from the gaps between the events. */
static void times_read(struct decoder *decoder)
{
	struct batch_view *view = decoder->view;
	uint64_t *enter = decoder_raw(decoder, view->count, sizeof(*enter));
	uint64_t *duration = decoder_raw(decoder, view->count, sizeof(*duration));
	const struct times_shapes shapes = {
		.shape = view->shape,
		.shapes = view->shapes,
		.shapes_count = view->shapes_count,
		.book = decoder_raw(decoder, view->shapes_count, sizeof(struct book *)),
	};
	uint64_t end = 0;

	if (decoder->in->failed)
		return;
	times_unpack(decoder->in, enter, view->count, &shapes);
	times_unpack(decoder->in, duration, view->count, &shapes);
	if (decoder->in->failed)
		return;
	for (uint32_t i = 0; i < view->count; i++) {
		enter[i] += end;
		end = enter[i] + duration[i];
	}
	view->enter = enter;
	view->duration = duration;
}

/*
 * Numbers the events of the only call that varies, in a register: 0.4 ns an event. To count in memory takes 1.0, since
 * each event waits for the one before. The others' numbers mean nothing.
 */
static void ranks_make_alone(struct decoder *decoder, uint32_t call, uint32_t *rank)
{
	const struct batch_view *view = decoder->view;
	uint8_t *is_of = decoder_raw(decoder, view->shapes_count, 1);
	uint32_t next = 0;

	for (uint32_t shape = 0; is_of && shape < view->shapes_count; shape++)
		is_of[shape] = view->shapes[shape].call_index == call;
	for (uint32_t i = 0; is_of && i < view->count; i++) {
		rank[i] = next;
		next += is_of[view->shape[i]];
	}
	decoder->events[call] = next;
}

/* Number the events of each call that varies: that is where they stand in the columns of its varying fields. */
static void ranks_make(struct decoder *decoder)
{
	struct batch_view *view = decoder->view;
	uint32_t *rank = decoder_raw(decoder, view->count, sizeof(*rank)), calls = 0, last = 0;

	for (uint32_t call = 0; rank && call < view->catalogue->calls_count; call++) {
		if (!decoder->varying[call])
			continue;
		calls++;
		last = call;
	}
	if (rank && calls == 1)
		ranks_make_alone(decoder, last, rank);
	else
		for (uint32_t i = 0; rank && i < view->count; i++)
			rank[i] = decoder->events[view->shapes[view->shape[i]].call_index]++;
	view->rank = rank;
}

static void varying_items_read(struct decoder *decoder, struct batch_varying *varying, uint32_t events,
			       uint64_t *scratch)
{
	uint32_t elements = unpack_array_of(decoder->in, 2);
	uint32_t count = unpack_array(decoder->in);
	struct batch_items *lists = decoder_raw(decoder, count + 1ul, sizeof(*lists));
	uint32_t *list = decoder_raw(decoder, events + 1ul, sizeof(*list));

	for (uint32_t i = 0; i < count && !decoder->in->failed; i++)
		lists[i] = items_unpack(decoder->in, decoder->arena);
	if (!decoder->in->failed)
		column_unpack_index(decoder->in, list, events, count, scratch);
	varying->lists = lists;
	varying->list = list;
	unpack_skip(decoder->in, elements - 2);
}

static void varying_read_one(struct decoder *decoder, uint16_t *wanted, uint64_t *scratch)
{
	struct unpack *in = decoder->in;
	uint32_t elements = unpack_array_of(in, 3);
	uint32_t call = (uint32_t)unpack_number(in, UINT16_MAX);
	bool is_items = unpack_nil(in);
	unsigned field = is_items ? CALL_ARGS_MAX : (unsigned)unpack_number(in, CALL_ARGS_MAX - 1);

	in->failed = in->failed || call >= decoder->view->catalogue->calls_count || !(wanted[call] >> field & 1);
	if (in->failed)
		return;
	wanted[call] &= (uint16_t) ~(1u << field);
	struct batch_varying *varying = decoder->varying[call];
	uint32_t events = decoder->events[call];
	if (is_items) {
		varying_items_read(decoder, varying, events, scratch);
	} else {
		uint64_t *args = decoder_raw(decoder, events + 1ul, sizeof(*args));
		if (args)
			column_unpack(in, args, events);
		varying->args[field] = args;
	}
	unpack_skip(in, elements - 3);
}

static void varying_read(struct decoder *decoder, uint16_t *wanted, uint64_t *scratch)
{
	uint32_t columns = unpack_array(decoder->in);

	if (!wanted) {
		decoder->in->failed |= columns != 0;
		return;
	}
	ranks_make(decoder);
	for (; columns && !decoder->in->failed; columns--)
		varying_read_one(decoder, wanted, scratch);
	/* every field that a shape leaves open must have had its column */
	for (uint32_t i = 0; i < decoder->view->catalogue->calls_count && !decoder->in->failed; i++)
		decoder->in->failed |= wanted[i] != 0;
}

void batch_unpack(struct unpack *in, struct arena *arena, const struct catalogue *catalogue, struct batch_view *view)
{
	struct decoder decoder = {.in = in, .arena = arena, .view = view};

	*view = (struct batch_view){.catalogue = catalogue};
	view->pid = (uint32_t)unpack_number(in, UINT32_MAX);
	view->tid = (uint32_t)unpack_number(in, UINT32_MAX);
	view->first = unpack_integer(in);
	view->lost = unpack_integer(in);
	view->count = (uint32_t)unpack_number(in, EVENTS_MAX);
	uint16_t *wanted = shapes_read(&decoder);
	/* column_unpack() checks `count` against the bytes only afterwards, so the limit above bounds what it takes */
	uint64_t *scratch = decoder_raw(&decoder, view->count, sizeof(*scratch));
	if (in->failed)
		return;
	shape_column_read(&decoder, scratch);
	times_read(&decoder);
	uint64_t *result = decoder_raw(&decoder, view->count, sizeof(*result));
	if (in->failed)
		return;
	column_unpack(in, result, view->count);
	view->result = (const int64_t *)result;
	if (!in->failed)
		varying_read(&decoder, wanted, scratch);
}
