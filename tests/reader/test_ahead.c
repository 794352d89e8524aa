// SPDX-License-Identifier: MIT
/* Frames read ahead: each once, in order, whoever read it. The frames are empty; what was read tells by its number. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/log_parts.h"
#include "reader/ahead.h"

#define PLACES 200

struct shelf {
	atomic_int reads[PLACES], at_once, most_at_once;
	int slow; /* us a read takes */
};

/* Every tenth place cannot be read. */
static int shelf_read(void *source, size_t place, struct frame **frame)
{
	struct shelf *shelf = source;
	int together = atomic_fetch_add(&shelf->at_once, 1) + 1, most = atomic_load(&shelf->most_at_once);

	while (together > most && !atomic_compare_exchange_weak(&shelf->most_at_once, &most, together))
		;
	if (shelf->slow)
		usleep((useconds_t)shelf->slow);
	atomic_fetch_add(&shelf->reads[place], 1);
	if (frame_prepare(frame))
		return -ENOMEM;
	(*frame)->number = place;
	atomic_fetch_sub(&shelf->at_once, 1);
	return place % 10 == 9 ? LOG_E_DAMAGED : 0;
}

static void read_all(struct shelf *shelf, size_t first, size_t end)
{
	struct ahead *ahead;
	struct frame *frame = NULL;

	cr_assert_eq(ahead_new(&ahead, shelf_read, shelf, first, end), 0);
	for (size_t i = first; i < end; i++) {
		cr_assert_eq(ahead_next(ahead, &frame), i % 10 == 9 ? LOG_E_DAMAGED : 0);
		cr_assert_eq(frame->number, i);
	}
	ahead_free(ahead);
	frame_free(frame);
}

Test(ahead, gives_every_frame_once_and_in_order)
{
	static struct shelf shelf;

	read_all(&shelf, 0, PLACES);
	for (int i = 0; i < PLACES; i++)
		cr_assert_eq(atomic_load(&shelf.reads[i]), 1);
}

Test(ahead, reads_by_two_threads_at_once_and_no_more)
{
	static struct shelf shelf = {.slow = 1000};

	read_all(&shelf, 0, 50);
	cr_assert_eq(atomic_load(&shelf.most_at_once), 2);
}

Test(ahead, begins_where_it_is_told_to)
{
	static struct shelf shelf;

	read_all(&shelf, 7, 9);
	read_all(&shelf, 20, 60);
	cr_assert_eq(atomic_load(&shelf.reads[6]), 0);
	cr_assert_eq(atomic_load(&shelf.reads[7]), 1);
	cr_assert_eq(atomic_load(&shelf.reads[60]), 0);
}

Test(ahead, reads_no_further_than_two_frames_beyond_what_was_given)
{
	static struct shelf shelf;
	struct ahead *ahead;
	struct frame *frame = NULL;

	cr_assert_eq(ahead_new(&ahead, shelf_read, &shelf, 0, PLACES), 0);
	cr_assert_eq(ahead_next(ahead, &frame), 0);
	usleep(20000);
	for (int i = 3; i < PLACES; i++)
		cr_assert_eq(atomic_load(&shelf.reads[i]), 0);
	ahead_free(ahead);
	frame_free(frame);
}

Test(ahead, shows_a_frame_before_it_is_taken)
{
	static struct shelf shelf;
	struct ahead *ahead;
	struct frame *frame = NULL, *shown;

	cr_assert_eq(ahead_new(&ahead, shelf_read, &shelf, 0, PLACES), 0);
	for (size_t i = 0; i < PLACES; i++) {
		int rc = ahead_look(ahead, &shown);
		cr_assert_eq(ahead_look(ahead, &shown), rc);
		cr_assert_eq(shown->number, i);
		cr_assert_eq(ahead_next(ahead, &frame), rc);
		cr_assert_eq(frame, shown);
	}
	for (int i = 0; i < PLACES; i++)
		cr_assert_eq(atomic_load(&shelf.reads[i]), 1);
	ahead_free(ahead);
	frame_free(frame);
}

Test(ahead, can_be_left_at_any_moment)
{
	for (int left = 0; left < 20; left++) {
		static struct shelf shelf = {.slow = 100};
		struct ahead *ahead;
		struct frame *frame = NULL;

		cr_assert_eq(ahead_new(&ahead, shelf_read, &shelf, 0, PLACES), 0);
		for (int i = 0; i < left; i++)
			ahead_next(ahead, &frame);
		ahead_free(ahead);
		frame_free(frame);
	}
}
