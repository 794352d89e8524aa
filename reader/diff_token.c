// SPDX-License-Identifier: MIT
/*
 * Things by what they are to a strand: its own connection, what it made itself, what others have as well.
 */
#include "reader/diff_token.h"
#include "reader/huge.h"
#include "reader/map.h"

#include <errno.h>
#include <stdlib.h>

/* What one strand makes more of is not told apart. */
#define LOCALS_MAX 256u

/* What sorts of tokens look like in a strand, remembered for a while. */
struct described {
	const struct canon_sort *sort;
	uint32_t strand;
	uint64_t coarse;
};

#define DESCRIBED_MAX 256u

/* Kinds of objects that a strand made itself; forgotten with the strand. */
struct locals {
	uint64_t kinds[LOCALS_MAX];
	uint32_t count;
};

static uint64_t local_identifier(struct locals *locals, uint64_t kind)
{
	uint32_t alike = 0;

	for (uint32_t i = 0; i < locals->count; i++)
		alike += locals->kinds[i] == kind;
	if (locals->count < LOCALS_MAX)
		locals->kinds[locals->count++] = kind;
	return mix(mix(11, kind), alike);
}

static const struct canon *canon_of(const struct strands *strands)
{
	return strands->pairing->canons[strands->side];
}

/*
 * Whether each of several threads that do the same has such an object of its own, and this is the thread's own. The
 * first thread of a process shares work with others, too, and has what it waits with.
 */
static bool is_own(const struct strands *strands, const struct strand *strand, uint32_t thread, uint32_t object)
{
	const struct canon *canon = canon_of(strands);
	const struct canon_object *seen = &canon->objects[object];
	bool is_one_of_several = canon->threads[thread].parent != CANON_NONE ||
				 (canon->threads[thread].is_common && seen->type == OBJECT_DESCRIPTOR);
	bool is_shared_work = strand->kind == STRAND_TASK || strand->kind == STRAND_SESSION;

	return is_shared_work && seen->is_numbered && !seen->is_accepted && seen->thread == thread && is_one_of_several;
}

/* In which order connections are accepted and handed on is chance; whoever works on one has just that. */
static bool is_handed(const struct strands *strands, const struct strand *strand, uint32_t thread, uint32_t object)
{
	const struct canon_object *seen = &canon_of(strands)->objects[object];

	return seen->is_accepted && strand->kind != STRAND_SESSION &&
	       (seen->receiver != thread || canon_of(strands)->threads[thread].accepted == 1);
}

/* Whether the strand made the object, which is then called by its place among those that it made. */
static bool is_local(const struct strands *strands, uint32_t strand, uint32_t thread, uint32_t object)
{
	const struct strand *row = &strands->rows[strand];

	return object != CANON_NONE && strands->of_object[object] == strand &&
	       canon_of(strands)->objects[object].is_numbered &&
	       !(row->kind == STRAND_SESSION && row->object == object) && !is_handed(strands, row, thread, object);
}

static uint64_t identifier_in(const struct strands *strands, uint32_t strand, uint32_t thread, uint32_t object)
{
	const struct strand *row = &strands->rows[strand];
	const struct canon_object *seen;

	if (object == CANON_NONE)
		return 3;
	seen = &canon_of(strands)->objects[object];
	if (row->kind == STRAND_SESSION && row->object == object)
		return 5;
	if (is_handed(strands, row, thread, object))
		return mix(mix(14, seen->class_id), seen->receiver != thread);
	if (is_local(strands, strand, thread, object))
		return strands->local[object];
	if (strands->of_object[object] == CANON_NONE && is_own(strands, row, thread, object))
		return mix(mix(13, seen->class_id), seen->ordinal);
	return strands->pairing->identifiers[strands->side][object];
}

static uint64_t describe_sort(const struct strands *strands, uint32_t strand, const struct canon_sort *sort)
{
	uint64_t coarse = mix(sort->key, identifier_in(strands, strand, sort->thread, sort->objects[0]));

	return mix(coarse, identifier_in(strands, strand, sort->thread, sort->objects[1]));
}

static uint64_t describe_token(const struct canon_token *token, uint64_t coarse)
{
	return mix(mix(coarse + token->sort->content, token->bytes), token->payload);
}

static const struct canon_token *token_of(const struct strands *strands, uint32_t token)
{
	return &canon_of(strands)->tokens[token];
}

uint64_t token_coarse(const struct strands *strands, uint32_t token)
{
	return describe_sort(strands, strands->of_token[token], token_of(strands, token)->sort);
}

uint64_t token_full(const struct strands *strands, uint32_t token)
{
	return describe_token(token_of(strands, token), token_coarse(strands, token));
}

/* What the strand made itself and speaks of for the first time gets its identifier. */
static void see_objects(struct strands *strands, struct locals *locals, uint32_t strand, const struct canon_sort *sort)
{
	for (unsigned i = 0; i < 2; i++)
		if (is_local(strands, strand, sort->thread, sort->objects[i]) && !strands->local[sort->objects[i]])
			strands->local[sort->objects[i]] =
				local_identifier(locals, canon_of(strands)->objects[sort->objects[i]].class_id);
}

int strands_describe(struct strands *strands)
{
	struct locals *locals = malloc(sizeof(*locals));
	struct described described[DESCRIBED_MAX] = {{0}};

	strands->full = huge_alloc((canon_of(strands)->tokens_count + 1ull) * sizeof(*strands->full));
	if (!strands->full || !locals) {
		free(locals);
		return -ENOMEM;
	}
	for (uint32_t s = 0; s < strands->count; s++) {
		struct strand *strand = &strands->rows[s];
		locals->count = 0;
		for (uint32_t i = strand->from; i < strand->from + strand->count; i++) {
			const struct canon_token *token = token_of(strands, strands->list[i]);
			struct described *known =
				&described[((uintptr_t)token->sort / sizeof(*token->sort)) % DESCRIBED_MAX];
			if (known->sort != token->sort || known->strand != s) {
				see_objects(strands, locals, s, token->sort);
				*known = (struct described){token->sort, s, describe_sort(strands, s, token->sort)};
			}
			strands->full[i] = describe_token(token, known->coarse);
			strand->content = mix(strand->content, strands->full[i]);
		}
	}
	free(locals);
	return 0;
}
