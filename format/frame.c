// SPDX-License-Identifier: MIT
/*
 * Loads and decodes frames: reads the compressed bytes and has LZ4 check and unpack them; what stands in them is for
 * frame_object.c. Knows nothing of the other frames of a log.
 */
#include <errno.h>
#include <lz4frame.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/checksum.h"
#include "format/log_parts.h"

/*
 * LZ4 unpacks straight into memory that could hold a whole block more, and by way of a copy otherwise. The excess is
 * never touched.
 */
#define CONTENT_EXCESS (4u << 20)

static int __attribute__((format(printf, 2, 3))) frame_damaged(struct frame *frame, const char *why, ...)
{
	va_list arguments;

	va_start(arguments, why);
	vsnprintf(frame->damage, sizeof(frame->damage), why, arguments);
	va_end(arguments);
	return LOG_E_DAMAGED;
}

void frame_free(struct frame *frame)
{
	if (!frame)
		return;
	if (frame->memory) {
		LZ4F_freeDecompressionContext(frame->memory->decompressor);
		arena_free(&frame->memory->arena);
		free(frame->memory->compressed);
		free(frame->memory->content);
		free(frame->memory);
	}
	free(frame);
}

int frame_prepare(struct frame **frame)
{
	if (*frame) {
		struct frame_memory *memory = (*frame)->memory;
		arena_reset(&memory->arena);
		**frame = (struct frame){.memory = memory};
		return 0;
	}
	struct frame *made = calloc(1, sizeof(*made));
	if (made)
		made->memory = calloc(1, sizeof(*made->memory));
	if (!made || !made->memory) {
		frame_free(made);
		return -ENOMEM;
	}
	made->memory->arena.budget = LOG_DECODED_MAX;
	*frame = made;
	return 0;
}

static int memory_reserve(uint8_t **bytes, size_t *capacity, size_t size)
{
	if (size <= *capacity)
		return 0;
	free(*bytes);
	*bytes = malloc(size);
	*capacity = *bytes ? size : 0;
	return *bytes ? 0 : -ENOMEM;
}

/* Decompress and check everything but the checksum. */
static int frame_decompress(struct frame *frame, size_t compressed_size)
{
	static const LZ4F_decompressOptions_t unchecked = {.skipChecksums = 1};
	struct frame_memory *memory = frame->memory;
	size_t done = 0, content_size = 0, more = 1;
	LZ4F_dctx *decompressor = memory->decompressor;

	if (!decompressor && LZ4F_isError(LZ4F_createDecompressionContext(&decompressor, LZ4F_VERSION)))
		return -ENOMEM;
	memory->decompressor = decompressor;
	LZ4F_resetDecompressionContext(decompressor);
	while (more && done < compressed_size) {
		size_t source = compressed_size - done, target = memory->content_capacity - content_size;
		more = LZ4F_decompress(decompressor, memory->content + content_size, &target, memory->compressed + done,
				       &source, &unchecked);
		if (LZ4F_isError(more))
			return frame_damaged(frame, "%s", LZ4F_getErrorName(more));
		if (!source && !target)
			break;
		done += source;
		content_size += target;
	}
	if (more || content_size != frame->content_size)
		return frame_damaged(frame, "it ends too early");
	return 0;
}

/* The checksum is the frame's last word: log_place_probe() takes no frame without one. */
static int frame_verify(struct frame *frame, size_t compressed_size)
{
	const struct frame_memory *memory = frame->memory;
	uint32_t checksum;

	memcpy(&checksum, memory->compressed + compressed_size - sizeof(checksum), sizeof(checksum));
	if (frame_checksum(memory->content, frame->content_size) != checksum)
		return frame_damaged(frame, "its checksum is wrong");
	return 0;
}

int frame_load(struct frame *frame, const struct log_source *source, const struct log_place *place)
{
	struct frame_memory *memory = frame->memory;

	frame->offset = place->offset;
	frame->size = place->size;
	frame->content_size = place->content_size;
	if (memory_reserve(&memory->compressed, &memory->compressed_capacity, place->size) ||
	    memory_reserve(&memory->content, &memory->content_capacity, place->content_size + CONTENT_EXCESS))
		return -ENOMEM;
	if (log_source_read(source, place->offset, memory->compressed, place->size) != place->size)
		return frame_damaged(frame, "the file became shorter");
	int error = frame_decompress(frame, place->size);
	return error ? error : frame_verify(frame, place->size);
}

static void anchor_read(struct unpack *in, struct log_anchor *anchor)
{
	uint32_t elements = unpack_array_of(in, 3);

	anchor->ticks = unpack_integer(in);
	anchor->monotonic = unpack_integer(in);
	anchor->realtime = unpack_integer(in);
	unpack_skip(in, elements - 3);
}

bool frame_window(struct frame *frame, struct unpack *in, uint32_t *catalogue_hash)
{
	*in = unpack_from(frame->memory->content, frame->content_size);
	uint32_t elements = unpack_array_of(in, 5);

	in->failed |= !unpack_view_is(unpack_view(in), "window");
	frame->number = unpack_integer(in);
	*catalogue_hash = (uint32_t)unpack_number(in, UINT32_MAX);
	anchor_read(in, &frame->before);
	anchor_read(in, &frame->after);
	unpack_skip(in, elements - 5);
	return !in->failed;
}

int frame_decode(struct frame *frame, const struct catalogue *catalogue)
{
	struct frame_reader reader = {.arena = &frame->memory->arena, .catalogue = catalogue};
	uint32_t hash;

	if (!frame_window(frame, &reader.in, &hash))
		return frame_damaged(frame, "it does not begin with a window");
	frame_objects_read(&reader, frame);
	if (!reader.in.failed)
		return 0;
	struct frame_memory *memory = frame->memory;
	*frame = (struct frame){.memory = memory,
				.number = frame->number,
				.offset = frame->offset,
				.size = frame->size,
				.content_size = frame->content_size};
	return frame_damaged(frame, "its content makes no sense");
}
