// SPDX-License-Identifier: MIT
/*
 * What identities still know when a recording goes on after a pause: nothing that can have changed unseen.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "reader/identity.h"

static struct identities *identity;
static uint64_t now = 1000;

static void set_up(void)
{
	const struct frame_process process = {
		.pid = 100, .parent = 1, .origin = PROCESS_ROOT, .ticks = 1000, .exe = "/usr/bin/server", .cwd = ""};

	cr_assert(eq(int, identity_new(&identity, &catalogue_builtin), 0));
	cr_assert(eq(int, identity_process(identity, &process), 0));
}

static void tear_down(void)
{
	identity_free(identity);
}

TestSuite(gap, .init = set_up, .fini = tear_down);

/* A call that begins ten ticks after the one before, and lasts for `duration`. */
static void call(const char *name, int64_t result, uint64_t duration, uint64_t a, uint64_t b, uint64_t c)
{
	struct event event = {.catalogue = &catalogue_builtin,
			      .pid = 100,
			      .tid = 100,
			      .enter = now += 10,
			      .duration = duration,
			      .result = result,
			      .args = {a, b, c, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1}};

	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		if (!strcmp(catalogue_builtin.calls[i].name, name))
			event.call = &catalogue_builtin.calls[i];
	cr_assert(eq(int, identity_observe(identity, &event), 0));
}

static void control(enum control_action action, bool is_suspended)
{
	const struct object_control done = {.ticks = now += 10, .action = action, .is_suspended = is_suspended};

	cr_assert(eq(int, identity_control(identity, &done), 0));
}

/* The name of a descriptor, once everything before has taken effect. */
static const char *name_of(uint64_t fd)
{
	struct object *object;

	call("recv", 0, 5, 0, 0, 0);
	object = identity_object(identity, 100, KIND_FD, fd);
	return object ? object_name(object) : "nothing";
}

#define EXPECT_FD(fd, name) cr_expect(eq(str, (char *)name_of(fd), (char *)(name)))

Test(gap, makes_descriptors_and_addresses_unknown)
{
	uint64_t offset;

	call("socket", 3, 5, AF_INET, SOCK_DGRAM, 0);
	call("mmap", 0x10000, 5, 0, 0x4000, PROT_READ);
	EXPECT_FD(3, "udp#0");
	cr_expect(ne(ptr, identity_mapping(identity, 100, 0x10010, &offset), NULL));
	control(CONTROL_STOP, true);
	control(CONTROL_START, false);
	EXPECT_FD(3, "fd 3");
	cr_expect(eq(ptr, identity_mapping(identity, 100, 0x10010, &offset), NULL));
}

Test(gap, lets_what_is_made_afterwards_count_on)
{
	call("socket", 3, 5, AF_INET, SOCK_DGRAM, 0);
	control(CONTROL_STOP, true);
	control(CONTROL_START, false);
	call("socket", 4, 5, AF_INET, SOCK_DGRAM, 0);
	EXPECT_FD(4, "udp#1");
	EXPECT_FD(3, "fd 3");
}

Test(gap, does_not_take_what_a_call_makes_that_returns_after_it)
{
	call("socket", 3, 1000, AF_INET, SOCK_DGRAM, 0);
	control(CONTROL_STOP, true);
	control(CONTROL_START, false);
	now += 2000;
	EXPECT_FD(3, "udp#0");
}

Test(gap, is_where_calls_are_selected_anew_and_not_where_one_is_marked)
{
	call("socket", 3, 5, AF_INET, SOCK_DGRAM, 0);
	control(CONTROL_MARK, false);
	EXPECT_FD(3, "udp#0");
	control(CONTROL_STOP, true);
	control(CONTROL_MARK, true);
	EXPECT_FD(3, "udp#0"); /* of a call that had begun before */
	control(CONTROL_SELECT, false);
	EXPECT_FD(3, "fd 3");
}

Test(gap, leaves_system_v_ids_known)
{
	call("msgget", 65536, 5, 0x1234, 0600, 0);
	control(CONTROL_STOP, true);
	control(CONTROL_START, false);
	call("recv", 0, 5, 0, 0, 0);
	struct object *object = identity_object(identity, 100, KIND_MSQID, 65536);
	cr_assert(ne(ptr, object, NULL));
	cr_expect(eq(str, (char *)object_name(object), "msgq key 0x1234"));
}
