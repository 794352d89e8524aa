// SPDX-License-Identifier: MIT
/*
 * Rings made by hand, and what the reader of rings takes out of them, read back from a log in memory.
 */
#ifndef IPCTRACE_TESTS_TRACE_RING_MAKER_H
#define IPCTRACE_TESTS_TRACE_RING_MAKER_H

#include "format/live_read.h"

#define MAKER_RING (64u << 10)

struct ring_maker {
	struct live_slot *slot;
	uint8_t *bytes;
	struct live_ring ring;
};

void ring_maker_init(struct ring_maker *maker);
void ring_maker_free(struct ring_maker *maker);

/* Reserves `words`, with padding before it where it would wrap; returns the place, and the position in *position. */
uint8_t *ring_maker_reserve(struct ring_maker *maker, uint32_t words, uint64_t *position);

/* Stores the head, and publishes everything reserved when `is_published`. */
void ring_maker_finish(struct ring_maker *maker, uint64_t position, uint32_t words, uint32_t type, bool is_published);

void ring_maker_thread(struct ring_maker *maker, uint32_t pid, uint32_t tid);
void ring_maker_thread_end(struct ring_maker *maker);

/* A call of getpid's kind, shutdown(fd, how): `fd` tells it apart, it ends at `ticks`. */
void ring_maker_call(struct ring_maker *maker, int fd, uint64_t ticks);

/* The same, reserved and never finished. */
void ring_maker_torn_call(struct ring_maker *maker);

/* The index of shutdown in the catalogue. */
unsigned ring_maker_call_index(void);

struct taken_event {
	uint32_t pid, tid;
	uint64_t sequence;
	int fd;
	bool is_unfinished;
};

/* All that was taken: a reader whose objects go to a log in memory. */
struct taking {
	struct log_writer *writer;
	struct live_reader *reader;
	uint32_t seen[16]; /* pids told to the observer */
	unsigned seen_count;
	struct taken_event *events;
	size_t events_count;
	uint64_t lost; /* added up over the batches */
	uint32_t threads, thread_ends;
};

void taking_init(struct taking *taking);

/* Flushes, and reads the log back into `events`, in order of the log. */
void taking_read(struct taking *taking);
void taking_free(struct taking *taking);

#endif
