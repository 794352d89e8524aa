// SPDX-License-Identifier: MIT
/*
 * The inside of an order, shared by reader/order.c and reader/order_open.c alone.
 */
#ifndef IPCTRACE_READER_ORDER_PARTS_H
#define IPCTRACE_READER_ORDER_PARTS_H

#include "reader/order.h"

enum cursor_kind { CURSOR_MARKS, CURSOR_STRAGGLERS, CURSOR_BATCH };

/* One source of entries, with its head at `row`. */
struct order_cursor {
	uint64_t ticks; /* of the head */
	uint32_t pid, tid;
	enum cursor_kind kind;
	size_t row, end;
	const struct batch_view *batch;
	const uint32_t *sorted; /* the order of the batch's rows, NULL when it is theirs */
	uint32_t slot;
	uint32_t id; /* of a batch's cursor: no other has it now */
	uint64_t serial;
};

static inline size_t cursor_row(const struct order_cursor *cursor)
{
	return cursor->sorted ? cursor->sorted[cursor->row] : cursor->row;
}

/* No event of a frame that is not open yet is before. */
static inline uint64_t order_next_opens(const struct order *order)
{
	if (order->pending.is_there)
		return order->pending.opens;
	return order->next_frame < order->end_frame ? order->from : UINT64_MAX;
}

/* Makes a copy of `cursor`, which is not at its end, a source of what comes next. 0 or -ENOMEM. */
int order_push_cursor(struct order *order, const struct order_cursor *cursor);

/* Opens every frame that may hold what comes next. 0 or -errno. */
int order_open_due(struct order *order);

/* Nothing of the frame in `slot` is going to be given any more. */
void order_close_slot(struct order *order, uint32_t slot);

#endif
