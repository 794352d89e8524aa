// SPDX-License-Identifier: MIT
/*
 * From the events of a POSIX trace stream to objects of the log: batches of each thread, and who the threads and
 * processes are. Knows neither the stream nor the file.
 */
#ifndef IPCTRACE_POSIX_PACK_H
#define IPCTRACE_POSIX_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "format/log_writer.h"
#include "posix/record.h"

/* posix/events.calls */
extern const struct catalogue catalogue_posix;

struct posix_pack;

int posix_pack_new(struct posix_pack **pack);
void posix_pack_free(struct posix_pack *pack);

/*
 * Objects go to `writer` (borrowed) from here on, which begins a log: numbers of events count from 0, and everybody is
 * introduced again. posix_pack_skip() says that an event was there, but is not in this log.
 */
void posix_pack_begin(struct posix_pack *pack, struct log_writer *writer);
int posix_pack_skip(struct posix_pack *pack, const struct posix_record *record);

/* Process `pid` is going to record events, and may be gone when they are packed: what it is is asked for now. */
int posix_pack_meet(struct posix_pack *pack, uint32_t pid);

/* An event, with its data behind it. 0 or -ENOMEM. */
int posix_pack_add(struct posix_pack *pack, const struct posix_record *record);

/* Packs what was added, so that a frame can be written. 0 or -ENOMEM. */
int posix_pack_finish(struct posix_pack *pack);

/* The frame was written, or thrown away: its events are then lost. */
void posix_pack_written(struct posix_pack *pack, bool is_written);

/* What is in the log, and what was lost from it. */
struct posix_pack_account {
	uint64_t events, lost, processes, threads;
};
struct posix_pack_account posix_pack_account(const struct posix_pack *pack);

#endif
