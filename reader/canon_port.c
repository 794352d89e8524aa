// SPDX-License-Identifier: MIT
/*
 * Looks at the shapes of all batches, which are few, and not at their events; and only at frames that have calls with
 * addresses.
 */
#include "reader/canon_port.h"
#include "reader/endpoint.h"

#include <errno.h>
#include <stdlib.h>

/* More chosen ports than this are not told apart. */
#define SEEN_MAX 4096u

static void see_items(struct seen_ports *seen, const struct call_spec *call, const struct batch_items *list,
		      uint64_t ticks)
{
	for (uint32_t i = 0; i < list->count && seen->count < SEEN_MAX; i++) {
		const struct event_item *item = &list->items[i];
		if (item->form != ITEM_ADDRESS && item->form != ITEM_LOCAL && item->form != ITEM_PEER)
			continue;
		uint16_t port = endpoint_parse(item->bytes, item->size).port;
		bool is_in = item->form == ITEM_ADDRESS && item->arg < call->argc &&
			     call->args[item->arg].value.direction == DIRECTION_IN;
		if (port >= MASK_PORT_MIN)
			seen->rows[seen->count++] = (struct seen_port){ticks, port, is_in};
	}
}

static bool has_addresses(const struct call_spec *call)
{
	for (unsigned i = 0; i < call->argc; i++)
		if (call->args[i].value.kind == KIND_SOCKADDR || call->args[i].value.kind == KIND_MSGHDR)
			return true;
	return call->result.kind == KIND_FD;
}

/* When a shape was first used; its place among the others is in order of that. */
static uint64_t first_use(const struct batch_view *batch, uint32_t shape)
{
	for (uint32_t i = 0; i < batch->count; i++)
		if (batch->shape[i] == shape)
			return batch->enter[i];
	return batch->count ? batch->enter[0] : 0;
}

static void see_batch(struct seen_ports *seen, const struct batch_view *batch)
{
	const struct batch_varying *last = NULL;

	for (uint32_t s = 0; s < batch->shapes_count; s++) {
		const struct batch_shape *shape = &batch->shapes[s];
		if (!has_addresses(shape->call))
			continue;
		if (shape->items.count)
			see_items(seen, shape->call, &shape->items, first_use(batch, s));
		if (!shape->varying || !shape->varying->lists || shape->varying == last)
			continue;
		last = shape->varying;
		uint32_t rank = 0;
		for (uint32_t i = 0; i < batch->count && seen->count < SEEN_MAX; i++)
			if (batch->shapes[batch->shape[i]].varying == last)
				see_items(seen, shape->call, &last->lists[last->list[rank++]], batch->enter[i]);
	}
}

static int compare_seen(const void *left, const void *right)
{
	const struct seen_port *a = left, *b = right;

	if (a->ticks != b->ticks)
		return a->ticks < b->ticks ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	/* bind() says the port, and is told it as well */
	return (int)b->is_chosen - (int)a->is_chosen;
}

/* By number in the catalogue; NULL when out of memory, free with free(). */
static bool *find_calls(const struct catalogue *catalogue)
{
	bool *found = calloc(catalogue->calls_count + 1u, sizeof(*found));

	for (unsigned i = 0; found && i < catalogue->calls_count; i++)
		found[i] = has_addresses(&catalogue->calls[i]);
	return found;
}

int ports_find(struct seen_ports *seen, struct trace *trace)
{
	bool *wanted = find_calls(trace_catalogue(trace));
	struct frame *frame = NULL;

	*seen = (struct seen_ports){calloc(SEEN_MAX, sizeof(struct seen_port)), 0};
	int rc = seen->rows && wanted ? 0 : -ENOMEM;
	for (size_t i = 0; !rc && i < trace_frames(trace) && seen->count < SEEN_MAX; i++) {
		if (!trace_frame_has(trace, i, wanted))
			continue;
		int failed = trace_frame_read(trace, i, &frame);
		if (failed == -ENOMEM)
			rc = failed;
		for (uint32_t b = 0; !failed && b < frame->batches_count; b++)
			see_batch(seen, &frame->batches[b]);
	}
	if (!rc)
		qsort(seen->rows, seen->count, sizeof(*seen->rows), compare_seen);
	frame_free(frame);
	free(wanted);
	return rc;
}

int ports_add(struct mask *mask, const struct seen_ports *seen)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < seen->count; i++)
		rc = mask_add_port(mask, seen->rows[i].port, seen->rows[i].is_chosen);
	return rc;
}

/* Leaves those of `ports` that `mask` knows as chosen. */
static uint32_t keep_chosen(const struct mask *mask, uint16_t *ports, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++)
		if (mask_port(mask, ports[i]))
			ports[kept++] = ports[i];
	return kept;
}

/* All that `mask` knows as chosen, in the order in which they were. */
static uint32_t list_chosen(const struct mask *mask, const struct seen_ports *seen, uint16_t *ports)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < seen->count; i++)
		if (mask_port(mask, seen->rows[i].port) == mask_port_chosen(count))
			ports[count++] = seen->rows[i].port;
	return count;
}

int ports_share(struct shared_ports *shared, const struct seen_ports *seen)
{
	struct mask mask = {.second = 0};
	int rc = ports_add(&mask, seen);

	if (!rc && shared->ports) {
		shared->count = keep_chosen(&mask, shared->ports, shared->count);
	} else if (!rc) {
		shared->ports = calloc(seen->count + 1ull, sizeof(*shared->ports));
		if (shared->ports)
			shared->count = list_chosen(&mask, seen, shared->ports);
		else
			rc = -ENOMEM;
	}
	mask_clear(&mask);
	return rc;
}
