// SPDX-License-Identifier: MIT
/*
 * One flag more or less: of an argument, or of a struct that the program handed in.
 */
#include "tests/diff/mutate_parts.h"

#include <string.h>

/* A flag that could be turned over: a bit of an argument, or of bytes `offset`... of an item. */
struct flag_place {
	const struct name_spec *flag;
	const char *field;
	unsigned arg;
	int item; /* -1: the argument itself */
	uint32_t offset;
	unsigned width;
};

/* Draws one of all it is shown, each with the same chance, without keeping them. */
struct draw {
	struct mutate *mutate;
	struct flag_place place;
	uint64_t seen;
};

static void show_flags(struct draw *draw, const struct names_spec *names, const struct flag_place *where)
{
	for (unsigned i = 0; i < names->count; i++) {
		const struct name_spec *flag = &names->rows[i];
		bool is_bit = flag->value && flag->value == flag->mask && !(flag->value & (flag->value - 1));
		if (!is_bit || mutate_random(draw->mutate, ++draw->seen))
			continue;
		draw->place = *where;
		draw->place.flag = flag;
	}
}

static void show_struct(struct draw *draw, const struct event *event, unsigned item, uint16_t table)
{
	const struct struct_spec *layout = &event->catalogue->structs[table];

	for (uint32_t at = 0; layout->size && at + layout->size <= event->items[item].size; at += layout->size) {
		for (unsigned i = 0; i < layout->count; i++) {
			const struct field_spec *field = &layout->fields[i];
			struct flag_place where = {.field = field->name,
						   .item = (int)item,
						   .offset = at + field->offset,
						   .width = field->value.width};
			if (field->value.kind == KIND_FLAGS && where.width && where.width <= 8)
				show_flags(draw, &event->catalogue->flags[field->value.table], &where);
		}
	}
}

static struct flag_place draw_flag(struct mutate *mutate, const struct event *event, uint64_t *seen)
{
	struct draw draw = {.mutate = mutate};

	for (unsigned arg = 0; arg < event->call->argc; arg++) {
		struct value_spec value = call_value(event, arg);
		struct flag_place where = {.field = event->call->args[arg].name, .arg = arg, .item = -1};
		if (value.kind == KIND_FLAGS && !value.direction && !value.optional)
			show_flags(&draw, &event->catalogue->flags[value.table], &where);
	}
	for (uint32_t i = 0; i < event->items_count; i++) {
		struct value_spec value = {0};
		if (event->items[i].arg < event->call->argc)
			value = call_value(event, event->items[i].arg);
		if (event->items[i].form == ITEM_RAW && value.kind == KIND_STRUCT && value.direction == DIRECTION_IN)
			show_struct(&draw, event, i, value.table);
	}
	*seen = draw.seen;
	return draw.place;
}

static bool fits_flag(struct mutate *mutate, struct place place)
{
	const struct draft_event *event = place_event(mutate->draft, place);
	uint64_t seen;

	if (!call_counts(mutate->draft, event) || call_makes(&event->event) || call_ends(&event->event))
		return false;
	draw_flag(mutate, &event->event, &seen);
	return seen;
}

static void turn_flag(struct mutate *mutate, struct place place)
{
	struct draft_event *event = place_event(mutate->draft, place);
	uint64_t seen, word = 0;
	struct flag_place where = draw_flag(mutate, &event->event, &seen);
	struct change *change = mutate_note(mutate, event, where.field);
	bool was_set;

	if (where.item < 0) {
		was_set = event->event.args[where.arg] & where.flag->value;
		event->event.args[where.arg] ^= where.flag->value;
	} else {
		struct event_item *item = &draft_items(mutate->draft, &event->event)[where.item];
		uint8_t *bytes = draft_bytes(mutate->draft, item) + where.offset;
		memcpy(&word, bytes, where.width);
		was_set = word & where.flag->value;
		word ^= where.flag->value;
		memcpy(bytes, &word, where.width);
	}
	snprintf(was_set ? change->was : change->is, sizeof(change->was), "%s", where.flag->name);
}

void mutate_flag(struct mutate *mutate)
{
	mutate_places(mutate, mutate->count, fits_flag, turn_flag);
}
