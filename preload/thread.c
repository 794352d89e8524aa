// SPDX-License-Identifier: MIT
/*
 * Threads: a thread's slot is claimed by its creator, handed over as the start routine's argument, and given back when
 * the routine ends, by whichever way it ends. No allocation and no thread-specific key: both would be visible.
 */
#include <pthread.h>
#include <threads.h>

#include "events.h"
#include "originals.h"
#include "preload/capture.h"
#include "preload/image.h"
#include "trace/raw.h"

/* Claims a slot for the thread to come; NULL when untraced, which the program does not notice. */
static struct live_slot *slot_for_thread(struct live_slot *creator, void *start, void *argument)
{
	struct live_slot *slot = stream_claim(&image.view, image.pid, 0, image.number);

	if (!slot)
		return NULL;
	slot->creator = creator->tid;
	slot->ordinal = creator->created + 1;
	slot->start = (uint64_t)(uintptr_t)start;
	slot->argument = (uint64_t)(uintptr_t)argument;
	return slot;
}

static void thread_end(void *argument)
{
	const uint32_t words = sizeof(struct record_mark) / 8;
	struct live_slot *slot = argument;

	if (thread_slot != slot)
		return; /* a fork has made this thread another process's */
	capture_abandon(slot, UINT64_MAX, OUTCOME_CANCELLED);
	struct stream_room room = stream_reserve(&image.view, slot, words);
	if (room.at) {
		((struct record_mark *)room.at)->ticks = ticks_now();
		stream_publish(slot, &room, words, words, RECORD_THREAD_END);
	}
	thread_slot = NULL;
	stream_return(&image.view, slot);
}

static void thread_begin(struct live_slot *slot)
{
	slot->tid = (uint32_t)raw_syscall(SYS_gettid);
	thread_slot = slot;
	thread_announce(slot, slot->start);
}

/*
 * The cleanup handler is pthread_cleanup_push's, which unwinds by longjmp: exception tables would make the library need
 * libgcc_s, and every traced program load it.
 */
static void *thread_run(void *argument)
{
	struct live_slot *slot = argument;
	void *(*start)(void *) = (void *(*)(void *))(uintptr_t)slot->start;
	void *original = (void *)(uintptr_t)slot->argument, *result;

	pthread_cleanup_push(thread_end, slot);
	thread_begin(slot);
	result = start(original);
	pthread_cleanup_pop(1);
	return result;
}

static int thrd_run(void *argument)
{
	struct live_slot *slot = argument;
	thrd_start_t start = (thrd_start_t)(uintptr_t)slot->start;
	void *original = (void *)(uintptr_t)slot->argument;
	int result;

	pthread_cleanup_push(thread_end, slot);
	thread_begin(slot);
	result = start(original);
	pthread_cleanup_pop(1);
	return result;
}

EXPORT int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
			  void *(*start_routine)(void *), void *restrict arg)
{
	struct live_slot *mine = image.view.slots ? slot_mine() : NULL;
	struct live_slot *slot = mine ? slot_for_thread(mine, (void *)start_routine, arg) : NULL;
	struct capture capture;

	if (!slot)
		return real_pthread_create(thread, attr, start_routine, arg);
	bool enabled = CAPTURE_ENABLED(EVENT_pthread_create);
	capture.slot = NULL;
	capture.args[0] = (uint64_t)(uintptr_t)thread;
	capture.args[1] = (uint64_t)(uintptr_t)start_routine;
	capture.args[2] = (uint64_t)(uintptr_t)arg;
	if (enabled)
		capture_enter(&capture, EVENT_pthread_create, 3, __builtin_return_address(0));
	int result = real_pthread_create(thread, attr, thread_run, slot);
	if (result)
		stream_return(&image.view, slot);
	else if (!enabled)
		mine->created++;
	if (enabled)
		capture_leave(&capture, result);
	return result;
}

EXPORT int thrd_create(thrd_t *thr, thrd_start_t func, void *arg)
{
	struct live_slot *mine = image.view.slots ? slot_mine() : NULL;
	struct live_slot *slot = mine ? slot_for_thread(mine, (void *)func, arg) : NULL;
	struct capture capture;

	if (!slot)
		return real_thrd_create(thr, func, arg);
	bool enabled = CAPTURE_ENABLED(EVENT_thrd_create);
	capture.slot = NULL;
	capture.args[0] = (uint64_t)(uintptr_t)thr;
	capture.args[1] = (uint64_t)(uintptr_t)func;
	capture.args[2] = (uint64_t)(uintptr_t)arg;
	if (enabled)
		capture_enter(&capture, EVENT_thrd_create, 3, __builtin_return_address(0));
	int result = real_thrd_create(thr, thrd_run, slot);
	if (result != thrd_success)
		stream_return(&image.view, slot);
	else if (!enabled)
		mine->created++;
	if (enabled)
		capture_leave(&capture, result);
	return result;
}
