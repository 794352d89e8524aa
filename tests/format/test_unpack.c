// SPDX-License-Identifier: MIT
/*
 * The MessagePack cursor on good and bad bytes.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "format/pack_buffer.h"
#include "format/unpack.h"

Test(unpack, reads_every_integer_that_a_packer_writes)
{
	struct pack_buffer buffer;

	pack_buffer_init(&buffer, 1 << 20);
	for (int shift = 0; shift < 64; shift++) {
		for (int around = -2; around <= 2; around++) {
			msgpack_pack_uint64(&buffer.packer, (1ull << shift) + (uint64_t)around);
			msgpack_pack_int64(&buffer.packer, (int64_t)(-(1ull << shift) + (uint64_t)around));
		}
	}
	struct unpack in = unpack_from(buffer.bytes, buffer.size);
	for (int shift = 0; shift < 64; shift++) {
		for (int around = -2; around <= 2; around++) {
			cr_assert_eq(unpack_integer(&in), (1ull << shift) + (uint64_t)around);
			cr_assert_eq(unpack_integer(&in), -(1ull << shift) + (uint64_t)around);
		}
	}
	cr_assert(!in.failed && in.at == in.end);
	pack_buffer_free(&buffer);
}

Test(unpack, refuses_integers_texts_and_arrays_that_are_cut_off)
{
	static const char *const objects[] = {
		"\xcc\x01",   "\xcd\x01\x02", "\xce\x01\x02\x03\x04", "\xcf\x01\x02\x03\x04\x05\x06\x07\x08",
		"\xc4\x02xy", "\x92\x01\x02"};
	static const size_t sizes[] = {2, 3, 5, 9, 4, 3};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t size = 0; size <= sizes[i]; size++) {
			struct unpack in = unpack_from(objects[i], size);
			if (i < 4)
				unpack_integer(&in);
			else if (i == 4)
				unpack_view(&in);
			else
				unpack_array(&in);
			cr_assert_eq(in.failed, size < sizes[i], "object %zu, %zu bytes", i, size);
		}
	}
}

Test(unpack, refuses_heads_that_claim_more_than_there_is)
{
	static const char *const claims[] = {
		"\xdd\xff\xff\xff\xff",	 "\xdf\xff\xff\xff\xff\x01", "\xc6\xff\xff\xff\xff",
		"\xdb\x00\x00\x00\x02x", "\xc9\xff\xff\xff\xff\x01", "\x92\x01",
	};
	static const size_t sizes[] = {5, 6, 5, 6, 6, 2};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct unpack in = unpack_from(claims[i], sizes[i]);
		unpack_skip(&in, 1);
		cr_assert(in.failed, "claim %zu", i);
	}
}

Test(unpack, skips_a_million_nested_arrays_without_a_stack)
{
	size_t size = 1000001;
	uint8_t *bytes = malloc(size);

	cr_assert_not_null(bytes);
	memset(bytes, 0x91, size - 1);
	bytes[size - 1] = 0xc0;
	struct unpack in = unpack_from(bytes, size);
	unpack_skip(&in, 1);
	cr_assert(!in.failed && in.at == in.end);
	free(bytes);
}

Test(unpack, stays_failed_and_yields_zero)
{
	struct unpack in = unpack_from("\xc1\x05\x06", 3);

	cr_assert_eq(unpack_integer(&in), 0);
	cr_assert(in.failed);
	cr_assert_eq(unpack_integer(&in), 0);
	cr_assert_eq(unpack_view(&in).size, 0);
}

Test(pack_buffer, hands_on_whole_objects_or_nothing)
{
	struct pack_buffer inner, outer;
	char text[100] = {0};

	pack_buffer_init(&inner, 1000);
	pack_buffer_init(&outer, 50);
	pack_bytes(&inner.packer, text, 20);
	cr_assert_eq(pack_buffer_move(&inner, &outer.packer), 0);
	cr_assert_eq(outer.size, 22);
	pack_bytes(&inner.packer, text, 100);
	cr_assert_lt(pack_buffer_move(&inner, &outer.packer), 0);
	cr_assert_eq(outer.size, 22);
	pack_buffer_free(&inner);
	pack_buffer_free(&outer);
}
