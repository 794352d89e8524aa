// SPDX-License-Identifier: MIT
/*
 * What other tracers call their events, and which calls here show the same: AIX trace hooks, SystemTap's socket probes,
 * DTrace's syscall provider, POSIX trace. The table is generated from catalogue/seeds.list. Knows no filter and no log.
 */
#ifndef IPCTRACE_FORMAT_FOREIGN_H
#define IPCTRACE_FORMAT_FOREIGN_H

#include <stddef.h>

struct foreign_name {
	const char *tracer; /* "AIX trace hooks 3C5 to 3E2" */
	const char *name;   /* "3CC MSGSND", "socket.send", "syscall::msgsys" */
	const char *calls;  /* names from the catalogue with commas between, "" when none shows it */
	const char *remark; /* what is the same and what is not */
};

extern const struct foreign_name foreign_names[];
extern const unsigned foreign_names_count;

/*
 * What the `size` bytes at `word` name, or NULL: either half of a hook's name or all of it (3CC, MSGSND), in letters of
 * any case; a probe with or without :entry and :return behind it.
 */
const struct foreign_name *foreign_find(const char *word, size_t size);

/* How much of a word is left without :entry or :return behind it. */
size_t foreign_stem(const char *word, size_t size);

#endif
