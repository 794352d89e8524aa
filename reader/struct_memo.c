// SPDX-License-Identifier: MIT
/*
 * A table without collisions: what comes last to a place stays there.
 */
#include "reader/struct_memo.h"

#include <stdlib.h>

#define PLACES 256u

struct place {
	const void *form;    /* NULL: nothing here */
	uint64_t head, tail; /* the first and the last bytes: all there are */
	uint8_t size, text_size;
	char text[102];
};

struct struct_memo {
	struct place places[PLACES];
};

struct key {
	uint64_t head, tail;
	size_t place;
};

static struct key key_of(const void *form, const uint8_t *bytes, size_t size)
{
	struct key key;

	memcpy(&key.head, bytes, 8);
	memcpy(&key.tail, bytes + size - 8, 8);
	key.place = ((key.head * 0x9e3779b97f4a7c15 ^ key.tail ^ (uintptr_t)form) * 0xff51afd7ed558ccd) >> 56;
	return key;
}

struct struct_memo *struct_memo_new(void)
{
	return calloc(1, sizeof(struct struct_memo));
}

bool struct_memo_put(const struct struct_memo *memo, const void *form, const uint8_t *bytes, size_t size,
		     struct text *text)
{
	if (size < STRUCT_MEMO_LEAST || size > STRUCT_MEMO_MOST)
		return false;
	const struct key key = key_of(form, bytes, size);
	const struct place *place = &memo->places[key.place];

	if (place->form != form || place->size != size || place->head != key.head || place->tail != key.tail)
		return false;
	text_add(text, place->text, place->text_size);
	return true;
}

void struct_memo_keep(struct struct_memo *memo, const void *form, const uint8_t *bytes, size_t size,
		      const struct text *text, size_t begin)
{
	if (size < STRUCT_MEMO_LEAST || size > STRUCT_MEMO_MOST || text->failed ||
	    text->size - begin > sizeof(memo->places[0].text))
		return;
	const struct key key = key_of(form, bytes, size);
	struct place *place = &memo->places[key.place];

	*place = (struct place){form, key.head, key.tail, (uint8_t)size, (uint8_t)(text->size - begin), ""};
	memcpy(place->text, text->bytes + begin, text->size - begin);
}
