// SPDX-License-Identifier: MIT
/*
 * The collector: owns the live area and the log of one recording, and carries events from the one to the other while
 * the traced processes run.
 *
 * It never harms them: a log that cannot be written only means that what they do is counted instead of kept. It starts
 * no processes and prints nothing; that is for the command that runs it.
 */
#ifndef IPCTRACE_TRACE_COLLECTOR_H
#define IPCTRACE_TRACE_COLLECTOR_H

#include <stdbool.h>

#include "format/object.h"
#include "trace/settings.h"

enum {
	COLLECTOR_E_IN_USE = 1, /* another collector is recording into this file */
};

struct collector;

/* How it went. */
struct collector_summary {
	struct object_end account;
	uint64_t lost;	/* all of it */
	uint64_t bytes; /* of the log */
	int trouble;	/* why writing ended early: 0, DRAIN_E_SIZE, or a negative error number */
};

/*
 * Makes the live area beside `log_path` (absolute): from here on programs can be traced into it, with IPCTRACE_LIVE set
 * to collector_live_path(). The filter in `settings` has been checked. Call in the thread that is going to collect.
 * 0, COLLECTOR_E_IN_USE, or -errno.
 */
int collector_open(struct collector **collector, const struct trace_settings *settings, const char *log_path,
		   const struct catalogue *catalogue);

/* Of the live area; belongs to the collector. */
const char *collector_live_path(const struct collector *collector);

/*
 * Creates the log, replacing one of the same name, and writes its head. `command` is NULL-terminated and borrowed.
 * Negative when that fails: then recording goes on, everything is counted as lost, and the summary says why.
 */
int collector_open_log(struct collector *collector, const char *tool_version, char *const *command);

/* Collects only after `pid` is dead and all that it started; others are found by themselves. 0 or -ENOMEM. */
int collector_watch(struct collector *collector, uint32_t pid);

/*
 * One round: drains what is due, notices who died, then sleeps until there may be something to do, 5 ms at most
 * (25 when nothing has happened for a while). 0, or -ENOMEM, after which only collector_close() makes sense.
 */
int collector_step(struct collector *collector);

/* Ends the sleep of a collector_step(), or the next one. For signal handlers. */
void collector_interrupt(struct collector *collector);

/* Rounds come quickly from here on: somebody waits for the end. */
void collector_hurry(struct collector *collector);

/* The command has ended with this status of wait(): the log is to say so. */
void collector_command_ended(struct collector *collector, int status);

/* Watched processes that may live. */
size_t collector_alive(const struct collector *collector);

/* Nothing traced lives any more, and nobody is on the way: a child whose parent has died before it could say a word. */
bool collector_is_over(struct collector *collector);

/* Images that have said that they are traced, and whether `pid` was among them. */
uint64_t collector_images(const struct collector *collector);
bool collector_has_seen(const struct collector *collector, uint32_t pid);

/*
 * Stops tracing, writes all that is left and the account, removes the live area and frees the collector. `summary` may
 * be NULL. Before collector_open_log() it leaves no trace.
 */
void collector_close(struct collector *collector, struct collector_summary *summary);

#endif
