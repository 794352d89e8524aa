// SPDX-License-Identifier: MIT
/*
 * Remembers where the frames of a log stand, in memory that does not grow with them: of a long log every second,
 * fourth, eighth... frame, and those in between are found again, a window of neighbours at a time.
 *
 * Finding again must lead where the index led, so both go by log_step().
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "format/log_parts.h"

/* Places that are kept, 1.5 MiB: those of all frames for some hours at the usual five frames a second. */
#define KEPT_MAX 65536u
/* Whoever goes through a log at several places at once has a window at each. */
#define WINDOWS 4u

/* Neighbouring frames found again. */
struct log_window {
	struct log_place *places;
	size_t first, count, room;
	uint64_t used; /* when, by the count of all uses */
};

struct log_windows {
	pthread_mutex_t lock;
	struct log_window list[WINDOWS];
	uint64_t uses;
};

static void windows_empty(struct log_windows *windows)
{
	for (unsigned i = 0; windows && i < WINDOWS; i++)
		windows->list[i].count = 0;
}

int log_places_make(struct log_places *places)
{
	places->windows = calloc(1, sizeof(*places->windows));
	if (!places->windows)
		return -ENOMEM;
	pthread_mutex_init(&places->windows->lock, NULL);
	log_places_clear(places);
	return 0;
}

void log_places_clear(struct log_places *places)
{
	places->count = 0;
	places->stride = 1;
	windows_empty(places->windows);
}

void log_places_free(struct log_places *places)
{
	free(places->kept);
	if (!places->windows)
		return;
	for (unsigned i = 0; i < WINDOWS; i++)
		free(places->windows->list[i].places);
	pthread_mutex_destroy(&places->windows->lock);
	free(places->windows);
}

/* Room for one more at `at`; when as many are kept as may be, every second is forgotten, and `at` is nearer. */
static int kept_reserve(struct log_places *places, size_t *at)
{
	if (*at == KEPT_MAX) {
		for (size_t i = 0; i < KEPT_MAX / 2; i++)
			places->kept[i] = places->kept[2 * i];
		places->stride *= 2;
		*at = KEPT_MAX / 2;
		windows_empty(places->windows);
	}
	if (*at < places->room)
		return 0;
	size_t room = places->room ? 2 * places->room : 64;
	struct log_place *grown = realloc(places->kept, room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	places->kept = grown;
	places->room = room;
	return 0;
}

int log_places_add(struct log_places *places, const struct log_place *place)
{
	size_t at = places->count / places->stride;

	if (places->count % places->stride == 0) {
		if (kept_reserve(places, &at))
			return -ENOMEM;
		places->kept[at] = *place;
	}
	places->count++;
	return 0;
}

/* Fill `window` with what follows the place that is kept at `at`, which ends at the next one. 0 or -ENOMEM. */
static int window_fill(const struct log *log, struct log_window *window, size_t at)
{
	const struct log_places *places = &log->places;
	size_t first = at * places->stride, left = places->count - first;
	size_t count = left < places->stride ? left : places->stride;
	uint64_t offset = places->kept[at].offset + places->kept[at].size;
	struct log_walk walk = {.scratch = NULL};

	window->count = 0;
	if (count > window->room) {
		struct log_place *grown = realloc(window->places, places->stride * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		window->places = grown;
		window->room = places->stride;
	}
	window->first = first;
	window->places[window->count++] = places->kept[at];
	while (window->count < count && offset < log->indexed) {
		struct log_step step = log_step(log, offset, &walk);
		if (step.is_good && step.probe == PROBE_FRAME)
			window->places[window->count++] = step.place;
		offset = step.next;
	}
	frame_free(walk.scratch);
	return 0;
}

/* The window that has frame `i`, or that which was not used for longest. */
static struct log_window *window_choose(struct log_windows *windows, size_t i)
{
	struct log_window *chosen = &windows->list[0];

	for (unsigned w = 0; w < WINDOWS; w++) {
		struct log_window *window = &windows->list[w];
		if (i >= window->first && i - window->first < window->count)
			return window;
		chosen = window->used < chosen->used ? window : chosen;
	}
	return chosen;
}

int log_place_find(const struct log *log, size_t i, struct log_place *place)
{
	const struct log_places *places = &log->places;
	struct log_windows *windows = places->windows;
	size_t at = i / places->stride;
	int error = 0;

	if (i % places->stride == 0) {
		*place = places->kept[at];
		return 0;
	}
	pthread_mutex_lock(&windows->lock);
	struct log_window *window = window_choose(windows, i);
	window->used = ++windows->uses;
	if (i < window->first || i - window->first >= window->count)
		error = window_fill(log, window, at);
	if (!error && i - window->first < window->count)
		*place = window->places[i - window->first];
	else if (!error)
		error = LOG_E_DAMAGED;
	pthread_mutex_unlock(&windows->lock);
	return error;
}
