// SPDX-License-Identifier: MIT
/*
 * What may differ between what was sent and what is sent: dates, numbers of the run, ids and cookies, and whatever the
 * user says in regular expressions. Knows nothing of connections.
 */
#ifndef IPCTRACE_REPLAY_MASKS_H
#define IPCTRACE_REPLAY_MASKS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/canon_mask.h"
#include "reader/text.h"

enum masks_side { MASKS_RECORDED, MASKS_LIVE };

struct masks {
	regex_t *rules;
	uint32_t count;
	struct mask numbers[2]; /* by side: its pids, and when it was */
};

/* The rules that always hold. `second` is when the trace was made, since the epoch. 0 or -ENOMEM. */
int masks_prepare(struct masks *masks, uint64_t second);
void masks_free(struct masks *masks);

/*
 * A rule of the user's: a POSIX extended regular expression; what it matches counts as equal, of its first group only
 * that when it has one. 0; positive with one line in `trouble`; -ENOMEM.
 */
int masks_add(struct masks *masks, const char *expression, char *trouble, size_t size);

/* Adds `bytes` of one side to `out`, with what may differ replaced. */
void masks_apply(const struct masks *masks, enum masks_side side, const char *bytes, size_t size, struct text *out);

#endif
