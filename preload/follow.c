// SPDX-License-Identifier: MIT
/* See follow.h: one pair of functions a kind, found through a table; no call is known by name. */
#include <errno.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "events.h"
#include "format/crc32c.h"
#include "preload/descriptor.h"
#include "preload/follow.h"
#include "preload/image.h"
#include "preload/traits.h"
#include "trace/raw.h"

#define VECTOR_MAX   64	  /* iov elements whose lengths are kept */
#define MESSAGES_MAX 32	  /* messages of a sendmmsg or recvmmsg that are looked into */
#define STRUCTS_MAX  4096 /* bytes of an array of structs or scalars */
#define STRING_MAX   4096
#define STRINGS_MAX  64
#define CONTROL_MAX  1024
#define ADDRESS_MAX  sizeof(struct sockaddr_storage)
#define SEMVALS_MAX  8

/* Where items go. `end` is what was reserved: nothing is written beyond. */
struct sink {
	const struct follow *follow;
	uint8_t *at, *end;
};

static inline uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint32_t bound_bytes(uint64_t size)
{
	return item_words((uint32_t)size);
}

/*
 * Asks the kernel whether the aligned 8 bytes around `address` can be read: rt_sigprocmask() copies the set before it
 * refuses the impossible request. Unlike process_vm_readv() this call is in every sandbox's list.
 */
static bool memory_there(uint64_t address)
{
	return raw_syscall(SYS_rt_sigprocmask, ~0, address & ~7ull, NULL, 8) != -EFAULT;
}

static bool range_is_there(uint64_t from, uint64_t size)
{
	if (image.view.no_kernel || from + size < from || !memory_there(from))
		return false;
	for (uint64_t page = (from / LIVE_PAGE + 1) * LIVE_PAGE; page < from + size; page += LIVE_PAGE)
		if (!memory_there(page))
			return false;
	return true;
}

bool memory_read(void *to, uint64_t from, size_t size)
{
	if (size == 0 || !range_is_there(from, size))
		return false;
	bytes_copy(to, (const void *)(uintptr_t)from, size);
	return true;
}

/*
 * Whether [address, +size) is in the part of this thread's own stack that is certainly in use: above us, below its top.
 * On any other stack, a handler's or a coroutine's, nothing is certain.
 */
static bool on_own_stack(uint64_t address, size_t size)
{
	uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0), top = thread_origin.stack_top;

	return here > thread_origin.stack_low && here < top && address >= here && address < top &&
	       top - address >= size;
}

void follow_prepare(void)
{
	crc32c_prepare();
	image.has_crc32c = crc32c_tables.has_instruction;
}

uint32_t follow_length_before(const struct capture *capture, unsigned event)
{
	const struct call_spec *call = &catalogue_builtin.calls[event];
	uint32_t length = 0;

	for (unsigned i = 0; i < call->argc; i++) {
		const struct value_spec *value = &call->args[i].value;
		uint64_t address;
		if (value->length == LENGTH_POINTED)
			address = capture->args[value->length_value];
		else if (value->kind == KIND_MSGHDR && value->direction != DIRECTION_IN)
			address = capture->args[i] + offsetof(struct msghdr, msg_namelen);
		else
			continue;
		if (address < LIVE_PAGE)
			return 0;
		if (on_own_stack(address, sizeof(length)))
			return *(const uint32_t *)(uintptr_t)address;
		return memory_read(&length, address, sizeof(length)) ? length : 0;
	}
	return 0;
}

/* Copies from the program: as it is, or through the kernel. */
static bool fetch(const struct follow *follow, void *to, uint64_t from, size_t size)
{
	if (follow->careful)
		return memory_read(to, from, size);
	bytes_copy(to, (const void *)(uintptr_t)from, size);
	return true;
}

/* How many elements (bytes, for kinds counted in bytes) the argument has. */
static uint64_t length_of(const struct follow *follow, const struct value_spec *value)
{
	const struct capture *capture = follow->capture;
	uint32_t pointed = 0;

	switch (value->length) {
	case LENGTH_FIXED:
		return value->length_value;
	case LENGTH_ARG:
		return capture->args[value->length_value];
	case LENGTH_POINTED:
		if (!capture->args[value->length_value] ||
		    !fetch(follow, &pointed, capture->args[value->length_value], sizeof(pointed)))
			return 0;
		return least(pointed, capture->length);
	case LENGTH_RETURN:
		return follow->result > 0 ? (uint64_t)follow->result : 0;
	default:
		return 1;
	}
}

/* Starts an item of `size` bytes; NULL when there is no room. The caller fills the bytes. */
static uint8_t *item_start(struct sink *sink, unsigned arg, enum item_form form, unsigned index, uint64_t size,
			   uint64_t total, uint32_t hash)
{
	uint32_t words = item_words((uint32_t)size);

	if (size > UINT32_MAX / 2 || (uint64_t)(sink->end - sink->at) < words * 8ull)
		return NULL;
	*(struct item *)sink->at = (struct item){
		(uint8_t)arg, (uint8_t)form, (uint16_t)index, (uint32_t)size, (uint32_t)least(total, UINT32_MAX), hash};
	uint8_t *bytes = sink->at + sizeof(struct item);
	if (size % 8)
		*(uint64_t *)(bytes + size / 8 * 8) = 0;
	sink->at += words * 8;
	return bytes;
}

static bool item_copy(struct sink *sink, unsigned arg, enum item_form form, unsigned index, uint64_t from,
		      uint64_t size, uint64_t total)
{
	uint8_t *before = sink->at;
	uint8_t *bytes = item_start(sink, arg, form, index, size, total, 0);

	if (!bytes)
		return false;
	if (!fetch(sink->follow, bytes, from, size)) {
		sink->at = before;
		return false;
	}
	return true;
}

/* ---- payload -------------------------------------------------------------------------------------------------------
 */

/* With MSG_TRUNC the result may be longer than the buffer, and a stream leaves the buffer untouched. */
static bool payload_was_discarded(const struct follow *follow, const struct value_spec *value)
{
	const struct call_spec *call = follow->call;

	if (value->direction == DIRECTION_IN)
		return false;
	for (unsigned i = 0; i < call->argc; i++)
		if (call->args[i].value.kind == KIND_FLAGS && (follow->capture->args[i] & MSG_TRUNC) &&
		    call->family[0] == 's' && call->family[1] == 'o')
			return true;
	return false;
}

/* How much of a payload's beginning is kept, and whether the whole is hashed: what is redacted never leaves here. */
static inline uint64_t payload_kept(uint64_t total)
{
	return live_control.redaction & REDACT_BYTES ? 0 : least(total, live_control.payload_limit);
}

static inline bool payload_is_hashed(void)
{
	return !(live_control.redaction & REDACT_HASH);
}

void payload_put(uint8_t *at, unsigned arg, uint64_t from, uint64_t total)
{
	const void *bytes = (const void *)(uintptr_t)from;
	struct item *item = (struct item *)at;
	uint64_t kept = least(total, live_control.payload_limit);

	*item = (struct item){(uint8_t)arg,
			      ITEM_PAYLOAD,
			      0,
			      (uint32_t)kept,
			      (uint32_t)least(total, UINT32_MAX),
			      crc32c_update(0, bytes, total)};
	if (kept % 8)
		*(uint64_t *)((uint8_t *)(item + 1) + kept / 8 * 8) = 0;
	bytes_copy(item + 1, bytes, kept);
}

static void payload_write(struct sink *sink, unsigned arg, unsigned index, uint64_t from, uint64_t total)
{
	uint64_t kept = payload_kept(total);
	uint32_t hash = payload_is_hashed() ? crc32c_update(0, (const void *)(uintptr_t)from, total) : 0;
	uint8_t *bytes = item_start(sink, arg, ITEM_PAYLOAD, index, kept, total, hash);

	if (bytes)
		bytes_copy(bytes, (const void *)(uintptr_t)from, kept);
}

static uint32_t payload_bound(uint64_t total)
{
	return bound_bytes(payload_kept(total));
}

static uint32_t bytes_bound(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	return payload_bound(length_of(follow, value));
}

static void bytes_write(struct sink *sink, unsigned arg, const struct value_spec *value)
{
	payload_write(sink, arg, 0, sink->follow->capture->args[arg], length_of(sink->follow, value));
}

/* The first `total` bytes of a vector, gathered; its elements' lengths. */
static void vector_write(struct sink *sink, unsigned arg, unsigned index, const struct iovec *vector, uint64_t count,
			 uint64_t total)
{
	uint64_t shown = least(count, VECTOR_MAX);
	uint64_t kept = payload_kept(total), copied = 0, left = total;
	uint64_t *lengths = (uint64_t *)item_start(sink, arg, ITEM_VECTOR, index, shown * 8, count, 0);

	if (!lengths)
		return;
	for (uint64_t i = 0; i < shown; i++)
		lengths[i] = vector[i].iov_len;
	struct item *item = (struct item *)sink->at;
	uint8_t *bytes = item_start(sink, arg, ITEM_PAYLOAD, index, kept, total, 0);
	if (!bytes)
		return;
	for (uint64_t i = 0; i < count && left; i++) {
		uint64_t size = least(vector[i].iov_len, left);
		uint64_t copy = least(size, kept - copied);
		if (payload_is_hashed())
			item->hash = crc32c_update(item->hash, vector[i].iov_base, size);
		bytes_copy(bytes + copied, vector[i].iov_base, copy);
		copied += copy;
		left -= size;
	}
}

static uint32_t vector_bound(uint64_t count, uint64_t total)
{
	return bound_bytes(least(count, VECTOR_MAX) * 8) + payload_bound(total);
}

static uint64_t transferred(const struct follow *follow)
{
	return follow->result > 0 ? (uint64_t)follow->result : 0;
}

static uint32_t iovec_bound(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	return vector_bound(length_of(follow, value), transferred(follow));
}

static void iovec_write(struct sink *sink, unsigned arg, const struct value_spec *value)
{
	const struct follow *follow = sink->follow;

	vector_write(sink, arg, 0, (const struct iovec *)(uintptr_t)follow->capture->args[arg],
		     length_of(follow, value), transferred(follow));
}

static uint32_t msgbuf_bound(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	return bound_bytes(8) + payload_bound(length_of(follow, value));
}

static void msgbuf_write(struct sink *sink, unsigned arg, const struct value_spec *value)
{
	uint64_t address = sink->follow->capture->args[arg];

	item_copy(sink, arg, ITEM_TYPE, 0, address, sizeof(long), sizeof(long));
	payload_write(sink, arg, 0, address + sizeof(long), length_of(sink->follow, value));
}

/* ---- messages ------------------------------------------------------------------------------------------------------
 */

static uint32_t message_bound(const struct msghdr *message, uint64_t total)
{
	return bound_bytes(ADDRESS_MAX) + vector_bound(message->msg_iovlen, total) +
	       bound_bytes(least(message->msg_controllen, CONTROL_MAX)) + 2 * bound_bytes(8);
}

static void message_write(struct sink *sink, unsigned arg, unsigned index, const struct msghdr *message, uint64_t total,
			  uint64_t name_size, bool received)
{
	const struct follow *follow = sink->follow;
	bool discarded = received && payload_was_discarded(follow, &follow->values[arg]);

	if (message->msg_name && name_size)
		item_copy(sink, arg, ITEM_ADDRESS, index, (uint64_t)(uintptr_t)message->msg_name,
			  least(name_size, ADDRESS_MAX), name_size);
	if (!discarded)
		vector_write(sink, arg, index, message->msg_iov, message->msg_iovlen, total);
	if (message->msg_control && message->msg_controllen)
		item_copy(sink, arg, ITEM_CONTROL, index, (uint64_t)(uintptr_t)message->msg_control,
			  least(message->msg_controllen, CONTROL_MAX), message->msg_controllen);
	if (received)
		item_copy(sink, arg, ITEM_FLAGS, index, (uint64_t)(uintptr_t)&message->msg_flags, 4, 4);
}

static uint32_t msghdr_bound(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	return message_bound((const struct msghdr *)(uintptr_t)follow->capture->args[arg], transferred(follow));
}

static void msghdr_write(struct sink *sink, unsigned arg, const struct value_spec *value)
{
	const struct msghdr *message = (const struct msghdr *)(uintptr_t)sink->follow->capture->args[arg];
	bool received = value->direction != DIRECTION_IN;
	uint64_t name_size =
		received ? least(message->msg_namelen, sink->follow->capture->length) : message->msg_namelen;

	message_write(sink, arg, 0, message, transferred(sink->follow), name_size, received);
}

static uint32_t mmsghdr_bound(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	const struct mmsghdr *messages = (const struct mmsghdr *)(uintptr_t)follow->capture->args[arg];
	uint64_t count = least(transferred(follow), MESSAGES_MAX);
	uint32_t words = 0;

	for (uint64_t i = 0; i < count; i++)
		words += message_bound(&messages[i].msg_hdr, messages[i].msg_len);
	return words;
}

/*
 * How long the buffers of received names were is not known after the call: so much is read of each, when it is there.
 * *page is the page that the last one was on, or 0.
 */
#define NAME_CERTAIN 16

static bool name_is_there(const struct msghdr *message, uint64_t *page)
{
	uint64_t from = (uint64_t)(uintptr_t)message->msg_name, size = least(message->msg_namelen, NAME_CERTAIN);

	if (!from || !size)
		return false;
	if (from / LIVE_PAGE == *page && (from + size - 1) / LIVE_PAGE == *page)
		return true;
	if (!range_is_there(from, size))
		return false;
	*page = from / LIVE_PAGE;
	return true;
}

static void mmsghdr_write(struct sink *sink, unsigned arg, const struct value_spec *value)
{
	const struct mmsghdr *messages = (const struct mmsghdr *)(uintptr_t)sink->follow->capture->args[arg];
	uint64_t count = least(transferred(sink->follow), MESSAGES_MAX);
	bool received = value->direction != DIRECTION_IN;
	uint64_t page = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct msghdr *message = &messages[i].msg_hdr;
		uint64_t name_size = message->msg_namelen;
		if (received)
			name_size = name_is_there(message, &page) ? least(name_size, NAME_CERTAIN) : 0;
		item_copy(sink, arg, ITEM_LENGTH, i, (uint64_t)(uintptr_t)&messages[i].msg_len, 4, 4);
		message_write(sink, arg, i, message, messages[i].msg_len, name_size, received);
	}
}

/* ---- strings -------------------------------------------------------------------------------------------------------
 */

static uint64_t string_length(const char *string, uint64_t limit)
{
	uint64_t length = 0;

	while (length < limit && string[length])
		length++;
	return length;
}

/* Copies a string of unknown length, page by page when it must be careful; returns its length, or -1. */
static int64_t string_copy(const struct follow *follow, uint8_t *to, uint64_t from, uint64_t limit)
{
	uint64_t done = 0;

	if (!follow->careful) {
		done = string_length((const char *)(uintptr_t)from, limit);
		bytes_copy(to, (const void *)(uintptr_t)from, done);
		return (int64_t)done;
	}
	while (done < limit) {
		uint64_t piece = least(LIVE_PAGE - (from + done) % LIVE_PAGE, limit - done);
		if (!memory_read(to + done, from + done, piece))
			return -1;
		uint64_t length = string_length((const char *)to + done, piece);
		done += length;
		if (length < piece)
			return (int64_t)done;
	}
	return (int64_t)done;
}

static uint32_t string_bound(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	if (follow->careful)
		return bound_bytes(STRING_MAX);
	return bound_bytes(string_length((const char *)(uintptr_t)follow->capture->args[arg], STRING_MAX));
}

/* Ends an item whose size was not known when it was started. */
static void item_close(struct sink *sink, struct item *item, uint64_t size, uint64_t total)
{
	uint8_t *bytes = (uint8_t *)(item + 1);

	item->size = (uint32_t)size;
	item->total = (uint32_t)total;
	for (uint64_t i = size; i % 8; i++)
		bytes[i] = 0;
	sink->at = (uint8_t *)item + item_words((uint32_t)size) * 8;
}

static void string_write(struct sink *sink, unsigned arg, const struct value_spec *value)
{
	struct item *item = (struct item *)sink->at;
	uint64_t room = (uint64_t)(sink->end - sink->at);

	if (room < sizeof(*item))
		return;
	uint64_t limit = least(STRING_MAX, room - sizeof(*item));
	int64_t length = string_copy(sink->follow, (uint8_t *)(item + 1), sink->follow->capture->args[arg], limit);
	if (length < 0)
		return;
	*item = (struct item){(uint8_t)arg, ITEM_STRING, 0, 0, 0, 0};
	item_close(sink, item, (uint64_t)length, (uint64_t)length);
}

static uint32_t strings_bound(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	return bound_bytes(STRING_MAX);
}

static void strings_write(struct sink *sink, unsigned arg, const struct value_spec *value)
{
	struct item *item = (struct item *)sink->at;
	uint64_t vector = sink->follow->capture->args[arg], room = (uint64_t)(sink->end - sink->at), size = 0, pointer;
	unsigned count = 0;

	if (room < sizeof(*item) + 8)
		return;
	room = least(room - sizeof(*item), STRING_MAX);
	uint8_t *bytes = (uint8_t *)(item + 1);
	for (; count < STRINGS_MAX && size + 1 < room; count++) {
		if (!fetch(sink->follow, &pointer, vector + count * 8, 8) || !pointer)
			break;
		int64_t length = string_copy(sink->follow, bytes + size, pointer, room - size - 1);
		if (length < 0)
			break;
		size += (uint64_t)length;
		bytes[size++] = 0;
	}
	*item = (struct item){(uint8_t)arg, ITEM_STRINGS, 0, 0, 0, 0};
	item_close(sink, item, size, count);
}

/* ---- addresses, structs, scalars, sets ------------------------------------------------------------------------------
 */

static uint32_t sockaddr_bound(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	return bound_bytes(ADDRESS_MAX);
}

static void sockaddr_write(struct sink *sink, unsigned arg, const struct value_spec *value)
{
	uint64_t total = length_of(sink->follow, value);

	if (total)
		item_copy(sink, arg, ITEM_ADDRESS, 0, sink->follow->capture->args[arg], least(total, ADDRESS_MAX),
			  total);
}

static uint64_t elements_size(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	const struct value_spec *declared = &follow->call->args[arg].value;
	uint64_t one = value->kind == KIND_STRUCT ? catalogue_builtin.structs[value->table].size : value->width;
	uint64_t count = length_of(follow, value);

	/* the length of a selection (setsockopt's value) is in bytes, and may be less than the one element */
	if (declared->kind == KIND_SELECT && declared->length != LENGTH_NONE)
		return least(count * one, length_of(follow, declared));
	return count > STRUCTS_MAX ? (uint64_t)STRUCTS_MAX * one : count * one;
}

static uint32_t elements_bound(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	return bound_bytes(least(elements_size(follow, arg, value), STRUCTS_MAX));
}

static void elements_write(struct sink *sink, unsigned arg, const struct value_spec *value)
{
	uint64_t total = elements_size(sink->follow, arg, value);

	item_copy(sink, arg, ITEM_RAW, 0, sink->follow->capture->args[arg], least(total, STRUCTS_MAX), total);
}

static uint64_t fdset_size(const struct follow *follow)
{
	uint64_t bits = follow->capture->args[0];

	return bits > 1024 ? 128 : (bits + 63) / 64 * 8;
}

static uint32_t fdset_bound(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	return 2 * bound_bytes(128);
}

static void fdset_write(struct sink *sink, unsigned arg, const struct value_spec *value)
{
	uint64_t size = fdset_size(sink->follow);

	if (size)
		item_copy(sink, arg, ITEM_RAW, 0, sink->follow->capture->args[arg], size, size);
}

/* ---- the table ------------------------------------------------------------------------------------------------------
 */

struct follower {
	uint32_t (*bound)(const struct follow *follow, unsigned arg, const struct value_spec *value);
	void (*write)(struct sink *sink, unsigned arg, const struct value_spec *value);
};

static const struct follower elements_follower = {elements_bound, elements_write};
static const struct follower followers[KIND_COUNT] = {
	[KIND_BYTES] = {bytes_bound, bytes_write},	  [KIND_STRING] = {string_bound, string_write},
	[KIND_STRINGS] = {strings_bound, strings_write},  [KIND_SOCKADDR] = {sockaddr_bound, sockaddr_write},
	[KIND_STRUCT] = {elements_bound, elements_write}, [KIND_IOVEC] = {iovec_bound, iovec_write},
	[KIND_MSGHDR] = {msghdr_bound, msghdr_write},	  [KIND_MMSGHDR] = {mmsghdr_bound, mmsghdr_write},
	[KIND_MSGBUF] = {msgbuf_bound, msgbuf_write},	  [KIND_FDSET] = {fdset_bound, fdset_write},
};

/* Scalars have no row of their own: behind a pointer they are an array of elements. */
static const struct follower *follower_of(const struct value_spec *value)
{
	if (value->direction == DIRECTION_NONE || value->kind == KIND_UNRECORDED || value->kind == KIND_SELECT)
		return NULL;
	if (followers[value->kind].bound)
		return &followers[value->kind];
	return &elements_follower;
}

/* After a failure only what went in is of interest, and payload did not go in. */
static bool worth_following(const struct value_spec *value, bool careful)
{
	return !careful || trait_goes_in(value);
}

static bool vector_is_there(const struct iovec *vector, uint64_t count, uint64_t left)
{
	for (uint64_t i = 0; i < count && left; i++) {
		uint64_t size = least(vector[i].iov_len, left);
		if (size && !range_is_there((uint64_t)(uintptr_t)vector[i].iov_base, size))
			return false;
		left -= size;
	}
	return true;
}

/* Of calls that may succeed without a look at their arguments (TRAIT_UNREAD): whether this one's memory is there. */
static bool was_read(const struct follow *follow, unsigned arg, const struct value_spec *value)
{
	const struct capture *capture = follow->capture;

	if (follow->call->result.kind == KIND_PID) /* with WNOHANG, and no child that has ended */
		return follow->result != 0 || value->direction == DIRECTION_IN;
	if (value->direction != DIRECTION_IN)
		return true;
	if (value->kind == KIND_STRING) /* looked at by a child, which may have died of it */
		return range_is_there(capture->args[arg], 1);
	if (value->kind == KIND_STRUCT)
		return follow->result != 0 || range_is_there(capture->args[arg], elements_size(follow, arg, value));
	bool is_vector = value->kind == KIND_IOVEC;
	if ((!is_vector && value->kind != KIND_BYTES) || follow->result <= 0 ||
	    follow->call->args[0].value.kind != KIND_FD || descriptor_reads(capture->args[0]))
		return true;
	if (!is_vector)
		return range_is_there(capture->args[arg], length_of(follow, value));
	return vector_is_there((const struct iovec *)(uintptr_t)capture->args[arg], length_of(follow, value),
			       transferred(follow));
}

/* The descriptors that the call has made or ended. */
static void descriptors_note(const struct follow *follow)
{
	const struct call_spec *call = follow->call;
	const struct capture *capture = follow->capture;

	if (traits[capture->type - RECORD_CALL] & TRAIT_ENDS_FDS)
		descriptors_forget(capture->args[0]);
	for (unsigned i = 0; i < call->argc; i++)
		if (call->args[i].value.identity == IDENTITY_GONE)
			descriptor_forget(capture->args[i]);
	if (call->result.identity == IDENTITY_NEW)
		descriptor_forget((uint64_t)follow->result);
}

/* The value-result length, which capture->length remembers from before the call; ITEM_NO_ARG when there is none. */
static uint8_t length_argument(const struct call_spec *call)
{
	for (unsigned i = 0; i < call->argc; i++)
		if (call->args[i].value.length == LENGTH_POINTED)
			return call->args[i].value.length_value;
	return ITEM_NO_ARG;
}

static void plan_args(struct follow *follow)
{
	const struct capture *capture = follow->capture;
	uint32_t trait = traits[capture->type - RECORD_CALL];

	for (uint32_t left = follow->call->captured; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		if (capture->args[i] < LIVE_PAGE)
			continue;
		follow->values[i] = follow->call->args[i].value;
		if (follow->values[i].kind == KIND_SELECT)
			follow->values[i] = catalogue_resolve(&catalogue_builtin, follow->call, i, capture->args);
		const struct value_spec *value = &follow->values[i];
		const struct follower *follower = follower_of(value);
		if (!follower || !worth_following(value, follow->careful))
			continue;
		if (!follow->careful && value->kind == KIND_BYTES && payload_was_discarded(follow, value))
			continue;
		if (!follow->careful && (trait & TRAIT_UNREAD) && !was_read(follow, i, value))
			continue;
		follow->mask |= 1u << i;
		follow->words += follower->bound(follow, i, value);
	}
	for (unsigned i = 0; i < capture->before_count; i++)
		follow->words += bound_bytes(capture->before[i].size);
	if ((trait & TRAIT_LENGTH_BEFORE) && !follow->careful)
		follow->length_arg = length_argument(follow->call);
	if (follow->length_arg != ITEM_NO_ARG && capture->args[follow->length_arg])
		follow->words += bound_bytes(sizeof(capture->length));
}

/* After a vfork the child writes here, until it execs or exits; what it leaves undone its parent writes for it. */
static void plan_borrowed(struct follow *follow)
{
	/* in a sandbox there is no telling them apart */
	uint32_t tid = image.view.no_kernel ? follow->slot->tid : (uint32_t)raw_syscall(SYS_gettid);

	follow->child = tid != follow->slot->tid ? tid : follow->slot->vfork_child;
	if (follow->child)
		follow->words += bound_bytes(8);
}

bool follow_plan(struct follow *follow, const struct capture *capture, struct live_slot *slot, int64_t result,
		 int error, enum outcome outcome, uint64_t stack)
{
	unsigned event = capture->type - RECORD_CALL;
	uint32_t trait = traits[event];
	bool returned = outcome == OUTCOME_RETURNED;

	follow->words = stack ? STACK_WORDS : 0;
	follow->stack = stack;
	follow->child = 0;
	follow->mask = 0;
	follow->length_arg = ITEM_NO_ARG;
	follow->asks = follow->creates = follow->semval = false;
	follow->capture = capture;
	follow->call = &catalogue_builtin.calls[event];
	follow->slot = slot;
	follow->result = result;
	follow->careful = error != 0 || !returned;
	if (__builtin_expect(slot->vfork_enter != 0, 0))
		plan_borrowed(follow);
	if ((trait & (TRAIT_MOVES_FD | TRAIT_ENDS_FDS)) && returned && !error)
		descriptors_note(follow);
	if ((trait & TRAIT_FOLLOWED) &&
	    (returned ? !error || (trait & TRAIT_FOLLOWED_ON_FAILURE) : outcome == OUTCOME_DEPARTED))
		plan_args(follow);
	if (!returned || image.view.no_kernel)
		return follow->words != 0;
	if ((trait & (TRAIT_ASK_LOCAL | TRAIT_ASK_PEER)) && (!error || error == EINPROGRESS)) {
		follow->asks = true;
		follow->words += 2 * bound_bytes(ADDRESS_MAX);
	}
	if ((trait & TRAIT_CREATES) && !error) {
		follow->creates = true;
		follow->words += bound_bytes(8);
	}
	if (live_control.ask_semval && !error && (event == EVENT_semop || event == EVENT_semtimedop)) {
		follow->semval = true;
		follow->words += bound_bytes(SEMVALS_MAX * 4);
	}
	return follow->words != 0;
}

/* One end of the socket that the call was about: of the new one, when it accepted. */
static void address_ask(struct sink *sink, enum item_form form, bool accepted)
{
	long fd = accepted ? sink->follow->result : (long)sink->follow->capture->args[0];
	struct item *item = (struct item *)sink->at;
	uint32_t size = ADDRESS_MAX;

	if ((uint64_t)(sink->end - sink->at) < bound_bytes(ADDRESS_MAX) * 8ull)
		return;
	if (raw_syscall(form == ITEM_PEER ? SYS_getpeername : SYS_getsockname, fd, item + 1, &size) != 0)
		return;
	*item = (struct item){ITEM_NO_ARG, (uint8_t)form, 0, 0, 0, 0};
	item_close(sink, item, least(size, ADDRESS_MAX), size);
}

/* Who connected is asked only when the program did not; where they connected to is not always the listener's address.
 */
static void addresses_ask(struct sink *sink, bool accepted)
{
	address_ask(sink, ITEM_LOCAL, accepted);
	if (accepted && !sink->follow->capture->args[1])
		address_ask(sink, ITEM_PEER, accepted);
}

static void semvals_ask(struct sink *sink)
{
	const struct capture *capture = sink->follow->capture;
	const struct sembuf *operations = (const struct sembuf *)(uintptr_t)capture->args[1];
	uint64_t count = least(capture->args[2], SEMVALS_MAX);
	int32_t *values = (int32_t *)item_start(sink, 1, ITEM_VALUE, 0, count * 4, count * 4, 0);

	for (uint64_t i = 0; values && i < count; i++)
		values[i] = (int32_t)raw_syscall(SYS_semctl, capture->args[0], operations[i].sem_num, GETVAL);
}

static void word_write(struct sink *sink, enum item_form form, uint64_t word)
{
	uint64_t *bytes = (uint64_t *)item_start(sink, ITEM_NO_ARG, form, 0, 8, 8, 0);

	if (bytes)
		*bytes = word;
}

uint32_t follow_write(const struct follow *follow, uint8_t *at)
{
	struct sink sink = {follow, at, at + follow->words * 8};
	const struct capture *capture = follow->capture;

	for (uint32_t left = follow->mask; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		follower_of(&follow->values[i])->write(&sink, i, &follow->values[i]);
	}
	for (unsigned i = 0; i < capture->before_count; i++) {
		uint8_t *bytes = item_start(&sink, capture->before[i].arg, ITEM_BEFORE, 0, capture->before[i].size,
					    capture->before[i].size, 0);
		if (bytes)
			bytes_copy(bytes, capture->before[i].bytes, capture->before[i].size);
	}
	if (follow->length_arg != ITEM_NO_ARG && (follow->mask & 1u << follow->length_arg)) {
		uint8_t *bytes = item_start(&sink, follow->length_arg, ITEM_BEFORE, 0, sizeof(capture->length),
					    sizeof(capture->length), 0);
		if (bytes)
			bytes_copy(bytes, &capture->length, sizeof(capture->length));
	}
	if (follow->stack && (uint64_t)(sink.end - sink.at) >= STACK_WORDS * 8) {
		stack_put((uint64_t *)sink.at, follow->stack);
		sink.at += STACK_WORDS * 8;
	}
	if (follow->child)
		word_write(&sink, ITEM_PID, follow->child | (uint64_t)follow->child << 32);
	if (follow->creates)
		word_write(&sink, ITEM_ORDINAL, ++follow->slot->created);
	if (follow->asks)
		addresses_ask(&sink, traits[capture->type - RECORD_CALL] & TRAIT_ASK_PEER);
	if (follow->semval)
		semvals_ask(&sink);
	return (uint32_t)((sink.at - at) / 8);
}
