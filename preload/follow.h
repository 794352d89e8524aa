// SPDX-License-Identifier: MIT
/*
 * What stands behind a call's arguments, copied into its record.
 *
 * A pointer is followed directly only when the call succeeded, that is when the kernel has been there before us, and
 * only as far as the result says. After a failure, and before a call that does not return, it is read through the
 * kernel, which answers a bad address with an error instead of a signal.
 */
#ifndef IPCTRACE_PRELOAD_FOLLOW_H
#define IPCTRACE_PRELOAD_FOLLOW_H

#include "preload/capture.h"

/* A plan for one record's items: how much room they need at most, and which arguments they come from. */
struct follow {
	const struct capture *capture;
	const struct call_spec *call;
	struct live_slot *slot;
	int64_t result;
	uint64_t stack;	    /* hash, 0 for none */
	uint32_t words;	    /* upper bound */
	uint32_t child;	    /* tid of the vfork child writing, 0 when it is the slot's owner */
	uint8_t mask;	    /* arguments to follow */
	uint8_t length_arg; /* a value-result length whose former value is noted as well; ITEM_NO_ARG when none */
	bool careful;	    /* through the kernel only */
	bool asks, creates, semval;
	struct value_spec values[CALL_ARGS_MAX];
};

/* Once, before anything is followed. */
void follow_prepare(void);

/* Fills in the plan; `stack` is the hash of the call's, or 0. False when there is nothing beside the fixed part. */
bool follow_plan(struct follow *follow, const struct capture *capture, struct live_slot *slot, int64_t result,
		 int error, enum outcome outcome, uint64_t stack);

/* Writes the items at `at`, at most follow->words words; returns how many words it used. */
uint32_t follow_write(const struct follow *follow, uint8_t *at);

/* The words that stack_put() fills. */
#define STACK_WORDS 3

/* Writes the item that refers to a call stack by its hash. */
static inline void stack_put(uint64_t *at, uint64_t hash)
{
	*(struct item *)at = (struct item){ITEM_NO_ARG, ITEM_STACK, 0, sizeof(hash), sizeof(hash), 0};
	at[STACK_WORDS - 1] = hash;
}

/* The words that payload_put() fills for a payload of `total` bytes. */
static inline uint32_t payload_words(uint64_t total)
{
	return item_words((uint32_t)(total < live_control.payload_limit ? total : live_control.payload_limit));
}

/* Writes the item of argument `arg`, a payload of `total` bytes at `from`, which the kernel has been through. */
void payload_put(uint8_t *at, unsigned arg, uint64_t from, uint64_t total);

#ifdef __x86_64__
#define CRC32C_STEP(size, crc, word) __asm__("crc32" size " %1, %k0" : "+r"(crc) : "r"(word))

/* The `size` bytes from `from` on, fewer than 8, that end the `whole` bytes of a payload; the rest of the word is 0. */
static inline uint64_t payload_last(const uint8_t *from, uint64_t size, uint64_t whole)
{
	uint64_t word = 0;

	if (whole >= 8) {
		__builtin_memcpy(&word, from + size - 8, 8);
		return word >> (64 - 8 * size);
	}
	for (uint64_t i = 0; i < size; i++)
		word |= (uint64_t)from[i] << 8 * i;
	return word;
}

/*
 * payload_put() where all bytes are kept, and the processor can hash: in the caller's code, and hashing while copying.
 * That is 4 ns less for 64 bytes.
 */
static inline void payload_put_whole(uint8_t *at, unsigned arg, uint64_t address, uint64_t total)
{
	const uint8_t *from = (const uint8_t *)(uintptr_t)address;
	uint64_t *to = (uint64_t *)(at + sizeof(struct item)), crc = UINT32_MAX, word, left = total;

	for (; left >= 8; left -= 8, from += 8) {
		__builtin_memcpy(&word, from, 8);
		*to++ = word;
		__asm__("crc32q %1, %0" : "+r"(crc) : "r"(word));
	}
	if (left) {
		word = payload_last(from, left, total);
		*to = word;
		if (left & 4) {
			CRC32C_STEP("l", crc, (uint32_t)word);
			word >>= 32;
		}
		if (left & 2) {
			CRC32C_STEP("w", crc, (uint16_t)word);
			word >>= 16;
		}
		if (left & 1)
			CRC32C_STEP("b", crc, (uint8_t)word);
	}
	*(struct item *)at =
		(struct item){(uint8_t)arg, ITEM_PAYLOAD, 0, (uint32_t)total, (uint32_t)total, ~(uint32_t)crc};
}
#endif

/* The value-result length that `event` is about to overwrite; 0 when it cannot be read. */
uint32_t follow_length_before(const struct capture *capture, unsigned event);

/* Reads `size` bytes at `from` through the kernel; false when not all of them are there, or it may not be asked. */
bool memory_read(void *to, uint64_t from, size_t size);

#endif
