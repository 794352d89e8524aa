// SPDX-License-Identifier: MIT
/*
 * What of one call is the same in every run of a program: each field reduced to a hash, the objects it speaks of, and
 * what became of its payload. Everything is read off the rows of the catalogue; no call is known by its name.
 */
#ifndef IPCTRACE_READER_CANON_CALL_H
#define IPCTRACE_READER_CANON_CALL_H

#include "reader/canon.h"
#include "reader/canon_mask.h"
#include "reader/flow.h"
#include "reader/identity.h"

/* What is known of a call of the catalogue once and for all. */
struct canon_rule {
	struct flow flow;
	uint64_t name;
	bool is_wait; /* waits until one of several descriptors is ready */
	bool takes;   /* makes a descriptor out of one: accept */
	bool forks;   /* makes a thread or a process */
	bool makes;
	bool reaps;	/* waits for children */
	bool registers; /* says what will be waited for */
	bool sets;	/* says how what a descriptor means is to behave */
	bool signals;	/* sends a signal to a process or a group of them */
	int8_t timeout; /* the argument that says how long a wait for readiness lasts at most; -1: none */
};

/* Which part of a call a field belongs to. */
enum field_part {
	PART_NOTHING, /* means the run */
	PART_KEY,     /* what is done */
	PART_CONTENT, /* with what */
	PART_OBJECT,  /* to what */
	PART_PAYLOAD,
};

struct canon_part {
	uint8_t part;  /* enum field_part */
	int8_t object; /* PART_OBJECT */
	uint64_t key, content;
};

struct canon_view {
	const struct event *event;
	const struct canon_rule *rule;
	uint64_t key, content;
	struct object *objects[2];
	uint8_t objects_count;
	bool made_result; /* the last object is the result */
	bool is_stream, is_counter, is_random;
	bool is_surrounding; /* its object tells about the machine and the run */
	bool ends;	     /* its first object */
	bool failed, has_control;
	bool is_short;	  /* less was sent than was asked for */
	bool is_trim;	  /* gives a part of its object back; `bytes` is how much */
	uint8_t followed; /* arguments behind which was looked, a bit each */
	uint64_t bytes;
	uint32_t payload;
	const struct event_item *text; /* the payload, when it is one item; not all of it need be kept */
	struct canon_part args[CALL_ARGS_MAX];
};

/* Rules for all calls of a catalogue; free with free(). NULL when out of memory. */
struct canon_rule *canon_rules_make(const struct catalogue *catalogue);

/* Whether the call did nothing but find that there is nothing to do yet, and will be repeated. */
bool canon_is_retry(const struct canon_rule *rule, const struct event *event);

/* Whether what goes over it has no borders; whether reading it gives a number of wake-ups. */
bool object_is_stream(const struct object *object);
bool object_is_counter(const struct object *object);

/*
 * Whether only a part of memory, as far as the view is read, is given back by a call of `length` bytes, and what lies
 * beside it stays: allocators cut what they were given to an address that suits them, and how much there is to cut on
 * which side depends on where the kernel has put it.
 */
bool canon_is_trim(const struct canon_view *view, struct identities *identities, uint64_t length);

/* Fills `view`. `identities` has just observed the event. `scratch` is used for masking. */
void canon_view_make(struct canon_view *view, const struct canon_rule *rule, const struct event *event,
		     struct identities *identities, const struct mask *mask, struct text *scratch);

/*
 * Fills `view`, which was made of an event that had the same arguments, outcome and objects, and differed in times and
 * payload alone.
 */
void canon_view_renew(struct canon_view *view, const struct event *event);

#endif
