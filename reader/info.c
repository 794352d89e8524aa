// SPDX-License-Identifier: MIT
/*
 * `ipctrace info`: what a trace is and how far it can be trusted. Counts without putting anything in order.
 */
#include "format/live.h"
#include "reader/amount.h"
#include "reader/command.h"
#include "reader/index.h"
#include "reader/option.h"
#include "reader/output.h"
#include "reader/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct info_settings {
	bool json;
};

/* An exec that was about to happen, and whether its image was ever heard of. */
struct info_exec {
	uint32_t pid;
	uint64_t ticks;
};

/* What is told, gathered from all frames. */
struct info {
	struct trace *trace;
	const char *path;
	uint64_t *calls;     /* events by number of the call */
	uint64_t begin, end; /* ticks of the first entry and the last return */
	uint64_t unfinished, stacks;
	struct info_exec *execs;
	size_t execs_count, execs_room;
	struct index last_index; /* pid to its place in `last` */
	uint64_t *last;		 /* ticks of its last event */
	size_t last_count;
	uint64_t unseen; /* images that were begun and never reported */
};

static int set_json(void *settings, const char *value)
{
	((struct info_settings *)settings)->json = true;
	return 0;
}

static const struct option_spec options[] = {
	{0, NULL, "[OPTION]... TRACE", "ipctrace info server.ipct", NULL},
	{0, "json", NULL, "one JSON object", set_json},
};

/* ---- gathering ------------------------------------------------------------------------------------------------ */

static int note_last(struct info *info, uint32_t pid, uint64_t ticks)
{
	uint32_t place = index_get(&info->last_index, pid, 0);
	uint64_t *last;

	if (place != INDEX_NONE) {
		last = &info->last[place];
		*last = ticks > *last ? ticks : *last;
		return 0;
	}
	last = reallocarray(info->last, info->last_count + 1, sizeof(*last));
	if (!last)
		return -ENOMEM;
	info->last = last;
	last[info->last_count] = ticks;
	return index_set(&info->last_index, pid, 0, (uint32_t)info->last_count++);
}

static int note_exec(struct info *info, uint32_t pid, uint64_t ticks)
{
	if (info->execs_count == info->execs_room) {
		size_t room = info->execs_room ? 2 * info->execs_room : 64;
		struct info_exec *execs = reallocarray(info->execs, room, sizeof(*execs));
		if (!execs)
			return -ENOMEM;
		info->execs = execs;
		info->execs_room = room;
	}
	info->execs[info->execs_count++] = (struct info_exec){pid, ticks};
	return 0;
}

static int count_batch(struct info *info, const struct batch_view *batch)
{
	int rc = batch->count ? note_last(info, batch->pid, batch->enter[batch->count - 1]) : 0;

	for (uint32_t i = 0; !rc && i < batch->count; i++) {
		const struct batch_shape *shape = &batch->shapes[batch->shape[i]];
		uint64_t end = batch->enter[i] + batch->duration[i];
		info->calls[shape->call_index]++;
		info->begin = batch->enter[i] < info->begin ? batch->enter[i] : info->begin;
		info->end = end > info->end ? end : info->end;
		/* What departs and can fail is an exec; what cannot is an exit. */
		if (shape->outcome == OUTCOME_DEPARTED && shape->call->failure != FAILURE_NEVER && !shape->borrowed)
			rc = note_exec(info, batch->pid, batch->enter[i]);
	}
	return rc;
}

/*
 * An exec is written before it happens. When neither a new image nor, because it failed, another call of the same
 * process follows it, the image is one that cannot be traced.
 */
static void count_unseen(struct info *info)
{
	for (size_t i = 0; i < info->execs_count; i++) {
		const struct info_exec *exec = &info->execs[i];
		const struct trace_process *image = trace_process_at(info->trace, exec->pid, UINT64_MAX);
		uint32_t place = index_get(&info->last_index, exec->pid, 0);
		bool went_on = place != INDEX_NONE && info->last[place] > exec->ticks;
		if (!went_on && !(image && image->seen.ticks > exec->ticks))
			info->unseen++;
	}
}

static int gather(struct info *info)
{
	struct frame *frame = NULL;
	int rc = 0;

	info->begin = UINT64_MAX;
	info->calls = calloc(trace_catalogue(info->trace)->calls_count + 1, sizeof(*info->calls));
	if (!info->calls)
		return -ENOMEM;
	for (size_t i = 0; rc >= 0 && i < trace_frames(info->trace); i++) {
		rc = trace_frame_read(info->trace, i, &frame);
		for (uint32_t b = 0; !rc && b < frame->batches_count; b++)
			rc = count_batch(info, &frame->batches[b]);
		if (rc)
			continue;
		info->unfinished += frame->unfinished_count;
		info->stacks += frame->stacks_count;
	}
	frame_free(frame);
	if (info->begin == UINT64_MAX)
		info->begin = info->end = 0;
	count_unseen(info);
	return rc < 0 ? rc : 0;
}

static void info_free(struct info *info)
{
	free(info->calls);
	free(info->execs);
	free(info->last);
	index_free(&info->last_index);
	trace_close(info->trace);
}

/* ---- counts by family ----------------------------------------------------------------------------------------- */

/* Calls `print` for each family that has events, in the order of the catalogue. */
static void each_family(const struct info *info, struct text *out,
			void (*print)(struct text *out, const char *family, uint64_t events, bool is_first))
{
	const struct catalogue *catalogue = trace_catalogue(info->trace);
	bool is_first = true;

	for (unsigned i = 0; i < catalogue->calls_count; i++) {
		const char *family = catalogue->calls[i].family;
		uint64_t events = 0;
		bool is_known = false;
		for (unsigned j = 0; j < i && !is_known; j++)
			is_known = !strcmp(catalogue->calls[j].family, family);
		for (unsigned j = i; j < catalogue->calls_count && !is_known; j++)
			if (!strcmp(catalogue->calls[j].family, family))
				events += info->calls[j];
		if (!events)
			continue;
		print(out, family, events, is_first);
		is_first = false;
	}
}

/* ---- text ----------------------------------------------------------------------------------------------------- */

static void print_label(struct text *out, const char *label)
{
	text_format(out, "%-12s", label);
}

static void print_words(struct text *out, const char *const *words, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			text_char(out, ' ');
		text_escape(out, (const uint8_t *)words[i], strlen(words[i]));
	}
}

static void print_moment(struct text *out, uint64_t ns)
{
	time_t when = (time_t)(ns / 1000000000);
	char words[64] = "?";
	struct tm local;

	if (localtime_r(&when, &local))
		strftime(words, sizeof(words), "%Y-%m-%d %H:%M:%S %z", &local);
	text_put(out, words);
}

static void print_origin(const struct info *info, struct text *out)
{
	const struct log_head *head = trace_head(info->trace);

	print_label(out, "Trace");
	text_format(out, "%s (", info->path);
	amount_bytes(out, log_size(trace_log(info->trace)));
	text_format(out, ", %lu frames, format %u, written by ipctrace %s)\n",
		    (unsigned long)log_frames(trace_log(info->trace)), head->format,
		    head->tool_version ? head->tool_version : "?");
	print_label(out, "Command");
	print_words(out, head->command, head->command_count);
	text_char(out, '\n');
	if (head->directory) {
		print_label(out, "Directory");
		text_format(out, "%s\n", head->directory);
	}
	print_label(out, "Host");
	text_format(out, "%s, %s, %s\n", head->host ? head->host : "?", head->kernel ? head->kernel : "?",
		    head->machine ? head->machine : "?");
	print_label(out, "Recorded");
	print_moment(out, head->created);
	text_put(out, ", for ");
	amount_time(out, trace_span(info->trace, info->begin, info->end - info->begin));
	text_char(out, '\n');
	print_label(out, "Clock");
	text_put(out, head->clock_is_tsc ? "time stamp counter" : "CLOCK_MONOTONIC");
	if (head->clock_is_tsc)
		text_format(out, ", %.3f ticks a ns", trace_ticks_per_ns(info->trace));
	text_char(out, '\n');
}

static const char *const policy_names[] = {[FULL_WAIT] = "wait", [FULL_DROP] = "drop", [FULL_OVERWRITE] = "overwrite"};

static const char *policy_name(uint32_t policy)
{
	return policy < sizeof(policy_names) / sizeof(policy_names[0]) ? policy_names[policy] : "?";
}

static void print_settings(const struct info *info, struct text *out)
{
	const struct log_head *head = trace_head(info->trace);

	print_label(out, "Settings");
	text_format(out, "calls %s, payload %u bytes, stacks %u deep, when full %s",
		    head->filter && *head->filter ? head->filter : "all", head->payload_limit, head->stack_depth,
		    policy_name(head->full_policy));
	if (head->redact && *head->redact)
		text_format(out, ", left out %s", head->redact);
	text_char(out, '\n');
}

static void print_family(struct text *out, const char *family, uint64_t events, bool is_first)
{
	text_format(out, "%s%s ", is_first ? ": " : ", ", family);
	amount_count(out, events);
}

static void print_counts(const struct info *info, struct text *out)
{
	const struct trace_loss *loss = trace_loss(info->trace);

	print_label(out, "Calls");
	amount_count(out, loss->events);
	each_family(info, out, print_family);
	text_char(out, '\n');
	if (info->unfinished) {
		print_label(out, "");
		amount_count(out, info->unfinished);
		text_put(out, " more had begun and did not end\n");
	}
	print_label(out, "Catalogue");
	text_format(out, "%u calls, %u structs, %u sets of names\n", trace_catalogue(info->trace)->calls_count,
		    trace_catalogue(info->trace)->structs_count,
		    trace_catalogue(info->trace)->flags_count + trace_catalogue(info->trace)->enums_count);
}

static void print_trust(const struct info *info, struct text *out)
{
	const struct trace_loss *loss = trace_loss(info->trace);

	print_label(out, "Lost");
	amount_count(out, loss->lost);
	text_put(out, loss->lost ? " calls while recording" : "");
	if (loss->is_closed && loss->end.lost_without_slot) {
		text_put(out, ", and ");
		amount_count(out, loss->end.lost_without_slot);
		text_put(out, " of threads for which there was no buffer");
	}
	text_char(out, '\n');
	print_label(out, "Damage");
	if (!loss->damage_regions && !loss->damaged_frames && !loss->lost_uncounted)
		text_put(out,
			 loss->is_closed ? "none\n" : "none seen; its collector did not finish or is still at work\n");
	else
		text_format(out, "%lu regions, %lu unreadable frames, %lu calls missing; see ipctrace check\n",
			    (unsigned long)loss->damage_regions, (unsigned long)loss->damaged_frames,
			    (unsigned long)loss->lost_uncounted);
	print_label(out, "Not seen");
	if (info->unseen)
		text_format(out,
			    "%lu programs that were started and never reported (static, setuid, of another machine or "
			    "with a cleared environment);\n%12s",
			    (unsigned long)info->unseen, "");
	text_put(out, "calls made inside libc and the dynamic linker, by system call instructions of a program's own, "
		      "or through "
		      "io_uring\n");
}

/* ---- the tree of processes ------------------------------------------------------------------------------------ */

/* Deeper ones stand at the root: a log can claim anything. */
#define TREE_DEPTH_MAX 64

struct tree_node {
	uint32_t first, last, next; /* children and sibling, INDEX_NONE at the end */
	uint32_t depth;
};

/* The processes by when they began, and the place of each in that order. */
struct tree {
	const struct trace_process *processes;
	uint32_t count;
	uint32_t *order, *place, *parent;
	struct tree_node *nodes; /* by place; node `count` is the root */
};

static int compare_begin(const void *a, const void *b, void *context)
{
	const struct trace_process *processes = context;
	const struct frame_process *left = &processes[*(const uint32_t *)a].seen;
	const struct frame_process *right = &processes[*(const uint32_t *)b].seen;

	if (left->ticks != right->ticks)
		return left->ticks < right->ticks ? -1 : 1;
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

/*
 * The place of the node that the one at `place` stands below: beside the same process's earlier image. INDEX_NONE: the
 * root.
 */
static uint32_t find_parent(const struct info *info, const struct tree *tree, uint32_t place)
{
	const struct frame_process *seen = &tree->processes[tree->order[place]].seen;
	const struct trace_process *before = NULL, *parent;
	uint32_t above;

	if (seen->ticks)
		before = trace_process_at(info->trace, seen->pid, seen->ticks - 1);
	if (before && tree->place[before - tree->processes] < place)
		return tree->parent[tree->place[before - tree->processes]];
	parent = trace_process_at(info->trace, seen->parent, seen->ticks);
	above = parent ? tree->place[parent - tree->processes] : INDEX_NONE;
	return parent && above < place && tree->nodes[above].depth < TREE_DEPTH_MAX ? above : INDEX_NONE;
}

static void tree_free(struct tree *tree)
{
	free(tree->order);
	free(tree->place);
	free(tree->parent);
	free(tree->nodes);
}

/* 0 or -ENOMEM. */
static int tree_build(const struct info *info, struct tree *tree)
{
	size_t count;

	*tree = (struct tree){.processes = trace_processes(info->trace, &count)};
	tree->count = (uint32_t)count;
	tree->order = calloc(count + 1, sizeof(*tree->order));
	tree->place = calloc(count + 1, sizeof(*tree->place));
	tree->parent = calloc(count + 1, sizeof(*tree->parent));
	tree->nodes = calloc(count + 1, sizeof(*tree->nodes));
	if (!tree->order || !tree->place || !tree->parent || !tree->nodes)
		return -ENOMEM;
	for (uint32_t i = 0; i <= count; i++) {
		tree->order[i] = i;
		tree->nodes[i] = (struct tree_node){INDEX_NONE, INDEX_NONE, INDEX_NONE, 0};
	}
	qsort_r(tree->order, count, sizeof(*tree->order), compare_begin, (void *)tree->processes);
	for (uint32_t i = 0; i < count; i++)
		tree->place[tree->order[i]] = i;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t parent = tree->parent[i] = find_parent(info, tree, i);
		struct tree_node *above = &tree->nodes[parent == INDEX_NONE ? count : parent];
		tree->nodes[i].depth = parent == INDEX_NONE ? 0 : above->depth + 1;
		if (above->last == INDEX_NONE)
			above->first = i;
		else
			tree->nodes[above->last].next = i;
		above->last = i;
	}
	return 0;
}

static void print_process(const struct trace_process *process, uint32_t depth, struct text *out)
{
	text_format(out, "%12s%*s%u ", "", 2 * (int)depth, "", process->seen.pid);
	if (process->seen.origin == PROCESS_FORK)
		text_put(out, "(fork)");
	else
		print_words(out, process->seen.argv, process->seen.argc);
	text_put(out, ", ");
	amount_count(out, process->events);
	text_put(out, " calls\n");
}

static void print_nodes(const struct tree *tree, uint32_t first, struct text *out)
{
	for (; first != INDEX_NONE; first = tree->nodes[first].next) {
		print_process(&tree->processes[tree->order[first]], tree->nodes[first].depth, out);
		print_nodes(tree, tree->nodes[first].first, out);
	}
}

static void print_processes(const struct info *info, struct text *out)
{
	struct tree tree;
	size_t threads;

	trace_threads(info->trace, &threads);
	if (tree_build(info, &tree))
		out->failed = true;
	print_label(out, "Images");
	text_format(out, "%u, with %lu threads\n", tree.count, (unsigned long)threads);
	if (!out->failed)
		print_nodes(&tree, tree.nodes[tree.count].first, out);
	tree_free(&tree);
}

static void print_text(const struct info *info, struct text *out)
{
	print_origin(info, out);
	print_settings(info, out);
	print_counts(info, out);
	print_trust(info, out);
	print_processes(info, out);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------- */

static void json_text(struct text *out, const char *key, const char *value)
{
	text_format(out, "\"%s\":", key);
	if (value)
		text_json_string(out, value);
	else
		text_put(out, "null");
	text_char(out, ',');
}

static void json_number(struct text *out, const char *key, uint64_t value)
{
	text_format(out, "\"%s\":%lu,", key, (unsigned long)value);
}

static void json_words(struct text *out, const char *key, const char *const *words, uint32_t count)
{
	text_format(out, "\"%s\":[", key);
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			text_char(out, ',');
		text_json_string(out, words[i]);
	}
	text_put(out, "],");
}

static void json_head(const struct info *info, struct text *out)
{
	const struct log_head *head = trace_head(info->trace);

	json_text(out, "trace", info->path);
	json_number(out, "bytes", log_size(trace_log(info->trace)));
	json_number(out, "frames", log_frames(trace_log(info->trace)));
	json_number(out, "format", head->format);
	json_text(out, "tool", head->tool_version);
	json_words(out, "command", head->command, head->command_count);
	json_text(out, "directory", head->directory);
	json_text(out, "host", head->host);
	json_text(out, "kernel", head->kernel);
	json_text(out, "machine", head->machine);
	json_text(out, "boot", head->boot_id);
	json_number(out, "created", head->created);
	json_number(out, "begin", trace_time(info->trace, info->begin));
	json_number(out, "end", trace_time(info->trace, info->end));
	json_text(out, "clock", head->clock_is_tsc ? "tsc" : "monotonic");
	json_text(out, "calls", head->filter);
	json_number(out, "payload", head->payload_limit);
	json_number(out, "stacks", head->stack_depth);
	json_text(out, "on_full", policy_name(head->full_policy));
	json_text(out, "redact", head->redact);
}

static void json_family(struct text *out, const char *family, uint64_t events, bool is_first)
{
	text_format(out, "%s\"%s\":%lu", is_first ? "" : ",", family, (unsigned long)events);
}

static void json_processes(const struct info *info, struct text *out)
{
	static const char *const origins[] = {
		[PROCESS_ROOT] = "root", [PROCESS_EXEC] = "exec", [PROCESS_FORK] = "fork"};
	size_t count;
	const struct trace_process *processes = trace_processes(info->trace, &count);

	text_put(out, "\"processes\":[");
	for (size_t i = 0; i < count; i++) {
		const struct frame_process *seen = &processes[i].seen;
		text_put(out, i ? ",{" : "{");
		json_number(out, "pid", seen->pid);
		json_number(out, "parent", seen->parent);
		json_text(out, "origin", seen->origin <= PROCESS_FORK ? origins[seen->origin] : NULL);
		json_number(out, "begin", trace_time(info->trace, seen->ticks));
		json_text(out, "exe", seen->exe);
		json_words(out, "argv", seen->argv, seen->argc);
		json_text(out, "cwd", seen->cwd);
		json_number(out, "events", processes[i].events);
		text_format(out, "\"lost\":%lu}", (unsigned long)processes[i].lost);
	}
	text_char(out, ']');
}

static void print_json(const struct info *info, struct text *out)
{
	const struct trace_loss *loss = trace_loss(info->trace);
	size_t threads;

	trace_threads(info->trace, &threads);
	text_char(out, '{');
	json_head(info, out);
	json_number(out, "events", loss->events);
	text_put(out, "\"families\":{");
	each_family(info, out, json_family);
	text_put(out, "},");
	json_number(out, "unfinished", info->unfinished);
	json_number(out, "threads", threads);
	json_number(out, "distinct_stacks", info->stacks);
	json_number(out, "lost", loss->lost);
	json_number(out, "lost_without_slot", loss->is_closed ? loss->end.lost_without_slot : 0);
	json_number(out, "missing", loss->lost_uncounted);
	json_number(out, "unreadable_frames", loss->damaged_frames);
	json_number(out, "damaged_regions", loss->damage_regions);
	text_format(out, "\"closed\":%s,\"salvaged\":%s,", loss->is_closed ? "true" : "false",
		    loss->is_salvaged ? "true" : "false");
	json_number(out, "images_never_seen", info->unseen);
	json_number(out, "catalogue", trace_catalogue(info->trace)->calls_count);
	json_processes(info, out);
	text_put(out, "}\n");
}

/* ---- the command ---------------------------------------------------------------------------------------------- */

static int tell(struct info *info, const struct info_settings *settings)
{
	struct output output = {.fd = STDOUT_FILENO};
	const char *what = info->path;
	int rc = gather(info);

	if (!rc) {
		(settings->json ? print_json : print_text)(info, &output.text);
		rc = output_flush(&output);
		what = output.is_unwritable ? "standard output" : what;
	}
	output_free(&output);
	if (rc < 0)
		fprintf(stderr, "ipctrace: %s: %s\n", what, strerror(-rc));
	return rc < 0 ? 2 : 0;
}

int command_info(int argc, char **argv)
{
	struct info_settings settings = {0};
	const struct trace_opening opening = {.unordered = true};
	int index = options_parse(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv);
	struct info info = {0};
	struct log_trouble trouble;
	int status;

	if (index < 0)
		return 2;
	if (argc - index != 1) {
		fprintf(stderr, "ipctrace info: expected one trace; see ipctrace info --help\n");
		return 2;
	}
	info.path = argv[index];
	if (trace_open(&info.trace, info.path, &opening, &trouble)) {
		fprintf(stderr, "ipctrace: %s\n", trouble.text);
		return 2;
	}
	status = tell(&info, &settings);
	info_free(&info);
	return status;
}
