// SPDX-License-Identifier: MIT
/*
 * The collector's end of a live area: makes the file, keeps enough slots ready for claimers, takes back those of the
 * dead.
 *
 * All that is needed to find things in the area is kept in memory of the collector's own; what stands in the area may
 * have been scribbled over by a traced program. Disk blocks are allocated before a slot is offered, so that a full disk
 * is found here and is never a SIGBUS there.
 */
#ifndef IPCTRACE_TRACE_LIVE_AREA_H
#define IPCTRACE_TRACE_LIVE_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/futex.h>

#include "format/live_read.h"

enum {
	LIVE_AREA_E_IN_USE = 1, /* another collector is at work on this file */
	LIVE_AREA_E_FULL,	/* no more slots: the number, or the disk */
};

struct live_area {
	struct live_control *control;
	uint8_t *slots;
	uint64_t size;
	uint32_t ring_size, slots_count, slots_ready;
	int fd;
	char *path;
	/* Tells the kernel what to mark when this thread dies. */
	struct robust_list_head robust;
	struct robust_list robust_entry;
	struct robust_list_head *robust_before;
};

/*
 * Creates the file at `path` (mode 0600), with `ring_size` bytes a ring (a power of two), and maps it; no slot is ready
 * yet. A file left by a dead collector is replaced. `area` is to be closed with live_area_close().
 * 0, LIVE_AREA_E_IN_USE, or -errno.
 */
int live_area_create(struct live_area *area, const char *path, uint32_t ring_size);

/* Unmaps, and deletes the file when `is_removed`. An area that was never created (all zero) is allowed. */
void live_area_close(struct live_area *area, bool is_removed);

/* From here on everybody sees when the calling thread dies. Once; undone by live_area_close() in the same thread. */
void live_area_hold(struct live_area *area);

/* Makes `count` more slots ready, as far as there are any. 0, LIVE_AREA_E_FULL, or -errno of the disk. */
int live_area_grow(struct live_area *area, uint32_t count);

/* Gives slot `index`, whose owner is dead and whose records are taken up to `position`, to the next claimer. */
void live_area_reclaim(struct live_area *area, uint32_t index, uint64_t position);

/*
 * Lists slots again that are nobody's and not listed: who was to list them was killed, or is about to. Listing one that
 * is being claimed at this moment does no harm.
 */
void live_area_find_strays(struct live_area *area);

/* Slots ever claimed: all others are untouched. */
uint32_t live_area_used(const struct live_area *area);

struct live_slot *live_area_slot(const struct live_area *area, uint32_t index);
struct live_ring live_area_ring(const struct live_area *area, uint32_t index);

/*
 * Has the kernel fill the ring of slot `index` (some of it when it is large) with zeros ahead of its writer. The disk
 * or memory that takes is allocated already. On kernels before 5.14 the writer does it.
 */
void live_area_fill(struct live_area *area, uint32_t index);

#endif
