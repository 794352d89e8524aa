// SPDX-License-Identifier: MIT
/*
 * The objects of a frame, decoded into an array for each sort. Objects and fields of them that this build does not know
 * are passed over. Knows nothing of how the bytes came here.
 */
#include <string.h>

#include "format/log_parts.h"

static void *reader_new(struct frame_reader *reader, uint64_t count, size_t size)
{
	void *piece = reader->in.failed ? NULL : arena_new(reader->arena, count, size);

	reader->in.failed |= !piece;
	return piece;
}

static const char *reader_text(struct frame_reader *reader)
{
	struct unpack_view view = unpack_view(&reader->in);
	const char *text = arena_text(reader->arena, view.bytes, view.size);

	reader->in.failed |= !text;
	return text ? text : "";
}

static uint32_t reader_u32(struct frame_reader *reader)
{
	return (uint32_t)unpack_number(&reader->in, UINT32_MAX);
}

/* ---- fields of objects that are maps: the name, where its value goes, and how it is read ---- */

struct field {
	const char *name;
	void (*read)(struct frame_reader *reader, void *at);
	size_t offset;
};

static void u32_read(struct frame_reader *reader, void *at)
{
	*(uint32_t *)at = reader_u32(reader);
}

static void u64_read(struct frame_reader *reader, void *at)
{
	*(uint64_t *)at = unpack_integer(&reader->in);
}

/* A number that may be absent: plus 1, so that 0 is none. */
static void u32_optional_read(struct frame_reader *reader, void *at)
{
	*(uint32_t *)at = (uint32_t)unpack_number(&reader->in, UINT32_MAX - 1) + 1;
}

static void text_read(struct frame_reader *reader, void *at)
{
	*(const char **)at = reader_text(reader);
}

static void origin_read(struct frame_reader *reader, void *at)
{
	struct unpack_view view = unpack_view(&reader->in);

	*(uint32_t *)at = unpack_view_is(view, "exec")	 ? PROCESS_EXEC
			  : unpack_view_is(view, "fork") ? PROCESS_FORK
							 : PROCESS_ROOT;
}

static void action_read(struct frame_reader *reader, void *at)
{
	struct unpack_view view = unpack_view(&reader->in);
	uint32_t action = 0;

	while (action < CONTROL_COUNT && !unpack_view_is(view, control_names[action]))
		action++;
	*(uint32_t *)at = action;
}

static void bool_read(struct frame_reader *reader, void *at)
{
	*(bool *)at = unpack_integer(&reader->in) != 0;
}

static void argv_read(struct frame_reader *reader, void *at)
{
	struct frame_process *process = at;
	uint32_t count = unpack_array(&reader->in);
	const char **argv = reader_new(reader, count + 1ul, sizeof(*argv));

	for (uint32_t i = 0; argv && i < count; i++)
		argv[i] = reader_text(reader);
	process->argv = argv;
	process->argc = argv ? count : 0;
}

static const struct frame_module *module_list_read(struct frame_reader *reader, uint32_t *modules_count)
{
	uint32_t count = unpack_array(&reader->in);
	struct frame_module *module = reader_new(reader, count, sizeof(*module)), *modules = module;

	*modules_count = modules ? count : 0;
	for (; modules && count; count--, module++) {
		uint32_t elements = unpack_array_of(&reader->in, 5);
		module->base = unpack_integer(&reader->in);
		module->start = unpack_integer(&reader->in);
		module->end = unpack_integer(&reader->in);
		struct unpack_view build_id = unpack_view(&reader->in);
		module->build_id = build_id.bytes;
		module->build_id_size = build_id.size;
		module->path = reader_text(reader);
		unpack_skip(&reader->in, elements - 5);
	}
	return modules;
}

static void process_modules_read(struct frame_reader *reader, void *at)
{
	struct frame_process *process = at;

	process->modules = module_list_read(reader, &process->modules_count);
}

static void later_modules_read(struct frame_reader *reader, void *at)
{
	struct frame_modules *modules = at;

	modules->modules = module_list_read(reader, &modules->count);
}

static void fds_read(struct frame_reader *reader, void *at)
{
	struct frame_process *process = at;
	uint32_t count = unpack_array(&reader->in);
	struct frame_open_fd *open_fd = reader_new(reader, count, sizeof(*open_fd));

	process->fds = open_fd;
	process->fds_count = open_fd ? count : 0;
	for (; open_fd && count; count--, open_fd++) {
		uint32_t elements = unpack_array_of(&reader->in, 2);
		open_fd->fd = (int32_t)unpack_integer(&reader->in);
		open_fd->link = reader_text(reader);
		unpack_skip(&reader->in, elements - 2);
	}
}

static void stack_frames_read(struct frame_reader *reader, void *at)
{
	struct frame_stack *stack = at;
	uint32_t count = unpack_array(&reader->in);
	uint64_t *frames = reader_new(reader, count, sizeof(*frames));

	for (uint32_t i = 0; frames && i < count; i++)
		frames[i] = unpack_integer(&reader->in);
	stack->frames = frames;
	stack->depth = frames ? count : 0;
}

static void unfinished_call_read(struct frame_reader *reader, void *at)
{
	struct event *event = at;
	uint32_t call = reader_u32(reader);

	reader->in.failed |= call >= reader->catalogue->calls_count;
	if (!reader->in.failed)
		event->call = &reader->catalogue->calls[call];
}

static void unfinished_args_read(struct frame_reader *reader, void *at)
{
	struct event *event = at;
	uint32_t count = unpack_array(&reader->in);

	reader->in.failed |= count > CALL_ARGS_MAX;
	for (uint32_t i = 0; i < count && !reader->in.failed; i++)
		event->args[i] = unpack_integer(&reader->in);
}

static void unfinished_items_read(struct frame_reader *reader, void *at)
{
	struct event *event = at;
	struct batch_items items = items_unpack(&reader->in, reader->arena);

	event->items = items.items;
	event->items_count = items.count;
}

static void posix_types_read(struct frame_reader *reader, void *at)
{
	struct object_posix *posix = at;
	uint32_t count = unpack_array(&reader->in);
	struct posix_event_type *type = reader_new(reader, count, sizeof(*type));

	posix->types = type;
	posix->types_count = type ? count : 0;
	for (; type && count; count--, type++) {
		uint32_t elements = unpack_array_of(&reader->in, 2);
		type->id = reader_u32(reader);
		type->name = reader_text(reader);
		unpack_skip(&reader->in, elements - 2);
	}
}

static const struct field process_fields[] = {
	{"pid", u32_read, offsetof(struct frame_process, pid)},
	{"parent", u32_read, offsetof(struct frame_process, parent)},
	{"origin", origin_read, offsetof(struct frame_process, origin)},
	{"ticks", u64_read, offsetof(struct frame_process, ticks)},
	{"start", u64_read, offsetof(struct frame_process, start_time)},
	{"uid", u32_read, offsetof(struct frame_process, uid)},
	{"exe", text_read, offsetof(struct frame_process, exe)},
	{"cwd", text_read, offsetof(struct frame_process, cwd)},
	{"argv", argv_read, 0},
	{"modules", process_modules_read, 0},
	{"fds", fds_read, 0},
	{NULL},
};

static const struct field thread_fields[] = {
	{"pid", u32_read, offsetof(struct frame_thread, pid)},
	{"tid", u32_read, offsetof(struct frame_thread, tid)},
	{"ticks", u64_read, offsetof(struct frame_thread, ticks)},
	{"creator", u32_read, offsetof(struct frame_thread, creator)},
	{"ordinal", u32_read, offsetof(struct frame_thread, ordinal)},
	{"start", u64_read, offsetof(struct frame_thread, start)},
	{NULL},
};

static const struct field thread_end_fields[] = {
	{"pid", u32_read, offsetof(struct frame_thread_end, pid)},
	{"tid", u32_read, offsetof(struct frame_thread_end, tid)},
	{"ticks", u64_read, offsetof(struct frame_thread_end, ticks)},
	{"made", u64_read, offsetof(struct frame_thread_end, made)},
	{"lost", u64_read, offsetof(struct frame_thread_end, lost)},
	{NULL},
};

static const struct field stack_fields[] = {
	{"pid", u32_read, offsetof(struct frame_stack, pid)},
	{"hash", u64_read, offsetof(struct frame_stack, hash)},
	{"frames", stack_frames_read, 0},
	{NULL},
};

static const struct field modules_fields[] = {
	{"pid", u32_read, offsetof(struct frame_modules, pid)},
	{"ticks", u64_read, offsetof(struct frame_modules, ticks)},
	{"modules", later_modules_read, 0},
	{NULL},
};

static const struct field unfinished_fields[] = {
	{"pid", u32_read, offsetof(struct event, pid)},
	{"tid", u32_read, offsetof(struct event, tid)},
	{"call", unfinished_call_read, 0},
	{"ticks", u64_read, offsetof(struct event, enter)},
	{"site", u64_read, offsetof(struct event, site)},
	{"args", unfinished_args_read, 0},
	{"items", unfinished_items_read, 0},
	{NULL},
};

static const struct field control_fields[] = {
	{"ticks", u64_read, offsetof(struct object_control, ticks)},
	{"action", action_read, offsetof(struct object_control, action)},
	{"suspended", bool_read, offsetof(struct object_control, is_suspended)},
	{"selection", text_read, offsetof(struct object_control, selection)},
	{"text", text_read, offsetof(struct object_control, text)},
	{NULL},
};

static const struct field posix_fields[] = {
	{"name", text_read, offsetof(struct object_posix, name)},
	{"version", text_read, offsetof(struct object_posix, version)},
	{"created", u64_read, offsetof(struct object_posix, created)},
	{"inherited", u32_read, offsetof(struct object_posix, inherited)},
	{"stream-policy", u32_read, offsetof(struct object_posix, stream_policy)},
	{"log-policy", u32_read, offsetof(struct object_posix, log_policy)},
	{"stream-size", u64_read, offsetof(struct object_posix, stream_size)},
	{"data-size", u64_read, offsetof(struct object_posix, data_size)},
	{"log-size", u64_read, offsetof(struct object_posix, log_size)},
	{"stream-status", u32_read, offsetof(struct object_posix, stream_status)},
	{"stream-full", u32_read, offsetof(struct object_posix, stream_full)},
	{"stream-overrun", u32_read, offsetof(struct object_posix, stream_overrun)},
	{"flush-error", u32_read, offsetof(struct object_posix, flush_error)},
	{"log-overrun", u32_read, offsetof(struct object_posix, log_overrun)},
	{"log-full", u32_read, offsetof(struct object_posix, log_full)},
	{"types", posix_types_read, 0},
	{NULL},
};

static const struct field end_fields[] = {
	{"ticks", u64_read, offsetof(struct object_end, ticks)},
	{"events", u64_read, offsetof(struct object_end, events)},
	{"lost-full", u64_read, offsetof(struct object_end, lost_full)},
	{"lost-without-slot", u64_read, offsetof(struct object_end, lost_without_slot)},
	{"lost-write", u64_read, offsetof(struct object_end, lost_write)},
	{"lost-invalid", u64_read, offsetof(struct object_end, lost_invalid)},
	{"processes", u64_read, offsetof(struct object_end, processes)},
	{"threads", u64_read, offsetof(struct object_end, threads)},
	{"bytes", u64_read, offsetof(struct object_end, bytes)},
	{"stacks-missed", u64_read, offsetof(struct object_end, stacks_missed)},
	{"deep-loads", u64_read, offsetof(struct object_end, deep_loads)},
	{"status", u32_optional_read, offsetof(struct object_end, command_end)},
	{NULL},
};

static void fields_read(struct frame_reader *reader, const struct field *fields, void *object)
{
	uint32_t pairs = unpack_map(&reader->in);

	for (; pairs && !reader->in.failed; pairs--) {
		struct unpack_view name = unpack_view(&reader->in);
		const struct field *field = fields;
		while (field->name && !unpack_view_is(name, field->name))
			field++;
		if (field->name)
			field->read(reader, (char *)object + field->offset);
		else
			unpack_skip(&reader->in, 1);
	}
}

/* ---- objects: what stands behind each name, and which array of the frame it goes to ---- */

struct sort {
	const char *name;
	size_t size; /* of one object */
	size_t array_at, count_at;
	const struct field *fields; /* of objects that are maps */
};

#define SORT(name, object, array, fields)                                                                          \
	{                                                                                                          \
		name, sizeof(object), offsetof(struct frame, array), offsetof(struct frame, array##_count), fields \
	}

static const struct sort sorts[] = {
	SORT("events", struct batch_view, batches, NULL),
	SORT("process", struct frame_process, processes, process_fields),
	SORT("thread", struct frame_thread, threads, thread_fields),
	SORT("thread-end", struct frame_thread_end, thread_ends, thread_end_fields),
	SORT("stack", struct frame_stack, stacks, stack_fields),
	SORT("modules", struct frame_modules, modules, modules_fields),
	SORT("unfinished", struct frame_unfinished, unfinished, unfinished_fields),
	SORT("control", struct object_control, controls, control_fields),
	{"posix-trace", sizeof(struct object_posix), offsetof(struct frame, posix), 0, posix_fields},
	{"end", sizeof(struct object_end), offsetof(struct frame, end), 0, end_fields},
};
#define SORTS_COUNT (sizeof(sorts) / sizeof(sorts[0]))

/* The sort of the next object, whose array head and name are consumed; NULL when it is none of these. */
static const struct sort *sort_read(struct unpack *in, uint32_t *elements, struct unpack_view *name)
{
	*elements = unpack_array_of(in, 1);
	*name = unpack_view(in);
	for (unsigned i = 0; i < SORTS_COUNT; i++)
		if (unpack_view_is(*name, sorts[i].name))
			return &sorts[i];
	return NULL;
}

/* The objects of one sort read so far; room doubles as they come. */
struct sort_array {
	char *objects;
	uint32_t count, capacity;
};

static void *sort_array_add(struct frame_reader *reader, struct sort_array *array, size_t size)
{
	if (array->count == array->capacity) {
		uint32_t capacity = array->capacity ? 2 * array->capacity : 4;
		char *objects = reader_new(reader, capacity, size);
		if (!objects)
			return NULL;
		if (array->count)
			memcpy(objects, array->objects, array->count * size);
		array->objects = objects;
		array->capacity = capacity;
	}
	return array->objects + size * array->count++;
}

static void unfinished_complete(struct frame_reader *reader, struct event *event)
{
	event->catalogue = reader->catalogue;
	event->outcome = OUTCOME_UNFINISHED;
	reader->in.failed |= !event->call;
}

static void process_complete(struct frame_process *process)
{
	process->exe = process->exe ? process->exe : "";
	process->cwd = process->cwd ? process->cwd : "";
}

static void control_complete(struct object_control *control)
{
	control->selection = control->selection ? control->selection : "";
	control->text = control->text ? control->text : "";
}

static void posix_complete(struct object_posix *posix)
{
	posix->name = posix->name ? posix->name : "";
	posix->version = posix->version ? posix->version : "";
}

static void object_read(struct frame_reader *reader, const struct sort *sort, void *object, uint32_t elements)
{
	uint32_t known = sort->fields ? 2 : 12;

	reader->in.failed |= elements < known;
	if (reader->in.failed)
		return;
	if (sort->fields)
		fields_read(reader, sort->fields, object);
	else
		batch_unpack(&reader->in, reader->arena, reader->catalogue, object);
	if (sort->fields == unfinished_fields)
		unfinished_complete(reader, object);
	else if (sort->fields == process_fields)
		process_complete(object);
	else if (sort->fields == control_fields)
		control_complete(object);
	else if (sort->fields == posix_fields)
		posix_complete(object);
	unpack_skip(&reader->in, elements - known);
}

/* The log's head, decoded elsewhere, is of no sort here but not unknown. */
void frame_objects_read(struct frame_reader *reader, struct frame *frame)
{
	struct sort_array arrays[SORTS_COUNT] = {0};
	struct unpack_view name;
	uint32_t elements;

	while (reader->in.at < reader->in.end && !reader->in.failed) {
		const struct sort *sort = sort_read(&reader->in, &elements, &name);
		if (!sort) {
			frame->unknown_count += !unpack_view_is(name, "ipctrace");
			unpack_skip(&reader->in, elements ? elements - 1 : 0);
			continue;
		}
		void *object = sort_array_add(reader, &arrays[sort - sorts], sort->size);
		if (object)
			object_read(reader, sort, object, elements);
	}
	for (unsigned i = 0; i < SORTS_COUNT; i++) {
		memcpy((char *)frame + sorts[i].array_at, &arrays[i].objects, sizeof(arrays[i].objects));
		if (sorts[i].count_at)
			memcpy((char *)frame + sorts[i].count_at, &arrays[i].count, sizeof(arrays[i].count));
	}
}
