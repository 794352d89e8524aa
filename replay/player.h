// SPDX-License-Identifier: MIT
/*
 * A process of a replay: performs its parts of a score. What it does for itself goes by raw system calls, so that a
 * recording of it holds what the score says and nothing else.
 *
 * replay/player.c is about processes and threads, replay/perform.c about one act, replay/argument.c about
 * what a call is given, replay/standin.c about the ends that were not recorded. Known to these files alone.
 */
#ifndef IPCTRACE_REPLAY_PLAYER_H
#define IPCTRACE_REPLAY_PLAYER_H

#include <pthread.h>

#include "replay/score.h"

/* The live things of a process. A fork copies them, as it copies what they stand for. */
struct player {
	struct score *score;
	uint32_t process;
	int32_t *fds;		    /* by slot; -1: not open */
	int32_t *others;	    /* by object: the end that was not recorded; -1: none */
	uint32_t *seats;	    /* by object: the address in the pool that `others` is bound to */
	uint8_t *refs;		    /* by object: slots that are open */
	uint64_t *places;	    /* by mapping */
	pthread_t *threads;	    /* by part */
	_Atomic uint32_t beginning; /* part + 1 of a thread that has not taken it yet; 0: none */
};

struct player_thread {
	struct player *player;
	uint32_t part;
	struct score_progress *progress;
	char *scratch;
	int listener;		/* of a FEED_SERVE that is under way, or -1 */
	uint64_t last_end;	/* CLOCK_MONOTONIC ns: of the act before */
	uint64_t last_recorded; /* the same in the record, since its beginning */
	uint64_t words[8];
	uint32_t calls; /* made for the act so far */
};

/* CLOCK_MONOTONIC, ns. */
uint64_t player_now(void);

/* Sleeps until then. */
void player_sleep(uint64_t due);

/* At most so long a player waits before it looks again whether there is a replay, ns. */
#define OWNER_LOOK_EVERY 1000000000u

/* Ends the process when the replay was killed, and nobody is there who would end what waits for an act that never
 * comes. */
void player_look(const struct player *player);

/* Performs the act of this number, after everything that it waits for. Does not return from an exit. */
void act_perform(struct player_thread *thread, uint32_t act);

/* ---- argument.c ---- */

/* Fills in the words and the scratch memory that the call is to be made with. */
void arguments_make(struct player_thread *thread, const struct score_template *template);

/* The slot of the first descriptor among the arguments, or SCORE_NONE. */
uint32_t arguments_slot(const struct score_template *template);

/* What is mapped, or moved out of a file, must be there: a mapping of nothing cannot be touched. */
void file_grow(struct player_thread *thread, const struct score_act *act, const struct score_template *template);

/* ---- standin.c ---- */

/* Makes what stands in for a descriptor from the beginning of a process, or for what an act made. */
void standin_make(struct player *player, uint32_t slot, uint32_t object, bool is_file);

/* After a fork: other ends stay with the process that plays them, or with the one from which it will come. */
void standins_divide(struct player *player, uint32_t child, bool is_child);

/* What the other ends do before, and after, an act. */
void feeds_before(struct player_thread *thread, const struct score_act *act);
void feeds_after(struct player_thread *thread, const struct score_act *act);

/* Throws away what was written to the other end of `slot`. */
void standin_drain(struct player *player, uint32_t slot);

/* The port that socket `fd` has now is that of the object of `slot`, for all who talk to it. */
void port_publish(struct player *player, uint32_t slot, int fd);

/* A slot means a live descriptor from now on, or none (-1). */
void slot_set(struct player *player, uint32_t slot, int32_t fd);

/* ---- player.c ---- */

/* Begin what the tree of creation says. What they return is what the calls returned; errno is set. */
int64_t player_fork(struct player_thread *thread, uint32_t process);
int64_t player_thread(struct player_thread *thread, uint32_t part, bool has_argument);

/* Waits until every part of the process has come to its end. */
void player_wait_parts(struct player_thread *thread);

/* Waits until `count` acts of `part` are over. */
void part_wait(struct player_thread *thread, uint32_t part, uint32_t count);

#endif
