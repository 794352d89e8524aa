// SPDX-License-Identifier: MIT
/*
 * Where a trace is run again: namespaces of its own where that is permitted, a private folder for sockets with paths,
 * and private names where names are shared with the rest of the machine. Whatever it makes, it takes away.
 */
#ifndef IPCTRACE_REPLAY_STAGE_H
#define IPCTRACE_REPLAY_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/map.h"
#include "reader/text.h"

#define STAGE_FOLDER_MAX 64

/* Paths of sockets, and what stands for them: pairs, that first, each with a NUL. */
struct stage_paths {
	struct text pairs;
	struct map known; /* by hash of the path */
};

struct stage {
	bool has_network, has_ipc,
		has_memory;	       /* namespaces of its own: addresses and ports; keys and queues; /dev/shm */
	char folder[STAGE_FOLDER_MAX]; /* "" when there is none */
	uint32_t run;		       /* tells the names of this replay from those of others */
	struct stage_paths *paths;     /* those that were placed */
};

/*
 * Moves the calling process, which must have one thread, onto a stage. `shared` keeps it in the namespaces that it is
 * in. 0 or -errno. Must be followed by stage_leave() of the same process.
 */
int stage_enter(struct stage *stage, bool shared);

/* Takes away what is left. Namespaces go with their last process. */
void stage_leave(struct stage *stage);

/* The key that stands for `key` on the stage. IPC_PRIVATE stays what it is. */
uint32_t stage_key(const struct stage *stage, uint32_t key);

/* The name that stands for the POSIX queue, semaphore or memory `name`. Cut off when it does not fit. */
void stage_name(const struct stage *stage, const char *name, char *text, size_t size);

/*
 * The address that stands for a sockaddr of `size` bytes. `text` has room for 128 bytes. Returns its size. Paths get
 * into the folder; without a network of its own, ports become 0 and addresses those of the loopback.
 */
uint32_t stage_address(const struct stage *stage, const uint8_t *bytes, uint32_t size, uint8_t *text);

#endif
