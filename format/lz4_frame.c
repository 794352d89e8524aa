// SPDX-License-Identifier: MIT
/*
 * See lz4_frame.h, and https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md for the bytes.
 */
#include <lz4.h>
#include <lz4hc.h>
#include <stdlib.h>
#include <string.h>

#include "format/checksum.h"
#include "format/lz4_frame.h"

#define MAGIC 0x184d2204u
/* Version 1, independent blocks, with the content's size and its checksum. */
#define FLAGS (1u << 6 | 1u << 5 | 1u << 3 | 1u << 2)
/* Magic, flags, sort of blocks, size of the content, checksum of what is between. */
#define HEAD_SIZE 15u
/* Of a block: how many bytes follow, and whether they are as they were. */
#define BLOCK_HEAD_SIZE 4u
#define BLOCK_PLAIN	0x80000000u
#define BLOCK_MAX	(4u << 20)
/* The end mark and the checksum. */
#define TAIL_SIZE 8u
/* The first level that looks for the longest match. Those above gain one part in a hundred, and take twice as long. */
#define LEVEL_WELL 3

struct lz4_maker {
	LZ4_stream_t *quick;
	LZ4_streamHC_t *well; /* NULL until it is needed */
};

struct lz4_maker *lz4_maker_new(void)
{
	struct lz4_maker *maker = calloc(1, sizeof(*maker));

	if (!maker)
		return NULL;
	maker->quick = LZ4_createStream();
	if (maker->quick)
		return maker;
	free(maker);
	return NULL;
}

void lz4_maker_free(struct lz4_maker *maker)
{
	if (!maker)
		return;
	LZ4_freeStream(maker->quick);
	LZ4_freeStreamHC(maker->well);
	free(maker);
}

/* Ranges cut blocks in two. A block that does not become smaller by it is not compressed, but that is known then. */
size_t lz4_frame_bound(size_t size)
{
	size_t blocks = size / BLOCK_MAX + 1 + 2 * PACK_RANGES_MAX;

	return HEAD_SIZE + LZ4_COMPRESSBOUND(size) + blocks * (BLOCK_HEAD_SIZE + LZ4_COMPRESSBOUND(0)) + TAIL_SIZE;
}

static uint8_t *word_put(uint8_t *at, uint32_t word)
{
	for (unsigned i = 0; i < 4; i++)
		*at++ = (uint8_t)(word >> 8 * i);
	return at;
}

/* The sort of blocks of which one would hold it all, so that readers need no more memory than that. */
static uint8_t block_sort(size_t size)
{
	unsigned sort = 4;

	while (sort < 7 && size > 65536u << 2 * (sort - 4))
		sort++;
	return (uint8_t)(sort << 4);
}

static uint8_t *head_put(uint8_t *at, size_t size)
{
	const uint8_t *flags = at + 4;

	at = word_put(at, MAGIC);
	*at++ = FLAGS;
	*at++ = block_sort(size);
	at = word_put(at, (uint32_t)size);
	at = word_put(at, (uint32_t)((uint64_t)size >> 32));
	*at = (uint8_t)(frame_checksum(flags, (size_t)(at - flags)) >> 8);
	return at + 1;
}

/* How a block is made of its content. */
enum block_way { BLOCK_COPIED, BLOCK_QUICK, BLOCK_WELL };

/*
 * How many bytes it is in `to`. As a stream that begins anew, since then LZ4 goes by five bytes that are the same, and
 * else, of less than 64 KiB, by four: lists of descriptors that are ready take half, and all of redis' log 2.7 instead
 * of 3.2 bytes an event.
 */
static uint32_t block_compress(struct lz4_maker *maker, uint8_t *to, const uint8_t *from, uint32_t size, bool well)
{
	const char *source = (const char *)from;
	char *target = (char *)to;
	int room = LZ4_compressBound((int)size);

	if (well) {
		LZ4_resetStreamHC_fast(maker->well, LEVEL_WELL);
		return (uint32_t)LZ4_compress_HC_continue(maker->well, source, target, (int)size, room);
	}
	LZ4_resetStream_fast(maker->quick);
	return (uint32_t)LZ4_compress_fast_continue(maker->quick, source, target, (int)size, room, 1);
}

/* Some of the content in blocks; where they end. */
static uint8_t *blocks_put(struct lz4_maker *maker, uint8_t *at, const uint8_t *from, size_t size, enum block_way way)
{
	while (size) {
		uint32_t part = size < BLOCK_MAX ? (uint32_t)size : BLOCK_MAX, made = part;
		if (way != BLOCK_COPIED)
			made = block_compress(maker, at + BLOCK_HEAD_SIZE, from, part, way == BLOCK_WELL);
		if (made >= part) {
			made = part;
			memcpy(at + BLOCK_HEAD_SIZE, from, part);
		}
		at = word_put(at, made < part ? made : part | BLOCK_PLAIN) + made;
		from += part;
		size -= part;
	}
	return at;
}

size_t lz4_frame_make(struct lz4_maker *maker, uint8_t *frame, const struct pack_buffer *content, size_t start,
		      bool well)
{
	const uint8_t *bytes = content->bytes;
	uint8_t *at = head_put(frame, content->size - start);
	size_t done = start;

	if (well && !maker->well && !(maker->well = LZ4_createStreamHC()))
		return 0;
	for (uint32_t i = 0; i < content->ranges_count; i++) {
		const struct pack_range *range = &content->ranges[i];
		if (range->sort == PACK_ALIKE && !well)
			continue;
		at = blocks_put(maker, at, bytes + done, range->offset - done, BLOCK_QUICK);
		done = range->offset + range->size;
		at = blocks_put(maker, at, bytes + range->offset, range->size,
				range->sort == PACK_DENSE ? BLOCK_COPIED : BLOCK_WELL);
	}
	at = blocks_put(maker, at, bytes + done, content->size - done, BLOCK_QUICK);
	at = word_put(at, 0);
	at = word_put(at, frame_checksum(bytes + start, content->size - start));
	return (size_t)(at - frame);
}
