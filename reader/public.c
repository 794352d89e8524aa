// SPDX-License-Identifier: MIT
/*
 * The public face of the reader, include/ipctrace.h: thin over trace, identity and values.
 */
#include "ipctrace.h"
#include "reader/json.h"
#include "reader/line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

struct ipctrace {
	struct trace *trace;
	struct identities *identities;
	struct lines lines;
	struct trace_entry entry; /* the event given last */
	struct text text;
};

static int begin(struct ipctrace *opened)
{
	int rc = identity_new(&opened->identities, trace_catalogue(opened->trace));

	if (!rc)
		rc = symbols_new(&opened->lines.symbols);
	opened->lines.trace = opened->trace;
	opened->lines.identities = opened->identities;
	opened->lines.style.string_limit = UINT32_MAX;
	lines_begin(&opened->lines);
	return rc;
}

PUBLIC int ipctrace_open(const char *path, unsigned flags, struct ipctrace **trace, char *trouble, size_t size)
{
	const struct trace_opening opening = {.follow = flags & IPCTRACE_FOLLOW,
					      .without_live = flags & IPCTRACE_WITHOUT_LIVE};
	struct ipctrace *opened = calloc(1, sizeof(*opened));
	struct log_trouble said = {"out of memory"};
	int rc = opened ? trace_open(&opened->trace, path, &opening, &said) : -ENOMEM;

	*trace = NULL;
	if (!rc)
		rc = begin(opened);
	if (rc) {
		snprintf(trouble, size, "%s", said.text);
		ipctrace_close(opened);
		return rc > 0 ? IPCTRACE_E_UNREADABLE : rc;
	}
	*trace = opened;
	return 0;
}

PUBLIC void ipctrace_close(struct ipctrace *trace)
{
	if (!trace)
		return;
	lines_end(&trace->lines);
	symbols_free(trace->lines.symbols);
	if (trace->identities)
		identity_free(trace->identities);
	trace_close(trace->trace);
	text_free(&trace->text);
	free(trace);
}

static void fill_event(struct ipctrace *trace, struct ipctrace_event *event)
{
	const struct event *seen = trace->entry.event;
	struct object *subject = identity_subject(trace->identities, seen);

	*event = (struct ipctrace_event){.time = trace_time(trace->trace, seen->enter),
					 .duration = trace_span(trace->trace, seen->enter, seen->duration),
					 .call = seen->call->name,
					 .family = seen->call->family,
					 .result = seen->result,
					 .error = seen->error,
					 .outcome = seen->outcome,
					 .object = subject ? object_name(subject) : NULL,
					 .args = seen->call->argc,
					 .site = seen->site};
	event_caller(seen, &event->pid, &event->tid);
}

PUBLIC int ipctrace_next(struct ipctrace *trace, struct ipctrace_event *event)
{
	int rc;

	while ((rc = trace_next(trace->trace, &trace->entry)) == 0) {
		rc = identity_feed(trace->identities, &trace->entry);
		if (rc)
			return rc;
		if (trace->entry.kind != TRACE_EVENT)
			continue;
		fill_event(trace, event);
		return 0;
	}
	return rc == TRACE_E_END ? IPCTRACE_E_END : rc;
}

/* The number of an argument of the present event, or -1. */
static int find_arg(const struct ipctrace *trace, const char *arg)
{
	const struct event *event = trace->entry.kind == TRACE_EVENT ? trace->entry.event : NULL;

	for (int i = 0; event && i < event->call->argc; i++)
		if (!strcmp(event->call->args[i].name, arg))
			return i;
	return -1;
}

PUBLIC const char *ipctrace_arg_name(const struct ipctrace *trace, unsigned index)
{
	const struct event *event = trace->entry.kind == TRACE_EVENT ? trace->entry.event : NULL;

	return event && index < event->call->argc ? event->call->args[index].name : NULL;
}

PUBLIC int ipctrace_integer(const struct ipctrace *trace, const char *arg, int64_t *value)
{
	int index = find_arg(trace, arg);
	struct value_spec spec;

	if (index < 0)
		return IPCTRACE_E_NO_FIELD;
	spec = value_of_arg(trace->entry.event, (unsigned)index);
	if (spec.direction != DIRECTION_NONE)
		spec.width = 0;
	*value = (int64_t)value_word(&spec, trace->entry.event->args[index]);
	return 0;
}

PUBLIC const void *ipctrace_bytes(const struct ipctrace *trace, const char *arg, size_t *size, size_t *total)
{
	static const enum item_form forms[] = {ITEM_PAYLOAD, ITEM_STRING, ITEM_ADDRESS, ITEM_RAW, ITEM_BEFORE};
	int index = find_arg(trace, arg);

	*size = *total = 0;
	for (size_t i = 0; index >= 0 && i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct event_item *item = event_item(trace->entry.event, (unsigned)index, forms[i], 0);
		if (!item)
			continue;
		*size = item->size;
		*total = item->total;
		return item->bytes;
	}
	return NULL;
}

/* What stands in trace->text, as snprintf() would give it. */
static int hand_out(struct ipctrace *trace, char *text, size_t size)
{
	const char *whole = text_string(&trace->text);
	int length = trace->text.failed ? -ENOMEM : snprintf(text, size, "%s", whole);

	text_free(&trace->text);
	return length;
}

PUBLIC int ipctrace_text(struct ipctrace *trace, const char *arg, char *text, size_t size)
{
	int index = arg ? find_arg(trace, arg) : 0;

	if (index < 0 || trace->entry.kind != TRACE_EVENT)
		return -IPCTRACE_E_NO_FIELD;
	if (arg)
		value_print_arg(&trace->text, trace->entry.event, (unsigned)index, &trace->lines.values);
	else
		value_print_args(&trace->text, trace->entry.event, &trace->lines.values);
	return hand_out(trace, text, size);
}

PUBLIC int ipctrace_json(struct ipctrace *trace, char *text, size_t size)
{
	if (trace->entry.kind != TRACE_EVENT)
		return -IPCTRACE_E_NO_FIELD;
	line_print_json(&trace->lines, &trace->entry, &trace->text);
	if (trace->text.size)
		trace->text.size--;
	return hand_out(trace, text, size);
}

PUBLIC const char *ipctrace_object(struct ipctrace *trace, const char *arg)
{
	int index = find_arg(trace, arg);
	const struct event *event = trace->entry.event;
	struct value_spec value;
	struct object *object;

	if (index < 0)
		return NULL;
	value = value_of_arg(event, (unsigned)index);
	object = identity_object(trace->identities, identity_event_pid(event), value.kind,
				 value_word(&value, event->args[index]));
	return object ? object_name(object) : NULL;
}

PUBLIC void ipctrace_loss(struct ipctrace *trace, struct ipctrace_loss *loss)
{
	const struct trace_loss *seen = trace_loss(trace->trace);

	*loss = (struct ipctrace_loss){.events = seen->events,
				       .lost = seen->lost,
				       .missing = seen->lost_uncounted,
				       .damaged_frames = seen->damaged_frames,
				       .is_closed = seen->is_closed};
}
