// SPDX-License-Identifier: MIT
/*
 * Keys of System V objects: where the program could not be given a namespace of its own, the feeder has others for
 * them, so that nothing of anybody else's is touched. What is done with the ids is the kernel's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "peer/ask.h"

#define EXPORT __attribute__((visibility("default")))

/* The next function of the same name: libc's, or that of another library in between. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The key to use instead; the same one when there is nothing to be kept apart. */
static key_t key_own(key_t key, enum peer_key_kind kind)
{
	struct peer_request request = {.verb = PEER_KEY, .level = kind, .option = key};
	struct peer_answer answer;

	if (key == IPC_PRIVATE || !feeder_is_there() || !feeder_ask(&request, NULL, &answer) ||
	    answer.verdict != PEER_DONE || answer.error || answer.size != sizeof(key))
		return key;
	memcpy(&key, answer.bytes, sizeof(key));
	return key;
}

EXPORT int msgget(key_t key, int flags)
{
	return NEXT(msgget)(key_own(key, PEER_KEY_QUEUE), flags);
}

EXPORT int semget(key_t key, int count, int flags)
{
	return NEXT(semget)(key_own(key, PEER_KEY_SEMAPHORES), count, flags);
}

EXPORT int shmget(key_t key, size_t size, int flags)
{
	return NEXT(shmget)(key_own(key, PEER_KEY_SEGMENT), size, flags);
}
