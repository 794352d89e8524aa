// SPDX-License-Identifier: MIT
/*
 * Whether contents differ in addresses alone, which are others in every run.
 */
#ifndef IPCTRACE_READER_CHANCE_ADDRESS_H
#define IPCTRACE_READER_CHANCE_ADDRESS_H

#include "reader/chance.h"

/*
 * Whether all that differs are words of 8 bytes that point into memory of the same sort on both sides, to the same
 * place in a page (of a stack: as aligned).
 */
bool contents_have_addresses(const struct contents *contents);

#endif
