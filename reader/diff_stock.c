// SPDX-License-Identifier: MIT
/*
 * Finds them by checksums: what went over a pipe has the checksum of one byte, as often as there were bytes; what went
 * over a bell that of some bytes that went over it singly.
 */
#include "reader/diff_stock.h"
#include "format/crc32c.h"

#include <errno.h>
#include <stdlib.h>

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

/* The pipe that an object is an end of, the same for both ends and in both runs; 0: of none that is known. */
static uint64_t pipe_of(const struct pairing *pairing, unsigned side, uint32_t object)
{
	const struct canon_object *end = object == CANON_NONE ? NULL : &pairing->canons[side]->objects[object];

	if (!end || end->type != OBJECT_PIPE || !end->is_numbered || end->thread == CANON_NONE)
		return 0;
	uint32_t maker = side == SIDE_OLD ? end->thread : pairing->threads[SIDE_NEW][end->thread];
	return maker == CANON_NONE ? 0 : mix(1 + (uint64_t)maker, end->ordinal);
}

static struct stock *find_stock(const struct stocks *stocks, unsigned side, uint32_t object)
{
	uint64_t pipe = pipe_of(stocks->pairing, side, object);
	uintptr_t place = pipe ? (uintptr_t)map_get(&stocks->index, pipe) : 0;

	return place ? &stocks->rows[place - 1] : NULL;
}

static int add_stock(struct stocks *stocks, uint64_t pipe)
{
	if (stocks->count == stocks->room) {
		uint32_t room = stocks->room ? 2 * stocks->room : 16;
		struct stock *rows = reallocarray(stocks->rows, room, sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		stocks->rows = rows;
		stocks->room = room;
	}
	stocks->rows[stocks->count++] = (struct stock){.thread = {CANON_NONE, CANON_NONE}};
	return map_put(&stocks->index, pipe, (void *)(uintptr_t)stocks->count);
}

static bool is_transfer(const struct canon_token *token)
{
	return token->flags & TOKEN_STREAM && token->bytes && token->sort->objects[0] != CANON_NONE;
}

/* Pipes over which a single byte went, and which. */
static int list_stocks(struct stocks *stocks, unsigned side)
{
	const struct canon *canon = stocks->pairing->canons[side];
	int rc = 0;

	for (uint32_t i = 0; !rc && i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		uint64_t pipe = is_transfer(token) && token->bytes == 1
					? pipe_of(stocks->pairing, side, token->sort->objects[0])
					: 0;
		if (pipe && !map_get(&stocks->index, pipe))
			rc = add_stock(stocks, pipe);
		struct stock *stock = pipe && !rc ? find_stock(stocks, side, token->sort->objects[0]) : NULL;
		if (stock && !stock->is_used[side]) {
			stock->is_used[side] = true;
			stock->one[side] = token->payload;
		}
	}
	return rc;
}

/* A byte that was given alone. */
static void note_said(struct stock *stock, unsigned side, uint32_t byte)
{
	uint32_t count = stock->said_count[side];

	for (uint32_t i = 0; i < count && i < BELL_BYTES_MAX; i++)
		if (stock->said[side][i] == byte)
			return;
	if (count < BELL_BYTES_MAX)
		stock->said[side][count] = byte;
	stock->said_count[side] += count <= BELL_BYTES_MAX;
}

/* Who gives and takes, and what. */
static void look_at_calls(struct stocks *stocks, unsigned side)
{
	const struct canon *canon = stocks->pairing->canons[side];

	for (uint32_t i = 0; i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		struct stock *stock = is_transfer(token) ? find_stock(stocks, side, token->sort->objects[0]) : NULL;
		if (!stock)
			continue;
		uint32_t thread = token->sort->thread, first = stock->thread[side];
		first = stock->thread[side] = first == CANON_NONE ? thread : first;
		stock->has_processes[side] |= canon->threads[thread].pid != canon->threads[first].pid;
		if (token->flags & TOKEN_SENDS && token->bytes == 1)
			note_said(stock, side, token->payload);
	}
}

static void look_at_ends(struct stocks *stocks, unsigned side)
{
	const struct canon *canon = stocks->pairing->canons[side];

	for (uint32_t i = 0; i < canon->objects_count; i++) {
		struct stock *stock = find_stock(stocks, side, i);
		if (stock)
			stock->late[side] += (int64_t)canon->objects[i].late;
		for (unsigned way = 0; stock && way < STOCK_WAYS; way++) {
			const struct canon_flow *flow = &canon->objects[i].flows[way];
			stock->bytes[side][way] += (int64_t)flow->bytes;
			stock->is_other[side] |= flow->payload != repeat_byte(stock->one[side], flow->bytes);
		}
	}
}

int stocks_find(struct stocks *stocks, const struct pairing *pairing)
{
	int rc = 0;

	crc32c_prepare();
	*stocks = (struct stocks){.pairing = pairing};
	for (unsigned side = 0; !rc && side < SIDES; side++)
		rc = list_stocks(stocks, side);
	for (unsigned side = 0; !rc && stocks->count && side < SIDES; side++) {
		look_at_calls(stocks, side);
		look_at_ends(stocks, side);
	}
	return rc;
}

void stocks_free(struct stocks *stocks)
{
	map_clear(&stocks->index);
	free(stocks->rows);
	*stocks = (struct stocks){.count = 0};
}

/* In which run nothing else than one byte went over it; SIDES: in none. */
static unsigned find_uniform(const struct stock *stock)
{
	unsigned run = 0;

	while (run < SIDES && (!stock->is_used[run] || stock->is_other[run]))
		run++;
	return run;
}

bool stock_is_private(const struct stock *stock)
{
	return !stock->has_processes[SIDE_OLD] && !stock->has_processes[SIDE_NEW];
}

/* Whether a process speaks to itself over it, in both runs. */
static bool is_bell(const struct stock *stock)
{
	for (unsigned side = 0; side < SIDES; side++)
		if (!stock->is_used[side] || stock->has_processes[side] || stock->said_count[side] > BELL_BYTES_MAX)
			return false;
	return true;
}

bool stocks_hold(const struct stocks *stocks, unsigned side, const struct canon_token *token)
{
	const uint32_t makes = TOKEN_MAKES | TOKEN_ENDS;
	const struct stock *stock = stocks->count && token->sort->objects[0] != CANON_NONE
					    ? find_stock(stocks, side, token->sort->objects[0])
					    : NULL;

	if (!stock)
		return false;
	return is_bell(stock) ? !(token->flags & makes)
			      : find_uniform(stock) < SIDES && (is_transfer(token) || token->sort->error);
}

/* Bytes that both runs say over a bell. */
struct common_bytes {
	uint32_t sums[BELL_BYTES_MAX], count;
};

static struct common_bytes find_common(const struct stock *stock)
{
	struct common_bytes common = {.count = 0};

	for (uint32_t i = 0; i < stock->said_count[SIDE_OLD]; i++)
		for (uint32_t k = 0; k < stock->said_count[SIDE_NEW]; k++)
			if (stock->said[SIDE_OLD][i] == stock->said[SIDE_NEW][k])
				common.sums[common.count++] = stock->said[SIDE_OLD][i];
	return common;
}

/* So many ways of putting bytes together are tried. */
#define WAYS_MAX 4096u

/* Whether `count` bytes can be told from others by their checksum. */
static bool can_take_apart(const struct common_bytes *common, uint64_t count)
{
	uint64_t ways = 1;

	for (uint64_t i = 0; i < count && ways <= WAYS_MAX && common->count > 1; i++)
		ways *= common->count;
	return ways <= WAYS_MAX;
}

/* Whether `sum` is that of `count` of the bytes behind what has the sum `before`. */
static bool is_said(const struct common_bytes *common, uint32_t before, uint32_t sum, uint64_t count)
{
	if (!count)
		return before == sum;
	for (uint32_t i = 0; i < common->count; i++)
		if (is_said(common, crc32c_combine(before, common->sums[i], 1), sum, count - 1))
			return true;
	return false;
}

/* Whether a call says nothing over a bell but what both runs say. */
static bool says_common(const struct stock *stock, const struct canon_token *token)
{
	struct common_bytes common = find_common(stock);

	for (uint32_t i = 0; i < common.count; i++)
		if (token->payload == repeat_byte(common.sums[i], token->bytes))
			return true;
	return common.count > 1 && can_take_apart(&common, token->bytes) &&
	       is_said(&common, 0, token->payload, token->bytes);
}

struct stock *stocks_of_token(const struct stocks *stocks, unsigned side, const struct canon_token *token)
{
	if (!is_transfer(token) || !stocks_hold(stocks, side, token))
		return NULL;
	struct stock *stock = find_stock(stocks, side, token->sort->objects[0]);
	unsigned run = find_uniform(stock);
	if (run < SIDES && token->payload == repeat_byte(stock->one[run], token->bytes))
		return stock;
	return is_bell(stock) && says_common(stock, token) ? stock : NULL;
}
