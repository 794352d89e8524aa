// SPDX-License-Identifier: MIT
/*
 * Which thread and which object of one trace is which of another one. Objects get identifiers that are equal on both
 * sides exactly when they are the same thing; threads get partners, and classes of interchangeable ones.
 */
#ifndef IPCTRACE_READER_DIFF_PAIR_H
#define IPCTRACE_READER_DIFF_PAIR_H

#include "reader/canon.h"
#include "reader/map.h"

enum { SIDE_OLD, SIDE_NEW, SIDES };

/* What a hash becomes by another number; never 0. */
static inline uint64_t mix(uint64_t hash, uint64_t value)
{
	return map_mix(hash ^ (value + 0x9e3779b97f4a7c15ull)) | 1;
}

struct pairing {
	const struct canon *canons[SIDES];
	uint32_t *threads[SIDES];     /* the partner on the other side, or CANON_NONE */
	uint64_t *classes[SIDES];     /* of threads: equal for those with one creator that do the same thing */
	uint32_t *objects[SIDES];     /* the partner, or CANON_NONE */
	uint64_t *identifiers[SIDES]; /* of objects */
	uint16_t *calls;	      /* by new number: the old one; NULL: both catalogues number them alike */
};

/* What call_translate() says of a call that the old catalogue does not have. */
#define CALL_UNKNOWN UINT16_MAX

/*
 * The numbers of calls in one catalogue by those in another one, which a log of another version has: the same name is
 * the same call. `numbers` is to be freed with free(), NULL when both number all calls alike. 0 or -ENOMEM.
 */
int calls_translate(const struct catalogue *old, const struct catalogue *new, uint16_t **numbers);

/* Whether the old token and the new one are of one call. */
static inline bool pairing_same_call(const struct pairing *pairing, const struct canon_token *old,
				     const struct canon_token *new)
{
	return old->sort->call == (pairing->calls ? pairing->calls[new->sort->call] : new->sort->call);
}

/* 0 and `pairing` to be freed with pairing_free(), or -ENOMEM. The canons are borrowed. */
int pairing_make(struct pairing *pairing, const struct canon *old, const struct canon *new);
void pairing_free(struct pairing *pairing);

/* One thing of a side with the key that its partner must have. */
struct candidate {
	uint64_t key;
	uint32_t index;
};

/*
 * Gives each candidate whose key occurs on both sides a partner in `partners[side][index]`: the first of a key to the
 * first, and so on, in the order given. Those that have a partner already, and keys of 0, are passed over. Sorts.
 */
void pair_by_key(struct candidate *old, uint32_t old_count, struct candidate *new, uint32_t new_count,
		 uint32_t *const partners[SIDES]);

#endif
