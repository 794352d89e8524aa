// SPDX-License-Identifier: MIT
/*
 * Raw records made to order: what tests, benchmarks and the seeds of fuzzing feed into batches. Random parts come from
 * a seed, so that a failure can be repeated.
 */
#ifndef IPCTRACE_TESTS_FORMAT_TAPE_H
#define IPCTRACE_TESTS_FORMAT_TAPE_H

#include <stddef.h>
#include <stdint.h>

#include "format/event.h"
#include "format/record.h"

/* Records one after the other, as in a ring. */
struct tape {
	uint64_t *words;
	size_t used, capacity;
	uint64_t random; /* state of the generator, not 0 */
	uint64_t ticks;
};

void tape_free(struct tape *tape);
uint64_t tape_random(struct tape *tape);

/* A number whose size in bits is random too, so that all magnitudes occur. */
uint64_t tape_random_any(struct tape *tape);

/* Append a call with all arguments 0 and no items. Valid until the next append. */
struct record_call *tape_call(struct tape *tape, uint32_t call);

/* Append an item to the last call. */
void tape_item(struct tape *tape, struct item item, const void *bytes);

/* Append a call of number `call` with random contents: any outcome, any arguments, up to three items. */
void tape_random_call(struct tape *tape, uint32_t call);

/* The record at *at, which moves on; NULL at the end. */
const struct record_call *tape_next(const struct tape *tape, size_t *at);

/* Whether `event` says exactly what `record` said. */
int tape_same(const struct record_call *record, const struct event *event);

#endif
