// SPDX-License-Identifier: MIT
/*
 * How durations are distributed: buckets that are log-linear, so that any value is known to less than 1.6 %, and adding
 * one takes the same few instructions however many there are. Units are the caller's.
 */
#ifndef IPCTRACE_READER_HISTOGRAM_H
#define IPCTRACE_READER_HISTOGRAM_H

#include <stdint.h>

/* 64 buckets for each power of two; values below 128 have a bucket of their own. */
#define HISTOGRAM_BITS	  6
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS)

struct histogram {
	uint64_t count, sum, max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

static inline uint32_t histogram_bucket(uint64_t value)
{
	if (value < 1u << (HISTOGRAM_BITS + 1))
		return (uint32_t)value;
	uint32_t shift = 63 - HISTOGRAM_BITS - (uint32_t)__builtin_clzll(value);
	return (shift << HISTOGRAM_BITS) + (uint32_t)(value >> shift);
}

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->count++;
	histogram->sum += value;
	if (value > histogram->max)
		histogram->max = value;
	histogram->buckets[histogram_bucket(value)]++;
}

/* The value that `share` (0..1) of all values do not exceed; the middle of its bucket. 0 when there are none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

/* Adds all of `from`. */
void histogram_merge(struct histogram *to, const struct histogram *from);

#endif
