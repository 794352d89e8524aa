// SPDX-License-Identifier: MIT
/*
 * From edits to differences: the class of each, and one difference for all that are alike.
 */
#include "reader/difference.h"
#include "reader/diff_place.h"
#include "reader/diff_token.h"
#include "reader/difference_leak.h"
#include "reader/difference_loop.h"
#include "reader/map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const class_names[CLASSES] = {
	[CLASS_LEAK] = "leak",
	[CLASS_RESULT] = "result",
	[CLASS_STRUCTURE] = "structure",
	[CLASS_ARGUMENTS] = "arguments",
	[CLASS_REMOVED] = "removed",
	[CLASS_ADDED] = "added",
	[CLASS_REORDERED_CAUSAL] = "reordered-causal",
	[CLASS_SHORT] = "short-io",
	[CLASS_PAYLOAD] = "payload",
	[CLASS_BYTES] = "bytes",
	[CLASS_COUNT] = "count",
	[CLASS_REORDERED] = "reordered",
	[CLASS_MOVED] = "moved",
	[CLASS_LATENCY] = "latency",
	[CLASS_WAIT] = "wait",
	[CLASS_INCOMPLETE] = "incomplete",
	[CLASS_RANDOM] = "random",
};

struct classifier {
	struct differences *differences;
	const struct edits *edits;
	const struct pairing *pairing;
	const struct strands *strands;
	struct map groups;  /* to place + 1 */
	struct map threads; /* groups and threads that have been counted */
	struct difference_loops loops;
	struct map worked; /* by strand, call and object: works_always() as a pointer, once it was asked */
};

static const struct canon_token *token_of(const struct classifier *classifier, unsigned side, uint32_t token)
{
	return token == CANON_NONE ? NULL : &classifier->pairing->canons[side]->tokens[token];
}

static const struct canon_object *object_of(const struct classifier *classifier, unsigned side,
					    const struct canon_token *token, unsigned which)
{
	if (!token || token->sort->objects[which] == CANON_NONE)
		return NULL;
	return &classifier->pairing->canons[side]->objects[token->sort->objects[which]];
}

static bool same_objects(const struct classifier *classifier, const struct canon_token *old,
			 const struct canon_token *new)
{
	for (unsigned i = 0; i < 2; i++) {
		uint64_t a = old->sort->objects[i], b = new->sort->objects[i];
		a = a == CANON_NONE ? 0 : classifier->pairing->identifiers[SIDE_OLD][a];
		b = b == CANON_NONE ? 0 : classifier->pairing->identifiers[SIDE_NEW][b];
		if (a != b)
			return false;
	}
	return true;
}

/*
 * Less was sent than asked for, or less came out of a file when as much was asked for. What carries messages gives them
 * whole: a shorter one is another one. What nothing is known of (a file of mkstemp's) is taken for a file.
 */
static bool is_shorter(const struct classifier *classifier, const struct canon_token *old,
		       const struct canon_token *new)
{
	const struct canon_object *object = object_of(classifier, SIDE_OLD, old, 0);

	if (new->flags & TOKEN_SENDS)
		return new->flags &TOKEN_SHORT && !(old->flags & TOKEN_SHORT);
	return (!object || object->type == OBJECT_FILE || object->type == OBJECT_UNKNOWN) &&
	       old->sort->content == new->sort->content &&new->bytes < old->bytes;
}

/* Whether both are about what counts as the same where they stand. */
static bool same_places(const struct classifier *classifier, const struct edit *edit)
{
	uint64_t coarse[SIDES];

	for (unsigned side = 0; side < SIDES; side++)
		coarse[side] = token_coarse(&classifier->strands[side], side == SIDE_OLD ? edit->old : edit->new);
	return coarse[SIDE_OLD] == coarse[SIDE_NEW];
}

static enum difference_class class_of_change(const struct classifier *classifier, const struct edit *edit)
{
	const struct canon_token *old = token_of(classifier, SIDE_OLD, edit->old);
	const struct canon_token *new = token_of(classifier, SIDE_NEW, edit->new);
	bool same_payload = old->bytes == new->bytes && old->payload == new->payload;

	if (old->sort->error != new->sort->error)
		return CLASS_RESULT;
	if (!pairing_same_call(classifier->pairing, old, new) || old->sort->key != new->sort->key ||
	    !same_places(classifier, edit))
		return CLASS_ARGUMENTS;
	if (same_payload)
		return CLASS_ARGUMENTS;
	if (old->bytes == new->bytes)
		return old->flags & new->flags &TOKEN_RANDOM ? CLASS_RANDOM : CLASS_PAYLOAD;
	return is_shorter(classifier, old, new) && same_objects(classifier, old, new) ? CLASS_SHORT : CLASS_BYTES;
}

/* Whether the old strand `own` has calls like `new`, and none of them failed. */
static bool works_always(const struct classifier *classifier, uint32_t own, const struct canon_token *new,
			 uint64_t identifier)
{
	const struct strand *strand = &classifier->strands[SIDE_OLD].rows[own];
	bool works = false;

	for (uint32_t i = strand->from; i < strand->from + strand->count; i++) {
		const struct canon_token *old = token_of(classifier, SIDE_OLD, classifier->strands[SIDE_OLD].list[i]);
		if (!pairing_same_call(classifier->pairing, old, new) || old->sort->objects[0] == CANON_NONE ||
		    classifier->pairing->identifiers[SIDE_OLD][old->sort->objects[0]] != identifier)
			continue;
		if (old->sort->error)
			return false;
		works = true;
	}
	return works;
}

/* Strands are gone through once for each sort of call; of more sorts than this nothing is said. */
#define WORKED_MAX 256u

/* A call that failed, on something on which the same call has always worked. */
static bool fails_newly(struct classifier *classifier, const struct edit *edit)
{
	static char yes, no;
	const struct canon_token *new = token_of(classifier, SIDE_NEW, edit->new);
	uint32_t own = edit->strands[SIDE_OLD];

	if (!new->sort->error || own == CANON_NONE || new->sort->objects[0] == CANON_NONE ||
	    classifier->pairing->objects[SIDE_NEW][new->sort->objects[0]] == CANON_NONE)
		return false;
	uint64_t identifier = classifier->pairing->identifiers[SIDE_NEW][new->sort->objects[0]];
	uint64_t key = mix(mix(identifier, own), new->sort->call);
	const char *known = map_get(&classifier->worked, key);
	if (!known && classifier->worked.count < WORKED_MAX) {
		known = works_always(classifier, own, new, identifier) ? &yes : &no;
		if (map_put(&classifier->worked, key, (void *)known))
			return false;
	}
	return known == &yes;
}

/*
 * The thread that is on one side alone, when the call is there because the thread is: what such a thread does on
 * things that others use as well stands among what they do. Else NULL.
 */
static const struct canon_thread *thread_of_its_own(const struct classifier *classifier, const struct edit *edit)
{
	unsigned side = edit->kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW;
	const struct canon_token *token = token_of(classifier, side, side == SIDE_OLD ? edit->old : edit->new);

	if (!edit_is_alone(edit) || classifier->pairing->threads[side][token->sort->thread] != CANON_NONE)
		return NULL;
	return &classifier->pairing->canons[side]->threads[token->sort->thread];
}

static enum difference_class class_of(struct classifier *classifier, const struct edit *edit)
{
	if (edit_is_leak(edit, classifier->edits, classifier->pairing))
		return CLASS_LEAK;
	if (thread_of_its_own(classifier, edit))
		return CLASS_STRUCTURE;
	switch (edit->kind) {
	case EDIT_REMOVED:
		return CLASS_REMOVED;
	case EDIT_ADDED:
		return fails_newly(classifier, edit) ? CLASS_RESULT : CLASS_ADDED;
	case EDIT_REORDERED:
		return edit->is_causal ? CLASS_REORDERED_CAUSAL : CLASS_REORDERED;
	case EDIT_MOVED:
		return CLASS_MOVED;
	default:
		if (edit->is_misdirected)
			return CLASS_ARGUMENTS;
		if (edit->is_recut)
			return CLASS_PAYLOAD;
		return class_of_change(classifier, edit);
	}
}

/* ---- groups --------------------------------------------------------------------------------------------------- */

struct difference *difference_add(struct differences *differences)
{
	if (differences->count == differences->room) {
		uint32_t room = differences->room ? 2 * differences->room : 32;
		struct difference *rows = reallocarray(differences->rows, room, sizeof(*rows));
		if (!rows)
			return NULL;
		differences->rows = rows;
		differences->room = room;
	}
	struct difference *added = &differences->rows[differences->count++];
	*added = (struct difference){
		.edit = CANON_NONE,
		.count = 1,
		.threads = 1,
		.sites = {{.token = CANON_NONE, .next = CANON_NONE}, {.token = CANON_NONE, .next = CANON_NONE}}};
	return added;
}

/*
 * Edits of a group look the same: one class, call and sort of object, in threads of one sort. All of a thread or
 * connection that is only on one side is one group, with that of those that do just the same.
 */
static uint64_t group_of(const struct classifier *classifier, const struct edit *edit, enum difference_class class)
{
	uint64_t group = mix(mix(1, class), edit->kind);
	const uint32_t tokens[SIDES] = {edit->old, edit->new};

	for (unsigned side = 0; side < SIDES; side++) {
		const struct canon_token *token = token_of(classifier, side, tokens[side]);
		const struct canon_object *object = object_of(classifier, side, token, 0);
		if (!token)
			continue;
		uint64_t sort = classifier->pairing->classes[side][token->sort->thread];
		if (class == CLASS_STRUCTURE)
			return mix(mix(mix(group, side), sort), thread_of_its_own(classifier, edit)->content);
		uint32_t own = edit->strands[side];
		if (own != CANON_NONE && edit->strands[!side] == CANON_NONE && edit->kind != EDIT_MOVED &&
		    class != CLASS_LEAK)
			return mix(mix(mix(group, side), sort), classifier->strands[side].rows[own].content);
		group = mix(group, sort);
		group = mix(group, token->sort->key);
		group = mix(group, object ? object->class_id : 0);
	}
	return group;
}

/* When it took effect: what is sent is there when the call begins, what is received when it ends. */
static uint64_t time_of(const struct canon_token *token)
{
	return token->flags & TOKEN_SENDS ? token->enter : token->enter + token->duration;
}

/* One more edit in the group at `place`, perhaps by a thread that was not counted yet. */
static int count_edit(struct classifier *classifier, uint32_t place, const struct edit *edit, bool is_new)
{
	struct difference *difference = &classifier->differences->rows[place];
	unsigned side = edit->old == CANON_NONE ? SIDE_NEW : SIDE_OLD;
	uint32_t thread = token_of(classifier, side, side == SIDE_OLD ? edit->old : edit->new)->sort->thread;
	uint64_t key = mix(mix(place, side), thread);

	difference->count += !is_new;
	if (map_get(&classifier->threads, key))
		return 0;
	difference->threads += !is_new;
	return map_put(&classifier->threads, key, classifier);
}

/* What is said of an edit by itself. */
static int describe_edit(struct classifier *classifier, struct difference *added, uint32_t index)
{
	const struct edit *edit = &classifier->edits->rows[index];
	const struct canon *old = classifier->pairing->canons[SIDE_OLD], *new = classifier->pairing->canons[SIDE_NEW];
	const struct canon *from = edit->old != CANON_NONE ? old : new;
	const struct canon_token *token = &from->tokens[from == old ? edit->old : edit->new];
	uint32_t object = token->sort->objects[token->sort->objects[0] == CANON_NONE];

	added->edit = index;
	added->sites[SIDE_OLD].token = edit->old;
	added->sites[SIDE_NEW].token = edit->new;
	if (edit_is_alone(edit))
		added->sites[edit->kind == EDIT_REMOVED ? SIDE_NEW : SIDE_OLD].next = edit->next;
	/* By time since the beginning, which is about the same on both sides. */
	added->order = time_of(token) - from->tokens[0].enter;
	added->call = strdup(from->catalogue->calls[token->sort->call].name);
	added->object = object == CANON_NONE ? NULL : strdup(from->objects[object].name);
	return added->call ? 0 : -ENOMEM;
}

static int describe_loop(const struct difference_loop *loop, struct difference *added)
{
	int rc = 0;

	added->field = strdup("times");
	rc |= asprintf(&added->old, "%u", loop->times[SIDE_OLD]) < 0;
	rc |= asprintf(&added->new, "%u", loop->times[SIDE_NEW]) < 0;
	if (loop->turn > 1)
		rc |= asprintf(&added->explanation, "a loop of %u calls", loop->turn) < 0;
	return rc || !added->field ? -ENOMEM : 0;
}

static int add_difference(struct classifier *classifier, uint32_t index)
{
	const struct edit *edit = &classifier->edits->rows[index];
	enum difference_class class = class_of(classifier, edit);
	const struct difference_loop *loop = NULL;
	uint64_t group;

	if ((class == CLASS_REMOVED || class == CLASS_ADDED) && classifier->loops.of_edit[index] != CANON_NONE) {
		class = CLASS_COUNT;
		loop = &classifier->loops.rows[classifier->loops.of_edit[index]];
		group = group_of(classifier, &classifier->edits->rows[loop->first], class);
		group = mix(mix(group, loop->times[SIDE_OLD]), loop->times[SIDE_NEW]);
	} else {
		group = group_of(classifier, edit, class);
	}
	/* What differs in a change is only known when both are looked at. */
	bool is_single = edit->kind == EDIT_CHANGED && classifier->differences->count < DETAILED_MAX;
	uintptr_t found = is_single ? 0 : (uintptr_t)map_get(&classifier->groups, group);

	classifier->differences->edits += class != CLASS_RANDOM;
	if (found)
		return count_edit(classifier, (uint32_t)found - 1, edit, false);
	struct difference *added = difference_add(classifier->differences);
	uint32_t place = classifier->differences->count - 1;
	if (!added || (!is_single && map_put(&classifier->groups, group, (void *)(uintptr_t)(place + 1))))
		return -ENOMEM;
	added->class = class;
	added->group = group;
	added->is_single = is_single;
	int rc = describe_edit(classifier, added, index);
	if (!rc && loop)
		rc = describe_loop(loop, added);
	return rc ? rc : count_edit(classifier, place, edit, true);
}

static int compare_differences(const void *left, const void *right)
{
	const struct difference *a = left, *b = right;

	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Whether it is something that the program did at a time. */
static bool has_time(const struct difference *difference)
{
	return difference->edit != CANON_NONE && difference->class != CLASS_RANDOM;
}

static struct difference *find_first(struct differences *differences)
{
	struct difference *first = NULL;

	for (uint32_t i = 0; i < differences->count; i++) {
		struct difference *row = &differences->rows[i];
		if (has_time(row) && (!first || row->order < first->order))
			first = row;
	}
	return first;
}

void differences_sort(struct differences *differences)
{
	struct difference *first;

	if (differences->count)
		qsort(differences->rows, differences->count, sizeof(*differences->rows), compare_differences);
	first = find_first(differences);
	if (first && first - differences->rows >= DETAILED_MAX && !first->has_details) {
		struct difference last = differences->rows[DETAILED_MAX - 1];
		differences->rows[DETAILED_MAX - 1] = *first;
		*first = last;
	}
}

int differences_make(struct differences *differences, const struct edits *edits, const struct pairing *pairing,
		     const struct strands strands[SIDES])
{
	struct classifier classifier = {differences, edits, pairing, strands, {0}, {0}, {0}, {0}};
	int rc;

	*differences = (struct differences){0};
	rc = difference_loops_find(&classifier.loops, edits, strands);
	for (uint32_t i = 0; !rc && i < edits->count; i++)
		if (!edits->rows[i].noise)
			rc = add_difference(&classifier, i);
	difference_loops_free(&classifier.loops);
	map_clear(&classifier.groups);
	map_clear(&classifier.threads);
	map_clear(&classifier.worked);
	differences_sort(differences);
	if (rc)
		differences_free(differences);
	return rc;
}

static void site_free(struct site *site)
{
	free(site->thread);
	free(site->line);
	for (unsigned i = 0; i < CONTEXT_CALLS; i++) {
		free(site->before[i].line);
		free(site->after[i].line);
	}
	for (uint32_t i = 0; i < site->frames_count; i++)
		free(site->frames[i]);
	free(site->frames);
}

void difference_free(struct difference *difference)
{
	char *texts[] = {difference->call, difference->object, difference->field,
			 difference->old,  difference->new,    difference->explanation};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	for (unsigned side = 0; side < SIDES; side++)
		site_free(&difference->sites[side]);
}

void differences_free(struct differences *differences)
{
	for (uint32_t i = 0; i < differences->count; i++)
		difference_free(&differences->rows[i]);
	free(differences->rows);
	*differences = (struct differences){0};
}

char *thread_shown(const struct canon *canon, uint32_t thread)
{
	const struct canon_thread *row = &canon->threads[thread];
	char *shown;

	if (asprintf(&shown, *row->image ? "%s (%s)" : "%s", row->name, row->image) < 0)
		return NULL;
	return shown;
}
