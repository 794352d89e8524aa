// SPDX-License-Identifier: MIT
/*
 * See names.h.
 */
#include "posix/names.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

struct names {
	pthread_mutex_t mutex; /* between processes, one of which may be killed with it */
	uint32_t count;	       /* stored when the name is there */
	char names[EVENT_NAMES_MAX][TRACE_EVENT_NAME_MAX + 1];
};

static struct names *names;

static const char *const predefined[] = {
	[POSIX_TRACE_ERROR] = "posix_trace_error",
	[POSIX_TRACE_START] = "posix_trace_start",
	[POSIX_TRACE_STOP] = "posix_trace_stop",
	[POSIX_TRACE_OVERFLOW] = "posix_trace_overflow",
	[POSIX_TRACE_RESUME] = "posix_trace_resume",
	[POSIX_TRACE_FILTER] = "posix_trace_filter",
	[POSIX_TRACE_FLUSH_START] = "posix_trace_flush_start",
	[POSIX_TRACE_FLUSH_STOP] = "posix_trace_flush_stop",
	[POSIX_TRACE_UNNAMED_USER_EVENT] = "posix_trace_unnamed_userevent",
};

/* Before main() and so before any fork: children are to have the same table. */
__attribute__((constructor)) static void names_make(void)
{
	pthread_mutexattr_t shared;
	void *made = mmap(NULL, sizeof(*names), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (made == MAP_FAILED)
		return;
	names = made;
	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&names->mutex, &shared);
	pthread_mutexattr_destroy(&shared);
}

uint32_t event_names_count(void)
{
	return names ? __atomic_load_n(&names->count, __ATOMIC_ACQUIRE) : 0;
}

const char *event_name_predefined(trace_event_id_t event)
{
	return event < sizeof(predefined) / sizeof(predefined[0]) ? predefined[event] : NULL;
}

const char *event_name(trace_event_id_t event)
{
	if (event >= EVENT_USER_FIRST && event - EVENT_USER_FIRST < event_names_count())
		return names->names[event - EVENT_USER_FIRST];
	return event_name_predefined(event);
}

/* With the mutex held: the place of `name`, or where it is to go; EVENT_NAMES_MAX when there is no more room. */
static uint32_t name_place(const char *name)
{
	uint32_t place = 0;

	while (place < names->count && strcmp(names->names[place], name) != 0)
		place++;
	if (place == names->count && place < EVENT_NAMES_MAX) {
		strcpy(names->names[place], name);
		__atomic_store_n(&names->count, place + 1, __ATOMIC_RELEASE);
	}
	return place;
}

int event_name_open(const char *name, trace_event_id_t *event)
{
	if (!name || !event)
		return EINVAL;
	if (strnlen(name, TRACE_EVENT_NAME_MAX + 1) > TRACE_EVENT_NAME_MAX)
		return ENAMETOOLONG;
	if (!names)
		return ENOMEM;
	for (trace_event_id_t id = 0; id <= POSIX_TRACE_UNNAMED_USER_EVENT; id++) {
		if (predefined[id] && !strcmp(predefined[id], name)) {
			*event = id;
			return 0;
		}
	}
	if (pthread_mutex_lock(&names->mutex) == EOWNERDEAD)
		pthread_mutex_consistent(&names->mutex);
	uint32_t place = name_place(name);
	pthread_mutex_unlock(&names->mutex);
	*event = place < EVENT_NAMES_MAX ? EVENT_USER_FIRST + place : POSIX_TRACE_UNNAMED_USER_EVENT;
	return 0;
}

PUBLIC int posix_trace_eventid_open(const char *restrict event_name, trace_event_id_t *restrict event_id)
{
	return event_name_open(event_name, event_id);
}
