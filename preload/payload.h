// SPDX-License-Identifier: MIT
/*
 * The bytes that a call has moved: the first of them are kept, all are hashed, as far as the settings let them out.
 * They are read as they are: only what the kernel has been through may be given to these.
 */
#ifndef IPCTRACE_PRELOAD_PAYLOAD_H
#define IPCTRACE_PRELOAD_PAYLOAD_H

#include <sys/uio.h>

#include "preload/image.h"
#include "preload/item.h"

#define VECTOR_MAX 64 /* elements of a vector whose lengths are kept */

/* Once, before any payload is written. */
void payload_prepare(void);

/* How much of a payload's beginning is kept: what is redacted never leaves here. */
static inline uint64_t payload_kept(uint64_t total)
{
	return least(total, image.payload_limit);
}

/* The words of the item of a payload of `total` bytes. */
static inline uint32_t payload_words(uint64_t total)
{
	return item_words((uint32_t)payload_kept(total));
}

/* Whether payload_put_whole() does for a payload of `total` bytes. */
static inline bool payload_is_whole(uint64_t total)
{
	return total <= image.payload_whole;
}

/* The item of argument `arg`, element `index`: a payload of `total` bytes at `from`. Any payload, any machine. */
void payload_write_any(struct sink *sink, unsigned arg, unsigned index, uint64_t from, uint64_t total);

/* The items of a vector whose first `total` bytes were moved: its elements' lengths, and the bytes gathered. */
void vector_write(struct sink *sink, unsigned arg, unsigned index, const struct iovec *vector, uint64_t count,
		  uint64_t total);

/* The words that these take. */
static inline uint32_t vector_words(uint64_t count, uint64_t total)
{
	return item_words((uint32_t)least(count, VECTOR_MAX) * 8) + payload_words(total);
}

#define CRC32C_STEP(size, crc, word) __asm__("crc32" size " %1, %k0" : "+r"(crc) : "r"(word))

/* Copies and hashes a word. */
#define CRC32C_WORD(crc, from, to)                                 \
	do {                                                       \
		uint64_t word_;                                    \
		__builtin_memcpy(&word_, from, 8);                 \
		__builtin_memcpy(to, &word_, 8);                   \
		__asm__("crc32q %1, %0" : "+r"(crc) : "r"(word_)); \
	} while (0)

/* Copies and hashes the last `size` % 8 bytes of a payload, of which there are some; the rest of the word is 0. */
uint64_t payload_put_last(uint64_t crc, uint64_t *to, const uint8_t *from, uint64_t size);

/*
 * The item of a payload all of whose bytes are kept, where the processor can hash: in the caller's code, and hashing
 * while copying, which is 4 ns less for 64 bytes. A word at a time: four would be more code to fetch, and no faster
 * than the hash, which must wait for the one before. `at` is on a word's boundary, and has payload_words() of room.
 */
static inline __attribute__((always_inline)) void payload_put_whole(uint8_t *at, unsigned arg, uint64_t address,
								    uint64_t total)
{
	const uint8_t *from = (const uint8_t *)(uintptr_t)address;
	uint64_t *to = (uint64_t *)(at + sizeof(struct item)), crc = UINT32_MAX;

	for (uint64_t words = total / 8; words; words--, from += 8, to++)
		CRC32C_WORD(crc, from, to);
	if (total & 7)
		crc = payload_put_last(crc, to, from, total);
	item_head(at, arg, ITEM_PAYLOAD, 0, total, total, ~(uint32_t)crc);
}

/* payload_write_any() for element 0, by the shortest way. */
static inline void payload_write(struct sink *sink, unsigned arg, uint64_t from, uint64_t total)
{
	uint64_t size = item_words((uint32_t)total) * 8ull;

	if (__builtin_expect(payload_is_whole(total) && size <= (uint64_t)(sink->end - sink->at), 1)) {
		payload_put_whole(sink->at, arg, from, total);
		sink->at += size;
		return;
	}
	struct sink any = *sink; /* so that the sink itself need not be in memory */
	payload_write_any(&any, arg, 0, from, total);
	sink->at = any.at;
}

#endif
