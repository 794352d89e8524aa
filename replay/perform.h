// SPDX-License-Identifier: MIT
/*
 * The command that performs a score; it is for replay itself.
 */
#ifndef IPCTRACE_REPLAY_PERFORM_H
#define IPCTRACE_REPLAY_PERFORM_H

/* `perform FD`: goes on as the first process of the score behind a descriptor. */
int command_perform(int argc, char **argv);

/* Payload can be hashed from here on. */
void crc32c_tables_make(void);

#endif
