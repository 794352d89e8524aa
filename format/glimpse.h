// SPDX-License-Identifier: MIT
/*
 * What the arguments of a call point to that has not returned: a hang shows which semaphore is waited for, and not only
 * where the operation stands in memory.
 *
 * It is read from outside, so that the traced program spends nothing on it, and only as far as the kernel itself says
 * that the thread waits in a call with these very words (/proc/PID/task/TID/syscall): what stands in a live area is not
 * believed, for whoever maps it could name the memory of others. Payload is not looked at: nobody knows how much of it
 * will be moved, and what is redacted must not leave the program. Keeps nothing, and writes nothing anywhere else.
 */
#ifndef IPCTRACE_FORMAT_GLIMPSE_H
#define IPCTRACE_FORMAT_GLIMPSE_H

#include "format/live.h"

/* Items of one call take so many 8-byte words at most; what does not fit is left out. */
#define GLIMPSE_WORDS 640u

struct glimpse {
	uint64_t enter; /* of the call it is of; 0: of none */
	uint32_t words; /* of `items` */
	/* each a struct item and its bytes; ITEM_UNREAD among them when the memory may not be read */
	uint64_t items[GLIMPSE_WORDS];
};

/*
 * Looks at the innermost call in flight of `slot`, whose thread may be of any process, or gone. The glimpse is of none
 * when there is no such call, when its thread is not waiting in it, or when it went on meanwhile.
 */
void glimpse_take(struct glimpse *glimpse, const struct catalogue *catalogue, const struct live_slot *slot);

#endif
