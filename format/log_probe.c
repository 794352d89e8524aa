// SPDX-License-Identifier: MIT
/*
 * Finds the frames of a log: hops from block head to block head, and finds the way back to them behind damage.
 *
 * Frames are not decompressed here, and their heads are taken apart without LZ4, which would want a context for each: a
 * frame takes two short reads, and several small ones share them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/checksum.h"
#include "format/log_parts.h"

#define LZ4_MAGIC_SKIPPABLE 0x184d2a50u /* and the 15 after it */
/* LOG_FRAME_MAX in the smallest blocks LZ4 knows, twice: a bound on what a probe costs. */
#define BLOCKS_MAX    512u
#define SEARCH_WINDOW 65536u

/* The head of an LZ4 frame: magic, flags, size of blocks, size of the content, dictionary, checksum. */
#define HEAD_SIZE_MIN	   7u
#define HEAD_SIZE	   15u
#define FLAG_VERSION(head) ((head)[4] >> 6)
#define FLAG_BLOCK_CHECKS  0x10u
#define FLAG_CONTENT_SIZE  0x08u
#define FLAG_CHECKSUM	   0x04u
#define FLAG_DICTIONARY	   0x01u
#define FLAGS_RESERVED	   0x02u
#define BLOCK_RESERVED	   0x8fu
#define BLOCK_64_KIB	   4u

static const uint8_t lz4_magic[4] = {0x04, 0x22, 0x4d, 0x18};

size_t log_source_read(const struct log_source *source, uint64_t offset, void *bytes, size_t size)
{
	size_t done = 0;

	if (offset >= source->size)
		return 0;
	if (size > source->size - offset)
		size = source->size - offset;
	if (source->fd < 0) {
		memcpy(bytes, source->bytes + offset, size);
		return size;
	}
	while (done < size) {
		ssize_t part = pread(source->fd, (char *)bytes + done, size - done, (off_t)(offset + done));
		if (part < 0 && errno == EINTR)
			continue;
		if (part <= 0)
			break;
		done += (size_t)part;
	}
	return done;
}

/* Up to `size` <= LOG_GLANCE bytes at `offset`; *there is how many. What was read for the last one often has them. */
static const uint8_t *look(const struct log_source *source, struct log_glance *glance, uint64_t offset, size_t size,
			   size_t *there)
{
	if (offset < glance->offset || offset - glance->offset + size > glance->size) {
		glance->offset = offset;
		glance->size = log_source_read(source, offset, glance->bytes, sizeof(glance->bytes));
	}
	size_t from = offset - glance->offset, left = glance->size - from;
	*there = left < size ? left : size;
	return glance->bytes + from;
}

static uint32_t get_u32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool look_u32(const struct log_source *source, struct log_glance *glance, uint64_t offset, uint32_t *value)
{
	size_t there;
	const uint8_t *bytes = look(source, glance, offset, 4, &there);

	if (there != 4)
		return false;
	*value = get_u32(bytes);
	return true;
}

/* What the head of a frame says. */
struct head {
	uint64_t content_size;
	uint32_t block_size_max, block_checksum_size;
};

/* Whether there is one; what this project does not write is no frame of a log. */
static enum log_probe head_probe(const struct log_source *source, struct log_glance *glance, uint64_t offset,
				 struct head *head)
{
	size_t there;
	const uint8_t *bytes = look(source, glance, offset, HEAD_SIZE, &there);

	if (memcmp(bytes, lz4_magic, there < 4 ? there : 4))
		return PROBE_FOREIGN;
	if (there < HEAD_SIZE_MIN)
		return PROBE_TORN;
	if (FLAG_VERSION(bytes) != 1 || bytes[4] & (FLAGS_RESERVED | FLAG_DICTIONARY) || bytes[5] & BLOCK_RESERVED ||
	    bytes[5] >> 4 < BLOCK_64_KIB || ~bytes[4] & (FLAG_CONTENT_SIZE | FLAG_CHECKSUM))
		return PROBE_FOREIGN;
	if (there < HEAD_SIZE)
		return PROBE_TORN;
	if ((uint8_t)(frame_checksum(bytes + 4, HEAD_SIZE - 5) >> 8) != bytes[HEAD_SIZE - 1])
		return PROBE_FOREIGN;
	head->content_size = get_u32(bytes + 6) | (uint64_t)get_u32(bytes + 10) << 32;
	head->block_size_max = 65536u << 2 * ((bytes[5] >> 4) - BLOCK_64_KIB);
	head->block_checksum_size = bytes[4] & FLAG_BLOCK_CHECKS ? 4 : 0;
	return head->content_size && head->content_size <= LOG_FRAME_MAX ? PROBE_FRAME : PROBE_FOREIGN;
}

static enum log_probe skippable_probe(const struct log_source *source, struct log_glance *glance, uint64_t offset,
				      struct log_place *place)
{
	uint32_t size;

	if (!look_u32(source, glance, offset + 4, &size) || size + 8ull > source->size - offset)
		return PROBE_TORN;
	*place = (struct log_place){offset, size + 8ull, 0};
	return PROBE_SKIPPABLE;
}

enum log_probe log_place_probe(const struct log_source *source, struct log_glance *glance, uint64_t offset,
			       struct log_place *place)
{
	struct head head;
	uint32_t magic, block;

	if (look_u32(source, glance, offset, &magic) && (magic & ~15u) == LZ4_MAGIC_SKIPPABLE)
		return skippable_probe(source, glance, offset, place);
	enum log_probe probe = head_probe(source, glance, offset, &head);
	if (probe != PROBE_FRAME)
		return probe;
	uint64_t at = offset + HEAD_SIZE;
	for (unsigned blocks = 0; blocks <= BLOCKS_MAX; blocks++) {
		if (!look_u32(source, glance, at, &block))
			return PROBE_TORN;
		at += 4;
		if (!block) {
			if (source->size - at < 4)
				return PROBE_TORN;
			*place = (struct log_place){offset, at + 4 - offset, head.content_size};
			return PROBE_FRAME;
		}
		block &= 0x7fffffffu;
		if (block > head.block_size_max)
			return PROBE_FOREIGN;
		at += block + head.block_checksum_size;
		if (at > source->size)
			return PROBE_TORN;
	}
	return PROBE_FOREIGN;
}

bool log_place_is_followed(const struct log_source *source, struct log_glance *glance, const struct log_place *place)
{
	size_t there;
	const uint8_t *bytes = look(source, glance, place->offset + place->size, 4, &there);

	return !memcmp(bytes, lz4_magic, there) || (there == 4 && (get_u32(bytes) & ~15u) == LZ4_MAGIC_SKIPPABLE);
}

uint64_t log_place_search(const struct log_source *source, uint64_t offset)
{
	uint8_t *window = malloc(SEARCH_WINDOW);
	struct log_glance glance = {.size = 0};
	struct log_place place;
	size_t there;

	/* windows overlap by 3 bytes, so that a magic on their border is met */
	for (; window && (there = log_source_read(source, offset, window, SEARCH_WINDOW)) >= 4; offset += there - 3) {
		const uint8_t *at = window, *end = window + there;
		while ((at = memmem(at, (size_t)(end - at), lz4_magic, 4))) {
			uint64_t found = offset + (uint64_t)(at - window);
			if (log_place_probe(source, &glance, found, &place) == PROBE_FRAME) {
				free(window);
				return found;
			}
			at++;
		}
	}
	free(window);
	return source->size;
}
