// SPDX-License-Identifier: MIT
/*
 * See sysv.h. Which argument is an id or a key, and which way a message goes, is read off the rows of the catalogue.
 */
#include "replay/sysv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#include "reader/flow.h"
#include "reader/identity.h"
#include "reader/map.h"
#include "replay/conversation.h"

struct reading {
	struct recorded_sysvs *to;
	struct trace *trace;
	struct map ids; /* kind << 32 | id: index + 1 */
	uint32_t pid;	/* 0: all */
};

static int sysv_kind(unsigned kind)
{
	return kind == KIND_MSQID   ? SYSV_QUEUE
	       : kind == KIND_SEMID ? SYSV_SEMAPHORES
	       : kind == KIND_SHMID ? SYSV_SEGMENT
				    : -1;
}

static struct recorded_sysv *sysv_of(const struct reading *reading, int kind, uint64_t id)
{
	uintptr_t index = (uintptr_t)map_get(&reading->ids, (uint64_t)kind << 32 | (uint32_t)id);

	return index ? &reading->to->list[index - 1] : NULL;
}

/* ---- msgget, semget, shmget --------------------------------------------------------------------------------- */

static struct recorded_sysv *sysv_by_key(struct recorded_sysvs *to, int kind, int32_t key)
{
	struct recorded_sysv *made;

	for (uint32_t i = 0; i < to->count; i++)
		if (to->list[i].kind == (enum sysv_kind)kind && to->list[i].key == key)
			return &to->list[i];
	made = array_add((void **)&to->list, &to->count, sizeof(*made));
	if (!made)
		return NULL;
	made->kind = (enum sysv_kind)kind;
	made->key = key;
	return made;
}

static int read_get(struct reading *reading, const struct event *event, int kind)
{
	const struct call_spec *call = event->call;
	struct recorded_sysv *sysv;
	int32_t key = IPC_PRIVATE;

	for (unsigned i = 0; i < call->argc; i++)
		if (call->args[i].value.kind == KIND_KEY)
			key = (int32_t)event->args[i];
	if (event->error || key == IPC_PRIVATE)
		return 0;
	sysv = sysv_by_key(reading->to, kind, key);
	if (!sysv)
		return -ENOMEM;
	/* the flags are the last argument, the size, where there is one, is the one before */
	sysv->is_created |= (event->args[call->argc - 1] & IPC_CREAT) != 0;
	if (call->argc > 2 && event->args[1] > sysv->size)
		sysv->size = event->args[1];
	return map_put(&reading->ids, (uint64_t)kind << 32 | (uint32_t)event->result,
		       (void *)(uintptr_t)(sysv - reading->to->list + 1));
}

/* ---- messages ----------------------------------------------------------------------------------------------- */

static bool is_equal(const struct recorded_sysv *sysv, const struct queue_message *a, const struct queue_message *b)
{
	return a->type == b->type && a->size == b->size && a->is_whole && b->is_whole &&
	       !memcmp(sysv->bytes.bytes + a->offset, sysv->bytes.bytes + b->offset, a->size);
}

static int read_message(struct recorded_sysv *queue, const struct event *event, bool is_received)
{
	const struct event_item *payload = event_item(event, 1, ITEM_PAYLOAD, 0),
				*type = event_item(event, 1, ITEM_TYPE, 0);
	struct queue_message *message;

	if (event->error || event->outcome != OUTCOME_RETURNED || !type || type->size < sizeof(message->type))
		return 0;
	message = array_add((void **)&queue->messages, &queue->messages_count, sizeof(*message));
	if (!message)
		return -ENOMEM;
	memcpy(&message->type, type->bytes, sizeof(message->type));
	message->time = is_received ? event->enter + event->duration : event->enter;
	message->is_received = is_received;
	message->offset = queue->bytes.size;
	message->size = payload ? payload->size : 0;
	message->is_whole = !payload || payload->size == payload->total;
	if (payload)
		text_add(&queue->bytes, payload->bytes, payload->size);
	return queue->bytes.failed ? -ENOMEM : 0;
}

static int compare_times(const void *a, const void *b)
{
	const struct queue_message *left = a, *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* What the program sent and received itself is nobody else's affair. */
static void messages_settle(struct recorded_sysv *queue)
{
	uint32_t first = 0;

	if (queue->messages_count)
		qsort(queue->messages, queue->messages_count, sizeof(*queue->messages), compare_times);
	for (uint32_t i = 0; i < queue->messages_count; i++) {
		struct queue_message *message = &queue->messages[i];
		for (uint32_t k = first; message->is_received && k < i && !message->is_internal; k++) {
			struct queue_message *sent = &queue->messages[k];
			if (!sent->is_received && !sent->is_internal && is_equal(queue, sent, message))
				sent->is_internal = message->is_internal = true;
		}
		while (first < i && (queue->messages[first].is_internal || queue->messages[first].is_received))
			first++;
	}
}

/* ---- semaphores --------------------------------------------------------------------------------------------- */

static int step_add(struct recorded_sysv *set, uint64_t time, uint16_t number, int64_t change)
{
	struct semaphore_step *step = array_add((void **)&set->steps, &set->steps_count, sizeof(*step));

	if (!step)
		return -ENOMEM;
	*step = (struct semaphore_step){time, number, (int16_t)change};
	return 0;
}

static int operation_add(struct recorded_sysv *set, const struct semaphore_operation *operation)
{
	struct semaphore_operation *added =
		array_add((void **)&set->operations, &set->operations_count, sizeof(*added));

	if (!added)
		return -ENOMEM;
	*added = *operation;
	return 0;
}

static int read_operations(struct recorded_sysv *set, const struct event *event)
{
	const struct event_item *item = event_item(event, 1, ITEM_RAW, 0);
	struct sembuf part;
	int rc = 0;

	for (size_t at = 0; item && !rc && at + sizeof(part) <= item->size; at += sizeof(part)) {
		struct semaphore_operation operation;
		memcpy(&part, item->bytes + at, sizeof(part));
		operation = (struct semaphore_operation){.time = event->enter + (part.sem_op > 0 ? 0 : event->duration),
							 .number = part.sem_num,
							 .change = part.sem_op};
		rc = operation_add(set, &operation);
	}
	return rc;
}

/* semctl(): only what sets values matters. */
static int read_control(struct recorded_sysv *set, const struct event *event)
{
	const struct event_item *item = event_item(event, 3, ITEM_RAW, 0);
	struct semaphore_operation operation = {.time = event->enter, .sets = true};
	uint16_t value;
	int rc = 0;

	if ((int)event->args[2] == SETVAL) {
		operation.number = (uint16_t)event->args[1];
		operation.change = (int32_t)event->args[3];
		return operation_add(set, &operation);
	}
	for (uint16_t i = 0; (int)event->args[2] == SETALL && item && !rc && 2u * i + 2 <= item->size; i++) {
		memcpy(&value, item->bytes + 2 * i, sizeof(value));
		operation.number = i;
		operation.change = value;
		rc = operation_add(set, &operation);
	}
	return rc;
}

static int compare_operations(const void *a, const void *b)
{
	const struct semaphore_operation *left = a, *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return left->change > right->change ? -1 : left->change < right->change;
}

/* What an operation needed and nobody in the trace had given, somebody else gave. */
static int operation_settle(struct recorded_sysv *set, const struct semaphore_operation *operation, int64_t *value)
{
	int64_t missing = operation->change < 0 ? -operation->change - *value : -*value;

	if (operation->sets) {
		*value = operation->change;
		return 0;
	}
	if (operation->change < 0 ? missing > 0 : !operation->change && missing < 0) {
		if (step_add(set, operation->time, operation->number, missing))
			return -ENOMEM;
		*value += missing;
	}
	*value += operation->change;
	return 0;
}

static int operations_settle(struct recorded_sysv *set)
{
	int64_t *values = set->operations_count ? calloc(UINT16_MAX + 1, sizeof(*values)) : NULL;
	int rc = set->operations_count && !values ? -ENOMEM : 0;

	if (values)
		qsort(set->operations, set->operations_count, sizeof(*set->operations), compare_operations);
	for (uint32_t i = 0; !rc && i < set->operations_count; i++)
		rc = operation_settle(set, &set->operations[i], &values[set->operations[i].number]);
	free(values);
	return rc;
}

/* ---- all of it ---------------------------------------------------------------------------------------------- */

/* The sort of object that the call's first word is the id of, by a selection too; -1: of none. */
static int kind_of_id(const struct event *event)
{
	return event->call->argc ? sysv_kind(catalogue_resolve(event->catalogue, event->call, 0, event->args).kind)
				 : -1;
}

static int read_event(struct reading *reading, const struct event *event)
{
	int made = sysv_kind(event->call->result.kind), kind = made < 0 ? kind_of_id(event) : -1;
	struct flow flow;
	struct recorded_sysv *sysv;

	if (made >= 0)
		return read_get(reading, event, made);
	sysv = kind >= 0 ? sysv_of(reading, kind, event->args[0]) : NULL;
	if (!sysv || event->error)
		return 0;
	flow = flow_of_call(event->call);
	if (kind == SYSV_QUEUE && flow.direction != FLOW_NONE)
		return read_message(sysv, event, flow.direction == FLOW_RECEIVED);
	if (kind == SYSV_SEMAPHORES && event->call->waits)
		return read_operations(sysv, event);
	return kind == SYSV_SEMAPHORES ? read_control(sysv, event) : 0;
}

static int read_entries(struct reading *reading)
{
	struct trace_entry entry;
	int rc;

	while ((rc = trace_next(reading->trace, &entry)) == 0) {
		if (entry.kind != TRACE_EVENT || strcmp(entry.event->call->family, "sysv") ||
		    !process_descends(reading->trace, identity_event_pid(entry.event), reading->pid))
			continue;
		rc = read_event(reading, entry.event);
		if (rc)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

int sysv_read(struct recorded_sysvs *sysv, struct trace *trace, uint32_t pid)
{
	struct reading reading = {.to = sysv, .trace = trace, .pid = pid};
	int rc;

	*sysv = (struct recorded_sysvs){0};
	rc = trace_rewind(trace);
	if (!rc)
		rc = read_entries(&reading);
	for (uint32_t i = 0; !rc && i < sysv->count; i++) {
		messages_settle(&sysv->list[i]);
		rc = operations_settle(&sysv->list[i]);
	}
	map_clear(&reading.ids);
	return rc;
}

void sysv_free(struct recorded_sysvs *sysv)
{
	for (uint32_t i = 0; i < sysv->count; i++) {
		text_free(&sysv->list[i].bytes);
		free(sysv->list[i].messages);
		free(sysv->list[i].steps);
		free(sysv->list[i].operations);
	}
	free(sysv->list);
	*sysv = (struct recorded_sysvs){0};
}

uint32_t sysv_count(const struct recorded_sysvs *sysv)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < sysv->count; i++) {
		count += sysv->list[i].steps_count;
		for (uint32_t k = 0; k < sysv->list[i].messages_count; k++)
			count += !sysv->list[i].messages[k].is_internal;
	}
	return count;
}

bool sysv_is_whole(const struct recorded_sysvs *sysv, char *reason, size_t size)
{
	for (uint32_t i = 0; i < sysv->count; i++)
		for (uint32_t k = 0; k < sysv->list[i].messages_count; k++)
			if (!sysv->list[i].messages[k].is_whole && sysv->list[i].messages[k].is_received) {
				snprintf(reason, size,
					 "queue 0x%x: messages that were received are not whole in the trace; record "
					 "with -s 1M",
					 (unsigned)sysv->list[i].key);
				return false;
			}
	return true;
}
