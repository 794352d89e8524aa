// SPDX-License-Identifier: MIT
/*
 * Differences that are what their like are: of many names drawn by lot some do not look it.
 */
#ifndef IPCTRACE_READER_DIFFERENCE_ALIKE_H
#define IPCTRACE_READER_DIFFERENCE_ALIKE_H

#include "reader/difference.h"

/*
 * Calls CLASS_RANDOM what differs in one word of a text, in the first `count` differences, where most of those of its
 * group have turned out to be random in the same way.
 */
void differences_judge_alike(struct differences *differences, uint32_t count);

/*
 * The same for contents that are too many to be looked at one by one: where a program draws a thousand messages, those
 * behind the first `count` are what these are, if all of their group that were looked at, and some dozens at least,
 * have turned out to be random.
 */
void differences_judge_rest(struct differences *differences, uint32_t count);

/* Changes that say the same of the same call and thing become one, with how often and by how many threads. 0 or
 * -ENOMEM. */
int differences_join_alike(struct differences *differences, const struct edits *edits, const struct pairing *pairing);

#endif
