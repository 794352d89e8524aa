// SPDX-License-Identifier: MIT
/* See payload.h. */
#include "format/crc32c.h"
#include "preload/payload.h"

void payload_prepare(void)
{
	crc32c_prepare();
	image.payload_limit = live_control.redaction & REDACT_BYTES ? 0 : live_control.payload_limit;
	image.has_crc32c = crc32c_tables.has_instruction && !(live_control.redaction & REDACT_HASH);
}

static inline uint32_t payload_hash(uint32_t hash, uint64_t from, uint64_t size)
{
	return live_control.redaction & REDACT_HASH ? 0 : crc32c_update(hash, (const void *)(uintptr_t)from, size);
}

void payload_write_any(struct sink *sink, unsigned arg, unsigned index, uint64_t from, uint64_t total)
{
	uint64_t kept = payload_kept(total);
	uint8_t *bytes = item_start(sink, arg, ITEM_PAYLOAD, index, kept, total, payload_hash(0, from, total));

	if (bytes)
		bytes_copy(bytes, (const void *)(uintptr_t)from, kept);
}

#ifdef __x86_64__
/*
 * The CRC so far (without its last inversion) continued with `size` bytes, which are copied as well. Exactly these are
 * written: in the middle of a vector there is no word that is theirs alone.
 */
static inline uint64_t bytes_gather(uint8_t *to, const uint8_t *from, uint64_t size, uint64_t crc)
{
	uint64_t word;

	for (; size >= 8; size -= 8, from += 8, to += 8) {
		__builtin_memcpy(&word, from, 8);
		__builtin_memcpy(to, &word, 8);
		__asm__("crc32q %1, %0" : "+r"(crc) : "r"(word));
	}
	for (; size; size--) {
		CRC32C_STEP("b", crc, *from);
		*to++ = *from++;
	}
	return crc;
}
#endif

/* Copies the first `kept` of `total` bytes to `to`; returns the hash of all. */
static inline uint32_t vector_gather(uint8_t *to, const struct iovec *vector, uint64_t count, uint64_t kept,
				     uint64_t total)
{
	uint64_t copied = 0, left = total;
	uint32_t hash = 0;

#ifdef __x86_64__
	if (__builtin_expect(kept == total && image.has_crc32c, 1)) {
		uint64_t crc = UINT32_MAX;
		for (uint64_t i = 0; i < count && left; i++) {
			uint64_t size = least(vector[i].iov_len, left);
			crc = bytes_gather(to, vector[i].iov_base, size, crc);
			to += size;
			left -= size;
		}
		return ~(uint32_t)crc;
	}
#endif
	for (uint64_t i = 0; i < count && left; i++) {
		uint64_t size = least(vector[i].iov_len, left);
		uint64_t copy = least(size, kept - copied);
		hash = payload_hash(hash, (uint64_t)(uintptr_t)vector[i].iov_base, size);
		bytes_copy(to + copied, vector[i].iov_base, copy);
		copied += copy;
		left -= size;
	}
	return hash;
}

void vector_write(struct sink *sink, unsigned arg, unsigned index, const struct iovec *vector, uint64_t count,
		  uint64_t total)
{
	uint64_t shown = least(count, VECTOR_MAX), kept = payload_kept(total);
	uint64_t *lengths = (uint64_t *)item_start(sink, arg, ITEM_VECTOR, index, shown * 8, count, 0);

	if (!lengths)
		return;
	for (uint64_t i = 0; i < shown; i++)
		lengths[i] = vector[i].iov_len;
	uint8_t *item = sink->at;
	uint8_t *bytes = item_start(sink, arg, ITEM_PAYLOAD, index, kept, total, 0);
	if (bytes)
		item_head(item, arg, ITEM_PAYLOAD, index, kept, total,
			  vector_gather(bytes, vector, count, kept, total));
}
