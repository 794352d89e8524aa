// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "reader/canon_mask.h"

#define NOW 1700000000u

static struct mask make_mask(void)
{
	struct mask mask = {.second = NOW};

	cr_assert_eq(mask_add_pid(&mask, 4711), 0);
	cr_assert_eq(mask_add_port(&mask, 40123, true), 0);
	cr_assert_eq(mask_add_port(&mask, 50999, false), 0);
	cr_assert_eq(mask_add_port(&mask, 80, true), 0);
	return mask;
}

static void expect_masked(const char *text, const char *expected)
{
	struct mask mask = make_mask();
	struct text out = {0};
	bool replaced = mask_bytes(&mask, (const uint8_t *)text, strlen(text), &out);

	cr_assert_str_eq(text_string(&out), expected);
	cr_assert_eq(replaced, strcmp(text, expected) != 0);
	text_free(&out);
	mask_clear(&mask);
}

Test(mask, times_are_masked_however_they_are_written)
{
	expect_masked("Date: Sat, 22 Nov 2025 13:44:00 GMT\r\n", "Date: <time>\r\n");
	expect_masked("[22/Nov/2025:13:44:00 +0000]", "[<time>]");
	expect_masked("2025-11-22T13:44:00.123Z x", "<time> x");
	expect_masked("2025/11/22 13:44:00 [error]", "<time> [error]");
	expect_masked("Sat Nov 22 13:44:00 2025", "<time>");
	expect_masked("write=0.009 s, sync=12.5ms", "write=<time>, sync=<time>");
	expect_masked("at 1700000123.5", "at <time>.5");
	expect_masked("started Mon Nov 23 2026 at 02:11:16 (UTC)", "started <time> at <time> (UTC)");
}

Test(mask, what_is_written_with_colons_and_is_no_time_of_day_stays)
{
	expect_masked("52:54:00:12:34:56", "52:54:00:12:34:56");
	expect_masked("24:00:00 and 12:60:00 and 112:34:56", "24:00:00 and 12:60:00 and 112:34:56");
}

Test(mask, a_number_that_is_said_to_be_a_pid_is_one)
{
	expect_masked("pid=1234567, uid=1234567", "pid=<pid>, uid=1234567");
	expect_masked("\"Pid\": 12 of rapid 12", "\"Pid\": <pid> of rapid 12");
}

Test(mask, a_time_without_signs_is_masked_when_it_is_about_that_of_the_trace)
{
	expect_masked("20231114221500Z and 20231114221500.941234Z#000", "<time> and <time>#000");
	expect_masked("20131114221500Z and 20231314221500", "20131114221500Z and 20231314221500");
}

Test(mask, a_port_is_known_in_an_address_as_ftp_writes_it)
{
	expect_masked("(127,0,0,1,156,187).", "(127,0,0,1,<port 1>).");
	expect_masked("(127,0,0,1,156,188).", "(127,0,0,1,156,188).");
	expect_masked("127,0,0,1,156", "127,0,0,1,156");
	expect_masked("127,0,0,256,156,187", "127,0,0,256,156,187");
}

Test(mask, pids_and_ports_are_masked_and_other_numbers_are_not)
{
	expect_masked("4711:M started", "<pid>:M started");
	expect_masked("14711 47112", "14711 47112");
	expect_masked("127.0.0.1:40123 from 50999", "127.0.0.1:<port 1> from <port>");
	expect_masked("port 80, 8080 and 0", "port 80, 8080 and 0");
}

Test(mask, plain_text_stays)
{
	expect_masked("hello 12:30, version 1.2.3-4", "hello 12:30, version 1.2.3-4");
	expect_masked("", "");
}

Test(mask, ports_are_known_by_their_order_and_not_by_their_number)
{
	struct mask a = {0}, b = {0};

	cr_assert_eq(mask_add_port(&a, 7001, true), 0);
	cr_assert_eq(mask_add_port(&a, 7002, true), 0);
	cr_assert_eq(mask_add_port(&b, 8055, true), 0);
	cr_assert_eq(mask_add_port(&b, 9000, true), 0);
	cr_assert_eq(mask_port(&a, 7001), mask_port(&b, 8055));
	cr_assert_eq(mask_port(&a, 7002), mask_port(&b, 9000));
	cr_assert_neq(mask_port(&a, 7001), mask_port(&a, 7002));
	cr_assert_eq(mask_port(&a, 443), 443);
	cr_assert_eq(mask_port(&a, 33333), 0);
	mask_clear(&a);
	mask_clear(&b);
}

static void expect_chance(const char *text, const char *expected)
{
	struct text out = {0};

	mask_chance(text, &out);
	cr_assert_str_eq(text_string(&out), expected);
	text_free(&out);
}

Test(mask, names_drawn_by_lot_are_recognised_and_others_left)
{
	expect_chance("/tmp/tmp_pack_1xH5bk", "/tmp/tmp_pack_<chance>");
	expect_chance("/PostgreSQL.3157918804", "/PostgreSQL.<chance>");
	expect_chance("/etc/resolv.conf", "/etc/resolv.conf");
	expect_chance("/usr/lib/python3.11/socket.py", "/usr/lib/python3.11/socket.py");
}
