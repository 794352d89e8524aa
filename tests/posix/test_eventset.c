// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "tests/posix/events.h"

static bool has(const trace_event_set_t *set, trace_event_id_t event)
{
	int is_member;

	cr_assert_eq(posix_trace_eventset_ismember(event, set, &is_member), 0);
	return is_member;
}

Test(eventset, holds_what_was_added_and_not_deleted)
{
	trace_event_set_t set;

	cr_assert_eq(posix_trace_eventset_empty(&set), 0);
	cr_assert_not(has(&set, POSIX_TRACE_START));
	cr_assert_eq(posix_trace_eventset_add(POSIX_TRACE_START, &set), 0);
	cr_assert_eq(posix_trace_eventset_add(POSIX_TRACE_START, &set), 0);
	cr_assert(has(&set, POSIX_TRACE_START));
	cr_assert_not(has(&set, POSIX_TRACE_STOP));
	cr_assert_eq(posix_trace_eventset_del(POSIX_TRACE_START, &set), 0);
	cr_assert_eq(posix_trace_eventset_del(POSIX_TRACE_START, &set), 0);
	cr_assert_not(has(&set, POSIX_TRACE_START));
}

Test(eventset, is_filled_with_system_events_or_all)
{
	trace_event_set_t set;
	trace_event_id_t user = event_open("eventset.user");

	cr_assert_eq(posix_trace_eventset_fill(&set, POSIX_TRACE_SYSTEM_EVENTS), 0);
	for (trace_event_id_t id = POSIX_TRACE_ERROR; id <= POSIX_TRACE_FLUSH_STOP; id++)
		cr_assert(has(&set, id));
	cr_assert_not(has(&set, user));
	cr_assert_not(has(&set, POSIX_TRACE_UNNAMED_USER_EVENT));
	cr_assert_eq(posix_trace_eventset_fill(&set, POSIX_TRACE_ALL_EVENTS), 0);
	cr_assert(has(&set, user));
	cr_assert(has(&set, POSIX_TRACE_UNNAMED_USER_EVENT));
	cr_assert(has(&set, POSIX_TRACE_FILTER));
	cr_assert_eq(posix_trace_eventset_fill(&set, POSIX_TRACE_WOPID_EVENTS), 0);
	cr_assert_not(has(&set, user));
	cr_assert_not(has(&set, POSIX_TRACE_START));
}

Test(eventset, refuses_numbers_that_are_no_event)
{
	trace_event_set_t set;
	int is_member;

	cr_assert_eq(posix_trace_eventset_empty(&set), 0);
	cr_assert_eq(posix_trace_eventset_add(0, &set), EINVAL);
	cr_assert_eq(posix_trace_eventset_add(1000000, &set), EINVAL);
	cr_assert_eq(posix_trace_eventset_del((trace_event_id_t)-1, &set), EINVAL);
	cr_assert_eq(posix_trace_eventset_ismember(1000000, &set, &is_member), EINVAL);
	cr_assert_eq(posix_trace_eventset_fill(&set, 77), EINVAL);
}

Test(name, is_the_same_number_each_time_and_no_other_name_s)
{
	trace_event_id_t one = event_open("one"), two = event_open("two");
	trace_id_t trid = stream_create(NULL);
	trace_event_id_t again;
	char name[TRACE_EVENT_NAME_MAX + 1];

	cr_assert_eq(event_open("one"), one);
	cr_assert_eq(posix_trace_eventid_equal(trid, one, two), 0);
	cr_assert_neq(posix_trace_eventid_equal(trid, one, one), 0);
	cr_assert_eq(posix_trace_trid_eventid_open(trid, "two", &again), 0);
	cr_assert_eq(again, two);
	cr_assert_eq(posix_trace_eventid_get_name(trid, two, name), 0);
	cr_assert_str_eq(name, "two");
	cr_assert_eq(posix_trace_eventid_get_name(trid, 200, name), EINVAL);
	cr_assert_eq(posix_trace_eventid_get_name(12345, two, name), EINVAL);
	cr_assert_eq(posix_trace_trid_eventid_open(12345, "two", &again), EINVAL);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(name, may_be_so_long_and_no_longer)
{
	char name[TRACE_EVENT_NAME_MAX + 2], back[TRACE_EVENT_NAME_MAX + 1];
	trace_event_id_t event;
	trace_id_t trid = stream_create(NULL);

	for (int i = 0; i <= TRACE_EVENT_NAME_MAX; i++)
		name[i] = 'a';
	name[TRACE_EVENT_NAME_MAX + 1] = '\0';
	cr_assert_eq(posix_trace_eventid_open(name, &event), ENAMETOOLONG);
	cr_assert_eq(posix_trace_trid_eventid_open(trid, name, &event), ENAMETOOLONG);
	name[TRACE_EVENT_NAME_MAX] = '\0';
	cr_assert_eq(posix_trace_eventid_open(name, &event), 0);
	cr_assert_eq(posix_trace_eventid_get_name(trid, event, back), 0);
	cr_assert_str_eq(back, name);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(name, is_the_unnamed_event_when_there_are_too_many)
{
	trace_event_id_t event = 0, before;
	char name[16];
	int different = 0;

	for (int i = 0; i < TRACE_USER_EVENT_MAX + 10; i++) {
		before = event;
		snprintf(name, sizeof(name), "n%d", i);
		event = event_open(name);
		different += event != before && event != POSIX_TRACE_UNNAMED_USER_EVENT;
	}
	cr_assert_eq(different, TRACE_USER_EVENT_MAX - 1);
	cr_assert_eq(event, POSIX_TRACE_UNNAMED_USER_EVENT);
	cr_assert_neq(event_open("n0"), POSIX_TRACE_UNNAMED_USER_EVENT);
}

Test(name, list_has_the_predefined_and_the_opened_ones)
{
	trace_event_id_t mine = event_open("listed"), event;
	trace_id_t trid = stream_create(NULL);
	int unavailable = 0, seen = 0, predefined = 0, first = 0;

	for (;;) {
		cr_assert_eq(posix_trace_eventtypelist_getnext_id(trid, &event, &unavailable), 0);
		if (unavailable)
			break;
		first = first ? first : (int)event;
		seen += event == mine;
		predefined += event <= POSIX_TRACE_UNNAMED_USER_EVENT;
	}
	cr_assert_eq(seen, 1);
	cr_assert_eq(predefined, 9);
	cr_assert_eq(posix_trace_eventtypelist_rewind(trid), 0);
	cr_assert_eq(posix_trace_eventtypelist_getnext_id(trid, &event, &unavailable), 0);
	cr_assert_eq((int)event, first);
	cr_assert_eq(posix_trace_eventtypelist_rewind(trid + 1), EINVAL);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}
