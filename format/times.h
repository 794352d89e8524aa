// SPDX-License-Identifier: MIT
/*
 * A column of times, gaps or durations: in bits by code books, one for each of the calls that make up most of the
 * events, where that takes less room than bytes, docs/format.md, "Times". Else a column as any other.
 *
 * Times are noise, in which LZ4 finds nothing, but not all are as likely: of redis' 4.24 bytes an event at 87,000
 * requests a second they took 2.3, and take 1.45.
 */
#ifndef IPCTRACE_FORMAT_TIMES_H
#define IPCTRACE_FORMAT_TIMES_H

#include <stdint.h>

#include "format/pack_buffer.h"
#include "format/unpack.h"

/* So many books a column has at most: one for all calls without one of their own, and some for single calls. */
#define TIMES_BOOKS_MAX 16u
/* The call of the book for all calls without one of their own. */
#define TIMES_CALL_ANY UINT32_MAX

/* Which book the time of an event is coded by. */
struct times_books {
	uint32_t count;
	uint32_t calls[TIMES_BOOKS_MAX]; /* of each book; the last one's is TIMES_CALL_ANY */
	const uint32_t *kind;		 /* of each event */
	const uint8_t *book;		 /* of each kind */
	uint64_t *symbols;		 /* scratch, one for each event */
};

/* Pack `count` values. Failure sticks in `out`. */
void times_pack(struct pack_buffer *out, const uint64_t *values, uint32_t count, const struct times_books *books);

/* What a column of times is read with: the call of each shape, and which shape each event has. */
struct batch_shape;
struct book;
struct times_shapes {
	const uint32_t *shape;
	const struct batch_shape *shapes;
	uint32_t shapes_count;
	const struct book **book; /* scratch, one for each shape */
};

/* Decode the next object of `in`, which must hold `count` values. Mistakes stick in `in`. */
void times_unpack(struct unpack *in, uint64_t *values, uint32_t count, const struct times_shapes *shapes);

#endif
