// SPDX-License-Identifier: MIT
/*
 * Frames read ahead by a second thread: whoever goes through a trace finds the next frame decoded, and where decoding
 * is all that there is to do, both decode. Of 0.62 s of processor time for printing 10 M calls 0.15 s are this
 * thread's.
 *
 * Frames come in one given order, each once. At most two are in memory beside those that have been given away.
 */
#ifndef IPCTRACE_READER_AHEAD_H
#define IPCTRACE_READER_AHEAD_H

#include <stddef.h>

#include "format/frame.h"

struct ahead;

/*
 * Reads the frames at places `first` to `end` - 1, by `read`: as trace_frame_read(), but from two threads at once, each
 * with a frame of its own. `source` must not change until ahead_free(). 0 or -ENOMEM; no thread to be had is no
 * failure.
 */
int ahead_new(struct ahead **ahead, int (*read)(void *source, size_t place, struct frame **frame), void *source,
	      size_t first, size_t end);

/*
 * What `read` returned for the next place, which must be there. *frame, NULL or what an earlier call gave, is taken
 * back to be read into, and replaced; it is the caller's to free.
 */
int ahead_next(struct ahead *ahead, struct frame **frame);

/*
 * What ahead_next() is going to return, and give in *frame, which stays the reader's until then: one frame less is read
 * ahead meanwhile.
 */
int ahead_look(struct ahead *ahead, struct frame **frame);

/* NULL is allowed. */
void ahead_free(struct ahead *ahead);

#endif
