// SPDX-License-Identifier: MIT
/*
 * Opening of runs, what makes them incomparable, and the steps of a comparison.
 */
#include "reader/comparison.h"
#include "format/filter.h"
#include "format/trouble.h"
#include "reader/ending.h"
#include "reader/progress.h"
#include "reader/steered.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- runs ----------------------------------------------------------------------------------------------------- */

static void say_progress(void *context, uint64_t events)
{
	progress_add(context, 1u << 18);
}

static void note_losses(struct run *run)
{
	const struct trace_loss *loss = trace_loss(run->trace);

	run->lost = loss->is_closed ? loss->end.lost_full + loss->end.lost_without_slot + loss->end.lost_write +
					      loss->end.lost_invalid
				    : loss->lost;
	run->is_damaged = loss->damage_regions || loss->damaged_frames || loss->lost_uncounted;
	run->is_unfinished = !loss->is_closed;
}

struct reading {
	struct run *run;
	const struct canon_progress *progress;
};

static void *read_run(void *argument)
{
	struct reading *reading = argument;

	reading->run->error = canon_make(&reading->run->canon, reading->run->trace, reading->run->enabled,
					 reading->run->scope, &reading->run->common, reading->progress);
	return NULL;
}

static void *find_ports(void *argument)
{
	struct reading *reading = argument;

	reading->run->error = ports_find(&reading->run->seen, reading->run->trace);
	reading->run->common.seen = &reading->run->seen;
	return NULL;
}

/* Does it with all runs, two at a time. */
static int do_with_runs(struct run *runs, uint32_t count, void *(*work)(void *), const struct canon_progress *say)
{
	for (uint32_t i = 0; i < count; i += 2) {
		struct reading first = {&runs[i], say}, second = {&runs[i + 1], say};
		pthread_t thread;
		bool is_pair = i + 1 < count;
		bool is_parallel = is_pair && !pthread_create(&thread, NULL, work, &second);
		work(&first);
		if (is_parallel)
			pthread_join(thread, NULL);
		else if (is_pair)
			work(&second);
		for (uint32_t k = i; k < i + 2 && k < count; k++)
			if (runs[k].error)
				return runs[k].error;
	}
	return 0;
}

static int open_run(struct run *run, const char *path)
{
	struct trace_opening opening = {0};
	struct log_trouble trouble;

	*run = (struct run){.path = path};
	if (trace_open(&run->trace, path, &opening, &trouble)) {
		trouble_say("ipctrace: %s", trouble.text);
		run->trace = NULL;
		return 2;
	}
	return 0;
}

static const char *filter_of(const struct run *run)
{
	const struct log_head *head = trace_head(run->trace);

	return head && head->filter && *head->filter ? head->filter : "all";
}

static bool has_call(const struct run *run, const uint8_t *enabled, const char *name)
{
	const struct catalogue *catalogue = trace_catalogue(run->trace);

	for (unsigned i = 0; i < catalogue->calls_count; i++)
		if (!strcmp(catalogue->calls[i].name, name))
			return enabled[i];
	return false;
}

/* Takes out of `enabled` what `expression` does not select. */
static void filter_apply(const struct catalogue *catalogue, const char *expression, uint8_t *enabled)
{
	uint8_t *selected = malloc(catalogue->calls_count + 1u);
	char trouble[200];

	if (selected && !filter_parse(expression, catalogue, selected, trouble, sizeof(trouble)))
		for (unsigned i = 0; i < catalogue->calls_count; i++)
			enabled[i] &= selected[i];
	free(selected);
}

/* The calls that were selected whenever any were recorded. */
static uint8_t *read_filter(const struct run *run)
{
	const struct catalogue *catalogue = trace_catalogue(run->trace);
	uint8_t *enabled = malloc(catalogue->calls_count + 1u);
	size_t count;
	const struct object_control *controls = trace_controls(run->trace, &count);

	if (!enabled)
		return NULL;
	memset(enabled, 1, catalogue->calls_count);
	if (!count || controls[0].action != CONTROL_BEGIN)
		filter_apply(catalogue, filter_of(run), enabled);
	for (size_t i = 0; i < count; i++)
		if (!controls[i].is_suspended)
			filter_apply(catalogue, controls[i].selection, enabled);
	return enabled;
}

static bool selects_anew(const struct run *run)
{
	return steered_sum(run->trace).selections > 0;
}

/* Where runs recorded different calls, only what all recorded can be compared. */
static int choose_calls(struct run *runs, uint32_t count)
{
	bool all_alike = true;

	for (uint32_t i = 0; i < count; i++)
		all_alike &= !strcmp(filter_of(&runs[0]), filter_of(&runs[i])) && !selects_anew(&runs[i]);
	if (all_alike)
		return 0;
	uint8_t **recorded = calloc(count, sizeof(*recorded));
	int rc = recorded ? 0 : -ENOMEM;
	for (uint32_t i = 0; !rc && i < count; i++) {
		recorded[i] = read_filter(&runs[i]);
		runs[i].enabled = read_filter(&runs[i]);
		rc = recorded[i] && runs[i].enabled ? 0 : -ENOMEM;
	}
	for (uint32_t i = 0; !rc && i < count; i++) {
		const struct catalogue *catalogue = trace_catalogue(runs[i].trace);
		for (unsigned call = 0; call < catalogue->calls_count; call++)
			for (uint32_t k = 0; k < count; k++)
				runs[i].enabled[call] &= has_call(&runs[k], recorded[k], catalogue->calls[call].name);
	}
	for (uint32_t i = 0; recorded && i < count; i++)
		free(recorded[i]);
	free(recorded);
	return rc;
}

/* Of payloads that one run kept whole and another one cut off, what was kept cannot be compared. */
static void choose_payload(struct run *runs, uint32_t count)
{
	uint32_t least = UINT32_MAX;

	for (uint32_t i = 0; i < count; i++) {
		const struct log_head *head = trace_head(runs[i].trace);
		if (head && head->payload_limit < least)
			least = (uint32_t)head->payload_limit;
	}
	for (uint32_t i = 0; i < count; i++)
		runs[i].common.payload_limit = least;
}

static void list_pids(const struct run *run, uint32_t *pids, uint32_t *count)
{
	size_t threads_count;
	const struct trace_thread *threads = trace_threads(run->trace, &threads_count);

	for (size_t i = 0; i < threads_count; i++) {
		pids[(*count)++] = threads[i].seen.pid;
		if (threads[i].seen.tid != threads[i].seen.pid)
			pids[(*count)++] = threads[i].seen.tid;
	}
}

/* Every run has a list of its own, to be freed with it. */
static int gather_pids(struct run *runs, uint32_t count)
{
	size_t room = 1;

	for (uint32_t i = 0; i < count; i++) {
		size_t threads_count;
		trace_threads(runs[i].trace, &threads_count);
		room += 2 * threads_count;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct canon_common *common = &runs[i].common;
		common->pids = runs[i].pids = malloc(room * sizeof(*runs[i].pids));
		if (!runs[i].pids)
			return -ENOMEM;
		for (uint32_t k = 0; k < count; k++)
			list_pids(&runs[k], runs[i].pids, &common->pids_count);
	}
	return 0;
}

/* Every run has a copy, and those of its own, to be freed with it. */
static int gather_ports(struct run *runs, uint32_t count)
{
	struct shared_ports shared = {NULL, 0};
	int rc = do_with_runs(runs, count, find_ports, NULL);

	for (uint32_t i = 0; !rc && i < count; i++)
		rc = ports_share(&shared, &runs[i].seen);
	for (uint32_t i = 0; !rc && i < count; i++) {
		runs[i].ports = malloc((shared.count + 1ull) * sizeof(*runs[i].ports));
		if (!runs[i].ports) {
			rc = -ENOMEM;
			break;
		}
		memcpy(runs[i].ports, shared.ports, shared.count * sizeof(*shared.ports));
		runs[i].common.ports = runs[i].ports;
		runs[i].common.ports_count = shared.count;
	}
	free(shared.ports);
	return rc;
}

int runs_open(struct run *runs, const char *const *paths, const struct canon_scope *scopes, uint32_t count,
	      bool show_progress)
{
	struct progress progress;
	struct canon_progress say = {say_progress, &progress};
	int rc = 0;

	progress_begin(&progress, show_progress);
	memset(runs, 0, count * sizeof(*runs));
	for (uint32_t i = 0; i < count; i++)
		if (open_run(&runs[i], paths[i]))
			return 2;
	for (uint32_t i = 0; i < count; i++) {
		note_losses(&runs[i]);
		runs[i].scope = scopes ? &scopes[i] : NULL;
	}
	choose_payload(runs, count);
	rc = choose_calls(runs, count);
	if (!rc)
		rc = gather_pids(runs, count);
	if (!rc)
		rc = gather_ports(runs, count);
	if (!rc)
		rc = do_with_runs(runs, count, read_run, &say);
	progress_end(&progress);
	if (rc)
		trouble_say("ipctrace: reading: %s", strerror(-rc));
	return rc ? 2 : 0;
}

void run_free(struct run *run)
{
	canon_free(&run->canon);
	trace_close(run->trace);
	free(run->enabled);
	free(run->pids);
	free(run->ports);
	free(run->seen.rows);
	*run = (struct run){0};
}

/* ---- what makes them incomparable ----------------------------------------------------------------------------- */

/* Names of programs and files are in it, and it is going to be printed as it is: no byte steers a terminal. */
static void add_note(struct comparison *comparison, bool is_incomplete, const char *format, va_list values)
{
	char *text = NULL;

	comparison->is_incomplete |= is_incomplete;
	if (comparison->notes_count >= NOTES_MAX || vasprintf(&text, format, values) < 0)
		return;
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	comparison->notes[comparison->notes_count++] = (struct note){text, is_incomplete};
}

void comparison_note(struct comparison *comparison, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	add_note(comparison, false, format, values);
	va_end(values);
}

/* The same of what keeps the runs from being compared in full. */
__attribute__((format(printf, 2, 3))) static void note_incomplete(struct comparison *comparison, const char *format,
								  ...)
{
	va_list values;

	va_start(values, format);
	add_note(comparison, true, format, values);
	va_end(values);
}

const char *comparison_trouble(const struct comparison *comparison)
{
	for (uint32_t i = 0; i < comparison->notes_count; i++)
		if (comparison->notes[i].is_incomplete)
			return comparison->notes[i].text;
	return NULL;
}

static const char *program_of(const struct run *run)
{
	const struct log_head *head = trace_head(run->trace);
	const char *command = head && head->command_count ? head->command[0] : "";
	const char *slash = strrchr(command, '/');

	return slash ? slash + 1 : command;
}

static void note_run(struct comparison *comparison, const struct run *run)
{
	if (run->lost)
		note_incomplete(comparison, "%s: %llu calls were lost while recording", run->path,
				(unsigned long long)run->lost);
	if (run->is_damaged)
		note_incomplete(comparison, "%s: the trace is damaged; see ipctrace check", run->path);
	else if (run->is_unfinished)
		note_incomplete(comparison, "%s: the trace was cut off, or is still being written", run->path);
	if (!run->canon.events)
		note_incomplete(comparison, "%s: no calls were recorded", run->path);
}

static void note_steered(struct comparison *comparison, const struct run *old, const struct run *new)
{
	const struct run *const runs[SIDES] = {old, new};
	struct text spelled[SIDES] = {0}, words[SIDES] = {0};

	for (int side = 0; side < SIDES; side++) {
		const struct steered steered = steered_sum(runs[side]->trace);
		steered_spell(runs[side]->trace, &spelled[side]);
		steered_print(&steered, &words[side]);
		if (!words[side].size)
			text_put(&words[side], "not steered");
	}
	if (strcmp(text_string(&spelled[SIDE_OLD]), text_string(&spelled[SIDE_NEW])))
		note_incomplete(comparison,
				"recorded with pauses or selections of their own (old: %s; new: %s): what one of them "
				"left out counts as a difference",
				text_string(&words[SIDE_OLD]), text_string(&words[SIDE_NEW]));
	for (int side = 0; side < SIDES; side++) {
		text_free(&spelled[side]);
		text_free(&words[side]);
	}
}

static void note_settings(struct comparison *comparison, const struct run *old, const struct run *new)
{
	const struct log_head *a = trace_head(old->trace), *b = trace_head(new->trace);

	if (strcmp(program_of(old), program_of(new)))
		comparison_note(comparison, "these are different programs: %s and %s", program_of(old),
				program_of(new));
	if (strcmp(filter_of(old), filter_of(new)))
		note_incomplete(comparison, "recorded with -e %s and -e %s: only calls in both are compared",
				filter_of(old), filter_of(new));
	if (a && b && a->payload_limit != b->payload_limit)
		comparison_note(comparison,
				"%llu and %llu bytes of each payload were kept: times and numbers in longer ones count",
				(unsigned long long)a->payload_limit, (unsigned long long)b->payload_limit);
}

/* ---- comparing ------------------------------------------------------------------------------------------------ */

/* A difference for each reason why there can be no verdict, so that programs find all in one list. */
static int add_incomplete(struct comparison *comparison)
{
	const struct edits *edits = &comparison->edits;

	if (edits->unaligned[SIDE_OLD] || edits->unaligned[SIDE_NEW])
		note_incomplete(comparison, "%llu calls against %llu have too little in common to be aligned",
				(unsigned long long)edits->unaligned[SIDE_OLD],
				(unsigned long long)edits->unaligned[SIDE_NEW]);
	for (uint32_t i = 0; i < comparison->notes_count; i++) {
		if (!comparison->notes[i].is_incomplete)
			continue;
		struct difference *added = difference_add(&comparison->differences);
		if (!added)
			return -ENOMEM;
		added->class = CLASS_INCOMPLETE;
		added->explanation = strdup(comparison->notes[i].text);
		if (!added->explanation)
			return -ENOMEM;
	}
	return 0;
}

/* What a run ended with, for people; NULL without memory. */
static char *ending_told(struct run *run, uint32_t status)
{
	struct text words = {0};

	ending_print(&words, trace_catalogue(run->trace), status);
	char *told = words.failed ? NULL : strdup(text_string(&words));
	text_free(&words);
	return told;
}

/* A command that crashed when all its calls were made has made the same calls. */
static int add_ending(struct comparison *comparison, struct run *old, struct run *new)
{
	uint32_t before = ending_of_command(old->trace), after = ending_of_command(new->trace);

	if (old->scope || new->scope || before == UINT32_MAX || after == UINT32_MAX || before == after)
		return 0;
	struct difference *added = difference_add(&comparison->differences);
	if (!added)
		return -ENOMEM;
	added->class = CLASS_RESULT;
	added->order = UINT64_MAX;
	added->call = strdup("exit");
	added->field = strdup("status");
	added->old = ending_told(old, before);
	added->new = ending_told(new, after);
	added->explanation = strdup("of the command itself");
	return added->call && added->field && added->old && added->new && added->explanation ? 0 : -ENOMEM;
}

int comparison_make(struct comparison *comparison, struct run *old, struct run *new, uint32_t detailed)
{
	struct canon *canons[SIDES] = {&old->canon, &new->canon};
	int rc;

	*comparison = (struct comparison){.runs = {old, new}};
	note_run(comparison, old);
	note_run(comparison, new);
	note_settings(comparison, old, new);
	note_steered(comparison, old, new);
	rc = pairing_make(&comparison->pairing, canons[SIDE_OLD], canons[SIDE_NEW]);
	if (!rc)
		rc = strands_make(comparison->strands, &comparison->pairing, canons);
	if (!rc)
		rc = edits_find(&comparison->edits, &comparison->pairing, comparison->strands);
	if (!rc)
		rc = differences_make(&comparison->differences, &comparison->edits, &comparison->pairing,
				      comparison->strands);
	if (!rc)
		rc = differences_look(&comparison->differences, detailed, &comparison->edits, &comparison->pairing,
				      comparison->strands);
	if (!rc)
		rc = add_ending(comparison, old, new);
	if (!rc)
		rc = add_incomplete(comparison);
	if (!rc)
		differences_sort(&comparison->differences);
	return rc;
}

void comparison_free(struct comparison *comparison)
{
	for (uint32_t i = 0; i < comparison->notes_count; i++)
		free(comparison->notes[i].text);
	differences_free(&comparison->differences);
	free(comparison->edits.rows);
	strands_free(&comparison->strands[SIDE_OLD]);
	strands_free(&comparison->strands[SIDE_NEW]);
	pairing_free(&comparison->pairing);
	*comparison = (struct comparison){0};
}
