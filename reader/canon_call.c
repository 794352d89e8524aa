// SPDX-License-Identifier: MIT
/*
 * Arguments, results and what is behind pointers, by kind. Believes nothing of sizes in a log.
 */
#include "reader/canon_call.h"
#include "format/crc32c.h"
#include "reader/value.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Arguments that say how long to wait, or until when: programs compute them from the time of day. */
static const char *const time_names[] = {"timeout", "tmo_p", "abs_timeout", "abstime", NULL};

static bool is_name(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

/* ---- values --------------------------------------------------------------------------------------------------- */

struct view_maker {
	struct canon_view *view;
	struct identities *identities;
	const struct mask *mask;
	struct text *scratch;
	uint32_t pid;
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return map_mix(hash ^ (value + 0x9e3779b97f4a7c15ull));
}

static uint64_t hash_masked(struct view_maker *maker, const uint8_t *bytes, size_t size)
{
	maker->scratch->size = 0;
	mask_bytes(maker->mask, bytes, size, maker->scratch);
	return map_hash(1, maker->scratch->bytes, maker->scratch->size);
}

static void add_object(struct view_maker *maker, struct object *object, struct canon_part *part)
{
	struct canon_view *view = maker->view;

	if (view->objects_count == 2)
		return;
	part->part = PART_OBJECT;
	part->object = (int8_t)view->objects_count;
	view->objects[view->objects_count++] = object;
}

/* A descriptor or id: the thing it means; what is special about a number only where it is special for programs. */
static void read_handle(struct view_maker *maker, const struct value_spec *value, uint64_t word,
			struct canon_part *part)
{
	int32_t number = (int32_t)word;
	bool is_replaced = value->identity == IDENTITY_GONE && maker->view->objects_count;
	struct object *object = NULL;

	if (value->kind == KIND_SEM || number >= 0)
		object = identity_object(maker->identities, maker->pid, value->kind, word);
	if (object && !is_replaced) {
		add_object(maker, object, part);
	} else if (value->kind == KIND_FD && number <= 2) {
		part->part = PART_KEY;
		part->key = mix(2, (uint64_t)number);
	}
}

static void read_address(struct view_maker *maker, uint64_t word, struct canon_part *part)
{
	struct object *object = word ? identity_object(maker->identities, maker->pid, KIND_ADDRESS, word) : NULL;

	if (object) {
		add_object(maker, object, part);
		return;
	}
	part->part = PART_KEY;
	part->key = mix(3, word != 0);
}

static void read_process(struct view_maker *maker, uint64_t word, struct canon_part *part)
{
	int32_t number = (int32_t)word;
	struct object *object = identity_object(maker->identities, maker->pid, KIND_PID, (uint32_t)word);

	part->part = PART_KEY;
	part->key = mix(4, number <= 0 && number >= -1 ? (uint64_t)number : object ? 5 : 6);
}

static void read_number(const struct value_spec *value, uint64_t word, struct canon_part *part)
{
	word = value_word(value, word);
	part->part = PART_CONTENT;
	part->content = mix(7, word);
}

/* Less was sent than was asked for. */
static bool is_cut_off(const struct canon_view *view, uint64_t word)
{
	return view->rule->flow.direction == FLOW_SENT && !view->failed && view->event->result >= 0 &&
	       (uint64_t)view->event->result < word;
}

/* The size of what was sent whole follows from the payload, in which there may be numbers of the run. */
static bool is_size_sent(const struct canon_view *view, uint64_t word)
{
	return view->rule->flow.direction == FLOW_SENT && view->event->result == (int64_t)word;
}

/* Whether argument `arg` is the size of an address. */
static bool is_address_size(const struct call_spec *call, unsigned arg)
{
	for (unsigned i = 0; i < call->argc; i++)
		if (call->args[i].value.kind == KIND_SOCKADDR && call->args[i].value.length == LENGTH_ARG &&
		    call->args[i].value.length_value == arg)
			return true;
	return false;
}

/* A plain word of any kind. */
static void read_word(struct view_maker *maker, const char *name, const struct value_spec *value, uint64_t word,
		      struct canon_part *part)
{
	switch (value->kind) {
	case KIND_FD:
	case KIND_MQD:
	case KIND_MSQID:
	case KIND_SEMID:
	case KIND_SHMID:
	case KIND_SEM:
		read_handle(maker, value, word, part);
		break;
	case KIND_ADDRESS:
		read_address(maker, word, part);
		break;
	case KIND_PID:
	case KIND_TID:
		read_process(maker, word, part);
		break;
	case KIND_FLAGS:
	case KIND_ENUM:
	case KIND_MODE:
		part->part = PART_KEY;
		part->key = mix(8, value_bits(value, word));
		break;
	case KIND_HEX:
		if (word <= UINT32_MAX)
			read_number(value, word, part);
		break;
	case KIND_SIZE:
		maker->view->is_short |= is_cut_off(maker->view, word);
		if (canon_is_trim(maker->view, maker->identities, word)) {
			maker->view->is_trim = true;
			maker->view->ends = false;
			maker->view->bytes = word;
			break;
		}
		/* How much fits is the caller's buffer; how much there was is in the payload. */
		if (!(maker->view->is_stream && maker->view->rule->flow.direction) && !maker->view->is_surrounding)
			read_number(value, is_size_sent(maker->view, word) ? UINT64_MAX : word, part);
		break;
	case KIND_CLOCK_TICKS:
	case KIND_UNRECORDED:
		break;
	default:
		if (!is_name(name, time_names))
			read_number(value, word, part);
	}
}

/* ---- behind pointers ------------------------------------------------------------------------------------------ */

/* With `is_given` the program said the address, and a port that it chose itself is part of what it does. */
static uint64_t hash_endpoint(struct view_maker *maker, const uint8_t *bytes, size_t size, bool is_given)
{
	struct endpoint endpoint = endpoint_parse(bytes, size);
	uint32_t port = mask_port(maker->mask, endpoint.port);
	uint64_t hash = mix(endpoint.family, is_given && port ? endpoint.port : port);

	if (endpoint.family == AF_UNIX)
		return mix(hash, hash_masked(maker, (const uint8_t *)endpoint.path, strlen(endpoint.path)));
	return map_hash(hash, endpoint.ip, sizeof(endpoint.ip));
}

/* Structs that are times, of day or until something happens. */
static const char *const time_structs[] = {"timespec", "timeval", "itimerspec", NULL};

static void read_struct(const struct canon_view *view, const struct value_spec *value, const struct event_item *item,
			struct canon_part *part)
{
	const struct struct_spec *layout = value_struct(view->event->catalogue, value);

	if (!layout || !layout->size || is_name(layout->name, time_structs))
		return;
	part->part = PART_KEY;
	for (size_t at = 0; at + layout->size <= item->size; at += layout->size) {
		for (unsigned i = 0; i < layout->count; i++) {
			const struct field_spec *field = &layout->fields[i];
			uint32_t width = field->value.width;
			if (field->value.kind > KIND_ENUM || width > 8 || field->offset + width > layout->size)
				continue;
			uint64_t word = value_load(&field->value, item->bytes + at + field->offset, width);
			if (field->value.kind <= KIND_UINT || field->value.kind >= KIND_FLAGS)
				part->key = mix(part->key + i, word);
			else if (field->value.kind == KIND_SIZE || field->value.kind == KIND_MODE)
				part->content = mix(part->content + i, word);
		}
	}
}

static void read_control(const struct event_item *item, struct canon_part *part)
{
	struct control_message message;
	size_t at = 0;

	while (control_next(item->bytes, item->size, &at, &message))
		part->content =
			mix(mix(part->content + (uint32_t)message.level, (uint32_t)message.type), message.length);
}

static void read_payload(struct canon_view *view, const struct event_item *item)
{
	if (view->bytes) {
		view->payload = crc32c_combine(view->payload, item->hash, item->total);
		view->text = NULL;
	} else {
		view->payload = item->hash;
		view->text = item;
	}
	view->bytes += item->total;
}

/* One thing that was found behind the pointer `arg`. */
static void read_item(struct view_maker *maker, const struct value_spec *value, const struct event_item *item,
		      struct canon_part *part)
{
	struct canon_view *view = maker->view;
	bool is_in = value->direction == DIRECTION_IN;

	switch (item->form) {
	case ITEM_PAYLOAD:
		part->part = part->part == PART_NOTHING ? PART_PAYLOAD : part->part;
		read_payload(view, item);
		break;
	case ITEM_STRING:
	case ITEM_STRINGS:
		part->part = PART_CONTENT;
		part->content = hash_masked(maker, item->bytes, item->size);
		break;
	case ITEM_ADDRESS:
		part->part = PART_CONTENT;
		part->content = mix(part->content, hash_endpoint(maker, item->bytes, item->size, is_in));
		break;
	case ITEM_TYPE:
		part->part = PART_KEY;
		part->key = map_hash(9, item->bytes, item->size);
		break;
	case ITEM_CONTROL:
		view->has_control |= item->size != 0;
		part->part = PART_CONTENT;
		read_control(item, part);
		break;
	case ITEM_RAW:
		if (value->kind == KIND_STRUCT && is_in)
			read_struct(view, value, item, part);
		else if (value->kind < KIND_BYTES && (is_in || value->kind == KIND_ENUM) && value->kind != KIND_FD &&
			 value->kind != KIND_ADDRESS && value->kind != KIND_HEX)
			read_number(value, value_load(value, item->bytes, item->size), part);
		break;
	default:
		break;
	}
}

static void read_arg(struct view_maker *maker, unsigned arg)
{
	struct canon_view *view = maker->view;
	const struct event *event = view->event;
	struct value_spec value = value_of_arg(event, arg);
	struct canon_part *part = &view->args[arg];

	*part = (struct canon_part){.object = -1};
	if (!value_is_shown(&value, event->args[arg]))
		return;
	view->ends |= arg == 0 && value.identity == IDENTITY_GONE;
	if (value.direction == DIRECTION_NONE && view->rule->reaps)
		return;
	/* A path of the run's own is as long as it is. */
	if (maker->mask->renamed && is_address_size(event->call, arg))
		return;
	if (value.direction == DIRECTION_NONE) {
		read_word(maker, event->call->args[arg].name, &value, event->args[arg], part);
	} else {
		part->key = event->args[arg] ? 0 : 1;
		part->part = event->args[arg] ? PART_NOTHING : PART_KEY;
		view->followed |= 1u << arg;
		/* whether a call in flight was looked behind depends on how long it had waited */
		bool is_complete = event->outcome != OUTCOME_UNFINISHED;
		for (uint32_t i = 0; is_complete && i < event->items_count; i++)
			if (event->items[i].arg == arg)
				read_item(maker, &value, &event->items[i], part);
	}
	if (part->part == PART_KEY || part->part == PART_CONTENT) {
		unsigned place = view->rule->reaps ? 0 : arg;
		view->key = mix(view->key + place, part->key);
		view->content = mix(view->content + place, part->content);
	}
}

/* Whether there is a group of processes yet, or any more, is up to those in it, and not to who sends it a signal. */
static bool finds_nobody(const struct canon_view *view)
{
	const struct event *event = view->event;
	bool is_nobody = event->error == ESRCH && event->outcome == OUTCOME_RETURNED;

	return view->rule->signals && (int32_t)event->args[0] < -1 && (is_nobody || !view->failed);
}

static void read_result(struct view_maker *maker)
{
	struct canon_view *view = maker->view;
	const struct event *event = view->event;
	const struct value_spec *value = &event->call->result;
	struct object *object;

	if (finds_nobody(view))
		return;
	view->key = mix(view->key, event->outcome | (uint64_t)event->error << 8);
	if (event->outcome != OUTCOME_RETURNED || view->failed)
		return;
	object = identity_result(maker->identities);
	if (object && object->type != OBJECT_PROCESS && object->type != OBJECT_THREAD) {
		if (view->objects_count < 2) {
			view->objects[view->objects_count++] = object;
			view->made_result = true;
		}
	} else if (value->kind == KIND_SIZE && view->rule->flow.direction == FLOW_RECEIVED) {
		view->key = mix(view->key, event->result == 0);
	} else if (value->kind <= KIND_OFFSET || value->kind == KIND_FLAGS || value->kind == KIND_ENUM ||
		   value->kind == KIND_UID || value->kind == KIND_GID) {
		if (value->kind != KIND_SIZE || !view->rule->flow.direction)
			view->content = mix(view->content, (uint64_t)event->result);
	}
}

bool object_is_stream(const struct object *object)
{
	return (object->type == OBJECT_SOCKET && object->socket_type == SOCK_STREAM) || object->type == OBJECT_PIPE;
}

bool object_is_counter(const struct object *object)
{
	return object->type == OBJECT_DESCRIPTOR &&
	       (!strcmp(object->role, "eventfd") || !strcmp(object->role, "timerfd") ||
		!strcmp(object->role, "signalfd"));
}

static void look_at_subject(struct canon_view *view, const struct object *object)
{
	if (!object)
		return;
	view->is_stream = object_is_stream(object);
	view->is_counter = object_is_counter(object);
	if (object->type != OBJECT_FILE || !object->label)
		return;
	const char *path = object->label + strspn(object->label, " ");
	view->is_random = !strcmp(path, "/dev/urandom") || !strcmp(path, "/dev/random");
	view->is_surrounding = !strncmp(path, "/proc/", 6) || !strncmp(path, "/sys/", 5);
}

/* Of a buffer that was sent in part it is that part which counts; what is not kept of it cannot be told apart. */
static void cut_payload(struct canon_view *view)
{
	if (!view->text || view->text->total <= view->bytes || view->text->size < view->bytes)
		return;
	view->payload = crc32c_update(0, view->text->bytes, view->bytes);
}

/* How much of the payload went over, and what of it counts. */
static void finish_payload(struct canon_view *view)
{
	const struct flow *flow = &view->rule->flow;

	if (flow->direction && view->event->outcome == OUTCOME_RETURNED && !view->failed)
		view->bytes = flow_count(flow, view->event);
	cut_payload(view);
	if (view->is_counter || (view->is_surrounding && flow->direction == FLOW_RECEIVED)) {
		view->payload = 0;
		view->bytes = 0;
		view->text = NULL;
	}
}

void canon_view_make(struct canon_view *view, const struct canon_rule *rule, const struct event *event,
		     struct identities *identities, const struct mask *mask, struct text *scratch)
{
	struct view_maker maker = {view, identities, mask, scratch, identity_event_pid(event)};

	/* read_arg() sets those of `args` that the call has. */
	memset(view, 0, offsetof(struct canon_view, args));
	view->event = event;
	view->rule = rule;
	view->key = rule->name;
	view->content = 1;
	view->failed = event->outcome == OUTCOME_RETURNED && call_failed(event->call, event->result);
	look_at_subject(view, identity_subject(identities, event));
	for (unsigned i = 0; i < event->call->argc; i++)
		read_arg(&maker, i);
	read_result(&maker);
	finish_payload(view);
}

void canon_view_renew(struct canon_view *view, const struct event *event)
{
	view->event = event;
	view->bytes = 0;
	view->payload = 0;
	view->text = NULL;
	for (unsigned arg = 0; arg < event->call->argc; arg++)
		for (uint32_t i = 0; view->followed >> arg & 1 && i < event->items_count; i++)
			if (event->items[i].arg == arg && event->items[i].form == ITEM_PAYLOAD)
				read_payload(view, &event->items[i]);
	finish_payload(view);
}
