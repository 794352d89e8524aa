// SPDX-License-Identifier: MIT
/*
 * Writes a catalogue as MessagePack (docs/format.md, "The catalogue").
 */
#include "format/catalogue_names.h"
#include "format/catalogue_pack.h"
#include "format/pack_buffer.h"

#define CATALOGUE_PACKED_MAX (8u << 20)

static void value_pack(msgpack_packer *out, const struct value_spec *value)
{
	msgpack_pack_array(out, 9);
	pack_text(out, kind_names[value->kind]);
	pack_text(out, direction_names[value->direction]);
	msgpack_pack_uint8(out, value->width);
	msgpack_pack_uint8(out, value->is_signed);
	pack_text(out, length_names[value->length]);
	msgpack_pack_uint8(out, value->length_value);
	pack_text(out, identity_names[value->identity]);
	msgpack_pack_uint8(out, value->optional);
	msgpack_pack_uint16(out, value->table);
}

static void list_pack(msgpack_packer *out, const char *name, const char *const *names, uint32_t count)
{
	pack_text(out, name);
	msgpack_pack_array(out, count);
	for (uint32_t i = 0; i < count; i++)
		pack_text(out, names[i]);
}

static void names_pack(msgpack_packer *out, const char *name, const struct names_spec *sets, uint32_t count)
{
	pack_text(out, name);
	msgpack_pack_array(out, count);
	for (uint32_t i = 0; i < count; i++) {
		msgpack_pack_array(out, 2);
		pack_text(out, sets[i].name);
		msgpack_pack_array(out, sets[i].count);
		for (uint32_t row = 0; row < sets[i].count; row++) {
			msgpack_pack_array(out, 3);
			pack_text(out, sets[i].rows[row].name);
			msgpack_pack_uint64(out, sets[i].rows[row].value);
			msgpack_pack_uint64(out, sets[i].rows[row].mask);
		}
	}
}

static void structs_pack(msgpack_packer *out, const struct catalogue *catalogue)
{
	pack_text(out, "structs");
	msgpack_pack_array(out, catalogue->structs_count);
	for (uint32_t i = 0; i < catalogue->structs_count; i++) {
		const struct struct_spec *spec = &catalogue->structs[i];
		msgpack_pack_array(out, 3);
		pack_text(out, spec->name);
		msgpack_pack_uint16(out, spec->size);
		msgpack_pack_array(out, spec->count);
		for (uint32_t field = 0; field < spec->count; field++) {
			msgpack_pack_array(out, 3);
			pack_text(out, spec->fields[field].name);
			msgpack_pack_uint16(out, spec->fields[field].offset);
			value_pack(out, &spec->fields[field].value);
		}
	}
}

static void choice_pack(msgpack_packer *out, const struct choice_spec *choice, unsigned deciders)
{
	msgpack_pack_array(out, 3);
	msgpack_pack_array(out, deciders);
	for (unsigned i = 0; i < deciders; i++)
		msgpack_pack_int64(out, choice->when[i]);
	msgpack_pack_array(out, deciders);
	for (unsigned i = 0; i < deciders; i++)
		pack_text(out, choice->name[i]);
	value_pack(out, &choice->value);
}

static void selections_pack(msgpack_packer *out, const struct catalogue *catalogue)
{
	pack_text(out, "selections");
	msgpack_pack_array(out, catalogue->selections_count);
	for (uint32_t i = 0; i < catalogue->selections_count; i++) {
		const struct selection_spec *spec = &catalogue->selections[i];
		msgpack_pack_array(out, 5);
		pack_text(out, spec->name);
		msgpack_pack_array(out, spec->by_count);
		for (unsigned by = 0; by < spec->by_count; by++)
			msgpack_pack_uint8(out, spec->by[by]);
		msgpack_pack_array(out, spec->by_count);
		for (unsigned by = 0; by < spec->by_count; by++)
			pack_text(out, spec->by_name[by]);
		msgpack_pack_uint8(out, spec->otherwise);
		msgpack_pack_array(out, spec->count);
		for (uint32_t row = 0; row < spec->count; row++)
			choice_pack(out, &spec->rows[row], spec->by_count);
	}
}

static void call_pack(msgpack_packer *out, const struct call_spec *call)
{
	msgpack_pack_array(out, 12);
	pack_text(out, call->name);
	pack_text(out, call->prototype);
	pack_text(out, call->family);
	pack_text(out, call->aix);
	pack_text(out, call->stap);
	pack_text(out, call->dtrace);
	pack_text(out, failure_names[call->failure]);
	msgpack_pack_uint8(out, call->waits);
	msgpack_pack_uint8(out, call->captured);
	value_pack(out, &call->result);
	msgpack_pack_array(out, call->argc);
	for (unsigned arg = 0; arg < call->argc; arg++) {
		msgpack_pack_array(out, 2);
		pack_text(out, call->args[arg].name);
		value_pack(out, &call->args[arg].value);
	}
	if (call->answer)
		msgpack_pack_uint16(out, call->answer - 1);
	else
		msgpack_pack_nil(out);
}

int catalogue_pack(msgpack_packer *out, const struct catalogue *catalogue)
{
	struct pack_buffer packed;
	msgpack_packer *packer = &packed.packer;

	pack_buffer_init(&packed, CATALOGUE_PACKED_MAX);
	msgpack_pack_map(packer, 8);
	list_pack(packer, "kinds", kind_names, KIND_COUNT);
	list_pack(packer, "forms", form_names, ITEM_FORM_COUNT);
	list_pack(packer, "outcomes", outcome_names, OUTCOME_COUNT);
	names_pack(packer, "flags", catalogue->flags, catalogue->flags_count);
	names_pack(packer, "enums", catalogue->enums, catalogue->enums_count);
	structs_pack(packer, catalogue);
	selections_pack(packer, catalogue);
	pack_text(packer, "calls");
	msgpack_pack_array(packer, catalogue->calls_count);
	for (uint32_t i = 0; i < catalogue->calls_count; i++)
		call_pack(packer, &catalogue->calls[i]);
	int error = pack_buffer_move(&packed, out);
	pack_buffer_free(&packed);
	return error;
}
