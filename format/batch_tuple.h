// SPDX-License-Identifier: MIT
/*
 * The inside of a batch, shared by its builder (batch.c), its analysis (batch_vary.c) and its encoder (batch_encode.c).
 *
 * A tuple is everything about an event but its time, duration and result: call, outcome, errno, site, arguments and
 * items. Each distinct one is kept once, as the words in which it stood in its record.
 */
#ifndef IPCTRACE_FORMAT_BATCH_TUPLE_H
#define IPCTRACE_FORMAT_BATCH_TUPLE_H

#include "format/batch.h"
#include "format/pack_buffer.h"

/* Bit of a field mask that stands for the list of items; the bits below stand for the arguments. */
#define FIELD_ITEMS  CALL_ARGS_MAX
#define FIELDS_COUNT (CALL_ARGS_MAX + 1)

struct batch_tuple {
	uint64_t hash;
	uint64_t what;	 /* call, error and outcome, to be compared at once */
	uint32_t offset; /* of its words in batch->words: site, args, items */
	uint32_t words;
	uint32_t call;
	uint16_t error;
	uint8_t outcome; /* with OUTCOME_BORROWED */
	uint8_t argc;
};

/* Set in an outcome as the log spells it: the call was made by a vfork child. */
#define OUTCOME_BORROWED 8

/* Where each call of the catalogue stands in this batch. */
struct batch_call {
	uint32_t tuples, events;
	uint32_t first_tuple; /* in vary->by_call */
	uint32_t first_event; /* in vary->events */
	uint32_t varying;     /* mask of fields with a column of their own */
	uint32_t lists;	      /* distinct lists of items, when those vary */
};

/* How the tuples become the shapes of the log. Memory is kept from one encoding to the next. */
struct batch_vary {
	bool is_needed;	   /* false: shapes are the tuples as they are */
	uint32_t *shape;   /* of each tuple */
	uint32_t *list;	   /* of each tuple: its list of items among the distinct ones of its call */
	uint32_t *kept;	   /* the tuple that stands for each shape */
	uint32_t *lists;   /* the tuple that stands for each list, all calls one after the other */
	uint32_t *by_call; /* tuples, grouped by call */
	uint32_t *events;  /* events, grouped by call */
	uint32_t *slots;   /* hash table of whatever is being made distinct */
	uint64_t *hashes;  /* FIELDS_COUNT + 1 for each tuple of a sample: its fields, and the rest */
	uint32_t shapes_count, slots_mask, capacity_tuples, capacity_events;
};

struct batch {
	const struct catalogue *catalogue;
	uint32_t count, capacity;
	uint32_t *tuple; /* of each event */
	uint64_t *enter, *duration, *result;
	uint64_t *values; /* a column in the making */
	struct batch_tuple *tuples;
	uint32_t tuples_count, tuples_capacity;
	uint32_t *next;	      /* of each tuple: which came after it when that was last guessed wrong */
	uint32_t guess_after; /* the first so many events are not guessed */
	uint32_t guesses_wrong;
	uint64_t *words;
	size_t words_count, words_capacity;
	uint32_t *slots; /* hash table: tuple + 1 */
	uint32_t slots_mask;
	struct batch_call *calls; /* one for each of the catalogue */
	struct batch_vary vary;
	struct pack_buffer packed;
};

static inline const uint64_t *tuple_words(const struct batch *batch, const struct batch_tuple *tuple)
{
	return batch->words + tuple->offset;
}

static inline const uint64_t *tuple_args(const struct batch *batch, const struct batch_tuple *tuple)
{
	return tuple_words(batch, tuple) + 1;
}

/* The items as they stand in memory, and how many words they take. */
static inline const uint64_t *tuple_items(const struct batch *batch, const struct batch_tuple *tuple, uint32_t *words)
{
	*words = tuple->words - 1 - tuple->argc;
	return tuple_args(batch, tuple) + tuple->argc;
}

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Two lanes, because a multiplication takes three times as long as it takes to start the next one. */
static inline uint64_t hash_words(const uint64_t *words, uint32_t count, uint64_t seed)
{
	uint64_t a = seed ^ 0x2d358dccaa6c78a5ull, b = count ^ 0x8bb84b93962eacc9ull;

	for (; count >= 4; count -= 4, words += 4) {
		a = hash_fold(words[0] ^ 0x4b33a62ed433d4a3ull, words[1] ^ a);
		b = hash_fold(words[2] ^ 0x4d5a2da51de1aa47ull, words[3] ^ b);
	}
	if (count >= 2)
		a = hash_fold(words[0] ^ 0x9e3779b97f4a7c15ull, words[1] ^ a);
	if (count & 1)
		b = hash_fold(words[count - 1] ^ 0xd1342543de82ef95ull, b);
	return hash_fold(a ^ 0xa0761d6478bd642full, b ^ 0xe7037ed1a0b428dbull);
}

/* Decide which fields get columns and make shapes, lists and the grouping by call of what is left. 0 or -ENOMEM. */
int batch_vary_plan(struct batch *batch);
void batch_vary_free(struct batch_vary *vary);

#endif
