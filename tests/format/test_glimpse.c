// SPDX-License-Identifier: MIT
/*
 * What is seen behind the arguments of a call that waits. The slots are ours, and what they claim may be a lie; the
 * thread really waits.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "format/glimpse.h"

static struct sembuf operations[2] = {{0, -1, 0}, {0, 5, IPC_NOWAIT}};
static char secret[64] = "not given to any call";
static int set;
static volatile uint32_t waiting_tid;
static struct live_slot slot;
static struct glimpse glimpse;

static void *wait_for_semaphore(void *unused)
{
	waiting_tid = (uint32_t)syscall(SYS_gettid);
	semop(set, operations, 2);
	return NULL;
}

static uint32_t call_number(const char *name)
{
	uint32_t number = 0;

	while (strcmp(catalogue_builtin.calls[number].name, name))
		number++;
	return number;
}

/* The slot says that this thread is in that call. */
static void slot_claim(uint32_t pid, uint32_t tid, const char *name, const uint64_t args[4])
{
	uint32_t number = call_number(name);

	memset(&slot, 0, sizeof(slot));
	slot.pid = pid;
	slot.tid = tid;
	slot.in_flight_depth = 1;
	slot.in_flight[0] = (struct live_in_flight){
		.enter = 7, .type = RECORD_CALL + number, .argc = catalogue_builtin.calls[number].argc};
	memcpy(slot.in_flight[0].args, args, 4 * sizeof(*args));
}

static const struct item *item_first(void)
{
	return (const struct item *)glimpse.items;
}

static void begin(void)
{
	pthread_t thread;

	set = semget(IPC_PRIVATE, 1, 0600);
	cr_assert_geq(set, 0);
	cr_assert_eq(pthread_create(&thread, NULL, wait_for_semaphore, NULL), 0);
	for (int i = 0; i < 10000 && !glimpse.enter; i++) {
		nanosleep(&(struct timespec){0, 1000000}, NULL);
		slot_claim((uint32_t)getpid(), waiting_tid, "semop",
			   (uint64_t[4]){(uint64_t)set, (uint64_t)(uintptr_t)operations, 2});
		glimpse_take(&glimpse, &catalogue_builtin, &slot);
	}
	cr_assert_eq(glimpse.enter, 7, "the thread does not wait");
}

static void end(void)
{
	semctl(set, 0, IPC_RMID);
}

TestSuite(glimpse, .init = begin, .fini = end);

Test(glimpse, has_what_went_in)
{
	const struct item *item = item_first();

	cr_assert_eq(glimpse.words, item_words(sizeof(operations)));
	cr_assert_eq(item->arg, 1);
	cr_assert_eq(item->form, ITEM_RAW);
	cr_assert_eq(item->size, sizeof(operations));
	cr_assert_eq(item->total, sizeof(operations));
	cr_assert_arr_eq(item + 1, operations, sizeof(operations));
}

Test(glimpse, has_nothing_that_the_kernel_was_not_given)
{
	slot_claim((uint32_t)getpid(), waiting_tid, "semop",
		   (uint64_t[4]){(uint64_t)set, (uint64_t)(uintptr_t)secret, 2});
	glimpse_take(&glimpse, &catalogue_builtin, &slot);
	cr_assert_eq(glimpse.words, 0);
	slot_claim((uint32_t)getpid(), waiting_tid, "open", (uint64_t[4]){(uint64_t)(uintptr_t)secret});
	glimpse_take(&glimpse, &catalogue_builtin, &slot);
	cr_assert_eq(glimpse.words, 0);
}

Test(glimpse, has_no_more_than_the_kernel_was_given)
{
	slot_claim((uint32_t)getpid(), waiting_tid, "semop",
		   (uint64_t[4]){(uint64_t)set, (uint64_t)(uintptr_t)operations, 100});
	glimpse_take(&glimpse, &catalogue_builtin, &slot);
	cr_assert_eq(glimpse.words, 0);
}

Test(glimpse, is_of_no_call_when_the_thread_does_not_wait_or_is_gone)
{
	const uint64_t args[4] = {(uint64_t)set, (uint64_t)(uintptr_t)operations, 2};

	slot_claim((uint32_t)getpid(), (uint32_t)getpid(), "semop", args); /* runs this */
	glimpse_take(&glimpse, &catalogue_builtin, &slot);
	cr_assert_eq(glimpse.words, 0);
	slot_claim((uint32_t)getpid(), INT32_MAX, "semop", args);
	glimpse_take(&glimpse, &catalogue_builtin, &slot);
	cr_assert_eq(glimpse.enter, 0);
	slot_claim(1, waiting_tid, "semop", args);
	glimpse_take(&glimpse, &catalogue_builtin, &slot);
	cr_assert_eq(glimpse.enter, 0);
}

Test(glimpse, is_of_no_call_that_has_returned)
{
	slot.in_flight[0].type |= LIVE_RETURNED;
	glimpse_take(&glimpse, &catalogue_builtin, &slot);
	cr_assert_eq(glimpse.enter, 0);
	slot.in_flight_depth = 0;
	glimpse_take(&glimpse, &catalogue_builtin, &slot);
	cr_assert_eq(glimpse.enter, 0);
}

Test(glimpse, survives_a_slot_of_anything)
{
	srand(1);
	for (int i = 0; i < 20000; i++) {
		for (size_t at = 0; at < sizeof(slot); at += 4)
			*(uint32_t *)((char *)&slot + at) = (uint32_t)rand() * 2654435761u;
		slot.pid = (uint32_t)getpid();
		slot.tid = waiting_tid;
		slot.in_flight_depth = (uint32_t)i % 9;
		for (int level = 0; level < LIVE_IN_FLIGHT_MAX; level++)
			slot.in_flight[level].type =
				RECORD_CALL + (uint32_t)rand() % (catalogue_builtin.calls_count + 2u);
		for (int arg = 0; arg < CALL_ARGS_MAX && i % 2; arg++)
			slot.in_flight[0].args[arg] = arg % 2 ? (uint64_t)(uintptr_t)operations : (uint64_t)rand() % 4;
		glimpse_take(&glimpse, &catalogue_builtin, &slot);
		cr_assert_leq(glimpse.words, GLIMPSE_WORDS);
	}
}
