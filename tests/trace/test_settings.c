// SPDX-License-Identifier: MIT
/*
 * The table of settings: values taken and refused, by option and by variable.
 */
#include <stdlib.h>
#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "format/live_read.h"
#include "trace/settings.h"

static struct trace_settings settings;

static void start(void)
{
	settings = settings_default();
}

TestSuite(settings, .init = start);

static int set(enum setting setting, const char *value)
{
	return setting_specs[setting].set(&settings, value);
}

Test(settings, have_defaults_that_lose_nothing)
{
	cr_assert_eq(settings.full_policy, FULL_WAIT);
	cr_assert_eq(settings.payload_limit, 64);
	cr_assert_eq(settings.stack_depth, 0);
	cr_assert_eq(settings.size_limit, 0);
	cr_assert_str_eq(settings.filter, "all");
}

Test(settings, understand_units)
{
	cr_assert_eq(set(SETTING_SIZE, "10M"), 0);
	cr_assert_eq(settings.size_limit, 10u << 20);
	cr_assert_eq(set(SETTING_SIZE, "2g"), 0);
	cr_assert_eq(settings.size_limit, 2ull << 30);
	cr_assert_eq(set(SETTING_PAYLOAD, "0"), 0);
	cr_assert_eq(settings.payload_limit, 0);
}

Test(settings, refuse_what_is_no_number_or_out_of_bounds)
{
	static const char *const wrong[] = {"", "x", "-1", "1X", "1KK", "0x10", "99999999999999999999", "1K"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_gt(set(SETTING_SIZE, wrong[i]), 0, "'%s' was taken", wrong[i]);
	cr_assert_gt(set(SETTING_PAYLOAD, "2M"), 0);
	cr_assert_gt(set(SETTING_STACKS, "1000"), 0);
	cr_assert_gt(set(SETTING_BUFFER, "1K"), 0);
}

Test(settings, make_rings_powers_of_two_that_hold_the_payload)
{
	cr_assert_eq(set(SETTING_BUFFER, "100000"), 0);
	cr_assert_eq(settings.ring_size, 128u << 10);
	cr_assert_eq(set(SETTING_PAYLOAD, "1M"), 0);
	cr_assert_eq(settings.ring_size, LIVE_RING_MAX);
	cr_assert_eq(set(SETTING_BUFFER, "64K"), 0);
	cr_assert_eq(settings.ring_size, LIVE_RING_MAX);
}

Test(settings, take_stacks_with_and_without_a_depth)
{
	cr_assert_eq(set(SETTING_STACKS, NULL), 0);
	cr_assert_eq(settings.stack_depth, STACK_DEFAULT);
	cr_assert_eq(set(SETTING_STACKS, "4"), 0);
	cr_assert_eq(settings.stack_depth, 4);
}

Test(settings, know_the_policies_by_name)
{
	cr_assert_eq(set(SETTING_ON_FULL, "overwrite"), 0);
	cr_assert_eq(settings.full_policy, FULL_OVERWRITE);
	cr_assert_gt(set(SETTING_ON_FULL, "panic"), 0);
}

Test(settings, come_from_the_environment_by_the_same_table)
{
	setenv("IPCTRACE_OUTPUT", "/tmp/x.ipct", 1);
	setenv("IPCTRACE_PAYLOAD", "128", 1);
	setenv("IPCTRACE_ON_FULL", "drop", 1);
	setenv("IPCTRACE_SIZE", "", 1);
	cr_assert_eq(settings_from_environment(&settings), 0);
	cr_assert_str_eq(settings.output, "/tmp/x.ipct");
	cr_assert_eq(settings.payload_limit, 128);
	cr_assert_eq(settings.full_policy, FULL_DROP);
}

Test(settings, name_the_variable_that_is_wrong)
{
	cr_redirect_stderr();
	setenv("IPCTRACE_SIZE", "huge", 1);
	cr_assert_lt(settings_from_environment(&settings), 0);
	fflush(stderr);
	cr_assert_stderr_eq_str("ipctrace: IPCTRACE_SIZE: invalid value 'huge': expected BYTES\n");
}

Test(settings, refuse_a_filter_of_unknown_calls)
{
	cr_redirect_stderr();
	cr_assert_lt(set(SETTING_FILTER, "recvv"), 0);
	fflush(stderr);
	cr_assert_stderr_eq_str("ipctrace: filter 'recvv': unknown call 'recvv'; did you mean 'recv'?\n");
}
