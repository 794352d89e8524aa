// SPDX-License-Identifier: MIT
/*
 * Reads a catalogue back and checks everything that its users rely on without looking again: indices, argument
 * numbers, and that struct fields lie inside their structs. Single values that make no sense here become plain
 * numbers; a catalogue that is not of this shape is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/catalogue_names.h"
#include "format/catalogue_pack.h"
#include "format/unpack.h"

#define CATALOGUE_SIZE_MAX (4u << 20)
/* Memory for each byte of input: the largest row, a call, takes about 300 bytes and at least 30 in the log. */
#define MEMORY_FACTOR 16u

/* The one allocation, handed out from `used` on. */
struct reader {
	struct unpack in;
	uint8_t *memory;
	size_t used, size;
	struct catalogue *catalogue;
};

static void *reader_new(struct reader *reader, uint64_t count, size_t size)
{
	size_t used = (reader->used + 15) & ~(size_t)15;

	if (reader->in.failed || used > reader->size || count > (reader->size - used) / size) {
		reader->in.failed = true;
		return NULL;
	}
	reader->used = used + count * size;
	return memset(reader->memory + used, 0, count * size);
}

static const char *text_read(struct reader *reader)
{
	struct unpack_view view = unpack_view(&reader->in);
	char *text = reader_new(reader, view.size + 1ul, 1);

	if (!text)
		return "";
	memcpy(text, view.bytes, view.size);
	return text;
}

static const char *text_read_optional(struct reader *reader)
{
	return unpack_nil(&reader->in) ? NULL : text_read(reader);
}

/* The number that this build has for the next text; `unknown` when it has none. */
static uint8_t name_read(struct reader *reader, const char *const *names, unsigned count, unsigned unknown)
{
	struct unpack_view view = unpack_view(&reader->in);

	for (unsigned i = 0; i < count; i++)
		if (unpack_view_is(view, names[i]))
			return (uint8_t)i;
	return (uint8_t)unknown;
}

static struct value_spec value_read(struct reader *reader)
{
	struct value_spec value = {0};
	uint32_t elements = unpack_array_of(&reader->in, 9);

	value.kind = name_read(reader, kind_names, KIND_COUNT, KIND_HEX);
	value.direction = name_read(reader, direction_names, DIRECTION_COUNT, DIRECTION_NONE);
	value.width = (uint8_t)unpack_number(&reader->in, 8);
	value.is_signed = (uint8_t)unpack_number(&reader->in, 1);
	value.length = name_read(reader, length_names, LENGTH_COUNT, LENGTH_NONE);
	value.length_value = (uint8_t)unpack_number(&reader->in, UINT8_MAX);
	value.identity = name_read(reader, identity_names, IDENTITY_COUNT, IDENTITY_NONE);
	value.optional = (uint8_t)unpack_number(&reader->in, 1);
	value.table = (uint16_t)unpack_number(&reader->in, UINT16_MAX);
	unpack_skip(&reader->in, elements - 9);
	return value;
}

static void names_read(struct reader *reader, const struct names_spec **sets, uint16_t *sets_count)
{
	uint32_t count = unpack_array(&reader->in);
	struct names_spec *made = reader_new(reader, count, sizeof(*made));

	for (uint32_t i = 0; made && i < count; i++) {
		uint32_t pair = unpack_array_of(&reader->in, 2);
		made[i].name = text_read(reader);
		uint32_t rows = unpack_array(&reader->in);
		struct name_spec *row = reader_new(reader, rows, sizeof(*row));
		if (!row)
			return;
		made[i].rows = row;
		made[i].count = (uint16_t)rows;
		for (; rows; rows--, row++) {
			uint32_t elements = unpack_array_of(&reader->in, 3);
			row->name = text_read(reader);
			row->value = unpack_integer(&reader->in);
			row->mask = unpack_integer(&reader->in);
			unpack_skip(&reader->in, elements - 3);
		}
		unpack_skip(&reader->in, pair - 2);
	}
	*sets = made;
	*sets_count = (uint16_t)count;
}

static void flags_read(struct reader *reader)
{
	names_read(reader, &reader->catalogue->flags, &reader->catalogue->flags_count);
}

static void enums_read(struct reader *reader)
{
	names_read(reader, &reader->catalogue->enums, &reader->catalogue->enums_count);
}

static void fields_read(struct reader *reader, struct struct_spec *spec)
{
	uint32_t count = unpack_array(&reader->in);
	struct field_spec *field = reader_new(reader, count, sizeof(*field));

	spec->fields = field;
	spec->count = (uint16_t)count;
	for (; field && count; count--, field++) {
		uint32_t elements = unpack_array_of(&reader->in, 3);
		field->name = text_read(reader);
		field->offset = (uint16_t)unpack_number(&reader->in, UINT16_MAX);
		field->value = value_read(reader);
		unpack_skip(&reader->in, elements - 3);
	}
}

static void structs_read(struct reader *reader)
{
	uint32_t count = unpack_array(&reader->in);
	struct struct_spec *made = reader_new(reader, count, sizeof(*made));

	reader->catalogue->structs = made;
	reader->catalogue->structs_count = (uint16_t)count;
	for (uint32_t i = 0; made && i < count && !reader->in.failed; i++) {
		uint32_t elements = unpack_array_of(&reader->in, 3);
		made[i].name = text_read(reader);
		made[i].size = (uint16_t)unpack_number(&reader->in, UINT16_MAX);
		fields_read(reader, &made[i]);
		unpack_skip(&reader->in, elements - 3);
	}
}

static void choices_read(struct reader *reader, struct selection_spec *spec)
{
	uint32_t count = unpack_array(&reader->in);
	struct choice_spec *choice = reader_new(reader, count, sizeof(*choice));

	spec->rows = choice;
	spec->count = (uint16_t)count;
	for (; choice && count; count--, choice++) {
		uint32_t elements = unpack_array_of(&reader->in, 3);
		uint32_t when = unpack_array_of(&reader->in, spec->by_count);
		for (uint32_t i = 0; i < spec->by_count; i++)
			choice->when[i] = (int64_t)unpack_integer(&reader->in);
		unpack_skip(&reader->in, when - spec->by_count);
		uint32_t names = unpack_array_of(&reader->in, spec->by_count);
		for (uint32_t i = 0; i < spec->by_count; i++)
			choice->name[i] = text_read_optional(reader);
		unpack_skip(&reader->in, names - spec->by_count);
		choice->value = value_read(reader);
		unpack_skip(&reader->in, elements - 3);
	}
}

static void selections_read(struct reader *reader)
{
	uint32_t count = unpack_array(&reader->in);
	struct selection_spec *made = reader_new(reader, count, sizeof(*made));

	reader->catalogue->selections = made;
	reader->catalogue->selections_count = (uint16_t)count;
	for (uint32_t i = 0; made && i < count && !reader->in.failed; i++) {
		uint32_t elements = unpack_array_of(&reader->in, 5);
		made[i].name = text_read(reader);
		uint32_t deciders = unpack_array(&reader->in);
		reader->in.failed |= deciders > 2;
		if (reader->in.failed)
			return;
		made[i].by_count = (uint8_t)deciders;
		for (uint32_t by = 0; by < deciders; by++)
			made[i].by[by] = (uint8_t)unpack_number(&reader->in, CALL_ARGS_MAX - 1);
		uint32_t names = unpack_array_of(&reader->in, deciders);
		for (uint32_t by = 0; by < deciders; by++)
			made[i].by_name[by] = text_read(reader);
		unpack_skip(&reader->in, names - deciders);
		made[i].otherwise = unpack_number(&reader->in, 1);
		choices_read(reader, &made[i]);
		made[i].otherwise = made[i].otherwise && made[i].count;
		unpack_skip(&reader->in, elements - 5);
	}
}

static void call_read(struct reader *reader, struct call_spec *call)
{
	uint32_t elements = unpack_array_of(&reader->in, 11);

	call->name = text_read(reader);
	call->prototype = text_read(reader);
	call->family = text_read(reader);
	call->aix = text_read_optional(reader);
	call->stap = text_read_optional(reader);
	call->dtrace = text_read_optional(reader);
	call->failure = name_read(reader, failure_names, FAILURE_COUNT, FAILURE_NEVER);
	call->waits = unpack_number(&reader->in, 1);
	call->captured = (uint8_t)unpack_number(&reader->in, UINT8_MAX);
	call->result = value_read(reader);
	uint32_t argc = unpack_array(&reader->in);
	reader->in.failed |= argc > CALL_ARGS_MAX;
	if (reader->in.failed)
		return;
	call->argc = (uint8_t)argc;
	for (uint32_t arg = 0; arg < argc; arg++) {
		uint32_t pair = unpack_array_of(&reader->in, 2);
		call->args[arg].name = text_read(reader);
		call->args[arg].value = value_read(reader);
		unpack_skip(&reader->in, pair - 2);
	}
	/* logs from before it have 11 elements */
	if (elements > 11 && !unpack_nil(&reader->in))
		call->answer = (uint16_t)(unpack_number(&reader->in, UINT16_MAX - 1) + 1);
	unpack_skip(&reader->in, elements > 11 ? elements - 12 : 0);
}

static void calls_read(struct reader *reader)
{
	uint32_t count = unpack_array(&reader->in);
	struct call_spec *made = reader_new(reader, count, sizeof(*made));

	reader->catalogue->calls = made;
	reader->catalogue->calls_count = (uint16_t)count;
	for (uint32_t i = 0; made && i < count && !reader->in.failed; i++)
		call_read(reader, &made[i]);
}

static void value_plain(struct value_spec *value)
{
	value->kind = KIND_HEX;
	value->direction = DIRECTION_NONE;
}

/* Make a value safe to follow; `argc` is 0 where no arguments are at hand. */
static void value_check(const struct catalogue *catalogue, struct value_spec *value, unsigned argc, bool selects)
{
	const uint16_t tables[KIND_COUNT] = {
		[KIND_FLAGS] = catalogue->flags_count,	     [KIND_ENUM] = catalogue->enums_count,
		[KIND_WAIT_STATUS] = catalogue->enums_count, [KIND_STRUCT] = catalogue->structs_count,
		[KIND_SELECT] = catalogue->selections_count,
	};
	bool has_table = value->kind == KIND_FLAGS || value->kind == KIND_ENUM || value->kind == KIND_STRUCT ||
			 value->kind == KIND_SELECT || value->kind == KIND_WAIT_STATUS;

	if ((has_table && value->table >= tables[value->kind]) || (value->kind == KIND_SELECT && !selects))
		value_plain(value);
	if ((value->length == LENGTH_ARG || value->length == LENGTH_POINTED) && value->length_value >= argc)
		value->length = LENGTH_NONE;
}

static bool selection_fits(const struct selection_spec *selection, unsigned argc)
{
	for (unsigned by = 0; by < selection->by_count; by++)
		if (selection->by[by] >= argc)
			return false;
	return true;
}

static void calls_check(struct catalogue *catalogue)
{
	for (uint32_t i = 0; i < catalogue->calls_count; i++) {
		struct call_spec *call = (struct call_spec *)&catalogue->calls[i];
		value_check(catalogue, &call->result, call->argc, false);
		if (call->answer > catalogue->selections_count ||
		    (call->answer && !selection_fits(&catalogue->selections[call->answer - 1], call->argc)))
			call->answer = 0;
		for (unsigned arg = 0; arg < call->argc; arg++) {
			struct value_spec *value = &call->args[arg].value;
			value_check(catalogue, value, call->argc, true);
			if (value->kind == KIND_SELECT &&
			    !selection_fits(&catalogue->selections[value->table], call->argc))
				value_plain(value);
		}
	}
	for (uint32_t i = 0; i < catalogue->selections_count; i++) {
		const struct selection_spec *selection = &catalogue->selections[i];
		for (uint32_t row = 0; row < selection->count; row++)
			value_check(catalogue, &((struct choice_spec *)selection->rows)[row].value, 0, false);
	}
}

/* Fields lie inside their struct, and a struct inside another stands before it, so that no walk is endless. */
static void structs_check(struct reader *reader)
{
	const struct catalogue *catalogue = reader->catalogue;

	for (uint32_t i = 0; i < catalogue->structs_count; i++) {
		const struct struct_spec *spec = &catalogue->structs[i];
		for (uint32_t at = 0; at < spec->count; at++) {
			struct field_spec *field = &((struct field_spec *)spec->fields)[at];
			value_check(catalogue, &field->value, 0, false);
			uint32_t size = field->value.width;
			if (field->value.kind == KIND_STRUCT) {
				size = catalogue->structs[field->value.table].size;
				reader->in.failed |= field->value.table >= i;
			}
			reader->in.failed |= field->offset + size > spec->size;
		}
	}
}

static const struct section {
	const char *name;
	void (*read)(struct reader *reader);
} sections[] = {
	{"flags", flags_read},		 {"enums", enums_read}, {"structs", structs_read},
	{"selections", selections_read}, {"calls", calls_read},
};
#define SECTIONS_COUNT (sizeof(sections) / sizeof(sections[0]))

static void sections_read(struct reader *reader)
{
	uint32_t pairs = unpack_map(&reader->in), seen = 0;

	for (; pairs && !reader->in.failed; pairs--) {
		struct unpack_view name = unpack_view(&reader->in);
		unsigned i = 0;
		while (i < SECTIONS_COUNT && !unpack_view_is(name, sections[i].name))
			i++;
		if (i == SECTIONS_COUNT) {
			unpack_skip(&reader->in, 1);
			continue;
		}
		reader->in.failed |= seen >> i & 1;
		seen |= 1u << i;
		sections[i].read(reader);
	}
	reader->in.failed |= seen != (1u << SECTIONS_COUNT) - 1;
}

int catalogue_unpack(struct catalogue **catalogue, const void *bytes, size_t size)
{
	if (size > CATALOGUE_SIZE_MAX)
		return CATALOGUE_E_INVALID;
	struct reader reader = {.in = unpack_from(bytes, size), .size = 4096 + size * MEMORY_FACTOR};
	reader.memory = malloc(reader.size);
	if (!reader.memory)
		return -ENOMEM;
	reader.catalogue = reader_new(&reader, 1, sizeof(*reader.catalogue));
	sections_read(&reader);
	if (!reader.in.failed)
		structs_check(&reader);
	if (reader.in.failed) {
		free(reader.memory);
		return CATALOGUE_E_INVALID;
	}
	calls_check(reader.catalogue);
	*catalogue = reader.catalogue;
	return 0;
}
