// SPDX-License-Identifier: MIT
/*
 * Signals of a pass: who was told something by whom, and when. What a process does until then depends on how far it has
 * come.
 */
#include "reader/canon_pass.h"

#include <errno.h>

/*
 * The thread that the signal goes to, as a number of the canon; CANON_NONE when it is not traced, or a group. It may be
 * told before it does anything.
 */
static int find_target(struct pass *pass, const struct event *event, uint32_t *target)
{
	uint32_t pid = (uint32_t)event->args[0];
	struct object *first;
	int rc = 0;

	*target = CANON_NONE;
	if ((int32_t)pid <= 0 || !identity_object(pass->identities, identity_event_pid(event), KIND_PID, pid))
		return 0;
	first = identity_thread_object(pass->identities, pid, pid);
	if (!first)
		return -ENOMEM;
	if (!first->tag)
		rc = pass_add_thread(pass, first);
	*target = (uint32_t)first->tag - 1;
	return rc;
}

int pass_note_signal(struct pass *pass, uint32_t thread, const struct canon_view *view)
{
	const struct event *event = view->event;
	uint32_t target = CANON_NONE;
	int rc = view->failed ? 0 : find_target(pass, event, &target);

	if (rc || target == CANON_NONE)
		return rc;
	if (target == thread)
		pass->threads[thread].wakes_itself = event->enter < pass->threads[thread].waits_until;
	else
		pass->canon->threads[target].told = event->enter;
	return 0;
}
