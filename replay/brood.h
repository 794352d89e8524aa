// SPDX-License-Identifier: MIT
/*
 * A program that is run, with all that it starts: none of it outlives us.
 */
#ifndef IPCTRACE_REPLAY_BROOD_H
#define IPCTRACE_REPLAY_BROOD_H

#include <stdbool.h>
#include <sys/types.h>

struct brood {
	pid_t pid;
	int end;    /* a descriptor, readable when the program has ended */
	int status; /* of wait, when it is over */
	bool is_over;
};

/*
 * Starts `argv`. 0, or a positive error number when it could not be executed; -errno for other trouble. Children of
 * children become ours.
 */
int brood_start(struct brood *brood, char **argv);

/* Whether the program itself has ended; its status is kept then. Reaps what else has ended. */
bool brood_is_over(struct brood *brood);

void brood_signal(const struct brood *brood, int number);

/* Ends what is left of it, and waits for that. */
void brood_end(struct brood *brood);

#endif
