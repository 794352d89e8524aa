// SPDX-License-Identifier: MIT
/*
 * What a command that goes through a trace says about the parts that are not there.
 */
#ifndef IPCTRACE_READER_MISSING_H
#define IPCTRACE_READER_MISSING_H

#include <stdbool.h>

#include "reader/text.h"
#include "reader/trace.h"

/*
 * One line on stderr, unless `quiet`, for each way in which the trace at `path` is not whole; "what could be read was
 * `done`". Returns the status to exit with: 0, or 4 for a damaged one.
 */
int missing_say(struct trace *trace, const char *path, const char *done, bool quiet);

/* The same as lines before figures that do not contain it, and an empty line; nothing for a whole trace. */
void missing_print(struct trace *trace, struct text *out);

/* The account of losses as a JSON object. */
void missing_print_json(struct trace *trace, struct text *out);

#endif
