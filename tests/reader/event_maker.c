// SPDX-License-Identifier: MIT
/*
 * Events made by hand.
 */
#include "tests/reader/event_maker.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

struct made_event *event_make(struct made_event *made, const char *call, int64_t result)
{
	*made = (struct made_event){0};
	made->event.catalogue = &catalogue_builtin;
	made->event.pid = made->event.tid = 100;
	made->event.result = result;
	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		if (!strcmp(catalogue_builtin.calls[i].name, call))
			made->event.call = &catalogue_builtin.calls[i];
	cr_assert(made->event.call, "the catalogue has no %s", call);
	return made;
}

static unsigned find_arg(const struct made_event *made, const char *name)
{
	const struct call_spec *call = made->event.call;

	for (unsigned i = 0; i < call->argc; i++)
		if (!strcmp(call->args[i].name, name))
			return i;
	cr_assert(false, "%s has no argument %s", call->name, name);
	return 0;
}

void event_arg(struct made_event *made, const char *name, uint64_t word)
{
	made->event.args[find_arg(made, name)] = word;
}

void event_add(struct made_event *made, const char *name, enum item_form form, unsigned index, const void *bytes,
	       uint32_t size, uint32_t total)
{
	struct event_item *item = &made->items[made->event.items_count++];

	cr_assert(made->event.items_count <= MADE_ITEMS_MAX);
	*item = (struct event_item){.arg = name ? (uint8_t)find_arg(made, name) : ITEM_NO_ARG,
				    .form = (uint8_t)form,
				    .index = (uint16_t)index,
				    .size = size,
				    .total = total,
				    .bytes = bytes};
	made->event.items = made->items;
}
