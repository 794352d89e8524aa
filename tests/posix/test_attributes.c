// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/posix/events.h"

Test(attributes, have_the_defaults_of_the_standard)
{
	trace_attr_t attr;
	struct timespec resolution;
	char name[TRACE_NAME_MAX];
	int policy;

	cr_assert_eq(posix_trace_attr_init(&attr), 0);
	cr_assert_eq(posix_trace_attr_getinherited(&attr, &policy), 0);
	cr_assert_eq(policy, POSIX_TRACE_CLOSE_FOR_CHILD);
	cr_assert_eq(posix_trace_attr_getlogfullpolicy(&attr, &policy), 0);
	cr_assert_eq(policy, POSIX_TRACE_LOOP);
	cr_assert_eq(posix_trace_attr_getstreamfullpolicy(&attr, &policy), 0);
	cr_assert_eq(policy, POSIX_TRACE_LOOP);
	cr_assert_eq(posix_trace_attr_getname(&attr, name), 0);
	cr_assert_str_empty(name);
	cr_assert_eq(posix_trace_attr_getgenversion(&attr, name), 0);
	cr_assert_eq(strncmp(name, "ipctrace ", 9), 0);
	cr_assert_eq(posix_trace_attr_getclockres(&attr, &resolution), 0);
	cr_assert_eq(resolution.tv_sec, 0);
	cr_assert_eq(resolution.tv_nsec, 1);
}

Test(attributes, of_a_stream_have_the_default_that_fits_it)
{
	trace_attr_t attr;
	int policy, fd;
	trace_id_t plain = stream_create(NULL), logged = stream_create_withlog(NULL, &fd);

	cr_assert_eq(posix_trace_get_attr(plain, &attr), 0);
	cr_assert_eq(posix_trace_attr_getstreamfullpolicy(&attr, &policy), 0);
	cr_assert_eq(policy, POSIX_TRACE_LOOP);
	cr_assert_eq(posix_trace_get_attr(logged, &attr), 0);
	cr_assert_eq(posix_trace_attr_getstreamfullpolicy(&attr, &policy), 0);
	cr_assert_eq(policy, POSIX_TRACE_FLUSH);
	cr_assert_eq(posix_trace_shutdown(plain), 0);
	cr_assert_eq(posix_trace_shutdown(logged), 0);
}

Test(attributes, are_what_they_were_set_to)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, POSIX_TRACE_APPEND, 12345);
	char name[TRACE_NAME_MAX];
	size_t size;
	int policy;

	cr_assert_eq(posix_trace_attr_setinherited(&attr, POSIX_TRACE_INHERITED), 0);
	cr_assert_eq(posix_trace_attr_setname(&attr, "orders"), 0);
	cr_assert_eq(posix_trace_attr_setmaxdatasize(&attr, 77), 0);
	cr_assert_eq(posix_trace_attr_setlogsize(&attr, 99999), 0);
	trace_id_t trid = stream_create(&attr);
	memset(&attr, 0, sizeof(attr));
	cr_assert_eq(posix_trace_get_attr(trid, &attr), 0);
	cr_assert_eq(posix_trace_attr_getinherited(&attr, &policy), 0);
	cr_assert_eq(policy, POSIX_TRACE_INHERITED);
	cr_assert_eq(posix_trace_attr_getstreamfullpolicy(&attr, &policy), 0);
	cr_assert_eq(policy, POSIX_TRACE_UNTIL_FULL);
	cr_assert_eq(posix_trace_attr_getlogfullpolicy(&attr, &policy), 0);
	cr_assert_eq(policy, POSIX_TRACE_APPEND);
	cr_assert_eq(posix_trace_attr_getname(&attr, name), 0);
	cr_assert_str_eq(name, "orders");
	cr_assert_eq(posix_trace_attr_getstreamsize(&attr, &size), 0);
	cr_assert_eq(size, 12345);
	cr_assert_eq(posix_trace_attr_getmaxdatasize(&attr, &size), 0);
	cr_assert_eq(size, 77);
	cr_assert_eq(posix_trace_attr_getlogsize(&attr, &size), 0);
	cr_assert_eq(size, 99999);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(attributes, changed_later_do_not_change_a_stream)
{
	trace_attr_t attr = attributes_make(0, 0, 0);
	char name[TRACE_NAME_MAX];

	cr_assert_eq(posix_trace_attr_setname(&attr, "before"), 0);
	trace_id_t trid = stream_create(&attr);
	cr_assert_eq(posix_trace_attr_setname(&attr, "after"), 0);
	cr_assert_eq(posix_trace_attr_destroy(&attr), 0);
	cr_assert_eq(posix_trace_get_attr(trid, &attr), 0);
	cr_assert_eq(posix_trace_attr_getname(&attr, name), 0);
	cr_assert_str_eq(name, "before");
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(attributes, cut_a_name_that_is_too_long)
{
	trace_attr_t attr = attributes_make(0, 0, 0);
	char given[TRACE_NAME_MAX + 20], name[TRACE_NAME_MAX + 1];

	memset(given, 'n', sizeof(given));
	given[sizeof(given) - 1] = '\0';
	name[TRACE_NAME_MAX] = '!';
	cr_assert_eq(posix_trace_attr_setname(&attr, given), 0);
	cr_assert_eq(posix_trace_attr_getname(&attr, name), 0);
	cr_assert_eq(strlen(name), TRACE_NAME_MAX - 1);
	cr_assert_eq(name[TRACE_NAME_MAX], '!');
}

Test(attributes, know_when_their_stream_was_created)
{
	struct timespec before, created, after;
	trace_attr_t attr;

	clock_gettime(CLOCK_REALTIME, &before);
	trace_id_t trid = stream_create(NULL);
	clock_gettime(CLOCK_REALTIME, &after);
	cr_assert_eq(posix_trace_get_attr(trid, &attr), 0);
	cr_assert_eq(posix_trace_attr_getcreatetime(&attr, &created), 0);
	int64_t at = created.tv_sec * 1000000000ll + created.tv_nsec;
	cr_assert_geq(at, before.tv_sec * 1000000000ll + before.tv_nsec);
	cr_assert_leq(at, after.tv_sec * 1000000000ll + after.tv_nsec);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(attributes, refuse_what_is_no_policy)
{
	trace_attr_t attr = attributes_make(0, 0, 0);

	cr_assert_eq(posix_trace_attr_setinherited(&attr, 77), EINVAL);
	cr_assert_eq(posix_trace_attr_setlogfullpolicy(&attr, POSIX_TRACE_FLUSH), EINVAL);
	cr_assert_eq(posix_trace_attr_setstreamfullpolicy(&attr, POSIX_TRACE_APPEND), EINVAL);
	cr_assert_eq(posix_trace_attr_setstreamfullpolicy(&attr, -1), EINVAL);
	cr_assert_eq(posix_trace_attr_setstreamsize(&attr, 0), EINVAL);
	cr_assert_eq(posix_trace_attr_setmaxdatasize(&attr, (size_t)-1), EINVAL);
}

Test(attributes, that_were_destroyed_are_invalid)
{
	trace_attr_t attr = attributes_make(0, 0, 0);
	trace_id_t trid;
	size_t size;

	cr_assert_eq(posix_trace_attr_destroy(&attr), 0);
	cr_assert_eq(posix_trace_attr_destroy(&attr), EINVAL);
	cr_assert_eq(posix_trace_attr_getstreamsize(&attr, &size), EINVAL);
	cr_assert_eq(posix_trace_attr_setstreamsize(&attr, 4096), EINVAL);
	cr_assert_eq(posix_trace_create(0, &attr, &trid), EINVAL);
	cr_assert_eq(posix_trace_attr_init(&attr), 0);
	cr_assert_eq(posix_trace_attr_getstreamsize(&attr, &size), 0);
}

Test(attributes, say_how_large_an_event_is)
{
	trace_attr_t attr = attributes_make(0, 0, 0);
	size_t empty, some, cut, most;

	cr_assert_eq(posix_trace_attr_setmaxdatasize(&attr, 100), 0);
	cr_assert_eq(posix_trace_attr_getmaxusereventsize(&attr, 0, &empty), 0);
	cr_assert_eq(posix_trace_attr_getmaxusereventsize(&attr, 100, &some), 0);
	cr_assert_eq(posix_trace_attr_getmaxusereventsize(&attr, 1000000, &cut), 0);
	cr_assert_geq(some, empty + 100);
	cr_assert_eq(cut, some);
	cr_assert_eq(posix_trace_attr_getmaxsystemeventsize(&attr, &most), 0);
	cr_assert_gt(most, 2 * sizeof(trace_event_set_t));
}
