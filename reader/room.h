// SPDX-License-Identifier: MIT
/*
 * Arrays that grow by one element at a time. Their owner frees them.
 */
#ifndef IPCTRACE_READER_ROOM_H
#define IPCTRACE_READER_ROOM_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* 0, or -ENOMEM: then the array is as it was. */
static inline int make_room(void **array, size_t *room, size_t count, size_t size)
{
	size_t wanted = *room ? 2 * *room : 16;
	void *wider;

	if (count < *room)
		return 0;
	wider = reallocarray(*array, wanted, size);
	if (!wider)
		return -ENOMEM;
	*array = wider;
	*room = wanted;
	return 0;
}

/* Room for an element behind the `count` that are there; `room`, a size_t, counts those there is room for. */
#define MAKE_ROOM(array, room, count) make_room((void **)&(array), &(room), (count), sizeof(*(array)))

#endif
