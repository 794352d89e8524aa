// SPDX-License-Identifier: MIT
/*
 * The collector's side of steering a running trace: carries out what `ipctrace ctl` asks for, so that the switches of
 * the live area and what the log says of them agree.
 *
 * Requests come through a page that every traced program can write to. They are copied and checked before they are
 * looked at; what is recorded, what was answered and what is selected is kept here and never read back from there.
 */
#ifndef IPCTRACE_TRACE_CONTROL_H
#define IPCTRACE_TRACE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/drain.h"
#include "trace/settings.h"

struct control {
	struct live_area *area;
	const struct catalogue *catalogue;
	struct log_writer *writer;
	uint8_t selected[LIVE_EVENTS_MAX];
	char *selection; /* the expression */
	bool is_suspended, overwrites;
	uint64_t since; /* when that began, ns since the epoch */
	uint32_t answered;
	uint32_t action; /* of the request that was taken and is not yet answered */
	int outcome;	 /* of it */
};

/*
 * Sets the switches of `area` as `settings` say. `area` and `catalogue` are borrowed; control_close() when done. 0,
 * -EINVAL (the filter) or -ENOMEM.
 */
int control_open(struct control *control, struct live_area *area, const struct catalogue *catalogue,
		 const struct trace_settings *settings);
void control_close(struct control *control);

/* From here on there is a log, of `writer` (borrowed). A trace that begins suspended says so in it. 0 or -ENOMEM. */
int control_begin(struct control *control, struct log_writer *writer);

/* Whether there is a request that was not taken. */
bool control_is_asked(const struct control *control);

/*
 * Takes a request if there is one, sets the switches and packs what the log is to say of it. True: control_answer() is
 * to follow, with drain_run() in between if control_is_written() says so.
 */
bool control_take(struct control *control);

/* Whether what was asked for is about what is in the log's file. */
bool control_is_written(const struct control *control);

/* What an answer says of the collector. */
struct control_view {
	uint64_t processes; /* that live */
	uint64_t log_bytes;
	uint64_t waiting; /* drain_waiting() */
	int trouble;	  /* drain_trouble() */
	struct drain_pending pending;
	struct object_end account;
};

void control_answer(struct control *control, const struct control_view *view);

#endif
