// SPDX-License-Identifier: MIT
/*
 * XXH32: as its specification says, and as LZ4 does it.
 */
#include <criterion/criterion.h>
#include <lz4frame.h>

#include "format/xxhash.h"

Test(xxhash, is_what_others_know_it_to_be)
{
	cr_assert_eq(xxhash("", 0), 0x02cc5d05u);
	cr_assert_eq(xxhash("a", 1), 0x550d7456u);
	cr_assert_eq(xxhash("abc", 3), 0x32d153ffu);
	cr_assert_eq(xxhash("Nobody inspects the spammish repetition", 39), 0xe2293b2fu);
}

Test(xxhash, is_at_the_end_of_every_frame_of_lz4)
{
	static uint8_t content[5000], frame[20000];
	LZ4F_preferences_t preferences = {.frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled}};
	uint32_t state = 1, checksum;

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
	for (size_t size = 1; size < sizeof(content); size += 1 + size / 50) {
		size_t end = LZ4F_compressFrame(frame, sizeof(frame), content, size, &preferences);
		cr_assert(!LZ4F_isError(end));
		memcpy(&checksum, frame + end - 4, sizeof(checksum));
		cr_assert_eq(xxhash(content, size), checksum, "%zu bytes", size);
	}
}
