// SPDX-License-Identifier: MIT
/*
 * From a trace to a score.
 */
#ifndef IPCTRACE_REPLAY_COMPOSE_H
#define IPCTRACE_REPLAY_COMPOSE_H

#include "reader/trace.h"
#include "replay/score.h"
#include "replay/stage.h"

enum {
	COMPOSE_E_EMPTY = 1, /* there is nothing to be run again */
};

/*
 * Compiles `trace` for `stage`. 0 and *score, which is shared memory behind descriptor *fd, to be given back with
 * score_free(); an outcome from above; or -errno.
 */
int score_compose(struct score **score, int *fd, struct trace *trace, const struct stage *stage);
void score_free(struct score *score, int fd);

#endif
