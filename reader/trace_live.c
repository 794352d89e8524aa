// SPDX-License-Identifier: MIT
/*
 * What a trace takes from the live area beside its log: what its collector had not yet written, and whether it still
 * writes.
 */
#include "format/live_read.h"
#include "reader/trace_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A log that grows while its live area is read is read again, but not for ever. */
#define SALVAGE_TRIES 4

static int live_path(const struct trace *trace, char *path, size_t size)
{
	return snprintf(path, size, "%s.live", trace->path) < (int)size ? 0 : -ENAMETOOLONG;
}

/* The number after that of the last readable frame. */
static uint64_t frames_written(const struct log *log)
{
	struct frame *frame = NULL;
	uint64_t frames = 0;

	for (size_t i = log_frames(log); i-- > 0 && !frames;)
		if (log_frame_read(log, i, &frame) == 0)
			frames = frame->number + 1;
	frame_free(frame);
	return frames;
}

void trace_drop_live(struct trace *trace)
{
	log_close(trace->live);
	log_writer_free(trace->live_memory);
	trace->live = NULL;
	trace->live_memory = NULL;
}

/* Reads the live area once, into a log in memory. 0, also when there is none or it cannot be used; -errno. */
static int salvage_once(struct trace *trace, const char *path, struct log_trouble *trouble)
{
	struct live_counts counts = {0};
	size_t size = 0;
	const void *bytes;
	int rc = log_writer_open_memory(&trace->live_memory, log_head(trace->log));

	if (rc)
		return rc;
	rc = live_area_salvage(path, log_catalogue(trace->log), frames_written(trace->log), trace->live_memory, &counts,
			       trouble);
	if (rc)
		return rc == -ENOMEM ? rc : 0;
	bytes = log_writer_memory(trace->live_memory, &size);
	if (!size || !(counts.events | counts.unfinished | counts.processes | counts.threads | counts.reported))
		return 0;
	rc = log_open_memory(bytes, size, &trace->live, trouble);
	return rc < 0 ? rc : 0;
}

int trace_salvage_live(struct trace *trace, struct log_trouble *trouble)
{
	char path[4096];
	int rc = live_path(trace, path, sizeof(path));

	if (rc || access(path, F_OK))
		return 0;
	for (int i = 0; !rc && i < SALVAGE_TRIES; i++) {
		rc = salvage_once(trace, path, trouble);
		if (rc || log_refresh(trace->log) == LOG_E_SAME)
			break;
		if (i + 1 < SALVAGE_TRIES)
			trace_drop_live(trace);
	}
	return rc;
}

bool trace_is_unwritten(const struct trace *trace, int rc)
{
	char path[4096];

	return (rc == -ENOENT || rc == LOG_E_EMPTY || rc == LOG_E_FOREIGN) && !trace->settings.without_live &&
	       !live_path(trace, path, sizeof(path)) && !access(path, F_OK);
}

int trace_open_unwritten(struct trace *trace, struct log_trouble *trouble)
{
	const struct log_head head = {.catalogue = &catalogue_builtin};
	struct live_counts counts;
	size_t size = 0;
	const void *bytes;
	char path[4096];
	int rc = live_path(trace, path, sizeof(path));

	if (!rc)
		rc = log_writer_open_memory(&trace->live_memory, &head);
	if (!rc)
		rc = live_area_salvage(path, &catalogue_builtin, 0, trace->live_memory, &counts, trouble);
	if (rc)
		return rc;
	bytes = log_writer_memory(trace->live_memory, &size);
	return log_open_memory(bytes, size, &trace->log, trouble);
}

bool trace_is_growing(const struct trace *trace)
{
	struct live_control control;
	uint32_t owner;
	char path[4096];
	ssize_t size;
	int fd;

	if (live_path(trace, path, sizeof(path)))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	size = pread(fd, &control, sizeof(control), 0);
	close(fd);
	memcpy(&owner, control.collector_mutex, sizeof(owner));
	return size == sizeof(control) && control.magic == LIVE_MAGIC && control.collector_state == COLLECTOR_RUNNING &&
	       !(owner & FUTEX_OWNER_DIED);
}
