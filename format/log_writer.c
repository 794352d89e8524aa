// SPDX-License-Identifier: MIT
/*
 * Frames are built in one buffer: room for the window, whose clock readings come last, then the head if it has not
 * been written yet, then the objects.
 */
#include <errno.h>
#include <limits.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/checksum.h"
#include "format/log_parts.h"
#include "format/log_writer.h"

/* The window in its longest spelling. */
#define WINDOW_SIZE_MAX 96u
/* The first level of LZ4 that looks for the longest match. Those above gain one part in a hundred, and take twice as
 * long. */
#define LEVEL_WELL 3

struct log_writer {
	int fd; /* -1: memory */
	struct pack_buffer buffer;
	size_t head_size; /* of the head at the front of the buffer, 0 once it is written */
	uint64_t number;
	uint32_t catalogue_hash;
	uint64_t start; /* of the log in the file, UINT64_MAX when the file cannot seek */
	uint64_t size;
	bool well;
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
	int error = log_head_pack(&made->buffer, head, &made->catalogue_hash);
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

/* Where these are in a head with the size of the content, from the flags on: what the head's own checksum is of. */
#define HEAD_FLAGS    4
#define HEAD_CHECKSUM 14
#define FLAG_CHECKSUM 4
#define CHECKSUM_SIZE 4u

/*
 * Put a checksum of the content behind a frame that was made without, and say so in its head. LZ4 could have, but is
 * slow at it (format/checksum.h): that takes 1.5 ns an event of an event loop less.
 */
static void checksum_append(uint8_t *frame, size_t size, const uint8_t *content, size_t content_size)
{
	uint32_t checksum = frame_checksum(content, content_size);

	frame[HEAD_FLAGS] |= FLAG_CHECKSUM;
	frame[HEAD_CHECKSUM] = (uint8_t)(frame_checksum(frame + HEAD_FLAGS, HEAD_CHECKSUM - HEAD_FLAGS) >> 8);
	memcpy(frame + size, &checksum, CHECKSUM_SIZE);
}

/* Compress into writer->frame at `at`; *size is what it takes. */
static int frame_compress(struct log_writer *writer, const uint8_t *content, size_t at, size_t *size)
{
	size_t content_size = (size_t)(writer->buffer.bytes + writer->buffer.size - content);
	LZ4F_preferences_t preferences = {
		.frameInfo = {.blockSizeID = LZ4F_max4MB,
			      .blockMode = LZ4F_blockIndependent,
			      .contentSize = content_size},
		.compressionLevel = writer->well ? LEVEL_WELL : 0,
	};
	size_t bound = at + LZ4F_compressFrameBound(content_size, &preferences) + CHECKSUM_SIZE;

	if (bound > writer->frame_capacity) {
		size_t capacity = at ? 2 * bound : bound;
		uint8_t *grown = realloc(writer->frame, capacity);
		if (!grown)
			return -ENOMEM;
		writer->frame = grown;
		writer->frame_capacity = capacity;
	}
	*size = LZ4F_compressFrame(writer->frame + at, writer->frame_capacity - at, content, content_size,
				   &preferences);
	if (LZ4F_isError(*size))
		return -ENOMEM;
	checksum_append(writer->frame + at, *size, content, content_size);
	*size += CHECKSUM_SIZE;
	return 0;
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
	writer->buffer.size = WINDOW_SIZE_MAX + writer->head_size;
	writer->buffer.failed = false;
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
