// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "reader/chance.h"

static const struct chance *judge(const char *old, const char *new, bool is_cut)
{
	struct contents contents = {.old = (const uint8_t *)old,
				    .new = (const uint8_t *)new,
				    .old_size = (uint32_t)strlen(old),
				    .new_size = (uint32_t)strlen(new),
				    .is_cut = is_cut,
				    .is_equally_long = strlen(old) == strlen(new),
				    .seconds = {1700000000, 1700000500}};

	return contents_chance(&contents);
}

Test(chance, a_changed_word_is_no_chance)
{
	cr_assert_null(judge("GET / HTTP/1.1\r\n", "GET / HTTP/1.0\r\n", false));
	cr_assert_null(judge("set key value1", "set key value2", false));
	cr_assert_null(judge("short", "longer", false));
}

Test(chance, identifiers_are)
{
	cr_assert_not_null(
		judge("run_id:9f86d081884c7d659a2feaa0c55ad015", "run_id:2c26b46b68ffc68ff99b453c1d304134", false));
	cr_assert_null(judge("run_id:9f86d081884c7d659a2feaa0c55ad015 on", "run_id:2c26b46b68ffc68ff99b453c1d304134 no",
			     false));
}

Test(chance, an_identifier_of_one_run_is_known_by_its_form)
{
	cr_assert_not_null(
		judge("job 4d6338ae-e6e3-11f1-9eda-02fc00000001.", "job 4d8edf54-e6e3-11f1-a8da-02fc00000001.", false));
	cr_assert_null(judge("job 4d6338ae-e6e3-11f1-9eda-02fc00000001 on",
			     "job 4d8edf54-e6e3-11f1-a8da-02fc00000001 no", false));
	cr_assert_null(judge("job 4d6338ae-e6e3-11f1-9eda", "job 4d8edf54-e6e3-11f1-a8da", false));
}

static const struct chance *judge_bytes(const void *old, const void *new, uint32_t size)
{
	struct contents contents = {.old = old,
				    .new = new,
				    .old_size = size,
				    .new_size = size,
				    .is_equally_long = true,
				    .seconds = {1795399871, 1795399901}};

	return contents_chance(&contents);
}

/* Version 1: the first eight bytes are a clock, the two behind them are drawn. */
Test(chance, an_identifier_that_has_a_clock_is_a_time_of_the_run)
{
	uint8_t old[] = "\0\20\x48\xd6\xa6\xb5\xe6\xe3\x11\xf1\xb7\x03\2\374\0\0\0\1 rows",
		new[] = "\0\20\x49\x9a\x6e\xb2\xe6\xe3\x11\xf1\xb9\xa7\2\374\0\0\0\1 rows";

	cr_assert_not_null(judge_bytes(old, new, sizeof(old)));
	new[6] = 0;
	cr_assert_null(judge_bytes(old, new, sizeof(old)));
}

Test(chance, a_string_in_a_message_that_is_other_throughout_is_drawn)
{
	const char old[] = "\5\0CT^Y&PB7\0\376.~Tf&(4nNx7C\0plain", new[] = "\5\0006-{G/U?y\0\376dkjTGD`86G?F\0plain",
		   changed[] = "\5\0CT^Y&PB7\0\376.~Tf&(4nNx7C\0plane",
		   word[] = "\5\0somewhat\0\376.~Tf&(4nNx7C\0plain", other[] = "\5\0elsewise\0\376.~Tf&(4nNx7C\0plain";

	cr_assert_not_null(judge_bytes(old, new, sizeof(old)));
	cr_assert_null(judge_bytes(new, changed, sizeof(old)));
	cr_assert_null(judge_bytes(word, other, sizeof(word)));
}

/* As in a message of netlink: the port of a client, in network order. */
Test(chance, a_port_of_the_kernels_choice_is_one_in_each_run)
{
	const uint8_t old[] = {0, 6, 0, 2, 0, 0x92, 0x24, 0, 6}, new[] = {0, 6, 0, 2, 0, 0x92, 0xa0, 0, 6};
	struct map ports[2] = {{0}, {0}};
	struct contents contents = {.old = old,
				    .new = new,
				    .old_size = sizeof(old),
				    .new_size = sizeof(new),
				    .is_equally_long = true,
				    .ports = {&ports[0], &ports[1]}};

	cr_assert_eq(map_put(&ports[0], 0x9224, (void *)1), 0);
	cr_assert_null(contents_chance(&contents));
	cr_assert_eq(map_put(&ports[1], 0x92a0, (void *)2), 0);
	cr_assert_null(contents_chance(&contents));
	cr_assert_eq(map_put(&ports[1], 0x92a0, (void *)1), 0);
	cr_assert_not_null(contents_chance(&contents));
	map_clear(&ports[0]);
	map_clear(&ports[1]);
}

Test(chance, short_names_are_where_files_are_temporary)
{
	cr_assert_not_null(judge("/tmp/tmp.eK9XyOO0jc\n", "/tmp/tmp.TZDrggtHxb\n", false));
	cr_assert_not_null(judge("open /var/tmp/log-a1B2c3 now", "open /var/tmp/log-x9Y8z7 now", false));
	cr_assert_null(judge("open /var/log/log-a1B2c3 now", "open /var/log/log-x9Y8z7 now", false));
	cr_assert_null(judge("/tmp/first-part", "/tmp/other-part", false));
	cr_assert_null(judge("/tmp/tmp.eK9XyOO0jc on", "/tmp/tmp.TZDrggtHxb no", false));
	cr_assert_null(judge("in /tmp say a1B2c3", "in /tmp say x9Y8z7", false));
}

Test(chance, the_same_in_another_order_is)
{
	cr_assert_not_null(judge("alpha beta gamma delta", "delta gamma beta alpha", false));
}

Test(chance, a_few_bytes_in_another_order_may_be_where_it_is_known_that_there_is_none)
{
	const char *old = "job 1, job 2", *new = "job 2, job 1", *other = "job 2, job 2";
	struct contents contents = {
		.old = (const uint8_t *)old, .new = (const uint8_t *)new, .old_size = 12, .new_size = 12};

	cr_assert(contents_have_same_bytes(&contents));
	cr_assert_null(judge(old, new, false));
	contents.new = (const uint8_t *)other;
	cr_assert_not(contents_have_same_bytes(&contents));
}

Test(chance, two_parts_that_changed_places_are_not)
{
	const char *old = "0045want 1111 side-band\n0032have 2222\n0009done\n",
		   *new = "0032have 2222\n0045want 1111 side-band\n0009done\n";
	struct contents contents = {.old = (const uint8_t *)old,
				    .new = (const uint8_t *)new,
				    .old_size = (uint32_t)strlen(old),
				    .new_size = (uint32_t)strlen(new)};

	cr_assert(contents_are_swapped(&contents));
	cr_assert_null(judge(old, new, false));
}

/* Ninety bytes, whole, or with the last forty in a frame of their own; sizes in hexadecimal, and a byte for the sort.
 */
static bool is_reframed(const char *first, const char *second, const char *third)
{
	char data[91], old[200], new[200];

	for (int i = 0; i < 90; i++)
		data[i] = (char)('A' + i * i % 23);
	data[90] = 0;
	int old_size = snprintf(old, sizeof(old), "%s#%s", first, data);
	int new_size = snprintf(new, sizeof(new), "%s#%.50s%s#%s", second, data, third, data + 50);
	struct contents contents = {.old = (const uint8_t *)old,
				    .new = (const uint8_t *)new,
				    .old_size = (uint32_t)old_size,
				    .new_size = (uint32_t)new_size};
	return contents_are_reframed(&contents);
}

Test(chance, the_same_in_other_frames_is_known_by_their_sizes)
{
	cr_assert(is_reframed("005f", "0037", "002d"));
	cr_assert_not(is_reframed("005f", "0077", "002d"));
	cr_assert_not(is_reframed("005f", "0037", "7777"));
	const char *old = "GET /large HTTP/1.0\r\nHost: here\r\n\r\n",
		   *new = "GET /large HTTP/1.0\r\nHost: qere\r\n\r\n";
	struct contents request = {
		.old = (const uint8_t *)old, .new = (const uint8_t *)new, .old_size = 37, .new_size = 37};
	cr_assert_not(contents_are_reframed(&request));
}

/* "0" is nearly as far as it is to the end. */
Test(chance, one_piece_less_is_no_other_frame)
{
	const char *old = "client 4 turn 0\n", *new = "client 4";
	struct contents contents = {
		.old = (const uint8_t *)old, .new = (const uint8_t *)new, .old_size = 16, .new_size = 8};

	cr_assert_not(contents_are_reframed(&contents));
	contents = (struct contents){.old = (const uint8_t *)"version 32.0 speaks sha512 and md5, to you",
				     .new = (const uint8_t *)"version 3.0 speaks sha512 and md5, to you",
				     .old_size = 42,
				     .new_size = 41};
	cr_assert_not(contents_are_reframed(&contents));
}

Test(chance, an_empty_frame_more_is_no_other_frame)
{
	cr_assert(is_reframed("005f", "0037", "002d"));
	cr_assert_not(is_reframed("005f", "0037", "002d#0000"));
	cr_assert_not(is_reframed("00005f", "0037", "002d"));
}

Test(chance, a_time_in_a_message_that_is_no_text_is)
{
	uint32_t old[3] = {7, 1700000001, 9}, new[3] = {7, 1700000400, 9};
	struct contents contents = {.old = (const uint8_t *)old,
				    .new = (const uint8_t *)new,
				    .old_size = 12,
				    .new_size = 12,
				    .is_equally_long = true,
				    .seconds = {1700000000, 1700000500}};

	cr_assert_not_null(contents_chance(&contents));
	new[1] = 5;
	cr_assert_null(contents_chance(&contents));
}

/* A time, twenty bytes that are the same, and a checksum. */
Test(chance, a_time_excuses_a_checksum_and_not_another_byte)
{
	uint32_t old[8] = {1700000001, 1, 2, 3, 4, 5, 0x9ac01e44, 77},
		 new[8] = {1700000400, 1, 2, 3, 4, 5, 0x11fe77b2, 77};
	struct contents contents = {.old = (const uint8_t *)old,
				    .new = (const uint8_t *)new,
				    .old_size = 32,
				    .new_size = 32,
				    .is_equally_long = true,
				    .seconds = {1700000000, 1700000500}};

	cr_assert_not_null(contents_chance(&contents));
	new[6] = old[6] + 1;
	cr_assert_null(contents_chance(&contents));
}

/* The last of its four bytes is 0 in both by chance, and two of the others are letters. */
Test(chance, a_drawn_word_may_have_letters_and_a_zero)
{
	const uint8_t old[] = {0, 0, 0, 42, 0x10, 0xcd, 0xd8, 0, 0, 0, 2, 0},
		      new[] = {0, 0, 0, 42, '8', 'K', 0x11, 0, 0, 0, 2, 0};
	struct contents contents = {
		.old = old, .new = new, .old_size = sizeof(old), .new_size = sizeof(new), .is_equally_long = true};

	cr_assert_not_null(contents_chance(&contents));
	const uint8_t text[] = {0, 0, 0, 42, '[', 'T', 'E', 'x', 0, 0, 2, 0},
		      other[] = {0, 0, 0, 42, 'q', 'u', 'i', 't', 0, 0, 2, 0};
	contents.new = text;
	cr_assert_not_null(contents_chance(&contents));
	contents.old = other;
	cr_assert_null(contents_chance(&contents));
	contents.old = old;
	const uint8_t moved[] = {0, 0, 0, 42, 0xd8, 0x10, 0xcd, 0, 0, 0, 2, 0};
	contents.new = moved;
	cr_assert_null(contents_chance(&contents));
}

Test(chance, one_byte_of_a_long_payload_is_not)
{
	char old[200], new[200];

	memset(old, 'a', 199);
	old[199] = 0;
	memcpy(new, old, 200);
	new[100] = 'b';
	cr_assert_null(judge(old, new, true));
}

Test(chance, paths_that_differ_in_a_drawn_word_are)
{
	cr_assert(texts_are_chance("\"/tmp/x_Ab3dE9\"", "\"/tmp/x_Zk2pQ7\""));
	cr_assert_not(texts_are_chance("\"/etc/passwd\"", "\"/etc/shadow\""));
	cr_assert_not(texts_are_chance("\"/tmp/x_Ab3dE9\"", "\"/tmp/x_Ab3dE9\""));
}
