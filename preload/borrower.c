// SPDX-License-Identifier: MIT
/*
 * Children of clone(CLONE_VM) that are not threads: they find their parent's slot in the thread-local storage that they
 * share with it. Whose slot is whose is then kept by thread number, here, without a lock.
 */
#include "preload/image.h"
#include "trace/raw.h"

#define BORROWERS_MAX 64

/* Those that found themselves with another thread's slot in their thread-local storage. */
static struct borrower {
	uint32_t tid;
	struct live_slot *slot;
} borrowers[BORROWERS_MAX];

static bool slot_is_of(const struct live_slot *slot, uint32_t tid)
{
	return slot && live_slot_owner(slot) >> 32 == tid;
}

/* The collector takes back the slots of the dead, whose rows can then be used again. */
static struct borrower *borrower_find(uint32_t tid)
{
	for (uint32_t i = 0; i < BORROWERS_MAX; i++) {
		struct borrower *row = &borrowers[(tid + i) % BORROWERS_MAX];
		uint32_t known = __atomic_load_n(&row->tid, __ATOMIC_ACQUIRE);
		if (known == tid)
			return row;
		if ((known == 0 || !slot_is_of(row->slot, known)) &&
		    __atomic_compare_exchange_n(&row->tid, &known, tid, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return row;
	}
	return NULL;
}

struct live_slot *slot_shared(void)
{
	uint32_t tid = (uint32_t)raw_syscall(SYS_gettid), pid = (uint32_t)raw_syscall(SYS_getpid);

	if (slot_is_of(thread_slot, tid))
		return thread_slot;
	struct borrower *row = borrower_find(tid);
	if (!row)
		return NULL;
	if (slot_is_of(row->slot, tid))
		return row->slot;
	if (child_is_foreign())
		return NULL;
	struct live_slot *slot = stream_claim(&image.view, pid, tid, image.number);
	if (!slot)
		return NULL;
	if (pid != image.pid)
		process_announce(slot, PROCESS_FORK, NULL);
	row->slot = slot;
	thread_announce(slot, 0);
	return slot;
}
