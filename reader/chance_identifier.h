// SPDX-License-Identifier: MIT
/*
 * Identifiers that are made to be used once: UUIDs, as text and as bytes, and strings of any characters in a message.
 */
#ifndef IPCTRACE_READER_CHANCE_IDENTIFIER_H
#define IPCTRACE_READER_CHANCE_IDENTIFIER_H

#include "reader/chance.h"

/* Where the UUID ends, written as text (RFC 9562), that the byte at `at` is part of; 0: it is part of none. */
uint32_t uuid_end(const uint8_t *bytes, uint32_t size, uint32_t at);

/* Seconds since the epoch in a UUID of version 1, in `room` bytes as RFC 9562 lays it out; 0: it is none. */
uint64_t uuid_second(const uint8_t *bytes, uint32_t room);

/*
 * Whether all that differs are whole strings in a message that is no text, as long in both, with nearly every character
 * another one, and of several sorts of characters: what is drawn to be mixed with a password looks so.
 */
bool contents_have_drawn_strings(const struct contents *contents);

#endif
