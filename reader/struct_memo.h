// SPDX-License-Identifier: MIT
/*
 * How small structs were spelled before: event loops are told of the same few descriptors over and over. An element of
 * an epoll_wait list takes 200 instructions with it, and 1,200 without.
 */
#ifndef IPCTRACE_READER_STRUCT_MEMO_H
#define IPCTRACE_READER_STRUCT_MEMO_H

#include "reader/text.h"

/* Structs of other sizes are not kept. */
#define STRUCT_MEMO_LEAST 8u
#define STRUCT_MEMO_MOST  16u

struct struct_memo;

/* NULL when out of memory. Free with free(). */
struct struct_memo *struct_memo_new(void);

/* Adds the text of a struct that was kept under the same `form` and has the same bytes. False when there is none. */
bool struct_memo_put(const struct struct_memo *memo, const void *form, const uint8_t *bytes, size_t size,
		     struct text *text);

/* Keeps for them what `text` has from `begin` on, in the place of another one, unless it is long. */
void struct_memo_keep(struct struct_memo *memo, const void *form, const uint8_t *bytes, size_t size,
		      const struct text *text, size_t begin);

#endif
