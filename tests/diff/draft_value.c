// SPDX-License-Identifier: MIT
/*
 * Walks every number of a call whose meaning is known from the catalogue.
 */
#include "tests/diff/draft.h"

#include <string.h>
#include <sys/socket.h>

/* Structs do not contain each other deeper than this. */
#define DEPTH_MAX 3

struct walk {
	struct draft *draft;
	const struct catalogue *catalogue;
	draft_change *change;
	void *context;
	struct event *event;
	bool owns_items;
};

static uint64_t extend(uint64_t word, unsigned width, bool is_signed)
{
	unsigned unused = 64 - 8 * (width && width < 8 ? width : 8);

	word <<= unused;
	return is_signed ? (uint64_t)((int64_t)word >> unused) : word >> unused;
}

static uint64_t change_word(struct walk *walk, const struct value_spec *value, uint64_t word)
{
	uint64_t before = extend(word, value->width, value->is_signed);
	uint64_t after = walk->change(walk->context, value->kind, before);

	return after == before ? word : extend(after, value->width, value->is_signed);
}

static struct event_item *own_item(struct walk *walk, uint32_t i)
{
	if (!walk->owns_items)
		draft_items(walk->draft, walk->event);
	walk->owns_items = true;
	return (struct event_item *)&walk->event->items[i];
}

/* A number of `value` at `offset` of item `i`; the item's bytes are copied when it changes. */
static void change_scalar(struct walk *walk, uint32_t i, uint32_t offset, const struct value_spec *value)
{
	const struct event_item *item = &walk->event->items[i];
	unsigned width = value->width ? value->width : 8;
	uint64_t word = 0, after;

	if (width > 8 || offset + width > item->size)
		return;
	memcpy(&word, item->bytes + offset, width);
	after = change_word(walk, value, word);
	if (after != word)
		memcpy(draft_bytes(walk->draft, own_item(walk, i)) + offset, &after, width);
}

static void change_struct(struct walk *walk, uint32_t i, uint32_t offset, uint16_t table, int depth)
{
	const struct struct_spec *layout = &walk->catalogue->structs[table];

	for (unsigned field = 0; field < layout->count; field++) {
		const struct field_spec *spec = &layout->fields[field];
		if (spec->value.kind == KIND_STRUCT && depth < DEPTH_MAX)
			change_struct(walk, i, offset + spec->offset, spec->value.table, depth + 1);
		else if (spec->value.kind < KIND_BYTES)
			change_scalar(walk, i, offset + spec->offset, &spec->value);
	}
}

/* Credentials in control messages name a process; the kinds have no word for what is in there. */
static void change_control(struct walk *walk, uint32_t i)
{
	static const struct value_spec pid = {.kind = KIND_PID, .width = 4, .is_signed = 1};
	uint32_t size = walk->event->items[i].size;

	for (uint32_t at = 0; at + sizeof(struct cmsghdr) <= size;) {
		struct cmsghdr head;
		memcpy(&head, walk->event->items[i].bytes + at, sizeof(head));
		if (head.cmsg_len < sizeof(head) || head.cmsg_len > size - at)
			return;
		if (head.cmsg_level == SOL_SOCKET && head.cmsg_type == SCM_CREDENTIALS)
			change_scalar(walk, i, at + sizeof(head), &pid);
		at += (uint32_t)(head.cmsg_len + 7) & ~7u;
	}
}

static void change_item(struct walk *walk, uint32_t i)
{
	static const struct value_spec pid = {.kind = KIND_PID, .width = 4}, tid = {.kind = KIND_TID, .width = 4};
	const struct event_item *item = &walk->event->items[i];
	const struct event *event = walk->event;
	struct value_spec value;

	if (item->form == ITEM_PID) {
		change_scalar(walk, i, 0, &pid);
		change_scalar(walk, i, 4, &tid);
	} else if (item->form == ITEM_CONTROL) {
		change_control(walk, i);
	}
	if ((item->form != ITEM_RAW && item->form != ITEM_BEFORE) || item->arg >= event->call->argc)
		return;
	value = catalogue_resolve(walk->catalogue, event->call, item->arg, event->args);
	if (value.kind == KIND_STRUCT) {
		uint32_t size = walk->catalogue->structs[value.table].size;
		for (uint32_t at = 0; size && at + size <= event->items[i].size; at += size)
			change_struct(walk, i, at, value.table, 0);
	} else if (value.kind < KIND_BYTES) {
		unsigned width = value.width ? value.width : 8;
		for (uint32_t at = 0; at + width <= event->items[i].size; at += width)
			change_scalar(walk, i, at, &value);
	}
}

void draft_values(struct draft *draft, struct event *event, draft_change *change, void *context)
{
	struct walk walk = {draft, event->catalogue, change, context, event, false};
	const struct value_spec pointer = {.kind = KIND_ADDRESS, .width = 8};
	struct event before = *event;

	for (uint32_t i = 0; i < event->items_count; i++)
		change_item(&walk, i);
	for (unsigned arg = 0; arg < event->call->argc; arg++) {
		struct value_spec value = catalogue_resolve(event->catalogue, event->call, arg, before.args);
		if (value.kind == KIND_UNRECORDED)
			continue;
		event->args[arg] = change_word(&walk, value.direction ? &pointer : &value, event->args[arg]);
	}
	if (!event->error && event->outcome == OUTCOME_RETURNED)
		event->result = (int64_t)change_word(&walk, &event->call->result, (uint64_t)event->result);
}
