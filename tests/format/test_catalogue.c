// SPDX-License-Identifier: MIT
/*
 * The catalogue in a log: what a build knows survives the way through MessagePack, and a damaged one harms nobody.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "format/catalogue_pack.h"
#include "format/pack_buffer.h"

static struct pack_buffer packed;

static void catalogue_pack_builtin(void)
{
	pack_buffer_init(&packed, 16 << 20);
	cr_assert_eq(catalogue_pack(&packed.packer, &catalogue_builtin), 0);
}

static int texts_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void values_assert(const struct value_spec *a, const struct value_spec *b, const char *where)
{
	cr_assert_eq(memcmp(a, b, sizeof(*a)), 0, "%s: kinds %u and %u", where, a->kind, b->kind);
}

static void calls_assert(const struct call_spec *a, const struct call_spec *b)
{
	cr_assert_str_eq(a->name, b->name);
	cr_assert_str_eq(a->prototype, b->prototype);
	cr_assert_str_eq(a->family, b->family);
	cr_assert(texts_same(a->aix, b->aix) && texts_same(a->stap, b->stap) && texts_same(a->dtrace, b->dtrace));
	cr_assert(a->argc == b->argc && a->failure == b->failure && a->waits == b->waits && a->captured == b->captured);
	values_assert(&a->result, &b->result, a->name);
	for (unsigned arg = 0; arg < a->argc; arg++) {
		cr_assert_str_eq(a->args[arg].name, b->args[arg].name);
		values_assert(&a->args[arg].value, &b->args[arg].value, a->args[arg].name);
	}
}

static void names_assert(const struct names_spec *a, const struct names_spec *b, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		cr_assert_str_eq(a[i].name, b[i].name);
		cr_assert_eq(a[i].count, b[i].count);
		for (uint32_t row = 0; row < a[i].count; row++) {
			cr_assert_str_eq(a[i].rows[row].name, b[i].rows[row].name);
			cr_assert_eq(a[i].rows[row].value, b[i].rows[row].value);
			cr_assert_eq(a[i].rows[row].mask, b[i].rows[row].mask);
		}
	}
}

static void structs_assert(const struct struct_spec *a, const struct struct_spec *b)
{
	cr_assert_str_eq(a->name, b->name);
	cr_assert(a->size == b->size && a->count == b->count);
	for (uint32_t i = 0; i < a->count; i++) {
		cr_assert_str_eq(a->fields[i].name, b->fields[i].name);
		cr_assert_eq(a->fields[i].offset, b->fields[i].offset);
		values_assert(&a->fields[i].value, &b->fields[i].value, a->fields[i].name);
	}
}

static void selections_assert(const struct selection_spec *a, const struct selection_spec *b)
{
	cr_assert_str_eq(a->name, b->name);
	cr_assert(a->by_count == b->by_count && a->otherwise == b->otherwise && a->count == b->count);
	for (uint32_t row = 0; row < a->count; row++) {
		for (unsigned by = 0; by < a->by_count; by++) {
			cr_assert(a->by[by] == b->by[by] && texts_same(a->by_name[by], b->by_name[by]));
			cr_assert_eq(a->rows[row].when[by], b->rows[row].when[by]);
			cr_assert(texts_same(a->rows[row].name[by], b->rows[row].name[by]));
		}
		values_assert(&a->rows[row].value, &b->rows[row].value, a->name);
	}
}

Test(catalogue, survives_the_way_through_a_log)
{
	struct catalogue *read;

	catalogue_pack_builtin();
	cr_assert_eq(catalogue_unpack(&read, packed.bytes, packed.size), 0);
	cr_assert_eq(read->calls_count, catalogue_builtin.calls_count);
	for (uint32_t i = 0; i < read->calls_count; i++)
		calls_assert(&catalogue_builtin.calls[i], &read->calls[i]);
	cr_assert_eq(read->flags_count, catalogue_builtin.flags_count);
	names_assert(catalogue_builtin.flags, read->flags, read->flags_count);
	cr_assert_eq(read->enums_count, catalogue_builtin.enums_count);
	names_assert(catalogue_builtin.enums, read->enums, read->enums_count);
	cr_assert_eq(read->structs_count, catalogue_builtin.structs_count);
	for (uint32_t i = 0; i < read->structs_count; i++)
		structs_assert(&catalogue_builtin.structs[i], &read->structs[i]);
	cr_assert_eq(read->selections_count, catalogue_builtin.selections_count);
	for (uint32_t i = 0; i < read->selections_count; i++)
		selections_assert(&catalogue_builtin.selections[i], &read->selections[i]);
	free(read);
	pack_buffer_free(&packed);
}

Test(catalogue, is_refused_when_cut_anywhere)
{
	struct catalogue *read;

	catalogue_pack_builtin();
	for (size_t cut = 0; cut < packed.size; cut += cut < 1000 ? 1 : 97)
		cr_assert_eq(catalogue_unpack(&read, packed.bytes, cut), CATALOGUE_E_INVALID, "cut at %zu", cut);
	pack_buffer_free(&packed);
}

/* Every index that a reader follows without looking. */
static void catalogue_assert_safe(const struct catalogue *catalogue)
{
	uint64_t args[CALL_ARGS_MAX] = {0};

	for (uint32_t i = 0; i < catalogue->calls_count; i++) {
		const struct call_spec *call = &catalogue->calls[i];
		cr_assert_leq(call->argc, CALL_ARGS_MAX);
		for (unsigned arg = 0; arg < call->argc; arg++) {
			struct value_spec value = catalogue_resolve(catalogue, call, arg, args);
			cr_assert(value.kind < KIND_COUNT && value.kind != KIND_SELECT);
			if (value.kind == KIND_STRUCT)
				cr_assert_lt(value.table, catalogue->structs_count);
			if (value.kind == KIND_FLAGS)
				cr_assert_lt(value.table, catalogue->flags_count);
			if (value.kind == KIND_ENUM)
				cr_assert_lt(value.table, catalogue->enums_count);
		}
	}
	for (uint32_t i = 0; i < catalogue->structs_count; i++)
		for (uint32_t at = 0; at < catalogue->structs[i].count; at++)
			cr_assert_leq(catalogue->structs[i].fields[at].offset, catalogue->structs[i].size);
}

Test(catalogue, is_safe_to_use_whatever_was_flipped_in_it, .timeout = 120)
{
	uint32_t accepted = 0, state = 1;

	catalogue_pack_builtin();
	for (int round = 0; round < 3000; round++) {
		struct catalogue *read;
		state = state * 1664525 + 1013904223;
		size_t at = (size_t)((uint64_t)state * packed.size >> 32);
		uint8_t was = packed.bytes[at];
		packed.bytes[at] ^= (uint8_t)(1u << round % 8);
		if (!catalogue_unpack(&read, packed.bytes, packed.size)) {
			catalogue_assert_safe(read);
			accepted++;
			free(read);
		}
		packed.bytes[at] = was;
	}
	cr_assert_gt(accepted, 0);
	pack_buffer_free(&packed);
}

Test(catalogue, resolves_a_selection_by_its_deciding_arguments)
{
	const struct call_spec *call = NULL;
	unsigned arg = 0;

	for (uint32_t i = 0; i < catalogue_builtin.calls_count && !call; i++)
		for (arg = 0; arg < catalogue_builtin.calls[i].argc; arg++)
			if (catalogue_builtin.calls[i].args[arg].value.kind == KIND_SELECT) {
				call = &catalogue_builtin.calls[i];
				break;
			}
	cr_assert_not_null(call);
	const struct selection_spec *selection = &catalogue_builtin.selections[call->args[arg].value.table];
	for (uint32_t row = 0; row + selection->otherwise < selection->count; row++) {
		uint64_t args[CALL_ARGS_MAX] = {0};
		for (unsigned by = 0; by < selection->by_count; by++)
			args[selection->by[by]] = (uint64_t)selection->rows[row].when[by];
		struct value_spec value = catalogue_resolve(&catalogue_builtin, call, arg, args);
		cr_assert_eq(value.kind, selection->rows[row].value.kind);
		cr_assert_eq(value.table, selection->rows[row].value.table);
	}
}
