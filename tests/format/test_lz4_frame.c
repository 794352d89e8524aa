// SPDX-License-Identifier: MIT
/*
 * Frames made block by block are what LZ4's own reader takes for frames of the same content.
 */
#include <criterion/criterion.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

#include "format/lz4_frame.h"

static struct lz4_maker *maker;
static struct pack_buffer content;

static void set_up(void)
{
	maker = lz4_maker_new();
	pack_buffer_init(&content, 32u << 20);
}

static void tear_down(void)
{
	lz4_maker_free(maker);
	pack_buffer_free(&content);
}

/* Appends bytes that are different, or lines that are alike; where they begin. */
static size_t bytes_append(size_t size, bool random)
{
	static uint32_t state = 12345;
	size_t start = content.size;
	uint8_t *bytes = pack_buffer_extend(&content, size);

	cr_assert(bytes || !size);
	for (size_t i = 0; i < size; i++) {
		state = state * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(random ? state >> 24 : i % 23 ? (i % 23) * 7 : state >> 29);
	}
	return start;
}

/* Makes a frame of the content from `start` on, and checks what LZ4 reads from it; its size. */
static size_t frame_check(size_t start, bool well)
{
	size_t size = content.size - start, read = size + 1, bound = lz4_frame_bound(size);
	uint8_t *frame = malloc(bound), *back = malloc(read);
	LZ4F_dctx *reader;
	LZ4F_frameInfo_t info;

	cr_assert(frame && back && !LZ4F_isError(LZ4F_createDecompressionContext(&reader, LZ4F_VERSION)));
	size_t made = lz4_frame_make(maker, frame, &content, start, well), head = made, taken;
	cr_assert(made && made <= bound);
	cr_assert(!LZ4F_isError(LZ4F_getFrameInfo(reader, &info, frame, &head)));
	cr_assert_eq(info.contentSize, size);
	cr_assert_eq(info.contentChecksumFlag, LZ4F_contentChecksumEnabled);
	cr_assert_eq(info.blockMode, LZ4F_blockIndependent);
	taken = made - head;
	size_t more = LZ4F_decompress(reader, back, &read, frame + head, &taken, NULL);
	cr_assert_eq(more, 0, "%s", LZ4F_getErrorName(more));
	cr_assert_eq(taken, made - head);
	cr_assert_eq(read, size);
	cr_assert_arr_eq(back, content.bytes + start, size);
	LZ4F_freeDecompressionContext(reader);
	free(frame);
	free(back);
	return made;
}

Test(lz4_frame, is_read_by_lz4, .init = set_up, .fini = tear_down)
{
	static const size_t sizes[] = {1, 2, 12, 13, 4095, 65536, 65537, 300000, 9u << 20};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int kind = 0; kind < 4; kind++) {
			size_t start = bytes_append(sizes[i], kind & 1);
			if (kind & 2)
				pack_buffer_mark(&content, start, sizes[i], kind & 1 ? PACK_DENSE : PACK_ALIKE);
			frame_check(start, false);
			frame_check(start, true);
			pack_buffer_cut(&content, start);
		}
}

Test(lz4_frame, says_what_would_not_become_smaller_as_it_is, .init = set_up, .fini = tear_down)
{
	bytes_append(100000, true);
	cr_assert_leq(frame_check(0, false), 100000 + 40);
}

Test(lz4_frame, holds_ranges_of_all_sorts, .init = set_up, .fini = tear_down)
{
	/* more than are kept, some of them too short, some with little between */
	for (unsigned i = 0; i < 100; i++) {
		size_t size = 100 + i * 37;
		bytes_append(i % 7 * 300, false);
		size_t start = bytes_append(size, i % 3 == 0);
		pack_buffer_mark(&content, start, size, i % 3 ? PACK_ALIKE : PACK_DENSE);
	}
	cr_assert_eq(content.ranges_count, PACK_RANGES_MAX);
	size_t quickly = frame_check(0, false);
	cr_assert_lt(frame_check(0, true), quickly);
	cr_assert_lt(quickly, content.size);
}

Test(lz4_frame, is_the_same_whatever_was_made_before_it, .init = set_up, .fini = tear_down)
{
	bytes_append(200000, false);
	pack_buffer_mark(&content, 1000, 150000, PACK_ALIKE);
	size_t quickly = frame_check(0, false), well = frame_check(0, true);
	for (int i = 0; i < 20; i++) {
		cr_assert_eq(frame_check(0, false), quickly);
		cr_assert_eq(frame_check(0, true), well);
	}
}

Test(pack_buffer, keeps_what_is_known_of_its_ranges_when_they_move, .init = set_up, .fini = tear_down)
{
	struct pack_buffer inner;

	pack_buffer_init(&inner, 1u << 20);
	bytes_append(1000, false);
	cr_assert_not_null(pack_buffer_extend(&inner, 5000));
	memset(inner.bytes, 7, inner.size);
	pack_buffer_mark(&inner, 600, 1000, PACK_DENSE);
	pack_buffer_mark(&inner, 1700, 1000, PACK_DENSE);
	pack_buffer_mark(&inner, 2700, 2000, PACK_ALIKE);
	cr_assert_eq(pack_buffer_move(&inner, &content.packer), 0);
	cr_assert(inner.size == 0 && inner.ranges_count == 0);
	cr_assert_eq(content.ranges_count, 2);
	cr_assert(content.ranges[0].offset == 1600 && content.ranges[0].size == 2100);
	cr_assert(content.ranges[1].offset == 3700 && content.ranges[1].size == 2000);
	cr_assert(content.ranges[0].sort == PACK_DENSE && content.ranges[1].sort == PACK_ALIKE);
	frame_check(0, true);
	pack_buffer_cut(&content, 3700);
	cr_assert_eq(content.ranges_count, 1);
	pack_buffer_free(&inner);
}
