// SPDX-License-Identifier: MIT
/*
 * Which way bytes go, read off the rows of the real catalogue.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "reader/flow.h"

static const struct call_spec *find_call(const char *name)
{
	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		if (!strcmp(catalogue_builtin.calls[i].name, name))
			return &catalogue_builtin.calls[i];
	cr_assert(false, "no call %s", name);
	return NULL;
}

Test(flow, knows_what_is_sent_and_what_received)
{
	static const struct {
		const char *name;
		enum flow_direction direction;
		enum flow_bytes bytes;
	} rows[] = {
		{"send", FLOW_SENT, FLOW_BYTES_RESULT},	     {"recv", FLOW_RECEIVED, FLOW_BYTES_RESULT},
		{"writev", FLOW_SENT, FLOW_BYTES_RESULT},    {"readv", FLOW_RECEIVED, FLOW_BYTES_RESULT},
		{"sendmsg", FLOW_SENT, FLOW_BYTES_RESULT},   {"recvmsg", FLOW_RECEIVED, FLOW_BYTES_RESULT},
		{"msgsnd", FLOW_SENT, FLOW_BYTES_ARG},	     {"msgrcv", FLOW_RECEIVED, FLOW_BYTES_RESULT},
		{"mq_send", FLOW_SENT, FLOW_BYTES_ARG},	     {"mq_receive", FLOW_RECEIVED, FLOW_BYTES_RESULT},
		{"sendmmsg", FLOW_SENT, FLOW_BYTES_ITEMS},   {"recvmmsg", FLOW_RECEIVED, FLOW_BYTES_ITEMS},
		{"sendfile", FLOW_MOVED, FLOW_BYTES_RESULT}, {"splice", FLOW_MOVED, FLOW_BYTES_RESULT},
		{"close", FLOW_NONE, FLOW_BYTES_NONE},	     {"poll", FLOW_NONE, FLOW_BYTES_NONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flow flow = flow_of_call(find_call(rows[i].name));
		cr_expect(eq(int, flow.direction, rows[i].direction), "%s", rows[i].name);
		cr_expect(eq(int, flow.bytes, rows[i].bytes), "%s", rows[i].name);
	}
}

Test(flow, knows_when_less_was_sent_than_was_given)
{
	const uint64_t lengths[] = {60, 40};
	struct event_item item = {
		.arg = 1, .form = ITEM_VECTOR, .bytes = (const uint8_t *)lengths, .size = sizeof(lengths), .total = 2};
	struct event send = {.call = find_call("send"), .args = {1, 0x7000, 100, 0}, .result = 99};
	struct event writev = {
		.call = find_call("writev"), .args = {1, 0x7000, 2}, .result = 99, .items = &item, .items_count = 1};
	struct event recv = {.call = find_call("recv"), .args = {1, 0x7000, 100, 0}, .result = 99};
	struct flow sends = flow_of_call(send.call), writes = flow_of_call(writev.call),
		    receives = flow_of_call(recv.call);

	cr_expect(flow_is_short(&sends, &send));
	cr_expect(flow_is_short(&writes, &writev));
	cr_expect_not(flow_is_short(&receives, &recv));
	send.result = writev.result = 100;
	cr_expect_not(flow_is_short(&sends, &send));
	cr_expect_not(flow_is_short(&writes, &writev));
	send.result = -1;
	send.error = 11;
	cr_expect_not(flow_is_short(&sends, &send));
	/* Of a vector whose lengths were not all kept nothing is known. */
	writev.result = 1;
	item.total = 3;
	cr_expect_not(flow_is_short(&writes, &writev));
}

Test(flow, tells_the_two_descriptors_of_a_move_apart)
{
	struct flow sendfile = flow_of_call(find_call("sendfile")), splice = flow_of_call(find_call("splice"));

	cr_expect(eq(int, sendfile.to, 0));
	cr_expect(eq(int, sendfile.from, 1));
	cr_expect(eq(int, splice.from, 0));
	cr_expect(eq(int, splice.to, 2));
}

Test(flow, counts_no_bytes_of_a_call_that_failed)
{
	struct event event = {.call = find_call("msgsnd"), .args = {1, 0x7000, 100, 0}};
	struct flow flow = flow_of_call(event.call);

	cr_expect(eq(u64, flow_count(&flow, &event), 100));
	event.error = 11;
	event.result = -1;
	cr_expect(eq(u64, flow_count(&flow, &event), 0));
}

Test(flow, adds_up_the_messages_of_one_call)
{
	const struct event_item items[] = {{.arg = 1, .form = ITEM_PAYLOAD, .index = 0, .total = 10},
					   {.arg = 1, .form = ITEM_LENGTH, .index = 0, .total = 4},
					   {.arg = 1, .form = ITEM_PAYLOAD, .index = 1, .total = 32}};
	struct event event = {.call = find_call("sendmmsg"), .items = items, .items_count = 3, .result = 2};
	struct flow flow = flow_of_call(event.call);

	cr_expect(eq(u64, flow_count(&flow, &event), 42));
}
