// SPDX-License-Identifier: MIT
/*
 * Look-ups in a catalogue that take more than an index.
 */
#include "format/catalogue.h"

static bool choice_applies(const struct selection_spec *selection, const struct choice_spec *choice,
			   const uint64_t *args)
{
	/* deciding arguments are ints: only their low halves are defined */
	for (unsigned i = 0; i < selection->by_count; i++)
		if ((int32_t)args[selection->by[i]] != (int32_t)choice->when[i])
			return false;
	return true;
}

static const struct choice_spec *selection_choose(const struct selection_spec *selection, const uint64_t *args)
{
	uint16_t named = selection->count - (selection->otherwise ? 1 : 0);

	for (uint16_t i = 0; i < named; i++)
		if (choice_applies(selection, &selection->rows[i], args))
			return &selection->rows[i];
	return selection->otherwise ? &selection->rows[named] : NULL;
}

struct value_spec catalogue_resolve(const struct catalogue *catalogue, const struct call_spec *call, unsigned arg,
				    const uint64_t *args)
{
	struct value_spec value = call->args[arg].value;

	if (value.kind != KIND_SELECT)
		return value;
	const struct choice_spec *choice = selection_choose(&catalogue->selections[value.table], args);
	if (!choice) {
		value.kind = value.direction == DIRECTION_NONE ? KIND_HEX : KIND_ADDRESS;
		value.direction = DIRECTION_NONE;
		return value;
	}
	struct value_spec chosen = choice->value;
	if (chosen.direction == DIRECTION_NONE && value.direction != DIRECTION_NONE) {
		chosen.direction = value.direction;
		/* the argument's length is in bytes: rows with a size of their own are one element */
		if (chosen.kind == KIND_BYTES || chosen.kind == KIND_STRING) {
			chosen.length = value.length;
			chosen.length_value = value.length_value;
		}
	}
	return chosen;
}

struct value_spec catalogue_answer(const struct catalogue *catalogue, const struct call_spec *call,
				   const uint64_t *args)
{
	const struct choice_spec *choice = NULL;

	if (call->answer)
		choice = selection_choose(&catalogue->selections[call->answer - 1], args);
	return choice && choice->value.direction == DIRECTION_NONE && choice->value.kind < KIND_BYTES ? choice->value
												      : call->result;
}
