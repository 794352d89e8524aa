// SPDX-License-Identifier: MIT
/*
 * The inside of reading conversations off a trace, shared by the files conversation*.c alone.
 */
#ifndef IPCTRACE_REPLAY_CONVERSATION_PARTS_H
#define IPCTRACE_REPLAY_CONVERSATION_PARTS_H

#include "reader/flow.h"
#include "reader/identity.h"
#include "reader/map.h"
#include "replay/conversation.h"

struct reading;

/* What is known of a call once and for all; -1: there is no such argument. */
struct call_use {
	struct flow flow;
	int8_t fd;    /* the first descriptor */
	int8_t flags; /* msg_flags */
	uint64_t peek;
	int (*apply)(struct reading *reading, const struct event *event, struct object *socket);
};

struct reading {
	struct conversations *to;
	struct trace *trace;
	struct identities *identities;
	const struct catalogue *catalogue;
	struct call_use *uses; /* by number of the call */
	struct map passed;     /* pid << 32 | descriptor: came in a message, and was not used yet; index + 1 */
	uint64_t now;	       /* ticks of the event being read */
	int error;
};

/* The tag of an object: what it is in its upper half, and which + 1. */
enum tag_sort { TAG_CONVERSATION, TAG_LISTENER, TAG_DESCRIPTOR };

static inline uint64_t tag_of(enum tag_sort sort, uint32_t index)
{
	return (uint64_t)sort << 32 | (index + 1);
}

static inline bool is_tagged(const struct object *object, enum tag_sort sort)
{
	return object && object->tag && object->tag >> 32 == sort;
}

static inline uint32_t tag_index(const struct object *object)
{
	return (uint32_t)object->tag - 1;
}

static inline struct conversation *conversation_of(const struct reading *reading, const struct object *socket)
{
	return is_tagged(socket, TAG_CONVERSATION) ? &reading->to->list[tag_index(socket)] : NULL;
}

static inline struct recorded_listener *listener_of(const struct reading *reading, const struct object *socket)
{
	return is_tagged(socket, TAG_LISTENER) ? &reading->to->listeners[tag_index(socket)] : NULL;
}

/* One more message; messages are put in order at the end. 0 or -ENOMEM. */
int message_add(struct conversation *conversation, const struct message *message);

/*
 * What begins or ends a connection or asks about it, by the name of the call: NULL when it is none of these. The
 * function gets the object of the call's first descriptor.
 */
int (*conversation_applier(const char *name))(struct reading *reading, const struct event *event,
					      struct object *socket);

#endif
