// SPDX-License-Identifier: MIT
/*
 * Finds the frames of a log by hopping from block head to block head, and the way back to them behind damage.
 *
 * Frames are not decompressed here, except one that nothing sensible follows: then its own length may be what is
 * wrong, and it is believed only when its checksum agrees.
 */
#include <errno.h>
#include <lz4frame.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/log_parts.h"

#define LZ4_MAGIC	    0x184d2204u
#define LZ4_MAGIC_SKIPPABLE 0x184d2a50u /* and the 15 after it */
/* LOG_FRAME_MAX in the smallest blocks LZ4 knows, twice: a bound on what a probe costs. */
#define BLOCKS_MAX    512u
#define SEARCH_WINDOW 65536u

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

static bool load_u32(const struct log_source *source, uint64_t offset, uint32_t *value)
{
	uint8_t bytes[4];

	if (log_source_read(source, offset, bytes, 4) != 4)
		return false;
	*value = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
	return true;
}

static size_t block_size_max(LZ4F_blockSizeID_t id)
{
	return id < LZ4F_max64KB ? 65536u : 65536u << 2 * (id - LZ4F_max64KB);
}

/* Decode an LZ4 frame's head; *size is its length. LZ4 checks its checksum. */
static enum log_probe head_probe(const struct log_source *source, uint64_t offset, LZ4F_frameInfo_t *info, size_t *size)
{
	uint8_t bytes[LZ4F_HEADER_SIZE_MAX];
	size_t there = log_source_read(source, offset, bytes, sizeof(bytes));
	size_t compare = there < 4 ? there : 4;
	LZ4F_dctx *decompressor;

	if (memcmp(bytes, lz4_magic, compare))
		return PROBE_FOREIGN;
	if (there < LZ4F_HEADER_SIZE_MIN)
		return PROBE_TORN;
	*size = LZ4F_headerSize(bytes, there);
	if (LZ4F_isError(*size))
		return PROBE_FOREIGN;
	if (*size > there)
		return PROBE_TORN;
	if (LZ4F_isError(LZ4F_createDecompressionContext(&decompressor, LZ4F_VERSION)))
		return PROBE_FOREIGN;
	size_t error = LZ4F_getFrameInfo(decompressor, info, bytes, &there);
	LZ4F_freeDecompressionContext(decompressor);
	/* what this project does not write is no frame of a log */
	if (LZ4F_isError(error) || !info->contentSize || info->contentSize > LOG_FRAME_MAX || info->dictID ||
	    info->contentChecksumFlag != LZ4F_contentChecksumEnabled)
		return PROBE_FOREIGN;
	return PROBE_FRAME;
}

static enum log_probe skippable_probe(const struct log_source *source, uint64_t offset, struct log_place *place)
{
	uint32_t size;

	if (!load_u32(source, offset + 4, &size) || size + 8ull > source->size - offset)
		return PROBE_TORN;
	*place = (struct log_place){offset, size + 8ull, 0};
	return PROBE_SKIPPABLE;
}

enum log_probe log_place_probe(const struct log_source *source, uint64_t offset, struct log_place *place)
{
	LZ4F_frameInfo_t info;
	uint32_t magic, block;
	size_t head_size;

	if (load_u32(source, offset, &magic) && (magic & ~15u) == LZ4_MAGIC_SKIPPABLE)
		return skippable_probe(source, offset, place);
	enum log_probe probe = head_probe(source, offset, &info, &head_size);
	if (probe != PROBE_FRAME)
		return probe;
	uint64_t at = offset + head_size;
	for (unsigned blocks = 0; blocks <= BLOCKS_MAX; blocks++) {
		if (!load_u32(source, at, &block))
			return PROBE_TORN;
		at += 4;
		if (!block) {
			if (source->size - at < 4)
				return PROBE_TORN;
			*place = (struct log_place){offset, at + 4 - offset, info.contentSize};
			return PROBE_FRAME;
		}
		block &= 0x7fffffffu;
		if (block > block_size_max(info.blockSizeID))
			return PROBE_FOREIGN;
		at += block + (info.blockChecksumFlag ? 4u : 0u);
		if (at > source->size)
			return PROBE_TORN;
	}
	return PROBE_FOREIGN;
}

uint64_t log_place_search(const struct log_source *source, uint64_t offset)
{
	uint8_t *window = malloc(SEARCH_WINDOW);
	struct log_place place;
	size_t there;

	/* windows overlap by 3 bytes, so that a magic on their border is met */
	for (; window && (there = log_source_read(source, offset, window, SEARCH_WINDOW)) >= 4; offset += there - 3) {
		const uint8_t *at = window, *end = window + there;
		while ((at = memmem(at, (size_t)(end - at), lz4_magic, 4))) {
			uint64_t found = offset + (uint64_t)(at - window);
			if (log_place_probe(source, found, &place) == PROBE_FRAME) {
				free(window);
				return found;
			}
			at++;
		}
	}
	free(window);
	return source->size;
}

int log_damage_add(struct log *log, enum log_damage_kind kind, uint64_t offset, uint64_t bytes, uint64_t missing,
		   const char *why, ...)
{
	va_list arguments;

	if (log->damage_count == log->damage_capacity) {
		size_t capacity = log->damage_capacity ? 2 * log->damage_capacity : 16;
		struct log_damage *grown = realloc(log->damage, capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		log->damage = grown;
		log->damage_capacity = capacity;
	}
	struct log_damage *damage = &log->damage[log->damage_count++];
	*damage = (struct log_damage){.kind = kind, .offset = offset, .bytes = bytes, .missing = missing};
	va_start(arguments, why);
	vsnprintf(damage->why, sizeof(damage->why), why, arguments);
	va_end(arguments);
	return 0;
}

static int place_add(struct log *log, const struct log_place *place)
{
	if (log->places_count == log->places_capacity) {
		size_t capacity = log->places_capacity ? 2 * log->places_capacity : 64;
		struct log_place *grown = realloc(log->places, capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		log->places = grown;
		log->places_capacity = capacity;
	}
	log->places[log->places_count++] = *place;
	return 0;
}

/* Whether what follows a frame is the end of the file or looks like another frame. */
static bool place_is_followed(const struct log_source *source, const struct log_place *place)
{
	uint8_t bytes[4];
	size_t there = log_source_read(source, place->offset + place->size, bytes, sizeof(bytes));

	return !memcmp(bytes, lz4_magic, there) ||
	       (there == 4 && (bytes[0] & 0xf0) == 0x50 && bytes[1] == 0x2a && bytes[2] == 0x4d && bytes[3] == 0x18);
}

/* Whether the frame's checksum agrees; *scratch is kept for the next one. */
static bool place_is_whole(const struct log *log, const struct log_place *place, struct frame **scratch)
{
	return !frame_prepare(scratch) && !frame_load(*scratch, &log->source, place);
}

/* List what stands from log->indexed to the next frame, and go there; to the end of the file for good or for now. */
static int damage_skip(struct log *log, enum log_probe probe, bool *at_end)
{
	uint64_t start = log->indexed, next = log_place_search(&log->source, start + 1);
	enum log_damage_kind kind = LOG_DAMAGE_FOREIGN;
	const char *why = "these bytes are no frame";

	*at_end = next == log->source.size;
	if (probe == PROBE_TORN && *at_end) {
		kind = LOG_DAMAGE_TORN;
		why = "the file ends inside a frame";
	} else if (probe != PROBE_FOREIGN) {
		kind = LOG_DAMAGE_CORRUPT;
		why = "the frame is damaged";
	}
	if (!*at_end)
		log->indexed = next;
	return log_damage_add(log, kind, start, next - start, 0, "%s", why);
}

int log_index(struct log *log)
{
	struct frame *scratch = NULL;
	bool at_end = false;
	int error = 0;

	/* what was behind the last whole frame may have become one */
	while (log->damage_count && log->damage[log->damage_count - 1].offset >= log->indexed)
		log->damage_count--;
	while (!error && !at_end && log->indexed < log->source.size) {
		struct log_place place;
		enum log_probe probe = log_place_probe(&log->source, log->indexed, &place);
		bool good = probe == PROBE_SKIPPABLE ||
			    (probe == PROBE_FRAME &&
			     (place_is_followed(&log->source, &place) || place_is_whole(log, &place, &scratch)));
		if (!good) {
			error = damage_skip(log, probe, &at_end);
			continue;
		}
		if (probe == PROBE_FRAME)
			error = place_add(log, &place);
		log->indexed = place.offset + place.size;
	}
	frame_free(scratch);
	return error;
}
