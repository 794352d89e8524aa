// SPDX-License-Identifier: MIT
/*
 * See processes.h. A table of pids with open addressing, and an epoll descriptor over their pidfds.
 */
#include "trace/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 64
#define DELETED	       UINT32_MAX

struct process {
	uint32_t pid; /* 0: never used; DELETED */
	int fd;	      /* -1: to be asked for by number */
};

struct processes {
	struct process *rows;
	size_t size; /* a power of two */
	size_t used; /* rows that are not 0 */
	size_t count;
	size_t unwatched; /* of these, without a descriptor */
	int epoll;
};

int processes_new(struct processes **processes)
{
	struct processes *made = calloc(1, sizeof(*made));
	int rc = 0;

	if (!made)
		return -ENOMEM;
	made->size = 64;
	made->rows = calloc(made->size, sizeof(*made->rows));
	made->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!made->rows)
		rc = -ENOMEM;
	else if (made->epoll < 0)
		rc = -errno;
	if (rc)
		processes_free(made);
	else
		*processes = made;
	return rc;
}

void processes_free(struct processes *processes)
{
	if (!processes)
		return;
	for (size_t i = 0; processes->rows && i < processes->size; i++)
		if (processes->rows[i].pid && processes->rows[i].pid != DELETED && processes->rows[i].fd >= 0)
			close(processes->rows[i].fd);
	if (processes->epoll >= 0)
		close(processes->epoll);
	free(processes->rows);
	free(processes);
}

/* The row of `pid`, or the free one where it belongs. */
static struct process *row_find(struct process *rows, size_t size, uint32_t pid)
{
	for (size_t i = pid * 2654435761u;; i++) {
		struct process *row = &rows[i & (size - 1)];
		if (!row->pid || row->pid == pid)
			return row;
	}
}

static int table_grow(struct processes *processes)
{
	size_t size = processes->count * 4 < processes->size ? processes->size : processes->size * 2;
	struct process *rows = calloc(size, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < processes->size; i++) {
		const struct process *row = &processes->rows[i];
		if (row->pid && row->pid != DELETED)
			*row_find(rows, size, row->pid) = *row;
	}
	free(processes->rows);
	processes->rows = rows;
	processes->size = size;
	processes->used = processes->count;
	return 0;
}

/* Dead, or a zombie: it will do nothing more. */
static bool process_is_dead(uint32_t pid)
{
	char path[32], text[512], state = 0;
	ssize_t size;
	char *after;
	int fd;

	if (kill((pid_t)pid, 0) && errno == ESRCH)
		return true;
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size > 0 ? size : 0] = '\0';
	after = strrchr(text, ')');
	if (after)
		sscanf(after + 1, " %c", &state);
	return state == 'Z' || state == 'X';
}

int processes_add(struct processes *processes, uint32_t pid)
{
	struct process *row = row_find(processes->rows, processes->size, pid);
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = pid};

	if (!pid || pid > INT32_MAX || row->pid == pid)
		return 0;
	if (processes->used * 2 >= processes->size) {
		if (table_grow(processes))
			return -ENOMEM;
		row = row_find(processes->rows, processes->size, pid);
	}
	row->pid = pid;
	row->fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (row->fd >= 0 && epoll_ctl(processes->epoll, EPOLL_CTL_ADD, row->fd, &event)) {
		close(row->fd);
		row->fd = -1;
	}
	processes->unwatched += row->fd < 0;
	processes->count++;
	processes->used++;
	return 0;
}

static void process_drop(struct processes *processes, struct process *row, void (*died)(void *context, uint32_t pid),
			 void *context)
{
	uint32_t pid = row->pid;

	if (row->fd >= 0)
		close(row->fd);
	else
		processes->unwatched--;
	row->pid = DELETED;
	processes->count--;
	died(context, pid);
}

void processes_poll(struct processes *processes, void (*died)(void *context, uint32_t pid), void *context)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int count;

	do {
		count = epoll_wait(processes->epoll, events, EVENTS_AT_ONCE, 0);
		for (int i = 0; i < count; i++) {
			struct process *row = row_find(processes->rows, processes->size, events[i].data.u32);
			if (row->pid)
				process_drop(processes, row, died, context);
		}
	} while (count == EVENTS_AT_ONCE);
	for (size_t i = 0; processes->unwatched && i < processes->size; i++) {
		struct process *row = &processes->rows[i];
		if (row->pid && row->pid != DELETED && row->fd < 0 && process_is_dead(row->pid))
			process_drop(processes, row, died, context);
	}
}

size_t processes_count(const struct processes *processes)
{
	return processes->count;
}
