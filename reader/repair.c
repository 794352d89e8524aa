// SPDX-License-Identifier: MIT
/*
 * Copies the objects of readable frames into a new log. Only the heads of "events" objects are looked into.
 */
#include "reader/repair.h"
#include "format/log_writer.h"
#include "format/numbering.h"

#include <errno.h>
#include <fcntl.h>
#include <lz4frame.h>
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct repair {
	struct trace *trace;
	struct log_writer *writer;
	struct numbering numbering;
	struct object_end end;
	uint8_t *packed, *content; /* of the frame being copied */
	size_t packed_room, content_room;
	struct repair_account *account;
};

/* ---- the bytes of a frame ------------------------------------------------------------------------------------- */

static int make_room(uint8_t **bytes, size_t *room, uint64_t size)
{
	uint8_t *wider;

	if (size <= *room)
		return 0;
	wider = realloc(*bytes, size);
	if (!wider)
		return -ENOMEM;
	*bytes = wider;
	*room = size;
	return 0;
}

static int read_packed(struct repair *repair, int fd, uint64_t offset, uint64_t size)
{
	size_t done = 0;
	int rc = make_room(&repair->packed, &repair->packed_room, size);

	while (!rc && done < size) {
		ssize_t got = pread(fd, repair->packed + done, size - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			rc = got ? -errno : -EIO;
		else
			done += got;
	}
	return rc;
}

/* The content of an LZ4 frame, which is known to be good. 0 or -errno. */
static int unpack_content(struct repair *repair, const uint8_t *packed, size_t size, size_t content_size)
{
	LZ4F_dctx *context;
	size_t done = 0, used = 0, hint = 1;
	int rc = make_room(&repair->content, &repair->content_room, content_size + 1);

	if (rc || LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
		return -ENOMEM;
	while (used < size && hint && !LZ4F_isError(hint)) {
		size_t out = repair->content_room - done, in = size - used;
		hint = LZ4F_decompress(context, repair->content + done, &out, packed + used, &in, NULL);
		if (!out && !in)
			break;
		done += out;
		used += in;
	}
	LZ4F_freeDecompressionContext(context);
	return done == content_size ? 0 : -EIO;
}

/* ---- objects -------------------------------------------------------------------------------------------------- */

static bool is_number(const msgpack_object *object)
{
	return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

/* Where an "events" object's members from the count on begin: behind its five heads, which have no fixed size. */
static size_t skip_heads(const uint8_t *bytes, size_t size)
{
	msgpack_unpacked head;
	size_t at = bytes[0] == 0xdc ? 3 : bytes[0] == 0xdd ? 5 : 1;

	msgpack_unpacked_init(&head);
	for (int i = 0; i < 5 && at < size; i++) {
		msgpack_unpack_return got = msgpack_unpack_next(&head, (const char *)bytes, size, &at);
		if (got != MSGPACK_UNPACK_SUCCESS && got != MSGPACK_UNPACK_EXTRA_BYTES)
			at = size;
	}
	msgpack_unpacked_destroy(&head);
	return at;
}

/* Copies a batch; what is missing before it is added to what was lost. */
static int copy_events(struct repair *repair, const msgpack_object_array *array, const uint8_t *bytes, size_t size)
{
	const msgpack_object *members = array->ptr;
	msgpack_packer *out = log_writer_packer(repair->writer);
	struct numbering_verdict verdict;
	uint64_t first, lost, count;
	size_t rest;

	if (array->size < 6 || !is_number(&members[1]) || !is_number(&members[2]) || !is_number(&members[3]) ||
	    !is_number(&members[4]) || !is_number(&members[5]))
		return 0;
	first = members[3].via.u64;
	lost = members[4].via.u64;
	count = members[5].via.u64;
	if (numbering_continue(&repair->numbering, (uint32_t)members[1].via.u64, (uint32_t)members[2].via.u64, first,
			       lost, count, &verdict))
		return -ENOMEM;
	repair->account->missing += verdict.missing;
	lost += verdict.missing;
	repair->end.events += count;
	repair->end.lost_full += lost;
	rest = skip_heads(bytes, size);
	msgpack_pack_array(out, array->size);
	msgpack_pack_str(out, 6);
	msgpack_pack_str_body(out, "events", 6);
	msgpack_pack_uint64(out, members[1].via.u64);
	msgpack_pack_uint64(out, members[2].via.u64);
	msgpack_pack_uint64(out, first);
	msgpack_pack_uint64(out, lost);
	return msgpack_pack_bin_body(out, bytes + rest, size - rest) ? -ENOMEM : 0;
}

static bool is_called(const msgpack_object *object, const char *name)
{
	return object->type == MSGPACK_OBJECT_STR && object->via.str.size == strlen(name) &&
	       !memcmp(object->via.str.ptr, name, strlen(name));
}

/* A thread that begins counts from 0 again, also when its numbers were used before. */
static int begin_thread(struct repair *repair, const msgpack_object_array *array)
{
	uint64_t pid = 0, tid = 0;

	if (array->size < 2 || array->ptr[1].type != MSGPACK_OBJECT_MAP)
		return 0;
	for (uint32_t i = 0; i < array->ptr[1].via.map.size; i++) {
		const msgpack_object_kv *member = &array->ptr[1].via.map.ptr[i];
		if (is_called(&member->key, "pid") && is_number(&member->val))
			pid = member->val.via.u64;
		else if (is_called(&member->key, "tid") && is_number(&member->val))
			tid = member->val.via.u64;
	}
	repair->end.threads++;
	return numbering_begin(&repair->numbering, (uint32_t)pid, (uint32_t)tid);
}

static int copy_object(struct repair *repair, const msgpack_object *object, const uint8_t *bytes, size_t size)
{
	const msgpack_object_array *array = &object->via.array;
	int rc = 0;

	if (object->type != MSGPACK_OBJECT_ARRAY || !array->size)
		return 0;
	if (is_called(array->ptr, "window") || is_called(array->ptr, "ipctrace") || is_called(array->ptr, "end"))
		return 0;
	if (is_called(array->ptr, "events"))
		return copy_events(repair, array, bytes, size);
	if (is_called(array->ptr, "thread"))
		rc = begin_thread(repair, array);
	repair->end.processes += is_called(array->ptr, "process");
	if (!rc && msgpack_pack_bin_body(log_writer_packer(repair->writer), bytes, size))
		rc = -ENOMEM;
	return rc;
}

static int copy_content(struct repair *repair, size_t size)
{
	msgpack_unpacked object;
	size_t at = 0, begin;
	int rc = 0;

	msgpack_unpacked_init(&object);
	while (!rc && at < size) {
		msgpack_unpack_return got;
		begin = at;
		got = msgpack_unpack_next(&object, (const char *)repair->content, size, &at);
		if (got != MSGPACK_UNPACK_SUCCESS && got != MSGPACK_UNPACK_EXTRA_BYTES)
			break;
		rc = copy_object(repair, &object.data, repair->content + begin, at - begin);
	}
	msgpack_unpacked_destroy(&object);
	return rc;
}

/* ---- frames --------------------------------------------------------------------------------------------------- */

/* `memory` is the log itself when it is not in the file `fd`. */
static int copy_log(struct repair *repair, struct log *log, int fd, const uint8_t *memory)
{
	struct frame *frame = NULL;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < log_frames(log); i++) {
		rc = log_frame_read(log, i, &frame);
		if (rc)
			continue;
		if (!memory)
			rc = read_packed(repair, fd, frame->offset, frame->size);
		if (!rc)
			rc = unpack_content(repair, memory ? memory + frame->offset : repair->packed, frame->size,
					    frame->content_size);
		if (!rc)
			rc = copy_content(repair, frame->content_size);
		if (frame->after.ticks > repair->end.ticks)
			repair->end.ticks = frame->after.ticks;
		if (!rc)
			rc = log_writer_flush(repair->writer, &frame->before, &frame->after);
		repair->account->frames += !rc;
	}
	frame_free(frame);
	return rc < 0 ? rc : 0;
}

static int copy_trace(struct repair *repair, const char *from, int to)
{
	const struct trace_loss *loss = trace_loss(repair->trace);
	struct log_anchor last = {0};
	size_t live_size = 0;
	int fd = open(from, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = log_writer_open(&repair->writer, to, trace_head(repair->trace));
	if (!rc)
		rc = copy_log(repair, trace_log(repair->trace), fd, NULL);
	if (!rc && trace_live(repair->trace))
		rc = copy_log(repair, trace_live(repair->trace), -1, trace_live_bytes(repair->trace, &live_size));
	if (!rc) {
		repair->end.command_end = loss->is_closed ? loss->end.command_end : 0;
		repair->end.stacks_missed = loss->is_closed ? loss->end.stacks_missed : 0;
		repair->end.deep_loads = loss->is_closed ? loss->end.deep_loads : 0;
		if (loss->is_closed && loss->end.lost_without_slot)
			repair->end.lost_without_slot = loss->end.lost_without_slot;
		repair->end.bytes = log_writer_size(repair->writer);
		rc = object_pack_end(log_writer_packer(repair->writer), &repair->end) ? -ENOMEM : 0;
	}
	last = trace_last_anchor(repair->trace);
	if (!rc)
		rc = log_writer_flush(repair->writer, &last, &last);
	log_writer_free(repair->writer);
	close(fd);
	return rc;
}

int repair_write(struct trace *trace, const char *from, const char *to, struct repair_account *account)
{
	struct repair repair = {.trace = trace, .account = account};
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

	*account = (struct repair_account){0};
	if (fd < 0)
		return -errno;
	rc = copy_trace(&repair, from, fd);
	if (!rc && fsync(fd) && errno != EINVAL)
		rc = -errno;
	close(fd);
	if (rc)
		unlink(to);
	numbering_free(&repair.numbering);
	free(repair.packed);
	free(repair.content);
	return rc;
}
