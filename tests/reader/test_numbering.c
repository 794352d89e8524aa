// SPDX-License-Identifier: MIT
/*
 * Which events of a thread are missing, also when an exec begins to count anew.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "format/numbering.h"

static struct numbering numbering;
static struct numbering_verdict verdict;

static void go_on(uint64_t first, uint64_t lost, uint64_t count)
{
	cr_assert(eq(int, numbering_continue(&numbering, 1, 1, first, lost, count, &verdict), 0));
}

Test(numbering, batches_that_follow_each_other_miss_nothing)
{
	numbering_begin(&numbering, 1, 1);
	go_on(0, 0, 10);
	cr_expect(eq(u64, verdict.missing, 0));
	go_on(15, 5, 10);
	cr_expect(eq(u64, verdict.missing, 0));
	go_on(28, 0, 1);
	cr_expect(eq(u64, verdict.missing, 3));
	numbering_free(&numbering);
}

Test(numbering, two_images_of_one_process_are_two_streams)
{
	numbering_begin(&numbering, 1, 1);
	go_on(0, 0, 10);
	numbering_begin(&numbering, 1, 1);
	go_on(0, 0, 5);
	go_on(10, 0, 3);
	cr_expect(eq(u64, verdict.missing, 0));
	go_on(5, 0, 2);
	cr_expect(eq(u64, verdict.missing, 0));
	cr_expect(eq(int, verdict.goes_back, 0));
	numbering_free(&numbering);
}

Test(numbering, a_stream_whose_beginning_was_not_seen_may_begin_anywhere)
{
	go_on(100, 0, 10);
	cr_expect(eq(u64, verdict.missing, 0));
	go_on(112, 0, 10);
	cr_expect(eq(u64, verdict.missing, 2));
	numbering_free(&numbering);
}

Test(numbering, numbers_seen_before_go_back)
{
	go_on(100, 0, 10);
	go_on(50, 0, 10);
	cr_expect(eq(int, verdict.goes_back, 1));
	numbering_free(&numbering);
}

Test(numbering, many_threads_are_kept_apart)
{
	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t tid = 0; tid < 5000; tid++) {
			cr_assert(eq(int, numbering_continue(&numbering, tid / 7, tid, round * 4, 0, 4, &verdict), 0));
			cr_assert(eq(u64, verdict.missing, 0));
		}
	numbering_free(&numbering);
}
