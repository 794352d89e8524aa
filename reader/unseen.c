// SPDX-License-Identifier: MIT
/*
 * See unseen.h.
 */
#include "reader/unseen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader/identity.h"

static int note_last(struct unseen *unseen, uint32_t pid, uint64_t ticks)
{
	uint32_t place = index_get(&unseen->last_index, pid, 0);
	uint64_t *last;

	if (place != INDEX_NONE) {
		last = &unseen->last[place];
		*last = ticks > *last ? ticks : *last;
		return 0;
	}
	last = reallocarray(unseen->last, unseen->last_count + 1, sizeof(*last));
	if (!last)
		return -ENOMEM;
	unseen->last = last;
	last[unseen->last_count] = ticks;
	return index_set(&unseen->last_index, pid, 0, (uint32_t)unseen->last_count++);
}

static char *path_copy(const struct event *event)
{
	for (uint32_t i = 0; i < event->items_count; i++)
		if (event->items[i].form == ITEM_STRING)
			return strndup((const char *)event->items[i].bytes, event->items[i].size);
	return NULL;
}

static int note_start(struct unseen *unseen, uint32_t pid, const struct event *event)
{
	if (unseen->count == unseen->room) {
		size_t room = unseen->room ? 2 * unseen->room : 64;
		struct unseen_start *starts = reallocarray(unseen->starts, room, sizeof(*starts));
		if (!starts)
			return -ENOMEM;
		unseen->starts = starts;
		unseen->room = room;
	}
	unseen->starts[unseen->count++] = (struct unseen_start){pid, event->enter, path_copy(event)};
	return 0;
}

/* The argument through which a call says which process it has made a program run in, or -1. */
static int spawned_arg(const struct call_spec *call)
{
	for (int arg = 0; arg < call->argc; arg++) {
		const struct value_spec *value = &call->args[arg].value;
		if (value->kind == KIND_PID && value->direction == DIRECTION_OUT && value->identity == IDENTITY_NEW)
			return arg;
	}
	return -1;
}

/* What departs and can fail is an exec; what cannot is an exit. */
static bool is_exec(const struct batch_shape *shape)
{
	return shape->outcome == OUTCOME_DEPARTED && shape->call->failure != FAILURE_NEVER;
}

static int note_event(struct unseen *unseen, const struct batch_view *batch, uint32_t row)
{
	const struct batch_shape *shape = &batch->shapes[batch->shape[row]];
	const struct event_item *item;
	struct event event;
	uint32_t pid;
	int rc = 0;

	batch_event(batch, row, &event);
	if (shape->borrowed)
		rc = note_last(unseen, identity_event_pid(&event), event.enter);
	if (rc || is_exec(shape))
		return rc ? rc : note_start(unseen, identity_event_pid(&event), &event);
	item = event_item(&event, (unsigned)spawned_arg(shape->call), ITEM_RAW, 0);
	if (!item || item->size < sizeof(pid) || event.error)
		return 0;
	memcpy(&pid, item->bytes, sizeof(pid));
	return note_start(unseen, pid, &event);
}

static bool is_telling(const struct batch_shape *shape)
{
	return shape->borrowed || is_exec(shape) || spawned_arg(shape->call) >= 0;
}

int unseen_gather(struct unseen *unseen, const struct batch_view *batch)
{
	int rc = batch->count ? note_last(unseen, batch->pid, batch->enter[batch->count - 1]) : 0;
	bool is_any = false;

	/* Few batches have any, and there are fewer shapes than events. */
	for (uint32_t i = 0; i < batch->shapes_count && !is_any; i++)
		is_any = is_telling(&batch->shapes[i]);
	for (uint32_t i = 0; is_any && !rc && i < batch->count; i++)
		if (is_telling(&batch->shapes[batch->shape[i]]))
			rc = note_event(unseen, batch, i);
	return rc;
}

/*
 * A start is written before it happens. When neither a new image nor, because it failed, another call of the same
 * process follows it, the image is one that cannot be traced.
 */
static bool was_heard_of(const struct unseen *unseen, const struct trace *trace, const struct unseen_start *start)
{
	const struct trace_process *image = trace_process_at(trace, start->pid, UINT64_MAX);
	uint32_t place = index_get(&unseen->last_index, start->pid, 0);

	return (place != INDEX_NONE && unseen->last[place] > start->ticks) ||
	       (image && image->seen.ticks > start->ticks);
}

static int compare_ticks(const void *a, const void *b)
{
	const struct unseen_start *left = a, *right = b;

	return left->ticks < right->ticks ? -1 : left->ticks > right->ticks;
}

void unseen_judge(struct unseen *unseen, struct trace *trace)
{
	size_t seen, kept = 0;

	trace_processes(trace, &seen);
	unseen->is_command = !seen && trace_loss(trace)->is_closed && trace_head(trace)->command_count;
	for (size_t i = 0; i < unseen->count; i++) {
		if (was_heard_of(unseen, trace, &unseen->starts[i]))
			free(unseen->starts[i].path);
		else
			unseen->starts[kept++] = unseen->starts[i];
	}
	unseen->count = kept;
	if (kept)
		qsort(unseen->starts, kept, sizeof(*unseen->starts), compare_ticks);
}

uint64_t unseen_count(const struct unseen *unseen)
{
	return unseen->count + unseen->is_command;
}

void unseen_free(struct unseen *unseen)
{
	for (size_t i = 0; i < unseen->count; i++)
		free(unseen->starts[i].path);
	free(unseen->starts);
	free(unseen->last);
	index_free(&unseen->last_index);
	*unseen = (struct unseen){0};
}
