// SPDX-License-Identifier: MIT
/*
 * The writing end of a log: objects are packed into a buffer, and a flush makes one LZ4 frame of them and appends it
 * with one write.
 *
 * One thread at a time. The writer neither opens nor closes files and reads no clock.
 */
#ifndef IPCTRACE_FORMAT_LOG_WRITER_H
#define IPCTRACE_FORMAT_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <msgpack.h>

#include "format/log_head.h"

/* Flush when log_writer_pending() reaches this: large enough to compress well, small enough to decode in parallel. */
#define LOG_FRAME_TARGET (512u << 10)

struct log_writer;

/*
 * Write to `fd`, at its present position, which must be the end of the file; `fd` is borrowed and must stay open. The
 * head is packed at once (nothing of it is kept) and goes out with the first frame. 0 or -errno.
 */
int log_writer_open(struct log_writer **writer, int fd, const struct log_head *head);

/* The same into a buffer in memory, to be had from log_writer_memory(). */
int log_writer_open_memory(struct log_writer **writer, const struct log_head *head);

/* What is pending is thrown away: flush first. NULL is allowed. */
void log_writer_free(struct log_writer *writer);

/*
 * Objects packed here go into the next frame. Packing fails when memory or LOG_FRAME_MAX is exhausted; flush, and pack
 * the object again.
 */
msgpack_packer *log_writer_packer(struct log_writer *writer);

/*
 * From now on what is alike in frames is compressed well, or (as at first) quickly: of a log of redis that takes 2.7
 * bytes an event quickly 2.4 are left, at 13 ns instead of 4. Readers take no longer.
 */
void log_writer_compress_well(struct log_writer *writer, bool well);

/* Bytes packed and not yet flushed, without the head. */
size_t log_writer_pending(const struct log_writer *writer);

/*
 * Append one frame with everything pending; `before` and `after` are clock readings around its events. With nothing
 * pending only the first flush writes a frame, that of the head.
 * Returns 0, or -errno of the write: the file was then cut back to its last whole frame (as far as that is possible)
 * and everything is still pending, to be flushed again or given up with log_writer_discard().
 */
int log_writer_flush(struct log_writer *writer, const struct log_anchor *before, const struct log_anchor *after);

/* Give up what is pending. Its frame number is used up, so that readers see that something is missing. */
void log_writer_discard(struct log_writer *writer);

/* Bytes of whole frames written so far. */
uint64_t log_writer_size(const struct log_writer *writer);

/* The log in memory, owned by the writer, valid until the next flush. Only after log_writer_open_memory(). */
const void *log_writer_memory(const struct log_writer *writer, size_t *size);

#endif
