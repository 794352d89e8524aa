// SPDX-License-Identifier: MIT
/*
 * Lines of text, as strace writes them, and the names in them.
 */
#include "reader/line_parts.h"
#include "reader/steered.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* " = " begins in this column of the call, as in strace. */
#define RESULT_COLUMN 39

#define COLOR_CALL   "\033[1;34m"
#define COLOR_ERROR  "\033[31m"
#define COLOR_ODD    "\033[33m"
#define COLOR_QUIET  "\033[2m"
#define COLOR_NORMAL "\033[0m"

/* What the call itself made. The result may be a descriptor although its kind does not say so: fcntl(F_DUPFD). */
static struct object *made_object(struct identities *identities, enum kind kind, uint64_t value, enum value_role role)
{
	bool is_descriptor = kind == KIND_FD || kind == KIND_MQD;
	struct object *made = NULL;

	if (is_descriptor || (kind == KIND_INT && value))
		made = identity_made(identities, (int32_t)value);
	return made || kind == KIND_INT || (is_descriptor && role == VALUE_MADE) ? made : identity_result(identities);
}

bool line_wants_name(const struct lines *lines, enum kind kind, enum value_role role)
{
	bool may_be_descriptor = kind == KIND_FD || kind == KIND_MQD || (kind == KIND_INT && role == VALUE_RESULT);

	return lines->style.names >= 2 || may_be_descriptor;
}

static const char *name_of(void *context, const struct event *event, enum kind kind, uint64_t value,
			   enum value_role role)
{
	struct lines *lines = context;
	struct object *object;

	if (!line_wants_name(lines, kind, role))
		return NULL;
	if (role == VALUE_GIVEN)
		object = identity_object(lines->identities, identity_event_pid(event), kind, value);
	else
		object = made_object(lines->identities, kind, value, role);
	return object && object->type != OBJECT_UNKNOWN ? object_name(object) : NULL;
}

void lines_begin(struct lines *lines)
{
	lines->values = (struct value_style){.string_limit = lines->style.string_limit};
	lines->values.structs = struct_memo_new();
	if (lines->style.names && lines->identities) {
		lines->values.object_name = name_of;
		lines->values.context = lines;
	}
}

void lines_end(struct lines *lines)
{
	line_memos_free(lines);
	free(lines->values.structs);
	lines->values.structs = NULL;
}

int identity_feed(struct identities *identities, const struct trace_entry *entry)
{
	if (!identities)
		return 0;
	switch (entry->kind) {
	case TRACE_EVENT:
		return identity_observe(identities, entry->event);
	case TRACE_PROCESS:
		return identity_process(identities, entry->process);
	case TRACE_THREAD:
		return identity_thread(identities, entry->thread);
	case TRACE_THREAD_END:
		return identity_thread_end(identities, entry->thread_end);
	case TRACE_CONTROL:
		return identity_control(identities, entry->control);
	default:
		return 0;
	}
}

/* ---- the beginning of a line ---------------------------------------------------------------------------------- */

static void print_clock(struct lines *lines, uint64_t second, struct text *out)
{
	if (second != lines->second || !lines->clock[0]) {
		time_t when = (time_t)second;
		struct tm local;
		lines->second = second;
		if (!localtime_r(&when, &local) || !strftime(lines->clock, sizeof(lines->clock), "%H:%M:%S", &local))
			strcpy(lines->clock, "??:??:??");
	}
	text_put(out, lines->clock);
}

static void print_time(struct lines *lines, uint64_t ticks, struct text *out)
{
	unsigned form = lines->style.time;
	uint64_t now, since;

	if (!form && !lines->style.relative)
		return;
	now = trace_time(lines->trace, ticks);
	if (lines->style.relative) {
		since = lines->previous && now > lines->previous ? now - lines->previous : 0;
		text_uint(out, since / 1000000000);
		text_char(out, '.');
		text_uint_padded(out, since / 1000 % 1000000, 6);
		text_char(out, ' ');
	}
	lines->previous = now;
	if (!form)
		return;
	if (form == 3)
		text_uint(out, now / 1000000000);
	else
		print_clock(lines, now / 1000000000, out);
	if (form >= 2) {
		text_char(out, '.');
		text_uint_padded(out, now / 1000 % 1000000, 6);
	}
	text_char(out, ' ');
}

static void print_thread(struct lines *lines, const struct event *event, struct text *out)
{
	uint32_t pid, tid;
	size_t begin;

	if (!lines->style.threads)
		return;
	event_caller(event, &pid, &tid);
	if (tid == lines->caller && lines->head_size) {
		text_add(out, lines->head, lines->head_size);
		return;
	}
	begin = out->size;
	text_put(out, lines->style.color ? COLOR_QUIET "[pid " : "[pid ");
	text_uint(out, tid);
	text_put(out, lines->style.color ? "] " COLOR_NORMAL : "] ");
	lines->caller = tid;
	lines->head_size = out->failed ? 0 : (uint8_t)(out->size - begin);
	memcpy(lines->head, out->bytes + begin, lines->head_size);
}

/* ---- the call ------------------------------------------------------------------------------------------------- */

static void print_result(struct lines *lines, const struct event *event, struct text *out)
{
	bool color = lines->style.color && event->error;

	if (event->outcome == OUTCOME_UNFINISHED)
		return;
	if (color)
		text_put(out, COLOR_ERROR);
	value_print_result(out, event, &lines->values);
	if (color)
		text_put(out, COLOR_NORMAL);
}

/* Up to the column of the result, behind a call that begins at `begin`. */
static void print_blanks(struct lines *lines, size_t begin, struct text *out)
{
	size_t width = out->size - begin - (lines->style.color ? sizeof(COLOR_CALL COLOR_NORMAL) - 1 : 0);

	for (; width < RESULT_COLUMN && !out->failed; width++)
		text_char(out, ' ');
}

static void print_arg(struct lines *lines, const struct event *event, unsigned arg, struct text *out)
{
	value_print_arg(out, event, arg, &lines->values);
}

/* "recv(7, \"PING\", 4, 0)     = " */
static void print_call(struct lines *lines, const struct event *event, struct text *out)
{
	size_t begin = out->size;

	if (lines->style.color)
		text_put(out, COLOR_CALL);
	text_put(out, event->call->name);
	if (lines->style.color)
		text_put(out, COLOR_NORMAL);
	text_char(out, '(');
	value_print_args(out, event, &lines->values);
	if (event->outcome == OUTCOME_UNFINISHED)
		return;
	text_char(out, ')');
	if (lines->making)
		line_pattern_note_blanks(lines->making);
	else
		print_blanks(lines, begin, out);
	text_put(out, " = ");
}

static void print_outcome_word(const struct lines *lines, const struct event *event, struct text *out)
{
	static const char *const words[] = {
		[OUTCOME_CANCELLED] = " <cancelled>",
		[OUTCOME_JUMPED] = " <jumped out of>",
		[OUTCOME_UNFINISHED] = " <unfinished ...>",
	};

	if (event->outcome >= sizeof(words) / sizeof(words[0]) || !words[event->outcome])
		return;
	if (lines->style.color)
		text_put(out, COLOR_ODD);
	text_put(out, words[event->outcome]);
	if (lines->style.color)
		text_put(out, COLOR_NORMAL);
}

static bool has_duration(const struct lines *lines, const struct event *event)
{
	return lines->style.durations && event->outcome != OUTCOME_UNFINISHED;
}

static void print_outcome(struct lines *lines, const struct event *event, struct text *out)
{
	print_outcome_word(lines, event, out);
	if (has_duration(lines, event))
		text_put(out, " <");
}

static void print_duration(struct lines *lines, uint64_t ticks, uint64_t duration, struct text *out)
{
	uint64_t span;

	if (!lines->style.durations)
		return;
	span = trace_span(lines->trace, ticks, duration);
	text_uint(out, span / 1000000000);
	text_char(out, '.');
	text_uint_padded(out, span % 1000000000, 9);
}

static void print_end(struct lines *lines, const struct event *event, struct text *out)
{
	text_put(out, has_duration(lines, event) ? ">\n" : "\n");
}

static void print_nothing(struct lines *lines, const struct event *event, struct text *out)
{
}

/* ---- stacks --------------------------------------------------------------------------------------------------- */

const uint64_t *line_stack(const struct lines *lines, const struct event *event, uint32_t *depth)
{
	uint64_t hash;

	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if (item->form != ITEM_STACK || item->size != sizeof(hash))
			continue;
		memcpy(&hash, item->bytes, sizeof(hash));
		return trace_stack(lines->trace, event->pid, hash, depth);
	}
	return NULL;
}

void frame_print(struct trace *trace, struct symbols *symbols, uint32_t pid, uint64_t ticks, uint64_t address,
		 struct text *out)
{
	const struct frame_module *module = trace_module_at(trace, pid, ticks, address);
	struct symbol symbol;

	if (!module) {
		text_hex(out, address);
		return;
	}
	symbols_find(symbols, module, address, &symbol);
	text_put(out, module->path);
	if (symbol.function)
		text_format(out, "(%s+0x%lx)", symbol.function, (unsigned long)symbol.function_offset);
	else
		text_format(out, "+0x%lx", (unsigned long)symbol.offset);
	if (symbol.file)
		text_format(out, " %s:%d", symbol.file, symbol.line);
}

void line_print_frame(struct lines *lines, const struct event *event, uint64_t address, struct text *out)
{
	frame_print(lines->trace, lines->symbols, event->pid, event->enter, address, out);
}

static void print_stack(struct lines *lines, const struct event *event, struct text *out)
{
	uint32_t depth = 0;
	const uint64_t *frames = lines->style.stacks ? line_stack(lines, event, &depth) : NULL;

	for (uint32_t i = 0; frames && i < depth; i++) {
		text_put(out, " > ");
		line_print_frame(lines, event, frames[i], out);
		text_char(out, '\n');
	}
}

/* ---- the form ------------------------------------------------------------------------------------------------- */

static const struct line_form plain = {
	.head = print_thread,
	.call = print_call,
	.arg = print_arg,
	.blanks = print_blanks,
	.result = print_result,
	.outcome = print_outcome,
	.end = print_end,
	.rest = print_stack,
	.last = print_nothing,
};

static const struct line_form timed = {
	.head = print_thread,
	.time = print_time,
	.call = print_call,
	.arg = print_arg,
	.blanks = print_blanks,
	.result = print_result,
	.outcome = print_outcome,
	.duration = print_duration,
	.end = print_end,
	.rest = print_stack,
	.last = print_nothing,
};

static const struct line_form *text_form(const struct lines *lines)
{
	return lines->style.time || lines->style.relative || lines->style.durations ? &timed : &plain;
}

void line_print_control(struct lines *lines, const struct trace_entry *entry, struct text *out)
{
	print_time(lines, entry->ticks, out);
	text_put(out, lines->style.color ? COLOR_ODD "--- " : "--- ");
	steered_print_control(entry->control, out);
	text_put(out, lines->style.color ? " ---\n" COLOR_NORMAL : " ---\n");
}

void line_print(struct lines *lines, const struct trace_entry *entry, struct text *out)
{
	line_write(lines, entry, text_form(lines), out);
}

int line_print_rows(struct lines *lines, const struct trace_entry *entry, uint32_t rows, struct text *out)
{
	return line_write_rows(lines, entry, rows, text_form(lines), out);
}
