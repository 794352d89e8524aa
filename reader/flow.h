// SPDX-License-Identifier: MIT
/*
 * Which way the payload of a call goes, and how much of it there was: read off the row of the catalogue, for all calls
 * at once, so that counting an event is a look-up.
 */
#ifndef IPCTRACE_READER_FLOW_H
#define IPCTRACE_READER_FLOW_H

#include "format/event.h"

enum flow_direction {
	FLOW_NONE,
	FLOW_SENT,     /* out of the program */
	FLOW_RECEIVED, /* into it */
	FLOW_MOVED,    /* from one descriptor to another, as sendfile does */
};

/* Where the number of bytes stands. */
enum flow_bytes {
	FLOW_BYTES_NONE,
	FLOW_BYTES_RESULT,
	FLOW_BYTES_ARG,	  /* in the argument `arg`, when the call did not fail */
	FLOW_BYTES_ITEMS, /* added up over the payload items of the argument `arg` */
};

struct flow {
	uint8_t direction; /* enum flow_direction */
	uint8_t bytes;	   /* enum flow_bytes */
	uint8_t arg;
	uint8_t from, to; /* FLOW_MOVED: the two descriptors */
	uint8_t size;	  /* the argument that says how much there was to be sent; 0: none does */
};

struct flow flow_of_call(const struct call_spec *call);

/* Whether less was sent than was given, and that is known. */
bool flow_is_short(const struct flow *flow, const struct event *event);

/* Bytes of payload that `event` carried. */
uint64_t flow_count(const struct flow *flow, const struct event *event);

#endif
