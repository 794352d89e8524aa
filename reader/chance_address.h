// SPDX-License-Identifier: MIT
/*
 * Addresses in contents, which are others in every run.
 */
#ifndef IPCTRACE_READER_CHANCE_ADDRESS_H
#define IPCTRACE_READER_CHANCE_ADDRESS_H

#include "reader/chance.h"

/*
 * Copies the new content to `equal`, with words of 8 bytes as in the old one where they point into memory of the same
 * sort on both sides, to the same place in a page (of a stack: as aligned); returns how many that were.
 */
uint32_t contents_equal_addresses(const struct contents *contents, uint8_t *equal);

#endif
