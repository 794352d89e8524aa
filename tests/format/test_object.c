// SPDX-License-Identifier: MIT
/*
 * Raw records that do not hold together leave nothing behind. What whole ones become is tested with the log.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "format/object.h"
#include "format/pack_buffer.h"

static struct pack_buffer buffer;

static void buffer_start(void)
{
	pack_buffer_init(&buffer, 1 << 20);
}

TestSuite(object, .init = buffer_start);

Test(object, refuses_records_longer_than_what_is_readable)
{
	struct record_thread thread = {.head = {.words = sizeof(thread) / 8}};
	struct record_process process = {.head = {.words = 1000}};

	cr_assert_eq(object_pack_thread(&buffer.packer, &thread, sizeof(thread) - 1), OBJECT_E_INVALID);
	cr_assert_eq(object_pack_process(&buffer.packer, &process, sizeof(process)), OBJECT_E_INVALID);
	thread.head.words = 1;
	cr_assert_eq(object_pack_thread(&buffer.packer, &thread, sizeof(thread)), OBJECT_E_INVALID);
	cr_assert_eq(buffer.size, 0);
}

Test(object, refuses_stacks_deeper_than_their_record)
{
	struct record_stack stack = {.head = {.words = sizeof(stack) / 8}, .depth = 1};

	cr_assert_eq(object_pack_stack(&buffer.packer, 1, &stack, sizeof(stack)), OBJECT_E_INVALID);
	stack.depth = UINT64_MAX;
	cr_assert_eq(object_pack_stack(&buffer.packer, 1, &stack, sizeof(stack)), OBJECT_E_INVALID);
	cr_assert_eq(buffer.size, 0);
}

Test(object, refuses_items_that_reach_over_the_end)
{
	struct {
		struct record_mark mark;
		struct item item;
		struct item_module module;
	} record = {
		.mark.head.words = sizeof(record) / 8,
		.item = {.form = ITEM_MODULE, .size = sizeof(record.module) + 1},
	};

	cr_assert_eq(object_pack_modules(&buffer.packer, 1, &record.mark, sizeof(record)), OBJECT_E_INVALID);
	record.item.size = UINT32_MAX;
	cr_assert_eq(object_pack_modules(&buffer.packer, 1, &record.mark, sizeof(record)), OBJECT_E_INVALID);
	record.item.size = sizeof(record.module);
	record.module.build_id_size = 25;
	cr_assert_eq(object_pack_modules(&buffer.packer, 1, &record.mark, sizeof(record)), OBJECT_E_INVALID);
	cr_assert_eq(buffer.size, 0);
	/* a path that claims to be longer than its item is cut to it */
	record.module.build_id_size = 20;
	record.module.path_size = 1u << 30;
	cr_assert_eq(object_pack_modules(&buffer.packer, 1, &record.mark, sizeof(record)), 0);
	cr_assert_lt(buffer.size, 200);
}

Test(object, refuses_calls_in_flight_that_the_catalogue_lacks)
{
	struct live_in_flight call = {.type = RECORD_CALL + catalogue_builtin.calls_count};

	cr_assert_eq(object_pack_unfinished(&buffer.packer, &catalogue_builtin, 1, 1, &call, NULL), OBJECT_E_INVALID);
	call.type = RECORD_STACK;
	cr_assert_eq(object_pack_unfinished(&buffer.packer, &catalogue_builtin, 1, 1, &call, NULL), OBJECT_E_INVALID);
	call.type = RECORD_CALL;
	call.argc = CALL_ARGS_MAX + 1;
	cr_assert_eq(object_pack_unfinished(&buffer.packer, &catalogue_builtin, 1, 1, &call, NULL), OBJECT_E_INVALID);
	cr_assert_eq(buffer.size, 0);
}
