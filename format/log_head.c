// SPDX-License-Identifier: MIT
/*
 * The head of a log as MessagePack, and back. Fields are a table, so that both directions agree.
 */
#include <errno.h>
#include <string.h>

#include "format/catalogue_pack.h"
#include "format/log_parts.h"

enum field_type { FIELD_TEXT, FIELD_NUMBER32, FIELD_NUMBER64, FIELD_BOOLEAN };

static const struct head_field {
	const char *name;
	enum field_type type;
	size_t offset;
} head_fields[] = {
	{"format", FIELD_NUMBER32, offsetof(struct log_head, format)},
	{"tool", FIELD_TEXT, offsetof(struct log_head, tool_version)},
	{"created", FIELD_NUMBER64, offsetof(struct log_head, created)},
	{"directory", FIELD_TEXT, offsetof(struct log_head, directory)},
	{"host", FIELD_TEXT, offsetof(struct log_head, host)},
	{"kernel", FIELD_TEXT, offsetof(struct log_head, kernel)},
	{"machine", FIELD_TEXT, offsetof(struct log_head, machine)},
	{"boot-id", FIELD_TEXT, offsetof(struct log_head, boot_id)},
	{"tsc", FIELD_BOOLEAN, offsetof(struct log_head, clock_is_tsc)},
	{"filter", FIELD_TEXT, offsetof(struct log_head, filter)},
	{"payload-limit", FIELD_NUMBER32, offsetof(struct log_head, payload_limit)},
	{"stack-depth", FIELD_NUMBER32, offsetof(struct log_head, stack_depth)},
	{"full-policy", FIELD_NUMBER32, offsetof(struct log_head, full_policy)},
	{"redact", FIELD_TEXT, offsetof(struct log_head, redact)},
};
#define FIELDS_COUNT (sizeof(head_fields) / sizeof(head_fields[0]))

static void field_pack(msgpack_packer *out, const struct log_head *head, const struct head_field *field)
{
	const void *at = (const char *)head + field->offset;

	pack_text(out, field->name);
	switch (field->type) {
	case FIELD_TEXT:
		pack_text(out, *(const char *const *)at);
		break;
	case FIELD_NUMBER32:
		msgpack_pack_uint32(out, *(const uint32_t *)at);
		break;
	case FIELD_NUMBER64:
		msgpack_pack_uint64(out, *(const uint64_t *)at);
		break;
	case FIELD_BOOLEAN:
		if (*(const bool *)at)
			msgpack_pack_true(out);
		else
			msgpack_pack_false(out);
		break;
	}
}

int log_head_pack(struct pack_buffer *out, const struct log_head *head, uint32_t *hash)
{
	msgpack_packer *packer = &out->packer;
	struct log_head own = *head;

	own.format = LOG_FORMAT;
	msgpack_pack_array(packer, 2);
	pack_text(packer, "ipctrace");
	msgpack_pack_map(packer, FIELDS_COUNT + 2);
	for (unsigned i = 0; i < FIELDS_COUNT; i++)
		field_pack(packer, &own, &head_fields[i]);
	pack_text(packer, "command");
	msgpack_pack_array(packer, head->command_count);
	for (uint32_t i = 0; i < head->command_count; i++)
		pack_text(packer, head->command[i]);
	pack_text(packer, "catalogue");
	size_t start = out->size;
	if (catalogue_pack(packer, head->catalogue) || out->failed)
		return -ENOMEM;
	*hash = catalogue_hash(out->bytes + start, out->size - start);
	return 0;
}

static int field_unpack(struct unpack *in, struct arena *arena, struct log_head *head, const struct head_field *field)
{
	void *at = (char *)head + field->offset;

	if (field->type == FIELD_TEXT) {
		if (unpack_nil(in))
			return 0;
		struct unpack_view view = unpack_view(in);
		const char *text = arena_text(arena, view.bytes, view.size);
		*(const char **)at = text;
		return text ? 0 : -ENOMEM;
	}
	if (field->type == FIELD_NUMBER32)
		*(uint32_t *)at = (uint32_t)unpack_number(in, UINT32_MAX);
	else if (field->type == FIELD_NUMBER64)
		*(uint64_t *)at = unpack_integer(in);
	else
		*(bool *)at = unpack_number(in, 1);
	return 0;
}

static int command_unpack(struct unpack *in, struct arena *arena, struct log_head *head)
{
	uint32_t count = unpack_array(in);
	const char **command = arena_new(arena, count + 1ul, sizeof(*command));

	if (!command)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		struct unpack_view view = unpack_view(in);
		command[i] = arena_text(arena, view.bytes, view.size);
		if (!command[i])
			return -ENOMEM;
	}
	head->command = command;
	head->command_count = count;
	return 0;
}

static int pair_unpack(struct unpack *in, struct arena *arena, struct log_head *head, struct unpack_view *catalogue)
{
	struct unpack_view name = unpack_view(in);

	for (unsigned i = 0; i < FIELDS_COUNT; i++)
		if (unpack_view_is(name, head_fields[i].name))
			return field_unpack(in, arena, head, &head_fields[i]);
	if (unpack_view_is(name, "command"))
		return command_unpack(in, arena, head);
	const uint8_t *start = in->at;
	unpack_skip(in, 1);
	if (unpack_view_is(name, "catalogue"))
		*catalogue = (struct unpack_view){start, (uint32_t)(in->at - start)};
	return 0;
}

int log_head_unpack(struct unpack *in, struct arena *arena, struct log_head *head, struct unpack_view *catalogue)
{
	uint32_t pairs = unpack_map(in);

	*head = (struct log_head){0};
	*catalogue = (struct unpack_view){0};
	for (; pairs && !in->failed; pairs--) {
		int error = pair_unpack(in, arena, head, catalogue);
		if (error)
			return error;
	}
	return in->failed || !head->format ? LOG_E_FOREIGN : 0;
}
