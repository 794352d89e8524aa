// SPDX-License-Identifier: MIT
/*
 * `ipctrace replay --print`: the lines of `ipctrace print`, each at the time its call was entered. Ctrl-C ends it
 * early, with the summary.
 */
#include "replay/replay.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "format/trouble.h"
#include "reader/amount.h"
#include "reader/output.h"
#include "replay/pace.h"

/* Below this a sleep costs more time than it is meant to take, ns. */
#define SLEEP_MIN 20000

struct watch {
	struct replay_options *options;
	struct trace *trace;
	struct lines lines;
	struct output output;
	struct pace pace;
	uint64_t first, last; /* recorded times of the first and the last line, ns */
};

static volatile sig_atomic_t interrupted;

static void handle_interrupt(int number)
{
	interrupted = 1;
}

/* One call is due at its time: what is written before is shown while we wait. 0 or as output_flush(). */
static int watch_line(struct watch *watch, const struct trace_entry *entry)
{
	uint64_t time = trace_time(watch->trace, entry->ticks), due = pace_due(&watch->pace, time);
	int rc = 0;

	watch->first = watch->first ? watch->first : time;
	watch->last = time;
	if (watch->pace.speed > 0 && due > pace_now() + SLEEP_MIN) {
		rc = output_flush(&watch->output);
		if (rc || !pace_wait(due, &interrupted))
			return rc;
	}
	line_print(&watch->lines, entry, &watch->output.text);
	rc = watch->pace.speed > 0 ? output_flush(&watch->output) : output_offer(&watch->output);
	pace_done(&watch->pace, due);
	return rc;
}

static int watch_entries(struct watch *watch)
{
	struct trace_entry entry;
	int rc;

	while (!interrupted && (rc = trace_next(watch->trace, &entry)) == 0) {
		rc = identity_feed(watch->lines.identities, &entry);
		if (rc)
			return rc;
		if (entry.kind != TRACE_EVENT ||
		    !choice_wants(&watch->options->choice, entry.event, watch->lines.identities))
			continue;
		rc = watch_line(watch, &entry);
		if (rc)
			return rc;
	}
	return output_flush(&watch->output);
}

/* "ipctrace: 120 calls in 2.1 s, recorded in 2.1 s; late by ..." on stderr. */
static void watch_summarize(const struct watch *watch)
{
	struct text out = {0};

	text_put(&out, "ipctrace: ");
	amount_count(&out, watch->pace.late.count);
	text_put(&out, watch->pace.late.count == 1 ? " call in " : " calls in ");
	amount_time(&out, watch->pace.begun ? pace_now() - watch->pace.begun : 0);
	text_put(&out, ", recorded in ");
	amount_time(&out, watch->last - watch->first);
	if (watch->pace.speed > 0 && watch->pace.late.count) {
		text_put(&out, "; ");
		pace_print_lateness(&watch->pace, &out);
	}
	if (interrupted)
		text_put(&out, "; interrupted");
	fprintf(stderr, "%s\n", text_string(&out));
	text_free(&out);
}

/* 0, positive after one line, or -errno. */
static int watch_prepare(struct watch *watch)
{
	struct replay_options *options = watch->options;
	char trouble[256];
	size_t threads;
	int rc = choice_prepare(&options->choice, trace_catalogue(watch->trace), trouble, sizeof(trouble));

	if (rc > 0)
		trouble_say("ipctrace replay: -e %s: %s", options->choice.calls, trouble);
	if (!rc && options->style.names)
		rc = identity_new(&watch->lines.identities, trace_catalogue(watch->trace));
	if (rc)
		return rc;
	trace_threads(watch->trace, &threads);
	watch->lines.trace = watch->trace;
	watch->lines.style = options->style;
	watch->lines.style.threads = threads > 1;
	watch->lines.style.color = output_color(options->color, STDOUT_FILENO) > 0;
	watch->pace.speed = options->speed;
	watch->pace.max_gap = options->max_gap;
	lines_begin(&watch->lines);
	return 0;
}

static int watch_trace(struct watch *watch)
{
	const struct sigaction interrupt = {.sa_handler = handle_interrupt};
	int rc = watch_prepare(watch);

	if (rc > 0)
		return REPLAY_TROUBLE;
	if (!rc) {
		prctl(PR_SET_TIMERSLACK, 1);
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGTERM, &interrupt, NULL);
		rc = watch_entries(watch);
		lines_end(&watch->lines);
	}
	if (rc < 0) {
		trouble_say("ipctrace: %s: %s", watch->output.is_unwritable ? "standard output" : watch->options->trace,
			    strerror(-rc));
		return REPLAY_TROUBLE;
	}
	if (!watch->options->quiet)
		watch_summarize(watch);
	return trace_loss(watch->trace)->damage_regions ? REPLAY_INCOMPLETE : REPLAY_SAME;
}

int replay_watch(struct replay_options *options)
{
	struct watch watch = {.options = options, .output = {.fd = STDOUT_FILENO}};
	const struct trace_opening opening = {0};
	struct log_trouble trouble;
	int status;

	if (trace_open(&watch.trace, options->trace, &opening, &trouble)) {
		trouble_say("ipctrace: %s", trouble.text);
		return REPLAY_TROUBLE;
	}
	status = watch_trace(&watch);
	identity_free(watch.lines.identities);
	output_free(&watch.output);
	trace_close(watch.trace);
	return status;
}
