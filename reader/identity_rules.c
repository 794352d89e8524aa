// SPDX-License-Identifier: MIT
/*
 * What calls do to identities. Most of it is read off the row of the catalogue (which argument is a descriptor, what is
 * new, what is gone); only calls that do more than a row can say have a rule of their own here.
 */
#include "reader/identity_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- helpers over a moment ---- */

static struct object *descriptor(struct identities *identity, const struct moment *moment, unsigned arg)
{
	return identity_object(identity, moment->pid, KIND_FD, moment->event->args[arg]);
}

/* Take `key` away when the call was entered: not yet in the look-ups of this event, but in those of the next. */
static int end_handle(struct identities *identity, const struct moment *moment, enum effect_type type, uint64_t key)
{
	return effect_push(identity, (struct effect){.type = type,
						     .time = moment->event->enter,
						     .pid = type == EFFECT_SYSV ? 0 : moment->pid,
						     .key = key});
}

static int find_arg(const struct call_spec *call, const char *name)
{
	for (int i = 0; i < call->argc; i++)
		if (!strcmp(call->args[i].name, name))
			return i;
	return -1;
}

static bool is_descriptor(const struct value_spec *value)
{
	return (value->kind == KIND_FD || value->kind == KIND_MQD) && value->direction == DIRECTION_NONE;
}

/* ---- descriptors ---- */

static int apply_dup(struct identities *identity, const struct moment *moment)
{
	struct object *object;

	if (!moment->ok || moment->rule->fd < 0)
		return 0;
	object = descriptor(identity, moment, (unsigned)moment->rule->fd);
	if (!object)
		return 0;
	identity_set_result(identity, object);
	return effect_descriptor(identity, moment, (uint32_t)moment->event->result, object, is_cloexec(moment));
}

static int apply_fcntl(struct identities *identity, const struct moment *moment)
{
	const struct event *event = moment->event;
	struct object *object;

	if (!moment->ok || event->call->argc < 2)
		return 0;
	int command = (int)event->args[1];
	if (command != F_DUPFD && command != F_DUPFD_CLOEXEC && command != F_SETFD)
		return 0;
	object = descriptor(identity, moment, 0);
	if (!object)
		return 0;
	if (command == F_SETFD)
		return effect_descriptor(identity, moment, (uint32_t)event->args[0], object,
					 event->args[2] & FD_CLOEXEC);
	identity_set_result(identity, object);
	return effect_descriptor(identity, moment, (uint32_t)event->result, object, command == F_DUPFD_CLOEXEC);
}

static int end_descriptors(struct identities *identity, const struct moment *moment, uint32_t first, uint32_t last,
			   bool on_exec)
{
	if (!moment->ok || last < first)
		return 0;
	return effect_push(identity, (struct effect){.type = EFFECT_DESCRIPTORS_GONE,
						     .time = moment->event->enter,
						     .pid = moment->pid,
						     .key = first,
						     .length = last - first,
						     .flag = on_exec});
}

static int apply_close_range(struct identities *identity, const struct moment *moment)
{
	const uint64_t *args = moment->event->args;

	return end_descriptors(identity, moment, (uint32_t)args[0], (uint32_t)args[1], args[2] & CLOSE_RANGE_CLOEXEC);
}

static int apply_closefrom(struct identities *identity, const struct moment *moment)
{
	int32_t first = (int32_t)moment->event->args[0];

	return end_descriptors(identity, moment, first < 0 ? 0 : (uint32_t)first, UINT32_MAX, false);
}

static int apply_pipe(struct identities *identity, const struct moment *moment)
{
	const struct event_item *item = event_item(moment->event, 0, ITEM_RAW, 0);
	int32_t fds[2];

	if (!moment->ok || !item || item->size < sizeof(fds))
		return 0;
	memcpy(fds, item->bytes, sizeof(fds));
	struct object *read = object_new(identity, OBJECT_PIPE, "pipe", moment->thread);
	struct object *write = object_new(identity, OBJECT_PIPE, "pipe", moment->thread);
	if (!read || !write)
		return 0;
	object_rename(read, moment->thread, "pipe", NULL);
	write->ordinal = read->ordinal;
	write->numbered = true;
	read->side = 'r';
	write->side = 'w';
	object_pair(read, write);
	identity_set_result(identity, read);
	int error = effect_descriptor(identity, moment, (uint32_t)fds[0], read, is_cloexec(moment));
	return error ? error : effect_descriptor(identity, moment, (uint32_t)fds[1], write, is_cloexec(moment));
}

/* ---- things with a name, and descriptors of any other sort ---- */

static enum object_type type_of_role(const char *role)
{
	static const struct {
		const char *role;
		enum object_type type;
	} types[] = {{"file", OBJECT_FILE}, {"shm", OBJECT_FILE}, {"memfd", OBJECT_FILE}, {"mq", OBJECT_MQ}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].role, role))
			return types[i].type;
	return OBJECT_DESCRIPTOR;
}

static void print_string(const struct moment *moment, char *text, size_t size)
{
	const struct event_item *item =
		moment->rule->string < 0 ? NULL
					 : event_item(moment->event, (unsigned)moment->rule->string, ITEM_STRING, 0);

	*text = '\0';
	if (!item)
		return;
	size_t length = item->size < size - 1 ? item->size : size - 1;
	for (size_t i = 0; i < length; i++)
		text[i] = item->bytes[i] < ' ' || item->bytes[i] == 0x7f ? '?' : (char)item->bytes[i];
	text[length] = '\0';
}

/* The result is a descriptor that is not one of the sorts with rules: named by a path, or else counted. */
static int new_descriptor(struct identities *identity, const struct moment *moment)
{
	const struct rule *rule = moment->rule;
	char name[1000], label[1008];
	struct object *object = object_new(identity, type_of_role(rule->stem), rule->stem, moment->thread);

	if (!object)
		return 0;
	print_string(moment, name, sizeof(name));
	snprintf(label, sizeof(label), " %s", name);
	if (*name && strcmp(rule->stem, "memfd"))
		object_label(object, "%s", label);
	else
		object_rename(object, moment->thread, rule->stem, *name ? label : NULL);
	identity_set_result(identity, object);
	return effect_descriptor(identity, moment, (uint32_t)moment->event->result, object, is_cloexec(moment));
}

static int new_semaphore(struct identities *identity, const struct moment *moment)
{
	char name[1000];

	print_string(moment, name, sizeof(name));
	if (!*name)
		return 0;
	uint64_t key = map_hash(KIND_SEM, name, strlen(name));
	struct object *object = map_get(&identity->named, key);
	if (!object) {
		object = object_new(identity, OBJECT_SEM, "sem", moment->thread);
		if (!object)
			return 0;
		object_label(object, " %s", name);
		semaphore_note(object, key);
	}
	identity_set_result(identity, object);
	return effect_push(identity, (struct effect){.type = EFFECT_SEMAPHORE,
						     .time = moment->end,
						     .pid = moment->pid,
						     .key = (uint64_t)moment->event->result,
						     .object = object});
}

/* ---- processes ---- */

static int new_process(struct identities *identity, const struct moment *moment, uint32_t pid)
{
	struct process *known = map_get(&identity->processes, pid);

	/* The child of a vfork has been heard of before its parent came back. */
	if (!known || known->has_begun || known->object.thread != &moment->thread->object)
		known = process_fork(identity, moment->thread, pid);
	if (known)
		identity_set_result(identity, &known->object);
	return 0;
}

static int apply_fork(struct identities *identity, const struct moment *moment)
{
	int flags = find_arg(moment->call, "flags");

	if (!moment->ok || moment->event->result <= 0)
		return 0;
	if (flags >= 0 && moment->event->args[flags] & CLONE_THREAD)
		return 0;
	return new_process(identity, moment, (uint32_t)moment->event->result);
}

static int apply_spawn(struct identities *identity, const struct moment *moment)
{
	const struct event_item *item = event_item(moment->event, 0, ITEM_RAW, 0);
	uint32_t pid;

	if (!moment->ok || !item || item->size < sizeof(pid))
		return 0;
	memcpy(&pid, item->bytes, sizeof(pid));
	return pid ? new_process(identity, moment, pid) : 0;
}

/* ---- what the rows say ---- */

/* The *get calls of System V find what is there as often as they make something new: their rows cannot say which. */
static bool result_is_object(const struct call_spec *call)
{
	uint8_t kind = call->result.kind;

	return call->result.identity == IDENTITY_NEW || kind == KIND_MSQID || kind == KIND_SEMID || kind == KIND_SHMID;
}

static int apply_new(struct identities *identity, const struct moment *moment)
{
	switch (moment->call->result.kind) {
	case KIND_FD:
	case KIND_MQD:
		return new_descriptor(identity, moment);
	case KIND_MSQID:
	case KIND_SEMID:
	case KIND_SHMID:
		return apply_sysv_get(identity, moment, moment->call->result.kind);
	case KIND_SEM:
		return new_semaphore(identity, moment);
	case KIND_PID:
		return apply_fork(identity, moment);
	default:
		return 0;
	}
}

/* A descriptor, or several, that the call left where the argument points to. */
static int new_pointed(struct identities *identity, const struct moment *moment, unsigned arg)
{
	const struct event_item *item = event_item(moment->event, arg, ITEM_RAW, 0);
	const struct rule *rule = moment->rule;
	int error = 0;

	for (uint32_t at = 0; moment->ok && item && !error && at + sizeof(int32_t) <= item->size; at += 4) {
		int32_t fd;
		memcpy(&fd, item->bytes + at, sizeof(fd));
		struct object *object = object_new(identity, type_of_role(rule->stem), rule->stem, moment->thread);
		if (!object)
			return 0;
		object_rename(object, moment->thread, rule->stem, NULL);
		identity_set_result(identity, object);
		error = effect_descriptor(identity, moment, (uint32_t)fd, object, is_cloexec(moment));
	}
	return error;
}

static int apply_arg(struct identities *identity, const struct moment *moment, unsigned arg)
{
	struct value_spec value = moment->call->args[arg].value;
	uint64_t word = moment->event->args[arg];

	if (value.kind == KIND_SELECT)
		value = catalogue_resolve(moment->event->catalogue, moment->call, arg, moment->event->args);
	if (value.identity == IDENTITY_NEW && value.kind == KIND_SEM)
		return apply_semaphore(identity, moment, word);
	if (value.identity == IDENTITY_NEW && value.kind == KIND_FD && value.direction != DIRECTION_NONE)
		return new_pointed(identity, moment, arg);
	if (value.identity != IDENTITY_GONE)
		return 0;
	switch (value.kind) {
	case KIND_FD:
	case KIND_MQD:
		return end_handle(identity, moment, EFFECT_DESCRIPTOR, (uint32_t)word);
	case KIND_SEM:
		return end_handle(identity, moment, EFFECT_SEMAPHORE, word);
	case KIND_MSQID:
	case KIND_SEMID:
	case KIND_SHMID:
		return end_handle(identity, moment, EFFECT_SYSV, (uint64_t)value.kind << 32 | (uint32_t)word);
	default:
		return 0;
	}
}

static int apply_row(struct identities *identity, const struct moment *moment)
{
	int error = 0;

	/* Linux frees the number also when close() says EINTR or EIO. */
	if (!moment->ok && moment->event->error != EINTR && moment->event->error != EIO)
		return 0;
	for (unsigned arg = 0; !error && arg < moment->call->argc; arg++)
		error = apply_arg(identity, moment, arg);
	if (!error && moment->ok && result_is_object(moment->call))
		error = apply_new(identity, moment);
	if (moment->ok && moment->rule->address >= 0)
		socket_send_to(identity, moment);
	if (!error && moment->rule->control >= 0)
		error = apply_control(identity, moment);
	return error;
}

/* ---- the table ---- */

static const struct {
	const char *name;
	int (*apply)(struct identities *identity, const struct moment *moment);
} special_rules[] = {
	{"socket", apply_socket},
	{"socketpair", apply_socketpair},
	{"accept", apply_accept},
	{"accept4", apply_accept},
	{"connect", apply_connect},
	{"bind", apply_bind},
	{"listen", apply_listen},
	{"getsockname", apply_names},
	{"getpeername", apply_names},
	{"pipe", apply_pipe},
	{"pipe2", apply_pipe},
	{"dup", apply_dup},
	{"dup2", apply_dup},
	{"dup3", apply_dup},
	{"fcntl", apply_fcntl},
	{"close_range", apply_close_range},
	{"closefrom", apply_closefrom},
	{"mmap", apply_mmap},
	{"munmap", apply_munmap},
	{"mremap", apply_mremap},
	{"shmat", apply_shmat},
	{"shmdt", apply_shmdt},
	{"fork", apply_fork},
	{"_Fork", apply_fork},
	{"vfork", apply_fork},
	{"clone", apply_fork},
	{"posix_spawn", apply_spawn},
	{"posix_spawnp", apply_spawn},
};

/* Whether the word of an argument means an object; of a selection only the call's own words tell. */
static bool is_subject(const struct catalogue *catalogue, const struct value_spec *value)
{
	if (value->kind == KIND_SELECT && value->table < catalogue->selections_count) {
		const struct selection_spec *selection = &catalogue->selections[value->table];
		for (unsigned i = 0; i < selection->count; i++)
			if (selection->rows[i].value.kind != KIND_SELECT &&
			    is_subject(catalogue, &selection->rows[i].value))
				return value->direction == DIRECTION_NONE;
		return false;
	}
	static const uint8_t kinds[KIND_COUNT] = {[KIND_FD] = 1,    [KIND_MQD] = 1, [KIND_MSQID] = 1,  [KIND_SEMID] = 1,
						  [KIND_SHMID] = 1, [KIND_SEM] = 1, [KIND_ADDRESS] = 1};

	return value->kind < KIND_COUNT && kinds[value->kind] && value->direction == DIRECTION_NONE;
}

/* The bit called *_CLOEXEC of a set of flags, or 0. */
static uint64_t find_cloexec(const struct catalogue *catalogue, const struct value_spec *value)
{
	if (value->kind != KIND_FLAGS || value->table >= catalogue->flags_count)
		return 0;
	const struct names_spec *names = &catalogue->flags[value->table];
	for (unsigned i = 0; i < names->count; i++) {
		size_t length = strlen(names->rows[i].name);
		if (length >= 7 && !strcmp(names->rows[i].name + length - 7, "CLOEXEC"))
			return names->rows[i].value;
	}
	return 0;
}

static void read_args(const struct catalogue *catalogue, const struct call_spec *call, struct rule *rule)
{
	for (int8_t i = 0; i < call->argc; i++) {
		const struct value_spec *value = &call->args[i].value;
		uint64_t bit = find_cloexec(catalogue, value);
		if (rule->fd < 0 && is_descriptor(value))
			rule->fd = i;
		/* An address is what a call is about only when nothing better is: not in shmat(id, address). */
		if (is_subject(catalogue, value) &&
		    (rule->subject < 0 ||
		     (call->args[rule->subject].value.kind == KIND_ADDRESS && value->kind != KIND_ADDRESS)))
			rule->subject = i;
		if (rule->string < 0 && value->kind == KIND_STRING && value->direction == DIRECTION_IN)
			rule->string = i;
		if (rule->address < 0 && value->direction == DIRECTION_IN &&
		    (value->kind == KIND_SOCKADDR || value->kind == KIND_MSGHDR || value->kind == KIND_MMSGHDR))
			rule->address = i;
		if (rule->control < 0 && (value->kind == KIND_MSGHDR || value->kind == KIND_MMSGHDR))
			rule->control = i;
		if (bit && rule->cloexec < 0) {
			rule->cloexec = i;
			rule->cloexec_bit = bit;
		}
	}
}

static bool value_says_something(const struct catalogue *catalogue, const struct value_spec *value)
{
	if (value->kind != KIND_SELECT || value->table >= catalogue->selections_count)
		return value->identity != IDENTITY_NONE;
	const struct selection_spec *selection = &catalogue->selections[value->table];
	for (unsigned i = 0; i < selection->count; i++)
		if (selection->rows[i].value.identity != IDENTITY_NONE)
			return true;
	return false;
}

static bool row_says_something(const struct catalogue *catalogue, const struct call_spec *call, const struct rule *rule)
{
	bool says = result_is_object(call) || rule->control >= 0 || rule->address >= 0;

	for (unsigned i = 0; i < call->argc; i++)
		says |= value_says_something(catalogue, &call->args[i].value);
	return says;
}

/* What a call makes, by its name: "epoll" of epoll_create1, "file" of open, creat and openat. */
static char *find_stem(const char *name, bool has_string)
{
	static const char *const endings[] = {"_create", "_init", "_open"};
	if (has_string && (!strncmp(name, "open", 4) || !strncmp(name, "creat", 5)))
		return strdup("file");
	char *stem = strdup(name);
	if (!stem)
		return NULL;
	size_t length = strlen(stem);
	while (length > 1 && stem[length - 1] >= '0' && stem[length - 1] <= '9')
		stem[--length] = '\0';
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t ending = strlen(endings[i]);
		if (length > ending && !strcmp(stem + length - ending, endings[i])) {
			stem[length - ending] = '\0';
			break;
		}
	}
	return stem;
}

int rules_make(struct identities *identity)
{
	const struct catalogue *catalogue = identity->catalogue;

	identity->rules = calloc(catalogue->calls_count ? catalogue->calls_count : 1, sizeof(*identity->rules));
	if (!identity->rules)
		return -ENOMEM;
	for (unsigned i = 0; i < catalogue->calls_count; i++) {
		const struct call_spec *call = &catalogue->calls[i];
		struct rule *rule = &identity->rules[i];
		*rule = (struct rule){
			.fd = -1, .subject = -1, .string = -1, .cloexec = -1, .address = -1, .control = -1};
		read_args(catalogue, call, rule);
		rule->stem = find_stem(call->name, rule->string >= 0);
		if (!rule->stem)
			return -ENOMEM;
		if (row_says_something(catalogue, call, rule))
			rule->apply = apply_row;
		for (size_t k = 0; k < sizeof(special_rules) / sizeof(special_rules[0]); k++)
			if (!strcmp(special_rules[k].name, call->name))
				rule->apply = special_rules[k].apply;
	}
	return 0;
}

void rules_free(struct identities *identity)
{
	for (unsigned i = 0; identity->rules && i < identity->catalogue->calls_count; i++)
		free(identity->rules[i].stem);
	free(identity->rules);
}
