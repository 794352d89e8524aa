// SPDX-License-Identifier: MIT
/*
 * Coding of integer columns; column_unpack.c reads them. The coding is chosen from a sample; what does not fit it
 * becomes an exception, and when too much does not fit, the sample has misled and every value is looked at.
 */
#include "format/column.h"
#include "format/column_parts.h"
#include "format/divisor.h"

#define SAMPLE_MAX 256u
#define SORTED_MAX 64u

struct coding {
	unsigned width, order;
	uint64_t base;
	uint64_t cost; /* of the sample, bytes */
	uint64_t unit; /* patterns count so much each: a processor's counter may go in steps */
};

static inline uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

/* What value `i` is coded as, before the base is taken off. */
static inline uint64_t value_ordered(const uint64_t *values, uint32_t i, unsigned order)
{
	return order ? zigzag(values[i] - (i ? values[i - 1] : 0)) : values[i];
}

/* The smallest width whose patterns, the all-ones one spared, reach `value`. */
static inline unsigned width_needed(uint64_t value)
{
	uint64_t patterns = value == UINT64_MAX ? value : value + 1;

	return (unsigned)(63 - __builtin_clzll(patterns)) / 8 + 1;
}

static void coding_measure(const uint64_t *sample, uint32_t count, uint64_t base, unsigned order, struct coding *best)
{
	uint32_t wider[10] = {0}; /* values that need this width */
	uint64_t cost_exceptions = 0;

	for (uint32_t i = 0; i < count; i++)
		wider[width_needed(sample[i] - base)]++;
	for (unsigned width = 8; width > 0; width--) {
		uint64_t cost = (uint64_t)count * width + cost_exceptions;
		if ((width <= WIDTH_ESCAPED_MAX || !cost_exceptions) && cost < best->cost)
			*best = (struct coding){width, order, base, cost, 1};
		cost_exceptions += wider[width] * (uint64_t)(width + 2);
	}
}

/* Sort a few values as signed ones, so that a base can be low without being an outlier. */
static void sort_signed(uint64_t *values, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		uint64_t value = values[i];
		uint32_t at = i;
		for (; at > 0 && (int64_t)values[at - 1] > (int64_t)value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

/* Try the bases that suggest themselves for `sample`: its least value, and one that leaves a few outliers below. */
static void coding_try(const uint64_t *sample, uint32_t count, unsigned order, struct coding *best)
{
	uint64_t sorted[SORTED_MAX];
	uint32_t sorted_count = count < SORTED_MAX ? count : SORTED_MAX;
	uint64_t least = sample[0];

	for (uint32_t i = 0; i < sorted_count; i++)
		sorted[i] = sample[(uint64_t)i * count / sorted_count];
	sort_signed(sorted, sorted_count);
	for (uint32_t i = 1; i < count; i++)
		if ((int64_t)sample[i] < (int64_t)least)
			least = sample[i];
	coding_measure(sample, count, least, order, best);
	if (sorted[sorted_count / 8] != least)
		coding_measure(sample, count, sorted[sorted_count / 8], order, best);
}

/*
 * What all values but the first are apart by multiples of (the first gap of a batch is an absolute time). On processors
 * whose counter goes in steps of 26 this makes two bytes of most times one: 5.8 bytes an event of redis became 5.0.
 */
static uint64_t unit_find(const uint64_t *sample, uint32_t count)
{
	uint64_t unit = 0;

	for (uint32_t i = 2; i < count && unit != 1; i++) {
		uint64_t other = sample[i] - sample[1];
		unit = divisor_common(unit, (int64_t)other < 0 ? -other : other);
	}
	return unit ? unit : 1;
}

/* Coding of the sample in units, when it has any. */
static void coding_try_unit(const uint64_t *sample, uint32_t count, struct coding *best)
{
	uint64_t scaled[SAMPLE_MAX], unit = unit_find(sample, count);

	if (unit == 1 || unit > INT64_MAX)
		return;
	for (uint32_t i = 0; i < count; i++)
		scaled[i] = (uint64_t)((int64_t)(sample[i] - sample[1]) / (int64_t)unit);
	uint64_t before = best->cost;
	coding_try(scaled, count, 0, best);
	if (best->cost == before)
		return;
	best->base = sample[1] + best->base * unit;
	best->unit = unit;
}

static struct coding coding_choose(const uint64_t *values, uint32_t count)
{
	uint64_t sample[SAMPLE_MAX] = {0};
	uint32_t places[SAMPLE_MAX];
	uint32_t sample_count = count < SAMPLE_MAX ? count : SAMPLE_MAX;
	struct coding best = {.cost = UINT64_MAX};

	/* steps of the golden ratio, so that no period of the data is met */
	for (uint32_t i = 0; i < sample_count; i++) {
		places[i] = count <= SAMPLE_MAX ? i : (uint32_t)((uint64_t)(i * 2654435769u) * count >> 32);
		sample[i] = values[places[i]];
	}
	coding_try(sample, sample_count, 0, &best);
	if (best.width < 2 || count < 8)
		return best;
	coding_try_unit(sample, sample_count, &best);
	if (best.width < 2)
		return best;
	for (uint32_t i = 0; i < sample_count; i++)
		sample[i] = value_ordered(values, places[i], 1);
	coding_try(sample, sample_count, 1, &best);
	return best;
}

/*
 * Write the patterns, byte planes one after the other: all lowest bytes, then all the next ones, ... LZ4 finds little
 * in bytes that alternate and much in planes. Returns how many exceptions there are.
 */
static inline __attribute__((always_inline)) uint32_t planes_write(uint8_t *planes, const uint64_t *values,
								   uint32_t count, const struct coding *coding,
								   unsigned order, unsigned width)
{
	uint64_t base = coding->base, escape = width < 8 ? (1ull << 8 * width) - 1 : UINT64_MAX;
	struct divisor divisor = divisor_of(coding->unit);
	uint32_t exceptions = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t pattern = divide_exactly(value_ordered(values, i, order) - base, &divisor);
		exceptions += pattern >= escape;
		pattern = pattern >= escape ? escape : pattern;
		for (unsigned plane = 0; plane < width; plane++)
			planes[(size_t)plane * count + i] = (uint8_t)(pattern >> 8 * plane);
	}
	return exceptions;
}

/*
 * The same for one or two bytes of plain values, in steps that every vector unit has: few compare 64 bits. What is
 * above the width is all ones, as the escape is. Such a column takes 1.3 ns a value to pack instead of 2.4.
 */
static inline __attribute__((always_inline)) uint32_t planes_write_plain(uint8_t *planes, const uint64_t *values,
									 uint32_t count, uint64_t base, unsigned width)
{
	uint32_t escape = (1u << 8 * width) - 1, exceptions = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t distance = values[i] - base;
		uint32_t above = (uint32_t)(distance >> 8 * width) | (uint32_t)(distance >> 32);
		uint32_t pattern = above ? escape : (uint32_t)distance & escape;
		exceptions += pattern == escape;
		planes[i] = (uint8_t)pattern;
		if (width == 2)
			planes[(size_t)count + i] = (uint8_t)(pattern >> 8);
	}
	return exceptions;
}

/* The common widths each get a loop of their own. UINT32_MAX when the width cannot hold a value. */
static uint32_t column_write(uint8_t *planes, const uint64_t *values, uint32_t count, const struct coding *coding)
{
	unsigned width = coding->width;

	if (!coding->order && width == 1 && coding->unit == 1)
		return planes_write_plain(planes, values, count, coding->base, 1);
	if (!coding->order && width == 2 && coding->unit == 1)
		return planes_write_plain(planes, values, count, coding->base, 2);
	if (!coding->order && width == 1)
		return planes_write(planes, values, count, coding, 0, 1);
	if (!coding->order && width == 2)
		return planes_write(planes, values, count, coding, 0, 2);
	uint32_t exceptions = planes_write(planes, values, count, coding, coding->order, width);
	return width > WIDTH_ESCAPED_MAX && width < 8 && exceptions ? UINT32_MAX : exceptions;
}

/* The planes are what was packed last; where they stand in memory changes as the buffer grows. */
static void exceptions_pack(struct pack_buffer *out, const uint64_t *values, uint32_t count,
			    const struct coding *coding, uint32_t exceptions)
{
	size_t planes = out->size - (size_t)count * coding->width;

	msgpack_pack_array(&out->packer, exceptions);
	for (uint32_t i = 0; exceptions; i++, exceptions--) {
		i = column_exception(out->bytes + planes, count, coding->width, i);
		msgpack_pack_int64(&out->packer, (int64_t)value_ordered(values, i, coding->order));
	}
}

/* Code with every value considered: the narrowest width that needs no exceptions. */
static struct coding coding_safe(const uint64_t *values, uint32_t count)
{
	struct coding coding = {.width = 8, .base = values[0], .unit = 1};
	unsigned width = 1;

	for (uint32_t i = 1; i < count; i++)
		if ((int64_t)values[i] < (int64_t)coding.base)
			coding.base = values[i];
	for (uint32_t i = 0; i < count; i++) {
		unsigned needed = width_needed(values[i] - coding.base);
		width = needed > width ? needed : width;
	}
	coding.width = width;
	return coding;
}

static bool values_are_same(const uint64_t *values, uint32_t count)
{
	uint64_t different = 0;

	for (uint32_t i = 1; i < count; i++)
		different |= values[i] ^ values[0];
	return !different;
}

static void column_pack_constant(struct pack_buffer *out, uint64_t value)
{
	msgpack_pack_fix_int8(&out->packer, 0);
	msgpack_pack_int64(&out->packer, (int64_t)value);
	msgpack_pack_bin(&out->packer, 0);
	msgpack_pack_array(&out->packer, 0);
	msgpack_pack_int(&out->packer, 0);
}

/* The head of a coding and its patterns; *exceptions as column_write() tells. False when memory ran out. */
static bool column_try(struct pack_buffer *out, const uint64_t *values, uint32_t count, const struct coding *coding,
		       uint32_t *exceptions)
{
	size_t size = (size_t)count * coding->width;

	msgpack_pack_int(&out->packer, (int)coding->width);
	msgpack_pack_int64(&out->packer, (int64_t)coding->base);
	msgpack_pack_bin(&out->packer, size);
	uint8_t *planes = pack_buffer_extend(out, size);
	if (!planes)
		return false;
	*exceptions = column_write(planes, values, count, coding);
	return true;
}

void column_pack(struct pack_buffer *out, const uint64_t *values, uint32_t count)
{
	uint32_t exceptions;

	if (!count || values_are_same(values, count)) {
		msgpack_pack_array(&out->packer, 5);
		column_pack_constant(out, count ? values[0] : 0);
		return;
	}
	struct coding coding = coding_choose(values, count);
	size_t start = out->size;
	msgpack_pack_array(&out->packer, coding.unit == 1 ? 5 : 6);
	if (!column_try(out, values, count, &coding, &exceptions))
		return;
	if (exceptions > count / 8 + 8) {
		coding = coding_safe(values, count);
		out->size = start;
		msgpack_pack_array(&out->packer, 5);
		if (!column_try(out, values, count, &coding, &exceptions))
			return;
	}
	if (coding.width <= WIDTH_ESCAPED_MAX)
		exceptions_pack(out, values, count, &coding, exceptions);
	else
		msgpack_pack_array(&out->packer, 0);
	msgpack_pack_int(&out->packer, (int)coding.order);
	if (coding.unit != 1)
		msgpack_pack_int64(&out->packer, (int64_t)coding.unit);
}
