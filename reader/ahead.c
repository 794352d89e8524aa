// SPDX-License-Identifier: MIT
/*
 * See ahead.h. Both threads begin whatever place comes next; the one that is waited for is never left undone while
 * somebody has nothing else to do.
 */
#include "reader/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* Places that may be begun and not yet taken. */
#define AHEAD_MAX 2u
/* So few frames are read before a thread has begun to. */
#define WORTH_A_THREAD 4u

struct ahead_place {
	struct frame *frame;
	int rc;
	bool is_done;
};

struct ahead {
	int (*read)(void *source, size_t place, struct frame **frame);
	void *source;
	size_t taken; /* the place that is taken next */
	size_t begun; /* the place that nobody has begun to read */
	size_t end;
	struct ahead_place places[AHEAD_MAX]; /* of `taken` and what follows it */
	struct frame *spares[AHEAD_MAX];
	unsigned spares_count;
	bool has_thread, stops;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

static bool may_begin(const struct ahead *ahead)
{
	return ahead->begun < ahead->end && ahead->begun - ahead->taken < AHEAD_MAX;
}

/* Reads the next place; the lock is held before and after, not meanwhile. */
static void read_one(struct ahead *ahead)
{
	size_t at = ahead->begun++;
	struct ahead_place *place = &ahead->places[at % AHEAD_MAX];
	struct frame *frame = ahead->spares_count ? ahead->spares[--ahead->spares_count] : NULL;

	place->is_done = false;
	pthread_mutex_unlock(&ahead->lock);
	int rc = ahead->read(ahead->source, at, &frame);
	pthread_mutex_lock(&ahead->lock);
	*place = (struct ahead_place){frame, rc, true};
	pthread_cond_broadcast(&ahead->changed);
}

static void *read_beside(void *context)
{
	struct ahead *ahead = context;

	pthread_mutex_lock(&ahead->lock);
	while (!ahead->stops && ahead->begun < ahead->end) {
		if (may_begin(ahead))
			read_one(ahead);
		else
			pthread_cond_wait(&ahead->changed, &ahead->lock);
	}
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

/* Signals are for the threads that the program knows of. */
static void thread_start(struct ahead *ahead)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	ahead->has_thread = !pthread_create(&ahead->thread, NULL, read_beside, ahead);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int ahead_new(struct ahead **ahead, int (*read)(void *source, size_t place, struct frame **frame), void *source,
	      size_t first, size_t end)
{
	struct ahead *made = calloc(1, sizeof(*made));

	*ahead = made;
	if (!made)
		return -ENOMEM;
	made->read = read;
	made->source = source;
	made->taken = made->begun = first;
	made->end = end;
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->changed, NULL);
	if (end - first >= WORTH_A_THREAD)
		thread_start(made);
	return 0;
}

/* Keeps a frame for the next read. */
static void spare_keep(struct ahead *ahead, struct frame *frame)
{
	if (frame && ahead->spares_count < AHEAD_MAX)
		ahead->spares[ahead->spares_count++] = frame;
	else
		frame_free(frame);
}

/* The place that is taken next, once it has been read; the lock is held. */
static struct ahead_place *place_await(struct ahead *ahead)
{
	struct ahead_place *place = &ahead->places[ahead->taken % AHEAD_MAX];

	while (ahead->begun == ahead->taken || !place->is_done) {
		if (may_begin(ahead))
			read_one(ahead);
		else
			pthread_cond_wait(&ahead->changed, &ahead->lock);
	}
	return place;
}

int ahead_look(struct ahead *ahead, struct frame **frame)
{
	int rc;

	pthread_mutex_lock(&ahead->lock);
	const struct ahead_place *place = place_await(ahead);
	*frame = place->frame;
	rc = place->rc;
	pthread_mutex_unlock(&ahead->lock);
	return rc;
}

int ahead_next(struct ahead *ahead, struct frame **frame)
{
	int rc;

	pthread_mutex_lock(&ahead->lock);
	spare_keep(ahead, *frame);
	struct ahead_place *place = place_await(ahead);
	*frame = place->frame;
	rc = place->rc;
	*place = (struct ahead_place){0};
	ahead->taken++;
	pthread_cond_broadcast(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	return rc;
}

void ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return;
	pthread_mutex_lock(&ahead->lock);
	ahead->stops = true;
	pthread_cond_broadcast(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	if (ahead->has_thread)
		pthread_join(ahead->thread, NULL);
	for (unsigned i = 0; i < AHEAD_MAX; i++)
		frame_free(ahead->places[i].frame);
	while (ahead->spares_count)
		frame_free(ahead->spares[--ahead->spares_count]);
	pthread_cond_destroy(&ahead->changed);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
}
