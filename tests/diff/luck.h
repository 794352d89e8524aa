// SPDX-License-Identifier: MIT
/*
 * Topics of the program `luck` that need more room; each returns an exit status.
 */
#ifndef IPCTRACE_TESTS_DIFF_LUCK_H
#define IPCTRACE_TESTS_DIFF_LUCK_H

/* Two threads and the locks between them. */
int luck_locks(const char *event);

/* Two threads that do the same, and what they share: work, and an allocator. */
int luck_work(const char *event);
int luck_memory(const char *event);
int luck_trim(const char *event);

/* Two threads and what is given to each. */
int luck_own(const char *event);

/* Workers that are given connections. */
int luck_pool(const char *event);

/* A parent and the end of its children. */
int luck_children(const char *event);
int luck_overtaken(const char *event);

/* A parent that hands out jobs. */
int luck_stock(const char *event);
int luck_answers(const char *event);
int luck_shared(const char *event);

/* Ports that are drawn, and ports that are told. */
int luck_ports(const char *event);
int luck_visits(const char *event);

/* What a program wakes itself by, and connections that come and go sooner or later. */
int luck_bell(const char *event);
int luck_left(const char *event);
int luck_farewells(const char *event);
int luck_asked(const char *event);
int luck_served(const char *event);

#endif
