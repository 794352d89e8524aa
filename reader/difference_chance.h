// SPDX-License-Identifier: MIT
/*
 * Whether a changed call is a matter of chance, as far as its contents and who said them tell.
 */
#ifndef IPCTRACE_READER_DIFFERENCE_CHANCE_H
#define IPCTRACE_READER_DIFFERENCE_CHANCE_H

#include "reader/difference.h"

/* A changed call and what is known of it; all of it borrowed. */
struct judged {
	const struct edit *edit; /* EDIT_CHANGED */
	const struct pairing *pairing;
	const struct strands *strands; /* of both sides */
	const struct map *pids;	       /* of each side */
	const struct canon_detail *const *details;
	const struct canon_token *const *tokens;
};

/*
 * A change that every run would show becomes CLASS_RANDOM; one that is only another order becomes
 * CLASS_REORDERED_CAUSAL. Field, old and new value are known before.
 */
void difference_judge_chance(struct difference *difference, const struct judged *judged);

#endif
