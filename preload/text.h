// SPDX-License-Identifier: MIT
/*
 * Names, paths and vectors of arguments: how long they are is known only when they have been read, page by page where
 * they may not be there.
 */
#ifndef IPCTRACE_PRELOAD_TEXT_H
#define IPCTRACE_PRELOAD_TEXT_H

#include "preload/item.h"

/* Room for the string at `address`, or for what of it is kept. */
uint32_t text_words(const struct behind *behind, uint64_t address);
void text_write(struct sink *sink, unsigned arg, uint64_t address);

/* The same for a vector of strings that ends with NULL. */
uint32_t texts_words(void);
void texts_write(struct sink *sink, unsigned arg, uint64_t vector);

#endif
