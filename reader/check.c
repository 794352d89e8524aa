// SPDX-License-Identifier: MIT
/*
 * `ipctrace check`: is a trace whole, and if not, what is missing; and a whole log made of what can be read.
 */
#include "reader/command.h"
#include "format/trouble.h"
#include "reader/option.h"
#include "reader/repair.h"
#include "reader/text.h"
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
	bool quiet, json;
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

static int set_json(void *settings, const char *value)
{
	((struct check_settings *)settings)->json = true;
	return 0;
}

static const struct option_spec options[] = {
	{0, NULL, "[OPTION]... TRACE", "ipctrace check server.ipct", NULL},
	{0, "repair", "FILE", "write everything that can be read to FILE, as a whole trace", set_repair},
	{0, "json", NULL, "one JSON object", set_json},
	{'q', "quiet", NULL, "say nothing but what went wrong with the check itself", set_quiet},
	{0, NULL, NULL, "ipctrace check --repair saved.ipct torn.ipct", NULL},
};

/* ---- checking ------------------------------------------------------------------------------------------------- */

/* Damage that is listed for people; who has more knows by then. */
#define DAMAGE_SHOWN 20

/* What there is to say of a trace. */
struct account {
	const char *path;
	const struct trace_loss *loss;
	const struct log_damage *damage; /* of the log */
	size_t damage_count;
	uint64_t frames, bytes;
	bool is_whole, is_growing;
	struct repair_account repair; /* when it was repaired */
};

/* What the log says was lost while recording is no damage, but not whole either. */
static bool has_losses(const struct trace_loss *loss)
{
	const struct object_end *end = &loss->end;

	return loss->lost ||
	       (loss->is_closed && (end->lost_full | end->lost_without_slot | end->lost_write | end->lost_invalid));
}

/* 0 or -errno. */
static int account_make(struct account *account, struct trace *trace)
{
	struct log *log = trace_log(trace);
	int rc = log_check(log);

	if (rc)
		return rc;
	account->loss = trace_loss(trace);
	account->damage = log_damage(log, &account->damage_count);
	account->frames = log_frames(log);
	account->bytes = log_size(log);
	account->is_growing = !account->loss->is_closed && trace_is_growing(trace);
	account->is_whole = account->loss->is_closed && !has_losses(account->loss) && !account->damage_count;
	return 0;
}

static const char *account_verdict(const struct account *account)
{
	return account->is_whole ? "whole" : account->damage_count ? "damaged" : "incomplete";
}

/* ---- as text -------------------------------------------------------------------------------------------------- */

static void say_damage(const struct log_damage *damage)
{
	if (damage->bytes)
		printf("  offset %lu, %lu bytes: %s\n", (unsigned long)damage->offset, (unsigned long)damage->bytes,
		       damage->why);
	else
		printf("  offset %lu: %s\n", (unsigned long)damage->offset, damage->why);
}

static void say_lost(uint64_t count, const char *why)
{
	if (count)
		printf("  lost while recording: %lu %s\n", (unsigned long)count, why);
}

static void say_loss(const struct account *account)
{
	const struct trace_loss *loss = account->loss;
	const struct object_end *end = &loss->end;

	if (account->is_growing)
		printf("  it is still being recorded\n");
	else if (loss->is_salvaged)
		printf("  its collector did not finish: the end was read from the live area beside it\n");
	else if (!loss->is_closed)
		printf("  its collector did not finish\n");
	if (!has_losses(loss))
		return;
	if (!loss->is_closed) {
		printf("  lost while recording: %lu calls\n", (unsigned long)loss->lost);
		return;
	}
	say_lost(end->lost_full, "because a buffer was full; --buffer makes them larger, --on-full=wait waits");
	say_lost(end->lost_without_slot, "without a buffer: of more threads than there are buffers (4,096), or in "
					 "another pid namespace than the recorder's");
	say_lost(end->lost_write, "that could not be written: the disk was full, or --size reached");
	say_lost(end->lost_invalid, "that did not hold together: somebody wrote into the buffers");
}

static void say_account(const struct account *account, const struct check_settings *settings)
{
	printf("%s: %lu frames, %lu bytes, %lu calls\n", account->path, (unsigned long)account->frames,
	       (unsigned long)account->bytes, (unsigned long)account->loss->events);
	for (size_t i = 0; i < account->damage_count && i < DAMAGE_SHOWN; i++)
		say_damage(&account->damage[i]);
	if (account->damage_count > DAMAGE_SHOWN)
		printf("  %lu more; --json lists them\n", (unsigned long)(account->damage_count - DAMAGE_SHOWN));
	say_loss(account);
	printf("%s: %s\n", account->path, account_verdict(account));
	if (settings->repaired)
		printf("%s: %lu frames written, %lu missing calls now counted as lost\n", settings->repaired,
		       (unsigned long)account->repair.frames, (unsigned long)account->repair.missing);
}

/* ---- as JSON -------------------------------------------------------------------------------------------------- */

static void damage_json(struct text *out, const struct log_damage *damage)
{
	text_format(out, "{\"offset\":%lu,\"bytes\":%lu,\"why\":", (unsigned long)damage->offset,
		    (unsigned long)damage->bytes);
	text_json_string(out, damage->why);
	text_char(out, '}');
}

static void loss_json(struct text *out, const struct trace_loss *loss)
{
	const struct object_end *end = &loss->end;

	text_format(out, "\"closed\":%s,\"salvaged\":%s,\"lost\":%lu", loss->is_closed ? "true" : "false",
		    loss->is_salvaged ? "true" : "false", (unsigned long)loss->lost);
	if (loss->is_closed)
		text_format(out, ",\"lost_full\":%lu,\"lost_without_slot\":%lu,\"lost_write\":%lu,\"lost_invalid\":%lu",
			    (unsigned long)end->lost_full, (unsigned long)end->lost_without_slot,
			    (unsigned long)end->lost_write, (unsigned long)end->lost_invalid);
}

static void say_json(const struct account *account, const struct check_settings *settings)
{
	struct text out = {0};

	text_put(&out, "{\"trace\":");
	text_json_string(&out, account->path);
	text_format(&out, ",\"verdict\":\"%s\",\"frames\":%lu,\"bytes\":%lu,\"events\":%lu,", account_verdict(account),
		    (unsigned long)account->frames, (unsigned long)account->bytes,
		    (unsigned long)account->loss->events);
	loss_json(&out, account->loss);
	text_put(&out, ",\"damage\":[");
	for (size_t i = 0; i < account->damage_count; i++) {
		text_put(&out, i ? "," : "");
		damage_json(&out, &account->damage[i]);
	}
	text_put(&out, "],\"repaired\":");
	if (settings->repaired) {
		text_put(&out, "{\"trace\":");
		text_json_string(&out, settings->repaired);
		text_format(&out, ",\"frames\":%lu,\"missing\":%lu}", (unsigned long)account->repair.frames,
			    (unsigned long)account->repair.missing);
	} else {
		text_put(&out, "null");
	}
	text_put(&out, "}\n");
	fputs(text_string(&out), stdout);
	text_free(&out);
}

/* ---- the command ---------------------------------------------------------------------------------------------- */

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

static int complain(const char *path, int rc)
{
	trouble_say("ipctrace: %s: %s", path, strerror(-rc));
	return STATUS_NO_TRACE;
}

/* Checks, repairs if wanted, and says what was found: of a repair that failed, what was found all the same. */
static int check_trace(struct trace *trace, const char *path, struct check_settings *settings)
{
	struct account account = {.path = path};
	int rc = read_all(trace), status;

	if (!rc)
		rc = account_make(&account, trace);
	if (rc)
		return complain(path, rc);
	status = account.is_whole ? STATUS_WHOLE : STATUS_INCOMPLETE;
	if (settings->repaired && (rc = repair_write(trace, path, settings->repaired, &account.repair))) {
		status = complain(settings->repaired, rc);
		settings->repaired = NULL;
	}
	if (settings->json)
		say_json(&account, settings);
	else if (!settings->quiet)
		say_account(&account, settings);
	return status;
}

int command_check(int argc, char **argv)
{
	struct check_settings settings = {0};
	const struct trace_opening opening = {.unordered = true};
	int index = options_parse_mixed(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv, argc);
	struct log_trouble trouble;
	struct trace *trace;
	int status;

	if (index < 0)
		return STATUS_NO_TRACE;
	if (argc - index != 1) {
		trouble_say("ipctrace check: expected one trace; see ipctrace check --help");
		return STATUS_NO_TRACE;
	}
	if (trace_open(&trace, argv[index], &opening, &trouble)) {
		trouble_say("ipctrace: %s", trouble.text);
		return STATUS_NO_TRACE;
	}
	status = check_trace(trace, argv[index], &settings);
	trace_close(trace);
	if (fflush(stdout) && errno != EPIPE) {
		trouble_say("ipctrace: standard output: %s", strerror(errno));
		return STATUS_NO_TRACE;
	}
	return status;
}
