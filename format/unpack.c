// SPDX-License-Identifier: MIT
/*
 * The MessagePack cursor: one table-like look at the first byte gives the sort, the value or length, and how much
 * follows. Never allocates and never recurses.
 */
#include <string.h>

#include "format/unpack.h"

enum sort { SORT_INVALID, SORT_INTEGER, SORT_NIL, SORT_VIEW, SORT_EXT, SORT_FLOAT, SORT_ARRAY, SORT_MAP };

/* One object's head: `value` is the integer, the length of what follows, or the number of elements. */
struct head {
	enum sort sort;
	uint64_t value;
};

/* Rows for first bytes 0xc0 to 0xdf: what it is, how many bytes of number follow, whether that is signed. */
static const struct head_row {
	uint8_t sort, bytes, is_signed, fixed;
} head_rows[32] = {
	{SORT_NIL, 0, 0, 0},	 {SORT_INVALID, 0, 0, 0}, {SORT_INTEGER, 0, 0, 0}, {SORT_INTEGER, 0, 0, 1},
	{SORT_VIEW, 1, 0, 0},	 {SORT_VIEW, 2, 0, 0},	  {SORT_VIEW, 4, 0, 0},	   {SORT_EXT, 1, 0, 1},
	{SORT_EXT, 2, 0, 1},	 {SORT_EXT, 4, 0, 1},	  {SORT_FLOAT, 0, 0, 4},   {SORT_FLOAT, 0, 0, 8},
	{SORT_INTEGER, 1, 0, 0}, {SORT_INTEGER, 2, 0, 0}, {SORT_INTEGER, 4, 0, 0}, {SORT_INTEGER, 8, 0, 0},
	{SORT_INTEGER, 1, 1, 0}, {SORT_INTEGER, 2, 1, 0}, {SORT_INTEGER, 4, 1, 0}, {SORT_INTEGER, 8, 1, 0},
	{SORT_EXT, 0, 0, 2},	 {SORT_EXT, 0, 0, 3},	  {SORT_EXT, 0, 0, 5},	   {SORT_EXT, 0, 0, 9},
	{SORT_EXT, 0, 0, 17},	 {SORT_VIEW, 1, 0, 0},	  {SORT_VIEW, 2, 0, 0},	   {SORT_VIEW, 4, 0, 0},
	{SORT_ARRAY, 2, 0, 0},	 {SORT_ARRAY, 4, 0, 0},	  {SORT_MAP, 2, 0, 0},	   {SORT_MAP, 4, 0, 0},
};

static struct head unpack_fail(struct unpack *in)
{
	in->failed = true;
	in->at = in->end;
	return (struct head){SORT_INVALID, 0};
}

static uint64_t load_big_endian(const uint8_t *at, unsigned bytes, bool is_signed)
{
	uint64_t value = is_signed && at[0] & 0x80 ? UINT64_MAX : 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static struct head unpack_head_row(struct unpack *in, uint8_t first)
{
	const struct head_row *row = &head_rows[first - 0xc0];

	if (row->sort == SORT_INVALID || (size_t)(in->end - in->at) < row->bytes)
		return unpack_fail(in);
	uint64_t value = row->fixed;
	if (row->bytes)
		value += load_big_endian(in->at, row->bytes, row->is_signed);
	in->at += row->bytes;
	return (struct head){row->sort, value};
}

/* Consume the head of the next object; what it announces is checked against the bytes that are left. */
static struct head unpack_head(struct unpack *in)
{
	struct head head;

	if (in->at == in->end)
		return unpack_fail(in);
	uint8_t first = *in->at++;
	if (first < 0x80)
		return (struct head){SORT_INTEGER, first};
	if (first >= 0xe0)
		return (struct head){SORT_INTEGER, (uint64_t)(int64_t)(int8_t)first};
	if (first >= 0xc0)
		head = unpack_head_row(in, first);
	else if (first >= 0xa0)
		head = (struct head){SORT_VIEW, first & 0x1f};
	else
		head = (struct head){first >= 0x90 ? SORT_ARRAY : SORT_MAP, first & 0x0f};
	uint64_t needed = head.value;
	if (head.sort <= SORT_NIL)
		needed = 0;
	else if (head.sort == SORT_MAP)
		needed *= 2;
	return needed > (uint64_t)(in->end - in->at) ? unpack_fail(in) : head;
}

static uint64_t unpack_sort(struct unpack *in, enum sort sort)
{
	struct head head = unpack_head(in);

	if (head.sort != sort)
		head = unpack_fail(in);
	return head.value;
}

uint32_t unpack_array_any(struct unpack *in)
{
	return (uint32_t)unpack_sort(in, SORT_ARRAY);
}

uint32_t unpack_map(struct unpack *in)
{
	return (uint32_t)unpack_sort(in, SORT_MAP);
}

uint64_t unpack_integer_any(struct unpack *in)
{
	return unpack_sort(in, SORT_INTEGER);
}

uint64_t unpack_beyond(struct unpack *in)
{
	return unpack_fail(in).value;
}

struct unpack_view unpack_view_any(struct unpack *in)
{
	struct unpack_view view = {in->at, 0};

	if (unpack_nil(in))
		return view;
	view.size = (uint32_t)unpack_sort(in, SORT_VIEW);
	view.bytes = in->at;
	in->at += view.size;
	return view;
}

bool unpack_nil(struct unpack *in)
{
	if (in->at == in->end || *in->at != 0xc0)
		return false;
	in->at++;
	return true;
}

void unpack_skip(struct unpack *in, uint64_t count)
{
	while (count-- && !in->failed) {
		struct head head = unpack_head(in);

		if (head.sort >= SORT_VIEW && head.sort <= SORT_FLOAT)
			in->at += head.value;
		else if (head.sort == SORT_ARRAY)
			count += head.value;
		else if (head.sort == SORT_MAP)
			count += 2 * head.value;
	}
}

bool unpack_view_is(struct unpack_view view, const char *text)
{
	return view.size == strlen(text) && !memcmp(view.bytes, text, view.size);
}
