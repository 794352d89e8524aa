// SPDX-License-Identifier: MIT
/*
 * `ipctrace info` for people: labels, counts, and the tree of processes.
 */
#include "reader/amount.h"
#include "reader/info.h"
#include "reader/steered.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of a command line, that much is shown at least. */
#define WORDS_SIZE 1000

static void print_label(struct text *out, const char *label)
{
	text_format(out, "%-12s", label);
}

/* Text of a log may be anything, and goes to a terminal. */
static void print_foreign(struct text *out, const char *text)
{
	text_escape(out, (const uint8_t *)text, strlen(text));
}

static void print_word(struct text *out, const char *word, size_t most)
{
	size_t size = strlen(word);

	text_escape(out, (const uint8_t *)word, size < most ? size : most);
	if (size <= most)
		return;
	text_put(out, "... (");
	amount_bytes(out, size);
	text_char(out, ')');
}

/* Of many words, as a shell makes of `*`, the first: --json has all. */
static void print_words(struct text *out, const char *const *words, uint32_t count)
{
	size_t begin = out->size;

	for (uint32_t i = 0; i < count; i++) {
		if (i)
			text_char(out, ' ');
		if (out->size - begin > WORDS_SIZE) {
			text_put(out, "... (");
			amount_count(out, count);
			text_put(out, " words)");
			return;
		}
		print_word(out, words[i], WORDS_SIZE);
	}
}

static void print_moment(struct text *out, uint64_t ns)
{
	amount_moment(out, ns, "%Y-%m-%d %H:%M:%S %z");
}

/* Until the last that the collector wrote: a program that hangs makes no calls. */
static uint64_t recorded_ns(const struct info *info, const struct log_head *head)
{
	uint64_t end = trace_time(info->trace, trace_last_anchor(info->trace).ticks);

	return end > head->created ? end - head->created
				   : trace_span(info->trace, info->begin, info->end - info->begin);
}

static void print_origin(const struct info *info, struct text *out)
{
	const struct log_head *head = trace_head(info->trace);

	print_label(out, "Trace");
	text_format(out, "%s (", info->path);
	amount_bytes(out, log_size(trace_log(info->trace)));
	text_format(out, ", %lu frames, format %u, written by ipctrace ",
		    (unsigned long)log_frames(trace_log(info->trace)), head->format);
	print_foreign(out, head->tool_version ? head->tool_version : "?");
	text_put(out, ")\n");
	print_label(out, "Command");
	print_words(out, head->command, head->command_count);
	text_char(out, '\n');
	if (head->directory) {
		print_label(out, "Directory");
		print_foreign(out, head->directory);
		text_char(out, '\n');
	}
	print_label(out, "Host");
	print_foreign(out, head->host ? head->host : "?");
	text_put(out, ", ");
	print_foreign(out, head->kernel ? head->kernel : "?");
	text_put(out, ", ");
	print_foreign(out, head->machine ? head->machine : "?");
	text_char(out, '\n');
	print_label(out, "Recorded");
	print_moment(out, head->created);
	text_put(out, ", for ");
	amount_time(out, recorded_ns(info, head));
	text_put(out, trace_is_growing(info->trace) ? " so far" : "");
	text_char(out, '\n');
	if (ending_of_command(info->trace) != UINT32_MAX) {
		print_label(out, "Ended");
		ending_print(out, trace_catalogue(info->trace), ending_of_command(info->trace));
		text_char(out, '\n');
	}
	print_label(out, "Clock");
	text_put(out, head->clock_is_tsc ? "time stamp counter" : "CLOCK_MONOTONIC");
	if (head->clock_is_tsc)
		text_format(out, ", %.3f ticks a ns", trace_ticks_per_ns(info->trace));
	text_char(out, '\n');
}

static void print_settings(const struct info *info, struct text *out)
{
	const struct log_head *head = trace_head(info->trace);

	print_label(out, "Settings");
	text_put(out, "calls ");
	print_foreign(out, head->filter && *head->filter ? head->filter : "all");
	text_format(out, ", payload %u bytes, stacks %u deep, when full %s", head->payload_limit, head->stack_depth,
		    info_policy_name(head->full_policy));
	if (head->redact && *head->redact) {
		text_put(out, ", left out ");
		print_foreign(out, head->redact);
	}
	text_char(out, '\n');
}

/* So many are listed at most. */
#define CONTROLS_MAX 20

static void print_steered(const struct info *info, struct text *out)
{
	const struct steered steered = steered_sum(info->trace);
	size_t count;
	const struct object_control *controls = trace_controls(info->trace, &count);

	if (!count)
		return;
	print_label(out, "Steered");
	steered_print(&steered, out);
	if (steered.marks)
		text_format(out, "%s%lu mark%s", steered.suspensions || steered.selections ? "; " : "",
			    (unsigned long)steered.marks, steered.marks == 1 ? "" : "s");
	text_char(out, '\n');
	for (size_t i = 0; i < count && i < CONTROLS_MAX; i++) {
		print_label(out, "");
		print_moment(out, trace_time(info->trace, controls[i].ticks));
		text_put(out, " ");
		steered_print_control(&controls[i], out);
		text_char(out, '\n');
	}
	if (count > CONTROLS_MAX)
		text_format(out, "%12sand %lu more; see ipctrace print\n", "", (unsigned long)(count - CONTROLS_MAX));
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
	info_each_family(info, out, print_family);
	text_char(out, '\n');
	if (info->unfinished) {
		print_label(out, "");
		amount_count(out, info->unfinished);
		text_put(out, " more had begun and did not end; see ipctrace report --by unfinished\n");
	}
	if (loss->is_closed && loss->end.stacks_missed) {
		print_label(out, "");
		amount_count(out, loss->end.stacks_missed);
		text_put(out, " without their stacks, as the unwinder was not to be had\n");
	}
	print_label(out, "Catalogue");
	text_format(out, "%u calls, %u structs, %u sets of names\n", trace_catalogue(info->trace)->calls_count,
		    trace_catalogue(info->trace)->structs_count,
		    trace_catalogue(info->trace)->flags_count + trace_catalogue(info->trace)->enums_count);
}

/* So many are named. */
#define UNSEEN_NAMED 10

static void print_unseen(const struct unseen *unseen, struct text *out)
{
	uint64_t count = unseen_count(unseen);

	if (!count)
		return;
	amount_count(out, count);
	text_format(out,
		    " program%s started and never reported (static, setuid, of another machine or with a cleared "
		    "environment)%s\n",
		    count == 1 ? " that was" : "s that were", unseen->count ? ":" : ";");
	for (size_t i = 0; i < unseen->count && i < UNSEEN_NAMED; i++) {
		text_format(out, "%14s%u ", "", unseen->starts[i].pid);
		print_foreign(out, unseen->starts[i].path ? unseen->starts[i].path : "(by a descriptor)");
		text_char(out, '\n');
	}
	if (unseen->count > UNSEEN_NAMED)
		text_format(out, "%14s... and %lu more; --json has all\n", "",
			    (unsigned long)(unseen->count - UNSEEN_NAMED));
	text_format(out, "%12s", "");
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
		text_put(out, loss->is_closed		      ? "none\n"
			      : trace_is_growing(info->trace) ? "none seen; it is still being recorded\n"
							      : "none seen; its collector was killed\n");
	else
		text_format(out, "%lu regions, %lu unreadable frames, %lu calls missing; see ipctrace check\n",
			    (unsigned long)loss->damage_regions, (unsigned long)loss->damaged_frames,
			    (unsigned long)loss->lost_uncounted);
	print_label(out, "Not seen");
	print_unseen(&info->unseen, out);
	if (loss->is_closed && loss->end.deep_loads) {
		text_put(out, "what libraries call that were loaded with RTLD_DEEPBIND (");
		amount_count(out, loss->end.deep_loads);
		text_format(out, " of them; record --shallow sees it);\n%12s", "");
	}
	text_put(out, "calls made inside libc and the dynamic linker, by system call instructions of a program's own, "
		      "or through "
		      "io_uring\n");
}

/* What it can be replayed as, and what stands against more. */
static void print_class(const struct info *info, struct text *out)
{
	struct class_verdict verdict;

	class_judge(&verdict, &info->class, info->trace, unseen_count(&info->unseen));
	print_label(out, "Replay");
	for (unsigned level = 0; level <= verdict.level; level++)
		text_format(out, "%s%s", level ? ", " : "", class_name((enum class_level)level));
	text_char(out, '\n');
	for (unsigned i = 0; i < verdict.count; i++)
		text_format(out, "%12sno %s: %s\n", "", class_name(verdict.reasons[i].level + 1),
			    verdict.reasons[i].text);
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
	const uint32_t *order;
	uint32_t *place, *parent;
	struct tree_node *nodes; /* by place; node `count` is the root */
};

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
	free(tree->place);
	free(tree->parent);
	free(tree->nodes);
}

/* 0 or -ENOMEM. */
static int tree_build(const struct info *info, struct tree *tree)
{
	size_t count;

	*tree = (struct tree){.processes = trace_processes(info->trace, &count), .order = info->order};
	tree->count = (uint32_t)count;
	tree->place = calloc(count + 1, sizeof(*tree->place));
	tree->parent = calloc(count + 1, sizeof(*tree->parent));
	tree->nodes = calloc(count + 1, sizeof(*tree->nodes));
	if (!tree->place || !tree->parent || !tree->nodes)
		return -ENOMEM;
	for (uint32_t i = 0; i <= count; i++)
		tree->nodes[i] = (struct tree_node){INDEX_NONE, INDEX_NONE, INDEX_NONE, 0};
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

/* Those that end well are not worth a word. */
static void print_process_end(const struct info *info, const struct trace_process *process, struct text *out)
{
	uint32_t status = endings_find(&info->endings, info->trace, process);

	if (!status || status == UINT32_MAX)
		return;
	text_put(out, ", ");
	ending_print(out, trace_catalogue(info->trace), status);
}

static void print_process(const struct info *info, const struct trace_process *process, uint32_t depth,
			  struct text *out)
{
	text_format(out, "%12s%*s%u ", "", 2 * (int)depth, "", process->seen.pid);
	if (process->seen.origin == PROCESS_FORK)
		text_put(out, "(fork)");
	else
		print_words(out, process->seen.argv, process->seen.argc);
	text_put(out, ", ");
	amount_count(out, process->events);
	text_put(out, process->events == 1 ? " call" : " calls");
	print_process_end(info, process, out);
	text_char(out, '\n');
}

static void print_nodes(const struct info *info, const struct tree *tree, uint32_t first, struct text *out)
{
	for (; first != INDEX_NONE; first = tree->nodes[first].next) {
		print_process(info, &tree->processes[tree->order[first]], tree->nodes[first].depth, out);
		print_nodes(info, tree, tree->nodes[first].first, out);
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
	text_format(out, "%u, with %lu thread%s\n", tree.count, (unsigned long)threads, threads == 1 ? "" : "s");
	if (!out->failed)
		print_nodes(info, &tree, tree.nodes[tree.count].first, out);
	tree_free(&tree);
}

void info_print_text(const struct info *info, struct text *out)
{
	print_origin(info, out);
	print_settings(info, out);
	print_steered(info, out);
	print_counts(info, out);
	print_trust(info, out);
	print_class(info, out);
	print_processes(info, out);
}
