// SPDX-License-Identifier: MIT
/*
 * A stack that was walked, or recognised, is what libunwind says that it is: through frames of many shapes, on stacks
 * of handlers and coroutines, after jumps, again and again with other words in the same places.
 */
#include <alloca.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <criterion/criterion.h>

#include "preload/eh_frame.h"
#include "preload/frame.h"
#include "preload/walk.h"

#define WANTED	   40
#define STACK_SIZE (256 << 10)

static int (*unwind)(void **frames, int size);
static struct walks *walks;
static unsigned recognised, walked, odd;
static volatile int sink;

static void set_up(void)
{
	void *library = dlopen("libunwind.so.8", RTLD_NOW);

	if (!library)
		cr_skip_test("libunwind is not here");
	*(void **)&unwind = dlsym(library, "unw_backtrace");
	eh_frame_prepare();
	walks = aligned_alloc(64, walks_size(WANTED));
	memset(walks, 0, walks_size(WANTED));
	walks_init(walks, WANTED);
	recognised = walked = odd = 0;
}

static void tear_down(void)
{
	free(walks);
}

TestSuite(walk, .init = set_up, .fini = tear_down);

/* `told` begins with the caller of our caller, which is the third that libunwind sees. */
static void stacks_compare(const struct walk *walk, void *const *taken, int count)
{
	uint64_t told[WANTED];
	unsigned depth = count - 2 < WANTED ? (unsigned)count - 2 : WANTED;

	walk_tell(walk, told);
	cr_assert_eq(walk->depth, depth, "%u frames, not %u", walk->depth, depth);
	for (unsigned i = 0; i < depth; i++)
		cr_assert_eq(told[i], (uint64_t)(uintptr_t)taken[i + 2], "frame %u of %u: %lx, not %p", i, depth,
			     told[i], taken[i + 2]);
}

/* Takes the stack of whoever calls in each way there is. */
static __attribute__((noinline)) void check(unsigned site)
{
	const uint64_t *frame = __builtin_frame_address(0);
	void *taken[WANTED + 2];
	int count = unwind(taken, WANTED + 2);
	const struct walk_order order = {.start = {frame[1], (uint64_t)(uintptr_t)frame + 16, frame[0]},
					 .site = site,
					 .own_from = frame[1],
					 .own_size = 1,
					 .limit = UINT64_MAX};
	const struct walk *walk = walk_recognise(walks, &order);

	if (walk) {
		recognised++;
		stacks_compare(walk, taken, count);
		return;
	}
	walk = walk_go(walks, &order);
	if (!walk) {
		odd++;
		return;
	}
	walked++;
	stacks_compare(walk, taken, count);
	cr_assert_eq(walk_recognise(walks, &order), walk);
}

/* ---- functions with frames of many shapes; which are called is decided by a sequence of numbers ------------------ */

struct way {
	uint64_t state;
	unsigned depth;
	void (*end)(unsigned);
};

static unsigned way_choose(struct way *way, unsigned count)
{
	way->state = way->state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(way->state >> 33) % count;
}

static void go_on(struct way *way);

static __attribute__((noinline)) void shape_small(struct way *way)
{
	go_on(way);
	sink++;
}

static __attribute__((noinline)) int shape_busy(struct way *way, int a, int b, int c)
{
	int d = a * b + c, e = b * c + a, f = c * a + b;

	go_on(way);
	return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6;
}

static __attribute__((noinline)) void shape_alloca(struct way *way)
{
	unsigned size = 16 + way_choose(way, 40) * 16;
	volatile char *bytes = alloca(size);

	bytes[0] = bytes[size - 1] = 1;
	go_on(way);
	sink += bytes[0];
}

static __attribute__((noinline)) void shape_aligned(struct way *way)
{
	_Alignas(64) volatile char bytes[64];

	bytes[3] = 2;
	go_on(way);
	sink += bytes[3];
}

static __attribute__((noinline)) void shape_aligned_alloca(struct way *way)
{
	_Alignas(128) volatile char bytes[128];
	volatile char *more = alloca(16 + way_choose(way, 8) * 16);

	bytes[5] = more[0] = 2;
	go_on(way);
	sink += bytes[5] + more[0];
}

static __attribute__((noinline)) void shape_large(struct way *way)
{
	volatile char bytes[3000];

	bytes[7] = 3;
	go_on(way);
	sink += bytes[7];
}

static __attribute__((noinline)) int shape_words(struct way *way, int a, int b, int c, int d, int e, int f, int g,
						 int h)
{
	go_on(way);
	return a + b + c + d + e + f + g * 7 + h;
}

/* It has to find its arguments by where its caller's stack ended, and keeps that in its frame. */
static __attribute__((noinline)) int shape_aligned_words(struct way *way, int a, int b, int c, int d, int e, int f,
							 int g)
{
	_Alignas(64) volatile char bytes[64];
	volatile char *more = alloca(16 + way_choose(way, 8) * 16);

	bytes[9] = more[0] = 2;
	go_on(way);
	return a + b + c + d + e + f + g * bytes[9] + more[0];
}

static struct way *compare_way;

static int compare(const void *a, const void *b)
{
	struct way *way = compare_way;

	compare_way = NULL;
	if (way)
		go_on(way);
	return *(const int *)a - *(const int *)b;
}

static __attribute__((noinline)) void shape_library(struct way *way)
{
	int numbers[3] = {2, 1, 3};

	compare_way = way;
	qsort(numbers, 3, sizeof(numbers[0]), compare);
	sink += numbers[1];
}

static __attribute__((noinline)) void go_on(struct way *way)
{
	if (way->depth-- == 0) {
		way->end(way_choose(way, 4));
		return;
	}
	switch (way_choose(way, 17)) {
	case 0:
	case 1:
		shape_small(way);
		break;
	case 2:
	case 3:
		sink += shape_busy(way, (int)way->depth, sink, 3);
		break;
	case 4:
	case 5:
		shape_alloca(way);
		break;
	case 6:
	case 7:
		shape_aligned(way);
		break;
	case 8:
	case 9:
		shape_aligned_alloca(way);
		break;
	case 10:
	case 11:
		shape_large(way);
		break;
	case 12:
	case 13:
		sink += shape_words(way, 1, 2, 3, 4, 5, 6, 7, sink);
		break;
	case 14:
	case 15:
		shape_library(way);
		break;
	default:
		sink += shape_aligned_words(way, 1, 2, 3, 4, 5, 6, sink);
	}
	sink++;
}

static void go(unsigned seed, void (*end)(unsigned))
{
	struct way way = {.state = seed, .depth = seed % 23, .end = end};

	go_on(&way);
}

/* ---- */

Test(walk, is_what_libunwind_takes_through_frames_of_all_shapes)
{
	for (unsigned round = 0; round < 30000; round++)
		go(round * 7919 % 97, check);
	cr_expect_gt(recognised, 1000, "%u", recognised);
	cr_expect_gt(walked, 50, "%u", walked);
}

Test(walk, tells_stacks_apart_that_differ_by_one_word_far_out)
{
	for (unsigned round = 0; round < 30000; round++)
		go(round, check);
	cr_expect_gt(walked, 1000, "%u", walked);
}

static void on_signal(int number)
{
	go(3, check);
	go(10, check);
}

static void raise_it(unsigned site)
{
	raise(SIGUSR1);
	check(site);
}

static void handlers_run(int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

	sigaction(SIGUSR1, &action, NULL);
	/* twice in a row: which stacks drive each other out depends on where the kernel has put ours */
	for (unsigned round = 0; round < 3000; round++)
		go(round / 2 % 31, raise_it);
	cr_expect_gt(odd, 0);
	cr_expect_gt(recognised, 100, "%u", recognised);
}

Test(walk, leaves_the_frames_of_signal_handlers_to_libunwind)
{
	handlers_run(0);
}

Test(walk, is_right_around_handlers_on_stacks_of_their_own)
{
	stack_t stack = {.ss_sp = malloc(STACK_SIZE), .ss_size = STACK_SIZE};

	sigaltstack(&stack, NULL);
	handlers_run(SA_ONSTACK);
}

static sigjmp_buf back;

static void jump(unsigned site)
{
	check(site);
	siglongjmp(back, 1);
}

Test(walk, is_right_after_jumps_out_of_deep_stacks)
{
	for (volatile unsigned round = 0; round < 5000; round++) {
		if (!sigsetjmp(back, 0))
			go(round * 31 % 57, jump);
		go(round % 7, check);
	}
	cr_expect_gt(recognised, 100, "%u", recognised);
}

static ucontext_t home, routines[3];

static void swap_out(unsigned site)
{
	check(site);
	swapcontext(&routines[site % 3], &home);
	check(site);
}

static void routine(int number)
{
	for (unsigned round = 0;; round++) {
		go((unsigned)number + round % 17, check);
		swap_out((unsigned)number);
	}
}

Test(walk, is_right_on_the_stacks_of_coroutines)
{
	for (int i = 0; i < 3; i++) {
		getcontext(&routines[i]);
		routines[i].uc_stack.ss_sp = malloc(STACK_SIZE);
		routines[i].uc_stack.ss_size = STACK_SIZE;
		makecontext(&routines[i], (void (*)(void))routine, 1, i);
	}
	for (unsigned round = 0; round < 3000; round++)
		swapcontext(&home, &routines[round * 7 % 3]);
	cr_expect_gt(recognised + odd, 1000, "%u and %u", recognised, odd);
}

/* By ways that differ in what the aligned frame hides: its stack pointer is the same. */
static __attribute__((noinline)) void pad(unsigned words, unsigned site)
{
	volatile char *bytes = alloca(16 * words);
	struct way way = {.state = 1, .depth = 0, .end = check};

	bytes[0] = 1;
	if (site)
		sink += shape_aligned_words(&way, 1, 2, 3, 4, 5, 6, sink);
	else
		shape_aligned(&way);
	sink += bytes[0];
}

Test(walk, sees_what_an_aligned_frame_hides)
{
	for (unsigned round = 0; round < 2000; round++)
		pad(1 + round * 13 % 9, round / 10 % 2);
	cr_expect_gt(recognised, 100, "%u", recognised);
	cr_expect_gt(odd, 100, "%u", odd);
}

Test(walk, forgets_what_was_walked_when_the_rules_are_forgotten)
{
	for (volatile unsigned round = 0; round < 4; round++) {
		if (round == 2)
			frame_forget();
		check(0);
	}
	cr_expect_eq(walked, 2, "%u", walked);
	cr_expect_eq(recognised, 2, "%u", recognised);
}
