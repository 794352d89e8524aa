// SPDX-License-Identifier: MIT
/*
 * The calls that had not returned when the trace, or the process, ended: where a program hangs, who is at the other
 * end, and since when. Only gathers what the trace says; that a call waits, and is not just slow, nobody knows.
 */
#include "reader/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reader/amount.h"
#include "reader/json.h"
#include "reader/line.h"

/* There is one a thread at most, but for signal handlers; a log can claim anything. */
#define KEPT_MAX  256
#define SHOWN_MAX 40
/* Of a payload nothing is known before the call returns; of a path, so much. */
#define STRING_SHOWN 64

struct unfinished {
	const struct call_spec *call;
	uint64_t enter;
	uint32_t pid, tid;
	char *process, *line, *object, *peer; /* the last two NULL when not known */
};

struct unfinished_tallies {
	const struct report_view *view;
	struct trace *trace;
	struct lines lines;
	struct unfinished rows[KEPT_MAX];
	size_t count, more;
	uint32_t unread; /* an errno: why what some of them point to could not be looked at */
};

int unfinished_tallies_new(struct unfinished_tallies **tallies, const struct report_view *view, struct trace *trace,
			   struct identities *identity)
{
	struct unfinished_tallies *made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;

	made->view = view;
	made->trace = trace;
	made->lines.trace = trace;
	made->lines.identities = identity;
	made->lines.style = (struct line_style){.names = 2, .string_limit = STRING_SHOWN};
	lines_begin(&made->lines);
	*tallies = made;
	return 0;
}

void unfinished_tallies_free(struct unfinished_tallies *tallies)
{
	if (!tallies)
		return;
	for (size_t i = 0; i < tallies->count; i++) {
		free(tallies->rows[i].process);
		free(tallies->rows[i].line);
		free(tallies->rows[i].object);
		free(tallies->rows[i].peer);
	}
	/* the identity is somebody else's */
	tallies->lines.identities = NULL;
	lines_end(&tallies->lines);
	free(tallies);
}

/* "P0.1: tcp-server#0 on :80", or without the maker when both ends are of one. */
static char *name_of(struct object *object, const struct object *beside)
{
	char name[1100];

	if (!beside || beside->process != object->process) {
		object_print(object, name, sizeof(name));
		return strdup(name);
	}
	return strdup(object_name(object));
}

/* "write(4<pipe#0.write>, 0x7f44a8e5c030, 200000)" */
static char *line_of(struct unfinished_tallies *tallies, const struct trace_entry *entry)
{
	static const char end[] = " <unfinished ...>\n";
	struct text text = {0};

	line_print(&tallies->lines, entry, &text);
	if (!text.failed && text.size >= sizeof(end) - 1)
		text.size -= sizeof(end) - 1;
	text_char(&text, ')');
	text_string(&text);
	return text.bytes;
}

static void note_unread(struct unfinished_tallies *tallies, const struct event *event)
{
	const struct event_item *item = event_item(event, ITEM_NO_ARG, ITEM_UNREAD, 0);

	if (item && item->size == sizeof(tallies->unread))
		memcpy(&tallies->unread, item->bytes, sizeof(tallies->unread));
}

int unfinished_tallies_add(struct unfinished_tallies *tallies, const struct trace_entry *entry)
{
	const struct event *event = entry->event;
	struct identities *identity = tallies->lines.identities;
	uint32_t pid = identity_event_pid(event);
	struct object *process = identity_object(identity, pid, KIND_PID, pid);
	struct object *object = identity_subject(identity, event);

	if (tallies->count == KEPT_MAX) {
		tallies->more++;
		return 0;
	}
	struct unfinished *row = &tallies->rows[tallies->count++];
	*row = (struct unfinished){.call = event->call, .enter = event->enter};
	event_caller(event, &row->pid, &row->tid);
	note_unread(tallies, event);
	row->process = strdup(process ? object_name(process) : "?");
	row->line = line_of(tallies, entry);
	row->object = object ? name_of(object, NULL) : NULL;
	row->peer = object && object->peer ? name_of(object->peer, object) : NULL;
	return row->process && row->line ? 0 : -ENOMEM;
}

/*
 * How long the call had lasted when its thread or the trace ended; of a trace that is still being recorded, when it was
 * looked at.
 */
static uint64_t lasted_ns(const struct unfinished_tallies *tallies, const struct unfinished *row)
{
	uint64_t begin = trace_time(tallies->trace, row->enter), end = 0;
	const struct trace_thread *threads;
	struct timespec now;
	size_t count;

	threads = trace_threads(tallies->trace, &count);
	for (size_t i = 0; i < count; i++)
		if (threads[i].seen.tid == row->tid && threads[i].seen.pid == row->pid && threads[i].end >= row->enter)
			end = trace_time(tallies->trace, threads[i].end);
	if (!end && trace_is_growing(tallies->trace) && !clock_gettime(CLOCK_REALTIME, &now))
		end = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	else if (!end)
		end = trace_time(tallies->trace, trace_last_anchor(tallies->trace).ticks);
	return end > begin ? end - begin : 0;
}

bool unfinished_tallies_any(const struct unfinished_tallies *tallies)
{
	return tallies->count;
}

void unfinished_tallies_print(struct unfinished_tallies *tallies, struct text *out)
{
	static const char *const titles[] = {"since", "for", "tid", "<process", "<call", "<other end"};
	struct amount_table table = {.titles = titles, .columns = sizeof(titles) / sizeof(titles[0])};
	size_t shown = tallies->count;

	if (!tallies->view->all && shown > SHOWN_MAX)
		shown = SHOWN_MAX;
	for (size_t i = 0; i < shown; i++) {
		const struct unfinished *row = &tallies->rows[i];
		amount_moment(&table.cells, trace_time(tallies->trace, row->enter), "%H:%M:%S");
		amount_cell(&table);
		amount_time(&table.cells, lasted_ns(tallies, row));
		amount_cell(&table);
		text_format(&table.cells, "%u", row->tid);
		amount_cell(&table);
		text_put(&table.cells, row->process);
		amount_cell(&table);
		text_put(&table.cells, row->line);
		amount_cell(&table);
		text_put(&table.cells, row->peer ? row->peer : "");
		amount_cell(&table);
	}
	amount_print(&table, tallies->view->colour, out);
	report_note_more(tallies->view, out, tallies->count + tallies->more - shown);
	if (tallies->unread)
		text_format(out, "What some of them point to may not be read: %s; see ptrace_scope in ptrace(2)\n",
			    strerror((int)tallies->unread));
}

static void print_name_json(struct text *out, const char *key, const char *name)
{
	text_format(out, ", \"%s\": ", key);
	if (name)
		text_json_string(out, name);
	else
		text_put(out, "null");
}

void unfinished_tallies_print_json(struct unfinished_tallies *tallies, struct text *out)
{
	text_put(out, "[");
	for (size_t i = 0; i < tallies->count; i++) {
		const struct unfinished *row = &tallies->rows[i];
		text_format(out, "%s{\"time\": %llu, \"lasted\": %llu, \"pid\": %u, \"tid\": %u", i ? ",\n  " : "\n  ",
			    (unsigned long long)trace_time(tallies->trace, row->enter),
			    (unsigned long long)lasted_ns(tallies, row), row->pid, row->tid);
		print_name_json(out, "process", row->process);
		print_name_json(out, "call", row->call->name);
		print_name_json(out, "line", row->line);
		print_name_json(out, "object", row->object);
		print_name_json(out, "peer", row->peer);
		text_put(out, "}");
	}
	text_put(out, tallies->count ? "\n ]" : "]");
}
