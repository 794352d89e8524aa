// SPDX-License-Identifier: MIT
/*
 * Filter expressions against the catalogue of this build.
 */
#include <string.h>
#include <criterion/criterion.h>

#include "format/filter.h"

static uint8_t enabled[1024];
static char trouble[160];

static int parse(const char *text)
{
	return filter_parse(text, &catalogue_builtin, enabled, trouble, sizeof(trouble));
}

static bool is_on(const char *name)
{
	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		if (!strcmp(catalogue_builtin.calls[i].name, name))
			return enabled[i];
	cr_assert(false, "the catalogue has no %s", name);
	return false;
}

static unsigned count_on(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		count += enabled[i];
	return count;
}

Test(filter, selects_the_calls_that_are_named)
{
	cr_assert_eq(parse("recv,msgsnd"), 0);
	cr_assert(is_on("recv"));
	cr_assert(is_on("msgsnd"));
	cr_assert_eq(count_on(), 2);
}

Test(filter, selects_whole_families)
{
	cr_assert_eq(parse("%sysv,recv"), 0);
	cr_assert(is_on("semop"));
	cr_assert(is_on("recv"));
	cr_assert_not(is_on("send"));
}

Test(filter, negates_the_whole_list)
{
	cr_assert_eq(parse("!recv,%sysv"), 0);
	cr_assert_not(is_on("recv"));
	cr_assert_not(is_on("semop"));
	cr_assert(is_on("send"));
}

Test(filter, knows_aix_hooks_by_number_and_by_name)
{
	cr_assert_eq(parse("3cc"), 0);
	cr_assert(is_on("msgsnd"));
	cr_assert_eq(count_on(), 1);
	cr_assert_eq(parse("MSGRCV,3D1 SEMOP"), 0);
	cr_assert(is_on("msgrcv"));
	cr_assert(is_on("semop"));
	cr_assert(is_on("semtimedop"));
	cr_assert_eq(count_on(), 3);
}

Test(filter, knows_socket_probes_and_what_they_include)
{
	cr_assert_eq(parse("socket.send"), 0);
	cr_assert(is_on("sendmsg"));
	cr_assert(is_on("writev"));
	cr_assert_not(is_on("recv"));
	cr_assert_eq(parse("!socket.readv.return"), 0);
	cr_assert_not(is_on("readv"));
	cr_assert_eq(count_on(), catalogue_builtin.calls_count - 1u);
}

Test(filter, knows_probes_of_the_syscall_provider)
{
	cr_assert_eq(parse("syscall::recvfrom:entry"), 0);
	cr_assert(is_on("recvfrom"));
	cr_assert_eq(count_on(), 1);
	cr_assert_eq(parse("syscall::msgsys:return,syscall::open64"), 0);
	cr_assert(is_on("msgctl"));
	cr_assert(is_on("open"));
}

Test(filter, takes_patterns_for_names)
{
	cr_assert_eq(parse("msg*"), 0);
	cr_assert(is_on("msgget"));
	cr_assert(is_on("msgctl"));
	cr_assert_eq(count_on(), 4);
	cr_assert_eq(parse("!recv*,epoll_pwait?"), 0);
	cr_assert_not(is_on("recvmmsg"));
	cr_assert_not(is_on("epoll_pwait2"));
	cr_assert(is_on("epoll_pwait"));
	cr_assert_eq(parse("syscall::*stat*,syscall::sem*:entry"), FILTER_E_UNKNOWN);
	cr_assert_eq(parse("syscall::sem*:entry"), 0);
	cr_assert(is_on("semtimedop"));
	cr_assert_not(is_on("sem_wait"));
	cr_assert_eq(parse("nothing*"), FILTER_E_UNKNOWN);
	cr_assert_str_eq(trouble, "unknown call 'nothing*'; see ipctrace calls");
}

Test(filter, says_why_no_call_shows_an_event_of_another_tracer)
{
	cr_assert_eq(parse("recv,3CB"), FILTER_E_UNKNOWN);
	cr_assert(strstr(trouble, "no call shows '3CB MSGSELECT': select() on message queues exists only in AIX"));
	cr_assert_eq(parse("syscall::nothing:entry"), FILTER_E_UNKNOWN);
	cr_assert_eq(parse("3CCC"), FILTER_E_UNKNOWN);
}

Test(filter, takes_the_prefix_that_strace_has)
{
	cr_assert_eq(parse("trace=!recv"), 0);
	cr_assert_eq(count_on(), catalogue_builtin.calls_count - 1);
}

Test(filter, knows_all_and_none)
{
	cr_assert_eq(parse("all"), 0);
	cr_assert_eq(count_on(), catalogue_builtin.calls_count);
	cr_assert_eq(parse("none"), 0);
	cr_assert_eq(count_on(), 0);
	cr_assert_eq(parse("!all"), 0);
	cr_assert_eq(count_on(), 0);
}

Test(filter, says_what_an_unknown_name_may_have_meant)
{
	cr_assert_eq(parse("recv,sendmgs"), FILTER_E_UNKNOWN);
	cr_assert_str_eq(trouble, "unknown call 'sendmgs'; did you mean 'sendmsg'?");
	cr_assert_eq(parse("%sockt"), FILTER_E_UNKNOWN);
	cr_assert_str_eq(trouble, "unknown family '%sockt'; did you mean '%socket'?");
	cr_assert_eq(parse("frobnicate"), FILTER_E_UNKNOWN);
	cr_assert_str_eq(trouble, "unknown call 'frobnicate'; see ipctrace calls");
}

Test(filter, refuses_empty_names_and_endless_ones)
{
	static char endless[5000];

	memset(endless, 'x', sizeof(endless) - 1);
	cr_assert_eq(parse(""), FILTER_E_UNKNOWN);
	cr_assert_eq(parse("recv,"), FILTER_E_UNKNOWN);
	cr_assert_eq(parse("%"), FILTER_E_UNKNOWN);
	cr_assert_eq(parse(endless), FILTER_E_UNKNOWN);
	cr_assert_lt(strlen(trouble), sizeof(trouble));
}
