// SPDX-License-Identifier: MIT
/*
 * What both directions of the code of times know: symbols, and how long codes get. For format/times*.c alone.
 *
 * A symbol is a number's highest four bits and how many bits follow; these follow as they are. So few symbols reach any
 * time, and within one of them all numbers are about as likely.
 */
#ifndef IPCTRACE_FORMAT_TIMES_PARTS_H
#define IPCTRACE_FORMAT_TIMES_PARTS_H

#include <stdint.h>

/* What stands in the place of a column's width. */
#define TIMES_CODED 9u
/* Codes have at most so many bits: a decoding table of 4 KiB. */
#define CODE_BITS_MAX 9u
/* A symbol's number is followed by at most so many bits; what is beyond is patched. */
#define TAIL_BITS_MAX	22u
#define SYMBOLS_MAX	(16u + 8u * TAIL_BITS_MAX)
#define NUMBER_BITS_MAX (TAIL_BITS_MAX + 4u)
/* Value i is in stream i modulo this: a processor decodes them side by side. */
#define STREAMS 4u
/* Bytes of nothing behind the streams, so that two whole words can be read where a stream ends. */
#define STREAMS_EXCESS 16u

/* How many bits follow the symbol of a number. */
static inline unsigned number_tail(uint64_t number)
{
	return 60u - (unsigned)__builtin_clzll(number | 8);
}

static inline uint32_t number_symbol(uint64_t number, unsigned tail)
{
	return (uint32_t)(8 * tail + (number >> tail));
}

static inline unsigned symbol_tail(uint32_t symbol)
{
	return symbol < 16 ? 0 : symbol / 8 - 1;
}

/* The number's highest bits. */
static inline uint32_t symbol_top(uint32_t symbol)
{
	return symbol - 8 * symbol_tail(symbol);
}

#endif
