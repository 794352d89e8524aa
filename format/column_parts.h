// SPDX-License-Identifier: MIT
/*
 * What both directions of the column code know: where exceptions are. For format/column*.c alone.
 */
#ifndef IPCTRACE_FORMAT_COLUMN_PARTS_H
#define IPCTRACE_FORMAT_COLUMN_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Widths above this have no pattern to spare for exceptions: they must hold every value. */
#define WIDTH_ESCAPED_MAX 4u

static inline bool column_is_exception(const uint8_t *planes, uint32_t count, unsigned width, uint32_t i)
{
	for (unsigned plane = 0; plane < width; plane++)
		if (planes[(size_t)plane * count + i] != UINT8_MAX)
			return false;
	return true;
}

/*
 * The first exception from `i` on, or `count`. They are looked for in the lowest plane, by memchr(): most columns have
 * few or none. A tenth less to decode.
 */
static inline uint32_t column_exception(const uint8_t *planes, uint32_t count, unsigned width, uint32_t i)
{
	for (; i < count; i++) {
		const uint8_t *at = memchr(planes + i, UINT8_MAX, count - i);
		if (!at)
			return count;
		i = (uint32_t)(at - planes);
		if (column_is_exception(planes, count, width, i))
			break;
	}
	return i;
}

#endif
