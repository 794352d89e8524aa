// SPDX-License-Identifier: MIT
/*
 * What the parts of a draft share.
 */
#ifndef IPCTRACE_TESTS_DIFF_DRAFT_PARTS_H
#define IPCTRACE_TESTS_DIFF_DRAFT_PARTS_H

#include "tests/diff/draft.h"

/* Goes through the trace once and says of every call what it is about. 0 or -errno. */
int draft_find_objects(struct draft *draft);

#endif
