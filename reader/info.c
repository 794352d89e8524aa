// SPDX-License-Identifier: MIT
/*
 * `ipctrace info`: what a trace is and how far it can be trusted. Counts without putting anything in order.
 */
#include "format/live.h"
#include "format/trouble.h"
#include "reader/command.h"
#include "reader/info.h"
#include "reader/option.h"
#include "reader/output.h"
#include "reader/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct info_settings {
	bool json;
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

static void count_batch(struct info *info, const struct batch_view *batch)
{
	for (uint32_t i = 0; i < batch->count; i++) {
		const struct batch_shape *shape = &batch->shapes[batch->shape[i]];
		uint64_t end = batch->enter[i] + batch->duration[i];
		info->calls[shape->call_index]++;
		info->begin = batch->enter[i] < info->begin ? batch->enter[i] : info->begin;
		info->end = end > info->end ? end : info->end;
	}
}

static int compare_begin(const void *a, const void *b, void *context)
{
	const struct trace_process *processes = context;
	const struct frame_process *left = &processes[*(const uint32_t *)a].seen;
	const struct frame_process *right = &processes[*(const uint32_t *)b].seen;

	if (left->ticks != right->ticks)
		return left->ticks < right->ticks ? -1 : 1;
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

static int order_processes(struct info *info)
{
	size_t count;
	const struct trace_process *processes = trace_processes(info->trace, &count);

	info->order = calloc(count + 1, sizeof(*info->order));
	if (!info->order)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		info->order[i] = i;
	qsort_r(info->order, count, sizeof(*info->order), compare_begin, (void *)processes);
	return 0;
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
		for (uint32_t b = 0; !rc && b < frame->batches_count; b++) {
			count_batch(info, &frame->batches[b]);
			rc = unseen_gather(&info->unseen, &frame->batches[b]);
			rc = rc ? rc : endings_gather(&info->endings, &frame->batches[b]);
			rc = rc ? rc : class_count_batch(&info->class, &frame->batches[b]);
		}
		if (rc)
			continue;
		info->unfinished += frame->unfinished_count;
		info->stacks += frame->stacks_count;
	}
	frame_free(frame);
	if (info->begin == UINT64_MAX)
		info->begin = info->end = 0;
	unseen_judge(&info->unseen, info->trace);
	endings_sort(&info->endings);
	return rc < 0 ? rc : order_processes(info);
}

static void info_free(struct info *info)
{
	free(info->calls);
	free(info->order);
	unseen_free(&info->unseen);
	free(info->endings.rows);
	class_count_free(&info->class);
	trace_close(info->trace);
}

/* ---- shared by both forms -----------------------------------------------------------------------------------------
 */

void info_each_family(const struct info *info, struct text *out,
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

static const char *const policy_names[] = {[FULL_WAIT] = "wait", [FULL_DROP] = "drop", [FULL_OVERWRITE] = "overwrite"};

const char *info_policy_name(uint32_t policy)
{
	return policy < sizeof(policy_names) / sizeof(policy_names[0]) ? policy_names[policy] : "?";
}

/* ---- the command ---------------------------------------------------------------------------------------------- */

static int tell(struct info *info, const struct info_settings *settings)
{
	struct output output = {.fd = STDOUT_FILENO};
	const char *what = info->path;
	int rc = gather(info);

	if (!rc) {
		(settings->json ? info_print_json : info_print_text)(info, &output.text);
		rc = output_flush(&output);
		what = output.is_unwritable ? "standard output" : what;
	}
	output_free(&output);
	if (rc < 0)
		trouble_say("ipctrace: %s: %s", what, strerror(-rc));
	return rc < 0 ? 2 : 0;
}

int command_info(int argc, char **argv)
{
	struct info_settings settings = {0};
	const struct trace_opening opening = {.unordered = true};
	int index = options_parse_mixed(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv, argc);
	struct info info = {0};
	struct log_trouble trouble;
	int status;

	if (index < 0)
		return 2;
	if (argc - index != 1) {
		trouble_say("ipctrace info: expected one trace; see ipctrace info --help");
		return 2;
	}
	info.path = argv[index];
	if (trace_open(&info.trace, info.path, &opening, &trouble)) {
		trouble_say("ipctrace: %s", trouble.text);
		return 2;
	}
	status = tell(&info, &settings);
	info_free(&info);
	return status;
}
