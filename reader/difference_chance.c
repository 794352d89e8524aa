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

/* Behind the port in an address that is shown; NULL: there is none. `at` is where it begins. */
static const char *port_end(const char *address, const char **at)
{
	static const char before[] = "_port=htons(";
	const char *found = strstr(address, before);

	*at = found ? found + sizeof(before) - 1 : NULL;
	return found ? *at + strspn(*at, "0123456789") : NULL;
}

/* Whether two addresses are the same but for their ports. */
static bool differ_in_port(const char *old, const char *new)
{
	const char *old_port, *new_port;
	const char *old_end = port_end(old, &old_port), *new_end = port_end(new, &new_port);

	return old_end && new_end && old_port - old == new_port - new && !memcmp(old, new, (size_t)(old_port - old)) &&
	       !strcmp(old_end, new_end);
}

/*
 * Whether the thread did the same to one thing after another, each over before the next one began, and each time with
 * another argument.
 */
static bool is_another_each_time(const struct canon *canon, const struct canon_token *token)
{
	const struct canon_object *own =
		token->sort->objects[0] == CANON_NONE ? NULL : &canon->objects[token->sort->objects[0]];
	bool is_seen = false;

	for (uint32_t i = canon->threads[token->sort->thread].first; own && i < canon->tokens_count; i++) {
		const struct canon_sort *sort = canon->tokens[i].sort;
		if (sort->thread != token->sort->thread || sort->key != token->sort->key ||
		    sort->objects[0] == CANON_NONE || sort->objects[0] == token->sort->objects[0])
			continue;
		const struct canon_object *other = &canon->objects[sort->objects[0]];
		if (sort->content == token->sort->content || (other->end >= own->birth && own->end >= other->birth))
			return false;
		is_seen = true;
	}
	return is_seen;
}

/* A port that the program draws by lot and binds a listener to, and another one when that is closed. */
static bool is_drawn_port(const struct judged *judged, const struct difference *difference)
{
	return difference->old && difference->new &&differ_in_port(difference->old, difference->new) &&
	       is_another_each_time(judged->pairing->canons[SIDE_OLD], judged->tokens[SIDE_OLD]) &&
	       is_another_each_time(judged->pairing->canons[SIDE_NEW], judged->tokens[SIDE_NEW]);
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
				   named = {"names drawn by lot", true}, port = {"ports drawn by lot", true},
				   joint = {"what several said, in another order", false};
	const struct chance *chance = NULL;

	for (unsigned side = 0; side < SIDES; side++) {
		const struct log_head *head = trace_head(judged->pairing->canons[side]->trace);
		contents.seconds[side] = head ? head->created / 1000000000 : 0;
		contents.said[side] = details[side]->time / 1000000000;
		contents.pids[side] = &judged->pids[side];
		contents.ports[side] = &judged->pairing->canons[side]->ports;
	}
	if (is_served(judged, difference) && contents_are_counted(&contents))
		chance = &counted;
	else if (difference->class == CLASS_PAYLOAD)
		chance = contents_chance(&contents);
	else if (difference->class == CLASS_ARGUMENTS && difference->old &&
		 difference->new &&is_quoted(difference->old) && texts_are_chance(difference->old, difference->new))
		chance = &named;
	else if (difference->class == CLASS_ARGUMENTS && is_drawn_port(judged, difference))
		chance = &port;
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
