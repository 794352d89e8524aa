// SPDX-License-Identifier: MIT
/*
 * What a log says about itself in its first frame, and the clock readings that each frame carries.
 *
 * Plain values only: nobody here asks the system for them.
 */
#ifndef IPCTRACE_FORMAT_LOG_HEAD_H
#define IPCTRACE_FORMAT_LOG_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/catalogue.h"

/* The version of the grammar in docs/format.md that this build writes; it reads all up to this one. */
#define LOG_FORMAT 2

/* What a frame may hold at most, uncompressed. */
#define LOG_FRAME_MAX (16u << 20)

/* The clocks, read together. */
struct log_anchor {
	uint64_t ticks;
	uint64_t monotonic; /* CLOCK_MONOTONIC, ns */
	uint64_t realtime;  /* CLOCK_REALTIME, ns since the epoch */
};

/* Texts may be NULL when not known. */
struct log_head {
	uint32_t format;	  /* set by the writer to LOG_FORMAT */
	const char *tool_version; /* of the ipctrace that wrote it */
	uint64_t created;	  /* realtime ns */
	const char *const *command;
	uint32_t command_count;
	const char *directory; /* where the command was started */
	const char *host, *kernel, *machine, *boot_id;
	bool clock_is_tsc; /* otherwise ticks are CLOCK_MONOTONIC nanoseconds */
	/* the settings of the recording */
	const char *filter; /* as given with -e */
	uint32_t payload_limit;
	uint32_t stack_depth;
	uint32_t full_policy; /* enum full_policy */
	const char *redact;   /* what was left out on purpose */
	const struct catalogue *catalogue;
};

#endif
