// SPDX-License-Identifier: MIT
/*
 * Views of calls that are kept: most events are like one of their batch before, while no descriptor, process or thread
 * came or went, and then differ in times and payload alone.
 */
#ifndef IPCTRACE_READER_CANON_MEMO_H
#define IPCTRACE_READER_CANON_MEMO_H

#include "reader/canon_call.h"

/* What is kept of the events of one shape. */
struct canon_memo {
	uint64_t serial, stamp; /* of the batch; of all that views depend on */
	int64_t result;
	uint32_t thread;
	bool has_view, has_spans;
	struct histogram *spans;       /* to which their times are added; NULL: they are not */
	const struct canon_sort *sort; /* NULL: not looked for yet */
	struct canon_view view;
};

/* The memos of one batch in memory, by shape. */
struct canon_memo_batch {
	struct canon_memo *shapes;
	uint32_t room;
};

/* All zero before first use. */
struct canon_memos {
	struct canon_memo_batch *batches; /* by slot, as in struct trace_entry */
	uint32_t room;
	uint32_t shapes; /* of all batches */
};

/*
 * Where the view of an event like that of `entry` is kept, or is to be; NULL: nowhere. What is there is true when
 * canon_memo_fits() says so.
 */
struct canon_memo *canon_memo_find(struct canon_memos *memos, const struct trace_entry *entry);

/* Whether it was made of an event with the same arguments, outcome and objects. `stamp`: that of now. */
bool canon_memo_fits(const struct canon_memo *memo, const struct trace_entry *entry, uint64_t stamp);

void canon_memos_free(struct canon_memos *memos);

#endif
