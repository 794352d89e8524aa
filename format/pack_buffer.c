// SPDX-License-Identifier: MIT
/*
 * The growing buffer behind a packer. Knows nothing of what is packed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/pack_buffer.h"

static int buffer_write(void *data, const char *bytes, size_t size)
{
	struct pack_buffer *buffer = data;
	uint8_t *room = pack_buffer_extend(buffer, size);

	if (!room)
		return -1;
	memcpy(room, bytes, size);
	return 0;
}

void pack_buffer_init(struct pack_buffer *buffer, size_t limit)
{
	*buffer = (struct pack_buffer){.limit = limit};
	msgpack_packer_init(&buffer->packer, buffer, buffer_write);
}

void pack_buffer_free(struct pack_buffer *buffer)
{
	free(buffer->bytes);
	buffer->bytes = NULL;
	buffer->size = buffer->capacity = 0;
}

static bool buffer_grow(struct pack_buffer *buffer, size_t size)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 1024;

	while (capacity < buffer->size + size)
		capacity *= 2;
	uint8_t *bytes = realloc(buffer->bytes, capacity);
	if (!bytes)
		return false;
	buffer->bytes = bytes;
	buffer->capacity = capacity;
	return true;
}

uint8_t *pack_buffer_extend(struct pack_buffer *buffer, size_t size)
{
	if (buffer->failed)
		return NULL;
	if (size > buffer->limit - buffer->size ||
	    (size > buffer->capacity - buffer->size && !buffer_grow(buffer, size))) {
		buffer->failed = true;
		return NULL;
	}
	uint8_t *room = buffer->bytes + buffer->size;
	buffer->size += size;
	return room;
}

/* What stands between two of a sort is of that sort as well when it is short. */
void pack_buffer_mark(struct pack_buffer *buffer, size_t offset, size_t size, enum pack_sort sort)
{
	struct pack_range *last = buffer->ranges_count ? &buffer->ranges[buffer->ranges_count - 1] : NULL;

	if (size < PACK_RANGE_MIN || buffer->failed)
		return;
	if (last && last->sort == sort && offset - (last->offset + last->size) < PACK_RANGE_MIN)
		last->size = offset + size - last->offset;
	else if (buffer->ranges_count < PACK_RANGES_MAX)
		buffer->ranges[buffer->ranges_count++] = (struct pack_range){offset, size, sort};
}

void pack_buffer_cut(struct pack_buffer *buffer, size_t size)
{
	buffer->size = size;
	buffer->failed = false;
	while (buffer->ranges_count && buffer->ranges[buffer->ranges_count - 1].offset >= size)
		buffer->ranges_count--;
}

static void ranges_move(const struct pack_buffer *buffer, struct pack_buffer *to)
{
	size_t start = to->size - buffer->size;

	for (uint32_t i = 0; i < buffer->ranges_count; i++)
		pack_buffer_mark(to, start + buffer->ranges[i].offset, buffer->ranges[i].size, buffer->ranges[i].sort);
}

int pack_buffer_move(struct pack_buffer *buffer, msgpack_packer *out)
{
	bool failed = buffer->failed;

	if (!failed && buffer->size)
		failed = out->callback(out->data, (const char *)buffer->bytes, buffer->size) != 0;
	if (!failed && out->callback == buffer_write)
		ranges_move(buffer, out->data);
	pack_buffer_cut(buffer, 0);
	return failed ? -ENOMEM : 0;
}

void pack_text_sized(msgpack_packer *out, const char *text, size_t size)
{
	msgpack_pack_str(out, size);
	msgpack_pack_str_body(out, text, size);
}

void pack_text(msgpack_packer *out, const char *text)
{
	if (text)
		pack_text_sized(out, text, strlen(text));
	else
		msgpack_pack_nil(out);
}

void pack_bytes(msgpack_packer *out, const void *bytes, size_t size)
{
	msgpack_pack_bin(out, size);
	msgpack_pack_bin_body(out, bytes, size);
}
