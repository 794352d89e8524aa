// SPDX-License-Identifier: MIT
/*
 * Makes the sample log from raw records.
 */
#include <string.h>

#include "format/batch.h"
#include "format/object.h"
#include "format/posix_object.h"
#include "tests/format/sample_log.h"
#include "tests/format/tape.h"

static const char *const command[] = {"redis-server", "--port", "7777"};

const struct log_head sample_head = {
	.tool_version = "0.1.0",
	.created = 1700000000123456789ull,
	.command = command,
	.command_count = 3,
	.directory = "/srv",
	.host = "host",
	.kernel = "Linux 6.1.0",
	.machine = "x86_64",
	.boot_id = "0f0f0f0f",
	.clock_is_tsc = true,
	.filter = "%socket",
	.payload_limit = 64,
	.stack_depth = 4,
	.full_policy = 1,
	.catalogue = &catalogue_builtin,
};

/* A record with items behind it, as a ring would hold it. */
struct composed {
	_Alignas(8) uint8_t bytes[2048];
	size_t size;
};

static void composed_begin(struct composed *composed, const void *record, size_t size)
{
	memcpy(composed->bytes, record, size);
	composed->size = size;
}

static void composed_item(struct composed *composed, enum item_form form, uint16_t index, const void *bytes,
			  size_t size)
{
	struct item item = {.arg = ITEM_NO_ARG, .form = (uint8_t)form, .index = index, .size = (uint32_t)size};

	memset(composed->bytes + composed->size, 0, item_words(item.size) * 8ul);
	memcpy(composed->bytes + composed->size, &item, sizeof(item));
	memcpy(composed->bytes + composed->size + sizeof(item), bytes, size);
	composed->size += item_words(item.size) * 8ul;
}

static const void *composed_end(struct composed *composed)
{
	struct record_head head;

	memcpy(&head, composed->bytes, sizeof(head));
	head.words = (uint32_t)(composed->size / 8) & 0xfffff;
	memcpy(composed->bytes, &head, sizeof(head));
	return composed->bytes;
}

static void module_item(struct composed *composed)
{
	static const char path[] = "/usr/lib/libc.so.6";
	struct item_module module = {.base = 0x7f0000000000,
				     .start = 0x7f0000026000,
				     .end = 0x7f000017b000,
				     .build_id = {1, 2, 3, 4},
				     .build_id_size = 20,
				     .path_size = sizeof(path) - 1};
	uint8_t bytes[sizeof(module) + sizeof(path) - 1];

	memcpy(bytes, &module, sizeof(module));
	memcpy(bytes + sizeof(module), path, sizeof(path) - 1);
	composed_item(composed, ITEM_MODULE, 0, bytes, sizeof(bytes));
}

static int process_write(msgpack_packer *out)
{
	struct record_process process = {.head = {.type = RECORD_PROCESS_BEGIN},
					 .ticks = 1000,
					 .pid = 100,
					 .parent = 99,
					 .origin = PROCESS_EXEC,
					 .uid = 1000,
					 .start_time = 900};
	struct {
		struct item_open_fd open_fd;
		char link[12];
	} open_fd = {{.fd = 5, .link_size = 12}, "socket:[123]"};
	struct composed composed;

	composed_begin(&composed, &process, sizeof(process));
	composed_item(&composed, ITEM_STRING, PROCESS_EXE, "/usr/bin/redis-server", 21);
	composed_item(&composed, ITEM_STRING, PROCESS_CWD, "/srv", 4);
	composed_item(&composed, ITEM_STRINGS, 0, "redis-server\0--port\0007777\0", 25);
	module_item(&composed);
	composed_item(&composed, ITEM_OPEN_FD, 0, &open_fd, sizeof(open_fd));
	const void *record = composed_end(&composed);
	return object_pack_process(out, record, composed.size);
}

static int stack_write(msgpack_packer *out)
{
	struct {
		struct record_stack stack;
		uint64_t frames[3];
	} record = {{.head = {.type = RECORD_STACK, .words = 6}, .hash = 0xabcdef0123456789, .depth = 3},
		    {0x401000, 0x402000, 0x7f0000026100}};

	return object_pack_stack(out, 100, &record.stack, sizeof(record));
}

static int modules_write(msgpack_packer *out)
{
	struct record_mark mark = {.head = {.type = RECORD_MODULES}, .ticks = 5000};
	struct composed composed;

	composed_begin(&composed, &mark, sizeof(mark));
	module_item(&composed);
	const void *record = composed_end(&composed);
	return object_pack_modules(out, 100, record, composed.size);
}

static int controls_write(msgpack_packer *out)
{
	const struct object_control stop = {
		.ticks = 5100, .action = CONTROL_STOP, .is_suspended = true, .selection = "%socket"};
	const struct object_control mark = {
		.ticks = 5200, .action = CONTROL_MARK, .selection = "%socket", .text = "test \"7\", \xc3\xa9\xff"};
	int error = object_pack_control(out, &stop);

	return error ? error : object_pack_control(out, &mark);
}

static int posix_write(msgpack_packer *out)
{
	static const struct posix_event_type types[] = {{16, "order.begin"}, {17, "order.end"}};
	const struct object_posix posix = {.name = "orders",
					   .version = "1",
					   .created = 1700000000000000000,
					   .stream_policy = 3,
					   .log_full = 1,
					   .types_count = 2,
					   .types = types};

	return object_pack_posix(out, &posix);
}

static int beginning_write(msgpack_packer *out)
{
	struct record_thread thread = {.head = {.type = RECORD_THREAD_BEGIN, .words = sizeof(thread) / 8},
				       .ticks = 1100,
				       .pid = 100,
				       .tid = 101,
				       .creator = 100,
				       .ordinal = 1,
				       .start = 0x401234};
	int error = process_write(out);

	if (!error)
		error = object_pack_thread(out, &thread, sizeof(thread));
	if (!error)
		error = stack_write(out);
	if (!error)
		error = modules_write(out);
	return error ? error : controls_write(out);
}

static int ending_write(msgpack_packer *out)
{
	struct record_mark mark = {.head = {.type = RECORD_THREAD_END, .words = sizeof(mark) / 8}, .ticks = 90000};
	struct live_in_flight call = {
		.enter = 91000, .type = RECORD_CALL + 3, .argc = 1, .site = 0x401500, .args = {7}};
	struct object_end end = {
		.ticks = 99999, .events = 160, .lost_full = 2, .processes = 1, .threads = 1, .bytes = 1234};
	struct item item = {.arg = ITEM_NO_ARG, .form = ITEM_UNREAD, .size = 4, .total = 4};
	struct glimpse glimpse = {.enter = call.enter, .words = item_words(item.size)};
	int error = object_pack_thread_end(out, 100, 101, 162, 2, &mark, sizeof(mark));

	memcpy(glimpse.items, &item, sizeof(item));
	memcpy((char *)glimpse.items + sizeof(item), &(int32_t){1}, sizeof(int32_t));

	if (!error)
		error = object_pack_unfinished(out, &catalogue_builtin, 100, 102, &call, &glimpse);
	if (!error)
		error = posix_write(out);
	return error ? error : object_pack_end(out, &end);
}

/* A call whose second argument and payload are never the same: they get columns of their own. */
static void varying_call(struct tape *tape)
{
	struct record_call *call = tape_call(tape, 8);
	uint64_t payload = tape_random(tape);
	struct item item = {.arg = 1, .form = ITEM_PAYLOAD, .size = 8, .total = 100, .hash = (uint32_t)payload};

	call->enter = tape->ticks += 100 + tape_random(tape) % 100;
	call->duration = 50 + tape_random(tape) % 20;
	call->result = 100;
	call->site = 0x401000;
	call->args[0] = 7;
	call->args[1] = tape_random(tape);
	tape_item(tape, item, &payload);
}

static int events_write(msgpack_packer *out, struct tape *tape, struct batch *batch, uint64_t first)
{
	size_t at = 0;

	tape->used = 0;
	for (uint32_t i = 0; i < SAMPLE_EVENTS; i++) {
		if (first == 2 * SAMPLE_EVENTS)
			varying_call(tape);
		else
			tape_random_call(tape, (uint32_t)((first + i) % catalogue_builtin.calls_count));
	}
	for (const struct record_call *record; (record = tape_next(tape, &at));)
		if (batch_add(batch, record, record->head.words * 8ul))
			return -1;
	return batch_encode(batch, 100, 101, first, 0, out);
}

int sample_write(struct log_writer *writer)
{
	struct tape tape = {.random = 42, .ticks = 2000};
	struct batch *batch;
	int error = batch_new(&batch, &catalogue_builtin);

	for (uint64_t frame = 0; !error && frame < SAMPLE_FRAMES; frame++) {
		struct log_anchor before = {frame * 10000, frame * 5000 + 77, frame * 5000 + sample_head.created};
		struct log_anchor after = {frame * 10000 + 10000, frame * 5000 + 5077,
					   frame * 5000 + 5000 + sample_head.created};
		msgpack_packer *out = log_writer_packer(writer);
		if (frame == 1)
			error = beginning_write(out);
		if (!error && frame)
			error = events_write(out, &tape, batch, (frame - 1) * SAMPLE_EVENTS);
		if (!error && frame == SAMPLE_FRAMES - 1)
			error = ending_write(out);
		if (!error)
			error = log_writer_flush(writer, &before, &after);
	}
	tape_free(&tape);
	batch_free(batch);
	return error;
}

/* Three calls that take differently long; now and then very long, or made inside another. */
static void timed_call(struct tape *tape, uint32_t i)
{
	uint64_t noise = tape_random(tape);
	struct record_call *call = tape_call(tape, i % 50 == 49 ? 20 : i % 5 ? 8 : 9);

	call->enter = tape->ticks += 26 * (10 + noise % 40 * (noise >> 8) % 64);
	call->duration = 26 * ((i % 5 ? 30 : 90) + (noise >> 16) % 64 * ((noise >> 24) % 64) / 16);
	if (i % 200 == 77)
		call->duration = (1ull << 40) + (noise >> 30);
	if (i % 300 == 78)
		call->enter -= 13;
	tape->ticks = call->enter + call->duration;
	call->site = 0x401000 + i % 7;
	call->result = i % 3;
}

int sample_write_times(struct log_writer *writer)
{
	struct tape tape = {.random = 43, .ticks = 1ull << 45};
	struct log_anchor before = {1ull << 45, 77, sample_head.created};
	struct log_anchor after = {1ull << 46, (1ull << 44) + 77, sample_head.created + (1ull << 44)};
	struct batch *batch;
	size_t at = 0;
	int error = batch_new(&batch, &catalogue_builtin);

	if (!error)
		error = log_writer_flush(writer, &before, &before);
	for (uint32_t i = 0; i < SAMPLE_TIMES; i++)
		timed_call(&tape, i);
	for (const struct record_call *record; !error && (record = tape_next(&tape, &at));)
		error = batch_add(batch, record, record->head.words * 8ul);
	if (!error)
		error = batch_encode(batch, 100, 100, 0, 0, log_writer_packer(writer));
	tape_free(&tape);
	batch_free(batch);
	return error ? error : log_writer_flush(writer, &before, &after);
}

struct log_writer *sample_log(const void **bytes, size_t *size)
{
	struct log_writer *writer;

	if (log_writer_open_memory(&writer, &sample_head))
		return NULL;
	if (sample_write(writer)) {
		log_writer_free(writer);
		return NULL;
	}
	*bytes = log_writer_memory(writer, size);
	return writer;
}
