// SPDX-License-Identifier: MIT
/*
 * See posix_object.h. It is read where all objects are, in frame_object.c.
 */
#include "format/posix_object.h"

#include "format/pack_buffer.h"

#define FIELDS_COUNT 16

static void types_pack(msgpack_packer *out, const struct object_posix *posix)
{
	pack_text(out, "types");
	msgpack_pack_array(out, posix->types_count);
	for (uint32_t i = 0; i < posix->types_count; i++) {
		msgpack_pack_array(out, 2);
		msgpack_pack_uint32(out, posix->types[i].id);
		pack_text(out, posix->types[i].name);
	}
}

int object_pack_posix(msgpack_packer *out, const struct object_posix *posix)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"created", posix->created},
		{"inherited", posix->inherited},
		{"stream-policy", posix->stream_policy},
		{"log-policy", posix->log_policy},
		{"stream-size", posix->stream_size},
		{"data-size", posix->data_size},
		{"log-size", posix->log_size},
		{"stream-status", posix->stream_status},
		{"stream-full", posix->stream_full},
		{"stream-overrun", posix->stream_overrun},
		{"flush-error", posix->flush_error},
		{"log-overrun", posix->log_overrun},
		{"log-full", posix->log_full},
	};
	struct pack_buffer packed;

	_Static_assert(sizeof(numbers) / sizeof(numbers[0]) + 3 == FIELDS_COUNT, "the map has as many fields");
	pack_buffer_init(&packed, 16u << 20);
	msgpack_pack_array(&packed.packer, 2);
	pack_text(&packed.packer, "posix-trace");
	msgpack_pack_map(&packed.packer, FIELDS_COUNT);
	pack_text(&packed.packer, "name");
	pack_text(&packed.packer, posix->name);
	pack_text(&packed.packer, "version");
	pack_text(&packed.packer, posix->version);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		pack_text(&packed.packer, numbers[i].name);
		msgpack_pack_uint64(&packed.packer, numbers[i].value);
	}
	types_pack(&packed.packer, posix);
	int error = pack_buffer_move(&packed, out);
	pack_buffer_free(&packed);
	return error;
}
