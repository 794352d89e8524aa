// SPDX-License-Identifier: MIT
/*
 * Reading a histogram; adding to it is in the header, since it is done for each event of a trace.
 */
#include "reader/histogram.h"

/* The middle of a bucket's values. */
static uint64_t bucket_value(uint32_t bucket)
{
	if (bucket < 1u << (HISTOGRAM_BITS + 1))
		return bucket;
	uint32_t shift = (bucket >> HISTOGRAM_BITS) - 1;
	uint64_t low = (uint64_t)(bucket - (shift << HISTOGRAM_BITS)) << shift;
	return low + ((1ull << shift) >> 1);
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t seen = 0;
	uint64_t wanted = (uint64_t)(share * (double)histogram->count);

	/* Rounded up: the p50 of three values is the second. */
	if ((double)wanted < share * (double)histogram->count)
		wanted++;
	if (!wanted)
		wanted = 1;
	if (!histogram->count)
		return 0;
	for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
		seen += histogram->buckets[bucket];
		if (seen >= wanted) {
			uint64_t value = bucket_value(bucket);
			return value < histogram->max ? value : histogram->max;
		}
	}
	return histogram->max;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	to->count += from->count;
	to->sum += from->sum;
	if (from->max > to->max)
		to->max = from->max;
	for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
		to->buckets[bucket] += from->buckets[bucket];
}
