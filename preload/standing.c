// SPDX-License-Identifier: MIT
/* See standing.h. Makes the system calls of the dynamic linker and no other; there is no libc yet. */
#include <fcntl.h>
#include <stddef.h>

#include "preload/standing.h"
#include "trace/raw.h"

#define STATUS_SIZE 4096 /* it has about 1,500 bytes */

/* The last number of its line: of numbers in nested namespaces that is our own, of user numbers any will do. */
static uint32_t number_last(const char *text)
{
	uint32_t number = 0;

	for (; *text && *text != '\n'; text++) {
		if (*text >= '0' && *text <= '9')
			number = number * 10 + (uint32_t)(*text - '0');
		else if (text[1] >= '0' && text[1] <= '9')
			number = 0;
	}
	return number;
}

/* What follows `name` at the start of a line; NULL when there is no such line. */
static const char *line_find(const char *text, const char *name)
{
	while (*text) {
		const char *letter = name;
		while (*letter && *text == *letter)
			text++, letter++;
		if (!*letter)
			return text;
		while (*text && *text++ != '\n')
			;
	}
	return NULL;
}

void standing_read(struct standing *standing)
{
	char text[STATUS_SIZE];
	uint32_t numbers[4] = {0};
	static const char *const names[4] = {"NSpid:", "PPid:", "Uid:", "Seccomp:"};
	long fd = raw_syscall(SYS_openat, AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC);
	long size = fd < 0 ? 0 : raw_syscall(SYS_read, fd, text, sizeof(text) - 1);

	if (fd >= 0)
		raw_syscall(SYS_close, fd);
	text[size > 0 ? size : 0] = 0;
	for (unsigned i = 0; i < 4; i++) {
		const char *value = line_find(text, names[i]);
		if (value)
			numbers[i] = number_last(value);
	}
	*standing = (struct standing){numbers[0], numbers[1], numbers[2], numbers[3] != 0};
}
