// SPDX-License-Identifier: MIT
/*
 * Events made by hand, of the built-in catalogue.
 */
#ifndef IPCTRACE_TESTS_READER_EVENT_MAKER_H
#define IPCTRACE_TESTS_READER_EVENT_MAKER_H

#include "format/event.h"

#define MADE_ITEMS_MAX 16

struct made_event {
	struct event event;
	struct event_item items[MADE_ITEMS_MAX];
};

/* A call that returned `result`; asserts that the catalogue has it. Arguments are 0. */
struct made_event *event_make(struct made_event *made, const char *call, int64_t result);

/* Sets the argument called `name`; asserts that there is one. */
void event_arg(struct made_event *made, const char *name, uint64_t word);

/* Adds an item behind the argument called `name` (NULL: none), of which there were `total`. `bytes` is borrowed. */
void event_add(struct made_event *made, const char *name, enum item_form form, unsigned index, const void *bytes,
	       uint32_t size, uint32_t total);

#endif
