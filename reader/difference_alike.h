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

#endif
