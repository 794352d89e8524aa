// SPDX-License-Identifier: MIT
/*
 * What a call does to which objects: noted as accesses, from which the order between threads and what the ends that
 * were not recorded have to do are found.
 */
#include "replay/template_parts.h"

#include <errno.h>

#include "replay/issue.h"

static bool is_negative(const struct struct_spec *layout, const struct field_spec *field, const struct event_item *item)
{
	if (strcmp(field->name, "sem_op") || field->offset + field->value.width > layout->size)
		return false;
	for (uint32_t at = 0; layout->size && at + layout->size <= item->size; at += layout->size)
		if ((int64_t)value_load(&field->value, item->bytes + at + field->offset, field->value.width) <= 0)
			return true;
	return false;
}

/* Whether one of several operations on semaphores has to wait for something. */
static bool has_negative(const struct maker *maker)
{
	for (unsigned arg = 0; arg < maker->call->argc; arg++) {
		const struct struct_spec *layout =
			value_struct(maker->composition->catalogue, &maker->call->args[arg].value);
		const struct event_item *item = event_item(maker->event, arg, ITEM_RAW, 0);
		for (uint16_t f = 0; layout && item && f < layout->count; f++)
			if (is_negative(layout, &layout->fields[f], item))
				return true;
	}
	return false;
}

static uint32_t classes_of(const struct maker *maker, const struct flow *flow, enum kind kind)
{
	const struct call_spec *call = maker->call;

	if (!maker->ok && maker->event->error != EINPROGRESS)
		return 0;
	if (call->waits && !strcmp(call->family, "poll"))
		return ACCESS_LOOKS;
	if (flow->direction == FLOW_RECEIVED)
		return ACCESS_TAKES;
	if (flow->direction == FLOW_SENT)
		return ACCESS_GIVES;
	if (issue_rows[maker->act->call].how == ISSUE_TAKE)
		return ACCESS_TAKES;
	if (!call->waits)
		return kind == KIND_SEM ? ACCESS_GIVES : 0;
	if (kind == KIND_SEMID)
		return has_negative(maker) ? ACCESS_TAKES : ACCESS_GIVES;
	if (kind == KIND_SEM)
		return ACCESS_TAKES;
	if (call->result.kind == KIND_FD && call->result.identity == IDENTITY_NEW)
		return ACCESS_ACCEPTS | ACCESS_TAKES;
	return kind == KIND_FD && flow->direction == FLOW_NONE ? ACCESS_CONNECTS : 0;
}

/* What begins to listen at its name, or leaves it. */
static void note_named(struct maker *maker, uint32_t object, const struct flow *flow, uint32_t classes)
{
	uint32_t name = COMPOSED_OBJECT(maker->composition, object)->name;

	if (name != SCORE_NONE && flow->direction == FLOW_NONE &&
	    (classes & ACCESS_ENDS || !strcmp(maker->call->family, "socket")) && !(classes & ACCESS_ACCEPTS))
		maker_access_add(maker, name, SCORE_NONE, 0);
}

void maker_note_arguments(struct maker *maker, const struct flow *flow)
{
	struct composition *composition = maker->composition;

	for (unsigned arg = 0; arg < maker->call->argc; arg++) {
		struct value_spec value = value_of_arg(maker->event, arg);
		enum kind kind = value.kind;
		uint64_t word = value_word(&value, maker->event->args[arg]);
		uint32_t object = SCORE_NONE, slot = SCORE_NONE, classes;
		if (value.direction != DIRECTION_NONE)
			continue;
		if (kind == KIND_FD || kind == KIND_MQD) {
			slot = cast_slot(composition, maker->process, maker->pid, (int32_t)word);
			object = slot == SCORE_NONE ? SCORE_NONE : COMPOSED_SLOT(composition, slot)->object;
		} else if (kind == KIND_MSQID || kind == KIND_SEMID || kind == KIND_SHMID || kind == KIND_SEM ||
			   kind == KIND_ADDRESS) {
			object = maker_object_of(maker, kind, word);
		}
		if (object == SCORE_NONE)
			continue;
		classes = maker->object == SCORE_NONE ? classes_of(maker, flow, kind) : 0;
		if (flow->direction == FLOW_MOVED && maker->ok)
			classes = arg == flow->from ? ACCESS_TAKES : arg == flow->to ? ACCESS_GIVES : 0;
		if (value.identity == IDENTITY_GONE && maker->ok) {
			classes |= ACCESS_ENDS;
			if (slot != SCORE_NONE && maker->call->result.identity != IDENTITY_NEW) {
				maker->act->flags |= ACT_CLOSES;
				maker->act->what = slot;
			}
		}
		if (maker->object != SCORE_NONE && kind == KIND_FD && !strcmp(maker->call->family, "poll"))
			classes |= ACCESS_LISTS;
		if (maker->object == SCORE_NONE)
			maker->object = object;
		maker_access_add(maker, object, slot, classes);
		note_named(maker, object, flow, classes);
	}
}

/* A struct of those that are looked at says what it is ready for in its last field. */
static bool is_ready(const struct struct_spec *layout, const uint8_t *after)
{
	const struct field_spec *last = &layout->fields[layout->count - 1];

	return after && last->value.width && last->offset + last->value.width <= layout->size &&
	       value_load(&last->value, after + last->offset, last->value.width);
}

/* Whoever waits at a listener sees those who come to its name. */
static void note_looked_name(struct maker *maker, uint32_t object)
{
	uint32_t name = COMPOSED_OBJECT(maker->composition, object)->name;

	if (name != SCORE_NONE)
		maker_access_add(maker, name, SCORE_NONE, 0);
}

/* Descriptors in the arrays and sets of a call that waits for readiness. */
static void note_looked(struct maker *maker, unsigned arg)
{
	struct composition *composition = maker->composition;
	struct value_spec value = value_of_arg(maker->event, arg);
	const struct struct_spec *layout = value_struct(composition->catalogue, &value);
	const struct event_item *before = event_item(maker->event, arg, ITEM_BEFORE, 0),
				*after = event_item(maker->event, arg, ITEM_RAW, 0);
	struct access *access;

	if (!before)
		before = after;
	if (value.direction != DIRECTION_INOUT || !before)
		return;
	for (uint32_t i = 0; layout && layout->count && (i + 1) * layout->size <= before->size; i++) {
		const uint8_t *bytes = before->bytes + i * layout->size;
		uint32_t slot;
		int32_t fd;
		if (layout->fields[0].value.kind != KIND_FD || layout->fields[0].offset + 4u > layout->size)
			return;
		memcpy(&fd, bytes + layout->fields[0].offset, 4);
		slot = cast_slot(composition, maker->process, maker->pid, fd);
		if (slot == SCORE_NONE)
			continue;
		access = maker_access_add(maker, COMPOSED_SLOT(composition, slot)->object, slot, ACCESS_LOOKS);
		if (access)
			access->is_known_ready = maker->ok && after && (i + 1) * layout->size <= after->size &&
						 is_ready(layout, after->bytes + i * layout->size);
	}
	for (uint32_t bit = 0; value.kind == KIND_FDSET && bit < before->size * 8; bit++) {
		if (!(before->bytes[bit / 8] >> bit % 8 & 1))
			continue;
		uint32_t slot = cast_slot(composition, maker->process, maker->pid, (int32_t)bit);
		access = slot == SCORE_NONE ? NULL
					    : maker_access_add(maker, COMPOSED_SLOT(composition, slot)->object, slot,
							       ACCESS_LOOKS);
		if (access)
			access->is_known_ready =
				maker->ok && after && bit / 8 < after->size && after->bytes[bit / 8] >> bit % 8 & 1;
	}
}

/* The second field of what an epoll set is told is the word by which it will tell. */
static bool has_data_field(const struct struct_spec *layout)
{
	return layout->count >= 2 && layout->fields[1].offset + 8u <= layout->size;
}

/* What an epoll set waits for is known by the word that was given with each. */
static void note_interest(struct maker *maker, uint32_t set)
{
	struct composition *composition = maker->composition;
	struct interest *interests;
	uint32_t slot = SCORE_NONE;
	uint64_t data = 0;
	bool has_data = false;

	for (unsigned arg = 1; arg < maker->call->argc; arg++) {
		struct value_spec value = value_of_arg(maker->event, arg);
		const struct struct_spec *layout = value_struct(composition->catalogue, &value);
		const struct event_item *item = event_item(maker->event, arg, ITEM_RAW, 0);
		if (value.kind == KIND_FD)
			slot = cast_slot(composition, maker->process, maker->pid, (int32_t)maker->event->args[arg]);
		if (!layout || !item || item->size < layout->size || !has_data_field(layout))
			continue;
		memcpy(&data, item->bytes + layout->fields[1].offset, 8);
		has_data = true;
	}
	if (slot == SCORE_NONE)
		return;
	interests = ROWS(composition->interests, struct interest);
	for (uint32_t i = 0; i < composition->interests.count; i++) {
		if (interests[i].set != set || interests[i].slot != slot)
			continue;
		interests[i] = interests[--composition->interests.count];
		break;
	}
	if (!has_data)
		return;
	struct interest *interest = rows_add(&composition->interests, sizeof(*interest));
	if (interest)
		*interest = (struct interest){set, COMPOSED_SLOT(composition, slot)->object, slot, data};
	COMPOSED_OBJECT(composition, COMPOSED_SLOT(composition, slot)->object)->is_polled = true;
}

/* Beyond so many members of a set, only those are ordered that it reported. */
#define INTERESTS_MAX 16u

static bool is_reported(const struct maker *maker, uint64_t data)
{
	for (unsigned arg = 0; arg < maker->call->argc; arg++) {
		const struct struct_spec *layout =
			value_struct(maker->composition->catalogue, &maker->call->args[arg].value);
		const struct event_item *item = event_item(maker->event, arg, ITEM_RAW, 0);
		if (!layout || !item || !has_data_field(layout))
			continue;
		for (uint32_t at = 0; at + layout->size <= item->size; at += layout->size)
			if (!memcmp(item->bytes + at + layout->fields[1].offset, &data, 8))
				return true;
	}
	return false;
}

static void note_members(struct maker *maker, uint32_t set)
{
	struct composition *composition = maker->composition;
	uint32_t count = 0;

	for (uint32_t i = 0; i < composition->interests.count; i++)
		count += ROWS(composition->interests, struct interest)[i].set == set;
	for (uint32_t i = 0; i < composition->interests.count; i++) {
		struct interest interest = ROWS(composition->interests, struct interest)[i];
		bool ready;
		if (interest.set != set)
			continue;
		ready = maker->ok && is_reported(maker, interest.data);
		if (!ready && count > INTERESTS_MAX)
			continue;
		struct access *access = maker_access_add(maker, interest.object, interest.slot, ACCESS_LOOKS);
		if (access)
			access->is_known_ready = ready;
		note_looked_name(maker, interest.object);
	}
}

void maker_note_readiness(struct maker *maker)
{
	if (strcmp(maker->call->family, "poll"))
		return;
	if (maker->call->waits) {
		for (unsigned arg = 0; arg < maker->call->argc; arg++)
			note_looked(maker, arg);
		if (maker->object != SCORE_NONE)
			note_members(maker, maker->object);
	} else if (maker->ok && maker->object != SCORE_NONE) {
		note_interest(maker, maker->object);
	}
}

void maker_note_result(struct maker *maker)
{
	struct composition *composition = maker->composition;
	const struct value_spec *value = &maker->call->result;
	struct object *object = identity_result(composition->identities);
	struct object *made;
	uint32_t index, slot = SCORE_NONE;
	struct access *access;

	if (!maker->ok)
		return;
	made = identity_made(composition->identities, (int32_t)maker->event->result);
	if (((value->kind == KIND_FD || value->kind == KIND_MQD) && value->identity == IDENTITY_NEW) ||
	    (value->kind == KIND_INT && made && !maker->has_made)) {
		object = made ? made : object;
		slot = cast_slot_made(composition, maker->process, (int32_t)maker->event->result, object);
		maker_store_add(maker, STORE_RESULT, STORE_FD, slot);
		maker->act->what = slot;
		maker->act->flags |= ACT_CHOSEN | (maker_is_closed_by_exec(maker) ? ACT_CLOEXEC : 0);
	}
	if (value->kind == KIND_MSQID || value->kind == KIND_SEMID || value->kind == KIND_SHMID) {
		if (!object)
			object = identity_object(composition->identities, maker->pid, value->kind,
						 (uint64_t)maker->event->result);
		if (object)
			maker_store_add(maker, STORE_RESULT, STORE_ID, cast_object(composition, object));
		maker->act->flags |= ACT_CHOSEN;
	}
	index = cast_object(composition, object);
	if (index == SCORE_NONE)
		return;
	if ((value->kind == KIND_ADDRESS || value->kind == KIND_SEM) && value->identity == IDENTITY_NEW) {
		struct composed_object *place = COMPOSED_OBJECT(composition, index);
		if (place->mapping == SCORE_NONE)
			place->mapping = composition->mappings++;
		maker_store_add(maker, STORE_RESULT, STORE_ADDRESS, place->mapping);
		maker->act->flags |= ACT_CHOSEN;
	}
	for (uint32_t i = composition->accesses.count; maker->object != SCORE_NONE && i--;) {
		access = &ROWS(composition->accesses, struct access)[i];
		if (access->act != maker->number)
			break;
		if (access->classes & ACCESS_ACCEPTS)
			access->made = index;
	}
	maker_access_add(maker, index, slot, ACCESS_MADE);
}
