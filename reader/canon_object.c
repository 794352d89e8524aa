// SPDX-License-Identifier: MIT
/*
 * The objects of a pass: what they are called in every run, and what went over them.
 */
#include "reader/canon_pass.h"
#include "format/crc32c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t pass_add_object(struct pass *pass, struct object *object)
{
	struct canon_object *added;
	uint32_t origin = CANON_NONE;

	if (object->tag)
		return (uint32_t)object->tag - 1;
	if (object->type == OBJECT_SOCKET && object->origin)
		origin = pass_add_object(pass, object->origin);
	if (MAKE_ROOM(pass->objects, pass->objects_room, pass->objects_count))
		return CANON_NONE;
	added = &pass->objects[pass->objects_count];
	*added = (struct canon_object){.type = (uint8_t)object->type,
				       .birth = pass->tokens,
				       .end = CANON_NONE,
				       .thread = CANON_NONE,
				       .origin = origin,
				       .receiver = CANON_NONE,
				       .taker = CANON_NONE,
				       .giver = CANON_NONE,
				       .maker = CANON_NONE,
				       .is_accepted = origin != CANON_NONE,
				       .is_stream = object_is_stream(object),
				       .is_counter = object_is_counter(object)};
	object->tag = ++pass->objects_count;
	return pass->objects_count - 1;
}

/* The ordinal is not part of what an object's like are called. */
static uint64_t class_of(struct pass *pass, const struct object *object)
{
	uint64_t hash = map_hash(object->type, object->role, strlen(object->role));

	/* Which of many semaphores in one piece of memory a process gets is chance. */
	const char *place = object->type == OBJECT_SEM && object->label ? strstr(object->label, " + 0x") : NULL;
	size_t size = place ? (size_t)(place - object->label) : object->label ? strlen(object->label) : 0;

	pass->scratch.size = 0;
	if (object->label && object->type != OBJECT_UNKNOWN)
		mask_bytes(&pass->mask, (const uint8_t *)object->label, size, &pass->scratch);
	return map_hash(hash + (uint8_t)object->side, pass->scratch.bytes, pass->scratch.size);
}

/* Its class without what looks like chance in its name. */
static uint64_t stem_of(struct pass *pass, const struct object *object)
{
	pass->scratch.size = 0;
	if (object->label && object->type != OBJECT_UNKNOWN)
		mask_chance(object->label, &pass->scratch);
	return map_hash(object->type, pass->scratch.bytes, pass->scratch.size);
}

/* Names drawn by lot have about so many characters that are. */
#define DRAWN_MIN 6u

static bool is_in_word(char character)
{
	return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
	       (character >= 'A' && character <= 'Z') || character == '_';
}

/* Its class without the last long word of its name, of which only the length is left: one of many drawn looks plain. */
static uint64_t shape_of(const struct object *object)
{
	const char *label = object->type == OBJECT_UNKNOWN || !object->label ? "" : object->label;
	size_t from = 0, to = 0; /* of the word */

	for (size_t at = 0, length; label[at]; at += length ? length : 1) {
		for (length = 0; is_in_word(label[at + length]); length++)
			;
		from = length >= DRAWN_MIN ? at : from;
		to = length >= DRAWN_MIN ? at + length : to;
	}
	uint64_t hash = map_hash(object->type + (to - from), label, from);
	return map_hash(hash, label + to, strlen(label + to));
}

/* An object is over: now its name is as good as it gets. */
void pass_write_down(void *context, struct object *object)
{
	struct pass *pass = context;
	struct canon_object *written;

	if (!object->tag || object->type == OBJECT_PROCESS || object->type == OBJECT_THREAD)
		return;
	written = &pass->objects[object->tag - 1];
	if (written->name)
		return;
	const char *name = object_name(object);
	written->class_id = class_of(pass, object);
	pass->scratch.size = 0;
	mask_bytes(&pass->mask, (const uint8_t *)name, strlen(name), &pass->scratch);
	written->name = strdup(text_string(&pass->scratch));
	written->shown = strdup(name);
	written->is_client = object->type == OBJECT_SOCKET && written->is_stream && strstr(object->role, "-client");
	written->is_private =
		(object->type == OBJECT_MAPPING && !object->origin) || (object->type == OBJECT_SEM && object->numbered);
	written->stem = stem_of(pass, object);
	written->shape = shape_of(object);
	written->ordinal = object->ordinal;
	written->is_numbered = object->numbered || object->type == OBJECT_UNKNOWN;
	written->thread = object->thread && object->thread->tag ? (uint32_t)object->thread->tag - 1 : CANON_NONE;
}

/* As crc32c_combine(), with what it takes for common sizes remembered. */
static uint32_t join_payload(struct pass *pass, uint32_t crc, uint32_t more, uint64_t size)
{
	crc32c_prepare();
	if (!crc || size <= CRC32C_ZEROS_FEW || size >= PASS_POWERS)
		return crc ? crc32c_combine(crc, more, size) : more;
	if (!pass->powers[size])
		pass->powers[size] = crc32c_power(size);
	return crc32c_multiply(pass->powers[size], crc) ^ more;
}

void pass_note_pipe(struct pass *pass, const struct canon_view *view)
{
	const struct object *end = view->objects_count ? view->objects[0] : NULL;

	if (!end || end->type != OBJECT_PIPE || !end->tag)
		return;
	if (view->rule->flow.direction == FLOW_SENT)
		pass->objects[end->tag - 1].late += view->bytes;
	else if (end->peer && end->peer->tag)
		pass->objects[end->peer->tag - 1].late = 0;
}

static void note_flow(struct pass *pass, struct canon_object *object, const struct canon_token *token,
		      const struct canon_token *raw)
{
	struct canon_flow *flow = &object->flows[token->flags & TOKEN_SENDS ? CANON_SENT : CANON_RECEIVED];

	if (!(token->flags & (TOKEN_SENDS | TOKEN_RECEIVES)))
		return;
	/* As long as nothing was masked both are the same. */
	bool is_same = flow->payload == flow->raw_payload && flow->bytes == flow->raw_bytes &&
		       token->payload == raw->payload && token->bytes == raw->bytes;
	flow->payload = join_payload(pass, flow->payload, token->payload, token->bytes);
	flow->bytes += token->bytes;
	flow->raw_payload = is_same ? flow->payload : join_payload(pass, flow->raw_payload, raw->payload, raw->bytes);
	flow->raw_bytes += raw->bytes;
	flow->calls |= 1ull << (token->sort->key & 63);
	flow->tokens++;
}

/* Who leaves it to its child for good does not compete with it. */
static void note_taker(const struct pass *pass, struct canon_object *object, uint32_t thread)
{
	if (object->receiver == CANON_NONE)
		object->receiver = thread;
	else if (object->taker != thread)
		object->is_shared |= pass->canon->threads[thread].parent != object->taker;
	object->taker = thread;
	pass->canon->threads[thread].is_sharing |= object->is_shared && object->is_stream;
}

void pass_note_object(struct pass *pass, const struct canon_token *token, const struct canon_token *raw, uint32_t index)
{
	for (unsigned i = 0; i < 2; i++) {
		if (token->sort->objects[i] == CANON_NONE)
			continue;
		struct canon_object *object = &pass->objects[token->sort->objects[i]];
		object->tokens++;
		/* How often the same is done in a row depends on how streams are cut. */
		if (object->last != token->sort->key)
			object->order = map_mix(object->order + token->sort->key);
		object->last = token->sort->key;
		if (i == 0 && token->flags & TOKEN_ENDS)
			object->end = index;
		if (i == 0 && token->flags & TOKEN_RECEIVES)
			note_taker(pass, object, token->sort->thread);
		if (i == 0 && token->flags & TOKEN_SENDS) {
			object->is_joint |= object->giver != CANON_NONE && object->giver != token->sort->thread;
			object->giver = token->sort->thread;
		}
	}
	if (token->sort->objects[0] != CANON_NONE)
		note_flow(pass, &pass->objects[token->sort->objects[0]], token, raw);
}
