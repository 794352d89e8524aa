// SPDX-License-Identifier: MIT
/*
 * Pipes over which one byte goes again and again: nothing is said in them, they hold a stock that is taken from and
 * given back to, as the jobs that make may have at a time, or wake-ups. And bells: pipes over which a process says
 * single bytes to itself, as its handlers of signals do.
 */
#ifndef IPCTRACE_READER_DIFF_STOCK_H
#define IPCTRACE_READER_DIFF_STOCK_H

#include "reader/diff_pair.h"

enum { STOCK_TAKEN = CANON_RECEIVED, STOCK_GIVEN = CANON_SENT, STOCK_WAYS };

/* Different bytes that are said over a bell; who has more to say uses it for something else. */
#define BELL_BYTES_MAX 8u

/* A pipe that both runs have, by what went over its two ends. */
struct stock {
	int64_t bytes[SIDES][STOCK_WAYS];
	uint32_t one[SIDES];		      /* the checksum of the byte that goes over it */
	bool is_used[SIDES];		      /* that is known */
	bool is_other[SIDES];		      /* others do, too */
	int64_t late[SIDES];		      /* bytes that were given when the last ones had been taken */
	uint32_t thread[SIDES];		      /* the first that gave or took */
	bool has_processes[SIDES];	      /* threads of others did, too */
	uint32_t said[SIDES][BELL_BYTES_MAX]; /* checksums of bytes that were given one by one */
	uint32_t said_count[SIDES];	      /* more than BELL_BYTES_MAX: there were others */
};

struct stocks {
	struct map index; /* by pipe: the place + 1 */
	struct stock *rows;
	uint32_t count, room;
	const struct pairing *pairing; /* borrowed */
};

/* All pipes over which single bytes went. 0 or -ENOMEM; free with stocks_free() in any case. */
int stocks_find(struct stocks *stocks, const struct pairing *pairing);
void stocks_free(struct stocks *stocks);

/* Whether a token of a side is about what is in a pipe that is a stock in one of the runs, or fails to be. */
bool stocks_hold(const struct stocks *stocks, unsigned side, const struct canon_token *token);

/* Whether only threads of one process give and take, in both runs: what is left when they end need not be taken. */
bool stock_is_private(const struct stock *stock);

/* The stock that a token of a side takes some from or gives some to, and nothing else: of a bell, what the other
 * run has said over it, too. NULL: none. */
struct stock *stocks_of_token(const struct stocks *stocks, unsigned side, const struct canon_token *token);

#endif
