// SPDX-License-Identifier: MIT
/*
 * The asking side of steering a running trace: finds its live area and hands requests to its collector.
 *
 * Whoever may write the live area may ask. Only one asks at a time: the file is locked meanwhile, and the kernel lets
 * the lock go when the one who asks is killed. Nothing is printed here.
 */
#ifndef IPCTRACE_READER_STEERING_H
#define IPCTRACE_READER_STEERING_H

#include <stdbool.h>

#include "format/live.h"
#include "format/log.h"

enum { STEERING_E_TROUBLE = 1 /* said in one line, in the log_trouble */ };

struct steering {
	struct live_control *control;
	int fd;
	char *path; /* of the trace */
};

/*
 * Opens the live area of `trace`: a log that is being written or, when there is no file of that name, the number of a
 * traced process. 0 or STEERING_E_TROUBLE. Close with steering_close() in either case.
 */
int steering_open(struct steering *steering, const char *trace, struct log_trouble *trouble);
void steering_close(struct steering *steering);

/*
 * Asks for `action`; `text` (at most CONTROL_TEXT_MAX - 1 bytes) may be NULL. With `answer` (may be NULL: it is not
 * waited for) returns when the collector has done it, and what it says is copied there. 0 or STEERING_E_TROUBLE.
 */
int steering_ask(struct steering *steering, enum control_action action, const char *text, struct control_box *answer,
		 struct log_trouble *trouble);

#endif
