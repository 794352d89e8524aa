// SPDX-License-Identifier: MIT
/*
 * See class.h. Which calls carry messages is read off the rows of the catalogue.
 */
#include "reader/class.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "reader/flow.h"
#include "reader/steered.h"

static const char *const names[] = {
	[CLASS_PRINT] = "print",
	[CLASS_CALLS] = "run again without payload",
	[CLASS_PAYLOAD] = "run again",
	[CLASS_PEER] = "recorded peer",
};

const char *class_name(enum class_level level)
{
	return names[level];
}

/* ---- counting --------------------------------------------------------------------------------------------------- */

static bool is_tls(const struct event_item *item)
{
	return item->size >= 5 && item->bytes[0] == 0x16 && item->bytes[1] == 3 && item->bytes[2] <= 4;
}

/* Reads and writes go to files as well: whether `fd` is a socket just now. */
static struct map_slot *descriptor_find(struct class_count *count, const struct event *event, uint64_t fd)
{
	return map_slot(&count->descriptors, (uint64_t)event->pid << 32 | (uint32_t)fd);
}

static int descriptor_note(struct class_count *count, const struct event *event, uint64_t fd, bool is_socket)
{
	struct map_slot *slot = descriptor_find(count, event, fd);

	if (!slot && !is_socket)
		return 0;
	if (!slot) {
		if (map_put(&count->descriptors, (uint64_t)event->pid << 32 | (uint32_t)fd, count))
			return -ENOMEM;
		slot = descriptor_find(count, event, fd);
	}
	slot->flag = is_socket;
	return 0;
}

static void count_payload(struct class_count *count, const struct event *event)
{
	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if (item->form != ITEM_PAYLOAD)
			continue;
		count->cut += item->size < item->total;
		count->cut_bytes += item->total - item->size;
		count->tls += is_tls(item);
	}
}

static bool is_family(const struct call_spec *call, const char *family)
{
	return !strcmp(call->family, family);
}

static bool is_descriptor(const struct value_spec *value)
{
	return value->kind == KIND_FD && value->direction == DIRECTION_NONE;
}

static int count_row(struct class_count *count, const struct batch_view *batch, uint32_t row, const struct flow *flow)
{
	const struct batch_shape *shape = &batch->shapes[batch->shape[row]];
	const struct call_spec *call = shape->call;
	bool is_socket = is_family(call, "socket"), is_sysv = is_family(call, "sysv"),
	     makes = is_descriptor(&call->result), takes;
	struct map_slot *slot;
	struct event event;
	int rc = 0;

	/* what waits and carries nothing has met somebody; on System V objects, what waits at all */
	count->connections += call->waits && (is_sysv || (is_socket && flow->direction == FLOW_NONE)) &&
			      (!shape->error || shape->error == EINPROGRESS);
	if (shape->error || (flow->direction == FLOW_NONE && !is_socket && !makes))
		return 0;
	batch_event(batch, row, &event);
	takes = call->argc && is_descriptor(&call->args[0].value);
	if (is_socket && takes)
		rc = descriptor_note(count, &event, event.args[0], true);
	if (!rc && makes)
		rc = descriptor_note(count, &event, (uint64_t)event.result, is_socket);
	slot = takes ? descriptor_find(count, &event, event.args[0]) : NULL;
	if (flow->direction != FLOW_NONE && (!takes || (slot && slot->flag)))
		count_payload(count, &event);
	return rc;
}

int class_count_batch(struct class_count *count, const struct batch_view *batch)
{
	const struct call_spec *last = NULL;
	struct flow flow = {0};
	int rc = 0;

	for (uint32_t row = 0; !rc && row < batch->count; row++) {
		const struct call_spec *call = batch->shapes[batch->shape[row]].call;
		if (call != last)
			flow = flow_of_call(call);
		last = call;
		count->rings += is_family(call, "process") && !strcmp(call->name, "syscall");
		rc = count_row(count, batch, row, &flow);
	}
	return rc;
}

void class_count_free(struct class_count *count)
{
	map_clear(&count->descriptors);
}

/* ---- judging ---------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void limit(struct class_verdict *verdict, enum class_level level,
							const char *format, ...)
{
	struct class_reason *reason = &verdict->reasons[verdict->count];
	va_list arguments;

	verdict->level = level < verdict->level ? level : verdict->level;
	if (verdict->count == CLASS_REASONS_MAX)
		return;
	verdict->count++;
	reason->level = level;
	va_start(arguments, format);
	vsnprintf(reason->text, sizeof(reason->text), format, arguments);
	va_end(arguments);
}

void class_judge_trust(struct class_verdict *verdict, struct trace *trace)
{
	const struct trace_loss *loss = trace_loss(trace);
	uint64_t lost = loss->lost + (loss->is_closed ? loss->end.lost_without_slot : 0);
	const char *machine = trace_head(trace)->machine;
	uint64_t gaps = steered_sum(trace).gaps;
	struct utsname here;

	*verdict = (struct class_verdict){.level = CLASS_PEER};
	if (lost)
		limit(verdict, CLASS_PRINT, "%lu calls were lost while recording", (unsigned long)lost);
	if (gaps)
		limit(verdict, CLASS_PRINT,
		      "calls were left out in the middle: it was suspended, or others were selected");
	if (loss->damage_regions || loss->damaged_frames || loss->lost_uncounted)
		limit(verdict, CLASS_PRINT, "it is damaged; see ipctrace check");
	if (machine && *machine && !uname(&here) && strcmp(machine, here.machine))
		limit(verdict, CLASS_PRINT, "it was recorded on %s, and this is %s", machine, here.machine);
}

void class_judge(struct class_verdict *verdict, const struct class_count *count, struct trace *trace, uint64_t unseen)
{
	const char *redact = trace_head(trace)->redact;
	uint64_t bytes = count->cut_bytes;

	class_judge_trust(verdict, trace);
	if (bytes && redact && *redact && strcmp(redact, "none"))
		limit(verdict, CLASS_CALLS, "payload was left out (--redact %s)", redact);
	else if (bytes)
		limit(verdict, CLASS_CALLS, "%lu byte%s of messages were not kept; record with -s 1M",
		      (unsigned long)bytes, bytes == 1 ? "" : "s");
	if (count->rings)
		limit(verdict, CLASS_CALLS, "io_uring was used, and what it does is not seen");
	if (unseen)
		limit(verdict, CLASS_PAYLOAD, "%lu program%s could not be traced", (unsigned long)unseen,
		      unseen == 1 ? "" : "s");
	if (trace_loss(trace)->is_closed && trace_loss(trace)->end.deep_loads)
		limit(verdict, CLASS_PAYLOAD, "libraries were loaded with RTLD_DEEPBIND; record with --shallow");
	if (count->tls)
		limit(verdict, CLASS_PAYLOAD, "TLS was spoken, whose keys are new in every run");
	if (!count->connections)
		limit(verdict, CLASS_PAYLOAD, "nobody was connected to, accepted, or met on a System V object");
}
