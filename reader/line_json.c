// SPDX-License-Identifier: MIT
/*
 * Lines of JSON; docs/json.md promises what is in them.
 */
#include "reader/line_parts.h"

#include <inttypes.h>
#include <stdio.h>

static void print_frame_json(struct lines *lines, const struct event *event, uint64_t address, struct text *out)
{
	const struct frame_module *module = trace_module_at(lines->trace, event->pid, event->enter, address);
	struct symbol symbol;

	text_format(out, "{\"address\":\"0x%lx\"", (unsigned long)address);
	if (module) {
		symbols_find(lines->symbols, module, address, &symbol);
		text_put(out, ",\"module\":");
		text_json_string(out, module->path);
		text_format(out, ",\"offset\":\"0x%lx\"", (unsigned long)symbol.offset);
		if (symbol.function) {
			text_put(out, ",\"function\":");
			text_json_string(out, symbol.function);
		}
		if (symbol.file) {
			text_put(out, ",\"file\":");
			text_json_string(out, symbol.file);
			text_format(out, ",\"line\":%d", symbol.line);
		}
	}
	text_char(out, '}');
}

static void print_stack_json(struct lines *lines, const struct event *event, struct text *out)
{
	uint32_t depth = 0;
	const uint64_t *frames = line_stack(lines, event, &depth);

	if (!frames)
		return;
	text_put(out, ",\"stack\":[");
	for (uint32_t i = 0; i < depth; i++) {
		if (i)
			text_char(out, ',');
		print_frame_json(lines, event, frames[i], out);
	}
	text_char(out, ']');
}

static void print_head(struct lines *lines, const struct event *event, struct text *out)
{
	text_put(out, "{\"time\":");
}

static void print_time(struct lines *lines, uint64_t ticks, struct text *out)
{
	uint64_t now = trace_time(lines->trace, ticks), second = now / 1000000000;

	if (!second) {
		text_uint(out, now);
		return;
	}
	if (second != lines->json_second) {
		lines->json_second = second;
		lines->json_clock_size =
			(uint8_t)snprintf(lines->json_clock, sizeof(lines->json_clock), "%" PRIu64, second);
	}
	text_add(out, lines->json_clock, lines->json_clock_size);
	text_uint_padded(out, now % 1000000000, 9);
}

static void print_call(struct lines *lines, const struct event *event, struct text *out)
{
	uint32_t pid, tid;

	event_caller(event, &pid, &tid);
	text_put(out, ",\"pid\":");
	text_uint(out, pid);
	text_put(out, ",\"tid\":");
	text_uint(out, tid);
	text_put(out, ",\"call\":");
	text_json_string(out, event->call->name);
	text_put(out, ",\"args\":");
	json_print_open_args(out, event, &lines->values);
	text_put(out, ",\"result\":");
}

static void print_arg(struct lines *lines, const struct event *event, unsigned arg, struct text *out)
{
	json_print_arg(out, event, arg, &lines->values);
}

static void print_result(struct lines *lines, const struct event *event, struct text *out)
{
	json_print_result(out, event);
}

static void print_outcome(struct lines *lines, const struct event *event, struct text *out)
{
	text_put(out, ",\"errno\":");
	json_print_error(out, event);
	text_put(out, event->outcome == OUTCOME_UNFINISHED ? ",\"duration\":null" : ",\"duration\":");
}

static void print_duration(struct lines *lines, uint64_t ticks, uint64_t duration, struct text *out)
{
	text_uint(out, trace_span(lines->trace, ticks, duration));
}

static void print_end(struct lines *lines, const struct event *event, struct text *out)
{
	struct object *subject = lines->identities ? identity_subject(lines->identities, event) : NULL;

	text_put(out, ",\"object\":");
	if (subject)
		text_json_string(out, object_name(subject));
	else
		text_put(out, "null");
	json_print_extras(out, event);
}

static void print_last(struct lines *lines, const struct event *event, struct text *out)
{
	text_put(out, "}\n");
}

static const struct line_form form = {
	.head = print_head,
	.time = print_time,
	.call = print_call,
	.arg = print_arg,
	.result = print_result,
	.outcome = print_outcome,
	.duration = print_duration,
	.end = print_end,
	.rest = print_stack_json,
	.last = print_last,
};

void line_print_control_json(struct lines *lines, const struct trace_entry *entry, struct text *out)
{
	const struct object_control *control = entry->control;

	text_put(out, "{\"time\":");
	print_time(lines, entry->ticks, out);
	text_put(out, ",\"control\":");
	if (control->action < CONTROL_COUNT)
		text_json_string(out, control_names[control->action]);
	else
		text_put(out, "null");
	text_put(out, control->is_suspended ? ",\"suspended\":true,\"calls\":" : ",\"suspended\":false,\"calls\":");
	text_json_string(out, control->selection);
	text_put(out, ",\"text\":");
	if (control->action == CONTROL_MARK)
		text_json_string(out, control->text);
	else
		text_put(out, "null");
	text_put(out, "}\n");
}

void line_print_json(struct lines *lines, const struct trace_entry *entry, struct text *out)
{
	line_write(lines, entry, &form, out);
}

int line_print_json_rows(struct lines *lines, const struct trace_entry *entry, uint32_t rows, struct text *out)
{
	return line_write_rows(lines, entry, rows, &form, out);
}
