// SPDX-License-Identifier: MIT
/*
 * Any bytes as a packed catalogue, and every table of one that is accepted.
 */
#include <stdlib.h>
#include <string.h>

#include "format/catalogue_pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static volatile uint64_t visit_sum;

/* Walks over structs inside structs end because the inner one stands before the outer one. */
static void struct_visit(const struct catalogue *catalogue, const struct struct_spec *spec)
{
	for (uint32_t i = 0; i < spec->count; i++) {
		const struct field_spec *field = &spec->fields[i];
		visit_sum += strlen(field->name);
		if (field->offset + field->value.width > spec->size)
			abort();
		if (field->value.kind == KIND_STRUCT && &catalogue->structs[field->value.table] >= spec)
			abort();
	}
}

static void catalogue_visit(const struct catalogue *catalogue)
{
	uint64_t args[CALL_ARGS_MAX] = {0};

	for (uint32_t i = 0; i < catalogue->calls_count; i++) {
		const struct call_spec *call = &catalogue->calls[i];
		visit_sum += strlen(call->name) + strlen(call->family);
		for (unsigned arg = 0; arg < call->argc; arg++) {
			struct value_spec value = catalogue_resolve(catalogue, call, arg, args);
			visit_sum += strlen(kind_names[value.kind]);
			if (value.kind == KIND_STRUCT)
				visit_sum += strlen(catalogue->structs[value.table].name);
			if (value.kind == KIND_FLAGS)
				visit_sum += strlen(catalogue->flags[value.table].name);
		}
	}
	for (uint16_t i = 0; i < catalogue->structs_count; i++)
		struct_visit(catalogue, &catalogue->structs[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct catalogue *catalogue;

	if (catalogue_unpack(&catalogue, bytes, size))
		return 0;
	catalogue_visit(catalogue);
	free(catalogue);
	return 0;
}
