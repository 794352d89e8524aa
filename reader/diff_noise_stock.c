// SPDX-License-Identifier: MIT
/*
 * What is taken from pipes that hold a stock: who takes when, and how often somebody can do without, is chance; that as
 * much is given as is taken is not.
 */
#include "reader/diff_noise_pass.h"
#include "reader/diff_stock.h"

#include <errno.h>
#include <stdlib.h>

/* Bytes that are too many in a stock of the new run, or too few when it is negative, and which way. */
struct fault {
	int64_t bytes;
	unsigned way;
};

/*
 * Whether all that is left in both runs came when the last ones had been taken: who wakes threads of his own process
 * wakes some that do not look any more.
 */
static bool is_left_at_end(const struct stock *stock)
{
	bool is_late = stock_is_private(stock);

	for (unsigned side = 0; side < SIDES; side++) {
		int64_t left = stock->bytes[side][STOCK_GIVEN] - stock->bytes[side][STOCK_TAKEN];
		is_late &= left >= 0 && left <= stock->late[side];
	}
	return is_late;
}

/*
 * When the new run leaves another number in the pipe, a call more or less does it: of the two that could, the one that
 * leaves less to chance.
 */
static struct fault find_fault(const struct stock *stock)
{
	int64_t taken = stock->bytes[SIDE_NEW][STOCK_TAKEN] - stock->bytes[SIDE_OLD][STOCK_TAKEN];
	int64_t given = stock->bytes[SIDE_NEW][STOCK_GIVEN] - stock->bytes[SIDE_OLD][STOCK_GIVEN];

	if (is_left_at_end(stock))
		return (struct fault){0, STOCK_TAKEN};
	if (llabs(given) <= llabs(taken))
		return (struct fault){taken - given, STOCK_TAKEN};
	return (struct fault){given - taken, STOCK_GIVEN};
}

/* What a token of an edit takes from or gives to; NULL: there is no token, or it is about something else. */
static const struct stock *stock_at(const struct settling *settling, const struct stocks *stocks, unsigned side,
				    uint32_t token)
{
	return token == CANON_NONE ? NULL : stocks_of_token(stocks, side, token_of(settling, side, token));
}

/* Whether the edit is what is wrong with the stock; then less is. */
static bool explains(const struct settling *settling, struct fault *fault, const struct edit *edit)
{
	unsigned side = fault->bytes > 0 ? SIDE_NEW : SIDE_OLD;
	const struct canon_token *token = token_of(settling, side, side == SIDE_NEW ? edit->new : edit->old);
	unsigned way = token && token->flags & TOKEN_SENDS ? STOCK_GIVEN : STOCK_TAKEN;

	if (!fault->bytes || way != fault->way || edit->kind != (side == SIDE_NEW ? EDIT_ADDED : EDIT_REMOVED) ||
	    token->bytes > (uint64_t)llabs(fault->bytes))
		return false;
	fault->bytes += fault->bytes > 0 ? -(int64_t)token->bytes : (int64_t)token->bytes;
	return true;
}

/* The call of the other run, done as this one to the same stock by the thread's partner, that is nearest to its place.
 */
static uint32_t find_like(const struct settling *settling, const struct stocks *stocks, const struct edit *edit)
{
	unsigned side = edit_side(edit), other = !side;
	const struct canon_token *token = token_of(settling, side, edit_token(edit));
	const struct strands *strands = &settling->strands[other];
	uint32_t own = edit->strands[side],
		 partner = own == CANON_NONE ? CANON_NONE : settling->strands[side].rows[own].partner;

	if (partner == CANON_NONE)
		return CANON_NONE;
	const struct strand *strand = &strands->rows[partner];
	uint32_t place =
		edit->next == CANON_NONE ? strand->from + strand->count : place_of(settling, other, edit->next);
	for (uint32_t step = 0; step < strand->count; step++) {
		/* what comes next at first, then what was before, ever farther away */
		uint32_t at = step % 2 ? place - (step + 1) / 2 : place + step / 2;
		if (at < strand->from || at >= strand->from + strand->count)
			continue;
		const struct canon_token *like = token_of(settling, other, strands->list[at]);
		if (like->sort->key == token->sort->key && stocks_of_token(stocks, other, like) &&
		    settling->pairing->identifiers[other][like->sort->objects[0]] ==
			    settling->pairing->identifiers[side][token->sort->objects[0]])
			return strands->list[at];
	}
	return CANON_NONE;
}

/* Another byte than those of the stock is not one more, but one in the place of another. */
static void settle_odd(const struct settling *settling, const struct stocks *stocks, struct edit *edit)
{
	unsigned side = edit_side(edit);
	const struct canon_token *token = token_of(settling, side, edit_token(edit));

	if (!(token->flags & TOKEN_STREAM) || !token->bytes || !stocks_hold(stocks, side, token) ||
	    stocks_of_token(stocks, side, token))
		return;
	uint32_t like = find_like(settling, stocks, edit);
	if (like == CANON_NONE)
		return;
	*(side == SIDE_OLD ? &edit->new : &edit->old) = like;
	edit->strands[!side] = settling->strands[!side].of_token[like];
	edit->kind = EDIT_CHANGED;
}

/* All edits about a stock are chance but for those that say what is wrong with it, if there are such. */
static int settle_edits(struct settling *settling, const struct stocks *stocks)
{
	struct fault *faults = calloc(stocks->count + 1ull, sizeof(*faults));

	for (uint32_t i = 0; faults && i < stocks->count; i++)
		faults[i] = find_fault(&stocks->rows[i]);
	for (uint32_t i = 0; faults && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		const struct stock *stock = edit->noise || !edit_is_alone(edit)
						    ? NULL
						    : stock_at(settling, stocks, edit_side(edit), edit_token(edit));
		edit->is_counted = stock && explains(settling, &faults[stock - stocks->rows], edit);
	}
	for (uint32_t i = 0; faults && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		const struct stock *old = stock_at(settling, stocks, SIDE_OLD, edit->old),
				   *new = stock_at(settling, stocks, SIDE_NEW, edit->new);
		bool is_old = edit->old == CANON_NONE || (old && !faults[old - stocks->rows].bytes);
		bool is_new = edit->new == CANON_NONE || (new && !faults[new - stocks->rows].bytes);
		if (!edit->is_counted && is_old && is_new)
			settle_mark(settling, edit, NOISE_SCHEDULE);
		else if (!edit->noise && edit_is_alone(edit))
			settle_odd(settling, stocks, edit);
	}
	int rc = faults ? 0 : -ENOMEM;
	free(faults);
	return rc;
}

int settle_stocks(struct settling *settling)
{
	struct stocks stocks;
	int rc = stocks_find(&stocks, settling->pairing);

	if (!rc && stocks.count)
		rc = settle_edits(settling, &stocks);
	stocks_free(&stocks);
	return rc;
}
