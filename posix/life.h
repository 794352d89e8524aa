// SPDX-License-Identifier: MIT
/*
 * How the keeper of a log knows that its controller has ended, whatever way that was: by the end of a pipe, which comes
 * with exit, exec and SIGKILL. Programs also close descriptors that are not theirs, daemons all of them, and open
 * others under their numbers; so the end of the pipe is not believed while the stream's memory is still mapped there,
 * and nothing is closed here that is not the pipe.
 */
#ifndef IPCTRACE_POSIX_LIFE_H
#define IPCTRACE_POSIX_LIFE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The controller's end. All zero but `fd`, which is -1: none. */
struct life {
	int fd;
	dev_t device; /* of the pipe */
	ino_t inode;
};

/* Makes the pipe. *watched is the keeper's end. 0 or an error number. */
int life_begin(struct life *life, int *watched);

/* Ends it, also in a child that has a copy. */
void life_end(struct life *life);

/* The keeper's view. */
struct life_watch {
	int watched;	    /* its end of the pipe */
	uint32_t pid;	    /* of the controller */
	const void *memory; /* where it has mapped the stream, as the keeper has */
	uint64_t looked_at; /* CLOCK_MONOTONIC, ns */
};

bool life_is_over(struct life_watch *watch);

#endif
