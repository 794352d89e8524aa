// SPDX-License-Identifier: MIT
/*
 * What calls are to conversations, read off their rows.
 */
#include "reader/talk_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader/value.h"

/* The value of a name of a flag set or enumeration; false when it has no such name. */
static bool find_name(const struct names_spec *names, const char *name, uint64_t *value)
{
	for (unsigned i = 0; names && i < names->count; i++) {
		if (strcmp(names->rows[i].name, name))
			continue;
		*value = names->rows[i].value;
		return true;
	}
	return false;
}

static struct talk_use use_of_call(const struct catalogue *catalogue, const struct call_spec *call)
{
	struct talk_use use = {.flow = flow_of_call(call), .fd = -1, .gone = -1, .flags = -1, .how = -1, .size = -1};

	use.makes = call->result.kind == KIND_FD && call->result.identity == IDENTITY_NEW;
	for (int8_t arg = (int8_t)(call->argc - 1); arg >= 0; arg--) {
		const struct value_spec *value = &call->args[arg].value;
		if (value->kind == KIND_FD && value->direction == DIRECTION_NONE) {
			use.fd = arg;
			if (value->identity == IDENTITY_GONE)
				use.gone = arg;
		}
		if (value->kind == KIND_SIZE && value->direction == DIRECTION_NONE)
			use.size = arg;
		if (value->kind == KIND_FLAGS && find_name(value_flags(catalogue, value), "MSG_PEEK", &use.peek))
			use.flags = arg;
		if (value->kind == KIND_ENUM && find_name(value_enum(catalogue, value), "SHUT_RD", &use.shut_read))
			use.how = arg;
		if (value->kind == KIND_SOCKADDR && value->direction == DIRECTION_IN && use.flow.direction == FLOW_NONE)
			use.takes_place = true;
	}
	return use;
}

int talk_uses_make(struct talks *talks, const struct catalogue *catalogue)
{
	talks->uses = calloc(catalogue->calls_count + 1u, sizeof(*talks->uses));
	if (!talks->uses)
		return -ENOMEM;
	for (unsigned i = 0; i < catalogue->calls_count; i++)
		talks->uses[i] = use_of_call(catalogue, &catalogue->calls[i]);
	return 0;
}
