// SPDX-License-Identifier: MIT
/* See glimpse.h. Other threads may change the memory while it is read, which makes an item wrong but not too large. */
#include "format/glimpse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Kept of an array of structs or of control messages. */
#define ARRAY_MAX   1024u
#define VECTOR_MAX  64u
#define STRING_MAX  4095u
#define ADDRESS_MAX ((uint32_t)sizeof(struct sockaddr_storage))
#define PAGE	    4096u
/* Words that the kernel is given with a system call. */
#define KERNEL_ARGS 6

struct glance {
	struct glimpse *glimpse;
	const struct catalogue *catalogue;
	const struct call_spec *call;
	uint32_t pid, tid;
	struct live_in_flight entry;
	uint64_t kernel[KERNEL_ARGS];
	int kernel_count;
	int32_t error; /* why memory could not be read, 0 when it could */
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The innermost call in flight; false when there is none, or it has returned. */
static bool entry_copy(struct live_in_flight *entry, const struct live_slot *slot)
{
	uint32_t depth = __atomic_load_n(&slot->in_flight_depth, __ATOMIC_ACQUIRE);

	if (!depth || depth > LIVE_IN_FLIGHT_MAX)
		return false;
	*entry = slot->in_flight[depth - 1];
	entry->type = __atomic_load_n(&slot->in_flight[depth - 1].type, __ATOMIC_ACQUIRE);
	return entry->type >= RECORD_CALL && !(entry->type & LIVE_RETURNED);
}

/* What the kernel has been given by the thread, which waits for it. 0; -EAGAIN: it does not wait; -errno. */
static int kernel_read(struct glance *glance)
{
	uint64_t *args = glance->kernel;
	char path[64], text[256];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task/%" PRIu32 "/syscall", glance->pid, glance->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size = read(fd, text, sizeof(text) - 1);
	int error = size < 0 ? -errno : 0;
	close(fd);
	if (error)
		return error;
	text[size] = '\0';
	/* "running", or "-1 SP PC" outside of a call, else the call's number first */
	glance->kernel_count = sscanf(text, "%*u %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64,
				      &args[0], &args[1], &args[2], &args[3], &args[4], &args[5]);
	return glance->kernel_count == KERNEL_ARGS ? 0 : -EAGAIN;
}

/* Whether the thread has given the kernel this word, of which `width` bytes count (0: all). */
static bool kernel_has(const struct glance *glance, uint64_t word, uint8_t width)
{
	uint64_t mask = width && width < 8 ? (1ull << 8 * width) - 1 : UINT64_MAX;

	for (int i = 0; i < glance->kernel_count; i++)
		if (!((glance->kernel[i] ^ word) & mask))
			return true;
	return false;
}

/* False when the memory is not there, or may not be read: that is remembered. */
static bool memory_read(struct glance *glance, void *to, uint64_t from, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)from, size};
	ssize_t got = process_vm_readv((pid_t)glance->pid, &local, 1, &remote, 1, 0);

	if (got < 0 && errno != EFAULT && errno != ESRCH)
		glance->error = errno;
	return got >= 0 && (size_t)got == size;
}

/* Where the bytes of an item of `size` bytes go; NULL when there is no room. */
static uint8_t *item_room(const struct glance *glance, uint64_t size)
{
	struct glimpse *glimpse = glance->glimpse;

	if (size > sizeof(glimpse->items) || glimpse->words + item_words((uint32_t)size) > GLIMPSE_WORDS)
		return NULL;
	return (uint8_t *)(glimpse->items + glimpse->words) + sizeof(struct item);
}

/* Adds the item whose bytes are in their place. */
static void item_add(struct glance *glance, unsigned arg, enum item_form form, uint32_t size, uint64_t total)
{
	const struct item item = {.arg = (uint8_t)arg,
				  .form = (uint8_t)form,
				  .size = size,
				  .total = (uint32_t)smaller(total, UINT32_MAX)};
	uint64_t *at = glance->glimpse->items + glance->glimpse->words;
	uint32_t words = item_words(size);

	memset((uint8_t *)at + sizeof(item) + size, 0, words * 8ul - sizeof(item) - size);
	memcpy(at, &item, sizeof(item));
	glance->glimpse->words += words;
}

static bool item_copy(struct glance *glance, unsigned arg, enum item_form form, uint64_t from, uint64_t size,
		      uint64_t total)
{
	uint8_t *bytes = size ? item_room(glance, size) : NULL;

	if (!bytes || !memory_read(glance, bytes, from, size))
		return false;
	item_add(glance, arg, form, (uint32_t)size, total);
	return true;
}

/* How many elements (bytes, for a sockaddr) there are, as far as the kernel has been told the same; 0 else. */
static uint64_t count_of(const struct glance *glance, const struct value_spec *value)
{
	if (value->length == LENGTH_NONE)
		return 1;
	if (value->length == LENGTH_FIXED)
		return value->length_value;
	if (value->length != LENGTH_ARG || value->length_value >= CALL_ARGS_MAX)
		return 0;
	uint64_t count = glance->entry.args[value->length_value];
	uint8_t width = glance->call->args[value->length_value].value.width;
	if (width && width < 8)
		count &= (1ull << 8 * width) - 1;
	return kernel_has(glance, count, width) ? count : 0;
}

static void array_look(struct glance *glance, unsigned arg, const struct value_spec *value)
{
	enum item_form form = value->direction == DIRECTION_IN ? ITEM_RAW : ITEM_BEFORE;
	bool is_struct = value->kind == KIND_STRUCT && value->table < glance->catalogue->structs_count;
	uint64_t size = is_struct ? glance->catalogue->structs[value->table].size : value->width;
	uint64_t count = count_of(glance, value);

	if (size && count <= UINT32_MAX / size)
		item_copy(glance, arg, form, glance->entry.args[arg], smaller(size * count, ARRAY_MAX / size * size),
			  size * count);
}

static void fdset_look(struct glance *glance, unsigned arg, const struct value_spec *value)
{
	uint64_t bits = (uint32_t)glance->entry.args[0];

	if (kernel_has(glance, bits, sizeof(int)) && bits <= INT32_MAX)
		item_copy(glance, arg, ITEM_BEFORE, glance->entry.args[arg], smaller((bits + 63) / 64 * 8, 128),
			  smaller((bits + 63) / 64 * 8, 128));
}

static void address_look(struct glance *glance, unsigned arg, const struct value_spec *value)
{
	uint64_t size = count_of(glance, value);

	item_copy(glance, arg, ITEM_ADDRESS, glance->entry.args[arg], smaller(size, ADDRESS_MAX), size);
}

/* Page by page: the next one need not be there. One without an end is left out. */
static void string_look(struct glance *glance, unsigned arg, const struct value_spec *value)
{
	uint64_t at = glance->entry.args[arg], size = 0;
	uint8_t *bytes = item_room(glance, STRING_MAX);

	while (bytes && size < STRING_MAX) {
		uint64_t step = smaller(PAGE - (at + size) % PAGE, STRING_MAX - size);
		if (!memory_read(glance, bytes + size, at + size, step))
			return;
		const uint8_t *end = memchr(bytes + size, 0, step);
		if (end) {
			item_add(glance, arg, ITEM_STRING, (uint32_t)(end - bytes), (uint64_t)(end - bytes));
			return;
		}
		size += step;
	}
}

/* The lengths of a vector's elements. */
static void vector_add(struct glance *glance, unsigned arg, uint64_t from, uint64_t count)
{
	struct iovec vector[VECTOR_MAX];
	uint64_t kept = smaller(count, VECTOR_MAX);
	uint8_t *bytes = kept ? item_room(glance, kept * 8) : NULL;

	if (!bytes || !memory_read(glance, vector, from, kept * sizeof(vector[0])))
		return;
	for (uint64_t i = 0; i < kept; i++)
		memcpy(bytes + 8 * i, &vector[i].iov_len, 8);
	item_add(glance, arg, ITEM_VECTOR, (uint32_t)kept * 8, count);
}

static void vector_look(struct glance *glance, unsigned arg, const struct value_spec *value)
{
	vector_add(glance, arg, glance->entry.args[arg], count_of(glance, value));
}

static void message_look(struct glance *glance, unsigned arg, const struct value_spec *value)
{
	struct msghdr message;

	if (value->direction != DIRECTION_IN ||
	    !memory_read(glance, &message, glance->entry.args[arg], sizeof(message)))
		return;
	if (message.msg_name)
		item_copy(glance, arg, ITEM_ADDRESS, (uint64_t)(uintptr_t)message.msg_name,
			  smaller(message.msg_namelen, ADDRESS_MAX), message.msg_namelen);
	vector_add(glance, arg, (uint64_t)(uintptr_t)message.msg_iov, message.msg_iovlen);
	if (message.msg_control)
		item_copy(glance, arg, ITEM_CONTROL, (uint64_t)(uintptr_t)message.msg_control,
			  smaller(message.msg_controllen, ARRAY_MAX), message.msg_controllen);
}

static void msgbuf_look(struct glance *glance, unsigned arg, const struct value_spec *value)
{
	if (value->direction == DIRECTION_IN)
		item_copy(glance, arg, ITEM_TYPE, glance->entry.args[arg], sizeof(long), sizeof(long));
}

static void nothing_look(struct glance *glance, unsigned arg, const struct value_spec *value)
{
}

/* Of scalars and structs there is no row. */
static void (*const looks[KIND_COUNT])(struct glance *glance, unsigned arg, const struct value_spec *value) = {
	[KIND_BYTES] = nothing_look,	[KIND_STRING] = string_look,	  [KIND_STRINGS] = nothing_look,
	[KIND_SOCKADDR] = address_look, [KIND_IOVEC] = vector_look,	  [KIND_MSGHDR] = message_look,
	[KIND_MMSGHDR] = nothing_look,	[KIND_MSGBUF] = msgbuf_look,	  [KIND_FDSET] = fdset_look,
	[KIND_SELECT] = nothing_look,	[KIND_UNRECORDED] = nothing_look,
};

/* Whether there is something behind argument `arg` that went in, and of what sort. */
static bool points_in(const struct glance *glance, unsigned arg, struct value_spec *value)
{
	const struct value_spec *declared = &glance->call->args[arg].value;

	if (glance->entry.args[arg] < PAGE || (declared->kind == KIND_SELECT && declared->length != LENGTH_NONE))
		return false;
	*value = catalogue_resolve(glance->catalogue, glance->call, arg, glance->entry.args);
	return value->direction == DIRECTION_IN || value->direction == DIRECTION_INOUT;
}

static void args_look(struct glance *glance)
{
	struct value_spec value;

	for (unsigned arg = 0; arg < glance->call->argc; arg++)
		if (points_in(glance, arg, &value) && kernel_has(glance, glance->entry.args[arg], 0))
			(looks[value.kind] ? looks[value.kind] : array_look)(glance, arg, &value);
}

/* Says why there is less than there could be. */
static void unread_add(struct glance *glance)
{
	uint8_t *bytes = glance->error ? item_room(glance, sizeof(glance->error)) : NULL;

	if (!bytes)
		return;
	memcpy(bytes, &glance->error, sizeof(glance->error));
	item_add(glance, ITEM_NO_ARG, ITEM_UNREAD, sizeof(glance->error), sizeof(glance->error));
}

/* Whether some argument has to be looked behind at all. */
static bool call_points_in(const struct glance *glance)
{
	struct value_spec value;

	for (unsigned arg = 0; arg < glance->call->argc; arg++)
		if (points_in(glance, arg, &value) && looks[value.kind] != nothing_look)
			return true;
	return false;
}

void glimpse_take(struct glimpse *glimpse, const struct catalogue *catalogue, const struct live_slot *slot)
{
	struct glance glance = {.glimpse = glimpse,
				.catalogue = catalogue,
				.pid = __atomic_load_n(&slot->pid, __ATOMIC_RELAXED),
				.tid = __atomic_load_n(&slot->tid, __ATOMIC_RELAXED)};
	struct live_in_flight after;
	int error;

	glimpse->enter = 0;
	glimpse->words = 0;
	if (!entry_copy(&glance.entry, slot) || glance.entry.type - RECORD_CALL >= catalogue->calls_count)
		return;
	glance.call = &catalogue->calls[glance.entry.type - RECORD_CALL];
	if (call_points_in(&glance)) {
		error = kernel_read(&glance);
		if (error == -EAGAIN || error == -ENOENT || error == -ESRCH)
			return;
		glance.error = -error;
		if (!error)
			args_look(&glance);
		unread_add(&glance);
	}
	if (entry_copy(&after, slot) && after.type == glance.entry.type && after.enter == glance.entry.enter)
		glimpse->enter = after.enter;
}
