// SPDX-License-Identifier: MIT
/*
 * `ipctrace report`: what a trace amounts to, by call, by object, by process and thread.
 *
 * Calls are counted from the columns of frames in any order; objects and processes need the events in order of time,
 * because only then it is known what a number means. Each way is gone only when something of it is wanted.
 */
#include "reader/report.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/trouble.h"
#include "reader/choice.h"
#include "reader/command.h"
#include "reader/missing.h"
#include "reader/option.h"
#include "reader/output.h"
#include "reader/trace.h"

enum report_part {
	PART_CALL = 1,
	PART_OBJECT = 2,
	PART_PROCESS = 4,
	PART_THREAD = 8,
	PART_UNFINISHED = 16,
	PARTS_ALL = 31,
	PART_PROGRAM = 32, /* sums of another part: only when it is asked for */
	PARTS_PROCESS = PART_PROCESS | PART_THREAD | PART_PROGRAM,
	PARTS_ORDERED = PARTS_PROCESS | PART_OBJECT | PART_UNFINISHED,
};

struct settings {
	struct choice choice; /* first: its options are set through it */
	unsigned parts;	      /* enum report_part; 0: all */
	enum report_sort sort;
	bool json, all, colour;
};

/* Where the events of a shape were counted. */
struct shape_memo {
	uint64_t epoch; /* of the identity, plus one; 0: not yet */
	struct use *use;
	struct process_place place;
};

struct batch_memo {
	uint64_t serial; /* of the batch that it is about */
	struct shape_memo *shapes;
};

/* What is gathered. */
struct report {
	struct settings *settings;
	struct trace *trace;
	bool is_narrow; /* more is chosen by than the call: then calls are counted in order of time as well */
	struct report_view view;
	uint8_t *enabled;
	struct flow *flows;
	struct call_tallies calls;
	struct identities *identity;
	struct object_tallies *objects;
	struct process_tallies *processes;
	struct unfinished_tallies *unfinished;
	struct batch_memo *memos; /* by the slot of the entry */
	size_t memos_count;
	int frames_error;
};

uint64_t report_ns(const struct report_view *view, uint64_t ticks)
{
	return (uint64_t)((double)ticks * view->ns_per_tick + 0.5);
}

void report_note_more(const struct report_view *view, struct text *out, size_t more)
{
	if (more)
		text_format(out, "%zu more lines; --all shows them\n", more);
}

/* ---- options ---- */

struct word {
	const char *word;
	int value;
};

static int find_word(const struct word *words, size_t count, const char *value)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(words[i].word, value))
			return words[i].value;
	return -1;
}

#define FIND_WORD(words, value) find_word(words, sizeof(words) / sizeof(words[0]), value)

static int set_by(void *context, const char *value)
{
	static const struct word words[] = {{"call", PART_CALL},       {"object", PART_OBJECT},
					    {"process", PART_PROCESS}, {"thread", PART_THREAD},
					    {"program", PART_PROGRAM}, {"unfinished", PART_UNFINISHED}};
	struct settings *settings = context;
	int part = FIND_WORD(words, value);

	if (part < 0)
		return 1;
	settings->parts |= (unsigned)part;
	return 0;
}

static int set_sort(void *context, const char *value)
{
	static const struct word words[] = {{"time", SORT_TIME},     {"count", SORT_COUNT}, {"calls", SORT_COUNT},
					    {"errors", SORT_ERRORS}, {"bytes", SORT_BYTES}, {"mean", SORT_MEAN},
					    {"max", SORT_MAX},	     {"name", SORT_NAME}};
	int sort = FIND_WORD(words, value);

	if (sort < 0)
		return 1;
	((struct settings *)context)->sort = (enum report_sort)sort;
	return 0;
}

static int set_colour(void *context, const char *value)
{
	int colour = output_color(value, STDOUT_FILENO);

	((struct settings *)context)->colour = colour > 0;
	return colour < 0;
}

static int set_json(void *context, const char *value)
{
	((struct settings *)context)->json = true;
	return 0;
}

static int set_all(void *context, const char *value)
{
	((struct settings *)context)->all = true;
	return 0;
}

static const struct option_spec options[] = {
	{0, NULL, "[OPTION]... TRACE", "ipctrace report --by call -e %socket redis.ipct", NULL},
	{0, "by", "WHAT", "only call, object, process, thread, program or unfinished; again for more", set_by},
	{'e', "calls", "EXPR", "only these calls: names and %families, ! for all but", choice_set_calls},
	{'p', "pid", "PID", "only this process or thread; may be given again", choice_set_pid},
	{'P', "path", "PATH", "only what concerns this path, or thing by name: 'pipe#0*'", choice_set_path},
	{'z', "successful", NULL, "only calls that succeeded", choice_set_successful},
	{'Z', "failed", NULL, "only calls that failed", choice_set_failed},
	{'S', "sort", "KEY", "by time (default), count, errors, bytes, mean, max, name", set_sort},
	{'a', "all", NULL, "every line, however many there are", set_all},
	{0, "json", NULL, "one JSON object; times in ns", set_json},
	{0, "color", "WHEN", "auto, always or never", set_colour},
};

/* ---- gathering ---- */

static int prepare(struct report *report)
{
	const struct catalogue *catalogue = trace_catalogue(report->trace);
	struct choice *choice = &report->settings->choice;
	char trouble[256] = "out of memory";

	report->enabled = malloc(catalogue->calls_count + 1u);
	report->flows = calloc(catalogue->calls_count + 1u, sizeof(*report->flows));
	if (!report->enabled || !report->flows || call_tallies_make(&report->calls, catalogue))
		return -ENOMEM;
	if (choice_prepare(choice, catalogue, trouble, sizeof(trouble))) {
		trouble_say("ipctrace report: -e %s: %s", choice->calls, trouble);
		return 1;
	}
	if (choice->enabled)
		memcpy(report->enabled, choice->enabled, catalogue->calls_count);
	else
		memset(report->enabled, 1, catalogue->calls_count);
	for (uint32_t i = 0; i < catalogue->calls_count; i++)
		report->flows[i] = flow_of_call(&catalogue->calls[i]);
	report->view = (struct report_view){.catalogue = catalogue,
					    .enabled = report->enabled,
					    .flows = report->flows,
					    .sort = report->settings->sort,
					    .all = report->settings->all,
					    .ns_per_tick = 1};
	return 0;
}

/* Frames that cannot be read are passed over here: they are in the account of losses. */
static int count_frames(struct report *report)
{
	struct frame *frame = NULL;
	int error = 0;

	for (size_t i = 0; !error && i < trace_frames(report->trace); i++) {
		error = trace_frame_read(report->trace, i, &frame);
		if (!error)
			error = call_tallies_add(&report->calls, &report->view, frame);
		else if (error > 0)
			error = 0;
	}
	frame_free(frame);
	return error;
}

/* What is known of the shape of an entry; NULL when its events may differ in more than numbers, or without memory. */
static struct shape_memo *find_memo(struct report *report, const struct trace_entry *entry)
{
	const struct batch_view *batch = entry->batch;
	struct batch_memo *memo;

	if (!batch || entry->event->borrowed || batch->shapes[batch->shape[entry->row]].varying)
		return NULL;
	if (entry->slot >= report->memos_count) {
		size_t count = 2 * (entry->slot + 1ul);
		memo = reallocarray(report->memos, count, sizeof(*memo));
		if (!memo)
			return NULL;
		memset(memo + report->memos_count, 0, (count - report->memos_count) * sizeof(*memo));
		report->memos = memo;
		report->memos_count = count;
	}
	memo = &report->memos[entry->slot];
	if (memo->serial != entry->serial) {
		struct shape_memo *shapes = reallocarray(memo->shapes, batch->shapes_count, sizeof(*shapes));
		if (!shapes)
			return NULL;
		memset(shapes, 0, batch->shapes_count * sizeof(*shapes));
		memo->shapes = shapes;
		memo->serial = entry->serial;
	}
	return &memo->shapes[batch->shape[entry->row]];
}

static int count_anew(struct report *report, const struct event *event, uint32_t call, struct shape_memo *memo)
{
	int error = 0;

	if (report->is_narrow)
		error = call_tallies_add_event(&report->calls, &report->view, event, call);
	if (!error && report->objects)
		error = object_tallies_add(report->objects, event, call, &memo->use);
	if (!error && report->processes)
		error = process_tallies_add(report->processes, event, &memo->place);
	memo->epoch = identity_epoch(report->identity) + 1;
	return error;
}

/*
 * Most events are like one of their batch that was counted before, while no descriptor, process or thread came or went:
 * these are added without asking the identity again, which is three times as fast.
 */
static int count_event(struct report *report, const struct trace_entry *entry)
{
	const struct event *event = entry->event;
	uint32_t call = (uint32_t)(event->call - event->catalogue->calls);
	int error = identity_observe(report->identity, event);
	struct shape_memo unkept, *memo;

	if (error || !report->enabled[call])
		return error;
	if (report->is_narrow && !choice_wants(&report->settings->choice, event, report->identity))
		return 0;
	if (event->outcome == OUTCOME_UNFINISHED && report->unfinished)
		error = unfinished_tallies_add(report->unfinished, entry);
	if (error)
		return error;
	memo = report->is_narrow ? NULL : find_memo(report, entry);
	if (!memo || memo->epoch != identity_epoch(report->identity) + 1 || (report->objects && !memo->use))
		return count_anew(report, event, call, memo ? memo : &unkept);
	if (report->objects)
		object_tallies_repeat(report->objects, memo->use, event, call);
	if (report->processes)
		process_tallies_repeat(report->processes, memo->place, event);
	return 0;
}

static int count_entry(struct report *report, const struct trace_entry *entry)
{
	switch (entry->kind) {
	case TRACE_EVENT:
		return count_event(report, entry);
	case TRACE_PROCESS:
		return identity_process(report->identity, entry->process);
	case TRACE_THREAD:
		return identity_thread(report->identity, entry->thread);
	case TRACE_THREAD_END:
		return identity_thread_end(report->identity, entry->thread_end);
	case TRACE_CONTROL:
		return identity_control(report->identity, entry->control);
	default:
		return 0;
	}
}

static int count_in_order(struct report *report, unsigned parts)
{
	struct trace_entry entry;
	int error = identity_new(&report->identity, report->view.catalogue);

	if (!error && parts & PART_OBJECT)
		error = object_tallies_new(&report->objects, &report->view, report->identity);
	if (!error && parts & PARTS_PROCESS)
		error = process_tallies_new(&report->processes, &report->view, report->identity);
	if (!error && parts & PART_UNFINISHED)
		error = unfinished_tallies_new(&report->unfinished, &report->view, report->trace, report->identity);
	while (!error) {
		error = trace_next(report->trace, &entry);
		if (!error)
			error = count_entry(report, &entry);
	}
	if (error == TRACE_E_END)
		error = 0;
	if (!error && report->objects)
		error = object_tallies_finish(report->objects);
	return error;
}

static void *count_frames_beside(void *context)
{
	struct report *report = context;

	report->frames_error = count_frames(report);
	return NULL;
}

/* Both ways at once, when both are wanted and there is a thread to be had. */
static int count_all(struct report *report, unsigned parts)
{
	bool beside = parts & PART_CALL && parts & PARTS_ORDERED && !report->is_narrow;
	pthread_t thread;
	int error = 0;

	if (beside)
		beside = pthread_create(&thread, NULL, count_frames_beside, report) == 0;
	if (!beside && parts & PART_CALL && !report->is_narrow)
		error = count_frames(report);
	if (!error && (parts & PARTS_ORDERED || report->is_narrow))
		error = count_in_order(report, parts);
	if (beside)
		pthread_join(thread, NULL);
	return error ? error : report->frames_error;
}

static int gather(struct report *report, unsigned parts)
{
	int error = prepare(report);

	if (!error)
		error = count_all(report, parts);
	if (!error) {
		uint64_t ticks = trace_last_anchor(report->trace).ticks;
		report->view.ns_per_tick = (double)trace_span(report->trace, ticks, 1u << 30) / (1u << 30);
	}
	return error;
}

static void report_free(struct report *report)
{
	object_tallies_free(report->objects);
	process_tallies_free(report->processes);
	unfinished_tallies_free(report->unfinished);
	identity_free(report->identity);
	call_tallies_free(&report->calls);
	for (size_t i = 0; i < report->memos_count; i++)
		free(report->memos[i].shapes);
	free(report->memos);
	free(report->enabled);
	free(report->flows);
	trace_close(report->trace);
}

/* ---- printing ---- */

static void print_title(const struct report *report, const char *title, bool is_first, struct text *out)
{
	if (!is_first)
		text_char(out, '\n');
	text_format(out, report->view.colour ? "\033[1;36m%s\033[0m\n" : "%s\n", title);
}

static void print_report(struct report *report, unsigned parts, struct text *out)
{
	/* Of a program that hangs this is what one wants to know; of others there is nothing to say. */
	bool hangs = parts & PART_UNFINISHED && unfinished_tallies_any(report->unfinished);

	if (!hangs && parts != PART_UNFINISHED)
		parts &= ~PART_UNFINISHED;
	bool several = parts & (parts - 1);

	missing_print(report->trace, out); /* what the figures below do not contain comes first */
	if (hangs) {
		if (several)
			print_title(report, "Not returned", true, out);
		unfinished_tallies_print(report->unfinished, out);
	}
	if (parts & PART_CALL) {
		if (several)
			print_title(report, "By call", !hangs, out);
		call_tallies_print(&report->calls, &report->view, out);
	}
	if (parts & PART_OBJECT) {
		if (several)
			print_title(report, "By object", !hangs && !(parts & PART_CALL), out);
		object_tallies_print(report->objects, out);
	}
	if (parts & (PART_PROCESS | PART_THREAD)) {
		if (several)
			print_title(report, "By process and thread", !hangs && !(parts & (PART_CALL | PART_OBJECT)),
				    out);
		process_tallies_print(report->processes, parts & PART_THREAD, out);
	}
	if (parts & PART_PROGRAM) {
		if (several)
			print_title(report, "By program", !hangs && parts == PART_PROGRAM, out);
		process_tallies_print_programs(report->processes, out);
	}
}

static void print_report_json(struct report *report, unsigned parts, struct text *out)
{
	text_put(out, "{\"losses\": ");
	missing_print_json(report->trace, out);
	if (parts & PART_CALL) {
		text_put(out, ",\n \"calls\": ");
		call_tallies_print_json(&report->calls, &report->view, out);
	}
	if (parts & PART_OBJECT) {
		text_put(out, ",\n \"objects\": ");
		object_tallies_print_json(report->objects, out);
	}
	if (parts & (PART_PROCESS | PART_THREAD)) {
		text_put(out, ",\n \"processes\": ");
		process_tallies_print_json(report->processes, out);
	}
	if (parts & PART_PROGRAM) {
		text_put(out, ",\n \"programs\": ");
		process_tallies_print_programs_json(report->processes, out);
	}
	if (parts & PART_UNFINISHED) {
		text_put(out, ",\n \"unfinished\": ");
		unfinished_tallies_print_json(report->unfinished, out);
	}
	text_put(out, "}\n");
}

static int write_out(struct output *out)
{
	int error = output_flush(out);

	if (error < 0)
		trouble_say("ipctrace report: cannot write: %s", strerror(-error));
	return error < 0 ? 2 : 0;
}

static int run(struct settings *settings, const char *path)
{
	unsigned parts = settings->parts ? settings->parts : PARTS_ALL;
	struct report report = {.settings = settings, .is_narrow = choice_is_narrow(&settings->choice)};
	struct trace_opening opening = {.unordered = !(parts & PARTS_ORDERED) && !report.is_narrow};
	struct log_trouble trouble;
	struct output out = {.fd = STDOUT_FILENO};
	int status = 2;

	if (trace_open(&report.trace, path, &opening, &trouble)) {
		trouble_say("ipctrace report: %s", trouble.text);
		return 2;
	}
	int error = gather(&report, parts);
	if (!error) {
		report.view.colour = !settings->json && settings->colour;
		if (settings->json)
			print_report_json(&report, parts, &out.text);
		else
			print_report(&report, parts, &out.text);
		status = write_out(&out);
	} else if (error < 0) {
		trouble_say("ipctrace report: %s: %s", path, strerror(-error));
	}
	output_free(&out);
	report_free(&report);
	return status;
}

int command_report(int argc, char **argv)
{
	struct settings settings = {.colour = output_color(NULL, STDOUT_FILENO) > 0};
	int first = options_parse_mixed(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv, argc);

	if (first < 0)
		return 2;
	if (argc - first != 1) {
		trouble_say("ipctrace report: one trace is wanted; see ipctrace report --help");
		return 2;
	}
	int status = run(&settings, argv[first]);
	choice_free(&settings.choice);
	return status;
}
