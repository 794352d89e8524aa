// SPDX-License-Identifier: MIT
/*
 * The builder of one thread's events: takes raw records one after the other and encodes them as one columnar
 * "events" object of the log (docs/format.md).
 *
 * A batch holds no more than BATCH_EVENTS_MAX events and about BATCH_BYTES_MAX raw bytes. It copies what it keeps, so
 * the ring can be released as soon as batch_add returns. It must not know where the records come from or where the
 * object goes, and it believes nothing that a record says about its own size.
 */
#ifndef IPCTRACE_FORMAT_BATCH_H
#define IPCTRACE_FORMAT_BATCH_H

#include <stddef.h>
#include <stdint.h>
#include <msgpack.h>

#include "format/record.h"

#define BATCH_EVENTS_MAX 16384u
#define BATCH_BYTES_MAX	 (1u << 20)

enum {
	BATCH_E_FULL = 1, /* no room: encode first, then add the same record again */
	BATCH_E_INVALID,  /* the record does not hold together; nothing was added */
};

struct batch;

/* An empty batch for calls of `catalogue`, which is borrowed and must outlive it. 0 or -ENOMEM. */
int batch_new(struct batch **batch, const struct catalogue *catalogue);
void batch_free(struct batch *batch);

/*
 * Add the call at `record`, of which `bytes` bytes are readable. Records must come in the order in which they were
 * completed. 0, BATCH_E_FULL, BATCH_E_INVALID or -ENOMEM (nothing was added). A record larger than BATCH_BYTES_MAX is
 * taken when the batch is empty.
 */
int batch_add(struct batch *batch, const struct record_call *record, size_t bytes);

uint32_t batch_count(const struct batch *batch);

/*
 * Pack everything added as one object and empty the batch; nothing is packed when it is empty and nothing was lost.
 * `first` is the number of the first event in its thread's stream, `lost` how many events of the stream were lost directly before it (they
 * have numbers too: this batch's `first` = the previous one's `first` + count + `lost`).
 * 0, or -ENOMEM when the packer's buffer could not grow (the batch is then unchanged).
 */
int batch_encode(struct batch *batch, uint32_t pid, uint32_t tid, uint64_t first, uint64_t lost, msgpack_packer *out);

#endif
