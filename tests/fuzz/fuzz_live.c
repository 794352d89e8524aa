// SPDX-License-Identifier: MIT
/*
 * Any bytes as a slot and its ring, read as the collector reads them: what is taken must make a log that can be read.
 *
 * The input: a byte of which way to take, one of how much was taken before, the slot's head up to a fixed size, and
 * what the ring begins with.
 */
#include <stdlib.h>
#include <string.h>

#include "format/live_read.h"
#include "tests/fuzz/written.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define RING	   LIVE_RING_MIN
#define ROUNDS_MAX 64

static struct live_slot *slot;
static struct live_reader *reader;
static struct log_writer *writer;

static void process_seen(void *context, uint32_t pid)
{
	if (!pid || pid > INT32_MAX)
		abort();
}

static void flush(void)
{
	const struct log_anchor anchor = {1, 2, 3};

	if (log_writer_flush(writer, &anchor, &anchor))
		abort();
}

/* As drain.c does: again after each full frame. A ring gives no more than so many. */
static void take(const struct live_ring *ring, struct live_cursor *cursor, unsigned way)
{
	static struct live_owners owners;
	int rc = LIVE_E_FULL;

	memset(&owners, 0, sizeof(owners));
	for (int i = 0; rc == LIVE_E_FULL; i++) {
		if (way % 4 == 0)
			rc = live_reader_take(reader, ring, cursor, way & 4 ? UINT64_MAX : 1ull << 20, way & 8);
		else if (way % 4 == 1)
			rc = live_reader_take_marks(reader, ring, cursor, &owners);
		else
			rc = live_reader_take_window(reader, ring, cursor, slot->tail, way & 4 ? &owners : NULL);
		if (way % 4 == 3 && rc == 0)
			rc = live_reader_take_marks(reader, ring, cursor, &owners);
		if (rc < 0 || i == ROUNDS_MAX)
			abort();
		if (rc == LIVE_E_FULL)
			flush();
	}
	if (live_reader_take_unfinished(reader, slot, NULL) < 0)
		abort();
	flush();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const size_t head = 2 + offsetof(struct live_slot, stacks_seen);
	const struct log_head few = few_calls();
	const struct live_observer observer = {NULL, process_seen};
	struct live_cursor cursor = {0};

	if (size < head)
		return 0;
	if (!slot && !(slot = aligned_alloc(LIVE_PAGE, live_slot_size(RING))))
		abort();
	memset(slot, 0, live_slot_size(RING));
	memcpy(slot, bytes + 2, head - 2);
	memcpy((uint8_t *)slot + LIVE_PAGE, bytes + head, size - head < RING ? size - head : RING);
	if (bytes[1] & 1)
		cursor = slot->taken[0].cursor;
	if (log_writer_open_memory(&writer, &few) || live_reader_new(&reader, few.catalogue, writer, RING, &observer))
		abort();
	const struct live_ring ring = {slot, (const uint8_t *)slot + LIVE_PAGE, RING};
	take(&ring, &cursor, bytes[0]);
	log_visit(writer);
	live_reader_free(reader);
	log_writer_free(writer);
	return 0;
}
