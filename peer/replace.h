// SPDX-License-Identifier: MIT
/*
 * Putting one socket in the place of another: the same number, flags, time limits and places in epoll sets.
 */
#ifndef IPCTRACE_PEER_REPLACE_H
#define IPCTRACE_PEER_REPLACE_H

/*
 * Makes `fd` mean what `by` means, and closes `by`. The epoll sets of the process in which `fd` was registered watch
 * the new description with the same events and data. 0, or -errno: then `by` is closed and `fd` as it was.
 */
int socket_replace(int fd, int by);

#endif
