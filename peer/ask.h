// SPDX-License-Identifier: MIT
/*
 * Asking the feeder, from any thread of any process of the program. Keeps no descriptor and no state beyond the
 * address; uses no libc function, so that nothing of it is seen by whoever records the program.
 */
#ifndef IPCTRACE_PEER_ASK_H
#define IPCTRACE_PEER_ASK_H

#include <stdbool.h>

#include "peer/protocol.h"

/* Whether there is a feeder to ask. */
bool feeder_is_there(void);

/*
 * Fills in who asks, sends `request` and, unless it is NULL, a pair of descriptors. False when the feeder is gone:
 * then *answer says that the network is unreachable, for the program is not to reach anything by accident.
 */
bool feeder_ask(struct peer_request *request, const int *pair, struct peer_answer *answer);

/* The inode of what descriptor `fd` means; 0 when it cannot be had. */
uint64_t inode_of(int fd);

#endif
