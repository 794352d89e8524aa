// SPDX-License-Identifier: MIT
/*
 * See ending.h.
 */
#include "reader/ending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "reader/value.h"
#include "reader/wait_status.h"

/* The argument by which a call is told how a child ended, or -1. */
static int status_arg(const struct call_spec *call)
{
	for (int arg = 0; arg < call->argc; arg++)
		if (call->args[arg].value.kind == KIND_WAIT_STATUS && call->args[arg].value.direction == DIRECTION_OUT)
			return arg;
	return -1;
}

static int note_event(struct endings *endings, const struct event *event)
{
	const struct event_item *item = event_item(event, (unsigned)status_arg(event->call), ITEM_RAW, 0);
	uint32_t status;

	if (!item || item->size < sizeof(status) || event->error || event->result <= 0)
		return 0;
	memcpy(&status, item->bytes, sizeof(status));
	if (!WIFEXITED(status) && !WIFSIGNALED(status))
		return 0;
	if (endings->count == endings->room) {
		size_t room = endings->room ? 2 * endings->room : 64;
		struct ending *rows = reallocarray(endings->rows, room, sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		endings->rows = rows;
		endings->room = room;
	}
	endings->rows[endings->count++] =
		(struct ending){(uint32_t)event->result, event->enter + event->duration, status};
	return 0;
}

int endings_gather(struct endings *endings, const struct batch_view *batch)
{
	bool is_any = false;
	struct event event;
	int rc = 0;

	/* Few batches have any, and there are fewer shapes than events. */
	for (uint32_t i = 0; i < batch->shapes_count && !is_any; i++)
		is_any = status_arg(batch->shapes[i].call) >= 0;
	for (uint32_t i = 0; is_any && !rc && i < batch->count; i++) {
		if (status_arg(batch->shapes[batch->shape[i]].call) < 0)
			continue;
		batch_event(batch, i, &event);
		rc = note_event(endings, &event);
	}
	return rc;
}

static int compare_endings(const void *left, const void *right)
{
	const struct ending *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->ticks < b->ticks ? -1 : a->ticks > b->ticks;
}

void endings_sort(struct endings *endings)
{
	if (endings->count)
		qsort(endings->rows, endings->count, sizeof(*endings->rows), compare_endings);
}

uint32_t endings_find(const struct endings *endings, const struct trace *trace, const struct trace_process *process)
{
	const struct ending key = {.pid = process->seen.pid, .ticks = process->seen.ticks};
	size_t low = 0, high = endings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_endings(&endings->rows[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == endings->count || endings->rows[low].pid != key.pid ||
	    trace_process_at(trace, key.pid, endings->rows[low].ticks) != process)
		return UINT32_MAX;
	return endings->rows[low].status;
}

uint32_t ending_of_command(struct trace *trace)
{
	const struct trace_loss *loss = trace_loss(trace);

	return loss->is_closed && loss->end.command_end ? loss->end.command_end - 1 : UINT32_MAX;
}

/* The log's names of signals, or NULL. */
static const struct names_spec *signals_of(const struct catalogue *catalogue)
{
	for (uint32_t i = 0; i < catalogue->calls_count; i++) {
		int arg = status_arg(&catalogue->calls[i]);
		if (arg >= 0)
			return value_enum(catalogue, &catalogue->calls[i].args[arg].value);
	}
	return NULL;
}

void ending_print(struct text *text, const struct catalogue *catalogue, uint32_t status)
{
	wait_status_tell(text, signals_of(catalogue), status);
}

void ending_print_json(struct text *text, const struct catalogue *catalogue, uint32_t status)
{
	wait_status_print_json(text, signals_of(catalogue), status);
}
