// SPDX-License-Identifier: MIT
/*
 * Lines of text. The text of a shape's call and arguments is made once for a batch and kept, so that most lines cost
 * little more than their numbers.
 */
#include "reader/line.h"
#include "reader/json.h"

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

/* What was made of the shapes of one batch: the call up to "= ", and behind it the first event's result. */
struct line_memo {
	uint64_t serial;
	struct line_kept {
		uint32_t begin, size; /* in `text`; size 0: nothing was kept yet */
		uint32_t result_size;
		int64_t result;
	} * shapes;
	uint32_t shapes_room;
	struct text text;
};

/* What the call itself made. The result may be a descriptor although its kind does not say so: fcntl(F_DUPFD). */
static struct object *made_object(struct identities *identities, enum kind kind, uint64_t value, enum value_role role)
{
	bool is_descriptor = kind == KIND_FD || kind == KIND_MQD;
	struct object *made = NULL;

	if (is_descriptor || (kind == KIND_INT && value))
		made = identity_made(identities, (int32_t)value);
	return made || kind == KIND_INT || (is_descriptor && role == VALUE_MADE) ? made : identity_result(identities);
}

static const char *name_of(void *context, const struct event *event, enum kind kind, uint64_t value,
			   enum value_role role)
{
	struct lines *lines = context;
	bool may_be_descriptor = kind == KIND_FD || kind == KIND_MQD || (kind == KIND_INT && role == VALUE_RESULT);
	struct object *object;

	if (lines->style.names < 2 && !may_be_descriptor)
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
	if (lines->style.names && lines->identities) {
		lines->values.object_name = name_of;
		lines->values.context = lines;
	}
}

void lines_end(struct lines *lines)
{
	for (size_t i = 0; i < lines->memos_count; i++) {
		free(lines->memos[i].shapes);
		text_free(&lines->memos[i].text);
	}
	free(lines->memos);
	lines->memos = NULL;
	lines->memos_count = 0;
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

static void print_thread(const struct lines *lines, const struct event *event, struct text *out)
{
	uint32_t pid, tid;

	event_caller(event, &pid, &tid);
	text_put(out, lines->style.color ? COLOR_QUIET "[pid " : "[pid ");
	text_uint(out, tid);
	text_put(out, lines->style.color ? "] " COLOR_NORMAL : "] ");
}

/* ---- the call ------------------------------------------------------------------------------------------------- */

static void print_result(const struct lines *lines, const struct event *event, struct text *out)
{
	bool color = lines->style.color && event->error;

	if (color)
		text_put(out, COLOR_ERROR);
	value_print_result(out, event, &lines->values);
	if (color)
		text_put(out, COLOR_NORMAL);
}

/* "recv(7, \"PING\", 4, 0)     = " */
static void print_call(const struct lines *lines, const struct event *event, struct text *out)
{
	size_t begin = out->size, width;

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
	width = out->size - begin - (lines->style.color ? sizeof(COLOR_CALL COLOR_NORMAL) - 1 : 0);
	for (; width < RESULT_COLUMN && !out->failed; width++)
		text_char(out, ' ');
	text_put(out, " = ");
}

static struct line_memo *find_memo(struct lines *lines, const struct trace_entry *entry)
{
	struct line_memo *memo;

	if (entry->slot >= lines->memos_count) {
		size_t count = 2 * (entry->slot + 1);
		memo = reallocarray(lines->memos, count, sizeof(*memo));
		if (!memo)
			return NULL;
		memset(memo + lines->memos_count, 0, (count - lines->memos_count) * sizeof(*memo));
		lines->memos = memo;
		lines->memos_count = count;
	}
	memo = &lines->memos[entry->slot];
	if (memo->serial == entry->serial)
		return memo;
	if (memo->shapes_room < entry->batch->shapes_count) {
		struct line_kept *shapes = reallocarray(memo->shapes, entry->batch->shapes_count, sizeof(*shapes));
		if (!shapes)
			return NULL;
		memo->shapes = shapes;
		memo->shapes_room = entry->batch->shapes_count;
	}
	memset(memo->shapes, 0, entry->batch->shapes_count * sizeof(*memo->shapes));
	memo->text.size = 0;
	memo->serial = entry->serial;
	return memo;
}

/*
 * The call up to its result, kept for the next event of the same shape. NULL when it cannot be kept: names change with
 * time, and what varies is not in the shape.
 */
static const struct line_kept *keep_call(struct lines *lines, const struct trace_entry *entry, struct text **text)
{
	const struct batch_view *batch = entry->batch;
	struct line_memo *memo;
	struct line_kept *kept;
	uint32_t shape;

	if (!batch || lines->values.object_name || batch->shapes[batch->shape[entry->row]].varying)
		return NULL;
	memo = find_memo(lines, entry);
	if (!memo)
		return NULL;
	shape = batch->shape[entry->row];
	kept = &memo->shapes[shape];
	*text = &memo->text;
	if (kept->size)
		return kept;
	kept->begin = (uint32_t)memo->text.size;
	print_call(lines, entry->event, &memo->text);
	kept->size = (uint32_t)(memo->text.size - kept->begin);
	kept->result = entry->event->result;
	if (entry->event->outcome != OUTCOME_UNFINISHED)
		print_result(lines, entry->event, &memo->text);
	kept->result_size = (uint32_t)(memo->text.size - kept->begin) - kept->size;
	return memo->text.failed ? NULL : kept;
}

static void print_outcome(const struct lines *lines, const struct event *event, struct text *out)
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

static void print_duration(const struct lines *lines, const struct event *event, struct text *out)
{
	uint64_t span = trace_span(lines->trace, event->enter, event->duration);

	text_put(out, " <");
	text_uint(out, span / 1000000000);
	text_char(out, '.');
	text_uint_padded(out, span % 1000000000, 9);
	text_char(out, '>');
}

static void print_stack(struct lines *lines, const struct event *event, struct text *out);

void line_print(struct lines *lines, const struct trace_entry *entry, struct text *out)
{
	const struct event *event = entry->event;
	const struct line_kept *kept;
	struct text *text;
	bool has_result;

	if (lines->style.threads)
		print_thread(lines, event, out);
	print_time(lines, event->enter, out);
	kept = keep_call(lines, entry, &text);
	has_result = kept && kept->result == event->result;
	if (kept)
		text_add(out, text->bytes + kept->begin, kept->size + (has_result ? kept->result_size : 0));
	else
		print_call(lines, event, out);
	if (!has_result && event->outcome != OUTCOME_UNFINISHED)
		print_result(lines, event, out);
	if (event->outcome)
		print_outcome(lines, event, out);
	if (lines->style.durations && event->outcome != OUTCOME_UNFINISHED)
		print_duration(lines, event, out);
	text_char(out, '\n');
	if (lines->style.stacks)
		print_stack(lines, event, out);
}

/* ---- stacks --------------------------------------------------------------------------------------------------- */

/* The addresses behind an event's stack, or NULL. */
static const uint64_t *find_stack(const struct lines *lines, const struct event *event, uint32_t *depth)
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
	const uint64_t *frames = find_stack(lines, event, &depth);

	for (uint32_t i = 0; frames && i < depth; i++) {
		text_put(out, " > ");
		line_print_frame(lines, event, frames[i], out);
		text_char(out, '\n');
	}
}

/* ---- JSON ----------------------------------------------------------------------------------------------------- */

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
	const uint64_t *frames = find_stack(lines, event, &depth);

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

void line_print_json(struct lines *lines, const struct trace_entry *entry, struct text *out)
{
	const struct event *event = entry->event;
	struct object *subject = lines->identities ? identity_subject(lines->identities, event) : NULL;
	uint32_t pid, tid;

	event_caller(event, &pid, &tid);
	text_put(out, "{\"time\":");
	text_uint(out, trace_time(lines->trace, event->enter));
	text_put(out, ",\"pid\":");
	text_uint(out, pid);
	text_put(out, ",\"tid\":");
	text_uint(out, tid);
	text_put(out, ",\"call\":");
	text_json_string(out, event->call->name);
	text_put(out, ",\"args\":");
	json_print_args(out, event);
	text_put(out, ",\"result\":");
	json_print_result(out, event);
	text_put(out, ",\"errno\":");
	json_print_error(out, event);
	text_put(out, ",\"duration\":");
	if (event->outcome == OUTCOME_UNFINISHED)
		text_put(out, "null");
	else
		text_uint(out, trace_span(lines->trace, event->enter, event->duration));
	text_put(out, ",\"object\":");
	if (subject)
		text_json_string(out, object_name(subject));
	else
		text_put(out, "null");
	json_print_extras(out, event);
	print_stack_json(lines, event, out);
	text_put(out, "}\n");
}
