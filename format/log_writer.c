// SPDX-License-Identifier: MIT
/*
 * Frames are built in one buffer: room for the window, whose clock readings come last, then the head if it has not
 * been written yet, then the objects.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/log_parts.h"
#include "format/log_writer.h"
#include "format/lz4_frame.h"

/* The window in its longest spelling. */
#define WINDOW_SIZE_MAX 96u

struct log_writer {
	int fd; /* -1: memory */
	struct pack_buffer buffer;
	size_t head_size; /* of the head at the front of the buffer, 0 once it is written */
	uint64_t number;
	uint32_t catalogue_hash;
	uint64_t start; /* of the log in the file, UINT64_MAX when the file cannot seek */
	uint64_t size;
	bool well;
	struct lz4_maker *maker;
	uint8_t *frame; /* the compressed frame; in memory, all frames */
	size_t frame_capacity;
};

static int writer_new(struct log_writer **writer, int fd, const struct log_head *head)
{
	struct log_writer *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->fd = fd;
	pack_buffer_init(&made->buffer, LOG_FRAME_MAX);
	pack_buffer_extend(&made->buffer, WINDOW_SIZE_MAX);
	made->maker = lz4_maker_new();
	int error = made->maker ? log_head_pack(&made->buffer, head, &made->catalogue_hash) : -ENOMEM;
	if (error) {
		log_writer_free(made);
		return error;
	}
	made->head_size = made->buffer.size - WINDOW_SIZE_MAX;
	*writer = made;
	return 0;
}

int log_writer_open(struct log_writer **writer, int fd, const struct log_head *head)
{
	int error = writer_new(writer, fd, head);

	if (error)
		return error;
	off_t start = lseek(fd, 0, SEEK_CUR);
	(*writer)->start = start < 0 ? UINT64_MAX : (uint64_t)start;
	return 0;
}

int log_writer_open_memory(struct log_writer **writer, const struct log_head *head)
{
	return writer_new(writer, -1, head);
}

void log_writer_free(struct log_writer *writer)
{
	if (!writer)
		return;
	pack_buffer_free(&writer->buffer);
	lz4_maker_free(writer->maker);
	free(writer->frame);
	free(writer);
}

msgpack_packer *log_writer_packer(struct log_writer *writer)
{
	return &writer->buffer.packer;
}

void log_writer_compress_well(struct log_writer *writer, bool well)
{
	writer->well = well;
}

size_t log_writer_pending(const struct log_writer *writer)
{
	return writer->buffer.size - WINDOW_SIZE_MAX - writer->head_size;
}

static void anchor_pack(msgpack_packer *out, const struct log_anchor *anchor)
{
	msgpack_pack_array(out, 3);
	msgpack_pack_uint64(out, anchor->ticks);
	msgpack_pack_uint64(out, anchor->monotonic);
	msgpack_pack_uint64(out, anchor->realtime);
}

/* Put the window right before what is pending; where the frame's content begins, or NULL without memory. */
static uint8_t *window_place(struct log_writer *writer, const struct log_anchor *before, const struct log_anchor *after)
{
	struct pack_buffer window;
	uint8_t *content = NULL;

	pack_buffer_init(&window, WINDOW_SIZE_MAX);
	msgpack_pack_array(&window.packer, 5);
	pack_text(&window.packer, "window");
	msgpack_pack_uint64(&window.packer, writer->number);
	msgpack_pack_uint32(&window.packer, writer->catalogue_hash);
	anchor_pack(&window.packer, before);
	anchor_pack(&window.packer, after);
	if (!window.failed) {
		content = writer->buffer.bytes + WINDOW_SIZE_MAX - window.size;
		memcpy(content, window.bytes, window.size);
	}
	pack_buffer_free(&window);
	return content;
}

/* Compress into writer->frame at `at`; *size is what it takes. */
static int frame_compress(struct log_writer *writer, const uint8_t *content, size_t at, size_t *size)
{
	const struct pack_buffer *buffer = &writer->buffer;
	size_t window = (size_t)(content - buffer->bytes), bound = at + lz4_frame_bound(buffer->size - window);

	if (bound > writer->frame_capacity) {
		size_t capacity = at ? 2 * bound : bound;
		uint8_t *grown = realloc(writer->frame, capacity);
		if (!grown)
			return -ENOMEM;
		writer->frame = grown;
		writer->frame_capacity = capacity;
	}
	*size = lz4_frame_make(writer->maker, writer->frame + at, buffer, window, writer->well);
	return *size ? 0 : -ENOMEM;
}

/* Cut the file back to the whole frames in it. Where that is impossible, readers skip the fragment. */
static void frame_take_back(struct log_writer *writer)
{
	if (writer->start == UINT64_MAX)
		return;
	off_t end = (off_t)(writer->start + writer->size);
	if (!ftruncate(writer->fd, end))
		lseek(writer->fd, end, SEEK_SET);
}

static int frame_append(struct log_writer *writer, size_t size)
{
	size_t written = 0;

	while (written < size) {
		ssize_t part = write(writer->fd, writer->frame + written, size - written);
		if (part < 0 && errno == EINTR)
			continue;
		if (part <= 0) {
			int error = part < 0 ? -errno : -EIO;
			if (written)
				frame_take_back(writer);
			return error;
		}
		written += (size_t)part;
	}
	return 0;
}

int log_writer_flush(struct log_writer *writer, const struct log_anchor *before, const struct log_anchor *after)
{
	bool in_memory = writer->fd < 0;
	size_t size;

	if (!log_writer_pending(writer) && !writer->head_size)
		return 0;
	uint8_t *content = window_place(writer, before, after);
	if (!content)
		return -ENOMEM;
	int error = frame_compress(writer, content, in_memory ? writer->size : 0, &size);
	if (!error && !in_memory)
		error = frame_append(writer, size);
	if (error)
		return error;
	writer->size += size;
	writer->head_size = 0;
	log_writer_discard(writer);
	return 0;
}

void log_writer_discard(struct log_writer *writer)
{
	pack_buffer_cut(&writer->buffer, WINDOW_SIZE_MAX + writer->head_size);
	writer->number++;
}

uint64_t log_writer_size(const struct log_writer *writer)
{
	return writer->size;
}

const void *log_writer_memory(const struct log_writer *writer, size_t *size)
{
	*size = writer->size;
	return writer->frame;
}
