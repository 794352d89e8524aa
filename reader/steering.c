// SPDX-License-Identifier: MIT
/*
 * See steering.h.
 */
#include "reader/steering.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MILLISECOND 1000000ll
/* A collector that has not answered by then is stopped, or the machine is. */
#define ANSWER_WAIT (10000 * MILLISECOND)
/* It is woken again so often: it may have been about to fall asleep. */
#define WAKE_PERIOD (10 * MILLISECOND)
#define LOCK_PERIOD (2 * MILLISECOND)

static const char live_suffix[] = ".live";

__attribute__((format(printf, 2, 3))) static int fail(struct log_trouble *trouble, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(trouble->text, sizeof(trouble->text), format, arguments);
	va_end(arguments);
	return STEERING_E_TROUBLE;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 * MILLISECOND + time.tv_nsec;
}

/* ---- finding it ----------------------------------------------------------------------------------------------- */

static bool is_number(const char *text)
{
	for (const char *digit = text; *digit; digit++)
		if (!isdigit((unsigned char)*digit))
			return false;
	return *text;
}

/* Whether `path` is that of a live area, without its suffix then. */
static bool cut_suffix(char *path)
{
	size_t length = strlen(path), suffix = sizeof(live_suffix) - 1;

	if (length <= suffix || strcmp(path + length - suffix, live_suffix))
		return false;
	path[length - suffix] = '\0';
	return true;
}

/* The trace that process `pid` writes to, by what it has mapped. To be freed; NULL when there is none. */
static char *trace_of_process(const char *pid)
{
	char name[64], *line = NULL, *path = NULL;
	size_t room = 0;
	ssize_t length;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%.20s/maps", pid);
	maps = fopen(name, "re");
	while (maps && !path && (length = getline(&line, &room, maps)) > 0) {
		char *slash = strchr(line, '/');
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (slash && cut_suffix(slash))
			path = strdup(slash);
	}
	free(line);
	if (maps)
		fclose(maps);
	return path;
}

static int path_find(struct steering *steering, const char *trace, struct log_trouble *trouble)
{
	bool is_pid = is_number(trace) && access(trace, F_OK);

	steering->path = is_pid ? trace_of_process(trace) : strdup(trace);
	if (steering->path)
		return 0;
	return is_pid ? fail(trouble, "process %s is not traced, or is not yours", trace)
		      : fail(trouble, "%s: out of memory", trace);
}

static int area_open(struct steering *steering, struct log_trouble *trouble)
{
	char live[PATH_MAX];
	struct stat status;
	void *mapped;

	if (!stat(steering->path, &status) && !S_ISREG(status.st_mode))
		return fail(trouble, "%s: not a trace", steering->path);
	snprintf(live, sizeof(live), "%s%s", steering->path, live_suffix);
	steering->fd = open(live, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (steering->fd < 0 && errno == ENOENT && !access(steering->path, F_OK))
		return fail(trouble, "%s: the trace is finished: it is not being recorded into", steering->path);
	if (steering->fd < 0)
		return fail(trouble, "%s: %s", errno == ENOENT ? steering->path : live, strerror(errno));
	if (fstat(steering->fd, &status) || !S_ISREG(status.st_mode) || status.st_size < (off_t)LIVE_PAGE)
		return fail(trouble, "%s: not a live area", live);
	mapped = mmap(NULL, LIVE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, steering->fd, 0);
	if (mapped == MAP_FAILED)
		return fail(trouble, "%s: %s", live, strerror(errno));
	steering->control = mapped;
	if (steering->control->magic != LIVE_MAGIC)
		return fail(trouble, "%s: not a live area", live);
	if (steering->control->version != LIVE_VERSION)
		return fail(trouble, "%s: live area of version %u, this build steers %u", live,
			    steering->control->version, LIVE_VERSION);
	return 0;
}

/* Whether its collector is there to answer. */
static int collector_check(const struct steering *steering, struct log_trouble *trouble)
{
	const struct live_control *control = steering->control;
	uint32_t word = __atomic_load_n((const uint32_t *)control->collector_mutex, __ATOMIC_RELAXED);

	if (__atomic_load_n(&control->collector_state, __ATOMIC_RELAXED) == COLLECTOR_FINISHED)
		return fail(trouble, "%s: the trace is finished", steering->path);
	if (!word || word & FUTEX_OWNER_DIED)
		return fail(trouble, "%s: its collector has died; see ipctrace check", steering->path);
	return 0;
}

int steering_open(struct steering *steering, const char *trace, struct log_trouble *trouble)
{
	int rc;

	*steering = (struct steering){.fd = -1};
	rc = path_find(steering, trace, trouble);
	if (!rc)
		rc = area_open(steering, trouble);
	return rc ? rc : collector_check(steering, trouble);
}

void steering_close(struct steering *steering)
{
	if (steering->control)
		munmap(steering->control, LIVE_PAGE);
	if (steering->fd >= 0)
		close(steering->fd);
	free(steering->path);
	*steering = (struct steering){.fd = -1};
}

/* ---- asking --------------------------------------------------------------------------------------------------- */

static int lock_take(const struct steering *steering, int64_t deadline, struct log_trouble *trouble)
{
	const struct timespec wait = {0, LOCK_PERIOD};

	while (flock(steering->fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail(trouble, "%s: %s", steering->path, strerror(errno));
		if (now() >= deadline)
			return fail(trouble, "%s: somebody else is steering it", steering->path);
		nanosleep(&wait, NULL);
	}
	return 0;
}

static void collector_wake(struct live_control *control)
{
	__atomic_store_n(&control->collector_sleep, COLLECTOR_AWAKE, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &control->collector_sleep, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Until the collector has answered request `number`. */
static int answer_wait(const struct steering *steering, uint32_t number, int64_t deadline, struct log_trouble *trouble)
{
	const struct timespec wait = {0, WAKE_PERIOD};
	struct control_box *box = &steering->control->box;
	uint32_t answered;

	while ((answered = __atomic_load_n(&box->answered, __ATOMIC_ACQUIRE)) != number) {
		int rc = collector_check(steering, trouble);
		if (rc)
			return rc;
		if (now() >= deadline)
			return fail(trouble, "%s: its collector has not answered for %lld s; it may do it yet",
				    steering->path, ANSWER_WAIT / (1000 * MILLISECOND));
		collector_wake(steering->control);
		syscall(SYS_futex, &box->answered, FUTEX_WAIT, answered, &wait, NULL, 0);
	}
	return 0;
}

/* The caller holds the lock. */
static int request_make(struct steering *steering, enum control_action action, const char *text, int64_t deadline,
			struct control_box *answer, struct log_trouble *trouble)
{
	struct control_box *box = &steering->control->box;
	uint32_t number = __atomic_load_n(&box->requested, __ATOMIC_ACQUIRE);
	/* that of somebody who was killed, or did not wait */
	int rc = answer_wait(steering, number, deadline, trouble);

	if (rc)
		return rc;
	memset(box->text, 0, sizeof(box->text));
	memcpy(box->text, text ? text : "", text ? strnlen(text, sizeof(box->text) - 1) : 0);
	box->action = action;
	__atomic_store_n(&box->requested, ++number, __ATOMIC_RELEASE);
	if (!answer) {
		collector_wake(steering->control);
		return 0;
	}
	rc = answer_wait(steering, number, deadline, trouble);
	*answer = *box;
	answer->text[sizeof(answer->text) - 1] = '\0';
	return rc;
}

static int outcome_say(const struct steering *steering, const struct control_box *answer, struct log_trouble *trouble)
{
	switch (answer->outcome) {
	case CONTROL_DONE:
		return 0;
	case CONTROL_E_SIZE:
		return fail(trouble, "%s: the log has reached its size limit", steering->path);
	case CONTROL_E_REMAINS:
		return fail(trouble, "%s: rings that overwrite stay in memory until the trace ends", steering->path);
	case CONTROL_E_SENSELESS:
		return fail(trouble, "%s: its collector does not understand this", steering->path);
	default:
		return fail(trouble, "%s: the log cannot be written: %s", steering->path, strerror(-answer->outcome));
	}
}

int steering_ask(struct steering *steering, enum control_action action, const char *text, struct control_box *answer,
		 struct log_trouble *trouble)
{
	int64_t deadline = now() + ANSWER_WAIT;
	int rc = lock_take(steering, deadline, trouble);

	if (rc)
		return rc;
	rc = request_make(steering, action, text, deadline, answer, trouble);
	flock(steering->fd, LOCK_UN);
	return rc || !answer ? rc : outcome_say(steering, answer, trouble);
}
