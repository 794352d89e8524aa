// SPDX-License-Identifier: MIT
/*
 * By their form: what they are for is not known.
 */
#include "reader/chance_identifier.h"

/* ---- UUIDs ---------------------------------------------------------------------------------------------------- */

static const char uuid_form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

#define UUID_TEXT  (sizeof(uuid_form) - 1)
#define UUID_BYTES 16u

static bool is_hex(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static bool is_uuid(const uint8_t *bytes)
{
	for (uint32_t i = 0; i < UUID_TEXT; i++)
		if (uuid_form[i] == 'x' ? !is_hex(bytes[i]) : bytes[i] != (uint8_t)uuid_form[i])
			return false;
	return true;
}

uint32_t uuid_end(const uint8_t *bytes, uint32_t size, uint32_t at)
{
	uint32_t from = at >= UUID_TEXT - 1 ? at - ((uint32_t)UUID_TEXT - 1) : 0;

	for (; from <= at && from + UUID_TEXT <= size; from++)
		if (is_uuid(bytes + from))
			return from + (uint32_t)UUID_TEXT;
	return 0;
}

static uint64_t read_big(const uint8_t *bytes, unsigned size)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < size; i++)
		word = word << 8 | bytes[i];
	return word;
}

/* Its clock counts from 15 October 1582. */
#define UUID_EPOCH   12219292800ull
#define UUID_SECOND  10000000ull
#define UUID_VERSION 1u

uint64_t uuid_second(const uint8_t *bytes, uint32_t room)
{
	if (room < UUID_BYTES || bytes[6] >> 4 != UUID_VERSION || bytes[8] >> 6 != 2)
		return 0;
	uint64_t ticks = read_big(bytes, 4) | read_big(bytes + 4, 2) << 32 | (read_big(bytes + 6, 2) & 0xfff) << 48;
	uint64_t second = ticks / UUID_SECOND;
	return second > UUID_EPOCH ? second - UUID_EPOCH : 0;
}

/* ---- strings -------------------------------------------------------------------------------------------------- */

#define STRING_MIN 8u
/* Of so many characters one may be the same. */
#define SAME_OF 4u
/* Small and capital letters, digits, others: of both strings together. */
#define SORTS_MIN 5u

static bool is_printed(uint8_t byte)
{
	return byte > ' ' && byte <= '~';
}

static unsigned count_sorts(const uint8_t *bytes, uint32_t size)
{
	unsigned sorts = 0;

	for (uint32_t i = 0; i < size; i++)
		sorts |= bytes[i] >= 'a' && bytes[i] <= 'z'   ? 1
			 : bytes[i] >= 'A' && bytes[i] <= 'Z' ? 2
			 : bytes[i] >= '0' && bytes[i] <= '9' ? 4
							      : 8;
	return (unsigned)__builtin_popcount(sorts);
}

/* Where the drawn string ends that the byte at `at` is part of in both; 0: it is part of none. */
static uint32_t skip_string(const struct contents *contents, uint32_t at)
{
	const uint8_t *old = contents->old, *new = contents->new;
	uint32_t size = contents->old_size, from = at, to = at, same = 0;

	while (from && is_printed(old[from - 1]) && is_printed(new[from - 1]))
		from--;
	while (to < size && is_printed(old[to]) && is_printed(new[to]))
		to++;
	bool is_within = from && to < size && old[from - 1] == new[from - 1] && old[to] == new[to] && !old[to] &&
			 old[from - 1] != ' ';
	for (uint32_t i = from; i < to; i++)
		same += old[i] == new[i];
	if (!is_within || to - from < STRING_MIN || same > (to - from) / SAME_OF)
		return 0;
	return count_sorts(old + from, to - from) + count_sorts(new + from, to - from) >= SORTS_MIN ? to : 0;
}

bool contents_have_drawn_strings(const struct contents *contents)
{
	uint32_t at = 0;
	bool any = false;

	if (contents->is_cut || contents->old_size != contents->new_size)
		return false;
	while (at < contents->old_size) {
		if (contents->old[at] == contents->new[at]) {
			at++;
			continue;
		}
		at = skip_string(contents, at);
		if (!at)
			return false;
		any = true;
	}
	return any;
}
