// SPDX-License-Identifier: MIT
/*
 * What the parts of ordering share: which acts must be over before which begin. Known to them alone.
 */
#ifndef IPCTRACE_REPLAY_ORDERING_PARTS_H
#define IPCTRACE_REPLAY_ORDERING_PARTS_H

#include "replay/composition.h"

/* Accesses to one object that later ones may have to wait for. */
struct frontier {
	uint32_t *accesses;
	uint32_t count, room;
};

struct ordering {
	struct composition *composition;
	struct rows pairs;	    /* struct pair */
	uint32_t *roots;	    /* of objects: both ends of a conversation are one */
	struct frontier *frontiers; /* by root */
	uint32_t *taken;	    /* accesses */
	uint32_t *sources;	    /* by access that took a message: the one that gave it, or SCORE_NONE */
};

/* `before` must be over when `after` begins: acts. */
struct pair {
	uint32_t before, after;
};

static inline const struct score_act *act_of(const struct ordering *ordering, uint32_t access)
{
	return COMPOSED_ACT(ordering->composition, ROWS(ordering->composition->accesses, struct access)[access].act);
}

static inline uint32_t part_of(const struct ordering *ordering, uint32_t act)
{
	return ROWS(ordering->composition->composed, struct composed_act)[act].part;
}

/* The act `before` is over when `after` begins; acts of one part are in that order anyway. */
void pair_add(struct ordering *ordering, uint32_t before, uint32_t after);

/* ---- ordering_connection.c: who comes to listeners ---- */

void meetings_order(struct ordering *ordering);
void stubs_order(struct ordering *ordering);
void refusals_order(struct ordering *ordering);

#endif
