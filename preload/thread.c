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
#include "preload/unwinder.h"
#include "trace/raw.h"

/*
 * What a thread is to run. Not in its slot, where another process could change it. The row is that of the slot's
 * number, and is read before the slot can go to anybody else.
 */
struct thread_start {
	struct live_slot *slot;
	void *start, *argument;
	uint64_t stack_size;
};

static struct thread_start starts[LIVE_SLOTS_MAX];

static uint64_t stack_size_of(const pthread_attr_t *attributes)
{
	size_t size = 0, guard = 0;

	if (!attributes || pthread_attr_getstacksize(attributes, &size) ||
	    pthread_attr_getguardsize(attributes, &guard) || guard >= size)
		return image.stack_size;
	return size - guard;
}

/* Claims a slot for the thread to come; NULL when untraced, which the program does not notice. */
static struct thread_start *start_prepare(struct live_slot *creator, void *start, void *argument, uint64_t stack_size)
{
	struct live_slot *slot = stream_claim(&image.view, image.pid, 0, image.number);

	if (!slot)
		return NULL;
	struct thread_start *row = &starts[stream_index(&image.view, slot)];
	*row = (struct thread_start){slot, start, argument, stack_size};
	slot->creator = creator->tid;
	slot->ordinal = creator->created + 1;
	slot->start = (uint64_t)(uintptr_t)start;
	return row;
}

static void thread_end(void *argument)
{
	const uint32_t words = sizeof(struct record_mark) / 8;
	struct live_slot *slot = argument;

	if (thread_slot != slot)
		return; /* a fork has made this thread another process's */
	capture_abandon(slot, 0, OUTCOME_CANCELLED);
	/* no event: where there is no room for it, the return of the slot says that the thread has ended */
	struct stream_room room = stream_room_take(&image.view, slot, words);
	if (room.at) {
		word_count(&slot->made);
		((struct record_mark *)room.at)->ticks = ticks_now();
		stream_publish(slot, &room, words, words, RECORD_THREAD_END);
	}
	unwinder_forget(slot);
	thread_slot = NULL;
	stream_return(&image.view, slot);
}

/* Called by the first function on the thread's stack. */
static void thread_begin(const struct thread_start *row)
{
	uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);

	/* what lies below us by more than the whole stack without a page that we may be away from its top is not ours
	 */
	thread_origin.stack_top = here;
	thread_origin.stack_low = row->stack_size > LIVE_PAGE ? here - (row->stack_size - LIVE_PAGE) : here;
	thread_origin.creator = row->slot->creator;
	thread_origin.ordinal = row->slot->ordinal;
	stream_name(row->slot, tid_now());
	thread_slot = row->slot;
	thread_announce(row->slot, row->slot->start);
}

/*
 * The cleanup handler is pthread_cleanup_push's, which unwinds by longjmp: exception tables would make the library need
 * libgcc_s, and every traced program load it.
 */
static void *thread_run(void *argument)
{
	const struct thread_start row = *(const struct thread_start *)argument;
	void *result;

	pthread_cleanup_push(thread_end, row.slot);
	thread_begin(&row);
	result = ((void *(*)(void *))row.start)(row.argument);
	pthread_cleanup_pop(1);
	return result;
}

static int thrd_run(void *argument)
{
	const struct thread_start row = *(const struct thread_start *)argument;
	int result;

	pthread_cleanup_push(thread_end, row.slot);
	thread_begin(&row);
	result = ((thrd_start_t)row.start)(row.argument);
	pthread_cleanup_pop(1);
	return result;
}

EXPORT int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
			  void *(*start_routine)(void *), void *restrict arg)
{
	struct live_slot *mine = image.view.slots ? slot_mine() : NULL;
	struct thread_start *row = mine ? start_prepare(mine, (void *)start_routine, arg, stack_size_of(attr)) : NULL;
	struct capture capture;

	if (!mine)
		return real_pthread_create(thread, attr, start_routine, arg);
	bool enabled = CAPTURE_ENABLED(EVENT_pthread_create);
	capture.slot = NULL;
	capture.args[0] = (uint64_t)(uintptr_t)thread;
	capture.args[1] = (uint64_t)(uintptr_t)start_routine;
	capture.args[2] = (uint64_t)(uintptr_t)arg;
	if (enabled)
		capture_enter(&capture, EVENT_pthread_create, 3, __builtin_return_address(0));
	int result = row ? real_pthread_create(thread, attr, thread_run, row)
			 : real_pthread_create(thread, attr, start_routine, arg);
	if (row && result)
		stream_return(&image.view, row->slot);
	else if (!enabled && !result)
		mine->created++;
	if (enabled)
		capture_leave(&capture, result);
	return result;
}

EXPORT int thrd_create(thrd_t *thr, thrd_start_t func, void *arg)
{
	struct live_slot *mine = image.view.slots ? slot_mine() : NULL;
	struct thread_start *row = mine ? start_prepare(mine, (void *)func, arg, image.stack_size) : NULL;
	struct capture capture;

	if (!mine)
		return real_thrd_create(thr, func, arg);
	bool enabled = CAPTURE_ENABLED(EVENT_thrd_create);
	capture.slot = NULL;
	capture.args[0] = (uint64_t)(uintptr_t)thr;
	capture.args[1] = (uint64_t)(uintptr_t)func;
	capture.args[2] = (uint64_t)(uintptr_t)arg;
	if (enabled)
		capture_enter(&capture, EVENT_thrd_create, 3, __builtin_return_address(0));
	int result = row ? real_thrd_create(thr, thrd_run, row) : real_thrd_create(thr, func, arg);
	if (row && result != thrd_success)
		stream_return(&image.view, row->slot);
	else if (!enabled && result == thrd_success)
		mine->created++;
	if (enabled)
		capture_leave(&capture, result);
	return result;
}
