// SPDX-License-Identifier: MIT
/*
 * Stragglers: events that began long before the frame they stand in, copied out of their frames so that they can be
 * given when their time comes. Of more than fit into STRAGGLERS_BYTES_MAX the earliest are kept, and the others are to
 * be collected again. Knows nothing of where frames come from.
 */
#ifndef IPCTRACE_READER_STRAGGLER_H
#define IPCTRACE_READER_STRAGGLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/arena.h"
#include "format/frame.h"

/* Some 100,000 that have nothing in common; the latest half is dropped when there are more. */
#define STRAGGLERS_BYTES_MAX (32u << 20)

/* What stragglers of one shape have in common. */
struct straggler_kind;

/* The order in which stragglers are kept: by time, and of one moment, by where they stand. */
struct straggler_key {
	uint64_t enter, place;
};

struct straggler {
	struct straggler_key key;
	uint32_t pid, tid;
	uint64_t duration, sequence;
	int64_t result;
	struct straggler_kind *kind;
};

/* All zero but for `bytes_max` and `horizon`, see stragglers_restart(). */
struct stragglers {
	struct straggler *list;
	size_t count, room;
	struct straggler_key floor, horizon; /* all from `floor` on are here; those from `horizon` on are not */
	size_t bytes_max;
	struct arena arena;
	struct straggler_kind **kinds; /* scratch: of each shape of the batch that is collected from */
	size_t kinds_room;
};

/* When the stragglers of some frames begin, the first and the last; earliest > latest when there are none. */
struct straggler_span {
	uint64_t earliest, latest;
};

/* Forgets all; those from `floor` on are going to be collected. */
void stragglers_restart(struct stragglers *stragglers, struct straggler_key floor);
void stragglers_free(struct stragglers *stragglers);

/*
 * Collects from frame `index` what began before `from`, and calls that never ended. *span is widened by all of these,
 * kept or not. 0 or -ENOMEM.
 */
int stragglers_collect(struct stragglers *stragglers, size_t index, const struct frame *frame, uint64_t from,
		       struct straggler_span *span);

/* After the last frame: puts them in the order in which they are to be given. */
void stragglers_sort(struct stragglers *stragglers);

/* Whether some were left out, and are to be collected from `horizon` on when these have been given. */
bool stragglers_have_more(const struct stragglers *stragglers);

/* Straggler `i` as an event, valid until the next collecting. */
void straggler_event(const struct stragglers *stragglers, size_t i, struct event *event);

#endif
