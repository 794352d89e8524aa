// SPDX-License-Identifier: MIT
/*
 * Which changes every run would show, between any two of them.
 */
#include "reader/difference_chance.h"
#include "reader/chance.h"

#include <stdlib.h>
#include <string.h>

/* What a worker that serves connections writes about one, into a file. */
static bool is_served(const struct judged *judged, const struct difference *difference)
{
	const struct edit *edit = judged->edit;
	const struct canon *canon = judged->pairing->canons[SIDE_OLD];
	uint32_t object = canon->tokens[edit->old].sort->objects[0];

	return (difference->class == CLASS_PAYLOAD || difference->class == CLASS_BYTES) && object != CANON_NONE &&
	       canon->objects[object].type == OBJECT_FILE &&
	       (judged->strands[SIDE_OLD].rows[edit->strands[SIDE_OLD]].kind == STRAND_SESSION ||
		canon->threads[canon->tokens[edit->old].sort->thread].accepted == 1);
}

/* What several have said, each when it had something to say. */
static bool is_joint(const struct judged *judged, const struct canon_token *token)
{
	uint32_t object = token->sort->objects[0];

	return token->flags & TOKEN_RECEIVES && object != CANON_NONE &&
	       judged->pairing->canons[SIDE_OLD]->objects[object].is_joint;
}

/* A string, or an array of some (argv). */
static bool is_quoted(const char *value)
{
	return value[value[0] == '['] == '"';
}

void difference_judge_chance(struct difference *difference, const struct judged *judged)
{
	const struct canon_detail *const *details = judged->details;
	const struct canon_token *const *tokens = judged->tokens;
	struct contents contents = {.old = details[0]->kept,
				    .new = details[1]->kept,
				    .old_size = details[0]->kept_size,
				    .new_size = details[1]->kept_size,
				    .is_cut = details[0]->is_cut || details[1]->is_cut,
				    .is_equally_long = tokens[0]->bytes == tokens[1]->bytes};
	static const struct chance counted = {"numbers that count what one of several workers was given", false},
				   named = {"names drawn by lot", true},
				   joint = {"what several said, in another order", false};
	const struct chance *chance = NULL;

	for (unsigned side = 0; side < SIDES; side++) {
		const struct log_head *head = trace_head(judged->pairing->canons[side]->trace);
		contents.seconds[side] = head ? head->created / 1000000000 : 0;
		contents.said[side] = details[side]->time / 1000000000;
		contents.pids[side] = &judged->pids[side];
	}
	if (is_served(judged, difference) && contents_are_counted(&contents))
		chance = &counted;
	else if (difference->class == CLASS_PAYLOAD)
		chance = contents_chance(&contents);
	else if (difference->class == CLASS_ARGUMENTS && difference->old &&
		 difference->new &&is_quoted(difference->old) && texts_are_chance(difference->old, difference->new))
		chance = &named;
	bool is_payload = difference->class == CLASS_PAYLOAD && !chance;
	if (is_payload && is_joint(judged, tokens[0]) && contents_have_same_bytes(&contents)) {
		chance = &joint;
	} else if (is_payload && contents_are_swapped(&contents)) {
		difference->class = CLASS_REORDERED_CAUSAL;
		free(difference->explanation);
		difference->explanation = strdup("two parts of what was said have changed places");
	}
	if (!chance)
		return;
	difference->class = CLASS_RANDOM;
	difference->is_guess = chance->is_guess;
	free(difference->explanation);
	difference->explanation = strdup(chance->why);
}
