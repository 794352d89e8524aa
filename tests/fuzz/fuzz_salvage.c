// SPDX-License-Identifier: MIT
/*
 * Any bytes as the file of a live area that a collector left behind, beside a log that has some frames.
 *
 * The input: a byte that numbers the log's frames, the control page up to what matters, and then, for each of two slots
 * in turn, a head and a piece of its ring.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/live_read.h"
#include "tests/fuzz/written.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define RING	 LIVE_RING_MIN
#define SLOTS	 2
#define AREA	 (LIVE_PAGE + SLOTS * (LIVE_PAGE + RING))
#define PIECE	 2048u
#define CONTROL	 offsetof(struct live_control, enabled)
#define HEAD_MAX offsetof(struct live_slot, stacks_seen)

static char path[64];

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The catalogue's identity is put right, or nothing would ever be read. */
static void area_make(uint8_t *area, const struct catalogue *few, const uint8_t *bytes, size_t size)
{
	struct live_control *control = (struct live_control *)area;
	size_t at = smaller(size, CONTROL);

	memset(area, 0, AREA);
	memcpy(area, bytes, at);
	control->magic = LIVE_MAGIC;
	control->version = LIVE_VERSION;
	control->calls_count = few->calls_count;
	control->catalogue_hash = live_catalogue_hash(few);
	for (uint32_t i = 0; i < SLOTS; i++) {
		uint8_t *slot = area + live_slot_offset(RING, i);
		size_t head = smaller(size - at, HEAD_MAX), piece = smaller(size - at - head, PIECE);
		memcpy(slot, bytes + at, head);
		memcpy(slot + LIVE_PAGE, bytes + at + head, piece);
		at += head + piece;
	}
}

static void area_write(const uint8_t *area, size_t size)
{
	int fd;

	if (!*path)
		snprintf(path, sizeof(path), "/dev/shm/fuzz-salvage-%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, area, size) != (ssize_t)size || close(fd))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static _Alignas(LIVE_PAGE) uint8_t area[AREA];
	const struct log_head few = few_calls();
	struct live_counts counts;
	struct log_trouble trouble;
	struct log_writer *writer;

	if (!size)
		return 0;
	area_make(area, few.catalogue, bytes + 1, size - 1);
	area_write(area, bytes[0] & 0x80 ? AREA - (bytes[0] & 0x7f) * 512 : AREA);
	if (log_writer_open_memory(&writer, &few))
		abort();
	int rc = live_area_salvage(path, few.catalogue, bytes[0] % 8, writer, &counts, &trouble);
	unlink(path);
	if (rc < 0 || (rc && !trouble.text[0]))
		abort();
	if (!rc)
		log_visit(writer);
	log_writer_free(writer);
	return 0;
}
