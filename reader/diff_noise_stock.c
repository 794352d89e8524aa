// SPDX-License-Identifier: MIT
/*
 * Pipes over which one byte goes again and again: nothing is said in them, they hold a stock that is taken from and
 * given back to, as the jobs that make may have at a time, or wake-ups. Who takes when, and how often somebody can do
 * without, is chance; that as much is given as is taken is not.
 */
#include "reader/diff_noise_pass.h"
#include "format/crc32c.h"

#include <errno.h>
#include <stdlib.h>

enum { STOCK_TAKEN = CANON_RECEIVED, STOCK_GIVEN = CANON_SENT, STOCK_WAYS };

/* A pipe, by what went over its two ends. */
struct stock {
	int64_t bytes[SIDES][STOCK_WAYS];
	uint32_t one[SIDES];  /* the checksum of the byte that goes over it */
	bool is_other[SIDES]; /* others do, too */
	int64_t wrong;	      /* bytes that are too many, or too few when it is negative, */
	uint8_t wrong_way;    /* which way */
};

struct stocks {
	struct map index; /* by pipe: the place + 1 */
	struct stock *rows;
	uint32_t count;
};

/* The checksum of `count` times the byte that has the checksum `one`. */
static uint32_t repeat_byte(uint32_t one, uint64_t count)
{
	uint32_t sum = 0, power = one;

	for (uint64_t size = 1; size <= count; size *= 2) {
		if (count & size)
			sum = crc32c_combine(sum, power, size);
		power = crc32c_combine(power, power, size);
	}
	return sum;
}

/* Notes what went over one end one way. */
static void note_flow(struct stock *stock, const struct canon_flow *flow, unsigned side, unsigned way)
{
	uint32_t one = 0;
	bool is_uniform = false;

	for (unsigned value = 0; flow->bytes && !is_uniform && value <= UINT8_MAX; value++) {
		uint8_t byte = (uint8_t)value;
		one = crc32c_update(0, &byte, 1);
		is_uniform = flow->payload == repeat_byte(one, flow->bytes);
	}
	stock->is_other[side] |= flow->bytes && (!is_uniform || (stock->one[side] && stock->one[side] != one));
	stock->one[side] = flow->bytes ? one : stock->one[side];
	stock->bytes[side][way] += (int64_t)flow->bytes;
}

/* The pipe that an object is an end of, the same for both ends and in both runs; 0: of none that is known. */
static uint64_t pipe_of(const struct settling *settling, unsigned side, uint32_t object)
{
	const struct pairing *pairing = settling->pairing;
	const struct canon_object *end = object == CANON_NONE ? NULL : &pairing->canons[side]->objects[object];

	if (!end || end->type != OBJECT_PIPE || !end->is_numbered || end->thread == CANON_NONE)
		return 0;
	uint32_t maker = side == SIDE_OLD ? end->thread : pairing->threads[SIDE_NEW][end->thread];
	return maker == CANON_NONE ? 0 : mix(1 + (uint64_t)maker, end->ordinal);
}

/* One of them, which was listed. */
static struct stock *find_stock(const struct settling *settling, const struct stocks *stocks, unsigned side,
				uint32_t object)
{
	uint64_t pipe = pipe_of(settling, side, object);
	uintptr_t place = pipe ? (uintptr_t)map_get(&stocks->index, pipe) : 0;

	return place ? &stocks->rows[place - 1] : NULL;
}

static uint32_t object_of(const struct settling *settling, unsigned side, uint32_t index)
{
	return index == CANON_NONE ? CANON_NONE : token_of(settling, side, index)->sort->objects[0];
}

/* Pipes that edits are about. */
static int list_pipes(struct settling *settling, struct stocks *stocks)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		uint64_t old = pipe_of(settling, SIDE_OLD, object_of(settling, SIDE_OLD, edit->old));
		uint64_t pipe = old ? old : pipe_of(settling, SIDE_NEW, object_of(settling, SIDE_NEW, edit->new));
		if (pipe && !map_get(&stocks->index, pipe))
			rc = map_put(&stocks->index, pipe, (void *)(uintptr_t)++stocks->count);
	}
	if (rc || !stocks->count)
		return rc;
	stocks->rows = calloc(stocks->count, sizeof(*stocks->rows));
	return stocks->rows ? 0 : -ENOMEM;
}

/*
 * When the new run leaves another number in the pipe, a call more or less does it: of the two that could, the one that
 * leaves less to chance.
 */
static void find_wrong(struct stock *stock)
{
	int64_t taken = stock->bytes[SIDE_NEW][STOCK_TAKEN] - stock->bytes[SIDE_OLD][STOCK_TAKEN];
	int64_t given = stock->bytes[SIDE_NEW][STOCK_GIVEN] - stock->bytes[SIDE_OLD][STOCK_GIVEN];

	stock->wrong_way = llabs(given) <= llabs(taken) ? STOCK_TAKEN : STOCK_GIVEN;
	stock->wrong = stock->wrong_way == STOCK_TAKEN ? taken - given : given - taken;
}

static void look_at_ends(struct settling *settling, struct stocks *stocks)
{
	for (unsigned side = 0; side < SIDES; side++) {
		const struct canon *canon = settling->pairing->canons[side];
		for (uint32_t i = 0; i < canon->objects_count; i++) {
			struct stock *stock = find_stock(settling, stocks, side, i);
			for (unsigned way = 0; stock && way < STOCK_WAYS; way++)
				note_flow(stock, &canon->objects[i].flows[way], side, way);
		}
	}
	for (uint32_t i = 0; i < stocks->count; i++)
		find_wrong(&stocks->rows[i]);
}

/* The stock that a token takes some from or gives some to; NULL: none. In one of the runs nothing else was in it. */
static struct stock *stock_of(const struct settling *settling, const struct stocks *stocks, unsigned side,
			      uint32_t index)
{
	const struct canon_token *token = token_of(settling, side, index);
	struct stock *stock = token && token->flags & TOKEN_STREAM && token->bytes
				      ? find_stock(settling, stocks, side, token->sort->objects[0])
				      : NULL;

	if (!stock || (stock->is_other[SIDE_OLD] && stock->is_other[SIDE_NEW]))
		return NULL;
	uint32_t one = stock->one[stock->is_other[SIDE_OLD] ? SIDE_NEW : SIDE_OLD];
	return token->payload == repeat_byte(one, token->bytes) ? stock : NULL;
}

/* Whether an edit only is about what is taken from a stock, or given to it: which. */
static struct stock *stock_of_edit(const struct settling *settling, const struct stocks *stocks,
				   const struct edit *edit)
{
	struct stock *old = stock_of(settling, stocks, SIDE_OLD, edit->old);
	struct stock *new = stock_of(settling, stocks, SIDE_NEW, edit->new);

	if (edit->old == CANON_NONE || edit->new == CANON_NONE)
		return old ? old : new;
	return old == new ? old : NULL;
}

/* Whether the edit is what is wrong with the stock; then less is. */
static bool explains_wrong(const struct settling *settling, struct stock *stock, const struct edit *edit)
{
	unsigned side = stock->wrong > 0 ? SIDE_NEW : SIDE_OLD;
	const struct canon_token *token = token_of(settling, side, side == SIDE_NEW ? edit->new : edit->old);
	unsigned way = token && token->flags & TOKEN_SENDS ? STOCK_GIVEN : STOCK_TAKEN;

	if (!stock->wrong || way != stock->wrong_way || edit->kind != (side == SIDE_NEW ? EDIT_ADDED : EDIT_REMOVED) ||
	    token->bytes > (uint64_t)llabs(stock->wrong))
		return false;
	stock->wrong += stock->wrong > 0 ? -(int64_t)token->bytes : (int64_t)token->bytes;
	return true;
}

/* All edits about a stock are chance but for those that say what is wrong with it, if there are such. */
static int settle_edits(struct settling *settling, const struct stocks *stocks)
{
	bool *is_shown = calloc(settling->edits->count + 1ull, sizeof(*is_shown));

	for (uint32_t i = 0; is_shown && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		struct stock *stock = edit->noise ? NULL : stock_of_edit(settling, stocks, edit);
		edit->is_counted = stock && explains_wrong(settling, stock, edit);
		is_shown[i] = !stock || edit->is_counted;
	}
	for (uint32_t i = 0; is_shown && i < settling->edits->count; i++)
		if (!is_shown[i] && !stock_of_edit(settling, stocks, &settling->edits->rows[i])->wrong)
			settle_mark(settling, &settling->edits->rows[i], NOISE_SCHEDULE);
	int rc = is_shown ? 0 : -ENOMEM;
	free(is_shown);
	return rc;
}

int settle_stocks(struct settling *settling)
{
	struct stocks stocks = {.count = 0};
	int rc;

	crc32c_prepare();
	rc = list_pipes(settling, &stocks);
	if (!rc && stocks.count) {
		look_at_ends(settling, &stocks);
		rc = settle_edits(settling, &stocks);
	}
	map_clear(&stocks.index);
	free(stocks.rows);
	return rc;
}
