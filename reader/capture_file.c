// SPDX-License-Identifier: MIT
/*
 * Blocks: a type, a length, a body, options, and the length again; all in words of 32 bits.
 */
#include "reader/capture_file.h"

#include <errno.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_NAMES = 4,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	LINK_RAW_IP = 101,
};

enum {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_SECTION_OS = 3,
	OPTION_SECTION_APPLICATION = 4,
	OPTION_INTERFACE_NAME = 2,
	OPTION_INTERFACE_DESCRIPTION = 3,
	OPTION_INTERFACE_RESOLUTION = 9,
	NAME_IPV6 = 2,
};

/* Readers give up on options beyond this. */
#define OPTION_MAX 4096u

static void add16(struct text *out, uint16_t value)
{
	text_add(out, &value, sizeof(value));
}

static void add32(struct text *out, uint32_t value)
{
	text_add(out, &value, sizeof(value));
}

static void pad(struct text *out, size_t size)
{
	static const char zeros[4];

	text_add(out, zeros, -size % 4);
}

static void add_option(struct text *out, uint16_t code, const void *value, size_t size)
{
	size = size < OPTION_MAX ? size : OPTION_MAX;
	add16(out, code);
	add16(out, (uint16_t)size);
	text_add(out, value, size);
	pad(out, size);
}

static void add_option_text(struct text *out, uint16_t code, const char *value)
{
	if (value && *value)
		add_option(out, code, value, strlen(value));
}

static size_t begin_block(struct text *out, uint32_t type)
{
	size_t begin = out->size;

	add32(out, type);
	add32(out, 0);
	return begin;
}

static void end_block(struct text *out, size_t begin)
{
	uint32_t size = (uint32_t)(out->size - begin + sizeof(size));

	add32(out, size);
	if (!out->failed)
		memcpy(out->bytes + begin + sizeof(uint32_t), &size, sizeof(size));
}

void capture_file_begin(struct text *out, const char *application, const char *machine, const char *comment)
{
	static const uint64_t length_unknown = UINT64_MAX;
	size_t begin = begin_block(out, BLOCK_SECTION);

	add32(out, BYTE_ORDER_MAGIC);
	add16(out, 1);
	add16(out, 0);
	text_add(out, &length_unknown, sizeof(length_unknown));
	add_option_text(out, OPTION_COMMENT, comment);
	add_option_text(out, OPTION_SECTION_OS, machine);
	add_option_text(out, OPTION_SECTION_APPLICATION, application);
	add_option(out, OPTION_END, NULL, 0);
	end_block(out, begin);
}

void capture_file_interface(struct text *out, const char *name, const char *description)
{
	static const uint8_t nanoseconds = 9;
	size_t begin = begin_block(out, BLOCK_INTERFACE);

	add16(out, LINK_RAW_IP);
	add16(out, 0);
	add32(out, 0); /* packets are of any length */
	add_option_text(out, OPTION_INTERFACE_NAME, name);
	add_option_text(out, OPTION_INTERFACE_DESCRIPTION, description);
	add_option(out, OPTION_INTERFACE_RESOLUTION, &nanoseconds, sizeof(nanoseconds));
	add_option(out, OPTION_END, NULL, 0);
	end_block(out, begin);
}

void capture_file_name(struct text *out, const uint8_t ip[16], const char *name)
{
	size_t begin = begin_block(out, BLOCK_NAMES), size = strlen(name) + 1;

	add16(out, NAME_IPV6);
	add16(out, (uint16_t)(16 + size));
	text_add(out, ip, 16);
	text_add(out, name, size);
	pad(out, size);
	add32(out, 0); /* no more names */
	end_block(out, begin);
}

void capture_file_packet(struct text *out, const struct capture_packet *packet)
{
	size_t begin = begin_block(out, BLOCK_PACKET), kept = packet->head_size + packet->kept;

	add32(out, packet->interface);
	add32(out, (uint32_t)(packet->time >> 32));
	add32(out, (uint32_t)packet->time);
	add32(out, (uint32_t)kept);
	add32(out, (uint32_t)(packet->head_size + packet->size));
	text_add(out, packet->head, packet->head_size);
	text_add(out, packet->payload, packet->kept);
	pad(out, kept);
	if (packet->comment_size) {
		add_option(out, OPTION_COMMENT, packet->comment, packet->comment_size);
		add_option(out, OPTION_END, NULL, 0);
	}
	end_block(out, begin);
}
