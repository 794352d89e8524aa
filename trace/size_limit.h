// SPDX-License-Identifier: MIT
/*
 * What a limit on the size of the log means for its frames: one that does not fit is lost with all that is in it. So
 * they become smaller the nearer the limit is. Arithmetic only.
 */
#ifndef IPCTRACE_TRACE_SIZE_LIMIT_H
#define IPCTRACE_TRACE_SIZE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Kept free below the limit for the account at the end. */
#define SIZE_LIMIT_END_BYTES 512u
/* Fewer bytes of a ring are not worth a frame, however little room the log has. */
#define SIZE_LIMIT_RAW_LEAST (16u << 10)

struct size_limit {
	uint64_t limit; /* bytes, 0 for none */
	uint64_t size;	/* of the log */
};

/* Whether a frame of `content` bytes, however badly they can be compressed, has room. */
static inline bool size_limit_fits(struct size_limit limit, uint64_t content)
{
	return !limit.limit || limit.size + content + content / 255 + SIZE_LIMIT_END_BYTES <= limit.limit;
}

/* Whether so much content is to be written now, so that little of the room is left unused. */
static inline bool size_limit_is_near(struct size_limit limit, uint64_t content)
{
	return limit.limit && limit.size + 4 * content >= limit.limit;
}

/* How many bytes of a ring are to go into a frame at most, which may be all payload. */
static inline uint64_t size_limit_raw(struct size_limit limit)
{
	uint64_t part = limit.limit > limit.size ? (limit.limit - limit.size) / 8 : 0;

	if (!limit.limit)
		return UINT64_MAX;
	return part > SIZE_LIMIT_RAW_LEAST ? part : SIZE_LIMIT_RAW_LEAST;
}

#endif
