// SPDX-License-Identifier: MIT
/*
 * Recorded values as JSON; the form of each kind is written down in docs/json.md, and other readers rely on it.
 */
#ifndef IPCTRACE_READER_JSON_H
#define IPCTRACE_READER_JSON_H

#include "format/event.h"
#include "reader/text.h"

struct value_style;

/* The arguments as an object by name: {"fd":7,"buf":{...}}. */
void json_print_args(struct text *text, const struct event *event);

/* The same but for the values of those that `style` leaves out. */
void json_print_open_args(struct text *text, const struct event *event, const struct value_style *style);

/* One argument. */
void json_print_arg(struct text *text, const struct event *event, unsigned arg, const struct value_style *style);

/* The result, null when there is none. */
void json_print_result(struct text *text, const struct event *event);

/* The name of the error, its number when it has none, or null. */
void json_print_error(struct text *text, const struct event *event);

/*
 * What was recorded beside the arguments, each with a comma before it: ,"outcome":"cancelled" when the call did not
 * return, ,"local": ,"peer": ,"values": ,"ordinal":.
 */
void json_print_extras(struct text *text, const struct event *event);

/* How a call ended that did not return, "cancelled"; NULL when it did. */
const char *outcome_name(const struct event *event);

/* A sockaddr as an object. */
void json_print_address(struct text *text, const uint8_t *bytes, size_t size);

/* Who made the call: the ring's owner, or the vfork child that wrote into it. */
void event_caller(const struct event *event, uint32_t *pid, uint32_t *tid);

#endif
