// SPDX-License-Identifier: MIT
/*
 * `ipctrace info --json`: one object.
 */
#include "reader/info.h"
#include "reader/steered.h"

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
	json_text(out, "on_full", info_policy_name(head->full_policy));
	json_text(out, "redact", head->redact);
}

static void json_family(struct text *out, const char *family, uint64_t events, bool is_first)
{
	text_format(out, "%s\"%s\":%lu", is_first ? "" : ",", family, (unsigned long)events);
}

static void json_ending(struct text *out, const struct info *info, uint32_t status)
{
	text_put(out, "\"ended\":");
	if (status == UINT32_MAX)
		text_put(out, "null");
	else
		ending_print_json(out, trace_catalogue(info->trace), status);
}

static void json_processes(const struct info *info, struct text *out)
{
	static const char *const origins[] = {
		[PROCESS_ROOT] = "root", [PROCESS_EXEC] = "exec", [PROCESS_FORK] = "fork"};
	size_t count;
	const struct trace_process *processes = trace_processes(info->trace, &count);

	text_put(out, "\"processes\":[");
	for (size_t i = 0; i < count; i++) {
		const struct trace_process *process = &processes[info->order[i]];
		const struct frame_process *seen = &process->seen;
		text_put(out, i ? ",{" : "{");
		json_number(out, "pid", seen->pid);
		json_number(out, "parent", seen->parent);
		json_text(out, "origin", seen->origin <= PROCESS_FORK ? origins[seen->origin] : NULL);
		json_number(out, "begin", trace_time(info->trace, seen->ticks));
		json_text(out, "exe", seen->exe);
		json_words(out, "argv", seen->argv, seen->argc);
		json_text(out, "cwd", seen->cwd);
		json_number(out, "events", process->events);
		json_number(out, "lost", process->lost);
		json_ending(out, info, endings_find(&info->endings, info->trace, process));
		text_char(out, '}');
	}
	text_char(out, ']');
}

static void json_class(const struct info *info, struct text *out)
{
	struct class_verdict verdict;

	class_judge(&verdict, &info->class, info->trace, unseen_count(&info->unseen));
	text_put(out, "\"replay\":{");
	json_text(out, "class", class_name(verdict.level));
	json_number(out, "level", verdict.level);
	text_put(out, "\"reasons\":[");
	for (unsigned i = 0; i < verdict.count; i++) {
		text_put(out, i ? ",{" : "{");
		json_text(out, "not", class_name(verdict.reasons[i].level + 1));
		text_put(out, "\"why\":");
		text_json_string(out, verdict.reasons[i].text);
		text_char(out, '}');
	}
	text_put(out, "]},");
}

static void json_steered(const struct info *info, struct text *out)
{
	const struct steered steered = steered_sum(info->trace);

	text_put(out, "\"steered\":{");
	json_number(out, "suspensions", steered.suspensions);
	json_number(out, "suspended", steered.suspended);
	json_number(out, "selections", steered.selections);
	text_format(out, "\"marks\":%lu},", (unsigned long)steered.marks);
}

void info_print_json(const struct info *info, struct text *out)
{
	const struct trace_loss *loss = trace_loss(info->trace);
	size_t threads;

	trace_threads(info->trace, &threads);
	text_char(out, '{');
	json_head(info, out);
	json_number(out, "events", loss->events);
	text_put(out, "\"families\":{");
	info_each_family(info, out, json_family);
	text_put(out, "},");
	json_number(out, "unfinished", info->unfinished);
	json_number(out, "threads", threads);
	json_number(out, "distinct_stacks", info->stacks);
	json_number(out, "stacks_missed", loss->is_closed ? loss->end.stacks_missed : 0);
	json_number(out, "lost", loss->lost);
	json_number(out, "lost_without_slot", loss->is_closed ? loss->end.lost_without_slot : 0);
	json_number(out, "missing", loss->lost_uncounted);
	json_number(out, "unreadable_frames", loss->damaged_frames);
	json_number(out, "damaged_regions", loss->damage_regions);
	text_format(out, "\"closed\":%s,\"recording\":%s,\"salvaged\":%s,", loss->is_closed ? "true" : "false",
		    !loss->is_closed && trace_is_growing(info->trace) ? "true" : "false",
		    loss->is_salvaged ? "true" : "false");
	json_ending(out, info, ending_of_command(info->trace));
	text_char(out, ',');
	json_steered(info, out);
	json_number(out, "deep_loads", loss->is_closed ? loss->end.deep_loads : 0);
	json_number(out, "images_never_seen", unseen_count(&info->unseen));
	text_put(out, "\"never_seen\":[");
	for (size_t i = 0; i < info->unseen.count; i++) {
		text_put(out, i ? ",{" : "{");
		json_number(out, "pid", info->unseen.starts[i].pid);
		text_put(out, "\"path\":");
		text_json_string(out, info->unseen.starts[i].path ? info->unseen.starts[i].path : "");
		text_char(out, '}');
	}
	text_put(out, "],");
	json_number(out, "catalogue", trace_catalogue(info->trace)->calls_count);
	json_class(info, out);
	json_processes(info, out);
	text_put(out, "}\n");
}
