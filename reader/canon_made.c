// SPDX-License-Identifier: MIT
/*
 * Descriptors that a call makes behind a pointer, as socketpair() and pipe() do: they are things of the trace also when
 * nobody uses them.
 */
#include "reader/canon_pass.h"

#include <errno.h>
#include <string.h>

static int note_numbers(struct pass *pass, const struct event *event, const struct event_item *item, uint32_t token)
{
	for (uint32_t at = 0; at + sizeof(int32_t) <= item->size; at += sizeof(int32_t)) {
		int32_t number;
		memcpy(&number, item->bytes + at, sizeof(number));
		struct object *object = number < 0 ? NULL
						   : identity_object(pass->identities, identity_event_pid(event),
								     KIND_FD, (uint32_t)number);
		if (!object || object->type == OBJECT_UNKNOWN)
			continue;
		uint32_t made = pass_add_object(pass, object);
		if (made == CANON_NONE)
			return -ENOMEM;
		pass->objects[made].maker = token;
	}
	return 0;
}

int pass_note_made(struct pass *pass, const struct canon_view *view, uint32_t token)
{
	const struct event *event = view->event;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if (item->form != ITEM_RAW || item->arg >= event->call->argc)
			continue;
		const struct value_spec *value = &event->call->args[item->arg].value;
		if (value->kind == KIND_FD && value->identity == IDENTITY_NEW && value->direction == DIRECTION_OUT)
			rc = note_numbers(pass, event, item, token);
	}
	return rc;
}
