// SPDX-License-Identifier: MIT
/*
 * The keeper of a POSIX trace log: a process of its own that takes events out of the stream and writes them, so that
 * tracing costs the program no more for it, and that the log gets its end however the controller ends.
 *
 * It is a grandchild of the controller, which tells by a pipe that it lives; asks are counted in the stream's shared
 * part, where the keeper leaves its answers.
 */
#ifndef IPCTRACE_POSIX_KEEPER_H
#define IPCTRACE_POSIX_KEEPER_H

#include "posix/life.h"
#include "posix/stream.h"

enum keeper_state {
	KEEPER_BEGINS,
	KEEPER_READY,
	KEEPER_ENDED, /* keeper_error says how */
};

/*
 * Starts the keeper of `stream`, which writes its log to `fd`. `life` tells it that we live. 0, or the
 * error number of what could not be done: then there is no keeper.
 */
int keeper_start(struct posix_stream *stream, int fd, struct life *life);

/* Asks for a flush, and does not wait for it. 0 or EIO: the keeper is dead. */
int keeper_flush(struct posix_stream *stream);

/* A flush that nobody is going to end, because the keeper was killed, is over: EIO. */
void keeper_check(struct posix_stream *stream);

/* Asks the keeper to begin the log anew, and waits until it has. The stream's mutex is not to be held. */
int keeper_clear(struct posix_stream *stream);

/* Asks for the last flush and the end of the log, and waits for it. 0, or the error number of writing it. */
int keeper_close(struct posix_stream *stream);

#endif
