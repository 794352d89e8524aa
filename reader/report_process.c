// SPDX-License-Identifier: MIT
/*
 * The report by process and thread: the tree of creation, and what each did.
 */
#include "reader/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader/amount.h"

/* Threads of one process that are told apart; the others are added up. */
#define THREADS_MAX 256

struct work {
	uint64_t events, errors, ticks, waiting;
	uint64_t begin, end; /* ticks: first entry, last return */
};

struct thread_line {
	char *name;
	uint32_t tid;
	uint64_t threads; /* more than one: those that are not told apart */
	struct work work;
};

struct process_line {
	struct object *object;
	struct thread_line *threads;
	uint32_t threads_count;
	struct work work;
};

struct process_tallies {
	const struct report_view *view;
	struct identities *identity;
	struct process_line *lines; /* the tag of a process is its place here + 1 */
	size_t count, capacity;
};

int process_tallies_new(struct process_tallies **tallies, const struct report_view *view, struct identities *identity)
{
	*tallies = calloc(1, sizeof(**tallies));
	if (!*tallies)
		return -ENOMEM;
	(*tallies)->view = view;
	(*tallies)->identity = identity;
	return 0;
}

void process_tallies_free(struct process_tallies *tallies)
{
	if (!tallies)
		return;
	for (size_t i = 0; i < tallies->count; i++) {
		for (uint32_t k = 0; k < tallies->lines[i].threads_count; k++)
			free(tallies->lines[i].threads[k].name);
		free(tallies->lines[i].threads);
	}
	free(tallies->lines);
	free(tallies);
}

static void add_work(struct work *work, const struct event *event)
{
	uint64_t end = event->enter + event->duration;

	if (!work->events || event->enter < work->begin)
		work->begin = event->enter;
	if (end > work->end)
		work->end = end;
	work->events++;
	work->errors += event->error != 0;
	work->ticks += event->duration;
	if (event->call->waits)
		work->waiting += event->duration;
}

static struct process_line *find_process(struct process_tallies *tallies, struct object *process)
{
	if (process->tag)
		return &tallies->lines[process->tag - 1];
	if (tallies->count == tallies->capacity) {
		size_t capacity = tallies->capacity ? tallies->capacity * 2 : 16;
		struct process_line *lines = realloc(tallies->lines, capacity * sizeof(*lines));
		if (!lines)
			return NULL;
		tallies->lines = lines;
		tallies->capacity = capacity;
	}
	tallies->lines[tallies->count] = (struct process_line){.object = process};
	process->tag = ++tallies->count;
	return &tallies->lines[process->tag - 1];
}

/* The tag of a thread is its place in its process's lines + 1. */
static struct thread_line *find_thread(struct process_line *process, struct object *thread)
{
	if (thread->tag)
		return &process->threads[thread->tag - 1];
	if (process->threads_count == THREADS_MAX) {
		process->threads[THREADS_MAX - 1].threads++;
		thread->tag = THREADS_MAX;
		return &process->threads[THREADS_MAX - 1];
	}
	uint32_t count = process->threads_count;
	/* Doubled at each power of two. */
	if (!(count & (count - 1))) {
		uint32_t capacity = count ? count * 2 : 1;
		struct thread_line *threads = realloc(process->threads, capacity * sizeof(*threads));
		if (!threads)
			return NULL;
		process->threads = threads;
	}
	char *name = strdup(object_name(thread));
	if (!name)
		return NULL;
	process->threads[count] = (struct thread_line){.name = name, .tid = (uint32_t)thread->number, .threads = 1};
	thread->tag = ++process->threads_count;
	return &process->threads[count];
}

void process_tallies_repeat(struct process_tallies *tallies, struct process_place place, const struct event *event)
{
	struct process_line *process = &tallies->lines[place.process];

	add_work(&process->work, event);
	add_work(&process->threads[place.thread].work, event);
}

int process_tallies_add(struct process_tallies *tallies, const struct event *event, struct process_place *place)
{
	uint32_t pid = identity_event_pid(event);
	struct object *thread = identity_thread_object(tallies->identity, pid, pid == event->pid ? event->tid : pid);
	struct process_line *process = thread ? find_process(tallies, thread->process) : NULL;
	struct thread_line *line = process ? find_thread(process, thread) : NULL;

	if (!line)
		return -ENOMEM;
	add_work(&process->work, event);
	add_work(&line->work, event);
	*place = (struct process_place){(uint32_t)(process - tallies->lines), (uint32_t)(line - process->threads)};
	return 0;
}

/* ---- printing ---- */

/* "P0.2" before "P0.10", parents before children: numbers in paths compare as numbers. */
static int compare_paths(const char *a, const char *b)
{
	while (*a && *b) {
		if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
			char *end_a, *end_b;
			unsigned long number_a = strtoul(a, &end_a, 10), number_b = strtoul(b, &end_b, 10);
			if (number_a != number_b)
				return number_a < number_b ? -1 : 1;
			a = end_a;
			b = end_b;
		} else if (*a != *b) {
			return *a < *b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	return *a ? 1 : *b ? -1 : 0;
}

/* Images of one process in the order in which they came. */
static int compare_processes(const void *left, const void *right)
{
	const struct process_line *a = left, *b = right;
	int order = compare_paths(a->object->label, b->object->label);

	if (order)
		return order;
	return a->object->id < b->object->id ? -1 : 1;
}

static void print_indent(struct text *text, const char *path)
{
	for (; *path; path++)
		if (*path == '.')
			text_put(text, "  ");
}

static void print_work(struct amount_table *table, const struct report_view *view, const struct work *work)
{
	amount_count(&table->cells, work->events);
	amount_cell(table);
	if (work->errors)
		amount_count(&table->cells, work->errors);
	amount_cell(table);
	amount_time(&table->cells, report_ns(view, work->ticks));
	amount_cell(table);
	amount_time(&table->cells, report_ns(view, work->waiting));
	amount_cell(table);
	amount_time(&table->cells, report_ns(view, work->end - work->begin));
	amount_cell(table);
}

static void print_threads(struct amount_table *table, const struct report_view *view,
			  const struct process_line *process)
{
	for (uint32_t i = 0; i < process->threads_count; i++) {
		const struct thread_line *thread = &process->threads[i];
		print_work(table, view, &thread->work);
		text_format(&table->cells, "%u", thread->tid);
		amount_cell(table);
		print_indent(&table->cells, process->object->label);
		if (thread->threads > 1)
			text_format(&table->cells, "  %llu more threads", (unsigned long long)thread->threads);
		else
			text_format(&table->cells, "  thread %s", thread->name);
		amount_cell(table);
	}
}

/* One that was only forked has no name of its own: whose copy it is helps to tell it. */
static void print_name(struct text *text, const struct object *process)
{
	bool own;
	const char *image = identity_process_image(process, &own);

	text_put(text, object_name((struct object *)process));
	if (image && !own)
		text_format(text, " fork of %s", image);
}

void process_tallies_print(struct process_tallies *tallies, bool threads, struct text *out)
{
	static const char *const titles[] = {"events",	"errors",  "in calls", "waiting", "from first to last",
					     "pid/tid", "<process"};
	struct amount_table table = {.titles = titles, .columns = sizeof(titles) / sizeof(titles[0])};

	if (tallies->count)
		qsort(tallies->lines, tallies->count, sizeof(*tallies->lines), compare_processes);
	for (size_t i = 0; i < tallies->count; i++) {
		struct process_line *line = &tallies->lines[i];
		print_work(&table, tallies->view, &line->work);
		text_format(&table.cells, "%llu", (unsigned long long)line->object->number);
		amount_cell(&table);
		print_indent(&table.cells, line->object->label);
		print_name(&table.cells, line->object);
		amount_cell(&table);
		if (threads && line->threads_count > 1)
			print_threads(&table, tallies->view, line);
	}
	amount_print(&table, tallies->view->colour, out);
}

static void print_work_json(struct text *out, const struct report_view *view, const struct work *work)
{
	text_format(out, "\"events\": %llu, \"errors\": %llu, \"time\": %llu, \"waiting\": %llu, \"span\": %llu",
		    (unsigned long long)work->events, (unsigned long long)work->errors,
		    (unsigned long long)report_ns(view, work->ticks),
		    (unsigned long long)report_ns(view, work->waiting),
		    (unsigned long long)report_ns(view, work->end - work->begin));
}

void process_tallies_print_json(struct process_tallies *tallies, struct text *out)
{
	if (tallies->count)
		qsort(tallies->lines, tallies->count, sizeof(*tallies->lines), compare_processes);
	text_put(out, "[");
	for (size_t i = 0; i < tallies->count; i++) {
		struct process_line *line = &tallies->lines[i];
		bool own;
		const char *image = identity_process_image(line->object, &own);
		text_put(out, i ? ",\n  {\"process\": " : "\n  {\"process\": ");
		text_json_string(out, object_name(line->object));
		text_put(out, ", \"image\": ");
		if (image)
			text_json_string(out, image);
		else
			text_put(out, "null");
		text_format(out, ", \"pid\": %llu, ", (unsigned long long)line->object->number);
		print_work_json(out, tallies->view, &line->work);
		text_put(out, ", \"threads\": [");
		for (uint32_t k = 0; k < line->threads_count; k++) {
			const struct thread_line *thread = &line->threads[k];
			text_put(out, k ? ", {\"thread\": " : "{\"thread\": ");
			text_json_string(out, thread->name);
			text_format(out, ", \"tid\": %u, \"threads\": %llu, ", thread->tid,
				    (unsigned long long)thread->threads);
			print_work_json(out, tallies->view, &thread->work);
			text_put(out, "}");
		}
		text_put(out, "]}");
	}
	text_put(out, tallies->count ? "\n ]" : "]");
}

/* ---- by program ---- */

struct program_line {
	const char *image; /* NULL: not known */
	uint64_t processes;
	struct work work;
};

static const char *program_shown(const struct program_line *line)
{
	return line->image ? line->image : "?";
}

static int compare_images(const void *left, const void *right)
{
	return strcmp(program_shown(left), program_shown(right));
}

static int compare_programs(const void *left, const void *right, void *context)
{
	const struct program_line *a = left, *b = right;
	enum report_sort sort = *(const enum report_sort *)context;
	uint64_t of_a = a->work.ticks, of_b = b->work.ticks;

	if (sort == SORT_COUNT) {
		of_a = a->work.events;
		of_b = b->work.events;
	} else if (sort == SORT_ERRORS) {
		of_a = a->work.errors;
		of_b = b->work.errors;
	}
	if (sort == SORT_NAME || of_a == of_b)
		return compare_images(left, right);
	return of_a > of_b ? -1 : 1;
}

static void add_sums(struct work *sum, const struct work *work)
{
	sum->begin = work->begin < sum->begin ? work->begin : sum->begin;
	sum->end = work->end > sum->end ? work->end : sum->end;
	sum->events += work->events;
	sum->errors += work->errors;
	sum->ticks += work->ticks;
	sum->waiting += work->waiting;
}

/* A line a program, in the order wanted. NULL without memory, or without any. */
static struct program_line *programs_sum(const struct process_tallies *tallies, size_t *count)
{
	struct program_line *lines = tallies->count ? calloc(tallies->count, sizeof(*lines)) : NULL;
	size_t used = 0;
	bool own;

	*count = 0;
	if (!lines)
		return NULL;
	for (size_t i = 0; i < tallies->count; i++)
		lines[i] = (struct program_line){identity_process_image(tallies->lines[i].object, &own), 1,
						 tallies->lines[i].work};
	qsort(lines, tallies->count, sizeof(*lines), compare_images);
	for (size_t i = 1; i < tallies->count; i++) {
		if (compare_images(&lines[used], &lines[i])) {
			lines[++used] = lines[i];
			continue;
		}
		lines[used].processes++;
		add_sums(&lines[used].work, &lines[i].work);
	}
	*count = used + 1;
	enum report_sort sort = tallies->view->sort;
	qsort_r(lines, *count, sizeof(*lines), compare_programs, &sort);
	return lines;
}

void process_tallies_print_programs(const struct process_tallies *tallies, struct text *out)
{
	static const char *const titles[] = {"events", "errors",  "in calls", "waiting", "from first to last",
					     "images", "<program"};
	struct amount_table table = {.titles = titles, .columns = sizeof(titles) / sizeof(titles[0])};
	size_t count;
	struct program_line *lines = programs_sum(tallies, &count);

	out->failed |= tallies->count && !lines;
	for (size_t i = 0; i < count; i++) {
		print_work(&table, tallies->view, &lines[i].work);
		amount_count(&table.cells, lines[i].processes);
		amount_cell(&table);
		text_escape(&table.cells, (const uint8_t *)program_shown(&lines[i]), strlen(program_shown(&lines[i])));
		amount_cell(&table);
	}
	amount_print(&table, tallies->view->colour, out);
	free(lines);
}

void process_tallies_print_programs_json(const struct process_tallies *tallies, struct text *out)
{
	size_t count;
	struct program_line *lines = programs_sum(tallies, &count);

	out->failed |= tallies->count && !lines;
	text_put(out, "[");
	for (size_t i = 0; i < count; i++) {
		text_put(out, i ? ",\n  {\"program\": " : "\n  {\"program\": ");
		text_json_string(out, program_shown(&lines[i]));
		text_format(out, ", \"images\": %llu, ", (unsigned long long)lines[i].processes);
		print_work_json(out, tallies->view, &lines[i].work);
		text_put(out, "}");
	}
	text_put(out, count ? "\n ]" : "]");
	free(lines);
}
