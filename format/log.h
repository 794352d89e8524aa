// SPDX-License-Identifier: MIT
/*
 * The reading end of a log: finds the frames of a file, decodes its head and, on demand, any frame.
 *
 * Damage is skipped and listed, never fatal: what can be read is read. Nothing here follows what a file claims beyond
 * the bytes it has. A frame never takes more than LOG_FRAME_MAX bytes uncompressed and LOG_DECODED_MAX decoded.
 */
#ifndef IPCTRACE_FORMAT_LOG_H
#define IPCTRACE_FORMAT_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "format/frame.h"
#include "format/log_head.h"

#define LOG_DECODED_MAX (64u << 20)

enum {
	LOG_E_EMPTY = 1, /* the file has no bytes */
	LOG_E_FOREIGN,	 /* not a log, or nothing of one can be read */
	LOG_E_NEWER,	 /* written in a newer format */
	LOG_E_DAMAGED,	 /* this frame cannot be read; see frame->damage */
	LOG_E_SAME,	 /* log_refresh: nothing new */
};

/* What was wrong, as one line that names the file and the place. */
struct log_trouble {
	char text[256];
};

enum log_damage_kind {
	LOG_DAMAGE_TORN,     /* the file ends inside a frame */
	LOG_DAMAGE_FOREIGN,  /* bytes that are no frame, or a frame that is not this log's */
	LOG_DAMAGE_CORRUPT,  /* a frame whose checksum or content is wrong */
	LOG_DAMAGE_FRAMES,   /* frames missing between two that are there */
	LOG_DAMAGE_SEQUENCE, /* events missing in a thread's stream that nobody counted as lost */
	LOG_DAMAGE_HEAD,     /* the first frame is lost; its catalogue was this build's */
};

struct log_damage {
	enum log_damage_kind kind;
	uint64_t offset;  /* in the file */
	uint64_t bytes;	  /* skipped there */
	uint64_t missing; /* frames or events, when that is what is missing */
	char why[120];
};

struct log;

/*
 * Open the log at `path`: index its frames, decode its head and catalogue. On success *log is to be closed with
 * log_close(). LOG_E_EMPTY, LOG_E_FOREIGN, LOG_E_NEWER or -errno with trouble->text set.
 */
int log_open(const char *path, struct log **log, struct log_trouble *trouble);

/* The same for a log in memory, which is borrowed and must outlive it. */
int log_open_memory(const void *bytes, size_t size, struct log **log, struct log_trouble *trouble);

/* NULL is allowed. Frames outlive their log, except for the catalogue that their events point to. */
void log_close(struct log *log);

/* The file grew: index what is new. LOG_E_SAME when there is nothing. Not while another thread uses the log. */
int log_refresh(struct log *log);

size_t log_frames(const struct log *log);
const struct log_head *log_head(const struct log *log);
const struct catalogue *log_catalogue(const struct log *log);
uint64_t log_size(const struct log *log);

/*
 * Decode frame `i`. *frame is NULL, or a frame from an earlier call, whose memory is used again. Threads may read
 * different frames of one log at the same time. LOG_E_DAMAGED with (*frame)->damage saying why, or -errno.
 */
int log_frame_read(const struct log *log, size_t i, struct frame **frame);

/*
 * What is known to be wrong: after log_open() what the index found (torn, foreign), after log_check() all of it.
 * In the order of the file. Valid until the next call on the log that is not const.
 */
const struct log_damage *log_damage(const struct log *log, size_t *count);

/* Read every frame and add to the list what is corrupt or missing. 0 also when there is damage; or -errno. */
int log_check(struct log *log);

#endif
