// SPDX-License-Identifier: MIT
/*
 * What a program is expected to send on a connection, and how far it has: recorded bytes compared with live ones as
 * they come, however they are cut into calls. Knows no descriptors.
 */
#ifndef IPCTRACE_REPLAY_EXPECTATION_H
#define IPCTRACE_REPLAY_EXPECTATION_H

#include "replay/conversation.h"
#include "replay/masks.h"

enum {
	EXPECTATION_E_DIFFERS = 1, /* so far; more bytes may make it equal under the masks */
	EXPECTATION_E_BEYOND,	   /* more than was recorded */
};

struct expectation {
	const struct conversation *conversation;
	const struct masks *masks;
	uint32_t turn;	   /* of conversation->messages: what is being sent; its count when all was */
	uint64_t matched;  /* bytes of the recorded stream that were sent, or stood for */
	uint64_t live;	   /* offset in the live stream where the turn began */
	struct text said;  /* of the turn so far */
	uint32_t messages; /* that were sent */
	uint32_t masked;   /* of these, equal under the masks only */
};

void expectation_begin(struct expectation *expectation, const struct conversation *conversation,
		       const struct masks *masks);
void expectation_free(struct expectation *expectation);

/* Takes what was sent. 0, EXPECTATION_E_..., or -ENOMEM. */
int expectation_take(struct expectation *expectation, const char *bytes, size_t size);

/* Nothing more is said for now: what differed may be equal under the masks as it is. Results as expectation_take(). */
int expectation_settle(struct expectation *expectation);

/* Takes the turn as said, however it differs. */
void expectation_forgive(struct expectation *expectation);

/*
 * What is said on `one` may be what `other` waits for: threads that connect at once are not told apart by that. When
 * the two records are the same as far as `one` has come, `other` has come no farther, and what was said since fits the
 * other way round, their conversations change places. Whether they did; go on with expectation_take() of nothing.
 */
bool expectation_swap(struct expectation *one, struct expectation *other);

/* Whether nothing more is expected. */
bool expectation_is_met(const struct expectation *expectation);

/* Whether less was said than the turn has: the rest may be under way. */
bool expectation_is_short(const struct expectation *expectation);

/* Where the turn differs: offset of the first differing byte in the turn. */
uint64_t expectation_difference(const struct expectation *expectation);

/* How many messages a program is to send in all. */
uint32_t expectation_count(const struct conversation *conversation);

#endif
