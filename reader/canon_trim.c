// SPDX-License-Identifier: MIT
/*
 * Memory of which a part is given back.
 */
#include "reader/canon_call.h"

bool canon_is_trim(const struct canon_view *view, struct identities *identities, uint64_t length)
{
	uint32_t pid = identity_event_pid(view->event);
	uint64_t start = view->event->args[0];
	struct object *object = view->ends && view->objects_count ? view->objects[0] : NULL;

	if (!object || object->type != OBJECT_MAPPING || object->origin || view->failed)
		return false;
	return identity_object(identities, pid, KIND_ADDRESS, start - 1) == object ||
	       identity_object(identities, pid, KIND_ADDRESS, start + length) == object;
}
