// SPDX-License-Identifier: MIT
/*
 * CRC-32C (Castagnoli), the hash of payloads.
 *
 * It was chosen because hashes of neighbouring pieces can be joined (crc32c_combine): what a stream carried has the
 * same hash however it was cut into calls. Everything is static and calls nothing, so that it can run inside a traced
 * program and in a signal handler. It detects accidents and differences, not forgery.
 */
#ifndef IPCTRACE_FORMAT_CRC32C_H
#define IPCTRACE_FORMAT_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRC32C_POLYNOMIAL 0x82f63b78u /* bit-reversed */
/* Bytes of one of the three interleaved lanes: the crc32 instruction takes 3 cycles but one can start every cycle. */
#define CRC32C_LANE 1024u
/* So many zero bytes are appended sooner one by one than by a product. */
#define CRC32C_ZEROS_FEW 256u

/*
 * Filled by crc32c_prepare(). Threads that do so at once write the same values. `shift` moves a CRC over CRC32C_LANE zero bytes, a nibble at
 * a time; `table` is for machines without the instruction.
 */
struct crc32c_tables {
	bool has_instruction, is_ready;
	uint32_t table[256];
	uint32_t shift[8][16];
};

static struct crc32c_tables crc32c_tables;

/* Product of two polynomials modulo CRC-32C's, bits reversed (the highest bit is the power 0). */
static inline uint32_t crc32c_multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (uint32_t bit = 1u << 31; bit; bit >>= 1) {
		if (a & bit)
			product ^= b;
		b = b & 1 ? b >> 1 ^ CRC32C_POLYNOMIAL : b >> 1;
	}
	return product;
}

/* x to the power of 8 * `bytes`: multiplying a CRC with it appends so many zero bytes. */
static inline uint32_t crc32c_power(uint64_t bytes)
{
	uint32_t power = 1u << 31, square = 1u << 23; /* x^0 and x^8 */

	for (; bytes; bytes >>= 1) {
		if (bytes & 1)
			power = crc32c_multiply(power, square);
		square = crc32c_multiply(square, square);
	}
	return power;
}

/* Make the tables of this translation unit and look at the processor. */
static inline void crc32c_prepare(void)
{
	struct crc32c_tables *tables = &crc32c_tables;

	if (__atomic_load_n(&tables->is_ready, __ATOMIC_ACQUIRE))
		return;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ CRC32C_POLYNOMIAL : crc >> 1;
		tables->table[i] = crc;
	}
	uint32_t lane = crc32c_power(CRC32C_LANE);
	for (uint32_t nibble = 0; nibble < 8; nibble++)
		for (uint32_t i = 0; i < 16; i++)
			tables->shift[nibble][i] = crc32c_multiply(lane, i << 4 * nibble);
#ifdef __x86_64__
	__builtin_cpu_init();
	tables->has_instruction = __builtin_cpu_supports("sse4.2");
#endif
	__atomic_store_n(&tables->is_ready, true, __ATOMIC_RELEASE);
}

static inline uint32_t crc32c_update_table(uint32_t crc, const uint8_t *bytes, size_t size)
{
	while (size--)
		crc = crc32c_tables.table[(crc ^ *bytes++) & 0xff] ^ crc >> 8;
	return crc;
}

#ifdef __x86_64__
static inline uint32_t crc32c_shift_lane(uint32_t crc)
{
	uint32_t shifted = 0;

	for (int nibble = 0; nibble < 8; nibble++)
		shifted ^= crc32c_tables.shift[nibble][crc >> 4 * nibble & 15];
	return shifted;
}

static inline uint64_t crc32c_load(const uint8_t *bytes)
{
	uint64_t word;

	__builtin_memcpy(&word, bytes, 8);
	return word;
}

__attribute__((target("sse4.2"))) static inline uint32_t crc32c_update_instruction(uint32_t crc, const uint8_t *bytes,
										   size_t size)
{
	uint64_t a = crc;

	for (; size >= 3 * CRC32C_LANE; size -= 3 * CRC32C_LANE) {
		uint64_t b = 0, c = 0;

		for (size_t i = 0; i < CRC32C_LANE; i += 8) {
			a = __builtin_ia32_crc32di(a, crc32c_load(bytes + i));
			b = __builtin_ia32_crc32di(b, crc32c_load(bytes + CRC32C_LANE + i));
			c = __builtin_ia32_crc32di(c, crc32c_load(bytes + 2 * CRC32C_LANE + i));
		}
		b ^= crc32c_shift_lane((uint32_t)a);
		a = c ^ crc32c_shift_lane((uint32_t)b);
		bytes += 3 * CRC32C_LANE;
	}
	for (; size >= 8; size -= 8, bytes += 8)
		a = __builtin_ia32_crc32di(a, crc32c_load(bytes));
	crc = (uint32_t)a;
	for (; size; size--, bytes++)
		crc = __builtin_ia32_crc32qi(crc, *bytes);
	return crc;
}

__attribute__((target("sse4.2"))) static inline uint32_t crc32c_zeros_instruction(uint32_t crc, uint64_t size)
{
	uint64_t a = crc;

	for (; size >= 8; size -= 8)
		a = __builtin_ia32_crc32di(a, 0);
	crc = (uint32_t)a;
	for (; size; size--)
		crc = __builtin_ia32_crc32qi(crc, 0);
	return crc;
}
#endif

/*
 * The CRC of A followed by B, from the CRC of each; `size_b` is the length of B in bytes. Where crc32c_prepare() has
 * run it is sooner done.
 */
static inline uint32_t crc32c_combine(uint32_t crc_a, uint32_t crc_b, uint64_t size_b)
{
#ifdef __x86_64__
	if (crc32c_tables.has_instruction && size_b <= CRC32C_ZEROS_FEW)
		return crc32c_zeros_instruction(crc_a, size_b) ^ crc_b;
#endif
	return crc32c_multiply(crc32c_power(size_b), crc_a) ^ crc_b;
}

/*
 * The CRC of everything hashed so far followed by `size` bytes; `crc` is 0 at the beginning. crc32c_prepare() must
 * have run in this translation unit.
 */
static inline uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t size)
{
	crc = ~crc;
#ifdef __x86_64__
	if (crc32c_tables.has_instruction)
		return ~crc32c_update_instruction(crc, bytes, size);
#endif
	return ~crc32c_update_table(crc, bytes, size);
}

#endif
