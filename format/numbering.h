// SPDX-License-Identifier: MIT
/*
 * Keeps count of the events of every thread, and finds what is missing.
 *
 * A pid and tid do not name one stream: an exec keeps both and begins to count anew, and the last events of the old
 * image may well be drained after the first of the new one. So a batch goes on the stream that it fits.
 */
#ifndef IPCTRACE_FORMAT_NUMBERING_H
#define IPCTRACE_FORMAT_NUMBERING_H

#include <stddef.h>
#include <stdint.h>

struct numbering_stream;

/* All zero before first use. */
struct numbering {
	struct numbering_stream *streams;
	uint32_t *table; /* by pid and tid: the latest stream of these, plus one */
	size_t count, room, table_size;
};

/* What a batch is to the streams there are. */
struct numbering_verdict {
	uint64_t missing;  /* events between the stream and the batch */
	uint64_t expected; /* the number that would have gone on the stream */
	int goes_back;	   /* there is no stream that it could continue */
};

/* A thread said that it begins: its first event is number 0. 0 or -ENOMEM. */
int numbering_begin(struct numbering *numbering, uint32_t pid, uint32_t tid);

/*
 * `count` events beginning with number `first`, before which `lost` were lost and counted. Streams whose beginning was
 * not seen may begin anywhere. 0 or -ENOMEM.
 */
int numbering_continue(struct numbering *numbering, uint32_t pid, uint32_t tid, uint64_t first, uint64_t lost,
		       uint64_t count, struct numbering_verdict *verdict);

void numbering_free(struct numbering *numbering);

#endif
