// SPDX-License-Identifier: MIT
/*
 * `ipctrace check`: is a trace whole, and if not, what is missing; and a whole log made of what can be read.
 */
#include "reader/command.h"
#include "reader/option.h"
#include "reader/repair.h"
#include "reader/trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_WHOLE	  0
#define STATUS_NO_TRACE	  2
#define STATUS_INCOMPLETE 4

struct check_settings {
	const char *repaired;
	bool quiet;
};

static int set_repair(void *settings, const char *value)
{
	((struct check_settings *)settings)->repaired = value;
	return 0;
}

static int set_quiet(void *settings, const char *value)
{
	((struct check_settings *)settings)->quiet = true;
	return 0;
}

static const struct option_spec options[] = {
	{0, NULL, "[OPTION]... TRACE", "ipctrace check server.ipct", NULL},
	{0, "repair", "FILE", "write everything that can be read to FILE, as a whole trace", set_repair},
	{'q', "quiet", NULL, "say nothing but what went wrong with the check itself", set_quiet},
	{0, NULL, NULL, "ipctrace check --repair saved.ipct torn.ipct", NULL},
};

/* ---- checking ------------------------------------------------------------------------------------------------- */

static void say_damage(const struct log_damage *damage)
{
	if (damage->bytes)
		printf("  offset %lu, %lu bytes: %s\n", (unsigned long)damage->offset, (unsigned long)damage->bytes,
		       damage->why);
	else
		printf("  offset %lu: %s\n", (unsigned long)damage->offset, damage->why);
}

/* What the log says was lost, which is no damage, and how it ended. */
static bool say_account(const struct trace_loss *loss, bool quiet)
{
	const struct object_end *end = &loss->end;
	bool is_whole = loss->is_closed;

	if (!quiet && loss->is_salvaged)
		printf("  its collector did not finish: the end was read from the live area beside it\n");
	else if (!quiet && !loss->is_closed)
		printf("  its collector did not finish, or has not finished yet\n");
	if (loss->is_closed && (end->lost_full | end->lost_without_slot | end->lost_write | end->lost_invalid)) {
		is_whole = false;
		if (!quiet)
			printf("  lost while recording: %lu calls because a buffer was full, %lu without a buffer, %lu "
			       "that "
			       "could not be written, %lu that did not hold together\n",
			       (unsigned long)end->lost_full, (unsigned long)end->lost_without_slot,
			       (unsigned long)end->lost_write, (unsigned long)end->lost_invalid);
	} else if (loss->lost) {
		is_whole = false;
		if (!quiet)
			printf("  lost while recording: %lu calls\n", (unsigned long)loss->lost);
	}
	return is_whole;
}

static int check_trace(struct trace *trace, const char *path, bool quiet)
{
	const struct trace_loss *loss = trace_loss(trace);
	const struct log_damage *damage;
	size_t count = 0;
	int rc = log_check(trace_log(trace));
	bool is_whole;

	if (rc) {
		fprintf(stderr, "ipctrace: %s: %s\n", path, strerror(-rc));
		return STATUS_NO_TRACE;
	}
	damage = log_damage(trace_log(trace), &count);
	if (!quiet)
		printf("%s: %lu frames, %lu bytes, %lu calls\n", path, (unsigned long)log_frames(trace_log(trace)),
		       (unsigned long)log_size(trace_log(trace)), (unsigned long)loss->events);
	for (size_t i = 0; i < count && !quiet; i++)
		say_damage(&damage[i]);
	is_whole = say_account(loss, quiet) && !count;
	if (!quiet)
		printf("%s: %s\n", path, is_whole ? "whole" : count ? "damaged" : "incomplete");
	return is_whole ? STATUS_WHOLE : STATUS_INCOMPLETE;
}

/* ---- the command ---------------------------------------------------------------------------------------------- */

static int repair_trace(struct trace *trace, const char *path, const struct check_settings *settings)
{
	struct repair_account account;
	int rc = repair_write(trace, path, settings->repaired, &account);

	if (rc) {
		fprintf(stderr, "ipctrace: %s: %s\n", settings->repaired, strerror(-rc));
		return STATUS_NO_TRACE;
	}
	if (!settings->quiet)
		printf("%s: %lu frames written, %lu missing calls now counted as lost\n", settings->repaired,
		       (unsigned long)account.frames, (unsigned long)account.missing);
	return STATUS_WHOLE;
}

/* Goes through all frames, so that processes and losses are known. */
static int read_all(struct trace *trace)
{
	struct frame *frame = NULL;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < trace_frames(trace); i++)
		rc = trace_frame_read(trace, i, &frame);
	frame_free(frame);
	return rc < 0 ? rc : 0;
}

int command_check(int argc, char **argv)
{
	struct check_settings settings = {0};
	const struct trace_opening opening = {.unordered = true};
	int index = options_parse(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv);
	struct log_trouble trouble;
	struct trace *trace;
	int status, repaired = 0;

	if (index < 0)
		return STATUS_NO_TRACE;
	if (argc - index != 1) {
		fprintf(stderr, "ipctrace check: expected one trace; see ipctrace check --help\n");
		return STATUS_NO_TRACE;
	}
	if (trace_open(&trace, argv[index], &opening, &trouble)) {
		fprintf(stderr, "ipctrace: %s\n", trouble.text);
		return STATUS_NO_TRACE;
	}
	if (read_all(trace)) {
		fprintf(stderr, "ipctrace: %s: out of memory\n", argv[index]);
		trace_close(trace);
		return STATUS_NO_TRACE;
	}
	status = check_trace(trace, argv[index], settings.quiet);
	if (status != STATUS_NO_TRACE && settings.repaired)
		repaired = repair_trace(trace, argv[index], &settings);
	trace_close(trace);
	if (fflush(stdout) && errno != EPIPE) {
		fprintf(stderr, "ipctrace: standard output: %s\n", strerror(errno));
		return STATUS_NO_TRACE;
	}
	return repaired ? repaired : status;
}
