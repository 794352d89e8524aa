// SPDX-License-Identifier: MIT
/*
 * See life.h.
 */
#include "posix/life.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/clock.h"

/* Where the pipe has ended and the program may go on, its memory is looked at so often, in ns. */
#define LOOK_TIME 100000000u

int life_begin(struct life *life, int *watched)
{
	struct stat status;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return errno == EMFILE || errno == ENFILE ? EAGAIN : ENOMEM;
	*watched = ends[0];
	*life = (struct life){.fd = ends[1]};
	if (!fstat(ends[1], &status)) {
		life->device = status.st_dev;
		life->inode = status.st_ino;
	}
	return 0;
}

void life_end(struct life *life)
{
	struct stat status;

	if (life->fd >= 0 && !fstat(life->fd, &status) && S_ISFIFO(status.st_mode) && status.st_dev == life->device &&
	    status.st_ino == life->inode)
		close(life->fd);
	life->fd = -1;
}

/* Whether process `pid` has something mapped that begins at `memory`. True when that cannot be known. */
static bool memory_is_mapped(uint32_t pid, const void *memory)
{
	char path[64], *line = NULL;
	size_t room = 0;
	bool is_there = false;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	FILE *maps = fopen(path, "re");
	if (!maps)
		return errno != ENOENT && errno != ESRCH;
	while (!is_there && getline(&line, &room, maps) > 0)
		is_there = strtoull(line, NULL, 16) == (uintptr_t)memory;
	free(line);
	fclose(maps);
	return is_there;
}

/* A process that was killed has no memory any more, also while it waits for its parent to hear of it. */
bool life_is_over(struct life_watch *watch)
{
	struct pollfd pipe = {watch->watched, POLLIN, 0};
	uint64_t now;

	if (poll(&pipe, 1, 0) <= 0)
		return false;
	now = monotonic_now();
	if (watch->looked_at && now - watch->looked_at < LOOK_TIME)
		return false;
	watch->looked_at = now;
	return (kill((pid_t)watch->pid, 0) && errno == ESRCH) || !memory_is_mapped(watch->pid, watch->memory);
}
