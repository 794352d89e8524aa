// SPDX-License-Identifier: MIT
/*
 * Makes LZ4 frames, block by block, with what compressors need kept from one frame to the next. It neither reads nor
 * writes files, and knows nothing of what the content means.
 *
 * LZ4's own maker of frames begins anew each time: the level that looks for the longest match clears 256 KiB first,
 * which took 20 us a frame, a sixth of what the collector spent on a call of the ping; and it looks for matches in what
 * is known to have none.
 */
#ifndef IPCTRACE_FORMAT_LZ4_FRAME_H
#define IPCTRACE_FORMAT_LZ4_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/pack_buffer.h"

struct lz4_maker;

/* NULL without memory. */
struct lz4_maker *lz4_maker_new(void);
void lz4_maker_free(struct lz4_maker *maker);

/* The most that a frame of `size` bytes of content takes. */
size_t lz4_frame_bound(size_t size);

/*
 * Makes a frame of all that stands in `content` from `start` on, which is something, in `frame`, which has room for
 * lz4_frame_bound(). Dense ranges become blocks that are not compressed; `well`: in those that are alike it is looked
 * for the longest match, which takes five times as long. Returns its size, or 0 without memory.
 */
size_t lz4_frame_make(struct lz4_maker *maker, uint8_t *frame, const struct pack_buffer *content, size_t start,
		      bool well);

#endif
