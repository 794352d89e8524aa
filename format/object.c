// SPDX-License-Identifier: MIT
/*
 * Packs every object of the log that is not a batch of calls. Each is packed aside and moved over whole, so that one
 * that turns out not to hold together leaves nothing behind.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/object.h"
#include "format/pack_buffer.h"
#include "format/log_parts.h"

/* What a record can hold at most, so what an object of one can take, with room for MessagePack's own bytes. */
#define OBJECT_SIZE_MAX (16u << 20)

static const char *const origin_names[] = {
	[PROCESS_ROOT] = "root",
	[PROCESS_EXEC] = "exec",
	[PROCESS_FORK] = "fork",
};

const char *const control_names[CONTROL_COUNT] = {
	[CONTROL_BEGIN] = "begin", [CONTROL_STOP] = "stop",   [CONTROL_START] = "start",   [CONTROL_SELECT] = "select",
	[CONTROL_MARK] = "mark",   [CONTROL_FLUSH] = "flush", [CONTROL_STATUS] = "status",
};

/* Walks the items behind a record. */
struct item_walk {
	const uint8_t *at;
	size_t left;
	struct item item;
	const uint8_t *bytes; /* of the present item */
};

/* Step to the next item. 1 when there is one, 0 at the end, -1 when it does not fit. */
static int item_next(struct item_walk *walk)
{
	if (!walk->left)
		return 0;
	if (walk->left < sizeof(walk->item))
		return -1;
	memcpy(&walk->item, walk->at, sizeof(walk->item));
	size_t size = item_words(walk->item.size) * 8ul;
	if (size > walk->left)
		return -1;
	walk->bytes = walk->at + sizeof(walk->item);
	walk->at += size;
	walk->left -= size;
	return 1;
}

static bool items_are_whole(struct item_walk walk)
{
	int step;

	while ((step = item_next(&walk)) > 0)
		;
	return !step;
}

/*
 * A copy of the items behind the `size` bytes of a record's fixed part, and a walk over it: the record may change while
 * it is looked at, and items are walked more than once. To be freed. 0, OBJECT_E_INVALID or -ENOMEM.
 */
static int items_take(struct item_walk *walk, void **copy, const void *record, size_t size,
		      const struct record_head *head)
{
	size_t left = head->words * 8ul - size;

	*copy = malloc(left + 1);
	if (!*copy)
		return -ENOMEM;
	memcpy(*copy, (const uint8_t *)record + size, left);
	*walk = (struct item_walk){.at = *copy, .left = left};
	if (items_are_whole(*walk))
		return 0;
	free(*copy);
	return OBJECT_E_INVALID;
}

/* Copies the fixed part of a record; false when it or what it announces is not all there. */
static bool record_copy(void *copy, size_t size, const void *record, size_t bytes)
{
	const struct record_head *head = copy;

	if (bytes < size)
		return false;
	memcpy(copy, record, size);
	return head->words * 8ul >= size && head->words * 8ul <= bytes;
}

static int object_move(struct pack_buffer *packed, msgpack_packer *out, bool whole)
{
	int error = OBJECT_E_INVALID;

	if (whole)
		error = pack_buffer_move(packed, out);
	pack_buffer_free(packed);
	return error;
}

static void pack_uint(msgpack_packer *out, const char *name, uint64_t value)
{
	pack_text(out, name);
	msgpack_pack_uint64(out, value);
}

static void object_begin(struct pack_buffer *packed, const char *name, uint32_t fields)
{
	pack_buffer_init(packed, OBJECT_SIZE_MAX);
	msgpack_pack_array(&packed->packer, 2);
	pack_text(&packed->packer, name);
	msgpack_pack_map(&packed->packer, fields);
}

static uint32_t items_count(struct item_walk walk, enum item_form form)
{
	uint32_t count = 0;

	while (item_next(&walk) > 0)
		count += walk.item.form == form;
	return count;
}

/* The text that an item says is `size` bytes long behind its `fixed` ones, cut to what is there. */
static void pack_text_behind(msgpack_packer *out, const struct item_walk *walk, size_t fixed, uint32_t size)
{
	size_t there = walk->item.size - fixed;

	pack_text_sized(out, (const char *)walk->bytes + fixed, size < there ? size : there);
}

static bool modules_pack(msgpack_packer *out, struct item_walk walk)
{
	pack_text(out, "modules");
	msgpack_pack_array(out, items_count(walk, ITEM_MODULE));
	while (item_next(&walk) > 0) {
		struct item_module module;
		if (walk.item.form != ITEM_MODULE)
			continue;
		if (walk.item.size < sizeof(module))
			return false;
		memcpy(&module, walk.bytes, sizeof(module));
		if (module.build_id_size > sizeof(module.build_id))
			return false;
		msgpack_pack_array(out, 5);
		msgpack_pack_uint64(out, module.base);
		msgpack_pack_uint64(out, module.start);
		msgpack_pack_uint64(out, module.end);
		pack_bytes(out, module.build_id, module.build_id_size);
		pack_text_behind(out, &walk, sizeof(module), module.path_size);
	}
	return true;
}

static bool open_fds_pack(msgpack_packer *out, struct item_walk walk)
{
	pack_text(out, "fds");
	msgpack_pack_array(out, items_count(walk, ITEM_OPEN_FD));
	while (item_next(&walk) > 0) {
		struct item_open_fd open_fd;
		if (walk.item.form != ITEM_OPEN_FD)
			continue;
		if (walk.item.size < sizeof(open_fd))
			return false;
		memcpy(&open_fd, walk.bytes, sizeof(open_fd));
		msgpack_pack_array(out, 2);
		msgpack_pack_int32(out, open_fd.fd);
		pack_text_behind(out, &walk, sizeof(open_fd), open_fd.link_size);
	}
	return true;
}

/* Text number `index`, or nil. */
static void process_text_pack(msgpack_packer *out, struct item_walk walk, const char *name, uint16_t index)
{
	pack_text(out, name);
	while (item_next(&walk) > 0) {
		if (walk.item.form == ITEM_STRING && walk.item.index == index) {
			pack_text_sized(out, (const char *)walk.bytes, walk.item.size);
			return;
		}
	}
	msgpack_pack_nil(out);
}

static void strings_pack(msgpack_packer *out, const char *strings, size_t size)
{
	uint32_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += !strings[i] || i == size - 1;
	msgpack_pack_array(out, count);
	while (count--) {
		size_t length = strnlen(strings, size);
		pack_text_sized(out, strings, length);
		strings += length + 1;
		size -= length < size ? length + 1 : size;
	}
}

static void argv_pack(msgpack_packer *out, struct item_walk walk)
{
	pack_text(out, "argv");
	while (item_next(&walk) > 0) {
		if (walk.item.form == ITEM_STRINGS) {
			strings_pack(out, (const char *)walk.bytes, walk.item.size);
			return;
		}
	}
	msgpack_pack_array(out, 0);
}

int object_pack_process(msgpack_packer *out, const struct record_process *record, size_t bytes)
{
	struct record_process process;
	struct pack_buffer packed;
	struct item_walk items;
	void *copy;

	if (!record_copy(&process, sizeof(process), record, bytes) || process.origin > PROCESS_FORK)
		return OBJECT_E_INVALID;
	int error = items_take(&items, &copy, record, sizeof(process), &process.head);
	if (error)
		return error;
	object_begin(&packed, "process", 11);
	msgpack_packer *packer = &packed.packer;
	pack_uint(packer, "pid", process.pid);
	pack_uint(packer, "parent", process.parent);
	pack_text(packer, "origin");
	pack_text(packer, origin_names[process.origin]);
	pack_uint(packer, "ticks", process.ticks);
	pack_uint(packer, "start", process.start_time);
	pack_uint(packer, "uid", process.uid);
	process_text_pack(packer, items, "exe", PROCESS_EXE);
	process_text_pack(packer, items, "cwd", PROCESS_CWD);
	argv_pack(packer, items);
	bool whole = modules_pack(packer, items) && open_fds_pack(packer, items);
	free(copy);
	return object_move(&packed, out, whole);
}

int object_pack_thread(msgpack_packer *out, const struct record_thread *record, size_t bytes)
{
	struct record_thread thread;
	struct pack_buffer packed;

	if (!record_copy(&thread, sizeof(thread), record, bytes))
		return OBJECT_E_INVALID;
	object_begin(&packed, "thread", 6);
	pack_uint(&packed.packer, "pid", thread.pid);
	pack_uint(&packed.packer, "tid", thread.tid);
	pack_uint(&packed.packer, "ticks", thread.ticks);
	pack_uint(&packed.packer, "creator", thread.creator);
	pack_uint(&packed.packer, "ordinal", thread.ordinal);
	pack_uint(&packed.packer, "start", thread.start);
	return object_move(&packed, out, true);
}

int object_pack_thread_end(msgpack_packer *out, uint32_t pid, uint32_t tid, uint64_t made, uint64_t lost,
			   const struct record_mark *record, size_t bytes)
{
	struct record_mark mark;
	struct pack_buffer packed;

	if (!record_copy(&mark, sizeof(mark), record, bytes))
		return OBJECT_E_INVALID;
	object_begin(&packed, "thread-end", 5);
	pack_uint(&packed.packer, "pid", pid);
	pack_uint(&packed.packer, "tid", tid);
	pack_uint(&packed.packer, "ticks", mark.ticks);
	pack_uint(&packed.packer, "made", made);
	pack_uint(&packed.packer, "lost", lost);
	return object_move(&packed, out, true);
}

int object_pack_stack(msgpack_packer *out, uint32_t pid, const struct record_stack *record, size_t bytes)
{
	struct record_stack stack;
	struct pack_buffer packed;

	if (!record_copy(&stack, sizeof(stack), record, bytes) || stack.depth > stack.head.words - sizeof(stack) / 8)
		return OBJECT_E_INVALID;
	object_begin(&packed, "stack", 3);
	pack_uint(&packed.packer, "pid", pid);
	pack_uint(&packed.packer, "hash", stack.hash);
	pack_text(&packed.packer, "frames");
	msgpack_pack_array(&packed.packer, stack.depth);
	for (uint64_t i = 0; i < stack.depth; i++) {
		uint64_t address;
		memcpy(&address, (const uint8_t *)record + sizeof(stack) + i * 8, 8);
		msgpack_pack_uint64(&packed.packer, address);
	}
	return object_move(&packed, out, true);
}

int object_pack_modules(msgpack_packer *out, uint32_t pid, const struct record_mark *record, size_t bytes)
{
	struct record_mark mark;
	struct pack_buffer packed;
	struct item_walk items;
	void *copy;

	if (!record_copy(&mark, sizeof(mark), record, bytes))
		return OBJECT_E_INVALID;
	int error = items_take(&items, &copy, record, sizeof(mark), &mark.head);
	if (error)
		return error;
	object_begin(&packed, "modules", 3);
	pack_uint(&packed.packer, "pid", pid);
	pack_uint(&packed.packer, "ticks", mark.ticks);
	bool whole = modules_pack(&packed.packer, items);
	free(copy);
	return object_move(&packed, out, whole);
}

int object_pack_unfinished(msgpack_packer *out, const struct catalogue *catalogue, uint32_t pid, uint32_t tid,
			   const struct live_in_flight *call, const struct glimpse *glimpse)
{
	struct live_in_flight copy = *call;
	bool is_seen = glimpse && glimpse->words && glimpse->enter == copy.enter;
	uint32_t number = copy.type - (uint32_t)RECORD_CALL;
	struct pack_buffer packed;

	if (copy.type < RECORD_CALL || number >= catalogue->calls_count)
		return OBJECT_E_INVALID;
	const struct call_spec *spec = &catalogue->calls[number];
	if (copy.argc > CALL_ARGS_MAX || copy.argc > spec->argc)
		return OBJECT_E_INVALID;
	object_begin(&packed, "unfinished", is_seen ? 7 : 6);
	pack_uint(&packed.packer, "pid", pid);
	pack_uint(&packed.packer, "tid", tid);
	pack_uint(&packed.packer, "call", number);
	pack_uint(&packed.packer, "ticks", copy.enter);
	pack_uint(&packed.packer, "site", copy.site);
	pack_text(&packed.packer, "args");
	msgpack_pack_array(&packed.packer, copy.argc);
	for (uint32_t arg = 0; arg < copy.argc; arg++) {
		if (spec->args[arg].value.is_signed)
			msgpack_pack_int64(&packed.packer, (int64_t)copy.args[arg]);
		else
			msgpack_pack_uint64(&packed.packer, copy.args[arg]);
	}
	if (is_seen) {
		pack_text(&packed.packer, "items");
		items_pack(&packed.packer, glimpse->items, glimpse->words);
	}
	return object_move(&packed, out, true);
}

int object_pack_control(msgpack_packer *out, const struct object_control *control)
{
	struct pack_buffer packed;

	if (control->action >= CONTROL_COUNT)
		return OBJECT_E_INVALID;
	object_begin(&packed, "control", 5);
	pack_uint(&packed.packer, "ticks", control->ticks);
	pack_text(&packed.packer, "action");
	pack_text(&packed.packer, control_names[control->action]);
	pack_text(&packed.packer, "suspended");
	if (control->is_suspended)
		msgpack_pack_true(&packed.packer);
	else
		msgpack_pack_false(&packed.packer);
	pack_text(&packed.packer, "selection");
	pack_text(&packed.packer, control->selection);
	pack_text(&packed.packer, "text");
	pack_text(&packed.packer, control->text);
	return object_move(&packed, out, true);
}

int object_pack_end(msgpack_packer *out, const struct object_end *end)
{
	struct pack_buffer packed;

	object_begin(&packed, "end", 9 + (end->command_end != 0) + (end->stacks_missed != 0) + (end->deep_loads != 0));
	pack_uint(&packed.packer, "ticks", end->ticks);
	pack_uint(&packed.packer, "events", end->events);
	pack_uint(&packed.packer, "lost-full", end->lost_full);
	pack_uint(&packed.packer, "lost-without-slot", end->lost_without_slot);
	pack_uint(&packed.packer, "lost-write", end->lost_write);
	pack_uint(&packed.packer, "lost-invalid", end->lost_invalid);
	pack_uint(&packed.packer, "processes", end->processes);
	pack_uint(&packed.packer, "threads", end->threads);
	pack_uint(&packed.packer, "bytes", end->bytes);
	if (end->deep_loads)
		pack_uint(&packed.packer, "deep-loads", end->deep_loads);
	if (end->command_end)
		pack_uint(&packed.packer, "status", end->command_end - 1);
	if (end->stacks_missed)
		pack_uint(&packed.packer, "stacks-missed", end->stacks_missed);
	return object_move(&packed, out, true);
}
