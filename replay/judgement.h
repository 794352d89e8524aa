// SPDX-License-Identifier: MIT
/*
 * What of a record and of the recording of its replay can be compared: the calls that were made again, on things that
 * were live. What the summary says was not as it was is left out on both sides.
 */
#ifndef IPCTRACE_REPLAY_JUDGEMENT_H
#define IPCTRACE_REPLAY_JUDGEMENT_H

#include "replay/score.h"
#include "replay/stage.h"

/*
 * Lets diff compare the trace at `record` with `recording`, that of the performance of `score` on `stage`, and prints
 * what it finds. For each call of the recording the act is found that it was made for. The status to exit with, as
 * diff's.
 */
int judgement_make(struct score *score, const struct stage *stage, const char *record, const char *recording);

#endif
