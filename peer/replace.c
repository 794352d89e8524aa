// SPDX-License-Identifier: MIT
/*
 * See replace.h. In which epoll sets a descriptor stands is told by /proc/self/fdinfo, so that nothing has to be
 * followed before it matters. A set made by another process, or through a duplicate of the descriptor, is not found.
 */
#include "peer/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "trace/raw.h"

#define FOLDER	   "/proc/self/fdinfo"
#define PLACES_MAX 16

/* Where a descriptor is registered. */
struct place {
	int set;
	struct epoll_event event;
};

struct places {
	struct place list[PLACES_MAX];
	unsigned count;
};

struct linux_dirent64 {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

static uint64_t digits_read(const char **at, unsigned base)
{
	uint64_t number = 0;

	while (**at == ' ')
		(*at)++;
	for (;; (*at)++) {
		char digit = **at;
		unsigned value = digit >= '0' && digit <= '9'	? (unsigned)(digit - '0')
				 : digit >= 'a' && digit <= 'f' ? (unsigned)(digit - 'a') + 10
								: 99;
		if (value >= base)
			return number;
		number = number * base + value;
	}
}

/* "tfd:        7 events:       19 data:                7  pos:0 ino:..." */
static void lines_read(const char *text, int set, int fd, struct places *places)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		struct epoll_event event = {0};
		line += *line == '\n';
		if (strncmp(line, "tfd:", 4))
			continue;
		line += 4;
		if ((int)digits_read(&line, 10) != fd || strncmp(line, " events:", 8))
			continue;
		line += 8;
		event.events = (uint32_t)digits_read(&line, 16);
		if (strncmp(line, " data:", 6))
			continue;
		line += 6;
		event.data.u64 = digits_read(&line, 16);
		if (places->count < PLACES_MAX)
			places->list[places->count++] = (struct place){set, event};
	}
}

static void set_read(long folder, const char *name, int fd, struct places *places)
{
	const char *digits = name;
	int set = (int)digits_read(&digits, 10);
	long file = *digits ? -1 : raw_syscall(SYS_openat, folder, name, O_RDONLY | O_CLOEXEC, 0);
	char text[8192];
	size_t kept = 0;
	long size;

	if (file < 0)
		return;
	/* line by line, for a set may be large */
	while ((size = raw_syscall(SYS_read, file, text + kept, sizeof(text) - 1 - kept)) > 0) {
		char *last;
		kept += (size_t)size;
		text[kept] = '\0';
		last = strrchr(text, '\n');
		if (!last)
			break;
		*last = '\0';
		lines_read(text, set, fd, places);
		kept -= (size_t)(last + 1 - text);
		memmove(text, last + 1, kept);
	}
	raw_syscall(SYS_close, file);
}

static bool is_set(const char *name)
{
	char path[64] = "/proc/self/fd/", link[32] = "";

	if (name[0] < '0' || name[0] > '9' || strlen(name) > 10)
		return false;
	strcat(path, name);
	return raw_syscall(SYS_readlink, path, link, sizeof(link) - 1) > 0 && !strcmp(link, "anon_inode:[eventpoll]");
}

static void places_find(int fd, struct places *places)
{
	long folder = raw_syscall(SYS_openat, AT_FDCWD, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), size;
	char entries[4096];

	while (folder >= 0 && (size = raw_syscall(SYS_getdents64, folder, entries, sizeof(entries))) > 0)
		for (long at = 0; at < size;) {
			const struct linux_dirent64 *entry = (const void *)(entries + at);
			if (is_set(entry->name))
				set_read(folder, entry->name, fd, places);
			at += entry->size;
		}
	if (folder >= 0)
		raw_syscall(SYS_close, folder);
}

static void limits_copy(int from, int to)
{
	static const int names[] = {SO_RCVTIMEO, SO_SNDTIMEO};
	struct timeval limit;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		socklen_t size = sizeof(limit);
		if (!raw_syscall(SYS_getsockopt, from, SOL_SOCKET, names[i], &limit, &size) &&
		    (limit.tv_sec || limit.tv_usec))
			raw_syscall(SYS_setsockopt, to, SOL_SOCKET, names[i], &limit, size);
	}
}

int socket_replace(int fd, int by)
{
	long status = raw_syscall(SYS_fcntl, fd, F_GETFL), flags = raw_syscall(SYS_fcntl, fd, F_GETFD), rc;
	struct places places = {.count = 0};

	places_find(fd, &places);
	limits_copy(fd, by);
	if (status >= 0)
		raw_syscall(SYS_fcntl, by, F_SETFL, status & (O_NONBLOCK | O_ASYNC));
	rc = raw_syscall(SYS_dup3, by, fd, flags >= 0 && flags & FD_CLOEXEC ? O_CLOEXEC : 0);
	raw_syscall(SYS_close, by);
	for (unsigned i = 0; rc >= 0 && i < places.count; i++)
		raw_syscall(SYS_epoll_ctl, places.list[i].set, EPOLL_CTL_ADD, fd, &places.list[i].event);
	return rc < 0 ? (int)rc : 0;
}
