// SPDX-License-Identifier: MIT
/*
 * Events made by hand for the tests of identities, one after the other: begun by CALL(), completed by add_...(), and
 * seen by the identities at act().
 */
#ifndef IPCTRACE_TESTS_IDENTITY_MAKER_H
#define IPCTRACE_TESTS_IDENTITY_MAKER_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "reader/identity.h"

/* The event under construction. */
extern struct event event;

/* Who acts, and when. */
extern struct identities *identity;
extern uint32_t pid, tid;
extern uint64_t now;

void begin_process(uint32_t origin, uint32_t new_pid, uint32_t parent, const char *exe, const struct frame_open_fd *fds,
		   uint32_t fds_count);
void begin_thread(uint32_t new_tid, uint32_t creator, uint32_t ordinal);
void set_up(void);
void tear_down(void);

/* Begins an event; items are added to it before act(). Ten ticks later than the one before, and five ticks long. */
void call(const char *name, int64_t result, size_t argc, const uint64_t *args);

/* Adds what stands behind argument `arg`. */
void add_item(uint8_t arg, enum item_form form, const void *content, size_t size);
void add_inet(enum item_form form, const char *ip, uint16_t port);
void add_unix(enum item_form form, const char *path);
void add_string(uint8_t arg, const char *string);
void add_rights(uint8_t arg, int fd);

/* The event is seen: it succeeded, or failed. */
void act(void);
void act_failing(uint16_t error);

/* A call of no consequence, by which everything before it has taken effect. */
void settle(void);

/* What is said of it now. */
const char *name_of(enum kind kind, uint64_t value);

/* Whole acts. */
void make_socket(int fd, int family, int type);
void make_client(int fd, const char *ip, uint16_t port, uint16_t local);
void make_listener(int fd, const char *ip, uint16_t port);
void make_accepted(int listener, int fd, const char *ip, uint16_t port);

#define CALL(name, result, ...) \
	call(name, result, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), (uint64_t[]){__VA_ARGS__})

#define EXPECT_NAME(kind, value, name) cr_expect(eq(str, (char *)name_of(kind, value), (char *)(name)))

#define EXPECT_FD(fd, name) EXPECT_NAME(KIND_FD, fd, name)

#endif
